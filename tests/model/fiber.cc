#include "tests/model/fiber.h"

#include <link.h>
#include <ucontext.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "tests/model/clock.h"

namespace weir::model {
namespace {

// What the linker put into thread-local storage of the program itself, not of its libraries: the
// variables of the code under test (the tests are linked statically).
struct Tls {
  char* block = nullptr;
  const char* image = nullptr;
  size_t image_bytes = 0;
  size_t bytes = 0;

  Tls() {
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* self) {
          Tls& t = *static_cast<Tls*>(self);
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& segment = info->dlpi_phdr[i];
            if (segment.p_type != PT_TLS) continue;
            t.block = static_cast<char*>(info->dlpi_tls_data);
            t.image = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
            t.image_bytes = segment.p_filesz;
            t.bytes = t.block == nullptr ? 0 : segment.p_memsz;
          }
          return 1;  // the program comes first; the rest is libraries
        },
        this);
  }
};

const Tls& ProgramTls() {
  static const Tls tls;
  return tls;
}

struct Fiber {
  static constexpr size_t kStackBytes = 256 << 10;
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  std::unique_ptr<char[]> tls{new char[ProgramTls().bytes + 1]};
};

Fiber& At(int i) {
  static Fiber fibers[kMaxThreads + 1];
  return fibers[i];
}

void Enter(int i, int entry_high, int entry_low) {
  auto address = static_cast<uintptr_t>(static_cast<uint32_t>(entry_high)) << 32 |
                 static_cast<uint32_t>(entry_low);
  reinterpret_cast<void (*)(int)>(address)(i);
  abort();
}

}  // namespace

void StartFiber(int i, void (*entry)(int)) {
  Fiber& f = At(i);
  if (f.stack == nullptr) {
    f.stack.reset(new char[Fiber::kStackBytes]);
    getcontext(&f.context);
  }
  f.context.uc_stack.ss_sp = f.stack.get();
  f.context.uc_stack.ss_size = Fiber::kStackBytes;
  f.context.uc_link = nullptr;
  auto address = reinterpret_cast<uintptr_t>(entry);  // makecontext passes ints
  makecontext(&f.context, reinterpret_cast<void (*)()>(Enter), 3, i,
              static_cast<int>(address >> 32), static_cast<int>(address));
  const Tls& tls = ProgramTls();
  memcpy(f.tls.get(), tls.image, tls.image_bytes);
  memset(f.tls.get() + tls.image_bytes, 0, tls.bytes - tls.image_bytes);
}

void SwitchFiber(int from, int to) {
  const Tls& tls = ProgramTls();
  memcpy(At(from).tls.get(), tls.block, tls.bytes);
  memcpy(tls.block, At(to).tls.get(), tls.bytes);
  swapcontext(&At(from).context, &At(to).context);
}

}  // namespace weir::model
