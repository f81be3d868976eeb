// tests/compat/sockbuf.c, a C11 source in the style of BSD that knows nothing of weir, against
// records in flat buffers.
#include <sys/socket.h>

#include <cerrno>
#include <deque>

#include "tests/chain_make.h"
#include "tests/compat/scatter.h"
#include "tests/compat/sockbuf.h"

namespace weir {
namespace {

class SockBuf : public ChainTest {};

struct Record {
  std::string bytes;
  bool complete = false;
};

class FlatSockbuf {
 public:
  explicit FlatSockbuf(size_t most) : most_(most) {}

  bool Append(const std::string& bytes, bool end, bool record_of_its_own) {
    if (bytes.size() + Size() > most_) return false;
    if (record_of_its_own || records_.empty() || records_.back().complete) records_.push_back({});
    records_.back().bytes += bytes;
    records_.back().complete |= end;
    return true;
  }
  size_t Size() const {
    size_t size = 0;
    for (const Record& r : records_) size += r.bytes.size();
    return size;
  }
  bool Empty() const { return records_.empty(); }
  // The bytes, and whether they end the record.
  Record Receive(size_t len, bool peek) {
    Record& first = records_.front();
    Record got = {first.bytes.substr(0, len), first.complete && len >= first.bytes.size()};
    if (!peek && len >= first.bytes.size()) {
      records_.pop_front();
    } else if (!peek) {
      first.bytes.erase(0, len);
    }
    return got;
  }
  // Records that it empties go; one that was empty before, behind them, stays.
  void Drop(size_t len) {
    bool more = true;
    while (more && !records_.empty() && records_.front().bytes.size() <= len) {
      len -= records_.front().bytes.size();
      records_.pop_front();
      more = len > 0;
    }
    if (len > 0) records_.front().bytes.erase(0, len);
  }
  void DropRecord() {
    if (!records_.empty()) records_.pop_front();
  }

 private:
  size_t most_;
  std::deque<Record> records_;
};

// The next thing to happen to both.
void Step(ByteSource* source, sockbuf* sb, FlatSockbuf* flat) {
  switch (source->Below(8)) {
    case 0:
    case 1:
    case 2: {
      std::string bytes = RandomString(source, size_t(source->Length(6000)));
      bool end = source->OneIn(3), own = source->OneIn(3);
      mbuf* other;
      mbuf* m = Scatter(source, bytes, &other);
      if (end) m_last(m)->m_flags |= M_EOR;
      int error = own ? sbappendrecord(sb, m) : sbappend(sb, m);
      ASSERT_EQ(error, flat->Append(bytes, end, own) ? 0 : ENOBUFS);
      m_freem(other);
      break;
    }
    case 3:
    case 4:
    case 5: {
      int flags = source->OneIn(3) ? MSG_PEEK : 0;
      int len = source->Length(8000);
      mbuf* m = soreceive(sb, len, &flags);
      if (flat->Empty()) {
        ASSERT_EQ(m, nullptr);
        ASSERT_EQ(errno, EAGAIN);
        break;
      }
      Record got = flat->Receive(size_t(len), flags & MSG_PEEK);
      ASSERT_TRUE(Bytes(m) == got.bytes);
      ASSERT_EQ((flags & MSG_EOR) != 0, got.complete);
      m_freem(m);
      break;
    }
    case 6: {
      int len = int(source->Below(uint32_t(flat->Size()) + 1));
      sbdrop(sb, len);
      flat->Drop(size_t(len));
      break;
    }
    case 7:
      sbdroprecord(sb);
      flat->DropRecord();
      break;
  }
}

TEST_F(SockBuf, HoldsTheRecordsOfAFlatBuffer) {
  ByteSource source = Seeded();
  for (int round = 0; round < 200; ++round) {
    sockbuf sb = {nullptr, nullptr, 0, 20000};
    FlatSockbuf flat(20000);
    for (int i = 0; i < 100; ++i) {
      Step(&source, &sb, &flat);
      if (HasFatalFailure()) FAIL() << "round " << round << ", step " << i;
      ASSERT_EQ(size_t(sb.sb_cc), flat.Size()) << "round " << round << ", step " << i;
      ASSERT_EQ(sb.sb_mb == nullptr, flat.Empty());
    }
    sbflush(&sb);
    ASSERT_EQ(sb.sb_cc, 0);
  }
}

TEST_F(SockBuf, IsAsItWasWhenAReadFindsNoMemory) {
  for (int flag : {0, int{MSG_PEEK}}) {
    std::string bytes;
    auto make = [&] {
      mbuf* m = Packet({{Buffer::kSmall, 0, 100}, {Buffer::kCluster, 0, 100}});
      bytes = Bytes(m);
      return m;
    };
    EXPECT_GT(ForEachFailure(make,
                             [&](mbuf* m) {
                               sockbuf sb = {nullptr, nullptr, 0, 1000};
                               EXPECT_EQ(sbappend(&sb, m), 0);
                               int flags = flag;
                               mbuf* n = soreceive(&sb, 150, &flags);
                               bool done = n != nullptr;
                               EXPECT_EQ(sb.sb_cc, done && flag == 0 ? 50 : 200);
                               if (done) {
                                 EXPECT_EQ(Bytes(n), bytes.substr(0, 150));
                               } else {
                                 EXPECT_EQ(Bytes(sb.sb_mb), bytes);
                               }
                               m_freem(n);
                               sbflush(&sb);
                               return done;
                             }),
              0);
  }
}

TEST(SockBufDeathTest, PanicsWhenToldToDropWhatIsNotThere) {
  sockbuf sb = {nullptr, nullptr, 0, 1000};
  EXPECT_DEATH(sbdrop(&sb, 1), "panic: sbdrop: 1 of 0");
}

}  // namespace
}  // namespace weir
