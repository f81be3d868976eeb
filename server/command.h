// A command: its name, what it takes, and the function that runs it.
#ifndef WEIR_SERVER_COMMAND_H_
#define WEIR_SERVER_COMMAND_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weir/server/args.h"
#include "weir/server/local.h"
#include "weir/server/reply.h"
#include "weir/server/shared.h"

namespace weir::server {

class Session;
struct Command;

// What a command works on. args[0] is its name.
struct Call {
  Shared& shared;
  Local& local;
  Session& session;
  Args& args;
  Reply& reply;
  const Command& command;
  int64_t now_ms;

  Store& store() { return shared.store; }
};

enum class Outcome {
  kDone,   // the reply is written, unless reply.failed()
  kRetry,  // something is short now; nothing has changed; call again later
};

// A command that changes anything may write at most Call::kSafeReply bytes and a value of its
// own to the reply: that never fails, so that it need not be undone. Others may fail.
inline constexpr size_t kSafeReply = 1500;

enum CommandFlags : uint32_t {
  kWrite = 1,
  kReadOnly = 2,
  kFast = 4,
  kAdmin = 8,
  kPubSub = 16,
  kWhileSubscribed = 32,  // allowed for a session that listens to channels
};

struct Command {
  std::string_view name;  // in lower case
  int arity;              // with the name; -n: n or more
  uint32_t flags;
  Outcome (*run)(Call& call);  // null if it makes no sense without a second word
  // Where its keys are, as COMMAND tells: first, last (-1: to the end), step.
  int first_key = 0;
  int last_key = 0;
  int key_step = 0;
  // For a command with a second word: what that can be.
  std::span<const Command> subcommands = {};
};

std::span<const Command> StringCommands();
std::span<const Command> CounterCommands();
std::span<const Command> KeyCommands();
std::span<const Command> PubSubCommands();
std::span<const Command> ConnectionCommands();
std::span<const Command> AdminCommands();

// By name, in any case; null if there is none.
const Command* FindCommand(std::string_view name);
size_t CountCommands();
template <typename Visit>  // void(const Command&)
void ForEachCommand(Visit visit) {
  for (auto table : {StringCommands(), CounterCommands(), KeyCommands(), PubSubCommands(),
                     ConnectionCommands(), AdminCommands()}) {
    for (const Command& command : table) visit(command);
  }
}

// Runs what args ask for: finds the command and checks that it may run.
Outcome Dispatch(Shared& shared, Local& local, Session& session, Args& args, Reply& reply);

// The errors that many share.
inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";
void WrongArity(Reply& reply, std::string_view name);

}  // namespace weir::server

#endif  // WEIR_SERVER_COMMAND_H_
