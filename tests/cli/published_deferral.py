#!/usr/bin/env python3
"""capstan simulate on the published deferral experiment (Wiesner et al., "Let's Wait Awhile", Middleware 2021): 3,387
jobs over the year 2020, carbon intensity of Germany and France, two deadline rules.

With a perfect forecast the saving must be the best that there is, to the last digit published, with every deadline kept
and with the published window (--grace 30min). With an uncertain forecast (5 %, mean of ten seeds) it must be at least
what planning straight on the noisy series gives, and more where jobs can be paused. Prints the table. Reads
../shared/data/jobs and carbon, whose README has all figures; skips without them."""
import concurrent.futures
import json
import os
import subprocess
import sys

SOURCE = os.environ["CAPSTAN_SOURCE_DIR"]
CAPSTAN = os.path.join(os.environ["CAPSTAN_BIN_DIR"], "capstan")
DATA = os.path.join(SOURCE, "..", "shared", "data")
JOBS = os.path.join(DATA, "jobs", "ml-projects-2020.csv")
SEEDS = 10
# region, rule: perfect (in one piece, in parts), published window (the same), straight on the noisy series (the same)
PUBLISHED = {
    ("de", "next-workday"): ((5.92, 8.04), (6.06, 8.29), (5.91, 7.82)),
    ("fr", "next-workday"): ((4.87, 6.26), (4.93, 6.36), (4.85, 5.97)),
    ("de", "semi-weekly"): ((14.15, 18.48), (14.25, 18.61), (14.12, 18.09)),
    ("fr", "semi-weekly"): ((11.25, 13.95), (11.29, 13.99), (11.21, 13.42)),
}


def carbon(region):
    return os.path.join(DATA, "carbon", f"{region}-2020.csv")


def simulate(region, rule, parts, *more):
    run = subprocess.run([CAPSTAN, "simulate", "--jobs", JOBS, "--carbon", carbon(region), "--deadline", rule,
                          *(["--interruptible"] if parts else []), *more, "--json", "-"],
                         stdout=subprocess.PIPE, encoding="utf-8", check=True)
    found = json.loads(run.stdout)
    assert found["jobs"] == found["finished"] == 3387, found
    assert found["deadlines_missed"] == 0, found
    assert found["wall_s"] < 5, found["wall_s"]
    return found


def noisy(region, rule, parts):
    seeds = range(1, SEEDS + 1)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda seed: simulate(region, rule, parts, "--forecast-noise", "5", "--seed", str(seed)), seeds)
        return sum(one["saved_pct"] for one in found) / SEEDS


def main():
    if not all(map(os.path.exists, [JOBS, carbon("de"), carbon("fr")])):
        print(f"SKIPPED: {JOBS} and the carbon series are not there")
        sys.exit(77)
    print("                              perfect          window          noisy (straight on the series)")
    for (region, rule), (perfect, window, straight) in PUBLISHED.items():
        for parts in (False, True):
            found = simulate(region, rule, parts)
            assert round(found["saved_pct"], 2) == perfect[parts], (region, rule, parts, found["saved_pct"])
            assert found["optimum_exact"] and found["saved_pct"] >= 0.995 * found["optimum_saved_pct"]
            graced = simulate(region, rule, parts, "--grace", "30min")["saved_pct"]
            assert round(graced, 2) == window[parts], (region, rule, parts, graced)
            unsure = noisy(region, rule, parts)
            assert round(unsure, 2) >= straight[parts], (region, rule, parts, unsure)
            if parts:
                assert unsure > straight[parts] + 0.1, (region, rule, unsure)
            print(f"{region} {rule:13} {'in parts' if parts else 'in one  '}  {found['saved_pct']:10.2f} "
                  f"{graced:15.2f} {unsure:15.2f} ({straight[parts]:.2f})")


main()
