// Every number of the allocator that can be tuned, once. WEIR_TINY selects a second, tiny set,
// with which the rare paths are common: the check flavour and the model tests run it.
#ifndef WEIR_ALLOC_LAYOUT_H_
#define WEIR_ALLOC_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "weir/stats/snapshot.h"

namespace weir {

// Zones with objects of their own; a packet is an mbuf and a cluster.
inline constexpr int kZones = WEIR_ZONE_PACKET;
static_assert(kZones + 1 == WEIR_NZONES);

// Bytes of one object of each zone.
inline constexpr size_t kObjectBytes[kZones] = {256, 2048, 4096, 9216, 16384};

// A slab: a power of two, and aligned to itself, so that an object's slab is found by its address.
inline constexpr unsigned kSlabShift = 18;
inline constexpr size_t kSlabBytes = size_t{1} << kSlabShift;
constexpr uint32_t SlabCapacity(int zone) {
  return static_cast<uint32_t>(kSlabBytes / kObjectBytes[zone]);
}
// What huge pages and regions are made of.
inline constexpr size_t kHugeBytes = size_t{2} << 20;
// Slabs of a region beyond those that its clusters fill: threads that need a slab at the same time
// each take one, and all but one of them give theirs back.
inline constexpr size_t kRegionSpareBytes = kHugeBytes;
// An object's number is its slab's number and its place in the slab.
inline constexpr unsigned kPlaceBits = 10;
static_assert(SlabCapacity(WEIR_ZONE_MBUF) <= 1u << kPlaceBits);
inline constexpr uint32_t kMaxSlabs = 1u << 20;  // 256 GiB
inline constexpr uint32_t kMaxObjects = UINT32_MAX;

#if defined(WEIR_TINY) || defined(WEIR_CHECK)
inline constexpr uint32_t kMagazineRounds = 2;
inline constexpr uint32_t kCacheRounds[WEIR_NZONES] = {4, 4, 4, 2, 2, 4};
inline constexpr uint32_t kCacheMax = 4;
inline constexpr uint32_t kMostShards = 2;
inline constexpr int64_t kKeptMagazines = 1;
inline constexpr uint32_t kFirstGeneration = UINT32_MAX - 64;  // wraps within a second
#else
inline constexpr uint32_t kMagazineRounds = 32;  // objects that change hands at once
inline constexpr uint32_t kCacheRounds[WEIR_NZONES] = {64, 64, 32, 16, 16, 64};
inline constexpr uint32_t kCacheMax = 64;
inline constexpr uint32_t kMostShards = 32;  // of a depot; beyond, processors share them
inline constexpr int64_t kKeptMagazines = 8;  // by a shard for its own processor, at most
inline constexpr uint32_t kFirstGeneration = 0;
#endif
// All shards together keep at most this part of what a zone's limit allows.
inline constexpr int64_t kKeptPart = 16;
// How many empty magazines come at once from another shard, at most.
inline constexpr int kEmptyMoved = 16;

// How often a thread that may not sleep looks again while another is in the middle of moving
// objects, before it gives up; each look yields the processor.
inline constexpr int kLooks = 4096;
// How often a reclaimer re-reads the word of a cache whose owner is in the middle of an operation.
#ifdef WEIR_TINY
inline constexpr int kBusyReads = 1;  // each is a step of the model
#else
inline constexpr int kBusyReads = 32;
#endif

// How many clusters can be guarded at a time (alloc/guard.h).
inline constexpr uint32_t kGuardPlaces = 256;

// Free objects are poisoned from here on (check flavour, AddressSanitizer); an mbuf's header
// stays readable, so that a double free can be told from a wild pointer.
inline constexpr size_t kPoisonFrom[kZones] = {40, 0, 0, 0, 0};
// Where a packet's mbuf says which cluster it has (m_ext): kept while the packet is free.
inline constexpr size_t kPairFrom = 96;
inline constexpr size_t kPairTo = 144;

}  // namespace weir

#endif  // WEIR_ALLOC_LAYOUT_H_
