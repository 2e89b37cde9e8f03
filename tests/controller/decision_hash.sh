#!/usr/bin/env bash
# decision_hash.sh PROGRAM - the same inputs give the same decisions, to the bit, on gcc and clang, without and with
# the optimizer, and in the build under test (sanitizers included). The seed is new each time, and printed.
set -euo pipefail

program=$1
seed=${2:-$(date +%s)}
src=$CAPSTAN_SOURCE_DIR
flags=(-std=c17 -D_GNU_SOURCE -ffp-contract=off -fno-fast-math -I"$src")
files=("$src"/model/*.c "$src"/policies/*.c "$src"/controller/*.c
       "$src"/tests/controller/{random_problem,random_site,world,decision_hash}.c)
compilers=0

expected=$("$program" "$seed")
echo "seed $seed: $expected (the build under test)"
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || { echo "$compiler is not there, left out"; continue; }
    compilers=$((compilers + 1))
    for level in -O0 -O3; do
        "$compiler" "${flags[@]}" "$level" "${files[@]}" -lm -o "hash-$compiler$level"
        found=$("./hash-$compiler$level" "$seed")
        echo "$compiler $level: $found"
        [[ $found == "$expected" ]] || { echo "expected $expected"; exit 1; }
    done
done
[[ $compilers -gt 0 ]]
