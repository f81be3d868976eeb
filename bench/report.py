"""The result as a page, docs/performance.md: fills bench/page.md in."""

import statistics

import machine
import samples
import targets

def number(ns):
    return "%.3g" % ns if ns < 1000 else "{:,.0f}".format(ns)


def cell(row, peer):
    here = row.get(peer)
    if here is None:
        return ""
    text = number(here["median"]) + ("~" if here["disturbed"] else "")
    limit = row.get("limit-c" if peer.endswith("-c") else "limit")
    if limit and limit is not here:
        text += times(here, limit)
    return "**%s**" % text if peer == targets.best_peer(row) else text


def times(c, base):
    """How many times the other that is; nothing is no times anything."""
    return " (%.2f)" % (c["median"] / base["median"]) if base["median"] else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def works_table(result, keep):
    works = sorted(filter(keep, result["works"]), key=samples.order)
    peers = [p for p in result["peers"] if any(p in result["works"][w] for w in works)]
    rows = []
    for work in works:
        row = result["works"][work]
        spread = row.get("weir", {}).get("spread")
        best = targets.best_peer(row)
        to_best = "" if not best or "weir" not in row or not row[best]["median"] else (
            "%.2f" % (row["weir"]["median"] / row[best]["median"]))
        rows.append([work] + [cell(row, p) for p in peers] +
                    [to_best, "" if spread is None else "%d %%" % spread])
    return table(["work"] + peers + ["weir : best", "spread of weir"], rows)


def recording_part(result):
    """What recording costs: none, as by default, each; as many times none."""
    works, rows = result["works"], []
    for work in sorted((w for w in works if samples.variant(w) == "unrecorded"), key=samples.order):
        name = samples.as_variant(work, "")
        for peer, none in works[work].items():
            cells = [works.get(w, {}).get(peer)
                     for w in (name, samples.as_variant(work, "recorded"))]
            rows.append([name, peer, number(none["median"])] + [
                number(c["median"]) + ("~" if c["disturbed"] else "") + times(c, none) if c else ""
                for c in cells])
    return table(["work", "peer", "none", "1 in 4,096", "each"], rows) if rows else "Not measured."


def memory_table(result):
    def mib(value):
        return "" if value is None else "%.1f" % value
    rows = [[peer, m["live"], mib(m["freed"]), mib(m["trimmed"]), mib(m["trimmed_again"])]
            for peer, m in result["resident"].items()]
    return table(["peer", "bytes a packet", "MiB left: freed", "trimmed", "the second time"], rows)


def counts_table(counts):
    columns = ["refills_per_op", "exchanges_per_op", "rmws_per_op", "retries_per_exchange"]
    groups = {}
    for row in counts:
        # What a thread keeps to itself costs the same with magazines of any size: nothing.
        if row["magazine"] == targets.MAGAZINE or row["work"] == "hand-over":
            groups.setdefault((row["magazine"], row["work"], row["threads"]), []).append(row)
    rows = [list(key) + ["%.6f" % statistics.median(row[c] for row in group) for c in columns]
            for key, group in groups.items()]
    return table(["magazine", "work", "threads"] + [c.replace("_", " ") for c in columns], rows)


def instructions_table():
    with open("tests/fast_path_golden.txt", encoding="utf-8") as golden:
        return table(["face", "compiler", "operation", "instructions"],
                     [line.split() for line in golden if line.strip()])


def scale_table(scale):
    cells = {}
    for s in scale["samples"]:
        # Pairs wait for each other, and waiting is processor time.
        ns = s["wall_ns" if s["work"] == "hand-over" else "cpu_ns"]
        cells.setdefault((s["work"], s["peer"]), {}).setdefault(s["threads"], []).append(ns)
    threads = sorted({s["threads"] for s in scale["samples"]})
    rows = [[work, peer] + [number(samples.summary(by[t])["median"]) if t in by else ""
                            for t in threads]
            for (work, peer), by in sorted(cells.items())]
    return table(["work", "peer"] + ["%d" % t for t in threads], rows)


