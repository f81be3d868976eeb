// tests/compat/ip_frag.c, a source in the style of BSD that knows nothing of weir, against
// fragments and datagrams in flat buffers.
#include <netinet/in.h>
#include <netinet/ip.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "tests/chain_make.h"
#include "tests/compat/ip_var.h"
#include "tests/compat/scatter.h"
#include "weir/chain/weir.h"

namespace weir {
namespace {

constexpr in_addr kFrom = {0x0100000a};
constexpr in_addr kTo = {0x0200000a};

// What is free again at the end includes what waits to be reassembled.
class IpFrag : public ChainTest {
 protected:
  void TearDown() override {
    ip_drain();
    ChainTest::TearDown();
  }
};

// A packet as a driver hands it up, with its IP header aligned.
mbuf* Receive(ByteSource* source, const std::string& packet, mbuf** other) {
  return Scatter(source, packet, other, alignof(ip));
}

ip* Header(std::string* packet) { return reinterpret_cast<ip*>(packet->data()); }
const ip* Header(const std::string& packet) { return reinterpret_cast<const ip*>(packet.data()); }
size_t HeaderLength(const std::string& packet) { return size_t{Header(packet)->ip_hl} * 4; }

// Of big-endian words, each carry brought round at once; 0xffff over a header whose sum is right.
uint32_t Sum(const std::string& packet) {
  uint32_t sum = 0;
  for (size_t i = 0; i < HeaderLength(packet); i += 2) {
    sum += static_cast<uint32_t>(uint8_t(packet[i]) << 8 | uint8_t(packet[i + 1]));
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

void SetChecksum(std::string* packet) {
  Header(packet)->ip_sum = 0;
  Header(packet)->ip_sum = htons(static_cast<uint16_t>(~Sum(*packet)));
}

// A packet, or bytes [off, off + payload.size()) of one.
std::string MakePacket(const std::string& options, const std::string& payload, int id, int off = 0,
                       bool more = false) {
  std::string packet = std::string(sizeof(ip), 0) + options + payload;
  ip* h = Header(&packet);
  h->ip_v = IPVERSION;
  h->ip_hl = static_cast<unsigned>((sizeof(ip) + options.size()) / 4) & 15;
  h->ip_len = htons(static_cast<uint16_t>(packet.size()));
  h->ip_id = htons(static_cast<uint16_t>(id));
  h->ip_off = htons(static_cast<uint16_t>(off / 8 | (more ? IP_MF : 0)));
  h->ip_ttl = 64;
  h->ip_p = IPPROTO_UDP;
  h->ip_src = kFrom;
  h->ip_dst = kTo;
  SetChecksum(&packet);
  return packet;
}

// The fragments that a packet must become, the plain way.
std::vector<std::string> FlatFragments(const std::string& packet, int mtu) {
  size_t hlen = HeaderLength(packet);
  size_t room = (static_cast<size_t>(mtu) - hlen) & ~size_t{7};
  int ip_off = ntohs(Header(packet)->ip_off);
  std::vector<std::string> fragments;
  for (size_t at = hlen; at < packet.size(); at += room) {
    std::string fragment = packet.substr(0, hlen) + packet.substr(at, room);
    ip* h = Header(&fragment);
    bool more = at + room < packet.size() || (ip_off & IP_MF);
    h->ip_len = htons(static_cast<uint16_t>(fragment.size()));
    h->ip_off = htons(
        static_cast<uint16_t>((ip_off & IP_OFFMASK) + int(at - hlen) / 8 + (more ? IP_MF : 0)));
    SetChecksum(&fragment);
    fragments.push_back(fragment);
  }
  return fragments;
}

std::string RandomOptions(ByteSource* source) {
  return RandomString(source, source->OneIn(2) ? source->Below(11) * 4 : 0);
}

// Takes the list.
std::vector<std::string> TakeAll(mbuf* m) {
  std::vector<std::string> packets;
  while (m != nullptr) {
    mbuf* next = m->m_nextpkt;
    m->m_nextpkt = nullptr;
    ExpectChain(m, Bytes(m));
    packets.push_back(Bytes(m));
    m_freem(m);
    m = next;
  }
  return packets;
}

// Takes m. Whether it is the whole of `packet`, if it is anything.
bool IsWhole(mbuf* m, const std::string& packet) {
  if (m == nullptr) return false;
  ExpectChain(m, packet);
  m_freem(m);
  return true;
}

TEST_F(IpFrag, FragmentsAreThoseOfAFlatBuffer) {
  ByteSource source = Seeded();
  for (int round = 0; round < 2000; ++round) {
    std::string options = RandomOptions(&source);
    std::string payload = RandomString(&source, size_t(source.Length(IP_MAXPACKET - 60 - 64)));
    bool is_fragment = source.OneIn(3);
    std::string packet = MakePacket(options, payload, round, is_fragment ? 64 : 0,
                                    is_fragment && payload.size() % 8 == 0);
    int mtu = 68 + source.Length(4000);
    mbuf* other;
    mbuf* m = Receive(&source, packet, &other);
    std::vector<std::string> fragments = TakeAll(ip_fragment(m, mtu));
    std::vector<std::string> expected = packet.size() <= size_t(mtu)
                                            ? std::vector<std::string>{packet}
                                            : FlatFragments(packet, mtu);
    ASSERT_TRUE(fragments == expected) << "round " << round << ", MTU " << mtu;
    for (const std::string& f : fragments) ASSERT_EQ(Sum(f), 0xffffu);
    if (other != nullptr) {
      ASSERT_EQ(Bytes(other), packet) << "a sharer saw the fragmentation";
    }
    m_freem(other);
  }
}

TEST_F(IpFrag, WhatMustNotOrCannotBeCutIsFreed) {
  std::string packet = MakePacket("", std::string(100, 'x'), 1);
  Header(&packet)->ip_off = htons(IP_DF);
  SetChecksum(&packet);
  ByteSource source(uint64_t{1});
  mbuf* other;
  EXPECT_EQ(ip_fragment(Receive(&source, packet, &other), 68), nullptr);
  m_freem(other);
  packet = MakePacket("", std::string(100, 'x'), 1);
  EXPECT_EQ(ip_fragment(Receive(&source, packet, &other), 27), nullptr) << "no room for 8 bytes";
  m_freem(other);
}

TEST_F(IpFrag, ShuffledFragmentsOfManyDatagramsComeTogetherDespiteDuplicatesAndOverlaps) {
  ByteSource source = Seeded();
  for (int round = 0; round < 200; ++round) {
    constexpr int kDatagrams = 5;
    std::vector<std::string> packets;
    std::vector<std::pair<int, std::string>> wire;
    for (int id = 0; id < kDatagrams; ++id) {
      std::string payload = RandomString(&source, size_t(9 + source.Length(20000)));
      packets.push_back(MakePacket(RandomOptions(&source), payload, id));
      // Cut at different places, so that they overlap; and sometimes again what was cut.
      for (int cut = 0; cut < 3; ++cut) {
        int mtu = 68 + source.Length(3000);
        if (mtu >= int(packets[id].size())) mtu = 68;
        if (packets[id].size() <= 68) continue;
        std::vector<std::string> fragments = FlatFragments(packets[id], mtu);
        if (cut == 2) {
          mbuf* other;
          fragments = TakeAll(ip_fragment(
              Receive(&source, fragments[source.Below(uint32_t(fragments.size()))], &other), 68));
          m_freem(other);
        }
        for (const std::string& f : fragments) wire.push_back({id, f});
      }
    }
    std::vector<int> arrived(kDatagrams);
    for (size_t i = wire.size(); i > 0; --i) {
      std::swap(wire[i - 1], wire[source.Below(uint32_t(i))]);
      const auto& [id, fragment] = wire[i - 1];
      mbuf* other;
      mbuf* m = Receive(&source, fragment, &other);
      arrived[size_t(id)] += IsWhole(ip_reass(m), packets[size_t(id)]);
      m_freem(other);
    }
    for (int id = 0; id < kDatagrams; ++id) {
      if (packets[size_t(id)].size() > 68) {
        ASSERT_GE(arrived[size_t(id)], 1) << "datagram " << id << ", round " << round;
      }
    }
    ip_drain();  // what came again after its datagram was complete
  }
}

// Reassembly in a flat buffer, by the same rules.
class FlatDatagram {
 public:
  // Whether it is complete now.
  bool Add(const std::string& payload, int off, bool more) {
    int end = off + int(payload.size());
    if (last_ && (end > max_ || (!more && end < max_))) return false;
    if (!more && end < max_) return false;
    max_ = std::max(max_, end);
    last_ |= !more;
    bytes_.resize(size_t(max_));
    owner_.resize(size_t(max_), 0);
    int at = off;
    int before = owner_[size_t(off)];
    while (before != 0 && at < end && owner_[size_t(at)] == before) ++at;
    ++fragment_;
    for (; at < end; ++at) {
      bytes_[size_t(at)] = payload[size_t(at - off)];
      owner_[size_t(at)] = fragment_;
    }
    return last_ && std::find(owner_.begin(), owner_.end(), 0) == owner_.end();
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<int> owner_;  // which fragment a byte is of; 0: none yet
  int fragment_ = 0;
  int max_ = 0;
  bool last_ = false;
};

TEST_F(IpFrag, FragmentsThatContradictEachOtherAreMergedAsInAFlatBuffer) {
  ByteSource source = Seeded();
  int complete = 0;
  for (int round = 0; round < 3000; ++round) {
    FlatDatagram flat;
    int size = 1 + int(source.Below(40));  // in units of 8 bytes
    for (int arrivals = 0; arrivals < 200; ++arrivals) {
      int off = int(source.Below(uint32_t(size)));
      int units = 1 + int(source.Below(uint32_t(size - off)));
      bool more = off + units < size ? !source.OneIn(50) : source.OneIn(50);
      size_t odd = more ? 0 : source.Below(8);
      if (more && off + units == size) continue;
      std::string payload = RandomString(&source, size_t(units) * 8 - odd);
      mbuf* other;
      mbuf* m = Receive(&source, MakePacket("", payload, round, off * 8, more), &other);
      if (off == 0 && !more) {  // no fragment
        ASSERT_TRUE(IsWhole(ip_reass(m), MakePacket("", payload, round)));
        m_freem(other);
        continue;
      }
      bool done = flat.Add(payload, off * 8, more);
      ASSERT_EQ(IsWhole(ip_reass(m), MakePacket("", flat.bytes(), round)), done)
          << "round " << round << ", arrival " << arrivals;
      m_freem(other);
      if (done) {
        ++complete;
        break;
      }
    }
    ip_drain();
  }
  EXPECT_GT(complete, 1000);
}

TEST_F(IpFrag, ALostFragmentTimesTheRestOut) {
  std::vector<std::string> wire = FlatFragments(MakePacket("", std::string(3000, 'x'), 1), 576);
  ByteSource source(uint64_t{1});
  for (size_t lost = 0; lost < wire.size(); ++lost) {
    mbuf* other;
    for (size_t i = 0; i < wire.size(); ++i) {
      if (i == lost) continue;
      EXPECT_EQ(ip_reass(Receive(&source, wire[i], &other)), nullptr);
      m_freem(other);
    }
    u_long before = ipstat.ips_fragtimeout;
    for (int i = 0; i < IPFRAGTTL - 1; ++i) ip_slowtimo();
    EXPECT_EQ(ipstat.ips_fragtimeout, before);
    EXPECT_GT(mbstat.m_mtypes[MT_FTABLE], 0u);
    ip_slowtimo();
    EXPECT_EQ(ipstat.ips_fragtimeout, before + 1);
    EXPECT_EQ(mbstat.m_mtypes[MT_FTABLE], 0u);
  }
}

TEST_F(IpFrag, BadFragmentsAreDropped) {
  ByteSource source(uint64_t{1});
  std::string eight(8, 'x');
  std::string wrong_sum = MakePacket("", eight, 1, 8, true);
  wrong_sum[10] = char(wrong_sum[10] + 1);
  std::string short_packet = MakePacket("", eight, 1, 8, true);
  short_packet.pop_back();
  for (const std::string& bad :
       {wrong_sum, short_packet, MakePacket("", "", 1, 8, true),
        MakePacket("", "1234567", 1, 8, true),
        MakePacket("", std::string(16, 'x'), 1, 65528, false), std::string(19, 'x')}) {
    u_long before = ipstat.ips_fragdropped;
    mbuf* other;
    EXPECT_EQ(ip_reass(Receive(&source, bad, &other)), nullptr);
    m_freem(other);
    EXPECT_GE(ipstat.ips_fragdropped + (bad.size() < 20), before + 1);
    EXPECT_EQ(mbstat.m_mtypes[MT_FTABLE], 0u);
  }
}

TEST_F(IpFrag, ADatagramThatIsTooLongWithItsHeaderIsDropped) {
  ByteSource source(uint64_t{1});
  mbuf* other;
  std::string first = MakePacket(std::string(40, 0), std::string(32768, 'x'), 1, 0, true);
  EXPECT_EQ(ip_reass(Receive(&source, first, &other)), nullptr);
  m_freem(other);
  std::string second = MakePacket("", std::string(32744, 'x'), 1, 32768, false);
  EXPECT_EQ(ip_reass(Receive(&source, second, &other)), nullptr);
  m_freem(other);
  EXPECT_EQ(mbstat.m_mtypes[MT_FTABLE], 0u);
}

// Padding that the link added goes; a header is prepended.
TEST_F(IpFrag, APacketThatIsWholeComesBackWithoutPadding) {
  mbuf* m = m_gethdr(M_WAIT, MT_DATA);
  ASSERT_TRUE(m_append(m, 5, "hello"));
  m = ip_prepend(m, kFrom, kTo, IPPROTO_UDP, 7);
  std::string packet = Bytes(m);
  EXPECT_EQ(packet.substr(20), "hello");
  EXPECT_EQ(Sum(packet), 0xffffu);
  ASSERT_TRUE(m_append(m, 21, "....................."));
  EXPECT_TRUE(IsWhole(ip_reass(m), packet));
}

// Each allocation in turn fails: nothing leaks, and a datagram that is complete is right.
TEST_F(IpFrag, NothingLeaksWhenMemoryIsShort) {
  ByteSource source(uint64_t{1});
  std::string packet = MakePacket(std::string(8, 1), RandomString(&source, 3000), 1);
  auto make = [&] {
    mbuf* other;
    mbuf* m = Receive(&source, packet, &other);
    m_freem(other);
    return m;
  };
  EXPECT_GT(ForEachFailure(make,
                           [&](mbuf* m) {
                             mbuf* next = ip_fragment(m, 576);
                             bool done = next != nullptr;
                             int whole = 0;
                             while ((m = next) != nullptr) {
                               next = m->m_nextpkt;
                               m->m_nextpkt = nullptr;
                               whole += IsWhole(ip_reass(m), packet);
                             }
                             ip_drain();
                             return done && whole == 1;
                           }),
            10);
}

TEST_F(IpFrag, TheQueueIsDrainedWhenMemoryRunsOut) {
  auto drain = [](void*, int, long) -> long {
    uint64_t before = mbstat.m_mtypes[MT_FTABLE];
    ip_drain();
    return static_cast<long>(before);
  };
  int64_t id = weir_drain_register(WEIR_DRAIN_PROTOCOL, "ip", drain, nullptr);
  ASSERT_GE(id, 0);
  ByteSource source(uint64_t{1});
  mbuf* other;
  EXPECT_EQ(ip_reass(Receive(&source, MakePacket("", std::string(8, 'x'), 1, 0, true), &other)),
            nullptr);
  m_freem(other);
  EXPECT_EQ(mbstat.m_mtypes[MT_FTABLE], 1u);
  EXPECT_GE(m_reclaim(M_DONTWAIT), 1);
  EXPECT_EQ(mbstat.m_mtypes[MT_FTABLE], 0u);
  EXPECT_EQ(weir_drain_unregister(id), 0);
}

}  // namespace
}  // namespace weir
