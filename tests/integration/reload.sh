#!/usr/bin/env bash
# A policy file that changes under a running controller: good, bad, good. The bad one is named line by line and
# changes nothing.
set -euo pipefail
# shellcheck source=tests/service/live_site.bash
source "$CAPSTAN_SOURCE_DIR/tests/service/live_site.bash"

# put LIMIT: as editors do, a new file in the old one's place
put() {
    sed "s/limit = \"[^\"]*\"/limit = \"$1\"/" site/policy.cfg.first >site/policy.cfg.new
    mv site/policy.cfg.new site/policy.cfg
}

site_up
cp site/policy.cfg site/policy.cfg.first
controller_up --log-level info
within 10 "a first limit" status_true '.branches[0].limit_w != null'
first=$(status .policy.version)

put "900 kW"
within 5 "the new policy" status_is .policy.reloads_ok 1
second=$(status .policy.version)
[[ $second != "$first" ]] || die "the version stayed $first"
limit=$(status '.branches[0].limit_w')
((limit < 1500000 && limit >= 900000)) || die "a limit of $limit W after 900 kW of import"

put "900 bananas"
within 5 "the refusal" status_is .policy.reloads_failed 1
[[ $(status .policy.version) == "$second" ]] || die "a bad file changed the version"
[[ $(status .policy.last_error) == *policy.cfg:*bananas* ]] || die "$(status .policy.last_error)"
grep -qE 'policy\.mistake .*site/policy\.cfg:[0-9]+: policies\[0\]\.limit: "900 bananas"' controller.log ||
    die "the mistake is not in the log"
[[ $(status .branches[0].limit_reason) == contract:* ]] || die "$(status .branches[0].limit_reason)"

# A file that is cut short on its way is another bad one.
printf 'policies = ( { name = "contract"; kind = ' >site/policy.cfg
within 5 "the second refusal" status_is .policy.reloads_failed 2
[[ $(status .policy.version) == "$second" ]] || die "half a file changed the version"

put "800 kW"
within 5 "the third policy" status_is .policy.reloads_ok 2
[[ $(status .policy.last_error) == null ]] || die "an error that is over still shows"
(($(status '.branches[0].limit_w') < limit)) || die "the limit did not fall"

kill -HUP "${pid[controller]}"
within 5 "the reload that was asked for" status_is .policy.reloads_ok 3

ticks=$(status .ticks)
within 10 "ticks after all that" status_true ".ticks > $ticks + 3"
stop controller
[[ $code == 0 ]] || die "exit code $code"
echo "reload: good, bad, cut short, good, asked for"
