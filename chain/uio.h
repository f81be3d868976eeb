// Between chains and a caller's scattered memory: a list of iovecs, and how much of it is to go.
#ifndef WEIR_CHAIN_UIO_H_
#define WEIR_CHAIN_UIO_H_

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct mbuf;

enum uio_rw { UIO_READ, UIO_WRITE };
enum uio_seg { UIO_USERSPACE, UIO_SYSSPACE };

// uio(9)'s fields that mean something here. Those in the second block are carried for old sources;
// the function called says which way the bytes go. What was moved is taken off uio_resid and off
// the front of uio_iov, the caller's array included, and added to uio_offset; so the next call goes
// on where this one stopped.
struct uio {
  struct iovec* uio_iov;
  int uio_iovcnt;
  ssize_t uio_resid;  // bytes to move, at most what the iovecs hold

  int64_t uio_offset;
  enum uio_seg uio_segflg;
  enum uio_rw uio_rw;
};

// A chain of what uio holds, but no more than len bytes unless len is 0. The first mbuf has `align`
// bytes of room in front, 0..MHLEN. flags: M_PKTHDR, with m_pkthdr.len set, and M_EOR. Nothing to
// move gives an empty mbuf. Borrows uio, returns ownership. NULL with EINVAL (also if uio_resid is
// more than the iovecs hold), EMSGSIZE (past INT_MAX), ENOBUFS, and uio is as it was.
struct mbuf* m_uiotombuf(struct uio* uio, int how, int len, int align, int flags);

// Copies m's data to uio: as much as m, uio_resid and len allow; len 0: no limit. Borrows both. 0,
// or EINVAL with nothing moved.
int m_mbuftouio(struct uio* uio, const struct mbuf* m, int len);

#ifdef __cplusplus
}  // extern "C"
#endif

#pragma GCC visibility pop

#endif  // WEIR_CHAIN_UIO_H_
