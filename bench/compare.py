"""Runs the peers in turn, in random order, and compares what they take for a unit of work."""

import argparse
import datetime
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys

# A sample this much above the fastest had company on its core.
CLEAN = 1.3


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--all", required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--works", default=".*")
    parser.add_argument("--peers")
    parser.add_argument("--out", default="bench-result.json")
    args = parser.parse_args()
    args.all = args.all.split(",")
    args.peers = args.peers.split(",") if args.peers else args.all
    for peer in args.peers:
        if peer not in args.all:
            parser.error("no peer %s; there are %s" % (peer, ", ".join(args.all)))
    return args


def run_peer(args, peer):
    """{work: ns for a unit}; works on one thread by processor time, others by the clock."""
    command = [
        os.path.join(args.bin, peer),
        "--benchmark_format=json",
        "--benchmark_min_time=%g" % args.seconds,
        "--benchmark_filter=^(%s)/" % args.works,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("%s failed:\n%s" % (" ".join(command), done.stderr))
    result = {}
    # A filter that selects nothing prints nothing.
    for bench in json.loads(done.stdout)["benchmarks"] if done.stdout.strip() else []:
        work = bench["name"].split("/")[0]
        # The counter sums over threads, as the processor time of an iteration does.
        units = bench["units"] / bench["threads"]
        two_threads = work in ("W4", "W8", "ping-pong")
        result[work] = bench["real_time" if two_threads else "cpu_time"] / units
    return result


def sample(args):
    samples = {}
    total = args.rounds * len(args.peers)
    done = 0
    for _ in range(args.rounds):
        for peer in random.sample(args.peers, len(args.peers)):
            done += 1
            progress(done, total, peer)
            for work, ns in run_peer(args, peer).items():
                samples.setdefault(work, {}).setdefault(peer, []).append(ns)
    return samples


def progress(done, total, peer):
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print("\rrun %d of %d: %-10s" % (done, total, peer), end=end, file=sys.stderr, flush=True)
    elif done % max(1, total // 10) == 0:
        print("run %d of %d" % (done, total), file=sys.stderr, flush=True)


def summarize(values):
    clean = [v for v in values if v <= CLEAN * min(values)]
    return {
        "median": statistics.median(clean),
        "min": min(values),
        "disturbed": 2 * len(clean) <= len(values),
        "samples": values,
    }


def order(work):
    return (work != "ping-pong", work)


def limit_of(row, peer):
    return row.get("limit-c" if peer.endswith("-c") else "limit")


def print_table(peers, results):
    print("\n%-10s" % "ns a unit" + "".join("%16s" % peer for peer in peers))
    for work in sorted(results, key=order):
        line = "%-10s" % work
        for peer in peers:
            cell = results[work].get(peer)
            if cell is None:
                line += " " * 16
                continue
            text = "%.1f" % cell["median"] + ("~" if cell["disturbed"] else "")
            limit = limit_of(results[work], peer)
            if limit is not None and limit is not cell:
                text += " %5.2fx" % (cell["median"] / limit["median"])
            line += "%16s" % text
        print(line)
    print("\nx: as many times the limit; of a C face, the limit behind real calls (limit-c).")
    print("~: less than half of the samples were within %d %% of the fastest." % (100 * CLEAN - 100))


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def context():
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo", encoding="utf-8").read())
    family = re.findall(r"(cpu family|model)\t+: (\d+)", open("/proc/cpuinfo", encoding="utf-8").read())
    packages = ["libbenchmark-dev", "libjemalloc2", "libmimalloc2.0", "libc6", "libboost-dev"]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cpu_model": " ".join("%s %s" % pair for pair in family[:2]),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "kernel": platform.release(),
        "compiler": output_of("c++", "--version").split("\n")[0],
        "commit": output_of("git", "rev-parse", "--short", "HEAD"),
        "packages": output_of("dpkg-query", "-W", *packages).replace("\t", " ").split("\n"),
    }


def main():
    args = parse_args()
    about = context()
    print("%s (%s), %d cores, load %.1f; %s; commit %s" % (
        about["cpu"], about["cpu_model"], about["cores"], about["load"][0], about["compiler"],
        about["commit"]))
    samples = sample(args)
    results = {
        work: {peer: summarize(values) for peer, values in row.items()}
        for work, row in samples.items()
    }
    print_table(args.peers, results)
    with open(args.out, "w", encoding="utf-8") as out:
        json.dump({"context": about, "rounds": args.rounds, "works": results}, out, indent=1)
    print("All samples: " + args.out)


if __name__ == "__main__":
    main()
