// fork() at any moment: the child finds every object in exactly one place, and can allocate at
// once.
//
// Before the fork the gate is closed: slow operations wait at it, and because every cache is
// revoked, all operations are slow. The forking thread waits until nobody is in the middle of one.
// In the child, what other threads held in their caches goes to the depot; what they held as mbufs
// stays in use, as it would with malloc.
#ifndef WEIR_ALLOC_FORK_H_
#define WEIR_ALLOC_FORK_H_

namespace weir {

// To be asked after the caller has made itself visible (Cache::Enter, Transit::Begin).
// False for the forking thread itself.
bool ForkGateClosed();
// Returns once the gate is open.
void WaitForkGate();

// Registers the handlers with pthread_atfork. Once.
void InstallForkHandlers();

}  // namespace weir

#endif  // WEIR_ALLOC_FORK_H_
