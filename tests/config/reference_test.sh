#!/usr/bin/env bash
# docs/reference and docs/policies are made from the schemas, and are up to date. To write them anew:
# cmake --build build --target reference
set -euo pipefail

capstan=$CAPSTAN_BIN_DIR/capstan
if [[ ! -x $capstan ]]; then
    echo "no $capstan: skipped"
    exit 77
fi
"$CAPSTAN_SOURCE_DIR/tests/config/write_reference" "$capstan" "$CAPSTAN_SOURCE_DIR" made
diff "$CAPSTAN_SOURCE_DIR/docs/reference" made/reference
diff "$CAPSTAN_SOURCE_DIR/docs/policies" made/policies
# Each kind but the built-in one has an example, and each example a kind.
for page in made/policies/*.md; do
    kind=$(basename "$page" .md)
    if [[ $kind != equipment_limit && ! -f $CAPSTAN_SOURCE_DIR/config/policies/$kind.cfg ]]; then
        echo "config/policies/$kind.cfg is missing: every kind has an example"
        exit 1
    fi
done
