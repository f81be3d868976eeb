// A snapshot read back from the JSON that RenderJson writes (keys: stats/json.h), by who does not
// trust where it came from.
#ifndef WEIR_STATS_READ_JSON_H_
#define WEIR_STATS_READ_JSON_H_

#include <string>
#include <string_view>

#include "weir/stats/snapshot.h"

namespace weir {

// A snapshot with the version that it points to.
struct ReadSnapshot {
  ReadSnapshot() { weir_snapshot_clear(&figures); }
  ReadSnapshot(const ReadSnapshot&) = delete;
  ReadSnapshot& operator=(const ReadSnapshot&) = delete;

  struct weir_snapshot figures;
  std::string version;
};

// Every key that the description names must be there, once, with a value of its kind and range;
// keys that it does not name are passed over, because more may come. What it takes, RenderJson
// writes again as it was, but for what was passed over and fractions of a nanosecond.
// False with *error set, which names the key and quotes nothing unprintable; *snapshot is then
// worth nothing. Does not throw. Memory in proportion to text.size(), which is for the caller to
// bound; nesting is bounded here.
bool ReadJson(std::string_view text, ReadSnapshot* snapshot, std::string* error);

}  // namespace weir

#endif  // WEIR_STATS_READ_JSON_H_
