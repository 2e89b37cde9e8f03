#!/usr/bin/env bash
# A client that others wrote (mbpoll) reads the simulated plant's meters at the addresses that their makers give:
# the values are plausible, they agree with each other as the wiring says, and what is not there is refused.
set -euo pipefail

rig=$CAPSTAN_BIN_DIR/capstan-rig
if [[ ! -x $rig ]]; then
    echo "SKIP: $rig is not built"
    exit 77
fi
command -v mbpoll >/dev/null || {
    echo "SKIP: mbpoll is not installed"
    exit 77
}

die() {
    echo "mbpoll_reads_plant: $*" >&2
    exit 1
}

"$rig" serve --run-folder site --start-hour 12 >rig.log 2>&1 &
rig_pid=$!
trap 'kill "$rig_pid" 2>/dev/null; wait "$rig_pid" || true' EXIT
for ((i = 0; i < 200; i++)); do # a file that appears wakes nobody
    if [[ -f site/ready ]]; then break; fi
    [[ -d /proc/$rig_pid ]] || die "the rig ended: $(cat rig.log)"
    sleep 0.1
done
[[ -f site/ready ]] || die "the rig is not ready after 20 s: $(cat rig.log)"
port=$(sed -n 's/^modbus 127\.0\.0\.1://p' site/ready)

poll() { mbpoll -1 -0 -q -m tcp -p "$port" "$@" 127.0.0.1; }

# value UNIT TYPE ADDRESS [-B]: the one value, without its address
value() {
    poll -a "$1" -t "$2" -r "$3" -c 1 "${@:4}" | sed -n 's/^\[[0-9]*\]:[[:space:]]*\([^[:space:]]*\).*/\1/p'
}

# within NAME VALUE LOW HIGH
within() {
    awk -v v="$2" -v low="$3" -v high="$4" 'BEGIN { exit !(v != "" && v + 0 >= low && v + 0 <= high) }' ||
        die "$1: expected $3 .. $4, got '$2'"
}

# refused REASON ARGUMENTS: mbpoll fails and says why
refused() {
    local said
    if said=$(poll "${@:2}" 2>&1); then die "expected '$1', got $said"; fi
    [[ $said == *"$1"* ]] || die "expected '$1', got $said"
}

# The jobs have just begun: wait until they draw power and half a second changes little.
before_w=0
for ((i = 0; i < 40; i++)); do
    now_w=$(value 11 3:float 52 -B)
    if awk -v a="$before_w" -v b="$now_w" 'BEGIN { exit !(a > 200000 && b > 0.98 * a && b < 1.02 * a) }'; then break; fi
    before_w=$now_w
    sleep 0.5
done

# Siemens PAC3200 at the grid: floats in holding registers
grid_w=$(value 1 4:float 65 -B)
within "grid, W" "$grid_w" 50000 2500000
within "grid, Hz" "$(value 1 4:float 55 -B)" 49 51
within "grid, V L1" "$(value 1 4:float 1 -B)" 200 260

# Eastron SDM630 at the feeders: floats in input registers; Schneider iEM3000 at the PDUs below: kW
for feeder in 11:21:22 12:23:24; do
    IFS=: read -r unit first second <<<"$feeder"
    feeder_w=$(value "$unit" 3:float 52 -B)
    pdus_w=$(awk -v a="$(value "$first" 4:float 3059 -B)" -v b="$(value "$second" 4:float 3059 -B)" \
        'BEGIN { print (a + b) * 1000 }')
    within "feeder $unit, W" "$feeder_w" 100000 2000000
    within "PDUs below feeder $unit, W" "$pdus_w" "$(awk -v w="$feeder_w" 'BEGIN { print 0.9 * w }')" \
        "$(awk -v w="$feeder_w" 'BEGIN { print 1.05 * w }')"
    within "feeder $unit, V L3" "$(value "$unit" 3:float 4 -B)" 200 260
done

# SunSpec inverter: the chain leads to model 103, whose power has a scale factor
[[ $(value 31 4:hex 40000) == 0x5375 && $(value 31 4:hex 40001) == 0x6E53 ]] || die "no SunS at 40000"
[[ $(value 31 4 40070) == 103 ]] || die "no model 103 behind the common model"
pv_w=$(awk -v w="$(value 31 4 40084)" -v s="$(poll -a 31 -t 4 -r 40085 -c 1 | sed -n 's/^\[40085\]:[[:space:]]*//p')" \
    'BEGIN { if (match(s, /\(-[0-9]+\)/)) s = substr(s, RSTART + 1, RLENGTH - 2); print w * 10 ^ s }')
within "PV at noon, W" "$pv_w" 1000 600000

refused "Target device failed to respond" -a 99 -t 3 -r 0 -c 1
refused "Illegal data address" -a 1 -t 4 -r 5000 -c 1
refused "Illegal data value" -a 11 -t 3 -r 0 -c 100

echo "mbpoll_reads_plant: grid $grid_w W, feeder 12 $feeder_w W, its PDUs $pdus_w W, PV $pv_w W"
