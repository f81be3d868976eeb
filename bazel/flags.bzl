"""Flags of the build that targets can select on."""

def _flag_impl(ctx):
    if ctx.build_setting_value not in ctx.attr.values:
        fail("%s: %s is not one of %s" % (ctx.label, ctx.build_setting_value, ctx.attr.values))

choice_flag = rule(
    implementation = _flag_impl,
    attrs = {"values": attr.string_list(mandatory = True)},
    build_setting = config.string(flag = True),
)