def scale_part(scale):
    if not scale:
        return "Not measured: see `bench/carry`."
    about = scale["context"]
    return "%s\n\n%s\n\nCounts of that machine:\n\n%s" % (
        "%(cpu)s, %(cores)s processors, commit %(commit)s, %(date)s." % about +
        ("\n" + about["note"] if "note" in about else ""),
        scale_table(scale), counts_table(scale["counts"]))


def as_earlier(result):
    """What another run's page says of it."""
    about = result["context"]
    of = "%s (%s), %d processors, %s" % (about["cpu"], about["cpu_model"], about["cores"],
                                        about["date"][:10])
    return {"of": of, "rows": list(targets.rows(result))}


def targets_table(result):
    """What this run says of them, and those before it."""
    words = {True: "met", False: "**missed**", None: "unclear"}
    def key(what, most):
        return what, most.partition(" (")[0]  # the best peer may be another
    runs = result.get("earlier", [])
    earlier = [{key(what, most): got for what, most, got, _ in run["rows"]} for run in runs]
    return table(["work", "at most", "measured", ""] + [run["of"] for run in runs],
                 [[what, most, got or "", words[met] if got else "not measured"] +
                  [run.get(key(what, most)) or "" for run in earlier]
                  for what, most, got, met in targets.rows(result)])


# What the README shows, and how it calls it.
README_WORKS = {
    "W1": "256-byte buffer", "W1b": "the same, 32 at a time", "W2": "packet of 2 KiB",
    "W2b": "the same, 32 at a time", "W3": "zero-copy clone",
    "W4": "allocated here, freed by another thread", "W5": "packets on two threads",
    "W6": "15.5 KiB in, split, joined, made contiguous", "W8": "one packet, 16 holders",
}
README_PEERS = ("weir", "dpdk", "gperftools", "mimalloc", "jemalloc", "glibc", "cord", "evbuffer")
README_BEGIN, README_END = "<!-- bench/run writes this table -->\n", "<!-- until here -->\n"


def readme_table(result):
    peers = [p for p in README_PEERS if p in result["peers"]]
    rows = []
    for work, name in README_WORKS.items():
        row = result["works"].get(work, {})
        best = min((p for p in peers if p in row), key=lambda p: row[p]["median"], default=None)
        rows.append([name] + ["" if p not in row else
                              ("**%s**" if p == best else "%s") % number(row[p]["median"])
                              for p in peers])
    return table(["nanoseconds, allocated and freed"] + peers, rows)


def into_readme(text, result):
    """The README with the table of this run in place of the one before."""
    head, found, rest = text.partition(README_BEGIN)
    _, end, tail = rest.partition(README_END)
    if not found or not end:
        raise ValueError("README.md: no place for the table")
    return head + README_BEGIN + "\n" + readme_table(result) + "\n\n" + README_END + tail


def markdown(result):
    about = result["context"]
    with open("bench/page.md", encoding="utf-8") as page:
        text = page.read()
    return text.format(
        line=machine.line(about), rounds=result["rounds"], seconds=result["seconds"],
        alone=samples.SAMPLES_ALONE, repetitions=samples.SAMPLES, enough=100 * samples.ENOUGH_PART,
        calm=100 * samples.CALM - 100, clean=100 * samples.CLEAN - 100, near=samples.NEAR,
        before=about["ping_pong_ns"][0],
        after=about["ping_pong_ns"][-1], targets=targets_table(result),
        works=works_table(result, lambda work: samples.variant(work) == ""),
        disturbed=works_table(result, lambda work: samples.variant(work) == "disturbed"),
        recording=recording_part(result),
        memory=memory_table(result), counts=counts_table(result["counts"]),
        instructions=instructions_table(), scale=scale_part(result.get("scale")),
        versions="\n".join("- %s %s" % v for v in about["packages"].items()),
        compiler=about["compiler"], kernel=about["kernel"])
