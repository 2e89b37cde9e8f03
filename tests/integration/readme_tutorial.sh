#!/usr/bin/env bash
# The README's five minutes, as they stand there: the limit that it tells to change is in the demo's policy, the
# new one loads, and the misspelt one is refused with its line.
set -euo pipefail

readme=$CAPSTAN_SOURCE_DIR/README.md
# shellcheck disable=SC2016 # the backquotes are Markdown
old=$(sed -n 's/.*from `"\([0-9]* kW\)"` to `"[0-9]* kW"`.*/\1/p' "$readme")
# shellcheck disable=SC2016
new=$(sed -n 's/.*from `"[0-9]* kW"` to `"\([0-9]* kW\)"`.*/\1/p' "$readme")
[[ -n $old && -n $new ]] || { echo "the README names no limits to change" >&2; exit 1; }

cp "$CAPSTAN_SOURCE_DIR"/config/demo/*.cfg .
grep -q "limit = \"$old\"" policy.cfg || { echo "the demo's contract is not $old" >&2; exit 1; }
sed -i "s/limit = \"$old\"/limit = \"$new\"/" policy.cfg
"$CAPSTAN_BIN_DIR/capstan" check site.cfg policy.cfg

sed -i "s/limit = \"$new\"/limt = \"$new\"/" policy.cfg
status=0
"$CAPSTAN_BIN_DIR/capstan" check site.cfg policy.cfg >mistakes.txt 2>&1 || status=$?
[[ $status == 1 ]] || { echo "exit code $status for a misspelt limit" >&2; exit 1; }
grep -q '^policy.cfg:[0-9]*: policies\[0\].*limit' mistakes.txt || { cat mistakes.txt >&2; exit 1; }
