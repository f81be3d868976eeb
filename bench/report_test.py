#!/usr/bin/env python3
"""That the figures of a run become the right words."""

import os
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import chart
import report
import samples
import targets


def result(works):
    return {
        "context": {"cpu": "A <CPU>", "cpu_model": "1", "cores": 2, "load": 0, "compiler": "c++",
                    "commit": "0", "date": "2000-01-01", "kernel": "6", "packages": {"libc6": "2"},
                    "ping_pong_ns": [1, 2]},
        "rounds": 3, "seconds": 1, "peers": ["limit", "weir", "dpdk", "cord"],
        "works": {work: {peer: samples.summary([ns] * 3, [1] * 3, 1) for peer, ns in row.items()}
                  for work, row in works.items()},
        "resident": {"weir": {"live": 2304, "freed": 1, "trimmed": 3, "trimmed_again": 0}},
        "counts": [{"magazine": 32, "work": "hand-over", "threads": 2, "refills_per_op": 1 / 64,
                    "exchanges_per_op": 1 / 32, "rmws_per_op": 1 / 8, "exchanges": 1000,
                    "retries_per_exchange": 0.5},
                   {"magazine": 32, "work": "small", "threads": 2, "refills_per_op": 0,
                    "exchanges_per_op": 0, "rmws_per_op": 0, "exchanges": 3,
                    "retries_per_exchange": 1}],
    }


class Samples(unittest.TestCase):
    def test_time_of_a_unit(self):
        base = {"threads": 1, "units": 32, "real_time": 640, "cpu_time": 320, "probe": 7}
        got = samples.of_run([
            dict(base, name="W1b/x/real_time"), dict(base, name="W4/x/real_time", clock=1),
            dict(base, name="W5/x/threads:2", threads=2, units=2),
            dict(base, name="W4/x/real_time", real_time=320, clock=1),
            dict(base, name="W4/x/real_time_mean", run_type="aggregate", clock=1),
            {"name": "latency/x", "p50": 1, "p99": 2, "p99.9": 3, "p99.99": 4, "max": 5,
             "probe": 8}])
        self.assertEqual(got, {"W1b": [(10, 7)], "W4": [(20, 7), (10, 7)], "W5": [(320, 7)],
                               "latency p50": [(1, 8)], "latency p99": [(2, 8)],
                               "latency p99.9": [(3, 8)], "latency p99.99": [(4, 8)],
                               "latency max": [(5, 8)]})

    def test_samples_beside_the_fastest_do_not_count(self):
        self.assertEqual(samples.summary([10, 11, 12, 50], [1] * 4, 1)["median"], 11)

    def test_if_none_was_calm_all_count(self):
        got = samples.summary([1, 11, 12, 50], [2] * 4, 1)
        self.assertEqual(got["median"], 11.5)
        self.assertTrue(got["disturbed"])

    def test_of_several_threads_all_count(self):
        got = samples.summary_of_threads([1, 11, 12])
        self.assertEqual(got["median"], 11, "not the one that was lucky")
        self.assertFalse(got["disturbed"])

    def test_of_two_threads_apart_those_count_that_were_near(self):
        got = samples.summary_apart([50, 20, 21, 22, 90], [80, 10, 12, 15, 16], 10)
        self.assertEqual((got["median"], got["disturbed"]), (21, False))
        few = samples.summary_apart([50, 20, 21], [80, 10, 12], 10)
        self.assertEqual((few["median"], few["disturbed"]), (21, True))
        self.assertEqual(samples.of_run([{"name": "W4/x", "threads": 1, "units": 1, "cpu_time": 3,
                                          "real_time": 4, "probe": 5, "distance": 6, "clock": 1}]),
                         {"W4": [(4, 6)]})

    def test_samples_beside_a_slow_probe_do_not_count(self):
        got = samples.summary([10, 10, 12, 12, 12], [100, 100, 50, 54, 50], 50)
        self.assertEqual(got["median"], 12)
        self.assertFalse(got["disturbed"])
        # Unless too few are left.
        few = samples.summary([10, 10, 12], [100, 100, 50], 50)
        self.assertEqual(few["median"], 10)
        self.assertTrue(few["disturbed"])

    def test_samples_kept_span_all(self):
        self.assertEqual(samples.kept([3, 1, 2]), [1, 2, 3])
        many = samples.kept(range(500, 0, -1))
        self.assertEqual((len(many), many[0], many[-1]), (samples.KEPT, 1, 500))

    def test_works_of_one_thread(self):
        self.assertTrue(samples.ALONE.match("W2b-unrecorded"))
        for work in ("W4", "W5-recorded", "W1-disturbed", "latency", "start-up"):
            self.assertFalse(samples.ALONE.match(work), work)
        self.assertTrue(samples.APART.match("W4-disturbed"))
        self.assertFalse(samples.APART.match("W5"))


