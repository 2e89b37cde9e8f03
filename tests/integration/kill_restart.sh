#!/usr/bin/env bash
# kill -9 of the controller, and a restart: it is back within a second under a higher epoch, and its first
# command to each node raises nothing. Raises after that are a tick's, and only counted here. Then the rig's judge
# looks at the plant over a whole kill in a run.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

now_ms() { date +%s%3N; }

site_up
start everything mosquitto_sub -h 127.0.0.1 -p "$broker_port" -t 'capstan/v1/demo/node/+/cap' \
    -t capstan/v1/demo/controller -v
agents_up
controller_up --log-level info
within 30 "all nodes heard" status_true '.nodes.fresh >= 300'
within 30 "caps in force, for a while" status_true ".nodes.capped > 0 and .taking_over == false and .ticks > 12"
epoch=$(status .epoch)
curl --silent "$url/api/v1/status?nodes=1&limit=1000" >before.json

# jq of: the site's nodes that are capped now above what they were capped at before
# shellcheck disable=SC2016 # these are jq's variables
raised='[.[0].nodes.list, .[1].nodes.list | map({key: .name, value: .cap_w}) | from_entries] as [$old, $new]
    | [$old | keys[] | select($old[.] != null and ($new[.] == null or $new[.] > $old[.]))] | length'

stop controller KILL
# The broker tells its will after all that it had sent: what comes now is the next one's.
within 10 "the will of the killed controller" grep -q '"online":false' everything.log
: >everything.log
started_ms=$(now_ms)
controller_up --log-level info
back_ms=$(($(now_ms) - started_ms))
((back_ms < 1000)) || die "back after $back_ms ms"
[[ $(status .epoch) == $((epoch + 1)) ]] || die "epoch $(status .epoch) after $epoch"
within 3 "ticks" status_true '.ticks >= 2'

within 30 "all nodes taken over" status_true '.nodes.fresh >= 300 and .taking_over == false'
curl --silent "$url/api/v1/status?nodes=1&limit=1000" >after.json
echo "raised since, by the ticks after the take-over: $(jq -s "$raised" before.json after.json)"
[[ $(status '.invariants | add') == 0 ]] || die "an invariant"

# The first word to each node was a fence under the new epoch, which says no more than what holds already.
awk '$1 ~ "/cap$" && !seen[$1]++' everything.log >first.txt
[[ -s first.txt ]] || die "no commands after the restart"
sed 's/^[^ ]* //' first.txt | jq -es "map(.epoch == $epoch + 1) | all" >/dev/null ||
    die "a command of another epoch"
sed 's/^[^ ]* //' first.txt | jq -es 'map(.raise != true) | all' >/dev/null ||
    die "the first word to a node was a raise: $(grep -m1 '"raise":true' first.txt)"
stop controller
[[ $code == 0 ]] || die "exit code $code"
end_all

# The same in the middle of a run, judged by the plant's own truth.
"$CAPSTAN_BIN_DIR/capstan-rig" demo --seconds 24 --seed 3 --fault controller-dies --no-top --run-folder run \
    --json verdict.json >demo.log 2>&1 || die "the rig's verdict"
[[ $(jq .violations verdict.json) == 0 ]] || die "violations: $(cat verdict.json)"
echo "kill -9: back in $back_ms ms, epoch $((epoch + 1)), violations 0"
