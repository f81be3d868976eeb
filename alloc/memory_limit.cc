#include "weir/alloc/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weir {
namespace {

// The number in the file; kUnlimited for "max", or if there is none.
int64_t ReadLimit(const char* root, const char* hierarchy, int length, const char* group,
                  const char* file) {
  char* name;
  if (asprintf(&name, "%s/sys/fs/cgroup%s%.*s/%s", root, hierarchy, length, group, file) < 0) {
    return kUnlimited;
  }
  long long bytes = kUnlimited;
  if (FILE* f = fopen(name, "re")) {
    if (fscanf(f, "%lld", &bytes) != 1) bytes = kUnlimited;
    fclose(f);
  }
  free(name);
  return bytes;
}

// The least that `file` says in the folder of `group` and in each above it.
int64_t LeastOnTheWayUp(const char* root, const char* hierarchy, const char* group,
                        const char* file) {
  size_t length = strlen(group);
  // Outside of what a control group namespace shows: only the root of the mount is ours to see.
  if (strncmp(group, "/..", 3) == 0) length = 0;
  int64_t least = kUnlimited;
  for (;;) {
    while (length > 0 && group[length - 1] == '/') --length;
    least = std::min(least, ReadLimit(root, hierarchy, static_cast<int>(length), group, file));
    while (length > 0 && group[length - 1] != '/') --length;
    if (length == 0) return least;
  }
}

// Whether `controllers`, separated by commas, has "memory".
bool HasMemory(const char* controllers) {
  constexpr size_t kLength = 6;
  for (const char* at = controllers; (at = strstr(at, "memory")) != nullptr; at += kLength) {
    const bool begins = at == controllers || at[-1] == ',';
    if (begins && (at[kLength] == ',' || at[kLength] == '\0')) return true;
  }
  return false;
}

// A line of /proc/self/cgroup is "number:controllers:group"; version 2 has number 0 and no
// controllers.
int64_t LimitOfLine(const char* root, char* line) {
  line[strcspn(line, "\n")] = '\0';
  char* controllers = strchr(line, ':');
  if (controllers == nullptr) return kUnlimited;
  *controllers++ = '\0';
  char* group = strchr(controllers, ':');
  if (group == nullptr) return kUnlimited;
  *group++ = '\0';
  if (strcmp(line, "0") == 0 && *controllers == '\0') {
    return std::min(LeastOnTheWayUp(root, "", group, "memory.max"),
                    LeastOnTheWayUp(root, "", group, "memory.high"));
  }
  if (!HasMemory(controllers)) return kUnlimited;
  return LeastOnTheWayUp(root, "/memory", group, "memory.limit_in_bytes");
}

}  // namespace

int64_t ControlGroupLimit(const char* root) {
  char* name;
  if (asprintf(&name, "%s/proc/self/cgroup", root) < 0) return kUnlimited;
  FILE* f = fopen(name, "re");
  free(name);
  if (f == nullptr) return kUnlimited;
  int64_t least = kUnlimited;
  char* line = nullptr;
  size_t room = 0;
  while (getline(&line, &room, f) > 0) least = std::min(least, LimitOfLine(root, line));
  free(line);
  fclose(f);
  return least;
}

int64_t ResourceLimit() {
  int64_t least = kUnlimited;
  for (auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit;
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur < static_cast<rlim_t>(least)) {
      least = static_cast<int64_t>(limit.rlim_cur);
    }
  }
  return least;
}

int64_t UsableMemory() {
  int64_t machine = sysconf(_SC_PHYS_PAGES) * static_cast<int64_t>(sysconf(_SC_PAGESIZE));
  return std::min({machine, ControlGroupLimit(), ResourceLimit()});
}

}  // namespace weir
