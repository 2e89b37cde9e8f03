#!/usr/bin/env python3
"""capstan simulate on the job week and region of a published figure: Hanafy et al., "Going Green for Less Green",
ASPLOS 2024, figure 8. 1,000 jobs of Alibaba's PAI trace from 2022-10-19T16:00Z on in South Australia; short jobs (below
2 h) may wait 6 h, the others 24 h; machines are unlimited.

Prints normalised carbon (total / total of starting at once) and mean wait beside the figure's own policies. In parts, and
with the jobs' true lengths known, it must be the figure's optimum to the last digit; in one piece no worse than its
optimum over hourly starts. Reads ../shared/data/jobs and carbon; skips without them."""
import csv
import datetime
import json
import os
import subprocess
import sys

SOURCE = os.environ["CAPSTAN_SOURCE_DIR"]
CAPSTAN = os.path.join(os.environ["CAPSTAN_BIN_DIR"], "capstan")
DATA = os.path.join(SOURCE, "..", "shared", "data")
JOBS = os.path.join(DATA, "jobs", "pai_1k_week.csv")
EXPECTED = os.path.join(DATA, "jobs", "gaia_fig8_expected.csv")
CARBON = os.path.join(DATA, "carbon", "umass2022_AU-SA.csv")
FIRST_HOUR, HOURS, TICK_S = 7000, 720, 5
YEAR = datetime.datetime(2022, 1, 1)


def stamp(seconds):
    return (YEAR + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_jobs(path):
    """Arrival and length are cut to whole ticks, as published."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("job_id,submit_utc,duration_min,nodes,deadline_utc\n")
        for number, job in enumerate(csv.DictReader(open(JOBS, encoding="utf-8"))):
            arrival = FIRST_HOUR * 3600 + int(float(job["arrival_s"]) / TICK_S) * TICK_S
            length = int(float(job["length_s"]) / TICK_S) * TICK_S
            wait = (6 if float(job["length_s"]) < 7200 else 24) * 3600
            out.write(f'{number},{stamp(arrival)},{length / 60!r},{job["cpus"]},{stamp(arrival + length + wait)}\n')


def write_carbon(path):
    rows = [float(row["gco2_per_kwh"]) for row in csv.DictReader(open(CARBON, encoding="utf-8"))]
    with open(path, "w", encoding="utf-8") as out:
        out.write("time_utc,g_per_kwh\n")
        for hour in range(FIRST_HOUR, FIRST_HOUR + HOURS):
            out.write(f"{stamp(hour * 3600)},{rows[hour]}\n")


def simulate(*more):
    run = subprocess.run([CAPSTAN, "simulate", "--jobs", "jobs.csv", "--carbon", "carbon.csv", "--deadline", "hours:0",
                          *more, "--json", "-"], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    found = json.loads(run.stdout)
    assert found["deadlines_missed"] == 0 and found["finished"] == 1000, found
    return found["carbon_g"] / found["baseline_carbon_g"], found["wait_mean_h"]


def main():
    if not all(map(os.path.exists, [JOBS, EXPECTED, CARBON])):
        print(f"SKIPPED: {JOBS}, {EXPECTED} or {CARBON} is not there")
        sys.exit(77)
    published = {row["policy"]: row for row in csv.DictReader(open(EXPECTED, encoding="utf-8"))}
    write_jobs("jobs.csv")
    write_carbon("carbon.csv")
    one, parts = simulate(), simulate("--interruptible")
    print("policy                              carbon   mean wait h")
    for name, row in published.items():
        print(f'{name:34} {float(row["normalised_carbon"]):8.6f} {row["mean_wait_h"]:>8}')
    print(f"{'capstan, in one piece':34} {one[0]:8.6f} {one[1]:8.3f}")
    print(f"{'capstan, in parts':34} {parts[0]:8.6f} {parts[1]:8.3f}")
    assert one[0] <= float(published["optimum-non-interrupting-hourly"]["normalised_carbon"]), one
    assert round(parts[0], 6) == float(published["optimum-interrupting"]["normalised_carbon"]), parts


main()
