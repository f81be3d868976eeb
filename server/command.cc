#include "weir/server/command.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "weir/server/session.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

constexpr size_t kLongestName = 32;
// How much of a request an error repeats.
constexpr size_t kShown = 128;

using Table = absl::flat_hash_map<std::string, const Command*>;

const Table& AllCommands() {
  static const Table& table = *[] {
    auto* all = new Table;
    ForEachCommand([&](const Command& command) { all->emplace(command.name, &command); });
    return all;
  }();
  return table;
}

bool ArityFits(const Command& command, size_t words) {
  int n = static_cast<int>(words);
  return command.arity > 0 ? n == command.arity : n >= -command.arity;
}

const Command* FindSubcommand(const Command& command, std::string_view name) {
  for (const Command& sub : command.subcommands) {
    if (sub.name == name) return &sub;
  }
  return nullptr;
}

void UnknownSubcommand(const Command& command, Args& args, Reply& reply) {
  std::string name(command.name);
  std::transform(name.begin(), name.end(), name.begin(), absl::ascii_toupper);
  reply.Error(Concat("ERR unknown subcommand '", args.prefix(1, kShown), "'. Try ", name,
                     " HELP."));
}

void UnknownCommand(Args& args, Reply& reply) {
  std::string with;
  for (size_t i = 1; i < args.size() && with.size() < kShown; ++i) {
    with += Concat("'", args.prefix(i, kShown - with.size()), "' ");
  }
  reply.Error(Concat("ERR unknown command '", args.prefix(0, kShown),
                     "', with args beginning with: ", with));
}

}  // namespace

const Command* FindCommand(std::string_view name) {
  if (name.size() > kLongestName) return nullptr;
  char lower[kLongestName];
  std::transform(name.begin(), name.end(), lower, LowerChar);
  const Table& table = AllCommands();
  auto found = table.find(absl::string_view(lower, name.size()));
  return found == table.end() ? nullptr : found->second;
}

size_t CountCommands() { return AllCommands().size(); }

void WrongArity(Reply& reply, std::string_view name) {
  reply.Error(Concat("ERR wrong number of arguments for '", name, "' command"));
}

Outcome Dispatch(Shared& shared, Local& local, Session& session, Args& args, Reply& reply) {
  const Command* command = FindCommand(args.prefix(0, kLongestName + 1));
  if (command == nullptr) {
    UnknownCommand(args, reply);
    return Outcome::kDone;
  }
  std::string name(command->name);
  if (!command->subcommands.empty() && args.size() > 1) {
    const Command* sub = FindSubcommand(*command, Lower(args.prefix(1, kShown)));
    if (sub == nullptr) {
      UnknownSubcommand(*command, args, reply);
      return Outcome::kDone;
    }
    name = Concat(name, "|", sub->name);
    command = sub;
  }
  if (!ArityFits(*command, args.size())) {
    WrongArity(reply, name);
  } else if (session.listens() && !(command->flags & kWhileSubscribed)) {
    reply.Error(Concat("ERR Can't execute '", name,
                       "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                       "allowed in this context"));
  } else {
    Call call{shared, local, session, args, reply, *command, local.now_ms};
    return command->run(call);
  }
  return Outcome::kDone;
}

}  // namespace weir::server
