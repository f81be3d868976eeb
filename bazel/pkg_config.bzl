"""Libraries of the system as Bazel repositories, as pkg-config describes them.

    pkg_config_library(
        name = "jemalloc",                    # -> @jemalloc//:jemalloc
        apt = "libjemalloc-dev",              # named when something is missing
        modules = {"jemalloc": "jemalloc"},   # target: the pkg-config modules behind it
    )

`module = "x"` is short for `modules = {name: "x"}`. A library that ships no .pc file goes in
`without_pc` (target: link flags) with the `header` that shows it is there.

Of the flags to compile with, -D and -I reach what depends on the library. Others cannot, and are
left to it: -march, -include.
"""

def _fail_missing(ctx, what, detail = ""):
    fail("\n\n  weir needs {what}, which is in Debian's package {apt}:\n\n" .format(
        what = what,
        apt = ctx.attr.apt,
    ) + "      apt-get install " + ctx.attr.apt + "\n\n" +
         "  or run bazel/setup, which installs all that weir builds with.\n" + detail)

def _pkg_config(ctx, tool, args, modules):
    result = ctx.execute([tool] + args + modules)
    if result.return_code != 0:
        _fail_missing(ctx, "/".join(modules), result.stderr)
    return [f for f in result.stdout.strip().replace("\n", " ").split(" ") if f]

def _strings(items):
    return "[" + ", ".join([repr(i) for i in items]) + "]"

def _target(name, defines, includes, linkopts):
    return """
cc_library(
    name = {name},
    hdrs = glob([i + "/**" for i in {includes}], allow_empty = True),
    defines = {defines},
    includes = {includes},
    linkopts = {linkopts},
)
""".format(
        name = repr(name),
        defines = _strings(defines),
        includes = _strings(includes),
        linkopts = _strings(linkopts),
    )

def _pkg_config_repository_impl(ctx):
    out = [
        'load("@rules_cc//cc:defs.bzl", "cc_library")',
        'package(default_visibility = ["//visibility:public"])',
    ]
    tool = ctx.which("pkg-config")
    if not tool and ctx.attr.modules:
        fail("\n\n  weir needs pkg-config: apt-get install pkg-config\n")
    for name, modules in ctx.attr.modules.items():
        modules = modules.split(" ")
        defines = []
        includes = []
        for flag in _pkg_config(ctx, tool, ["--cflags"], modules):
            if flag.startswith("-D"):
                defines.append(flag[2:])
            elif flag.startswith("-I") and ctx.path(flag[2:]).exists:
                # Bazel knows only folders inside the repository.
                link = "include_%s_%d" % (name, len(includes))
                ctx.symlink(flag[2:], link)
                includes.append(link)
        libs = _pkg_config(ctx, tool, ["--libs"], modules)
        out.append(_target(name, defines, includes, libs))
    for name, flags in ctx.attr.without_pc.items():
        if not ctx.path("/usr/include/" + ctx.attr.header).exists:
            _fail_missing(ctx, ctx.attr.header)
        out.append(_target(name, [], [], [f for f in flags.split(" ") if f]))
    ctx.file("BUILD.bazel", "\n".join(out))
    ctx.file("WORKSPACE", "")

_pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    attrs = {
        "apt": attr.string(mandatory = True),
        "header": attr.string(),
        "modules": attr.string_dict(),
        "without_pc": attr.string_dict(),
    },
    environ = ["PKG_CONFIG_PATH"],
    local = True,
    configure = True,
)

def pkg_config_library(
        name,
        apt,
        module = None,
        modules = None,
        without_pc = None,
        header = None):
    """Declares the repository @name; see the top of this file."""
    _pkg_config_repository(
        name = name,
        apt = apt,
        header = header,
        modules = modules or ({name: module} if module else {}),
        without_pc = without_pc or {},
    )
