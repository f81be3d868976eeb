// A few mbufs with clusters that a thread keeps at hand: room to read into, and what a reply may
// be written to when a command must not fail any more.
//
// Thread rule: one thread.
#ifndef WEIR_SERVER_SPARES_H_
#define WEIR_SERVER_SPARES_H_

#include <utility>

#include "weir/chain/mbuf.h"

namespace weir::server {

class Spares {
 public:
  Spares() = default;
  Spares(const Spares&) = delete;
  Spares& operator=(const Spares&) = delete;
  ~Spares() { Release(); }

  // Holds at least n afterwards, or says false with what it could get.
  bool Fill(int n) {
    while (count_ < n) {
      mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
      if (m == nullptr) return false;
      Put(m);
    }
    return true;
  }

  // Returns ownership of an empty one; null if there is none.
  mbuf* Take() {
    if (list_ == nullptr) return nullptr;
    --count_;
    return std::exchange(list_, std::exchange(list_->m_next, nullptr));
  }

  // Takes an empty one back.
  void Put(mbuf* m) {
    m->m_next = std::exchange(list_, m);
    ++count_;
  }

  void Release() {
    m_freem(std::exchange(list_, nullptr));
    count_ = 0;
  }

  int count() const { return count_; }

 private:
  mbuf* list_ = nullptr;
  int count_ = 0;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SPARES_H_
