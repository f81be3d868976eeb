// Writer, and what is shared of its chain meanwhile.
#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "tests/chain_cxx_ops.h"
#include "weir/chain/writer.h"

namespace weir {
namespace {

using Patch = std::variant<Writer::Patch<uint8_t>, Writer::Patch<int16_t>, Writer::Patch<uint32_t>,
                           Writer::Patch<uint64_t>>;
struct Patched {
  Patch patch;
  size_t at;
  bool big;
};

template <typename T>
std::string InOrder(T value, bool big) {
  std::string bytes(sizeof(T), '\0');
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t shift = 8 * (big ? sizeof(T) - 1 - i : i);
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value) >> shift);
  }
  return bytes;
}

template <typename T>
Patched MakePatch(Writer* out, size_t at, bool big) {
  return {big ? out->patch_be<T>() : out->patch_le<T>(), at, big};
}

}  // namespace

// Some writes with one Writer, while others share what is there.
void ChainCxxOps::Write() {
  Held held = Take();
  const int start = held.flat.Size();
  const bool owned_nothing = held.chain.get() == nullptr;
  Writer out(held.chain, source_->Below(3) == 0 ? source_->Below(20000) : 0);
  std::vector<Patched> patches;
  int reason = 0;
  NoteSizes("write", out.size());

  // After each call: `bytes` are written, unless it failed.
  auto written = [&](bool done, std::string_view bytes) {
    Expect(done == out.ok(), "ok()");
    if (done) {
      held.flat.bytes.insert(held.flat.bytes.end(), bytes.begin(), bytes.end());
    } else if (reason == 0) {
      reason = out.error();
      ExpectFailure(true, reason);
    }
    if (!done) Expect(errno == reason, "the first reason");
  };
  auto number = [&]<typename T>(T value, bool big) {
    bool done;
    {
      Armed armed(this);
      done = big ? out.write_be<T>(value) : out.write_le<T>(value);
    }
    written(done, InOrder(value, big));
  };
  auto patch = [&]<typename T>(T, bool big) {
    size_t at = static_cast<size_t>(held.flat.Size());
    {
      Armed armed(this);
      patches.push_back(MakePatch<T>(&out, at, big));
    }
    written(out.ok(), std::string(sizeof(T), '\0'));
    if (!out.ok()) patches.pop_back();
  };
  auto set = [&](const Patched& patched, bool size) {
    std::visit(
        [&]<typename T>(const Writer::Patch<T>& one) {
          size_t behind = held.flat.bytes.size() - patched.at - sizeof(T);
          T value = static_cast<T>(size ? behind : source_->Below(1 << 24));
          bool fits = !size || std::in_range<T>(behind);
          bool done;
          {
            Armed armed(this);
            done = size ? out.set_size(one) : out.set(one, value);
          }
          Expect(!done || fits, "EMSGSIZE");
          if (!done && reason == 0 && !fits) {
            reason = out.error();
            Expect(reason == EMSGSIZE, "EMSGSIZE");
          }
          written(done, "");
          if (!done) return;
          std::string bytes = InOrder(value, patched.big);
          std::copy(bytes.begin(), bytes.end(),
                    held.flat.bytes.begin() + static_cast<long>(patched.at));
        },
        patched.patch);
  };

  for (uint32_t n = source_->Below(12); n > 0; --n) {
    bool big = source_->Below(2) == 1;
    uint32_t value = source_->Below(1 << 24);
    switch (uint32_t what = source_->Below(12)) {
      case 0:
      case 1:
      case 2: {
        std::string_view text = Text(source_->OneIn(8) ? 20000 : 1000);
        std::string zeros(text.size(), '\0');
        bool done;
        {
          Armed armed(this);
          done = what == 0   ? out.write(text)
                 : what == 1 ? out.write(std::as_bytes(std::span(text)))
                             : out.zeros(text.size());
        }
        written(done, what == 2 ? zeros : text);
        break;
      }
      case 3:
        value % 2 ? number(static_cast<uint8_t>(value), big)
                  : number(static_cast<int16_t>(value), big);
        break;
      case 4:
        value % 2 ? number(value, big) : number(int64_t{value} << 32 | value, big);
        break;
      case 5: {
        Held tail = Take();
        const mbuf* m = tail.chain.get();
        bool done;
        {
          Armed armed(this);
          done = out.append(std::move(tail.chain));
        }
        Expect(tail.chain.get() == (done ? nullptr : m), "nothing left, or all");
        written(done, "");
        if (!done) {
          Put(std::move(tail));
        } else if (tail.flat.Size() > 0 && held.flat.Size() == 0 && owned_nothing) {
          held.flat = std::move(tail.flat);
        } else if (tail.flat.Size() > 0) {
          held.flat.Append(tail.flat);
        }
        break;
      }
      case 6:
      case 7:
        switch (value % 4) {
          case 0:
            patch(uint8_t{}, big);
            break;
          case 1:
            patch(int16_t{}, big);
            break;
          case 2:
            patch(uint32_t{}, big);
            break;
          default:
            patch(uint64_t{}, big);
        }
        break;
      case 8:
      case 9:
        if (!patches.empty()) set(patches[value % patches.size()], what == 8);
        break;
      default: {  // someone shares it, or all of it
        size_t at = static_cast<size_t>(source_->Length(held.flat.Size()));
        Held other{held.chain.share(at), Flat()};
        if (other.chain.get() != nullptr) {
          other.flat = Copied(held.flat, held.chain.get(), static_cast<int>(at),
                              held.flat.Size() - static_cast<int>(at), false);
          MayBePacket(&other);
        }
        Put(std::move(other));
      }
    }
    MayBePacket(&held);
    Expect(out.size() + static_cast<size_t>(start) == held.flat.bytes.size(), "size()");
    Verify(held);
  }
  if (source_->Below(3) == 0) {
    NoteSizes("undo", out.size());
    out.undo();
    if (owned_nothing) {
      Expect(held.chain.get() == nullptr, "nothing again");
      held.flat = Flat();
    } else if (held.flat.Size() > start) {
      std::erase_if(held.flat.marks, [&](int mark) { return mark > start; });
      held.flat.RemoveTail(held.flat.Size() - start);
    }
    errno = 99;
    Expect(!out.write("more") && !out.ok() && out.error() == (reason ? reason : ECANCELED),
           "ECANCELED");
    Expect(errno == out.error(), "the reason");
  }
  Put(std::move(held));
}

}  // namespace weir
