#include "weir/stats/exporter.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/stats/accept.h"
#include "weir/stats/holders.h"
#include "weir/stats/holders_json.h"
#include "weir/stats/json.h"
#include "weir/stats/listen_socket.h"
#include "weir/stats/page.h"
#include "weir/stats/prometheus.h"
#include "weir/stats/symbols.h"
#include "weir/stats/text.h"

namespace weir {
namespace {

constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr char kLocked[] = "default-src 'none'; frame-ancestors 'none'";

struct Answer {
  unsigned status = MHD_HTTP_OK;
  std::string type = kPlain;
  std::string policy = kLocked;
  std::string body;
};

std::string Nonce() {
  unsigned char random[16];
  // Never short for so few bytes; without randomness the page goes without script, not the
  // policy without teeth.
  if (getrandom(random, sizeof random, 0) != sizeof random) return "";
  std::string hex;
  for (unsigned char byte : random) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

Answer Page(const Exporter::Options& options) {
  const std::string nonce = Nonce();
  const std::string policy = nonce.empty()
                                 ? kLocked
                                 : "default-src 'none'; style-src 'nonce-" + nonce +
                                       "'; script-src 'nonce-" + nonce +
                                       "'; connect-src 'self'; img-src data:; base-uri 'none'; "
                                       "form-action 'none'; frame-ancestors 'none'";
  return {MHD_HTTP_OK, "text/html; charset=utf-8", policy, RenderPage(options.title, nonce)};
}

std::vector<SetSnapshot> OtherSets(const Exporter::Options& options) {
  return options.sets ? options.sets() : std::vector<SetSnapshot>();
}

Answer Metrics(const Exporter::Options& options, const weir_snapshot& snapshot,
               std::string_view accept) {
  const auto format = FormatFor(accept);
  PrometheusText text(format);
  AddMetrics(snapshot, &text, OtherSets(options));
  if (options.metrics) options.metrics(text);
  return {MHD_HTTP_OK, PrometheusText::ContentType(format), kLocked, text.Render()};
}

Answer Json(const Exporter::Options& options, const weir_snapshot& snapshot) {
  std::vector<Figure> figures;
  if (options.figures) figures = options.figures();
  return {MHD_HTTP_OK, "application/json", kLocked,
          RenderJson(snapshot, figures, OtherSets(options))};
}

Answer Text(const Exporter::Options& options, const weir_snapshot& snapshot) {
  Answer answer = {.body = RenderText(snapshot) + "\n" + RenderZones(snapshot)};
  for (const SetSnapshot& set : OtherSets(options)) {
    answer.body += "\nSet " + set.name + ":\n";
    answer.body += RenderText(set.figures) + "\n" + RenderZones(set.figures);
  }
  return answer;
}

Answer Health(const Exporter::Options& options) {
  std::string reason;
  if (!options.healthy || options.healthy(&reason)) return {.body = "ok\n"};
  return {.status = MHD_HTTP_SERVICE_UNAVAILABLE, .body = reason + "\n"};
}

// What a client asks for.
struct Request {
  std::string_view path;
  std::string accept;
  const char* older;  // the argument, or nullptr
};

Answer AnswerHolders(const Exporter::Options& options, const Request& request) {
  double older = 0;
  constexpr double kMost = 1e9;
  if (request.older != nullptr &&
      (!absl::SimpleAtod(request.older, &older) || !(older >= 0 && older <= kMost))) {
    return {.status = MHD_HTTP_BAD_REQUEST,
            .body = absl::StrCat("older: '", absl::CHexEscape(request.older),
                                 "' is not a number of seconds from 0 to ", kMost, "\n")};
  }
  const Holders holders = GroupHolders(options.holders, static_cast<int64_t>(older * 1e9));
  const int64_t one_in = options.holders_sampled == nullptr ? 0 : options.holders_sampled();
  if (request.path == "/holders") return {.body = RenderHolders(holders, one_in, SymbolizeCall)};
  return {.type = "application/json", .body = RenderHoldersJson(holders, one_in, SymbolizeCall)};
}

Answer AnswerFor(const Exporter::Options& options, const Request& request) {
  const std::string_view path = request.path;
  if (path == "/") return Page(options);
  if (path == "/healthz") return Health(options);
  if (options.holders != nullptr && (path == "/holders" || path == "/holders.json")) {
    return AnswerHolders(options, request);
  }
  if (path != "/metrics" && path != "/stats.json" && path != "/stats.txt") {
    return {.status = MHD_HTTP_NOT_FOUND,
            .body = absl::StrCat("There are /, /metrics, /stats.json, /stats.txt",
                                 options.holders == nullptr ? "" : ", /holders, /holders.json",
                                 " and /healthz.\n")};
  }
  weir_snapshot snapshot;
  options.snapshot(&snapshot);
  if (path == "/metrics") return Metrics(options, snapshot, request.accept);
  if (path == "/stats.json") return Json(options, snapshot);
  return Text(options, snapshot);
}

MHD_Result Send(MHD_Connection* connection, const Answer& answer) {
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  const std::pair<const char*, const char*> headers[] = {
      {"Content-Type", answer.type.c_str()}, {"Content-Security-Policy", answer.policy.c_str()},
      {"Cache-Control", "no-store"},         {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},    {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  for (const auto& [name, value] : headers) MHD_add_response_header(response, name, value);
  if (answer.status == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response, "Allow", "GET, HEAD");
    MHD_add_response_header(response, "Connection", "close");  // a body may follow; nobody reads it
  }
  const MHD_Result result = MHD_queue_response(connection, answer.status, response);
  MHD_destroy_response(response);
  return result;
}

bool SameFile(int a, int b) {
  struct stat one, two;
  return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

// A header that comes several times is one list.
std::string AcceptOf(MHD_Connection* connection) {
  std::string all;
  MHD_get_connection_values(
      connection, MHD_HEADER_KIND,
      [](void* list, MHD_ValueKind, const char* name, const char* value) {
        if (value != nullptr && absl::EqualsIgnoreCase(name, MHD_HTTP_HEADER_ACCEPT)) {
          absl::StrAppend(static_cast<std::string*>(list), value, ",");
        }
        return MHD_YES;
      },
      &all);
  return all;
}

void DiscardLog(void*, const char*, va_list) {}

}  // namespace

class Exporter::Daemon {
 public:
  explicit Daemon(Options options) : options_(std::move(options)) {}
  ~Daemon() {
    if (daemon_ != nullptr) MHD_stop_daemon(daemon_);  // closes the listening socket too
    RemoveSocketFile(socket_);
  }

  // Takes the socket. False with errno when there is no memory or no thread for it.
  bool Start(const ListenSocket& socket) {
    socket_ = socket;
    const int listen_fd = socket.fd;
    // When libmicrohttpd fails, it has closed the socket or not, depending on how far it came; by
    // then the number may be another file's. The twin tells whether it still is the socket.
    const int twin = fcntl(listen_fd, F_DUPFD_CLOEXEC, 0);
    if (twin < 0) {
      const int saved = errno;
      close(listen_fd);
      errno = saved;
      return false;
    }
    // Signals are for the program's own threads, so this one is born with all of them blocked.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    daemon_ = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
        nullptr, nullptr, &Daemon::OnRequest, this,             //
        MHD_OPTION_EXTERNAL_LOGGER, &DiscardLog, nullptr,       //
        MHD_OPTION_LISTEN_SOCKET, listen_fd,                    //
        MHD_OPTION_CONNECTION_LIMIT, options_.max_connections,  //
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, options_.max_connections_per_ip,
        MHD_OPTION_CONNECTION_TIMEOUT, options_.timeout_seconds,        //
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, options_.connection_bytes,  //
        MHD_OPTION_STRICT_FOR_CLIENT, 1,                                //
        MHD_OPTION_END);
    const int saved = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (daemon_ == nullptr && SameFile(listen_fd, twin)) close(listen_fd);
    close(twin);
    errno = saved;
    return daemon_ != nullptr;
  }

 private:
  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* url,
                              const char* method, const char* /*version*/, const char* /*upload*/,
                              size_t* upload_size, void** state) {
    const std::string_view verb = method;
    if (verb != "GET" && verb != "HEAD") {
      return Send(connection, {.status = MHD_HTTP_METHOD_NOT_ALLOWED,
                               .body = "Only GET and HEAD are answered.\n"});
    }
    // First comes a call with the headers alone, then those with pieces of a body, if any. Nobody
    // who reads figures sends a body.
    if (*state == nullptr) {
      *state = self;
      return MHD_YES;
    }
    if (*upload_size != 0) return MHD_NO;
    try {
      const Options& options = static_cast<Daemon*>(self)->options_;
      const Request request = {
          url, AcceptOf(connection),
          MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "older")};
      return Send(connection, AnswerFor(options, request));
    } catch (...) {  // from a callback or for want of memory; the caller is C
      return Send(connection, {.status = MHD_HTTP_INTERNAL_SERVER_ERROR,
                               .body = "The figures could not be put together.\n"});
    }
  }