class Targets(unittest.TestCase):
    def met(self, works):
        return {(what, most): met for what, most, got, met in targets.rows(result(works)) if got}

    def test_ratio_decides(self):
        got = self.met({"W1": {"limit": 4, "weir": 5, "dpdk": 7}})
        self.assertEqual(got["W1, C++", "1.25 x limit"], True)
        self.assertEqual(got["W1, C++", "0.65 x dpdk"], False)

    def test_what_was_hardly_ever_calm_decides_nothing(self):
        now = result({"W4": {"limit": 4, "weir": 5, "dpdk": 7}})
        now["works"]["W4"]["limit"]["disturbed"] = True
        self.assertIn(("W4, C++", "1.1 x limit", "1.25~", None), targets.rows(now))
        self.assertIn(("W4, C++", "1 x dpdk", "0.71", True), targets.rows(now))
        self.assertIn("| 1.1 x limit | 1.25~ | unclear |", report.targets_table(now))

    def test_two_threads_beside_one_count_all(self):
        now = result({"W5": {"weir": 6}})
        now["works"]["W2"] = {"weir": samples.summary([4, 6, 8], [1, 2, 2], 1)}
        self.assertIn(("W5, C++", "1.05 x its own W2", "1.00", True), targets.rows(now))

    def test_best_peer_is_not_ours(self):
        row = {peer: {"median": ns} for peer, ns in
               {"limit": 1, "weir-c": 2, "cord": 4, "dpdk": 3}.items()}
        self.assertEqual(targets.best_peer(row), "dpdk")

    def test_counts_and_memory(self):
        got = list(self.met({}).values())
        self.assertEqual(got, [True, False, True, True, False])
        self.assertIn("| 1/32 | 1/2.0 |", report.targets_table(result({})))

    def test_earlier_runs_stand_beside(self):
        now = result({"W1": {"limit": 4, "weir": 5}})
        now["earlier"] = [report.as_earlier(result(works)) for works in
                          ({"W1": {"limit": 4, "weir": 8}}, {})]
        self.assertIn("|  | A <CPU> (1), 2 processors, 2000-01-01 | A <CPU>", report.targets_table(now))
        self.assertIn("| W1, C++ | 1.25 x limit | 1.25 | met | 2.00 |  |", report.targets_table(now))


class Variants(unittest.TestCase):
    def test_names(self):
        self.assertEqual(samples.as_variant("latency-unrecorded p99", ""), "latency p99")
        self.assertEqual(samples.as_variant("W1-unrecorded", "recorded"), "W1-recorded")
        self.assertEqual(samples.as_variant("at-limit", "recorded"), "at-limit-recorded")


class Page(unittest.TestCase):
    WORKS = {"W1": {"limit": 4, "weir": 5, "dpdk": 7, "cord": 9}, "W1-disturbed": {"weir": 6},
             "W1-unrecorded": {"weir": 4}, "W1-recorded": {"weir": 300}}

    def test_says_it_all(self):
        page = report.markdown(result(self.WORKS))
        self.assertIn("| W1 | 4 | 5 (1.25) | **7 (1.75)** | 9 (2.25) | 0.71 | 0 % |", page)
        self.assertIn("| W1-disturbed | 6 |", page)
        self.assertIn("| W1 | weir | 4 | 5 (1.25) | 300 (75.00) |", page)
        self.assertNotIn("W1-unrecorded", page)
        self.assertIn("| W1, C++ | 1.25 x limit | 1.25 | met |", page)
        self.assertIn("| W2, C++ | 1.25 x limit |  | not measured |", page)

    def test_nothing_is_no_times_anything(self):
        page = report.markdown(result({"latency p50": {"limit": 0, "weir": 2},
                                       "latency-unrecorded p50": {"weir": 0}}))
        self.assertIn("| latency p50 | 0 | 2 |", page)
        self.assertIn("| latency p50 | weir | 0 | 2 |", page)

    def test_goes_into_the_readme(self):
        before = "a\n" + report.README_BEGIN + "| old |\n" + report.README_END + "b\n"
        after = report.into_readme(before, result(self.WORKS))
        self.assertIn("| 256-byte buffer | **5** | 7 | 9 |", after)
        self.assertNotIn("| old |", after)
        self.assertTrue(after.startswith("a\n") and after.endswith("b\n"))
        with self.assertRaises(ValueError):
            report.into_readme("a\n", result(self.WORKS))

    def test_chart_has_a_bar_for_each(self):
        root = ElementTree.fromstring(chart.svg(result(self.WORKS)))
        bars = root.findall("{http://www.w3.org/2000/svg}rect")
        self.assertEqual([bar.get("class") for bar in bars], ["limit", "weir", "bar", "bar"])
        widths = [float(bar.get("width")) for bar in bars]
        self.assertEqual(widths, sorted(widths))


if __name__ == "__main__":
    unittest.main()
