#!/usr/bin/env bash
# `capstan check` says of every broken file of tests/golden/check what the golden file says, and ends with 1; with
# 0 when there are only warnings, and for the shipped examples.
set -euo pipefail

capstan=$CAPSTAN_BIN_DIR/capstan
if [[ ! -x $capstan ]]; then
    echo "no $capstan: skipped"
    exit 77
fi

failures=0
fail() {
    echo "$*"
    failures=$((failures + 1))
}

# check EXPECTED-CODE ARGUMENT... leaves the output in $out, without the closing line of figures.
out=$PWD/out
check() {
    local expected=$1 code=0
    shift
    "$capstan" check "$@" >"$out.all" 2>&1 || code=$?
    sed '$d' "$out.all" >"$out"
    if [[ $code -ne $expected ]]; then
        fail "capstan check $*: expected exit code $expected, got $code:"
        cat "$out.all"
    fi
}

cd "$CAPSTAN_SOURCE_DIR"
check 0 config/site.cfg config/policies/example.cfg
if [[ -s $out ]]; then fail "the examples have warnings:" && cat "$out"; fi
check 0 config/demo/site.cfg config/demo/policy.cfg
check 0 config/event/site.cfg config/event/policy.cfg

cd tests/golden/check
export CAPSTAN_DEVICES=$PWD/devices
for file in [0-9]*.cfg; do
    golden=${file%.cfg}.txt
    code=0
    if grep -qv ': warning: ' "$golden"; then code=1; fi
    site=$(sed -n '1s/^# site: //p' "$file" | tr -d '\0')
    # A file without `policies` is taken for a site file, so 50-policy-empty is none for the command.
    if [[ $file == 50-* ]]; then continue; fi
    check "$code" ${site:+--site "$site"} "$file"
    if ! diff "$golden" "$out" >"$out.diff"; then
        fail "$file: expected < of $golden, got > :"
        cat "$out.diff"
    fi
done

if [[ $failures -gt 0 ]]; then
    echo "$failures failures"
    exit 1
fi
