// The relays of docs/faces.md, as they stand there, over sockets: what goes out is looked at byte
// by byte.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/chain_cxx_test.h"

extern "C" int relay(int in, int out, int mtu);
int Relay(int in, int out, size_t mtu);

namespace weir {
namespace {

// Two UDP sockets on loopback, connected to each other.
class Wire {
 public:
  Wire() {
    sockaddr_in addresses[2] = {};
    for (int i = 0; i < 2; ++i) {
      fds_[i] = socket(AF_INET, SOCK_DGRAM, 0);
      addresses[i].sin_family = AF_INET;
      addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t length = sizeof addresses[i];
      auto* address = reinterpret_cast<sockaddr*>(&addresses[i]);
      EXPECT_EQ(bind(fds_[i], address, length), 0);
      EXPECT_EQ(getsockname(fds_[i], address, &length), 0);
      timeval patience = {10, 0};
      setsockopt(fds_[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    for (int i = 0; i < 2; ++i) {
      auto* other = reinterpret_cast<sockaddr*>(&addresses[1 - i]);
      EXPECT_EQ(connect(fds_[i], other, sizeof addresses[1 - i]), 0);
    }
  }
  ~Wire() {
    close(fds_[0]);
    close(fds_[1]);
  }
  int near() const { return fds_[0]; }
  int far() const { return fds_[1]; }

 private:
  int fds_[2];
};

std::string Short(size_t n) {
  return {static_cast<char>(n >> 8 & 0xff), static_cast<char>(n & 0xff)};
}

class FacesTest : public CxxTest, public testing::WithParamInterface<const char*> {
 protected:
  int Run(int mtu) {
    return *GetParam() == 'C' ? Relay(in_.near(), out_.near(), static_cast<size_t>(mtu))
                              : relay(in_.near(), out_.near(), mtu);
  }
  void Send(const std::string& bytes) {
    ASSERT_EQ(send(in_.far(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  std::string Receive() {
    char bytes[65536];
    ssize_t n = recv(out_.far(), bytes, sizeof bytes, 0);
    return std::string(bytes, n > 0 ? static_cast<size_t>(n) : 0);
  }

  Wire in_, out_;
};

TEST_P(FacesTest, FragmentsCarryEveryByteOnce) {
  for (int mtu : {7, 100, 576, 1500, 9000}) {
    for (size_t size : {1u, 93u, 94u, 95u, 188u, 1494u, 1495u, 2048u, 5000u, 9000u}) {
      if (size > 95 && mtu == 7) continue;  // more than a socket's buffer takes
      const std::string payload = Letters(size, mtu);
      ASSERT_NO_FATAL_FAILURE(Send(Short(4000) + Short(0xabcd) + payload));
      const size_t most = static_cast<size_t>(mtu) - 6;
      const size_t fragments = (size + most - 1) / most;
      ASSERT_EQ(Run(mtu), static_cast<int>(fragments));
      for (size_t at = 0; at < size; at += most) {
        ASSERT_EQ(Receive(),
                  Short(0xabcd) + Short(at) + Short(at + most < size) + payload.substr(at, most))
            << "MTU " << mtu << ", " << size << " bytes, the fragment at " << at;
      }
    }
  }
}

TEST_P(FacesTest, ADatagramShorterThanItsHeaderIsDropped) {
  for (size_t size : {0u, 1u, 3u}) {
    ASSERT_NO_FATAL_FAILURE(Send(Letters(size)));
    EXPECT_EQ(Run(1500), -1);
  }
}

TEST_P(FacesTest, NothingLeaksWithoutMemory) {
  const int failures = ForEachFailure([&] {
    Send(Letters(4004));
    const int sent = Run(1500);
    // What was not received, or was sent before memory ran out.
    char bytes[65536];
    while (recv(in_.near(), bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
    while (recv(out_.far(), bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
    return sent == 3;
  });
  EXPECT_GE(failures, 6) << "room, two cuts, three headers";
}

INSTANTIATE_TEST_SUITE_P(Faces, FacesTest, testing::Values("BSD", "Cxx"),
                         [](const auto& face) { return std::string(face.param); });

}  // namespace
}  // namespace weir
