#!/usr/bin/env python3
"""capstan allocate on the curves of real GPUs: 22 nodes on one feed, each settable only where it was measured.

Under the throughput objective the result must reach 99.5 % of the exact optimum (found elsewhere by dynamic
programming) at every budget, and never be below the simple way (uniform caps, the rest handed out in turns); max-min
stands beside it. Reads ../shared/data/power, whose README says what the files are; skips without it."""
import csv
import json
import os
import subprocess
import sys

SOURCE = os.environ["CAPSTAN_SOURCE_DIR"]
CAPSTAN = os.path.join(os.environ["CAPSTAN_BIN_DIR"], "capstan")
DATA = os.path.join(SOURCE, "..", "shared", "data", "power")
LEAST_SHARE = 0.995


def read_nodes(path):
    """One node for each run of lines with the same node and data set: names alone occur twice."""
    nodes = []
    for line in csv.DictReader(open(path, encoding="utf-8")):
        key = f'{line["node"]} {line["dataset"]}'
        if not nodes or nodes[-1]["name"] != key:
            nodes.append({"name": key, "settable_w": [], "curve": [], "rows": {"feed": 10000}})
        nodes[-1]["settable_w"].append(int(line["cap_w"]))
        nodes[-1]["curve"].append([int(line["cap_w"]), float(line["rel_throughput"])])
    return nodes


def allocate(nodes, budget_w, objective):
    problem = {"rows": [{"name": "feed", "limit_w": budget_w}], "nodes": nodes}
    run = subprocess.run([CAPSTAN, "allocate", "-", "--objective", objective], input=json.dumps(problem),
                         stdout=subprocess.PIPE, encoding="utf-8", check=True)
    answer = json.loads(run.stdout)
    for node, found in zip(nodes, answer["nodes"]):
        assert found["cap_w"] in node["settable_w"], f'{node["name"]}: {found["cap_w"]} W was not measured'
    used_w = sum(node["cap_w"] for node in answer["nodes"])
    assert used_w <= budget_w and answer["rows"][0]["used_w"] == used_w, f"{used_w} W of {budget_w} W"
    measured = sum(dict(map(tuple, node["curve"]))[found["cap_w"]] for node, found in zip(nodes, answer["nodes"]))
    assert abs(measured - answer["throughput"]) < 1e-9, f'{answer["throughput"]}, but the table says {measured}'
    return measured


def main():
    nodes_path = os.path.join(DATA, "cap_nodes.csv")
    expected_path = os.path.join(DATA, "cap_expected.csv")
    if not (os.path.exists(nodes_path) and os.path.exists(expected_path)):
        print(f"SKIPPED: {DATA} is not there")
        return 77
    nodes = read_nodes(nodes_path)
    failed = rows = 0
    print("  budget   optimum  throughput  of it    simple   max-min")
    for line in csv.DictReader(open(expected_path, encoding="utf-8")):
        rows += 1
        assert int(line["nodes"]) == len(nodes), f"{len(nodes)} nodes, expected {line['nodes']}"
        budget_w, best, simple = int(line["budget_w"]), float(line["optimum"]), float(line["uniform_plus_roundrobin"])
        ours, fair = allocate(nodes, budget_w, "throughput"), allocate(nodes, budget_w, "max-min")
        # The table is rounded to four decimals.
        good = LEAST_SHARE * best <= ours <= best + 1e-4 and ours >= simple - 1e-4
        failed += not good
        print(f"{budget_w:6} W {best:9.4f} {ours:11.4f} {ours / best:7.2%} {simple:9.4f} {fair:9.4f}"
              f"{'' if good else '   FAILED'}")
    assert rows > 0, "no budgets"
    return 1 if failed else 0


sys.exit(main())
