#!/usr/bin/env python3
"""What tests/scrape does once everything is built: scrape.py SECONDS SERVER MBSTAT RULES."""
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ADDED = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added",
         "scrape_samples_post_metric_relabeling"}
# Of a zone in mbstat's JSON: the metric, and labels besides the zone.
FIGURES = {
    "in_use": ("weir_in_use", {}), "limit": ("weir_limit", {}),
    "low_water": ("weir_low_water", {}), "size": ("weir_object_bytes", {}),
    "waiting": ("weir_waiting", {}), "allocs": ("weir_allocations_total", {}),
    "frees": ("weir_frees_total", {}), "failures": ("weir_allocation_failures_total", {}),
    "waits": ("weir_waits_total", {}), "refills": ("weir_cache_refills_total", {}),
    "flushes": ("weir_cache_flushes_total", {}), "recalls": ("weir_recalls_total", {}),
    "recalled_objects": ("weir_recalled_objects_total", {}),
    "drains": ("weir_drains_total", {}), "drained_objects": ("weir_drained_objects_total", {}),
    "cached_thread": ("weir_cached", {"where": "thread"}),
    "cached_depot": ("weir_cached", {"where": "depot"}),
    "cached_slab": ("weir_cached", {"where": "slab"}),
}
WHOLE = {"threads": "weir_threads", "drops": "weir_requests_denied_total",
         "waits": "weir_requests_delayed_total", "copy_failures": "weir_copy_failures_total",
         "pullup_failures": "weir_pullup_failures_total"}


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def key(labels):
    """A series as something to compare: its labels but those that Prometheus adds."""
    return tuple(sorted((k, v) for k, v in labels.items() if k not in ("job", "instance")))


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "--port=0", "--metrics-port=0", "--threads=1", "--max-memory=64mb"],
            stdout=subprocess.PIPE, text=True)
        self.port = re.search(r"port (\d+)", self.process.stdout.readline()).group(1)
        self.url = re.search(r"http://\S+", self.process.stdout.readline()).group(0)
        self.instance = self.url[len("http://"):].rstrip("/")
        self.load = None

    def burst(self):
        """One of redis-benchmark, if the last one is over."""
        if self.load is not None and self.load.poll() is None:
            return
        self.load = subprocess.Popen(
            ["redis-benchmark", "-p", self.port, "-c", "4", "-P", "16", "-n", "5000", "-r", "200",
             "-d", "1500", "-q", "-t", "set,get"], stdout=subprocess.DEVNULL)

    def metrics(self):
        """{series: value} of /metrics."""
        out = {}
        for line in get(self.url + "metrics").splitlines():
            found = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if found:
                labels = dict(re.findall(r'(\w+)="([^"]*)"', found.group(2) or ""))
                labels["__name__"] = found.group(1)
                out[key(labels)] = float(found.group(3))
        return out


class Prometheus:
    def __init__(self, folder, rules, servers):
        config = folder + "/prometheus.yml"
        with open(config, "w", encoding="utf-8") as file:
            json.dump({
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                           "evaluation_interval": "1s"},
                "rule_files": [rules],
                "scrape_configs": [{"job_name": "weir", "static_configs": [
                    {"targets": [s.instance for s in servers]}]}]}, file)
        port = free_port()
        self.url = "http://127.0.0.1:%d" % port
        with open(folder + "/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + folder + "/data",
                 "--web.listen-address=127.0.0.1:%d" % port], stdout=log, stderr=log)
        for _ in range(300):
            try:
                get(self.url + "/-/ready")
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        with open(folder + "/log", encoding="utf-8") as log:
            sys.exit("scrape: Prometheus does not start:\n" + log.read()[-2000:])

    def query(self, expression):
        answer = json.loads(get(self.url + "/api/v1/query?" +
                                urllib.parse.urlencode({"query": expression})))
        return answer["data"]["result"]

    def now(self, instance):
        """{series: value} of the last scrape."""
        return {key(r["metric"]): float(r["value"][1])
                for r in self.query('{instance="%s", __name__!~"ALERTS.*"}' % instance)}

    def rules(self):
        answer = json.loads(get(self.url + "/api/v1/rules"))
        return [r for group in answer["data"]["groups"] for r in group["rules"]]


class Table:
    def __init__(self):
        self.failed = 0

    def row(self, what, good, says):
        self.failed += not good
        print("%-10s %-7s %s" % (what, "ok" if good else "FAILED", says), flush=True)


def check_scrapes(table, prometheus, server, seconds):
    result = prometheus.query('up{instance="%s"}[%ds]' % (server.instance, seconds + 60))
    samples = result[0]["values"] if result else []
    down = sum(value != "1" for _, value in samples)
    times = [t for t, _ in samples]
    gap = max((b - a for a, b in zip(times, times[1:])), default=0)
    slowest = prometheus.query('max_over_time(scrape_duration_seconds{instance="%s"}[%ds])' %
                               (server.instance, seconds + 60))
    table.row("scrapes", down == 0 and len(samples) >= 0.9 * seconds - 3,
              "%s: %d scrapes, %d failed, longest gap %.1f s, slowest %.0f ms" %
              (server.instance, len(samples), down, gap,
               1000 * float(slowest[0]["value"][1]) if slowest else -1))


