#!/bin/sh
# Every scenario of tests/scenarios/ once broke a promise. None does any more.
set -eu

count=0
for file in "$CAPSTAN_SOURCE_DIR"/tests/scenarios/*.cfg; do
    "$CAPSTAN_BIN_DIR/capstan-rig" hunt --scenario "$file" >out.txt || {
        cat out.txt >&2
        exit 1
    }
    count=$((count + 1))
done
[ "$count" -ge 3 ] || {
    echo "hunt_scenarios: expected scenarios in tests/scenarios, found $count" >&2
    exit 1
}
echo "$count scenarios keep their promises"
