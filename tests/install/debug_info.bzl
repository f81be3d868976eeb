"""A target built once more, with what abidw reads."""

def _debug_impl(settings, attr):
    copt = "//command_line_option:copt"
    return {copt: settings[copt] + ["-g", "-O0"]}

_debug = transition(
    implementation = _debug_impl,
    inputs = ["//command_line_option:copt"],
    outputs = ["//command_line_option:copt"],
)

def _debug_info_impl(ctx):
    files = ctx.attr.target[0][DefaultInfo].files
    return [DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

debug_info = rule(
    implementation = _debug_info_impl,
    attrs = {
        "target": attr.label(cfg = _debug, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
