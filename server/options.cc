#include "weir/server/options.h"

#include <sys/un.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <thread>

#include "weir/alloc/memory_limit.h"
#include "weir/server/channels.h"
#include "weir/server/memory.h"
#include "weir/server/number.h"
#include "weir/server/text.h"

namespace weir::server {
namespace {

constexpr int64_t kMega = 1024 * 1024;
constexpr int64_t kTera = kMega * kMega;

struct Flag {
  std::string_view name;
  std::string_view value;  // how the help calls it
  std::string_view help;
  int64_t Options::*field;  // null: it is text
  int64_t least, most;      // the number, or the length of the text
  bool bytes;               // may have a unit
  std::string Options::*text = nullptr;
};

constexpr int64_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

constexpr Flag kFlags[] = {
    {"bind", "ADDRESS", "IPv4 or IPv6 address to listen on", nullptr, 1, 255, false,
     &Options::bind},
    {"port", "N", "port of the Redis protocol; 0: any free one", &Options::port, 0, 65535, false},
    {"metrics-port", "N", "port of the page and of /metrics; 0: any free one, -1: none",
     &Options::metrics_port, -1, 65535, false},
    {"metrics-socket", "PATH", "UNIX socket of the page and of /metrics, in place of the port",
     nullptr, 1, kLongestPath, false, &Options::metrics_socket},
    {"threads", "N", "threads that serve clients; 0: one for each processor", &Options::threads, 0,
     static_cast<int64_t>(kMaxThreads), false},
    {"max-memory", "BYTES", "memory for data and buffers, as in 256mb; 0: half of what there is",
     &Options::max_memory, Memory::kLeast, kTera, true},
    {"max-clients", "N", "connections at once", &Options::max_clients, 1, 1000000, false},
    {"max-bulk", "BYTES", "longest value", &Options::max_bulk, 1024, 512 * kMega, true},
    {"output-limit", "BYTES", "queued for one client; beyond it is cut off",
     &Options::output_limit, 64 * 1024, 1024 * kMega, true},
    {"write-timeout", "SECONDS", "a client that takes nothing for so long is cut off",
     &Options::write_timeout_s, 1, 86400, false},
    {"trim-interval", "SECONDS", "memory that was not used for so long goes back to the system",
     &Options::trim_interval_s, 1, 86400, false},
};

std::string Number(int64_t n) { return std::string(Decimal(n).view()); }

std::string Help() {
  Options defaults;
  std::string text =
      "weir-server: a cache and message broker that speaks the Redis protocol.\n\n"
      "usage: weir-server [--FLAG=VALUE]...\n\n";
  for (const Flag& flag : kFlags) {
    std::string left = Concat("  --", flag.name, "=", flag.value);
    left.resize(std::max<size_t>(left.size() + 2, 26), ' ');
    std::string value = flag.field == nullptr ? defaults.*flag.text : Number(defaults.*flag.field);
    if (value.empty()) value = "none";
    text += Concat(left, flag.help, " (", value, ")\n");
  }
  return text + "\nSIGTERM and SIGINT end it.\n";
}

// What is wrong with the value, or nothing, and then it is set.
std::optional<std::string> SetFlag(const Flag& flag, const std::string& value, Options& options) {
  if (flag.field == nullptr) {
    const int64_t length = static_cast<int64_t>(value.size());
    if (length < flag.least || length > flag.most) {
      return Concat("--", flag.name, ": '", value, "' does not have ", Number(flag.least), " to ",
                    Number(flag.most), " bytes");
    }
    options.*flag.text = value;
    return std::nullopt;
  }
  auto number = flag.bytes ? ParseBytes(value) : ParseInt(value);
  bool by_default = number == 0 && options.*flag.field == 0;
  if (number && (by_default || (*number >= flag.least && *number <= flag.most))) {
    options.*flag.field = *number;
    return std::nullopt;
  }
  return Concat("--", flag.name, ": '", value, "' is not a number", flag.bytes ? " of bytes" : "",
                " from ", Number(flag.least), " to ", Number(flag.most));
}

const Flag* Find(std::string_view name) {
  for (const Flag& flag : kFlags) {
    auto same = [](char a, char b) { return (a == '_' ? '-' : a) == b; };
    if (std::equal(name.begin(), name.end(), flag.name.begin(), flag.name.end(), same)) {
      return &flag;
    }
  }
  return nullptr;
}

Parsed Wrong(std::string text) { return {Parsed::kError, {}, std::move(text)}; }

void FillDefaults(Options& options) {
  if (options.threads == 0) {
    options.threads =
        std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, kMaxThreads);
  }
  if (options.max_memory == 0) {
    options.max_memory = std::clamp(UsableMemory() / 2, Memory::kLeast, kTera);
  }
  // One request or one slow client must not have all of it.
  options.max_bulk = std::min(options.max_bulk, options.max_memory / 4);
  options.output_limit = std::min(options.output_limit, options.max_memory / 4);
}

}  // namespace

Parsed ParseOptions(const std::vector<std::string>& args) {
  Parsed parsed;
  for (size_t i = 0; i < args.size(); ++i) {
    std::string_view arg = args[i];
    if (arg == "--help" || arg == "-h") return {Parsed::kHelp, {}, Help()};
    if (!arg.starts_with("--")) return Wrong(Concat("'", arg, "' is not a flag; see --help"));
    arg.remove_prefix(2);
    size_t equals = arg.find('=');
    const Flag* flag = Find(arg.substr(0, equals));
    if (flag == nullptr) {
      return Wrong(Concat("there is no flag --", arg.substr(0, equals), "; see --help"));
    }
    std::string value;
    if (equals != std::string_view::npos) {
      value = arg.substr(equals + 1);
    } else if (++i < args.size()) {
      value = args[i];
    } else {
      return Wrong(Concat("--", flag->name, ": a value is missing"));
    }
    if (auto wrong = SetFlag(*flag, value, parsed.options)) return Wrong(*wrong);
  }
  const Options& options = parsed.options;
  if (!options.metrics_socket.empty() && options.metrics_port >= 0 &&
      options.metrics_port != Options().metrics_port) {
    return Wrong(Concat("--metrics-socket: '", options.metrics_socket,
                        "' takes the place of --metrics-port; name one of them"));
  }
  FillDefaults(parsed.options);
  return parsed;
}

}  // namespace weir::server
