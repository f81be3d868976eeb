// Runs part of a test in a child process: what can be done once in a process, such as weir_init,
// and what it prints.
#ifndef WEIR_TESTS_CHILD_H_
#define WEIR_TESTS_CHILD_H_

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace weir {

// The child's stderr. It fails the test when an expectation failed in the child, which is in its
// output then, or when the child died.
template <typename Body>
std::string InChild(Body body) {
  int ends[2];
  if (pipe(ends) != 0) {
    ADD_FAILURE() << "no pipe";
    return "";
  }
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    alarm(60);  // a hang is a failure, not a hung test
    body();
    fflush(stdout);
    fflush(stderr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  close(ends[1]);
  std::string text;
  char part[512];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) text.append(part, n);
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "in the child; its stderr: " << text;
  return text;
}

inline long Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

}  // namespace weir

#endif  // WEIR_TESTS_CHILD_H_
