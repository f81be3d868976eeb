// The program: its command line, and how it ends.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server_child.h"
#include "tests/server_client.h"

namespace weir::server {
namespace {

std::string Program() {
  const char* path = std::getenv("WEIR_SERVER");
  return path == nullptr ? "server/weir-server" : path;
}

struct Ended {
  int status;
  std::string output;
};

Ended RunProgram(const std::vector<std::string>& args) {
  Child child(args);
  std::string output = child.Rest();
  return {child.Wait(), output};
}

Ended RunToEnd(std::vector<std::string> args) {
  args.insert(args.begin(), Program());
  return RunProgram(args);
}

TEST(ProcessTest, HelpNamesEveryFlag) {
  Ended ended = RunToEnd({"--help"});
  EXPECT_EQ(ended.status, 0);
  for (const char* flag :
       {"--bind", "--port", "--metrics-port", "--metrics-socket", "--threads", "--max-memory",
        "--max-clients", "--max-bulk", "--output-limit", "--write-timeout", "--trim-interval"}) {
    EXPECT_NE(ended.output.find(flag), std::string::npos) << flag;
  }
}

TEST(ProcessTest, AWrongFlagIsNamedWithValueAndRange) {
  const std::string kLongest = "/nowhere/" + std::string(98, 'x');
  struct {
    std::vector<std::string> args;
    std::string says;
  } cases[] = {
      {{"--port=70000"}, "--port: '70000' is not a number from 0 to 65535"},
      {{"--port", "x"}, "--port: 'x' is not a number from 0 to 65535"},
      {{"--threads=65"}, "--threads: '65' is not a number from 0 to 64"},
      {{"--max-memory=1mb"}, "--max-memory: '1mb' is not a number of bytes from 4194304 to"},
      {{"--max-memory=lots"}, "--max-memory: 'lots' is not a number of bytes from 4194304 to"},
      {{"--metrics-socket="}, "--metrics-socket: '' does not have 1 to 107 bytes"},
      {{"--metrics-socket", kLongest + "x"},
       "--metrics-socket: '" + kLongest + "x' does not have 1 to 107 bytes"},
      {{"--metrics-port=0", "--metrics-socket=/run/x"},
       "--metrics-socket: '/run/x' takes the place of --metrics-port"},
      {{"--port=0", "--metrics-socket=/nowhere/x"},
       "cannot listen on unix:/nowhere/x: No such file or directory"},
      {{"--port=0", "--metrics-socket=" + kLongest},
       "cannot listen on unix:" + kLongest + ": No such file or directory"},
      {{"--nosuch=1"}, "there is no flag --nosuch"},
      {{"--port"}, "--port: a value is missing"},
      {{"stray"}, "'stray' is not a flag"},
      {{"--bind=nowhere", "--port=0"}, "cannot listen on nowhere port 0"},
  };
  for (const auto& c : cases) {
    Ended ended = RunToEnd(c.args);
    EXPECT_NE(ended.status, 0) << c.says;
    EXPECT_NE(ended.output.find(c.says), std::string::npos) << ended.output;
  }
}

TEST(ProcessTest, ASignalEndsItWithEveryMbufAccountedFor) {
  for (int signal : {SIGTERM, SIGINT}) {
    Child child({Program(), "--port=0", "--metrics_port=0", "--threads=2", "--max-memory", "64mb"});
    std::string line = child.Line();
    size_t at = line.find("port ");
    ASSERT_NE(at, std::string::npos) << line;
    uint16_t port = static_cast<uint16_t>(std::atoi(line.c_str() + at + 5));
    EXPECT_NE(child.Line().find("http://127.0.0.1:"), std::string::npos);
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(port);
      std::string key = "k" + std::to_string(i);
      EXPECT_EQ(clients.back().Call({"SET", key, std::string(5000 * i, 'x')}), "+OK\r\n");
      clients.back().Call({"SUBSCRIBE", "ch"});
      // And half a request, at every stage.
      clients.back().Send(Encode({"SET", "y", std::string(3000, 'y')}).substr(0, 150 * i));
    }
    child.Signal(signal);
    std::string rest = child.Rest();
    EXPECT_EQ(child.Wait(), 0) << rest;
    EXPECT_NE(rest.find("20 connections, 40 commands, 0 objects left"), std::string::npos) << rest;
  }
}

// The figures, on a socket in place of the port; mbstat reads them there.
TEST(ProcessTest, ItsFiguresAreOnASocketWhileItRuns) {
  char folder[] = "/tmp/weir_server_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/metrics";
  Child child({Program(), "--port=0", "--metrics-port=-1", "--metrics_socket", path,
               "--max-memory=64mb"});
  child.Line();
  EXPECT_EQ(child.Line(), "weir-server: page and metrics on unix:" + path + "\n");
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  for (const std::string& target : {path, "unix:" + path}) {
    const Ended zones = RunProgram({"stats/mbstat", "-z", target});
    EXPECT_EQ(zones.status, 0);
    EXPECT_NE(zones.output.find("jumbo_16k"), std::string::npos) << zones.output;
  }
  EXPECT_NE(RunProgram({"stats/mbstat", "--prometheus", path}).output.find("weir_server_keys 0\n"),
            std::string::npos);
  // Another server is told that there is one.
  const Ended second = RunToEnd({"--port=0", "--metrics-socket=" + path});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.output.find("cannot listen on unix:" + path + ": Address already in use"),
            std::string::npos)
      << second.output;
  child.Signal(SIGTERM);
  EXPECT_NE(child.Rest().find("0 objects left"), std::string::npos);
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::server
