"""Samples of what works take, and what is made of them."""

import json
import re
import statistics

# A sample of a work of one thread had company on its core if the fixed work before or after it
# (bench/probe.h) took this much longer than the least, of all programs, or the sample itself than
# the fastest.
CALM = 1.1
CLEAN = 1.3
# Of a work of two threads on two processors, those count that had them near each other: the way from
# one to the other (bench/ping_pong.h) was no more than so many times the least, of all programs.
NEAR = 1.5
# So many must have been calm, or near, and this part of them all; else all count, and the figure is
# marked. Of other works of several threads, which are each other's company, all count: there, the
# fastest are those whose threads happened not to run at the same time.
ENOUGH = 3
ENOUGH_PART = 0.02
# Works of one thread, warm after some microseconds.
ALONE = re.compile(r"(W1b?|W2b?|W3|W6|fresh|burst-256|4KiB|9KiB|16KiB|imix|web)"
                   r"(-recorded|-unrecorded)?$")
# Works of two threads, each on a processor of its own, that hand each other buffers.
APART = re.compile(r"(W4|W8)(-disturbed)?$")
# How many samples a program takes of a work in a round, in the time for it. Neighbours come and go
# within milliseconds; but threads take as long to begin.
SAMPLES_ALONE = 100
SAMPLES = 9
# So many of the samples are kept, from the least to the most.
KEPT = 21
# Works with one of these behind their name are others under other conditions.
VARIANTS = ("disturbed", "recorded", "unrecorded")
# Members of a result that have a line for each row.
ROWS = ("works", "resident", "counts", "scale", "earlier")
PARTS = ("p50", "p99", "p99.9", "p99.99", "max")


def of_run(benchmarks):
    """{work: [(ns for a unit, the probe), ...]} of what Google Benchmark printed, one for each
    repetition: processor time, or by the clock where others take part. A distribution is several
    works. For the probe, of a work of two threads apart, stands their distance."""
    result = {}
    for bench in benchmarks:
        if bench.get("run_type") == "aggregate":
            continue
        work = bench["name"].split("/")[0]
        if "p50" in bench:
            for part in PARTS:
                result.setdefault("%s %s" % (work, part), []).append((bench[part], bench["probe"]))
            continue
        # The counter sums over threads, as the processor time of an iteration does.
        units = bench["units"] / bench["threads"]
        ns = bench["real_time" if "clock" in bench else "cpu_time"] / units
        result.setdefault(work, []).append((ns, bench.get("distance", bench["probe"])))
    return result


def summary(values, probes=(), least=0):
    """Of a work of one thread: of values and their probes, when the least of all probes is this."""
    calm = [value for value, probe in zip(values, probes) if probe <= CALM * least]
    disturbed = len(calm) < max(ENOUGH, ENOUGH_PART * len(values))
    counted = values if disturbed else [v for v in calm if v <= CLEAN * min(calm)]
    return _summary(values, counted, disturbed, 0 if disturbed else len(calm))


def summary_of_threads(values):
    return _summary(values, values, False, 0)


def summary_apart(values, distances, least):
    """Of a work of two threads apart, when the least of all distances is this."""
    near = [value for value, distance in zip(values, distances) if distance <= NEAR * least]
    few = len(near) < max(ENOUGH, ENOUGH_PART * len(values))
    return _summary(values, values if few else near, few, 0 if few else len(near))


def _summary(values, counted, disturbed, calm):
    quartiles = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    median = statistics.median(counted)
    return {
        "median": round(median, 2),
        # Of all samples: between the quartiles, in percent of the median.
        "spread": round(100 * (quartiles[2] - quartiles[0]) / median) if median else 0,
        "disturbed": disturbed,
        "calm": calm,
        "samples": [round(v, 1 if v < 1000 else None) for v in kept(values)],
    }


def kept(values):
    """In order, evenly spaced among all."""
    values = sorted(values)
    if len(values) <= KEPT:
        return values
    return [values[i * (len(values) - 1) // (KEPT - 1)] for i in range(KEPT)]


def variant(work):
    """One of VARIANTS, or what a work is without."""
    suffix = work.partition(" ")[0].rpartition("-")[2]
    return suffix if suffix in VARIANTS else ""


def as_variant(work, other):
    """The same work, of this variant instead."""
    name, _, part = work.partition(" ")
    name = name.removesuffix("-" + variant(work)) + ("-" + other if other else "")
    return name + (" " + part if part else "")


def order(work):
    """W1 to W8 first, then by name; variants behind the others, parts in their order."""
    name, _, part = work.partition(" ")
    return (variant(work), not re.match(r"W\d", name),
            [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", name) if t][:1] != ["W"],
            re.sub(r"\d+", lambda n: "%03d" % int(n.group()), name),
            PARTS.index(part) if part else -1)


def to_json(result):
    """One line for each row, so that a change of the file can be read."""
    lines = []
    for key, value in result.items():
        if isinstance(value, (dict, list)) and key in ROWS:
            rows = value.items() if isinstance(value, dict) else ((None, v) for v in value)
            inner = ",\n".join(("%s: " % json.dumps(k) if k is not None else "") +
                               json.dumps(v, separators=(",", ":")) for k, v in rows)
            lines.append("%s: %s" % (json.dumps(key), ("{\n%s\n}" if isinstance(value, dict)
                                                       else "[\n%s\n]") % inner))
        else:
            lines.append("%s: %s" % (json.dumps(key), json.dumps(value)))
    return "{\n" + ",\n".join(lines) + "\n}\n"
