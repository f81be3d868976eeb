// What a program that shows claims shares with others: its arguments, and whether all holds.
#ifndef WEIR_BENCH_CLAIMS_H_
#define WEIR_BENCH_CLAIMS_H_

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

namespace weir_bench {

inline bool quick = false;  // much less of each, to see that they run
inline bool held = true;    // every claim so far

inline void Check(bool good, const char* claim) {
  if (good) return;
  printf("  DOES NOT HOLD: %s\n", claim);
  held = false;
}

struct Claim {
  const char* name;
  void (*show)();
};

// Shows the claims that the arguments name, or all. Returns the exit status: 0 if they hold, 1 if
// not, 2 for a wrong argument.
inline int ClaimsMain(int argc, char** argv, const char* usage, std::span<const Claim> claims) {
  std::vector<std::string_view> chosen;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--help" || arg == "-h") {
      fputs(usage, stdout);
      return 0;
    }
    if (arg == "--quick") {
      quick = true;
    } else if (std::ranges::find(claims, arg, &Claim::name) != claims.end()) {
      chosen.push_back(arg);
    } else {
      fprintf(stderr, "%s: %s is none of the claims\n%s", argv[0], argv[i], usage);
      return 2;
    }
  }
  // A thousand threads sleep in a file of their own each.
  rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &files);
  for (const Claim& claim : claims) {
    if (!chosen.empty() && std::ranges::find(chosen, claim.name) == chosen.end()) continue;
    printf("== %s\n", claim.name);
    claim.show();
  }
  return held ? 0 : 1;
}

}  // namespace weir_bench

#endif  // WEIR_BENCH_CLAIMS_H_
