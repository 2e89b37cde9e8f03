#!/bin/sh
# A hunter that can't find anything is a defect: each mistake that is built into the simulated world on purpose is
# found, shrunk to a few nodes and events, and found again in the scenario file that was written.
set -eu

fail() {
    echo "hunt_finds: $*" >&2
    tail -n 20 out.txt >&2
    exit 1
}

rig=$CAPSTAN_BIN_DIR/capstan-rig

# SABOTAGE, HOURS, what it must break (one of, separated by |), and how many events its scenario may keep
finds() {
    rm -rf found
    if "$rig" hunt --hours "$2" --seed 5 --jobs 2 --sabotage "$1" --keep found >out.txt; then
        fail "$1: expected a violation"
    fi
    # Which scenario is shrunk first depends on which of the jobs is faster: the smallest one counts.
    file=$(find found -name 'hunt-*.cfg' | grep -E "hunt-($3)-" | while read -r each; do
        echo "$(grep -c 'what = ' "$each") $each"
    done | sort -n | sed -n '1s/^[0-9]* //p')
    [ -n "$file" ] || fail "$1: expected a scenario file of $3"
    if "$rig" hunt --scenario "$file" >again.txt; then
        fail "$1: $file: expected the violation again"
    fi
    grep -Eq "^$file: ($3) at " again.txt || fail "$1: $file broke something else: $(cat again.txt)"
    events=$(grep -c 'what = ' "$file" || true)
    [ "$events" -le "$4" ] || fail "$1: $file keeps $events events, expected at most $4"
    # Without the mistake the same scenario breaks nothing.
    sed '/^sabotage = /d' "$file" >honest.cfg
    "$rig" hunt --scenario honest.cfg >again.txt || fail "$1: the honest world breaks, too: $(cat again.txt)"
    echo "$1: found, $events events left: $file"
}

finds lapse_raises 12 'rose_unasked' 3
finds all_raise 60 'node_bound|understated|raised_past_limit' 4
finds old_obeyed 60 'node_bound|understated|raised_past_limit' 5
