"""How a peer of the benchmarks is declared."""

load("@rules_cc//cc:defs.bzl", "cc_binary")

def bench_peer(
        name,
        header,
        peer,
        srcs = [],
        deps = [],
        linkopts = [],
        defines = [],
        copts = [],
        static = False,
        optional = True):
    """The programs of a peer: `name` for bench/run, scale-`name` for bench/carry.

    Args:
      name: of the peer, and the program.
      header: that has the peer's struct.
      peer: the struct.
      srcs: besides.
      deps: besides :works.
      linkopts: as in cc_binary.
      defines: for this program alone.
      copts: as in cc_binary.
      static: whether there are static libraries of all that it needs; then scale-`name` needs
        nothing of the machine but its kernel.
      optional: built when asked for; not everybody has what it needs.
    """
    for program, main, features in [
        (name, "peer.cc", []),
        ("scale-" + name, "scale.cc", ["fully_static_link"] if static else []),
    ]:
        cc_binary(
            name = program,
            testonly = True,
            srcs = srcs + [header, main],
            copts = copts,
            features = features,
            linkopts = linkopts,
            local_defines = defines + [
                "WEIR_BENCH_HEADER=\\\"bench/%s\\\"" % header,
                "WEIR_BENCH_PEER=" + peer,
            ],
            # Sanitizers cannot be linked statically.
            tags = ["manual"] if optional or main == "scale.cc" else [],
            deps = deps + [":works" if main == "peer.cc" else ":scale_works"],
        )
