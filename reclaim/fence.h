// The asymmetric fence: a store-load barrier that costs the frequent side nothing.
//
//   owner (often)                    reclaimer (seldom)
//   X.store(relaxed)                 Y.store(relaxed)
//   LightFence()                     HeavyFence()
//   Y.load(acquire)                  X.load(acquire)
//
// At least one of the two loads sees the other side's store. HeavyFence is membarrier(2), which
// puts a full barrier at one point of every running thread of the process; a store of the owner
// before that point is visible to the reclaimer's load, and an owner's load after that point sees
// the reclaimer's store. A thread that is not running went through the scheduler, which is a full
// barrier too.
//
// Where the kernel has no membarrier (an old seccomp filter), AsymmetricFence() is false and
// owners must not rely on LightFence: caches then stay revoked and every operation takes the
// slow path, which uses sequentially consistent operations (see alloc/cache.h).
#ifndef WEIR_RECLAIM_FENCE_H_
#define WEIR_RECLAIM_FENCE_H_

#include <atomic>

namespace weir {

// Keeps the compiler from moving the load above the store. No instruction.
inline void LightFence() { std::atomic_signal_fence(std::memory_order_seq_cst); }

// See above. Any thread; about a microsecond.
void HeavyFence();

// Registers the process with the kernel at the first call. True if HeavyFence works.
// `WEIR_NO_MEMBARRIER` in the environment makes it false, for tests.
bool AsymmetricFence();

}  // namespace weir

#endif  // WEIR_RECLAIM_FENCE_H_