def check_series(table, prometheus, server):
    served, seen = set(server.metrics()), set(prometheus.now(server.instance))
    seen = {s for s in seen if dict(s)["__name__"] not in ADDED}
    table.row("series", bool(served) and served == seen, "%s: %d served, %d missing, %d others" % (
        server.instance, len(served), len(served - seen), len(seen - served)))
    for series in sorted(served ^ seen)[:5]:
        print("           ", dict(series))


def check_counters(table, prometheus, server, seconds):
    names = {dict(series)["__name__"] for series in server.metrics()}
    names = sorted(n for n in names if re.search("_(total|bucket|sum|count)$", n))
    where = '{instance="%s"}[%ds]' % (server.instance, seconds + 60)
    back = [n for n in names
            if any(r["value"][1] != "0" for r in prometheus.query("resets(%s%s)" % (n, where)))]
    grown = prometheus.query("sum(increase(weir_allocations_total%s))" % where)
    grown = float(grown[0]["value"][1]) if grown else 0
    table.row("counters", bool(names) and not back and grown > 0,
              "%s: %d metrics, %d went back, %d allocations" %
              (server.instance, len(names), len(back), grown))


def check_lint(table, server):
    done = subprocess.run(["promtool", "check", "metrics"], input=get(server.url + "metrics"),
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    table.row("lint", done.returncode == 0 and not done.stdout,
              "%s: %d lines" % (server.instance, len(done.stdout.splitlines())))
    print(done.stdout, end="")


def check_rules(table, prometheus, path, seconds):
    with open(path, encoding="utf-8") as file:
        there = len(re.findall(r"^ *- alert:", file.read(), re.M))
    rules = prometheus.rules()
    sick = [r["name"] for r in rules if r["health"] != "ok" or r.get("lastError")]
    fired = prometheus.query('count_over_time(ALERTS{alertstate="firing"}[%ds])' % (seconds + 60))
    table.row("rules", there > 0 and len(rules) == there and not sick and not fired,
              "%d of %d loaded, %d with errors, %d fired" %
              (len(rules), there, len(sick), len(fired)))
    for r in fired:
        print("           ", r["metric"])


def expected(stats):
    """{series: value} of what mbstat --json says."""
    out = {}

    def add(name, value, **labels):
        out[key({"__name__": name, **labels})] = float(value)

    for zone in stats["zones"]:
        for field, (name, labels) in FIGURES.items():
            add(name, zone[field], zone=zone["name"], **labels)
        add("weir_wait_seconds_count", zone["wait"]["count"], zone=zone["name"])
        add("weir_wait_seconds_sum", zone["wait"]["sum_seconds"], zone=zone["name"])
    for field, name in WHOLE.items():
        add(name, stats[field])
    return out


def check_figures(table, prometheus, server, mbstat):
    def read():
        stats = json.loads(subprocess.run([mbstat, "--json", server.url], check=True,
                                          stdout=subprocess.PIPE).stdout)
        return stats, expected(stats)

    # At rest the figures before a scrape are those behind it; but memory may be trimmed meanwhile.
    for _ in range(10):
        _, before = read()
        asked = time.time()
        while True:
            newest = prometheus.query('timestamp(up{instance="%s"})' % server.instance)
            if newest and float(newest[0]["value"][1]) > asked:
                break
            time.sleep(0.2)
        seen = prometheus.now(server.instance)
        stats, after = read()
        if before == after:
            break
    memory = sum(v for s, v in seen.items() if dict(s)["__name__"] == "weir_memory_bytes")
    wrong = [s for s, value in after.items() if seen.get(s) != value]
    table.row("figures", before == after and not wrong and memory == stats["memory_bytes"],
              "%s: %d figures, %d differ; %d objects in use, %d bytes" %
              (server.instance, len(after), len(wrong),
               sum(z["in_use"] for z in stats["zones"]), memory))
    for series in wrong[:5]:
        print("           ", dict(series), "mbstat", after[series], "Prometheus", seen.get(series))


def main(seconds, server, mbstat, rules):
    table = Table()
    running = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="weir_scrape_") as folder:
        try:
            servers = [Server(server) for _ in range(2)]
            running += [s.process for s in servers]
            prometheus = Prometheus(folder, rules, servers)
            running.append(prometheus.process)
            print("Prometheus on %s, servers on %s; %d s of load" % (
                prometheus.url, " and ".join(s.instance for s in servers), seconds), flush=True)
            until = time.monotonic() + seconds
            turn = 0
            while time.monotonic() < until:
                servers[turn % 2].burst()
                turn += 1
                time.sleep(0.5)
            for s in servers:
                s.load.wait()
            time.sleep(3)  # connections are closed
            for s in servers:
                check_scrapes(table, prometheus, s, seconds)
            for s in servers:
                check_series(table, prometheus, s)
            for s in servers:
                check_counters(table, prometheus, s, seconds)
            for s in servers:
                check_lint(table, s)
            check_rules(table, prometheus, rules, seconds)
            for s in servers:
                check_figures(table, prometheus, s, mbstat)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()
    print("all is well" if table.failed == 0 else "%d checks failed" % table.failed)
    return 1 if table.failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
