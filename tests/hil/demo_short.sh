#!/bin/sh
# A short demo with every standard fault ends with every limit kept, and says so in figures.
set -eu

fail() {
    echo "demo_short: $*" >&2
    tail -n 20 run/service.log >&2 || true
    exit 1
}

command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || exit 77
seconds=25
status=0
"$CAPSTAN_BIN_DIR/capstan-rig" demo --seconds "$seconds" --seed 3 --fault all --no-top --run-folder run \
    --json summary.json || status=$?
[ "$status" -eq 0 ] || fail "expected exit status 0, got $status"

for key in limit_w worst_excess_w worst_excess_ms comply_ms violations ticks tick_p99_us work_by_class \
    renewable_share_used faults seed seconds plot; do
    jq -e "has(\"$key\")" summary.json >/dev/null || fail "summary.json: expected the key $key"
done
jq -e '.violations == 0' summary.json >/dev/null || fail "expected no violation"
jq -e '.limit_w == 1050000' summary.json >/dev/null || fail "expected the limit at three quarters of 1.4 MW"
jq -e '.comply_ms <= 2000' summary.json >/dev/null || fail "expected to comply within 2 s"
jq -e '.invariants_broken == 0' summary.json >/dev/null || fail "expected the invariant counters at 0"
jq -e --argjson s "$seconds" '.ticks >= $s' summary.json >/dev/null || fail "expected a tick a second or more"
jq -e '[.faults[].seen] | all(. != false)' summary.json >/dev/null || fail "expected every fault to be seen"
[ -s "$(jq -r .plot summary.json)" ] || fail "expected a plot"
[ "$(wc -l <run/run.csv)" -gt $((seconds * 9)) ] || fail "expected ten rows a second in run.csv"
