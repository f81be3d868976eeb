#!/usr/bin/python3
"""The exporter's page in a real browser: structure, every number on it, and how it behaves.

usage: stats_page_test PROGRAM               the test
       stats_page_test PROGRAM --shots=DIR   screenshots, for people
"""

import json
import os
import re
import subprocess
import sys
import time
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from chromium import Chromium  # noqa: E402

PLACES = ["in_use", "cached_thread", "cached_depot", "cached_slab"]
RATES = ["allocs", "frees", "waits", "drains", "failures"]
SET_FIGURES = ["threads", "drains", "drained_objects", "drops", "waits"]
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "B": 1, "KiB": 2**10, "MiB": 2**20,
         "GiB": 2**30, "TiB": 2**40, "µs": 1e-6, "ms": 1e-3, "s": 1, "%": 1e-2}
NOTHING = ["none", "–"]


class Program:
    def __init__(self, path):
        self._process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True)
        self.url = self._process.stdout.readline().strip()

    def do(self, what):
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == what

    def stats(self):
        with urllib.request.urlopen(self.url + "stats.json", timeout=10) as answer:
            return json.load(answer)

    def end(self):
        self._process.stdin.close()
        self._process.wait()


def expected_figures(stats):
    """(set, zone, key) -> value of everything that the page must show, each at least once."""
    want = {}
    sets = [dict(stats, name="default")] + stats.get("sets", [])
    for one in sets:
        for zone in one["zones"]:
            def put(key, value):
                want[one["name"], zone["name"], key] = value  # noqa: B023
            for key, value in zone.items():
                if not isinstance(value, (str, dict)):
                    put(key, value)
            wait = zone["wait"]
            put("wait.count", wait["count"])
            put("wait.mean", wait["sum_seconds"] / wait["count"] if wait["count"] else "")
            for key in RATES:
                put(key + "/s", 0)
            if zone["limit"]:
                put("room", max(zone["limit"] - zone["total"], 0))
                put("part", zone["in_use"] / zone["limit"])
        for name, value in one["types"].items():
            if value:
                want[one["name"], "", "types." + name] = value
        if one["name"] != "default":
            for key in SET_FIGURES:
                want[one["name"], "", key] = one[key]
    for key in SET_FIGURES + ["copy_failures", "pullup_failures"]:
        want["", "", key] = stats[key]
    zones = [zone for one in sets for zone in one["zones"]]
    want["", "", "memory"] = sum(zone["bytes"] for zone in zones)
    want["", "", "used"] = sum(zone["in_use"] * zone["size"] for zone in zones)
    for figure in stats["server"]:
        counter = figure["kind"] == "counter"
        want["", "", figure["name"] + ("/s" if counter else "")] = 0 if counter else figure["value"]
    return want


def is_value(text, value):
    if "" in (text, value):
        return text == value
    return abs(float(text) - value) <= 1e-9 * abs(value)


def reads_as(text, value):
    """Whether the text says the value, as exactly as its digits do."""
    if text in NOTHING:
        return value in (0, "")
    match = re.fullmatch(r"([<>]?) ?([\d,]+)(?:\.(\d+))? ?(\S*)", text)
    if not match or match[4] not in UNITS:
        return False
    step = UNITS[match[4]] * 10.0 ** -len(match[3] or "")
    number = float(match[2].replace(",", "") + "." + (match[3] or "0")) * UNITS[match[4]]
    if match[1]:
        return value < number if match[1] == "<" else value > number
    # Whole numbers are exact; whole seconds are those that are over.
    exact = step == 1 and match[4] in ("", "B") and float(value) == int(value)
    return abs(number - value) <= (0 if exact else step * (1 if match[4] == "s" else 0.5001))


