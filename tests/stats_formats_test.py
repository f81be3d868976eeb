#!/usr/bin/python3
"""What real programs serve, read by other people's parsers: both formats of /metrics by the client
library of Prometheus, /stats.json by a validator of JSON Schema.

usage: stats_formats_test PROGRAM SERVER SCHEMA
"""

import copy
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import prometheus_client.openmetrics.parser as openmetrics
import prometheus_client.parser as text_format
from prometheus_client.utils import floatToGoString

OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class OverUnix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def get(url, path, accept="*/*"):
    """Type and body."""
    kind, _, rest = url.partition(":")
    where = OverUnix(rest) if kind == "unix" else http.client.HTTPConnection(rest.strip("/"))
    where.request("GET", path, headers={"Accept": accept})
    answer = where.getresponse()
    assert answer.status == 200, answer.status
    body = answer.read().decode()
    where.close()
    return answer.headers["Content-Type"], body


def families_of(parser, body):
    return {family.name: family for family in parser.text_string_to_metric_families(body)}


def samples_of(families):
    """Series -> value. What grows by itself is left out."""
    samples = {}
    for family in families.values():
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, f"{key} twice"
            samples[key] = sample.value
    samples.pop(("weir_uptime_seconds", ()))
    return samples


class FormatsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(dir="/tmp")  # a socket's path has few bytes
        unix = os.path.join(cls.folder.name, "metrics")
        cls.processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for command in ([PROGRAM], [SERVER, "--port=0", "--max-memory=64mb",
                                        "--metrics-socket=" + unix])]
        page, server = cls.processes
        cls.urls = [page.stdout.readline().strip()]
        server.stdout.readline()
        cls.urls.append(server.stdout.readline().split()[-1])

    @classmethod
    def tearDownClass(cls):
        for process in cls.processes:
            process.terminate()
            process.communicate()
        cls.folder.cleanup()

    def test_both_formats_parse_and_say_the_same(self):
        for url in self.urls:
            open_families, text_families = self.both(url)
            self.assertGreater(len(open_families), 25)
            self.assertEqual({f.name: (f.type, f.documentation) for f in open_families.values()},
                             {f.name: (f.type, f.documentation) for f in text_families.values()})
            self.assertEqual(samples_of(open_families), samples_of(text_families))
            for name, family in open_families.items():
                unit = next((u for u in ("seconds", "bytes") if name.endswith("_" + u)), "")
                self.assertEqual(family.unit, unit, name)
                for sample in family.samples:  # OpenMetrics says how bounds are spelt
                    bound = sample.labels.get("le", "+Inf")
                    self.assertEqual(bound, floatToGoString(float(bound)))
        self.assertEqual(open_families["weir_server_received_bytes"].type, "counter")
        self.assertEqual(open_families["weir_wait_seconds"].type, "histogram")

    def both(self, url):
        """Families of both formats, of a moment when nothing moved."""
        for _ in range(20):
            kind, before = get(url, "/metrics", "text/plain; version=0.0.4")
            self.assertEqual(kind, TEXT)
            kind, body = get(url, "/metrics", "application/openmetrics-text; version=1.0.0")
            self.assertEqual(kind, OPEN_METRICS)
            text_families = families_of(text_format, get(url, "/metrics")[1])
            if samples_of(text_families) == samples_of(families_of(text_format, before)):
                return families_of(openmetrics, body), text_families
        self.fail("the program is not quiet")

    def test_the_program_of_two_sets_labels_them(self):
        _, body = get(self.urls[0], "/metrics", "application/openmetrics-text")
        in_use = families_of(openmetrics, body)["weir_in_use"]
        self.assertEqual({(s.labels["set"], s.labels["zone"]): s.value for s in in_use.samples
                          if s.labels["zone"] == "cluster"},
                         {("default", "cluster"): 900, ("tenant-a", "cluster"): 140})

    def test_figures_are_those_of_the_json(self):
        for url in self.urls:
            stats = json.loads(get(url, "/stats.json")[1])
            samples = samples_of(families_of(text_format, get(url, "/metrics")[1]))
            sets = [dict(stats, name="default")] + stats.get("sets", [])
            compared = 0
            for one in sets:
                own = {"set": one["name"]} if len(sets) > 1 else {}
                for zone in one["zones"]:
                    labels = dict(own, zone=zone["name"])
                    for name, value in [("weir_in_use", zone["in_use"]),
                                        ("weir_limit", zone["limit"]),
                                        ("weir_allocations_total", zone["allocs"]),
                                        ("weir_frees_total", zone["frees"]),
                                        ("weir_wait_seconds_count", zone["wait"]["count"])]:
                        self.assertEqual(samples[name, tuple(sorted(labels.items()))], value)
                        compared += 1
            self.assertEqual(compared, 30 * len(sets))

    def test_the_parser_refuses_what_is_not_open_metrics(self):
        """The control: it would have seen these."""
        _, body = get(self.urls[1], "/metrics", "application/openmetrics-text")
        openmetrics_of = lambda text: families_of(openmetrics, text)  # noqa: E731
        openmetrics_of(body)
        for was, becomes in [
                ("# EOF\n", ""),
                ("# TYPE weir_frees counter", "# TYPE weir_frees_total counter"),
                ("# UNIT weir_memory_bytes bytes", "# UNIT weir_memory_bytes seconds"),
                ("weir_server_connections_accepted", "weir_server_connections"),
                ('le="1e-05"', 'le="1e-07"'),
                ("# EOF\n", "weir_frees_total 1\n# EOF\n")]:
            self.assertIn(was, body)
            with self.assertRaises(ValueError, msg=f"{was!r} -> {becomes!r}"):
                openmetrics_of(body.replace(was, becomes))

    # ---- JSON ----

    @classmethod
    def validator(cls):
        with open(SCHEMA) as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    def test_the_json_is_as_its_schema_says(self):
        for url in self.urls:
            kind, body = get(url, "/stats.json")
            self.assertEqual(kind, "application/json")
            errors = [f"{list(e.absolute_path)}: {e.message}"
                      for e in self.validator().iter_errors(json.loads(body))]
            self.assertEqual(errors, [])
        sets = [len(json.loads(get(url, "/stats.json")[1]).get("sets", [])) for url in self.urls]
        self.assertEqual(sets, [1, 0])

    def test_the_schema_refuses_whatever_else(self):
        """The control: a key too many, too few, or of another kind, at each place there is."""
        stats = json.loads(get(self.urls[0], "/stats.json")[1])
        validator = self.validator()
        tried = 0
        for path in places(stats):
            where = "/".join(map(str, path)) or "/"
            for spoil in (add_key, drop_key, change_value):
                wrong = copy.deepcopy(stats)
                if spoil(wrong, path):
                    tried += 1
                    self.assertFalse(validator.is_valid(wrong), f"{spoil.__name__} {where}")
        self.assertGreater(tried, 200)


def places(value, path=()):
    """Of a list, the first and the last item stand for all."""
    yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, path + (key,))
    elif isinstance(value, list):
        for i in sorted({0, len(value) - 1} if value else {}):
            yield from places(value[i], path + (i,))


def at(value, path):
    for step in path:
        value = value[step]
    return value


def add_key(stats, path):
    value = at(stats, path)
    if isinstance(value, dict):
        value["undeclared"] = 1
    return isinstance(value, dict)


def drop_key(stats, path):
    """Sets may be missing; the program's own figures and the types that hold something may, too."""
    if not path or not isinstance(path[-1], str) or path == ("sets",):
        return False
    del at(stats, path[:-1])[path[-1]]
    return True


def change_value(stats, path):
    if not path:
        return False
    value = at(stats, path)
    other = {str: 1, int: -1, float: -0.5, list: {}, dict: []}[type(value)]
    if path[0] == "server" and path[-1] == "value":
        other = "much"
    at(stats, path[:-1])[path[-1]] = other
    return True


if __name__ == "__main__":
    PROGRAM, SERVER, SCHEMA = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
