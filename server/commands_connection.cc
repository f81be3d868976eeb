// Commands about the connection itself.
#include <algorithm>
#include <limits>
#include <string>

#include "weir/server/command.h"
#include "weir/server/number.h"
#include "weir/server/session.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

Outcome Ping(Call& call) {
  if (call.args.size() > 2) {
    WrongArity(call.reply, call.command.name);
    return Outcome::kDone;
  }
  bool with_text = call.args.size() == 2;
  if (call.session.listens()) {
    // Told apart from messages by its first word.
    call.reply.Array(2);
    call.reply.Bulk("pong");
    call.reply.Bulk(with_text ? call.args[1] : "");
  } else if (with_text) {
    call.reply.Bulk(call.args[1]);
  } else {
    call.reply.Status("PONG");
  }
  return Outcome::kDone;
}

Outcome Echo(Call& call) {
  call.reply.Bulk(call.args[1]);
  return Outcome::kDone;
}

Outcome Quit(Call& call) {
  call.reply.Ok();
  call.session.CloseAfterReply();
  return Outcome::kDone;
}

// What a browser that was lured here would send: nothing that follows is meant for us.
Outcome NotForUs(Call& call) {
  call.session.CloseAfterReply();
  return Outcome::kDone;
}

Outcome Select(Call& call) {
  auto db = ParseInt(call.args[1]);
  constexpr int64_t kMin = std::numeric_limits<int>::min();
  constexpr int64_t kMax = std::numeric_limits<int>::max();
  if (!db) {
    call.reply.Error(kNotAnInteger);
  } else if (*db < kMin || *db > kMax) {
    call.reply.Error(Concat("ERR value is out of range, value must between ",
                            Decimal(kMin).view(), " and ", Decimal(kMax).view()));
  } else if (*db != 0) {
    call.reply.Error("ERR DB index is out of range");
  } else {
    call.reply.Ok();
  }
  return Outcome::kDone;
}

Outcome Reset(Call& call) {
  call.session.UnsubscribeAll();
  call.session.name.clear();
  call.reply.Status("RESET");
  return Outcome::kDone;
}

Outcome ClientId(Call& call) {
  call.reply.Integer(call.session.id);
  return Outcome::kDone;
}

bool PrintableWord(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

Outcome ClientSetName(Call& call) {
  if (PrintableWord(call.args[2])) {
    call.session.name = call.args[2];
    call.reply.Ok();
  } else {
    call.reply.Error(
        "ERR Client names cannot contain spaces, newlines or special characters.");
  }
  return Outcome::kDone;
}

Outcome ClientGetName(Call& call) {
  const std::string& name = call.session.name;
  name.empty() ? call.reply.Null() : call.reply.Bulk(name);
  return Outcome::kDone;
}

// What a client library calls itself; nothing here depends on it.
Outcome ClientSetInfo(Call& call) {
  std::string what = Lower(call.args.prefix(2, 16));
  if (what != "lib-name" && what != "lib-ver") {
    call.reply.Error(Concat("ERR Unrecognized option '", call.args.prefix(2, 128), "'"));
  } else if (!PrintableWord(call.args[3])) {
    call.reply.Error(
        Concat("ERR ", what, " cannot contain spaces, newlines or special characters."));
  } else {
    call.reply.Ok();
  }
  return Outcome::kDone;
}

constexpr Command kClientTable[] = {
    {"id", 2, kFast, ClientId},
    {"setname", 3, kFast, ClientSetName},
    {"getname", 2, kFast, ClientGetName},
    {"setinfo", 4, kFast, ClientSetInfo},
};

constexpr Command kTable[] = {
    {"ping", -1, kFast | kWhileSubscribed, Ping},
    {"echo", 2, kFast, Echo},
    {"quit", -1, kFast | kWhileSubscribed, Quit},
    {"reset", 1, kFast | kWhileSubscribed, Reset},
    {"select", 2, kFast, Select},
    {"client", -2, kAdmin, nullptr, 0, 0, 0, kClientTable},
    {"post", -1, kFast, NotForUs},
    {"host:", -1, kFast, NotForUs},
};

}  // namespace

std::span<const Command> ConnectionCommands() { return kTable; }

}  // namespace weir::server
