"""How libraries, tests and controls of weir are declared.

    load("//bazel:weir.bzl", "weir_atomic_test", "weir_control", "weir_exports", "weir_library",
         "weir_model_library", "weir_model_test", "weir_test", "weir_test_again")

A library, in the folder that owns its files:

    weir_library(
        name = "depot",
        srcs = ["depot.cc"],
        hdrs = ["depot.h"],          # included as "weir/alloc/depot.h", here and elsewhere
        deps = [":magazine", "//reclaim:fence", "@jemalloc"],
    )

Each header (but the server's) is also compiled alone, as C++20 and, when named in `c_hdrs`, as C11 (`name`_alone).
A .h among `srcs` is private: only the library itself can include it.

Several libraries under one name, whose headers its users may include:

    weir_exports(name = "alloc", exports = [":depot", ":zone"])

A test, in tests/; it gets gtest and its main:

    weir_test(name = "alloc_depot_test", srcs = ["alloc_depot_test.cc"], deps = ["//alloc:depot"])

A control shows that a test can fail. The test, and everything it depends on, is compiled again,
once for all controls, with -DWEIR_BREAK_AT_RUN_TIME; code then leaves out one memory order, fence
or check, that whose number (stats/break.h) is WEIR_BREAK in the environment:

    next_.store(n, Order(kBreakNext, std::memory_order_release));  // depot_loses_rounds_control
    if (!Broken(kBreakQueueLock)) pthread_mutex_lock(&lock);

    weir_control(
        name = "depot_loses_rounds_control",
        test = ":alloc_depot_test",
        breaks = 12,                                 // kBreakNext
        match = "DepotKeepsEveryRound",              # extended regex, must be in the output
        args = ["--gtest_filter=*EveryRound*"],
        flavours = ["tsan"],
        fails_within = 60,
    )

A control passes when the broken test fails; see weir_control below for what counts as that.
Model tests are built like this anyway, so their controls run the very test. A number stands for one
fault in the whole tree.
"""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")

_FLAVOURS = ["plain", "check", "tsan", "asan", "ubsan"]

def _only(flavours):
    """For target_compatible_with: skips the target in the builds that are not in flavours."""
    for f in flavours:
        if f not in _FLAVOURS:
            fail("%s is not a flavour: %s" % (f, ", ".join(_FLAVOURS)))
    return select(dict(
        [("//bazel:" + f, []) for f in flavours] +
        [("//conditions:default", ["//bazel:never"])],
    ))

def _alone(name, hdrs, c_hdrs):
    outs = []
    for hdr in hdrs:
        for ext in ["cc"] + (["c"] if hdr in c_hdrs else []):
            out = "%s_alone/%s.%s" % (name, hdr.replace("/", "_"), ext)
            native.genrule(
                name = out.replace("/", "_") + "_gen",
                outs = [out],
                # Twice, so that a missing include guard is found too.
                cmd = "for i in 1 2; do echo '#include \"weir/%s/%s\"'; done > $@" %
                      (native.package_name(), hdr),
                visibility = ["//visibility:private"],
            )
            outs.append(out)
    cc_library(
        name = name + "_alone",
        srcs = outs,
        target_compatible_with = _only(["plain"]),
        visibility = ["//visibility:private"],
        deps = [":" + name],
    )

def weir_library(name, srcs = [], hdrs = [], deps = [], c_hdrs = [], copts = [], **kwargs):
    """A cc_library whose headers are included as "weir/<package>/<header>".

    Args:
      name: of the target.
      srcs: sources, and headers that no other target may include.
      hdrs: headers for others. Textual ones (.inc) go in the usual textual_hdrs.
      deps: as in cc_library.
      c_hdrs: those of hdrs that must compile as C11 as well.
      copts: besides.
      **kwargs: as in cc_library; visibility is that of the package unless given.
    """
    prefix = "weir/" + native.package_name()
    private = [s for s in srcs if s.endswith(".h")]
    own = [s for s in srcs if not s.endswith(".h")]
    own_deps = list(deps)
    if private:
        cc_library(
            name = name + "_private",
            hdrs = private,
            include_prefix = prefix,
            strip_include_prefix = "",
            testonly = kwargs.get("testonly", False),
            visibility = ["//visibility:private"],
            deps = deps,
        )
        own_deps.append(":" + name + "_private")
    cc_library(
        name = name,
        srcs = own,
        hdrs = hdrs,
        include_prefix = prefix,
        strip_include_prefix = "",
        # What a header does not open to libweir.so's users stays inside it. No shared object for
        # each library then, which would have to see into each other.
        copts = ["-fvisibility=hidden"] + copts,
        linkstatic = True,
        deps = own_deps,
        **kwargs
    )
    for h in c_hdrs:
        if h not in hdrs:
            fail("%s is among c_hdrs, but not among hdrs" % h)
    # The server's headers are nobody else's, and Asio takes its time.
    if hdrs and not kwargs.get("testonly", False) and native.package_name() != "server":
        _alone(name, hdrs, c_hdrs)