  const Options options_;
  ListenSocket socket_;
  MHD_Daemon* daemon_ = nullptr;
};

std::unique_ptr<Exporter> Exporter::Start(Options options, std::string* error) {
  if (options.snapshot == nullptr) {
    *error = "the exporter was given no snapshot function";
    return nullptr;
  }
  const std::string address = options.address;
  const bool tcp = options.unix_path.empty();
  ListenSocket socket;
  if (tcp ? !OpenListenSocket(address, options.port, &socket, error)
          : !OpenUnixSocket(options.unix_path, &socket, error)) {
    return nullptr;
  }
  auto daemon = std::make_unique<Daemon>(std::move(options));
  if (!daemon->Start(socket)) {
    *error = "cannot serve on " + (tcp ? HostPort(address, socket.port) : "unix:" + socket.path) +
             ": " + std::generic_category().message(errno);
    return nullptr;
  }
  // A browser cannot go to "any address"; from here, loopback is the same.
  const std::string host = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
  return std::unique_ptr<Exporter>(
      new Exporter(std::move(daemon), socket.port,
                   tcp ? "http://" + HostPort(host, socket.port) + "/" : "unix:" + socket.path));
}

Exporter::Exporter(std::unique_ptr<Daemon> daemon, uint16_t port, std::string url)
    : daemon_(std::move(daemon)), port_(port), url_(std::move(url)) {}

Exporter::~Exporter() = default;

}  // namespace weir
