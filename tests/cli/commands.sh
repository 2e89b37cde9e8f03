#!/usr/bin/env bash
# The capstan command from outside: exit codes, what goes where, completion, manuals.
set -euo pipefail

capstan=$CAPSTAN_BIN_DIR/capstan
failed=0

# is NAME EXPECTED GOT
is() {
    if [[ $2 != "$3" ]]; then
        printf 'FAILED: %s: expected %q, got %q\n' "$1" "$2" "$3" >&2
        failed=1
    fi
}
# has NAME FILE TEXT
has() {
    if ! grep -qF -- "$3" "$2"; then
        printf 'FAILED: %s: expected "%s" in:\n' "$1" "$3" >&2
        cat "$2" >&2
        failed=1
    fi
}
# exits CODE ARGUMENT...: leaves `out` and `err`
exits() {
    local wanted=$1 code=0
    shift
    timeout 20 "$capstan" "$@" >out 2>err </dev/null || code=$?
    is "exit code of: capstan $*" "$wanted" "$code"
}

cat >site.cfg <<'END'
site = { name = "small"; time_zone = "UTC"; };
branches = ( { name = "site"; level = "site"; rating = "20 kW"; } );
node_kinds = ( { name = "gpu"; cap_min = "500 W"; cap_max = "4 kW"; safe_cap = "600 W"; uncapped = "4500 W";
                 remainder = "300 W"; idle = "200 W"; } );
nodes = ( { name = "n[1-2]"; kind = "gpu"; feeds = ( { branch = "site"; } ); } );
END
cat >policy.cfg <<'END'
policies = ( { name = "contract"; kind = "import_limit"; branch = "site"; limit = "10 kW"; } );
END
sed 's/20 kW/20 km/' site.cfg >bad-site.cfg
sed 's/10 kW/ten/' policy.cfg >bad-policy.cfg

exits 2
has "no command" err "Usage: capstan COMMAND"
exits 2 frobnicate
has "unknown command" err 'there is no command "frobnicate"'
exits 0 help
has "help" out "find the mistakes in site and policy files"
exits 0 --help
exits 0 help run
has "help of a command" out "Usage: capstan run"
exits 0 version
has "version" out "capstan "
exits 2 run site.cfg
exits 2 run --mode enforce site.cfg policy.cfg
has "nobody can be more than the file says" err "expected observe"
exits 2 run --ticks 0 site.cfg policy.cfg
exits 2 run --no-such-option site.cfg policy.cfg

exits 0 check site.cfg policy.cfg
has "good files" out "2 files: 0 mistakes"
exits 0 check policy.cfg site.cfg
exits 0 check --site site.cfg policy.cfg
exits 2 check policy.cfg
has "policies alone" err "policies need a site"
exits 1 check bad-site.cfg
has "a bad site" out "bad-site.cfg:2: "
exits 1 check site.cfg bad-policy.cfg
has "a bad policy" out "bad-policy.cfg:1: policies[0].limit"
exits 1 check bad-site.cfg policy.cfg
has "policies after a bad site" out "policies were not checked"
exits 1 check no-such-file.cfg
exits 1 check --json site.cfg bad-policy.cfg
is "JSON of a mistake" bad-policy.cfg:1:mistake \
    "$(jq -r '.findings[0] | "\(.file):\(.line):\(.severity)"' out)"
exits 2 check

exits 2 run bad-site.cfg policy.cfg --state-folder state --http 127.0.0.1:0
has "a refused start names every mistake" err "bad-site.cfg:2: "
exits 2 run site.cfg bad-policy.cfg --state-folder state --http 127.0.0.1:0
has "a refused start names the policy's" err "bad-policy.cfg:1: "
if [[ -e state ]]; then
    echo "FAILED: a refused start touched the state" >&2
    failed=1
fi
exits 1 run site.cfg policy.cfg --state-folder state --http nonsense
has "a bad address" err "ADDRESS:PORT"
exits 0 run site.cfg policy.cfg --state-folder state --http 127.0.0.1:0 --ticks 2
has "a short run" err "service.started"
is "the epoch of a second run" "$(($(jq .epoch state/state.json) + 1))" \
    "$("$capstan" run site.cfg policy.cfg --state-folder state --http 127.0.0.1:0 --ticks 1 2>/dev/null &&
        jq .epoch state/state.json)"

exits 1 status --url http://127.0.0.1:9
exits 1 top --once --url http://127.0.0.1:9
exits 1 top --url http://127.0.0.1:9
has "top without a terminal" err "--once"

exits 0 reference site
has "manual of site files" out "branches"
exits 0 reference policy
has "manual of policy files" out "import_limit"
exits 2 reference

exits 0 completion bash
bash -n out
cmp out "$CAPSTAN_SOURCE_DIR/packaging/completion/capstan.bash" || {
    echo "FAILED: packaging/completion/capstan.bash is not what the program prints" >&2
    failed=1
}
is "completion of a command" "check" "$(
    # shellcheck source=/dev/null
    source ./out
    COMP_WORDS=(capstan ch) COMP_CWORD=1
    _capstan
    echo "${COMPREPLY[*]}"
)"
is "completion of an option" "--state-folder=" "$(
    # shellcheck source=/dev/null
    source ./out
    # shellcheck disable=SC2317 # called by _capstan
    compopt() { :; }
    COMP_WORDS=(capstan run --st) COMP_CWORD=2
    _capstan
    echo "${COMPREPLY[*]}"
)"

# The example of the manual, from the manual.
awk '/^```/ { inside = /json/; next } inside' "$CAPSTAN_SOURCE_DIR/docs/allocate.md" >problem.json
exits 0 allocate problem.json
is "the manual's caps" "200 200 220 440" "$(grep -o '"cap_w": [0-9]*' out | grep -o '[0-9]*' | xargs)"
has "who is bound by what" out '"bound_by": "row R1"'
exits 0 allocate --objective throughput problem.json
exits 1 allocate no-such-file.json
exits 2 allocate --objective fairness problem.json
has "objectives" err "expected max-min or throughput"
echo '{ "rows": 7 }' >problem.json
exits 1 allocate problem.json
has "the place" err "problem.json: rows: a number; expected a list"

exit "$failed"
