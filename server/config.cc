#include "weir/server/config.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/chain/holders.h"
#include "weir/server/glob.h"
#include "weir/server/number.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

std::string Number(int64_t n) { return std::string(Decimal(n).view()); }

void Refuse(Call& call, std::string_view name, std::string_view why) {
  call.reply.Error(Concat("ERR CONFIG SET failed (possibly related to argument '", name, "') - ",
                          why));
}
void RefuseRange(Call& call, std::string_view name, int64_t least, int64_t most) {
  Refuse(call, name,
         Concat("argument must be between ", Number(least), " and ", Number(most), " inclusive"));
}

// Set: checks what the request has at i and behind; applies it only with `apply`. False, and an
// error is written, if it is refused.

bool SetMaxMemory(Call& call, size_t i, bool apply) {
  auto bytes = ParseBytes(call.args[i + 1]);
  if (!bytes) {
    Refuse(call, call.args[i], "argument must be a memory value");
    return false;
  }
  if (*bytes < Memory::kLeast) {
    RefuseRange(call, call.args[i], Memory::kLeast, std::numeric_limits<int64_t>::max());
    return false;
  }
  if (apply) call.shared.memory.SetMax(*bytes);
  return true;
}

bool SetHoldersOneIn(Call& call, size_t i, bool apply) {
  auto one_in = ParseInt(call.args[i + 1]);
  constexpr int64_t kMost = int64_t{1} << 30;
  if (!one_in || *one_in < 0 || *one_in > kMost) {
    RefuseRange(call, call.args[i], 0, kMost);
    return false;
  }
  if (apply) weir_holders_sample(*one_in);
  return true;
}

struct Parameter {
  std::string_view name;
  std::string (*get)(const Shared& shared);
  bool (*set)(Call& call, size_t i, bool apply) = nullptr;  // or it is given at start
};

// In the order of their names. Clients ask for some that mean nothing here; they get what a cache
// that keeps nothing on disk would say.
constexpr Parameter kParameters[] = {
    {"appendonly", [](const Shared&) -> std::string { return "no"; }},
    {"bind", [](const Shared& s) { return s.options.bind; }},
    {"databases", [](const Shared&) -> std::string { return "1"; }},
    {"holders-one-in", [](const Shared&) { return Number(weir_holders_sampled()); },
     SetHoldersOneIn},
    {"io-threads", [](const Shared& s) { return Number(s.options.threads); }},
    {"maxclients", [](const Shared& s) { return Number(s.options.max_clients); }},
    {"maxmemory", [](const Shared& s) { return Number(s.memory.max()); }, SetMaxMemory},
    {"maxmemory-policy", [](const Shared&) -> std::string { return "allkeys-lru"; }},
    {"port", [](const Shared& s) { return Number(s.port); }},
    {"proto-max-bulk-len", [](const Shared& s) { return Number(s.options.max_bulk); }},
    {"save", [](const Shared&) -> std::string { return ""; }},
    {"timeout", [](const Shared&) -> std::string { return "0"; }},
};

// How the reply calls the parameter, which is as the request spells it; empty if the request does
// not ask for it.
std::string_view NameIfWanted(Call& call, std::string_view name) {
  for (size_t i = 2; i < call.args.size(); ++i) {
    if (SameNoCase(call.args[i], name)) return call.args[i];
    if (GlobMatches(Lower(call.args[i]), name)) return name;
  }
  return {};
}

// One pair, as Set.
bool SetOne(Call& call, size_t i, bool apply) {
  std::string name = Lower(call.args.prefix(i, 64));
  auto known = std::find_if(std::begin(kParameters), std::end(kParameters),
                            [&](const Parameter& p) { return p.name == name; });
  if (known == std::end(kParameters)) {
    call.reply.Error(Concat("ERR Unknown option or number of arguments for CONFIG SET - '",
                            call.args.prefix(i, 128), "'"));
    return false;
  }
  if (known->set != nullptr) return known->set(call, i, apply);
  // To set what is set already is no error.
  if (call.args[i + 1] == known->get(call.shared)) return true;
  Refuse(call, call.args[i], "can't set immutable config");
  return false;
}

}  // namespace

Outcome ConfigGet(Call& call) {
  std::vector<std::pair<std::string_view, const Parameter*>> found;
  for (const Parameter& parameter : kParameters) {
    std::string_view name = NameIfWanted(call, parameter.name);
    if (!name.empty()) found.emplace_back(name, &parameter);
  }
  call.reply.Array(2 * found.size());
  for (auto [name, parameter] : found) {
    call.reply.Bulk(name);
    call.reply.Bulk(parameter->get(call.shared));
  }
  return Outcome::kDone;
}

Outcome ConfigSet(Call& call) {
  if (call.args.size() % 2 != 0) {
    call.reply.Error(kSyntaxError);
    return Outcome::kDone;
  }
  // All or nothing.
  for (bool apply : {false, true}) {
    for (size_t i = 2; i < call.args.size(); i += 2) {
      if (!SetOne(call, i, apply)) return Outcome::kDone;
    }
  }
  call.reply.Ok();
  return Outcome::kDone;
}

}  // namespace weir::server