def weir_test(name, srcs, deps = [], threads = 1, tags = [], main = True, flavours = None, **kwargs):
    """A cc_test with gtest.

    Args:
      name: of the target; ends in _test.
      srcs: of the test.
      deps: gtest need not be among them.
      threads: how many the test keeps busy; Bazel runs fewer tests beside it.
      tags: as in cc_test.
      main: False when the test has its own main().
      flavours: the builds in which it runs, all by default: plain, check, tsan, asan, ubsan.
      **kwargs: as in cc_test.
    """
    if flavours != None:
        kwargs["target_compatible_with"] = _only(flavours)
    if name.startswith("server_"):  # tests/run leaves these out where the library is what matters
        tags = tags + ["server"]
    cc_test(
        name = name,
        srcs = srcs,
        tags = tags + (["cpu:%d" % threads] if threads > 1 else []),
        deps = deps + ["@gtest"] + (["@gtest//:gtest_main"] if main else []),
        **kwargs
    )

def weir_test_again(
        name,
        test,
        args = [],
        env = {},
        data = [],
        threads = 1,
        flavours = None,
        **kwargs):
    """Runs a test that another target builds, with other arguments or in another environment.

    Args:
      name: of the target; ends in _test.
      test: the other target.
      args: for it.
      env: for it.
      data: besides that of the other target.
      threads: as in weir_test.
      flavours: as in weir_test.
      **kwargs: as in any test.
    """
    if flavours != None:
        kwargs["target_compatible_with"] = _only(flavours)
    native.sh_test(
        name = name,
        srcs = ["//bazel:exec"],
        args = ["$(rootpath %s)" % test] + args,
        data = [test] + data,
        env = env,
        tags = ["cpu:%d" % threads] if threads > 1 else [],
        **kwargs
    )

def _headers_impl(ctx):
    merged = cc_common.merge_cc_infos(direct_cc_infos = [t[CcInfo] for t in ctx.attr.deps])
    return [CcInfo(compilation_context = merged.compilation_context)]

weir_headers = rule(
    implementation = _headers_impl,
    attrs = {"deps": attr.label_list(providers = [CcInfo])},
    doc = "The headers of the libraries, without their objects.",
)

def _atomic_copts(header):
    return ["-DWEIR_ATOMIC_HEADER='\"tests/%s\"'" % header]

def weir_atomic_test(
        name,
        srcs,
        atomic,
        sources = [],
        deps = [],
        links = [],
        copts = [],
        **kwargs):
    """A test in which weir's atomics are others.

    Args:
      name: of the target; ends in _test.
      srcs: of the test.
      atomic: the header, in tests/, that defines weir::Atomic and weir::AtomicRef.
      sources: those of weir's own .cc files that the test needs. They are compiled into it.
      deps: the libraries whose headers these include. Their objects are not linked.
      links: libraries that are linked.
      copts: besides.
      **kwargs: as in weir_test.
    """
    weir_headers(
        name = name + "_headers",
        testonly = True,
        deps = deps,
    )
    weir_test(
        name = name,
        srcs = srcs + sources,
        copts = _atomic_copts(atomic) + copts,
        deps = [":%s_headers" % name] + links,
        **kwargs
    )

_MODEL_COPTS = ["-DWEIR_TINY", "-DWEIR_BREAK_AT_RUN_TIME"]

def weir_model_library(name, srcs, hdrs, deps, links = []):
    """What several model tests share.

    Args:
      name: of the target.
      srcs: those of the test and of weir itself, compiled as weir_model_test does.
      hdrs: of the test.
      deps: the libraries whose headers these include. Their objects are not linked.
      links: as in weir_model_test.
    """
    weir_headers(
        name = name + "_headers",
        testonly = True,
        deps = deps,
    )
    cc_library(
        name = name,
        testonly = True,
        srcs = srcs,
        hdrs = hdrs,
        copts = _atomic_copts("model/atomic.h") + _MODEL_COPTS,
        linkstatic = True,
        target_compatible_with = _only(["plain"]),
        deps = [":%s_headers" % name] + links,
        alwayslink = True,
    )

def weir_model_test(name, srcs, sources = [], deps = [], links = [], **kwargs):
    """A test that runs threads in every order, under the scheduler of tests/model.

    Args:
      name: of the target; ends in _test.
      srcs: of the test.
      sources: those of weir's own .cc files that it needs. They are compiled into the test, with
        atomics whose every operation is a step of the scheduler, and with tiny constants.
      deps: the libraries whose headers these include. Their objects are not linked.
      links: each a weir_model_library, besides the scheduler.
      **kwargs: as in weir_test.
    """
    weir_atomic_test(
        name = name,
        srcs = srcs,
        atomic = "model/atomic.h",
        sources = sources,
        deps = deps + ["//stats:counter"],
        links = [":model"] + links,
        copts = _MODEL_COPTS,
        flavours = ["plain"],
        linkstatic = True,  # the scheduler switches the program's own thread-local variables
        **kwargs
    )