def differences(stats, figures, bars, stray):
    """What on the page is not what the figures say: keys, and sentences that tell."""
    want = expected_figures(stats)
    wrong = {}
    shown = {}
    for f in figures:
        key = (f["set"], f["zone"], f["key"])
        shown.setdefault(key, []).append(f)
        if key not in want:
            if f["key"] != "waiting":
                wrong[key] = f"no such figure: {f}"
        elif not is_value(f["value"], want[key]):
            wrong[key] = f"{f} is {want[key]}"
        elif not reads_as(f["text"], want[key]):
            wrong[key] = f"{f['text']!r} does not say {want[key]}"
    for key in want:
        if key not in shown:
            wrong[key] = f"{key} is not on the page"
    zones = {(one["name"], zone["name"]): zone
             for one in [dict(stats, name="default")] + stats.get("sets", [])
             for zone in one["zones"]}
    if sorted((bar["set"], bar["zone"]) for bar in bars) != sorted(zones):
        wrong["bars"] = f"not a bar for each zone: {bars}"
        return wrong
    for bar in bars:
        where = (bar["set"], bar["zone"])
        zone = zones[where]
        scale = zone["limit"] or zone["total"] * 1.25 or 1
        for key in PLACES:
            width = bar["width"] * zone[key] / scale
            if abs(bar["parts"][key] - max(width, 3 if zone[key] else 0)) > 1:
                wrong[where + (key, "bar")] = f"{bar['parts'][key]} px wide, not {width}"
        words = bar["name"]
        numbers = [int(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", words.split(":", 1)[1])]
        values = [zone[key] for key in PLACES]
        if zone["limit"]:
            values += [max(zone["limit"] - zone["total"], 0), zone["limit"]]
        if numbers != values:
            wrong[where + ("name",)] = f"{words!r} does not say {values}"
    for text in stray:
        wrong["stray", text] = "a number that is no figure"
    return wrong


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = Program(PROGRAM)
        cls.browser = Chromium()
        with open(os.path.join(HERE, "stats_page_look.js")) as file:
            cls.browser.call("Page.addScriptToEvaluateOnNewDocument", source=file.read())

    @classmethod
    def tearDownClass(cls):
        cls.browser.end()
        cls.program.end()

    def setUp(self):
        self.program.do("start")  # unless it runs
        self.browser.show_as(1280, 900, motion="reduce")

    def open(self, state, hurry=True):
        self.program.do(state)
        open_page(self.browser, self.program.url, hurry)
        self.browser.look("document.querySelector('details').open = true")

    def look(self, what):
        return self.browser.look(f"look.{what}()")

    def polls(self, count):
        """Waits for so many more questions to the exporter, and the answer to the last but one."""
        end = self.asked() + count
        deadline = time.monotonic() + 15
        while self.asked() < end:
            self.assertLess(time.monotonic(), deadline, "the page does not ask for figures")
            self.browser.look("1")
            time.sleep(0.05)

    def asked(self):
        return sum(url.endswith("/stats.json") for url in self.browser.requests)

    def quiet_differences(self):
        self.polls(3)
        stats = self.program.stats()
        again = self.program.stats()
        self.assertEqual(dict(stats, uptime_seconds=0), dict(again, uptime_seconds=0),
                         "the program is not quiet")
        stray = [text for text in self.look("strayNumbers")
                 if not re.fullmatch(r"(What happens in )?jumbo \d+k|weir [\d.]+ · up .*", text)]
        return differences(stats, self.look("figures"), self.look("bars"), stray)

    # ---- Numbers ----

    def test_every_number_is_the_exporters(self):
        self.open("rest")
        self.assertEqual(self.quiet_differences(), {})
        self.assert_nothing_wrong_in_the_console()

    def test_a_figure_that_is_wrong_is_found(self):
        """The control of the test above: each figure is off by something, and each is reported."""
        self.open("rest")
        self.polls(2)
        self.browser.look("""(() => {
            let n = 0;
            const spoil = (value, key) => {
              if (typeof value === 'number') return value + 0.01 * value + ++n;
              if (Array.isArray(value)) return value.map((v) => spoil(v));
              if (value && typeof value === 'object') {
                for (const [k, v] of Object.entries(value)) {
                  if (!['schema', 'uptime_seconds'].includes(k)) value[k] = spoil(v, k);
                }
              }
              return value;
            };
            window.doctor = async (answer) =>
                new Response(JSON.stringify(spoil(await answer.json())));
            })()""")
        found = self.quiet_differences()
        want = expected_figures(self.program.stats())
        # What no figure of its own says, or is 0 whatever its figure is.
        missed = [key for key in want if key not in found]
        self.assertEqual(missed, [])
        self.browser.look("window.doctor = null")
        self.polls(3)
        self.assertNotIn(("default", "mbuf", "in_use"), self.quiet_differences())
        # In one go: the next answer puts all right again.
        found = differences(self.program.stats(), *self.browser.look("""(
            document.querySelectorAll('.bar .in-use')[1].style.width = '50%',
            document.querySelector('.bar').ariaLabel = 'mbuf: 1 in use',
            document.querySelector('h1').textContent = '42',
            [look.figures(), look.bars(), look.strayNumbers()])"""))
        for key in [("default", "cluster", "in_use", "bar"), ("default", "mbuf", "name"),
                    ("stray", "42")]:
            self.assertIn(key, found)

    # ---- Structure ----

    def test_landmarks_tables_and_bars_have_roles_and_names(self):
        self.open("rest")
        self.polls(2)
        tree = self.browser.call("Accessibility.getFullAXTree")["nodes"]
        nodes = [(node["role"]["value"], node.get("name", {}).get("value", ""))
                 for node in tree if not node["ignored"]]
        roles = [role for role, _ in nodes]
        for landmark in ["banner", "main", "contentinfo", "navigation"]:
            self.assertEqual(roles.count(landmark), 1, landmark)
        self.assertEqual(roles.count("status"), 1)
        names = {role: [name for r, name in nodes if r == role] for role in set(roles)}
        for heading in ["weir's page", "Default set", "Set tenant-a", "Server", "Process",
                        "cluster"]:
            self.assertIn(heading, names["heading"])
        self.assertIn("Set tenant-a", names["region"])
        self.assertIn("What happens in cluster", names["table"])
        self.assertIn("Set tenant-a: since the start, or as of now", names["table"])
        for name in ["allocations", "Kept in reserve"]:
            self.assertIn(name, names["rowheader"])
        for name in ["last minute", "jumbo 9k"]:
            self.assertIn(name, names["columnheader"])
        images = names["image"]
        self.assertNotIn("", images)
        self.assertEqual(sum(" in use, " in i for i in images), 12, images)
        self.assertTrue(any(i.startswith("failures: now 0 a second") for i in images), images)
        ids = self.browser.look("[...document.querySelectorAll('[id]')].map((n) => n.id)")
        self.assertEqual(len(ids), len(set(ids)))

    def test_the_keyboard_reaches_all_and_works(self):
        self.open("rest")
        self.polls(1)
        reached = []
        for _ in range(8):
            self.press("Tab", 9)
            reached.append(self.browser.look(
                "document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))
        self.assertEqual(reached, ["Pause", "All figures", "All figures: Default set",
                                   "All figures: Set tenant-a", "Prometheus", "JSON", "netstat -m",
                                   "health"])
        outline = self.browser.look("getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid")
        self.browser.look("document.getElementById('pause').focus()")
        self.press("Enter", 13)
        self.assertEqual(self.browser.look("document.activeElement.textContent"), "Resume")
        before = self.asked()
        time.sleep(1)
        self.browser.look("1")
        self.assertLessEqual(self.asked(), before + 1)
        self.press("Enter", 13)
        self.polls(1)

    def press(self, key, code):
        for kind in ["keyDown", "keyUp"]:
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                              windowsVirtualKeyCode=code, **text)

    # ---- Behaviour ----

    def test_rates_move_under_load_and_as_the_exporter_counts(self):
        self.open("load", hurry=False)
        before, start = self.program.stats(), time.monotonic()
        self.polls(3)
        after, seconds = self.program.stats(), time.monotonic() - start
        self.assertGreater(seconds, 1.9, "it asks more often than once a second")
        zone = next(i for i, z in enumerate(after["zones"]) if z["name"] == "cluster")
        rate = (after["zones"][zone]["allocs"] - before["zones"][zone]["allocs"]) / seconds
        shown = self.figure("default", "cluster", "allocs/s")
        self.assertGreater(rate, 1000)
        self.assertTrue(0.2 * rate < shown < 5 * rate, f"{shown} shown, {rate} counted")
        self.assertGreater(self.figure("default", "cluster", "frees/s"), 1000)
        self.assertGreater(self.figure("", "", "rounds/s"), 0)
        self.assertEqual(self.figure("tenant-a", "cluster", "allocs/s"), 0)
        lines = self.browser.look("""[...document.querySelectorAll(
            '[data-set=default] [data-zone=cluster] .spark .line')].map(
            (line) => line.getAttribute('d'))""")
        self.assertRegex(lines[0], r"^M\d+ .*L59 ")
        self.assertRegex(lines[0], r" 1\.00")  # the highest reaches the top
        self.assertNotRegex(lines[4], r" (?!19\.00)\d")  # no failures: along the ground
        self.program.do("rest")
        self.polls(4)
        self.assertEqual(self.figure("default", "cluster", "allocs/s"), 0)

    def figure(self, *key):
        return next(float(f["value"]) for f in self.look("figures")
                    if (f["set"], f["zone"], f["key"]) == key)

    def test_a_pool_at_its_limit_says_so_in_words(self):
        self.open("limit")
        self.browser.wait("document.getElementById('state').className")
        self.browser.wait("""document.getElementById('state').textContent.startsWith(
            'Callers wait for a cluster; cluster pool of tenant-a full')""")
        self.browser.wait("""document.querySelector('[data-zone=cluster] .happens .sign')
            ?.textContent.includes('▲')""")
        state = self.browser.look("""document.querySelector(
            '[data-set=tenant-a] [data-zone=cluster] .state').textContent""")
        self.assertEqual(state, "full: 100 % of 500 in use")
        self.assertEqual(self.look("cut"), [])

    def test_an_exporter_that_is_gone_is_told_and_its_return_noticed(self):
        self.open("rest")
        self.polls(2)
        self.program.do("stop")
        state = self.browser.wait("""document.getElementById('state').textContent.match(
            /The exporter has not answered since .*What is shown is what it last said/)?.[0]""")
        self.assertTrue(state)
        self.assertTrue(self.browser.look("document.body.classList.contains('stale')"))
        self.assertEqual(self.look("faintTexts"), [])
        # It asks less and less often.
        self.browser.wait(
            "/in ([3-9]|[123]\\d) s/.test(document.getElementById('retry').textContent)")
        self.program.do("start")
        self.browser.look("document.getElementById('again').click()")
        self.browser.wait("document.getElementById('state').textContent === 'Every pool has room.'")
        self.assertFalse(self.browser.look("document.body.classList.contains('stale')"))
        self.assertTrue(self.browser.look("document.getElementById('silence').hidden"))
        self.program.do("stop")
        self.browser.wait("!document.getElementById('silence').hidden")
        self.program.do("start")
        self.browser.wait("document.getElementById('silence').hidden")  # by itself, too
        self.assertEqual(self.quiet_differences(), {})

    def test_an_answer_that_is_no_good_is_told(self):
        self.open("rest")
        self.polls(1)
        for answer, words in [("new Response('no', {status: 500})", "answers with status 500"),
                              ("new Response('{\"schema\": 2}')", "this page knows 1"),
                              ("new Response('{')", "JSON")]:
            self.browser.look(f"window.doctor = async () => {answer}")
            self.browser.look("document.getElementById('again').click()")
            self.browser.wait("document.getElementById('state').textContent.includes("
                              f"{json.dumps(words)})")
            self.browser.look("window.doctor = null,"
                              "document.getElementById('again').click()")
            self.browser.wait("document.getElementById('silence').hidden")

    def test_sets_come_and_go_and_so_do_programs(self):
        self.open("rest")
        self.polls(3)
        headings = "[...document.querySelectorAll('#sets h2')].map((h) => h.textContent).join()"
        self.assertEqual(self.browser.look(headings), "Default set,Set tenant-a")
        self.browser.look("""window.doctor = async (answer) =>
            new Response(JSON.stringify({...await answer.json(), sets: undefined}))""")
        self.browser.wait(f"{headings} === 'Pools'")
        self.assertEqual(self.browser.look("document.querySelectorAll('.scroll').length"), 1)
        self.browser.look("window.doctor = null")
        self.browser.wait(f"{headings} === 'Default set,Set tenant-a'")
        points = """document.querySelector('.trends .spark .line').getAttribute('d')
                    .split(/[ML]/).length - 1"""
        before = self.browser.look(points)
        self.assertGreater(before, 2)
        # Another program on the same port: what was counted before is not its own.
        self.browser.look("""(() => {
            let uptime = 0;
            window.doctor = async (answer) => {
              const stats = await answer.json();
              for (const zone of stats.zones) zone.new_figure = 4321;
              return new Response(JSON.stringify({...stats, uptime_seconds: ++uptime}));
            };
            })()""")
        self.browser.wait(f"{points} < {before}")
        # It says something that the page has not heard of.
        new = [f for f in self.look("figures") if f["key"] == "new_figure"]
        self.assertEqual([f["text"] for f in new], ["4,321"] * 6)
        self.assertTrue(self.browser.look("""[...document.querySelectorAll('.scroll th')].some(
            (head) => head.textContent === 'new figure')"""))
        self.assert_nothing_wrong_in_the_console()

    def test_the_link_to_the_holders_is_there_if_they_are(self):
        self.open("rest")
        self.polls(1)
        with_path = self.browser.look("fetch('holders', {method: 'HEAD'}).then((a) => a.ok)")
        hidden = "document.getElementById('holders').hidden"
        self.assertEqual(self.browser.look(hidden), not with_path)
        self.browser.look("""window.doctor = async () => new Response('', {status: 200}),
                             findHolders()""")
        self.browser.wait(f"!{hidden}")

    # ---- Nothing from elsewhere ----

    def test_only_the_exporter_is_asked_and_nothing_else_may_be(self):
        self.open("rest")
        self.polls(2)
        for url in self.browser.requests:
            self.assertTrue(url.startswith((self.program.url, "data:")), url)
        self.assert_nothing_wrong_in_the_console()
        refused = self.browser.look("""new Promise((done) => {
            const refused = [];
            document.addEventListener('securitypolicyviolation', (event) => {
              refused.push(event.effectiveDirective);
              if (refused.length === 4) done(refused.sort());
            });
            const add = (tag, attributes) => document.body.append(
                Object.assign(document.createElement(tag), attributes));
            add('script', {textContent: 'window.strayed = true'});
            add('img', {src: '/stats.json'});
            add('style', {textContent: 'body { display: none }'});
            fetch('http://127.0.0.1:1/').catch(() => {});
            setTimeout(() => done(refused), 3000);
            })""")
        self.assertEqual(refused, ["connect-src", "img-src", "script-src-elem", "style-src-elem"])
        self.assertIsNone(self.browser.look("window.strayed"))

    def assert_nothing_wrong_in_the_console(self):
        # A browser says so when it looks for a path that this exporter may not have.
        said = [line for line in self.browser.console
                if not re.search(r"status of 404 .*/holders$", line)]
        self.assertEqual(said, [])

    # ---- How it looks ----

    def test_it_is_readable_by_day_by_night_and_on_a_phone(self):
        self.open("limit")
        self.polls(2)
        dark = []
        for width in [1280, 800, 360, 320]:
            for scheme in ["light", "dark"]:
                self.browser.show_as(width, 800, scheme, "reduce", mobile=width < 500)
                shape = f"{width} {scheme}"
                self.assertEqual(self.look("faintTexts"), [], shape)
                self.assertEqual(self.look("faintShapes"), [], shape)
                self.assertEqual(self.look("overflowing"), [], shape)
                self.assertEqual(self.look("cut"), [], shape)
                dark.append(self.browser.look("look.luminance(look.ground(document.body)) < 0.05"))
        self.assertEqual(dark, [False, True] * 4)

    def test_nothing_moves_for_who_does_not_want_it(self):
        self.open("rest")
        self.polls(1)
        duration = "getComputedStyle(document.querySelector('.bar i')).transitionDuration"
        self.assertEqual(self.browser.look(duration), "0s")
        self.browser.show_as(1280, 900)
        self.assertNotEqual(self.browser.look(duration), "0s")


def open_page(browser, url, hurry=False):
    """With stats_page_look.js in it; in a hurry: time runs faster for it, so that tests do not."""
    browser.open(url + ("?hurry" if hurry else ""))
    browser.wait("document.readyState === 'complete' && document.querySelector('.bar') !== null")


def take_screenshots(program, browser, folder):
    """Those without a shape in their name are what docs/ has."""
    def shots(name):
        for shape, (width, height, scheme) in {
                "": (1120, 800, "light"), "-all": (1280, None, "light"),
                "-dark": (1280, None, "dark"), "-phone": (360, None, "light"),
                "-phone-dark": (360, None, "dark")}.items():
            browser.show_as(width, height or 800, scheme, "reduce", mobile=width < 500)
            time.sleep(0.3)
            browser.screenshot(os.path.join(folder, f"page-{name}{shape}.png"), height=height)

    program.do("rest")
    browser.show_as(1120, 800)
    open_page(browser, program.url)
    for state, seconds in [("rest", 3), ("load", 25), ("limit", 15)]:
        program.do(state)
        time.sleep(seconds)
        shots(state)
    browser.look("document.querySelector('details').open = true")
    shots("table")
    program.do("stop")
    time.sleep(6)
    shots("silent")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    if sys.argv[-1].startswith("--shots="):
        with Chromium() as browser:
            program = Program(PROGRAM)
            take_screenshots(program, browser, sys.argv[-1].removeprefix("--shots="))
            program.end()
    else:
        unittest.main(verbosity=2)
