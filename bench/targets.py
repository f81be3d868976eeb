"""What weir has to reach, as ratios within one run."""

import statistics

PEERS_OWN = ("limit", "limit-c", "weir", "weir-c")

# (peer, work, at most so many times, of this peer's)
RATIOS = [
    ("weir", "W1", 1.25, "limit"), ("weir", "W1", 0.65, "dpdk"),
    ("weir", "W1b", 1.25, "limit"), ("weir", "W1b", 0.65, "dpdk"),
    ("weir", "W2", 1.25, "limit"), ("weir", "W2", 0.75, "dpdk"),
    ("weir", "W2b", 1.25, "limit"), ("weir", "W2b", 0.75, "dpdk"),
    ("weir", "W3", 1.3, "limit"), ("weir", "W3", 1.1, "cord"), ("weir", "W3", 0.25, "dpdk"),
    ("weir", "W4", 1.1, "limit"), ("weir", "W4", 1.0, "dpdk"),
    ("weir", "W5", 1.05, "W2"), ("weir", "W5", 0.7, "dpdk"),
    ("weir", "W6", 1.05, "limit"), ("weir", "W6", 0.92, "best"),
    ("weir", "W8", 1.15, "limit"), ("weir", "W8", 0.8, "cord"),
    ("weir-c", "W1", 1.2, "limit-c"),
]
LIVE_BYTES = 2304 * 1.02
TRIMMED_MIB = 2.0
MAGAZINE = 32  # operations for an exchange with the depot, or more
# So many exchanges must there have been, or how many swaps failed in them says nothing.
EXCHANGES = 1000


def best_peer(row):
    """The fastest of those that are not ours; None if there is none."""
    others = [peer for peer in row if peer not in PEERS_OWN]
    return min(others, key=lambda peer: row[peer]["median"], default=None)


def _median(result, work, peer):
    return result["works"].get(work, {}).get(peer, {}).get("median")


def _median_of_all(result, work, peer):
    """Of all samples: for comparison with a work of several threads, of which all count."""
    row = result["works"].get(work, {}).get(peer)
    return row and statistics.median(row["samples"])


def _disturbed(result, work, peer):
    return result["works"].get(work, {}).get(peer, {}).get("disturbed", False)


def ratio_rows(result):
    """(what, wanted, measured or None, met) of each of RATIOS; met is None where a figure is of
    samples hardly any of which were calm, or near."""
    for peer, work, most, of in RATIOS:
        mine = _median(result, work, peer)
        unclear = _disturbed(result, work, peer)
        if of == "best":
            best = best_peer(result["works"].get(work, {}))
            theirs, name = _median(result, work, best), "the best peer (%s)" % best
            unclear |= _disturbed(result, work, best)
        elif of == "W2":
            theirs, name = _median_of_all(result, "W2", peer), "its own W2"
        else:
            theirs, name = _median(result, work, of), of
            unclear |= _disturbed(result, work, of)
        ratio = mine / theirs if mine and theirs else None
        yield ("%s, %s" % (work, "C face" if peer == "weir-c" else "C++"),
               "%g x %s" % (most, name),
               "%.2f" % ratio + ("~" if unclear else "") if ratio else None,
               None if unclear else ratio is not None and ratio <= most)


def other_rows(result):
    memory = result["resident"].get("weir")
    if memory:
        yield ("resident bytes for a packet in use", "%.0f" % LIVE_BYTES, "%d" % memory["live"],
               memory["live"] <= LIVE_BYTES)
        yield ("MiB that stay after all are freed and one trim", "%g" % TRIMMED_MIB,
               "%.2f" % memory["trimmed"], memory["trimmed"] <= TRIMMED_MIB)
        yield ("the same the second time", "%g" % TRIMMED_MIB, "%.2f" % memory["trimmed_again"],
               memory["trimmed_again"] <= TRIMMED_MIB)
    counts = [row for row in result["counts"] if row["magazine"] == MAGAZINE]
    many = [row for row in counts if row.get("exchanges", EXCHANGES) >= EXCHANGES]
    for column, what, of in [("exchanges_per_op", "depot exchanges for an operation", counts),
                             ("retries_per_exchange", "swaps tried again for an exchange", many)]:
        if of:
            most = max(row[column] for row in of)
            least = round(1 / most, 1) if most else float("inf")
            yield (what + ", the most of all works and numbers of threads", "1/%d" % MAGAZINE,
                   "1/%.1f" % least if most else "0", least >= MAGAZINE)


def rows(result):
    return list(ratio_rows(result)) + list(other_rows(result))
