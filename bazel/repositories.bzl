"""The repositories that weir builds with: all of them are packages of the system."""

load("//bazel:pkg_config.bzl", "pkg_config_library")

def _rules():
    # Upstream Bazel states its version and brings these; Debian's states none and must not
    # look for them on the network.
    if native.bazel_version:
        return
    native.local_repository(name = "rules_cc", path = "bazel/rules_cc")
    native.local_repository(name = "rules_java", path = "/usr/share/bazel/rules/java")
    native.local_repository(name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    native.local_repository(name = "remote_coverage_tools", path = "bazel/no_coverage")

def weir_repositories():
    """Declares them. A repository is looked for only when something depends on it."""
    _rules()
    pkg_config_library(
        name = "gtest",
        apt = "libgtest-dev",
        modules = {"gtest": "gtest", "gtest_main": "gtest_main"},
    )
    pkg_config_library(
        name = "gmock",
        apt = "libgmock-dev",
        modules = {"gmock": "gmock"},
    )
    pkg_config_library(
        name = "benchmark",
        apt = "libbenchmark-dev",
        modules = {"benchmark": "benchmark"},
        # Has no .pc file of its own in Debian.
        without_pc = {"benchmark_main": "-lbenchmark_main -lbenchmark"},
        header = "benchmark/benchmark.h",
    )
    pkg_config_library(
        name = "jemalloc",
        apt = "libjemalloc-dev",
        modules = {"jemalloc": "jemalloc"},
    )
    pkg_config_library(
        name = "mimalloc",
        apt = "libmimalloc-dev",
        without_pc = {"mimalloc": "-lmimalloc"},
        header = "mimalloc.h",
    )
    pkg_config_library(
        name = "dpdk",
        apt = "libdpdk-dev",
        module = "libdpdk",
    )
    pkg_config_library(
        name = "gperftools",
        apt = "libgoogle-perftools-dev",
        modules = {"gperftools": "libtcmalloc_minimal"},
    )
    pkg_config_library(
        name = "tbbmalloc",
        apt = "libtbb-dev",
        without_pc = {"tbbmalloc": "-ltbbmalloc_proxy -ltbbmalloc"},
        header = "tbb/scalable_allocator.h",
    )
    pkg_config_library(
        name = "libevent",
        apt = "libevent-dev",
        modules = {"libevent": "libevent_core"},
    )
    pkg_config_library(
        name = "lwip",
        apt = "liblwip-dev",
        module = "lwip",
    )
    pkg_config_library(
        name = "libmicrohttpd",
        apt = "libmicrohttpd-dev",
        modules = {"libmicrohttpd": "libmicrohttpd"},
    )
    # mbstat reads with it; headers only.
    pkg_config_library(
        name = "nlohmann_json",
        apt = "nlohmann-json3-dev",
        modules = {"nlohmann_json": "nlohmann_json"},
    )
    # For //stats:prometheus_cpp alone.
    pkg_config_library(
        name = "prometheus_cpp",
        apt = "prometheus-cpp-dev",
        module = "prometheus-cpp-core",
    )
    pkg_config_library(
        name = "liburing",
        apt = "liburing-dev",
        modules = {"liburing": "liburing"},
    )
    # Its requests, which are headers only.
    pkg_config_library(
        name = "valgrind",
        apt = "valgrind",
        without_pc = {"valgrind": ""},
        header = "valgrind/memcheck.h",
    )
    pkg_config_library(
        name = "absl",
        apt = "libabsl-dev",
        modules = {
            "btree": "absl_btree",
            "cord": "absl_cord",
            "flags": "absl_flags absl_flags_usage",
            "flags_parse": "absl_flags_parse absl_flags absl_flags_usage",
            "flat_hash_map": "absl_flat_hash_map",
            "flat_hash_set": "absl_flat_hash_set",
            "hash": "absl_hash",
            "inlined_vector": "absl_inlined_vector",
            "span": "absl_span",
            "status": "absl_status absl_statusor",
            "str_format": "absl_str_format",
            "strings": "absl_strings absl_cord",
            "symbolize": "absl_symbolize",
            "time": "absl_time",
        },
    )
