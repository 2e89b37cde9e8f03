#!/usr/bin/env bash
# A publisher that others wrote (mosquitto_pub) tells a forecast and a grid's events through a real mosquitto: both
# are shown as they were said, nonsense is counted and changes nothing, an older forecast is not taken, and a source
# that falls silent is said to be. A new event makes a tick at once. The metrics are such as Prometheus takes. Nothing is published by the controller.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

broker_up
mkdir site
cp "$CAPSTAN_SOURCE_DIR"/config/demo/*.cfg site/
sed -i "s|tcp://127.0.0.1:1883|$broker|; s|127.0.0.1:5020|127.0.0.1:1|" site/connections.cfg
cat >>site/site.cfg <<'END'
forecasts = ( { name = "co2"; driver = "mqtt"; broker = "main"; topic = "grid/co2"; quantity = "carbon_intensity";
                basis = "marginal"; least_horizon = "3 h"; } );
event_sources = ( { name = "dso"; driver = "mqtt"; broker = "main"; topic = "grid/events"; stale_after = "5 s"; } );
END
controller_up --mode observe --log-level notice

# has_metric REGEX: a line among the metrics as they are now
has_metric() {
    curl --silent --fail --max-time 5 "$url/metrics" >metrics.txt
    grep -qE "$1" metrics.txt
}
publish() { mosquitto_pub -h 127.0.0.1 -p "$broker_port" -t "$1" -q 1 -m "$2"; }
at() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ; }
now=$(at now)
is() { [[ $(status "$1") == "$2" ]]; }
co2='.forecasts[] | select(.name == "co2")'
dso='.event_sources[] | select(.name == "dso")'

is "$co2 | .issued" null || die "known before it was said: $(status "$co2")"
forecast() { publish grid/co2 "{\"issued\":\"$1\",\"start\":\"$now\",\"step_s\":3600,\"values\":$2}"; }
forecast_arrives() { forecast "$1" "$2" && is "$co2 | .values" "$3"; }
hour_ago=$(at '1 hour ago')
within 10 "the forecast" forecast_arrives "$hour_ago" '[100,110,120.5]' 3
is "$co2 | .issued" "$hour_ago" || die "$(status "$co2")"

malformed() { status ".devices[] | select(.name == \"$1\") | .counters.malformed"; }
forecast "$now" '[]'
forecast "$now" '[100]'
forecast "$now" '[100,null,120,130]'
forecast "$now" '[100,110,120,99999]'
forecast "$(at '10 minutes')" '[100,110,120,130]'
counted() { [[ $(malformed "$1") == "$2" ]]; }
within 5 "five that are no forecast" counted co2 5
forecast "$(at '2 hours ago')" '[1,2,3,4]' # an older one
forecast "$now" '[4,3,2,1]'
within 5 "the newer forecast" is "$co2 | .issued" "$now"
has_metric '^capstan_forecasts_late_total 1$' || die "the older forecast was not counted"

events() { publish grid/events "{\"events\":[$1]}"; }
event='{"id":"dr-1","notified":"'$now'","start":"'$(at '1 hour')'","end":"'$(at '2 hours')'"'
is "$dso | [.fresh, .age_s] | tojson" '[false,null]' || die "heard before a word was said"
urgent=$(status .ticks_urgent)
limit=100000
ticks_at_once() { # unless a tick is due just then anyway: so each time another event
    limit=$((limit + 1))
    events "$event,\"limit_w\":$limit}"
    [[ $(status .ticks_urgent) -gt $urgent ]]
}
within 5 "a tick at once" ticks_at_once
events "$event,\"limit_w\":300000}"
within 5 "the event" is "$dso | [.fresh, .events[0].id, .events[0].limit_w] | tojson" '[true,"dr-1",300000]'
events "$event,\"limit_w\":-5}"
events "$event,\"limit_w\":5},$event,\"limit_w\":6}"
within 5 "two lists that are none" counted dso 2
is "$dso | .events[0].limit_w" 300000 || die "nonsense was taken: $(status "$dso")"
within 12 "a source that is silent" is "$dso | .fresh" false
is "$dso | .events | length" 1 || die "what was asked for does not hold"
events ''
within 5 "a list that asks for nothing" is "$dso | [.fresh, (.events | length)] | tojson" '[true,0]'

for sample in 'forecast_age_seconds{forecast="co2"} [0-9]+' 'grid_events_known{source="dso"} 0' \
    'event_source_fresh{source="dso"} [01]' 'forecasts_total [1-9][0-9]*' 'event_lists_total [1-9][0-9]*'; do
    has_metric "^capstan_$sample\$" || die "no capstan_$sample"
done
if command -v promtool >/dev/null; then
    promtool check metrics <metrics.txt >promtool.log 2>&1 || die "promtool: $(cat promtool.log)"
fi

[[ $(status .writes) == 0 ]] || die "$(status .writes) writes"
stop controller
[[ $code == 0 ]] || die "exit code $code"
if grep 'Received PUBLISH' broker.log | grep -vE "'grid/(co2|events)'"; then
    die "something else was published"
fi
echo "forecasts_and_events: taken, nonsense refused, older ones ignored, silence said"
