"""Where and with what something was measured."""

import datetime
import os
import platform
import re
import subprocess

PACKAGES = ["libc6", "libdpdk-dev", "libjemalloc2", "libmimalloc2.0", "libtcmalloc-minimal4",
            "libtbbmalloc2", "libabsl20220623", "libevent-core-2.1-7", "liblwip0", "libboost-dev",
            "libbenchmark-dev"]


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def versions():
    """{package: version} of those that are installed."""
    fields = "${Package} ${Version} ${db:Status-Status}\n"
    shown = output_of("dpkg-query", "-W", "-f=" + fields, *PACKAGES)
    rows = [line.split() for line in shown.splitlines()]
    return {row[0]: row[1] for row in rows if row[-1] == "installed"}


def about():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        info = cpuinfo.read()
    cpu = re.search(r"model name\s*: (.*)", info)
    numbers = [re.search(r"^%s\s*: (\d+)" % key, info, re.M) for key in ("cpu family", "model")]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "cpu_model": "family %s model %s" % tuple(n.group(1) if n else "?" for n in numbers),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "kernel": platform.release(),
        "compiler": output_of("c++", "--version").split("\n")[0],
        "commit": output_of("git", "rev-parse", "--short", "HEAD"),
        "packages": versions(),
    }


def line(known):
    return "%s (%s), %d cores, load %.1f; %s; commit %s; %s" % (
        known["cpu"], known["cpu_model"], known["cores"], known["load"], known["compiler"],
        known["commit"], known["date"][:10])
