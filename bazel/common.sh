# What the scripts share; sourced from the top folder of the repository.

# Set up, quietly when there is nothing to do, and say so when it did not work.
setup() {
  bazel/setup "$@" || { echo "$0: bazel/setup failed" >&2 && return 1; }
}

# Bazel's options for how it shows progress.
progress=(--noshow_loading_progress)
if [[ ${CI:-} == true || ! -t 2 ]]; then
  progress+=(--curses=no --color=no --show_progress_rate_limit=15)
fi
