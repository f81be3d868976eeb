// A program that a test runs and ends.
#ifndef WEIR_TESTS_SERVER_CHILD_H_
#define WEIR_TESTS_SERVER_CHILD_H_

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace weir::server {

class Child {
 public:
  // args[0] is looked for in PATH. Its output, stderr included, comes through output().
  explicit Child(const std::vector<std::string>& args) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], 1);
      ::dup2(ends[1], 2);
      ::close(ends[0]);
      ::close(ends[1]);
      std::vector<char*> argv;
      for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
      argv.push_back(nullptr);
      ::execvp(argv[0], argv.data());
      std::perror(argv[0]);
      ::_exit(127);
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
    if (out_ >= 0) ::close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) { ::kill(pid_, signal); }

  // Its exit status; -1 if a signal ended it.
  int Wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // The next line of its output, with the newline; empty at the end.
  std::string Line() {
    std::string line;
    for (char c; !line.ends_with('\n') && ::read(out_, &c, 1) == 1;) line += c;
    return line;
  }
  std::string Rest() {
    std::string rest;
    for (std::string line = Line(); !line.empty(); line = Line()) rest += line;
    return rest;
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_CHILD_H_
