// Tags: notes of any size that travel with a packet header, in a list that the header owns.
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>

#include "weir/chain/pkthdr.h"

namespace weir {
namespace {

bool HasHeader(const mbuf* m) { return m != nullptr && (m->m_flags & M_PKTHDR); }

// Where m's list points to t, or nullptr.
m_tag** LinkTo(mbuf* m, const m_tag* t) {
  for (m_tag** link = &m->m_pkthdr.tags; *link != nullptr; link = &(*link)->m_tag_next) {
    if (*link == t) return link;
  }
  return nullptr;
}

}  // namespace

void FreeTags(m_tag* list) {
  while (list != nullptr) {
    m_tag* next = list->m_tag_next;
    m_tag_free(list);
    list = next;
  }
}

bool CopyTags(const mbuf* from, int how, m_tag** copies) {
  *copies = nullptr;
  m_tag** link = copies;
  for (m_tag* t = from->m_pkthdr.tags; t != nullptr; t = t->m_tag_next) {
    *link = m_tag_copy(t, how);
    if (*link == nullptr) {
      FreeTags(*copies);
      *copies = nullptr;
      errno = ENOBUFS;
      return false;
    }
    link = &(*link)->m_tag_next;
  }
  return true;
}

}  // namespace weir

extern "C" {

struct m_tag* m_tag_alloc(uint32_t cookie, int id, int len, int /*how*/) {
  constexpr int kMax = std::numeric_limits<uint16_t>::max();
  if (id < 0 || id > kMax || len < 0 || len > kMax) {
    errno = EINVAL;
    return nullptr;
  }
  void* p = ::operator new(sizeof(struct m_tag) + static_cast<size_t>(len), std::nothrow);
  if (p == nullptr) {
    errno = ENOBUFS;
    return nullptr;
  }
  return new (p) m_tag{nullptr, static_cast<uint16_t>(id), static_cast<uint16_t>(len), cookie,
                       m_tag_free_default};
}

void m_tag_free_default(struct m_tag* t) { ::operator delete(t); }

void m_tag_free(struct m_tag* t) {
  if (t != nullptr) t->m_tag_free(t);
}

int m_tag_prepend(struct mbuf* m, struct m_tag* t) {
  if (!weir::HasHeader(m) || t == nullptr) return EINVAL;
  t->m_tag_next = m->m_pkthdr.tags;
  m->m_pkthdr.tags = t;
  return 0;
}

int m_tag_unlink(struct mbuf* m, struct m_tag* t) {
  struct m_tag** link = weir::HasHeader(m) ? weir::LinkTo(m, t) : nullptr;
  if (link == nullptr) return EINVAL;
  *link = t->m_tag_next;
  t->m_tag_next = nullptr;
  return 0;
}

int m_tag_delete(struct mbuf* m, struct m_tag* t) {
  if (int error = m_tag_unlink(m, t); error != 0) return error;
  m_tag_free(t);
  return 0;
}

int m_tag_delete_chain(struct mbuf* m, struct m_tag* t) {
  if (!weir::HasHeader(m)) return EINVAL;
  struct m_tag** link = t == nullptr ? &m->m_pkthdr.tags : weir::LinkTo(m, t);
  if (link == nullptr) return EINVAL;
  struct m_tag* list = *link;
  *link = nullptr;  // first, so that no free callback meets a freed tag in the list
  weir::FreeTags(list);
  return 0;
}

int m_tag_delete_nonpersistent(struct mbuf* m) {
  if (!weir::HasHeader(m)) return EINVAL;
  struct m_tag** link = &m->m_pkthdr.tags;
  while (struct m_tag* t = *link) {
    if (t->m_tag_id & MTAG_PERSISTENT) {
      link = &t->m_tag_next;
    } else {
      *link = t->m_tag_next;
      m_tag_free(t);
    }
  }
  return 0;
}

struct m_tag* m_tag_first(struct mbuf* m) {
  return weir::HasHeader(m) ? m->m_pkthdr.tags : nullptr;
}

struct m_tag* m_tag_next(struct mbuf* /*m*/, struct m_tag* t) {
  return t == nullptr ? nullptr : t->m_tag_next;
}

struct m_tag* m_tag_locate(struct mbuf* m, uint32_t cookie, int id, struct m_tag* t) {
  for (t = t == nullptr ? m_tag_first(m) : t->m_tag_next; t != nullptr; t = t->m_tag_next) {
    if (t->m_tag_cookie == cookie && t->m_tag_id == id) return t;
  }
  return nullptr;
}

struct m_tag* m_tag_copy(struct m_tag* t, int how) {
  if (t == nullptr) {
    errno = EINVAL;
    return nullptr;
  }
  struct m_tag* copy = m_tag_alloc(t->m_tag_cookie, t->m_tag_id, t->m_tag_len, how);
  if (copy != nullptr && t->m_tag_len > 0) memcpy(copy + 1, t + 1, t->m_tag_len);
  return copy;
}

int m_tag_copy_chain(struct mbuf* to, const struct mbuf* from, int how) {
  if (!weir::HasHeader(to) || !weir::HasHeader(from)) {
    errno = EINVAL;
    return 0;
  }
  if (to == from) return 1;
  m_tag_delete_chain(to, nullptr);
  return weir::CopyTags(from, how, &to->m_pkthdr.tags);
}

}  // extern "C"
