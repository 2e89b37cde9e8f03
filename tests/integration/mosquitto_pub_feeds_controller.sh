#!/usr/bin/env bash
# A publisher that others wrote (mosquitto_pub) feeds the demo's carbon signal through a real mosquitto: what it
# says is shown as good, nonsense is counted and never shown, and silence turns the value stale. Nothing is
# published by the controller. The meters of the site are not there.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

broker_up
mkdir site
cp "$CAPSTAN_SOURCE_DIR"/config/demo/*.cfg site/
sed -i "s|tcp://127.0.0.1:1883|$broker|; s|127.0.0.1:5020|127.0.0.1:1|" site/connections.cfg
sed -i 's|pointer = "/intensity"; stale_after = "10 s"|pointer = "/intensity"; stale_after = "4 s"|' site/site.cfg
grep -q 'stale_after = "4 s"' site/site.cfg || die "the demo's carbon signal is written in another way"
controller_up --mode observe --log-level notice

publish() { mosquitto_pub -h 127.0.0.1 -p "$broker_port" -t grid/carbon -q 1 -m "$1"; }
point() { status ".points[] | select(.name == \"carbon\") | [.quality, (.value | tostring)] | join(\" \")"; }
point_is() { [[ $(point) == "$1" ]]; }
counter() { status ".devices[] | select(.name == \"carbon\") | .counters.$1"; }
counter_is() { [[ $(counter "$1") == "$2" ]]; }
fed() { publish "{\"intensity\":$1}" && point_is "good $1"; }

point_is "missing null" || die "before a word was said: $(point)"
within 10 "the first value" fed 321.5
within 5 "the next value" fed 287

# Whatever stands there is not the nonsense: the last good value goes on getting older.
malformed=$(counter malformed)
for nonsense in '{"intensity":"plenty"}' '{"intensity":' '[512]' '{"other":512}' $'\xff\xfe'; do
    publish "$nonsense"
    malformed=$((malformed + 1))
    within 3 "a count of $nonsense" counter_is malformed "$malformed"
    [[ $(point) == "good 287" || $(point) == "stale null" ]] || die "after $nonsense: $(point)"
done
within 8 "a stale value" point_is "stale null"

within 5 "a value again" fed 300
publish '{"intensity":-70000}' # a number, but none that carbon can have
within 3 "a bad value" point_is "bad null"

[[ $(status .writes) == 0 ]] || die "$(status .writes) writes"
stop controller
[[ $code == 0 ]] || die "exit code $code"
if grep 'Received PUBLISH' broker.log | grep -v "'grid/carbon'"; then
    die "something else was published"
fi
echo "mosquitto_pub_feeds_controller: read, nonsense refused ($malformed), went stale, read again"
