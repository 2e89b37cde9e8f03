#!/usr/bin/env bash
# tests/service/live_site.bash - the demo's site, alive: sourced by scripts of tests/integration.
#
# The rig simulates the plant behind real Modbus and a real mosquitto, capstan-agent holds the nodes'
# caps. Everything that is started here ends with the script, by its pid.
# shellcheck disable=SC2034 # some words are for the script that sources this

capstan=$CAPSTAN_BIN_DIR/capstan
declare -A pid

# start NAME PROGRAM ARGUMENT...: in the background; its output goes to NAME.log
start() {
    local name=$1
    shift
    "$@" >>"$name.log" 2>&1 </dev/null &
    pid[$name]=$!
}

alive() { kill -0 "${pid[$1]}" 2>/dev/null; }

# stop NAME [SIGNAL]: leaves its exit code in $code
stop() {
    code=0
    kill -"${2:-TERM}" "${pid[$1]}" 2>/dev/null || true
    wait "${pid[$1]}" 2>/dev/null || code=$?
    unset "pid[$1]"
}

end_all() {
    local name
    for name in "${!pid[@]}"; do
        stop "$name"
    done
}
trap end_all EXIT

die() {
    printf 'FAILED: %s\n' "$*" >&2
    for log in *.log; do
        printf -- '--- the end of %s\n' "$log" >&2
        tail -n 15 "$log" >&2
    done
    exit 1
}

# within SECONDS WHAT COMMAND...: until the command succeeds, or the test fails with WHAT
within() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" 2>/dev/null; do
        if ((SECONDS > end)); then die "not in time: $what"; fi
        sleep 0.05 # between two looks, not for anything to be ready
    done
}

# site_up: plant, meters and broker in ./site; then $broker_port
site_up() {
    start rig "$CAPSTAN_BIN_DIR/capstan-rig" serve --run-folder site --site \
        "$CAPSTAN_SOURCE_DIR/config/demo/site.cfg" --seed 7
    within 20 "the rig" test -s site/ready
    broker=$(sed -n 's/^broker //p' site/ready)
    broker_port=${broker##*:}
}

# broker_up: a mosquitto of its own, for a script without the rig; then $broker and $broker_port
broker_up() {
    for _ in {1..10}; do
        broker_port=$((20000 + RANDOM % 10000))
        broker=tcp://127.0.0.1:$broker_port
        printf 'listener %d 127.0.0.1\nallow_anonymous true\npersistence false\n' "$broker_port" >broker.cfg
        start broker mosquitto -c broker.cfg -v
        within 10 "the broker's first words" broker_said 'mosquitto version .* running|Error:'
        if ! broker_said 'Error:'; then return; fi
        stop broker # the port was taken
        rm broker.log
    done
    die "no free port for the broker"
}
broker_said() { grep -qE "$1" broker.log; }

# agents_up: one process for all nodes of the site
agents_up() {
    start agents "$CAPSTAN_BIN_DIR/capstan-agent" --site demo --broker "$broker" --backend model \
        --registers site/registers --report-period-ms 500
}

# controller_up ARGUMENT...: and its port in $url
controller_up() {
    rm -f http.port
    start controller "$capstan" run site/site.cfg site/policy.cfg --http 127.0.0.1:0 \
        --http-port-file http.port --state-folder state "$@"
    within 10 "the controller's port" test -s http.port
    url=http://127.0.0.1:$(<http.port)
}

# status FILTER: what the controller says, through jq
status() { curl --silent --fail --max-time 5 "$url/api/v1/status" | jq -r "$1"; }
# status_is FILTER VALUE
status_is() { [[ $(status "$1") == "$2" ]]; }
# status_true FILTER
status_true() { status_is "$1" true; }
