"""Runs the peers in turn, in random order, and writes how they compare."""

import argparse
import json
import os
import random
import subprocess
import sys
import time

import chart
import machine
import report
import samples


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin")
    parser.add_argument("--all", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--works", default=".*")
    parser.add_argument("--peers")
    parser.add_argument("--patience", type=float, default=600)
    parser.add_argument("--scale")
    parser.add_argument("--earlier")
    parser.add_argument("--result")
    parser.add_argument("--out", default="bench-result")
    args = parser.parse_args()
    args.rounds = args.rounds or (3 if args.quick else 9)
    args.seconds = args.seconds or (0.01 if args.quick else 0.05)
    args.all = args.all.split(",")
    args.peers = args.peers.split(",") if args.peers else args.all
    for peer in args.peers:
        if peer not in args.all:
            parser.error("no peer %s; there are %s" % (peer, ", ".join(args.all)))
    return args


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def run(args, program, *arguments):
    """What it prints."""
    command = [os.path.join(args.bin, program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("bench: %s failed (%d):\n%s" % (" ".join(command), done.returncode, done.stderr))
    return done.stdout


def benchmarks(args, program, works, seconds, repetitions=1):
    printed = run(args, program, "--benchmark_format=json",
                  "--benchmark_min_time=%g" % (seconds / repetitions),
                  "--benchmark_repetitions=%d" % repetitions,
                  "--benchmark_enable_random_interleaving=true",
                  "--benchmark_filter=^(%s)/" % works)
    # A filter that selects nothing prints nothing.
    return json.loads(printed)["benchmarks"] if printed.strip() else []


def listed(args, peer):
    """The works that were asked for and that a peer can do."""
    names = run(args, peer, "--benchmark_list_tests", "--benchmark_filter=^(%s)/" % args.works)
    return {line.split("/")[0] for line in names.splitlines()}


def measure_works(args, table, peer, works):
    """Adds to {work: {peer: [(ns for a unit, the probe), ...]}}."""
    for alone, repetitions in ((True, samples.SAMPLES_ALONE), (False, samples.SAMPLES)):
        chosen = [work for work in works if bool(samples.ALONE.match(work)) == alone]
        if not chosen:
            continue
        printed = benchmarks(args, peer, "|".join(chosen), args.seconds, repetitions)
        for work, pairs in samples.of_run(printed).items():
            table.setdefault(work, {}).setdefault(peer, []).extend(pairs)


def summaries(table):
    """The same with a summary of each."""
    def least(kind):
        return min((second for work, row in table.items() if kind.match(work)
                    for pairs in row.values() for _, second in pairs), default=0)
    probe, distance = least(samples.ALONE), least(samples.APART)
    def summary(work, pairs):
        values, seconds = zip(*pairs)
        if samples.ALONE.match(work):
            return samples.summary(values, seconds, probe)
        if samples.APART.match(work):
            return samples.summary_apart(values, seconds, distance)
        return samples.summary_of_threads(values)
    return {work: {peer: summary(work, pairs) for peer, pairs in row.items()}
            for work, row in table.items()}


def disturbed_works(table, peer):
    return {work for work, row in summaries(table).items()
            if peer in row and row[peer]["disturbed"]}


def ping_pong(args):
    """Nanoseconds of the way from one core to the other: how far apart they are."""
    least = min(benchmarks(args, "ping-pong", "ping-pong", 0.3)[0]["least"] for _ in range(9))
    return round(least, 1)


class Patience:
    """Waits for times when nobody else is on the processors, and these are near each other, so many
    seconds in all."""

    def __init__(self, args, distance):
        self.args = args
        self.left = args.patience
        self.least = float("inf")
        self.distance = distance

    def wait(self):
        begun = time.monotonic()
        while not (self.calm() and self.near()) and time.monotonic() - begun < self.left:
            time.sleep(0.1)
        self.left -= time.monotonic() - begun

    def calm(self):
        probe = benchmarks(self.args, "ping-pong", "calm", 1)[0]
        self.least = min(self.least, probe["least"])
        return probe["median"] <= samples.CALM * self.least

    def near(self):
        now = benchmarks(self.args, "ping-pong", "ping-pong", 0.02)[0]["least"]
        self.distance = min(self.distance, now)
        return now <= samples.NEAR * self.distance


class Progress:
    def __init__(self, total):
        self.total = total
        self.done = 0

    def step(self, what):
        self.done += 1
        if sys.stderr.isatty():
            end = "\n" if self.done == self.total else ""
            print("\r%d of %d: %-20s" % (self.done, self.total, what), end=end, file=sys.stderr,
                  flush=True)
        elif self.done % max(1, self.total // 10) == 0:
            print("%d of %d" % (self.done, self.total), file=sys.stderr, flush=True)


def measure(args):
    about = machine.about()
    print(machine.line(about), flush=True)
    about["ping_pong_ns"] = [ping_pong(args)]
    print("ping-pong of two threads: %.0f ns one way" % about["ping_pong_ns"][0], flush=True)
    progress = Progress(len(args.peers) * (args.rounds + 2) + 2)
    for peer in args.peers:
        progress.step(peer + ": does it work")
        run(args, peer, "--check")
    table = {}
    patience = Patience(args, about["ping_pong_ns"][0])
    works = {peer: listed(args, peer) for peer in args.peers}
    if not any(works.values()):
        sys.exit("bench: --works %s: no work is called so" % args.works)
    for _ in range(args.rounds):
        for peer in random.sample(args.peers, len(args.peers)):
            progress.step(peer)
            patience.wait()
            measure_works(args, table, peer, works[peer])
    progress.step("again what was disturbed")
    for _ in range(args.rounds):
        for peer in random.sample(args.peers, len(args.peers)):
            if patience.left <= 0:
                break
            again = disturbed_works(table, peer)
            if again:
                patience.wait()
                begun = time.monotonic()
                measure_works(args, table, peer, again)
                patience.left -= time.monotonic() - begun
    resident = {}
    for peer in args.peers:
        progress.step(peer + ": memory")
        resident[peer] = json.loads(run(args, peer, "--resident"))
    progress.step("counts")
    # Long enough that what threads do as they begin and end does not count.
    lines = (run(args, "counts", "%g" % (20 * args.seconds)) +
             run(args, "counts-tiny", "%g" % args.seconds)).splitlines()
    about["ping_pong_ns"].append(ping_pong(args))
    return {
        "context": about, "rounds": args.rounds, "seconds": args.seconds,
        "peers": args.peers,
        "works": summaries(table),
        "resident": resident, "counts": [json.loads(line) for line in lines],
    }


def main():
    args = parse_args()
    os.makedirs(args.out, exist_ok=True)
    result = load(args.result) if args.result else measure(args)
    if args.scale:
        result["scale"] = load(args.scale)
    if args.earlier:
        result["earlier"] = [report.as_earlier(load(path)) for path in args.earlier.split(",")]
    for name, text in [("json", samples.to_json), ("md", report.markdown), ("svg", chart.svg)]:
        path = os.path.join(args.out, "performance." + name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text(result))
        print("wrote " + path)
    if os.path.normpath(args.out) == "docs":
        with open("README.md", encoding="utf-8") as readme:
            text = readme.read()
        with open("README.md", "w", encoding="utf-8") as readme:
            readme.write(report.into_readme(text, result))
        print("wrote README.md")


if __name__ == "__main__":
    main()
