#!/usr/bin/env bash
# Each example of config/policies passes `capstan check --strict`, and runs for a few ticks on the example site with no
# device in reach: it starts, decides from nothing that is known, shows its figures and stops.
set -euo pipefail

capstan=$CAPSTAN_BIN_DIR/capstan config=$CAPSTAN_SOURCE_DIR/config
if [[ ! -x $capstan ]]; then
    echo "no $capstan: skipped"
    exit 77
fi

# The same site, but nobody listens at its addresses, and no secrets are needed.
sed -E 's#ssl://[^"]*#tcp://127.0.0.1:1#; s#10\.20\.0\.[0-9]+:502#127.0.0.1:1#; s#tick = "1 s"#tick = "100 ms"#; s# username = "[^"]*";##; s# (password|ca)_file = "[^"]*";##g' \
    "$config/site.cfg" >site.cfg

for policy in "$config"/policies/*.cfg; do
    name=$(basename "$policy" .cfg)
    "$capstan" check --strict "$config/site.cfg" "$policy"
    cp "$policy" "$name.cfg"
    "$capstan" run --mode=observe --http=127.0.0.1:0 --state-folder="state-$name" --ticks=3 site.cfg "$name.cfg" 2>"$name.log" || {
        cat "$name.log"
        exit 1
    }
    if grep -E 'invariant.broken|policy.mistake|assert' "$name.log"; then exit 1; fi
    # A second start reads what the first one wrote.
    "$capstan" run --mode=observe --http=127.0.0.1:0 --state-folder="state-$name" --ticks=2 site.cfg "$name.cfg" 2>"$name.log"
    if grep 'state.damaged' "$name.log"; then exit 1; fi
done
grep -q '"demand_charge"' state-demand_charge/state.json
grep -q '"used_g"' state-carbon_budget/state.json
