"""A static archive of several libraries and of what they depend on in this workspace."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _objects(targets):
    found = []
    for target in targets:
        for linker_input in target[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                found += library.pic_objects or library.objects or []
    return found

def _archive_impl(ctx):
    ar = find_cpp_toolchain(ctx)
    both = _objects(ctx.attr.both)
    left_out = {o: True for o in _objects(ctx.attr.without) if o not in both}
    objects = {o: True for o in _objects(ctx.attr.deps) if o not in left_out}.keys()
    out = ctx.actions.declare_file(ctx.label.name)

    # q: objects of different folders may have the same name.
    ctx.actions.run(
        executable = ar.ar_executable,
        arguments = ["qcsD", out.path] + [o.path for o in objects],
        inputs = depset(objects, transitive = [ar.all_files]),
        outputs = [out],
        mnemonic = "Archive",
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles(files = [out]))]

weir_archive = rule(
    implementation = _archive_impl,
    attrs = {
        "deps": attr.label_list(providers = [CcInfo], mandatory = True),
        "without": attr.label_list(
            providers = [CcInfo],
            doc = "Libraries whose objects are in another archive.",
        ),
        "both": attr.label_list(
            providers = [CcInfo],
            doc = "Of these, those that are in this one too, because libweir.so does not export them.",
        ),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    doc = """Its objects are position-independent, so that it can be linked into shared objects.

What is not in this workspace is not in it: who links the archive links that, too.""",
)
