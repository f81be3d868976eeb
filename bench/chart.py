"""The main works as a chart: small panels of bars, the same for light and dark pages."""

import html

WORKS = [
    ("W1", "256-byte buffer, alloc + free"), ("W1b", "in bursts of 32"),
    ("W2", "packet with 2 KiB, alloc + free"), ("W2b", "in bursts of 32"),
    ("W3", "zero-copy clone + free"), ("W4", "alloc here, free on another thread"),
    ("W5", "packets on two threads at once"), ("W6", "15.5 KiB: join, split, linearise"),
    ("W8", "16 holders, half freed elsewhere"),
]
COLUMNS = 3
PANEL = 300
BAR = 15
NAME = 66
LONGEST = 150  # pixels
CUT = 5.0      # bars longer than so many times weir's end there

STYLE = """
text { font: 11px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600; font-size: 12px }
.small { fill: #59636e }
.bar { fill: #afb8c1 }
.limit { fill: #d1d9e0; stroke: #818b98; stroke-dasharray: 2 2 }
.weir { fill: #0969da }
.own { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .small { fill: #9198a1 }
  .bar { fill: #656c76 }
  .limit { fill: #2a313c; stroke: #9198a1 }
  .weir { fill: #4493f8 }
}
"""


def text(x, y, what, kind="", anchor="start"):
    return '<text x="%g" y="%g" class="%s" text-anchor="%s">%s</text>' % (
        x, y, kind, anchor, html.escape(what))


def number(ns):
    return "%.1f" % ns if ns < 100 else "{:,.0f}".format(ns)


def bars(row):
    """[(peer, ns)], the fastest first; faces of C are left to the table."""
    return sorted(((peer, cell["median"]) for peer, cell in row.items() if not peer.endswith("-c")),
                  key=lambda bar: bar[1])


def panel(x, y, work, title, row):
    out = [text(x, y, "%s  %s" % (work, title), "head")]
    shown = bars(row)
    most = max(ns for _, ns in shown)
    if "weir" in row:
        most = min(most, CUT * row["weir"]["median"])
    for i, (peer, ns) in enumerate(shown):
        top = y + 8 + i * BAR
        kind = peer if peer in ("weir", "limit") else "bar"
        width = max(1.0, LONGEST * min(ns, most) / most)
        out.append(text(x + NAME - 6, top + 10, peer, "own" if peer == "weir" else "", "end"))
        out.append('<rect x="%g" y="%g" width="%.1f" height="%d" rx="2" class="%s"/>' % (
            x + NAME, top, width, BAR - 4, kind))
        cut = ns > most * 1.001
        out.append(text(x + NAME + width + 4, top + 10, ("... " if cut else "") + number(ns),
                        "own" if peer == "weir" else "small"))
    return out


def svg(result):
    works = [(w, t) for w, t in WORKS if result["works"].get(w)]
    about = result["context"]
    out, y = [], 44
    for first in range(0, len(works), COLUMNS):
        line = works[first:first + COLUMNS]
        for column, (work, title) in enumerate(line):
            out += panel(10 + column * PANEL, y, work, title, result["works"][work])
        y += 40 + BAR * max(len(bars(result["works"][w])) for w, _ in line)
    caption = ("nanoseconds for a unit of work, less is better; medians of %d rounds; %s, %d cores, "
               "%s" % (result["rounds"], about["cpu"], about["cores"], about["date"][:10]))
    head = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img">'
            "<title>weir beside others: %s</title><style>%s</style>" % (
                COLUMNS * PANEL + 10, y - 10, COLUMNS * PANEL + 10, html.escape(caption), STYLE))
    return "\n".join([head, text(10, 18, caption, "small")] + out + ["</svg>"]) + "\n"
