#!/usr/bin/env bash
# In observe mode everything is read and decided, and nothing is written: mosquitto_sub sees every topic of a
# real broker while agents report, meters are read and caps are decided on.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

site_up
start everything mosquitto_sub -h 127.0.0.1 -p "$broker_port" -t '#' -v
# What the agents and the plant say by themselves, before there is a controller.
agents_up
within 20 "reports before the controller" grep -q '/report ' everything.log

# The site file says enforce, for the site and for the actuator.
controller_up --mode observe
within 30 "all nodes heard" status_true '.nodes.fresh >= 300'
within 30 "decisions" status_true '[.commands_withheld[]] | add > 300'
ticks=$(status .ticks)
within 20 "twenty ticks more" status_true ".ticks > $ticks + 20"

[[ $(status .mode) == observe ]] || die "the mode is $(status .mode)"
[[ $(status .writes) == 0 ]] || die "$(status .writes) writes"
[[ $(status '[.commands_sent[]] | add') == 0 ]] || die "commands sent"
[[ $(status '[.devices[].counters.writes] | add') == 0 ]] || die "a driver counts writes"
[[ $(status '[.devices[].may_write] | any') == false ]] || die "a driver was told that it may write"
[[ $(status '[.invariants[]] | add') == 0 ]] || die "an invariant"
curl --silent --fail "$url/metrics" >metrics.txt
promtool check metrics <metrics.txt || die "promtool does not like the metrics"
grep -qx 'capstan_writes_total 0' metrics.txt || die "capstan_writes_total is not 0"

stop controller
[[ $code == 0 ]] || die "exit code $code"
grep -q 'service.stopped clean=yes' controller.log || die "not a clean end"

# Topics of commands and of the controller's presence: none, ever, from start to end.
if grep -E '^capstan/v1/demo/(controller|node/[^/]+/cap) ' everything.log >written.txt; then
    die "written in observe mode: $(head -n 3 written.txt)"
fi
# And no other topic but reports and the plant's own feed.
if grep -vE '^(capstan/v1/demo/node/[^/]+/report|grid/[^ ]*) ' everything.log >other.txt; then
    die "topics that nobody should write to: $(head -n 3 other.txt)"
fi
reports=$(grep -c '/report ' everything.log)
echo "observe: $reports reports read, $(jq -n "$ticks + 20") ticks and more, nothing written"
