// Commands about the server: INFO, CONFIG, COMMAND, MEMORY.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "weir/server/command.h"
#include "weir/server/config.h"
#include "weir/server/info.h"
#include "weir/server/number.h"
#include "weir/server/text.h"
#include "weir/server/values.h"

namespace weir::server {
namespace {

Outcome Info(Call& call) {
  std::set<std::string> wanted;
  for (size_t i = 1; i < call.args.size(); ++i) wanted.insert(Lower(call.args.prefix(i, 32)));
  bool all = wanted.empty() || wanted.contains("all") || wanted.contains("default") ||
             wanted.contains("everything");
  std::string text;
  for (std::string_view section : kInfoSections) {
    if (!all && !wanted.contains(std::string(section))) continue;
    if (!text.empty()) text += "\r\n";
    text += InfoSection(call.shared, section, call.now_ms);
  }
  call.reply.Bulk(text);
  return Outcome::kDone;
}

Outcome ConfigResetStat(Call& call) {
  call.reply.Ok();  // our counters only ever grow, as Prometheus wants them
  return Outcome::kDone;
}

Outcome ConfigRewrite(Call& call) {
  call.reply.Error("ERR The server is running without a config file");
  return Outcome::kDone;
}

constexpr Command kConfigTable[] = {
    {"get", -3, kAdmin, ConfigGet},
    {"set", -4, kAdmin, ConfigSet},
    {"resetstat", 2, kAdmin, ConfigResetStat},
    {"rewrite", 2, kAdmin, ConfigRewrite},
};

void Describe(Reply& reply, const Command& command) {
  reply.Array(10);
  reply.Bulk(command.name);
  reply.Integer(command.arity);
  std::vector<std::string_view> flags;
  if (command.flags & kWrite) flags.push_back("write");
  if (command.flags & kReadOnly) flags.push_back("readonly");
  if (command.flags & kAdmin) flags.push_back("admin");
  if (command.flags & kPubSub) flags.push_back("pubsub");
  if (command.flags & kFast) flags.push_back("fast");
  reply.Array(flags.size());
  for (std::string_view flag : flags) reply.Status(flag);
  reply.Integer(command.first_key);
  reply.Integer(command.last_key);
  reply.Integer(command.key_step);
  // Access categories, tips, key specifications and subcommands: none to tell.
  for (int i = 0; i < 4; ++i) reply.Array(0);
}

Outcome DescribeAll(Call& call) {
  call.reply.Array(CountCommands());
  ForEachCommand([&](const Command& command) { Describe(call.reply, command); });
  return Outcome::kDone;
}

Outcome CommandInfo(Call& call) {
  if (call.args.size() == 2) return DescribeAll(call);
  call.reply.Array(call.args.size() - 2);
  for (size_t i = 2; i < call.args.size(); ++i) {
    const Command* command = FindCommand(call.args[i]);
    command == nullptr ? call.reply.Null() : Describe(call.reply, *command);
  }
  return Outcome::kDone;
}

Outcome CommandCount(Call& call) {
  call.reply.Integer(static_cast<int64_t>(CountCommands()));
  return Outcome::kDone;
}

Outcome CommandDocs(Call& call) {
  call.reply.Array(0);
  return Outcome::kDone;
}

Outcome CommandList(Call& call) {
  call.reply.Array(CountCommands());
  ForEachCommand([&](const Command& command) { call.reply.Bulk(command.name); });
  return Outcome::kDone;
}

constexpr Command kCommandTable[] = {
    {"info", -2, 0, CommandInfo},
    {"count", 2, 0, CommandCount},
    {"docs", -2, 0, CommandDocs},
    {"list", 2, 0, CommandList},
};

// Whether the words from 3 on are SAMPLES n, which changes nothing here.
bool ReadSamples(Call& call) {
  for (size_t i = 3; i < call.args.size(); i += 2) {
    if (!SameNoCase(call.args[i], "samples") || i + 1 == call.args.size()) {
      call.reply.Error(kSyntaxError);
      return false;
    }
    auto samples = ParseInt(call.args[i + 1]);
    if (!samples || *samples < 0) {
      call.reply.Error(samples ? kSyntaxError : kNotAnInteger);
      return false;
    }
  }
  return true;
}

Outcome MemoryUsage(Call& call) {
  if (!ReadSamples(call)) return Outcome::kDone;
  HashedKey key(call.args[2]);
  Store::Lock lock(call.store(), key);
  Entry* entry = lock.shard(key).Find(key, call.now_ms);
  if (entry == nullptr) {
    call.reply.Null();
  } else {
    call.reply.Integer(static_cast<int64_t>(entry->bytes() + entry->ChainBytes()));
  }
  return Outcome::kDone;
}

constexpr Command kMemoryTable[] = {
    {"usage", -3, kReadOnly, MemoryUsage, 2, 2, 1},
};

constexpr Command kTable[] = {
    {"info", -1, 0, Info},
    {"config", -2, kAdmin, nullptr, 0, 0, 0, kConfigTable},
    {"command", -1, 0, DescribeAll, 0, 0, 0, kCommandTable},
    {"memory", -2, kReadOnly, nullptr, 0, 0, 0, kMemoryTable},
};

}  // namespace

std::span<const Command> AdminCommands() { return kTable; }

}  // namespace weir::server
