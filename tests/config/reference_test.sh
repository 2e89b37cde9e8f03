#!/usr/bin/env bash
# docs/reference is made from the schemas, and is up to date. To write it anew: cmake --build build --target reference
set -euo pipefail

capstan=$CAPSTAN_BIN_DIR/capstan
if [[ ! -x $capstan ]]; then
    echo "no $capstan: skipped"
    exit 77
fi
for which in site policy; do
    "$capstan" reference "$which" >"$which.md"
    diff "$CAPSTAN_SOURCE_DIR/docs/reference/$which-file.md" "$which.md"
done
