#!/bin/sh
# A short hunt with a fixed seed finds nothing, is the same twice, and says so in its last line.
set -eu

fail() {
    echo "hunt_short: $*" >&2
    cat first.txt >&2
    exit 1
}

hours=24
[ -z "$CAPSTAN_SANITIZE" ] || hours=4
"$CAPSTAN_BIN_DIR/capstan-rig" hunt --hours "$hours" --seed 11 --jobs 2 --keep found >first.txt ||
    fail "expected exit status 0, got $?"
"$CAPSTAN_BIN_DIR/capstan-rig" hunt --hours "$hours" --seed 11 --jobs 1 --keep found >second.txt ||
    fail "expected exit status 0 the second time, got $?"
tail -n 1 first.txt >first-line
tail -n 1 second.txt >second-line
grep -Eq '^hunted [0-9.]+ simulated hours, [0-9]+ scenarios, [0-9]+ ticks, 0 violations \(seed 11\)$' first-line ||
    fail "unexpected last line"
cmp -s first-line second-line || fail "expected the same from one job as from two"