def _break_impl(settings, attr):
    copt = "//command_line_option:copt"
    return {copt: settings[copt] + ([] if attr.as_it_is else ["-DWEIR_BREAK_AT_RUN_TIME"])}

_break = transition(
    implementation = _break_impl,
    inputs = ["//command_line_option:copt"],
    outputs = ["//command_line_option:copt"],
)

def _quote(s):
    return "'" + s.replace("'", "'\\''") + "'"

def _control_impl(ctx):
    test = ctx.attr.test[0]
    words = [
        ctx.file._runner.short_path,
        str(ctx.attr.fails_within),
        "1" if ctx.attr.may_hang else "0",
        "1" if ctx.attr.passes_first else "0",
        ctx.attr.match,
        test[DefaultInfo].files_to_run.executable.short_path,
    ] + ctx.attr.broken_args
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        output = script,
        content = "#!/bin/bash\nexport WEIR_BREAK=%d\nexec %s\n" %
                  (ctx.attr.breaks, " ".join([_quote(w) for w in words])),
        is_executable = True,
    )
    runfiles = ctx.runfiles(files = [ctx.file._runner])
    return [DefaultInfo(
        executable = script,
        runfiles = runfiles.merge(test[DefaultInfo].default_runfiles),
    )]

_weir_control_test = rule(
    implementation = _control_impl,
    attrs = {
        "as_it_is": attr.bool(),
        "breaks": attr.int(mandatory = True),
        "broken_args": attr.string_list(),
        "fails_within": attr.int(),
        "match": attr.string(),
        "may_hang": attr.bool(),
        "passes_first": attr.bool(),
        "test": attr.label(mandatory = True, cfg = _break, executable = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
        "_runner": attr.label(
            default = "//bazel:control",
            allow_single_file = True,
        ),
    },
    test = True,
)

def weir_control(
        name,
        test,
        breaks,
        match = "",
        args = [],
        flavours = ["plain"],
        fails_within = 30,
        may_hang = False,
        threads = 2,
        tags = [],
        **kwargs):
    """Passes if `test` fails with WEIR_BREAK=`breaks`.

    The broken test is run over and over until it fails or `fails_within` is over, so a stress
    test need not hit the fault in each run; let it print and vary its seed. Failing is a
    nonzero exit or a signal, with `match` found in the output of that run. Usage errors of
    gtest (a filter that selects no test) do not count. Controls for ThreadSanitizer first run the
    test with nothing broken, which must pass.

    Args:
      name: of the target; ends in _control.
      test: a weir_test.
      breaks: the number of what is left out, in stats/break.h.
      match: extended regular expression that the output of the failing run must contain: the
        name of the test that must fail, "data race", the text of a check.
      args: for the test, such as --gtest_filter=..., so that only what must fail is run.
      flavours: the builds in which the control holds: plain, check, tsan, asan, ubsan. A relaxed
        order that x86 hides is found by tsan only.
      fails_within: seconds.
      may_hang: whether being still at it after `fails_within` is the expected failure (a lost
        wake-up). Otherwise that is a test too slow to prove anything, and the control fails.
      threads: how many the test keeps busy.
      tags: as in any test.
      **kwargs: as in any test.
    """
    if breaks <= 0:
        fail("breaks is a number above 0")
    timeout = "short" if fails_within <= 45 else "moderate" if fails_within <= 280 else "long"
    _weir_control_test(
        name = name,
        test = test,
        as_it_is = test.startswith(":model_"),  # weir_model_test builds it for controls too
        breaks = breaks,
        match = match,
        broken_args = args,
        fails_within = fails_within,
        may_hang = may_hang,
        # An order that ThreadSanitizer does not see in this build would be a race at any time.
        passes_first = "tsan" in flavours,
        timeout = timeout,
        target_compatible_with = _only(flavours),
        tags = tags + ["control"] + (["cpu:%d" % threads] if threads > 1 else []),
        **kwargs
    )

def _exports_impl(ctx):
    return [
        cc_common.merge_cc_infos(direct_cc_infos = [t[CcInfo] for t in ctx.attr.exports]),
        DefaultInfo(files = depset(transitive = [t[DefaultInfo].files for t in ctx.attr.exports])),
    ]

weir_exports = rule(
    implementation = _exports_impl,
    attrs = {"exports": attr.label_list(providers = [CcInfo], mandatory = True)},
    doc = """Several libraries under one name: what depends on it may include the headers of them all.

A cc_library with nothing but deps does not do: layering_check then refuses their headers.""",
)
