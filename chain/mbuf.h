// The mbuf: a 256-byte buffer with a header, chained into packets; and the m_* functions on
// chains of them. This is the BSD face of weir, for C11 and C++20. Names and meaning are those
// of mbuf(9); it starts from NetBSD's uipc_mbuf.c 1.40 (1999).
//
// Thread rule: a chain belongs to one thread at a time. Chains that share clusters may be used
// by different threads at once. Allocation and free work from any thread.
//
// Errors: a function that returns a pointer returns NULL and sets errno: EINVAL (an argument
// out of range), ENOBUFS (no memory), EMSGSIZE (can never fit), ETIMEDOUT (the wait limit
// passed), ECANCELED (weir_shutdown). Where BSD has void, these return int: 0 or the errno
// value. Nothing here panics on bad arguments; a double free aborts with a message.
//
// Comments say of each pointer whether the function *takes* it (the caller must not use it any
// more), *borrows* it, or *returns ownership*; and whether m_pkthdr.len is kept.
//
//   struct mbuf, no cluster            with a cluster (M_EXT)
//   +--------+ m_next, m_data ...      +--------+            +-----------------+ m_ext.ext_buf
//   | header |                         | header | m_data --> | leading space   |
//   +--------+ m_pkthdr (M_PKTHDR)     +--------+   \        | m_len bytes     |
//   | data   | <- m_data, m_len        | m_ext  |    +-----> | trailing space  |
//   +--------+                         +--------+            +-----------------+ + ext_size
#ifndef WEIR_CHAIN_MBUF_H_
#define WEIR_CHAIN_MBUF_H_

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)  // libweir.so exports what is declared here

#ifdef __cplusplus
extern "C" {
#endif

// ---- Sizes. Lengths are int, as in BSD; ranges are 0 <= off <= total. ----

#define MSIZE 256                // one mbuf, header included
#define MCLBYTES 2048            // a cluster
#define MJUMPAGESIZE 4096        // jumbo cluster: a page
#define MJUM9BYTES (9 * 1024)    // jumbo cluster: a 9,000-byte frame
#define MJUM16BYTES (16 * 1024)  // jumbo cluster: the largest; also the most that can be contiguous
#define M_COPYALL 1000000000     // "to the end" for the length of a copy

#define MHSIZE 40                         // the header that every mbuf has
#define MPKTHSIZE (MHSIZE + 56)           // with a packet header
#define MLEN ((int)(MSIZE - MHSIZE))      // data in an mbuf
#define MHLEN ((int)(MSIZE - MPKTHSIZE))  // data in an mbuf with a packet header
#define MINCLSIZE (MHLEN + 1)             // smallest amount worth a cluster

// ---- Flags (m_flags) ----

#define M_EXT 0x00000001u      // data is in external storage, m_ext is valid
#define M_PKTHDR 0x00000002u   // first of a packet, m_pkthdr is valid
#define M_EOR 0x00000004u      // end of record
#define M_RDONLY 0x00000008u   // data must not be written
#define M_BCAST 0x00000010u    // sent or received as link-level broadcast
#define M_MCAST 0x00000020u    // sent or received as link-level multicast
#define M_VLANTAG 0x00000040u  // m_pkthdr.ether_vtag is valid
#define M_TSTMP 0x00000080u    // m_pkthdr.rcv_tstmp is valid
#define M_PROTO1 0x00001000u   // twelve flags for protocols
#define M_PROTO2 0x00002000u
#define M_PROTO3 0x00004000u
#define M_PROTO4 0x00008000u
#define M_PROTO5 0x00010000u
#define M_PROTO6 0x00020000u
#define M_PROTO7 0x00040000u
#define M_PROTO8 0x00080000u
#define M_PROTO9 0x00100000u
#define M_PROTO10 0x00200000u
#define M_PROTO11 0x00400000u
#define M_PROTO12 0x00800000u
#define M_LINK0 0x01000000u  // three flags for the link layer
#define M_LINK1 0x02000000u
#define M_LINK2 0x04000000u

#define M_PROTOFLAGS 0x00fff000u
// What a copy of a packet header takes along.
#define M_COPYFLAGS                                                                                \
  (M_PKTHDR | M_EOR | M_BCAST | M_MCAST | M_VLANTAG | M_TSTMP | M_PROTOFLAGS | M_LINK0 | M_LINK1 | \
   M_LINK2)

// ---- Types (m_type): 0..255; each is counted ----

#define MT_FREE 0     // should be on a free list
#define MT_DATA 1     // data
#define MT_HEADER 2   // packet header
#define MT_SONAME 3   // socket name
#define MT_SOOPTS 4   // socket options
#define MT_FTABLE 5   // fragment reassembly header
#define MT_CONTROL 6  // ancillary data
#define MT_OOBDATA 7  // expedited data
#define MT_NTYPES 256

// ---- How to allocate ----

#define M_NOWAIT 0x0001  // never blocks; NULL with ENOBUFS at the limit
#define M_WAITOK 0x0002  // may block; fails only when the wait limit passes (weir_set_wait_limit)
#define M_DONTWAIT M_NOWAIT
#define M_WAIT M_WAITOK

// ---- External storage types (m_ext.ext_type) ----

#define EXT_CLUSTER 1    // MCLBYTES
#define EXT_JUMBOP 2     // MJUMPAGESIZE
#define EXT_JUMBO9 3     // MJUM9BYTES
#define EXT_JUMBO16 4    // MJUM16BYTES
#define EXT_PACKET 5     // MCLBYTES, of an mbuf that came with it (m_getcl)
#define EXT_GUARDED 6    // a cluster of any size between guard pages (the option guard_one_in)
#define EXT_NET_DRV 252  // the caller's buffer, given back through ext_free
#define EXT_MOD_TYPE 253
#define EXT_DISPOSABLE 254  // the caller's buffer, given back through ext_free
#define EXT_EXTREF 255      // the caller's buffer and the caller's reference count

struct ifnet;  // the caller's; weir only carries the pointer
struct m_tag;
struct mbuf;

typedef void m_ext_free_t(struct mbuf*);

struct pkthdr {
  struct ifnet* rcvif;  // where the packet came from
  struct m_tag* tags;   // list of tags, owned
  int32_t len;          // bytes in the whole packet
  uint32_t flowid;      // hash of the flow
  uint32_t csum_flags;  // checksum offload
  uint32_t csum_data;
  uint64_t rcv_tstmp;  // time of reception, ns
  union {
    uint8_t eight[8];
    uint16_t sixteen[4];
    uint32_t thirtytwo[2];
    uint64_t sixtyfour[1];
    uintptr_t unintptr[1];
    void* ptr;
  } PH_loc;             // for the layer that has the packet now
  uint16_t ether_vtag;  // 802.1Q tag
  uint16_t ph_spare[3];
};

struct m_ext {
  char* ext_buf;           // start of the buffer
  uint32_t* ext_cnt;       // its reference count; NULL: this mbuf is the only holder
  uint32_t ext_size;       // bytes in the buffer
  uint16_t ext_type;       // EXT_*
  uint16_t ext_pool;       // which set of zones a cluster came from, and more; weir's own
  m_ext_free_t* ext_free;  // gives back the caller's buffer (EXT_NET_DRV and above), or NULL
  void* ext_arg1;
  void* ext_arg2;
};

struct mbuf {
  struct mbuf* m_next;  // next mbuf of this packet
  __extension__ union {
    struct mbuf* m_nextpkt;  // next packet of a queue
    struct mbuf* m_act;      // its 4.3BSD name
  };
  char* m_data;      // first byte of data
  int32_t m_len;     // bytes of data in this mbuf
  uint32_t m_flags;  // M_*
  int16_t m_type;    // MT_*
  uint8_t m_pool;    // which set of zones it came from; weir's own
  uint8_t m_tally;   // the type that it is counted under; weir's own
  uint32_t m_state;  // live or free, for the double-free check; weir's own
  __extension__ union {
    __extension__ struct {
      struct pkthdr m_pkthdr;  // if M_PKTHDR
      __extension__ union {
        struct m_ext m_ext;  // if M_EXT
        char m_pktdat[MHLEN];
      };
    };
    char m_dat[MLEN];  // if neither
  };
};

// ---- Globals ----

extern int max_linkhdr;   // longest link-level header, 16
extern int max_protohdr;  // longest protocol header, 40
extern int max_hdr;       // both
extern int max_datalen;   // MHLEN - max_hdr

// Failures of m_copym/m_copypacket and of m_pullup so far, over all threads. Reading them sums
// per-thread counters: a thread-safe hint while others run, exact when quiet.
uint64_t weir_copy_failures(void);
uint64_t weir_pullup_failures(void);
#define MCFail ((int)weir_copy_failures())
#define MPFail ((int)weir_pullup_failures())

// The seed's counters, summed at this instant into a buffer of this thread. `mbstat.m_drops`
// and so on read like the global of old.
struct weir_mbstat {
  uint64_t m_drops;              // requests that failed for lack of memory
  uint64_t m_wait;               // requests that waited, or were met only after a drain
  uint64_t m_drain;              // broadcasts of the drain handlers
  uint64_t m_mtypes[MT_NTYPES];  // mbufs in use by type
};
const struct weir_mbstat* weir_mbstat_now(void);
#define mbstat (*weir_mbstat_now())

// ---- Geometry ----

// The data of m as a T; m's own data, so only the first m_len bytes mean anything.
#define mtod(m, t) ((t)((m)->m_data))
#define mtodo(m, o) ((void*)((m)->m_data + (o)))
// The mbuf that the address x (inside its own buffer, not a cluster) belongs to.
#define dtom(x) ((struct mbuf*)((uintptr_t)(x) & ~(uintptr_t)(MSIZE - 1)))

// First byte and size of the buffer that m's data lives in.
#define M_START(m)                                  \
  (((m)->m_flags & M_EXT)      ? (m)->m_ext.ext_buf \
   : ((m)->m_flags & M_PKTHDR) ? &(m)->m_pktdat[0]  \
                               : &(m)->m_dat[0])
#define M_SIZE(m) \
  (((m)->m_flags & M_EXT) ? (int)(m)->m_ext.ext_size : ((m)->m_flags & M_PKTHDR) ? MHLEN : MLEN)

// True if m's data may be written: not read-only, and no other mbuf shares the buffer.
//
// [R4] acquire: pairs with [R2]. It is RefCount::Unique (chain/refcount.h) for C: what other
// holders did with the buffer before they dropped their share happens before our writes; a relaxed
// load would let a write overtake their read.
static inline int m_writable(const struct mbuf* m) {
  if (m->m_flags & M_RDONLY) return 0;
  return !(m->m_flags & M_EXT) || m->m_ext.ext_cnt == NULL ||
         __atomic_load_n(m->m_ext.ext_cnt, __ATOMIC_ACQUIRE) == 1;
}
#define M_WRITABLE(m) m_writable(m)

// Bytes that can be written in front of and behind m's data: 0 if m is not writable.
static inline int m_leadingspace(const struct mbuf* m) {
  return m_writable(m) ? (int)(m->m_data - M_START(m)) : 0;
}
static inline int m_trailingspace(const struct mbuf* m) {
  return m_writable(m) ? (int)(M_START(m) + M_SIZE(m) - (m->m_data + m->m_len)) : 0;
}
#define M_LEADINGSPACE(m) m_leadingspace(m)
#define M_TRAILINGSPACE(m) m_trailingspace(m)
// The same behind the data whether writable or not.
#define M_TRAILINGROOM(m) ((int)(M_START(m) + M_SIZE(m) - ((m)->m_data + (m)->m_len)))

// Places m_data so that `len` bytes end at the end of the buffer, rounded down to the size of a
// long. m must be empty; a len that does not fit leaves m_data at the start. Borrows m.
static inline void m_align(struct mbuf* m, int len) {
  int room = len >= 0 ? M_SIZE(m) - len : 0;
  m->m_data = M_START(m) + (room > 0 ? room & ~((int)sizeof(long) - 1) : 0);
}
#define M_ALIGN(m, len) m_align(m, len)
#define MH_ALIGN(m, len) m_align(m, len)

// ---- Allocation and release ----
//
// In C++ the small ones of these are inline (weir/chain/inline.h); in C they are calls.

// Makes the default zones now instead of at first use. Idempotent, any thread.
void mbinit(void);

// One mbuf of `type`: m_len 0, m_data at the start of the buffer, no links.
// m_gethdr: with M_PKTHDR and an all-zero packet header. m_getclr: with MLEN zero bytes.
// Returns ownership, or NULL with ENOBUFS, ETIMEDOUT, ECANCELED, or EINVAL (type not 0..255).
struct mbuf* m_get(int how, int type);
struct mbuf* m_gethdr(int how, int type);
struct mbuf* m_getclr(int how, int type);

// Drains, then tries once more: what m_get and m_gethdr do at the limit. m_wait++ or m_drops++.
struct mbuf* m_retry(int how, int type);
struct mbuf* m_retryhdr(int how, int type);

// An mbuf with a 2 KiB cluster; flags: M_PKTHDR or 0. m_getjcl: with a cluster of `size` bytes,
// one of MCLBYTES, MJUMPAGESIZE, MJUM9BYTES, MJUM16BYTES (else EINVAL).
// Returns ownership, or NULL and nothing is held.
struct mbuf* m_getcl(int how, int type, int flags);
struct mbuf* m_getjcl(int how, int type, int flags, int size);
// The smallest of mbuf, cluster and jumbo cluster that holds `size` bytes; EMSGSIZE above 16 KiB.
struct mbuf* m_get2(int size, int how, int type, int flags);
// Room for `len` bytes in new mbufs, m_len 0: as many 16 KiB clusters as it takes and the smallest
// buffer for the rest; at least one mbuf if m is NULL. They are appended to the chain m, if any,
// and are of its zones; room that m has itself is not counted. flags: M_PKTHDR, which counts only
// if m is NULL, and M_EOR for the last new mbuf. Borrows m and returns it, or without m returns
// ownership of the new chain. NULL with EINVAL or ENOBUFS: m is intact.
struct mbuf* m_getm2(struct mbuf* m, int len, int how, int type, int flags);
// The smallest that holds lead + len bytes, with m_len (and m_pkthdr.len) len behind `lead` bytes
// of room; EMSGSIZE above 16 KiB. Return ownership.
struct mbuf* m_get_n(int how, int type, size_t lead, size_t len);
struct mbuf* m_gethdr_n(int how, int type, size_t lead, size_t len);

// Attaches a cluster to m, which must have none (else EINVAL, and nothing changes) and no data:
// m_data moves to the start of the cluster, m_len is untouched. Borrows m. Returns 0 or errno's
// value; success also shows as M_EXT being set. m_cljget: of `size` bytes, as m_getjcl.
int m_clget(struct mbuf* m, int how);
int m_cljget(struct mbuf* m, int how, int size);
// OpenBSD's m_clget: the smallest cluster that holds `len` bytes, EMSGSIZE above 16 KiB. Borrows m
// and returns it; for m NULL returns ownership of a packet with such a cluster. NULL with errno.
struct mbuf* m_clgetl(struct mbuf* m, int how, int len);

// Attaches the caller's buffer to m, which must have no M_EXT (else EINVAL). `fn` is called
// exactly once, on the thread that drops the last reference, with the last mbuf that held it;
// it must not free that mbuf. flags: M_RDONLY or 0. Borrows m. With type EXT_EXTREF, `arg1`
// points to the caller's uint32_t reference count, which already counts this holder; m_extaddref
// spells that out. Returns 0 or errno's value.
int m_extadd(struct mbuf* m, char* buf, unsigned size, m_ext_free_t* fn, void* arg1, void* arg2,
             int flags, int type);
int m_extaddref(struct mbuf* m, char* buf, unsigned size, uint32_t* count, m_ext_free_t* fn,
                void* arg1, void* arg2);
// How many mbufs hold m's external buffer: 0 without M_EXT.
unsigned m_extrefcnt(const struct mbuf* m);
// The zone (WEIR_ZONE_*) that m's cluster is of; -1 without M_EXT and for callers' buffers.
int m_extzone(const struct mbuf* m);

// Makes n (empty, no M_EXT) share m's external buffer: same data, length and M_RDONLY.
// Borrows both. Returns 0, EINVAL, or ENOBUFS (only for a caller's buffer shared the first time).
// Both end up read-only in the sense of M_WRITABLE until one of them is freed.
int m_extshare(struct mbuf* m, struct mbuf* n);

// Gives m's share of its external buffer up, and the data with it: m is empty with its own buffer.
// Borrows m, m_pkthdr.len is not kept. 0, or EINVAL without M_EXT.
int m_extremove(struct mbuf* m);

// Frees one mbuf and its share of a cluster. Takes m, returns ownership of m_next. NULL is fine.
// A double free or a pointer that is no mbuf aborts with a message.
struct mbuf* m_free(struct mbuf* m);
// Frees a chain (one packet: m_nextpkt is not followed). Takes m. NULL is fine.
void m_freem(struct mbuf* m);
// Frees the packets of an m_nextpkt list. Takes m. NULL is fine.
void m_freemp(struct mbuf* m);
// Changes m's type, and the counts by type. Borrows m. 0, or EINVAL.
int m_chtype(struct mbuf* m, int type);

// Asks every registered drain handler to free what it can: protocols first, then interfaces;
// m_drain++ once. `how` is accepted for compatibility. Returns the number of objects freed; 0 at
// once if a broadcast is in flight.
long m_reclaim(int how);

// ---- Packet headers and tags ----

// m_dup_pkthdr: copies from's header, flags (M_COPYFLAGS) and tags to `to`. 1, or 0 with errno
// (EINVAL, ENOBUFS) and `to` unchanged. m_move_pkthdr: moves them; from is then a plain mbuf. 0,
// or EINVAL. A header that `to` has is dropped with its tags. If `to` is empty without M_EXT, its
// m_data is set to m_pktdat; data that the header would overwrite is EINVAL. Borrow both.
int m_dup_pkthdr(struct mbuf* to, const struct mbuf* from, int how);
int m_move_pkthdr(struct mbuf* to, struct mbuf* from);
// m_demote_pkthdr: frees the tags, clears the header, M_PKTHDR and the flags that go with it.
// m_demote: the same for each mbuf of the chain that has one (from the second on unless `all`),
// and each keeps only the flags in `flags` and M_EXT, M_EOR, M_RDONLY. 0, or EINVAL. Borrow m.
int m_demote_pkthdr(struct mbuf* m);
int m_demote(struct mbuf* m, int all, int flags);
// A header as new but for its length: no tags, and of the flags M_EXT, M_PKTHDR, M_EOR and M_RDONLY
// stay. 0, or EINVAL. Borrows m.
int m_resethdr(struct mbuf* m);

// A note on a packet: `m_tag_len` bytes behind this struct (8-byte aligned), named by cookie and
// id. m_tag_free, which m_tag_alloc sets to m_tag_free_default, is called when the packet drops
// it. A copy has a copy of the bytes and the default m_tag_free. The m of the functions below must
// have M_PKTHDR: else EINVAL, or NULL. They borrow m; those that store or free t take it.
struct m_tag {
  struct m_tag* m_tag_next;
  uint16_t m_tag_id;
  uint16_t m_tag_len;  // bytes of data behind this header
  uint32_t m_tag_cookie;
  void (*m_tag_free)(struct m_tag*);
};
#define MTAG_ABI_COMPAT 0      // cookie of tags that have only an id
#define MTAG_PERSISTENT 0x800  // in an id: m_tag_delete_nonpersistent leaves it alone

// id and len: 0..65535, else EINVAL. Returns ownership of a tag in no list.
struct m_tag* m_tag_alloc(uint32_t cookie, int id, int len, int how);
void m_tag_free_default(struct m_tag* t);
void m_tag_free(struct m_tag* t);
int m_tag_prepend(struct mbuf* m, struct m_tag* t);
// Takes t off m's list, to the caller; EINVAL if it is not on it. m_tag_delete also frees it.
int m_tag_unlink(struct mbuf* m, struct m_tag* t);
int m_tag_delete(struct mbuf* m, struct m_tag* t);
// Frees t and all behind it; all tags if t is NULL.
int m_tag_delete_chain(struct mbuf* m, struct m_tag* t);
int m_tag_delete_nonpersistent(struct mbuf* m);
struct m_tag* m_tag_first(struct mbuf* m);
struct m_tag* m_tag_next(struct mbuf* m, struct m_tag* t);
// First tag with this cookie and id behind t, or from the start if t is NULL; else NULL.
struct m_tag* m_tag_locate(struct mbuf* m, uint32_t cookie, int id, struct m_tag* t);
struct m_tag* m_tag_copy(struct m_tag* t, int how);
// Replaces to's tags by copies of from's. 1, or 0 with ENOBUFS and to has none.
int m_tag_copy_chain(struct mbuf* to, const struct mbuf* from, int how);
// For a tag in memory of the caller's, which sets m_tag_free itself; in no list.
static inline void m_tag_setup(struct m_tag* t, uint32_t cookie, int id, int len) {
  t->m_tag_next = NULL;
  t->m_tag_id = (uint16_t)id;
  t->m_tag_len = (uint16_t)len;
  t->m_tag_cookie = cookie;
}
// An empty list for a header that was copied by hand: what was in it is not freed.
static inline void m_tag_init(struct mbuf* m) { m->m_pkthdr.tags = NULL; }
#define m_tag_get(id, len, how) m_tag_alloc(MTAG_ABI_COMPAT, (id), (len), (how))
#define m_tag_find(m, id, t) m_tag_locate((m), MTAG_ABI_COMPAT, (id), (t))

// ---- Chains ----
//
// M_EOR on an mbuf: a record ends with its last byte. The mark stays with that byte when data is
// copied, cut or moved. Nothing is appended to an mbuf behind the mark, except by m_pullup and the
// like when they must; it then moves to the end of what became contiguous. A tail trim moves it to
// the new end.

// Puts `len` bytes of room in front of the data: in writable leading space if there is enough,
// else in a new first mbuf, which takes the packet header over; the new bytes are undefined.
// More than an mbuf holds takes a cluster; more than MJUM16BYTES is EMSGSIZE. Takes m, returns
// ownership of the result; **on failure the chain is freed** and NULL returned.
// m_prepend always adds an mbuf and leaves m_pkthdr.len alone; M_PREPEND (m_prependlen) uses the
// leading space, or all of an empty first mbuf, and keeps m_pkthdr.len (EMSGSIZE past INT_MAX).
struct mbuf* m_prepend(struct mbuf* m, int len, int how);
struct mbuf* m_prependlen(struct mbuf* m, int len, int how);

// A copy of [off, off + len), or to the end with M_COPYALL: clusters are shared, small data is
// copied at the same offset in its buffer. The header is copied only if off is 0. An empty range:
// NULL with errno 0; but M_COPYALL from 0 of an empty packet is its header. Borrows m, returns
// ownership; on failure m is intact.
struct mbuf* m_copym(struct mbuf* m, int off, int len, int how);
#define m_copy(m, off, len) m_copym((m), (off), (len), M_DONTWAIT)
// The whole packet; EINVAL without M_PKTHDR. Borrows m, returns ownership.
struct mbuf* m_copypacket(struct mbuf* m, int how);
// A deep copy of the whole chain: nothing shared, all of it writable. Borrows m, returns ownership.
struct mbuf* m_dup(const struct mbuf* m, int how);
// A deep copy of a packet in one buffer, behind `adj` bytes of room; M_EOR marks its end if there
// is any. Borrows m, returns ownership. NULL with EINVAL (no M_PKTHDR), ENOBUFS, or EMSGSIZE (above
// MJUM16BYTES).
struct mbuf* m_dup_pkt(const struct mbuf* m, unsigned adj, int how);

// Copies [off, off + len) to buf. 0, or EINVAL with buf untouched. Borrows m.
int m_copydata(const struct mbuf* m, int off, int len, void* buf);

// Appends chain n to m; data that fits into m's last mbuf exactly or with room to spare is moved
// there if it is writable and of the same type; and data that lies there already, in a buffer that
// both share, as m_split left it, stays. n's packet header is dropped with its tags. Borrows m,
// takes n. m_cat leaves m_pkthdr.len alone; m_catpkt, whose m is a packet, adds n's.
// 0, or with n untouched EINVAL (m is NULL, or n is part of it) or EMSGSIZE (a sum past INT_MAX).
int m_cat(struct mbuf* m, struct mbuf* n);
int m_catpkt(struct mbuf* m, struct mbuf* n);

// Trims len bytes from the head (> 0) or -len from the tail (< 0); more than there is empties the
// chain. Tail mbufs that become empty are freed, the first never; from the head they stay, with
// m_len 0. Keeps m_pkthdr.len. Borrows m. 0.
int m_adj(struct mbuf* m, int len);

// Makes the first len bytes contiguous in the first mbuf: in its own buffer if that is writable
// and large enough, else in a new one of up to MJUM16BYTES (EMSGSIZE above). Already so: returns
// m. Never waits. Takes m, returns ownership; **on failure the chain is freed**, NULL, MPFail++.
struct mbuf* m_pullup(struct mbuf* m, int len);
// The same, but the chain survives: 1, or 0 with errno and *m unchanged. *m is the first mbuf, old
// or new. Not counted in MPFail.
int m_ensure_contig(struct mbuf** m, int len);
// The same in a new first mbuf, the data behind `dstoff` bytes of room; EMSGSIZE if both are more
// than MJUM16BYTES. Takes m, returns ownership; **on failure the chain is freed**, NULL.
struct mbuf* m_copyup(struct mbuf* m, int len, int dstoff);
// Makes [off, off + len) contiguous, and moves nothing in front of off. Returns the mbuf that it
// is in, and in *off_in_it where; if that is NULL, it is at m_data. m stays the first mbuf. Not
// more writable than it was (see m_makewritable). Never waits. Borrows m; **on failure the chain
// is freed** and NULL returned: EINVAL, ENOBUFS, EMSGSIZE.
struct mbuf* m_pulldown(struct mbuf* m, int off, int len, int* off_in_it);

// Opens a gap of `len` bytes, which are undefined, behind the first `off`, which do not move; uses
// leading space behind off, or adds an mbuf. Returns the mbuf whose first bytes they are. m stays
// the first mbuf. Keeps m_pkthdr.len. Borrows m. NULL with EINVAL, EMSGSIZE (above MJUM16BYTES, or
// a packet past INT_MAX), ENOBUFS: m is intact.
struct mbuf* m_inject(struct mbuf* m, int off, int len, int how);
// The same, but the gap may be anywhere in the mbuf returned, *off_in_it says where; what is on
// either side of it in that mbuf may move. Never waits.
struct mbuf* m_makespace(struct mbuf* m, int off, int len, int* off_in_it);
// Removes [off, off + len). Keeps m_pkthdr.len. Never waits. Borrows m. 0, or with m intact EINVAL
// or ENOBUFS (only when it is inside one buffer that is shared or read-only).
int m_striphdr(struct mbuf* m, int off, int len);

// The same data in as few mbufs as clusters of up to MJUM16BYTES allow, a new one after each M_EOR;
// m itself if that is not fewer. Any chain. Takes m, returns ownership. ENOBUFS, EINVAL: NULL, and
// m is intact and still the caller's.
struct mbuf* m_defrag(struct mbuf* m, int how);
// At most maxfrags mbufs, moving as little as it takes: first into free space, then neighbours into
// new clusters, then all. Takes m, returns ownership. ENOBUFS, EINVAL, EMSGSIZE (it takes more):
// NULL, and m is still the caller's, with the same data, perhaps in fewer mbufs.
struct mbuf* m_collapse(struct mbuf* m, int how, int maxfrags);

// Copies what is shared or read-only, so that all of the chain may be written. m stays the first
// mbuf. Takes m, returns ownership; **on failure the chain is freed** and NULL returned.
struct mbuf* m_unshare(struct mbuf* m, int how);
// The same for [off, off + len), or to the end with M_COPYALL; *m does not change. Borrows it. 0,
// EINVAL, or ENOBUFS, with the same data.
int m_makewritable(struct mbuf** m, int off, int len, int how);
// Overwrites the chain's buffers with zeros, all of them, data or not, in a way that the compiler
// does not leave out; before m_freem. Borrows m. 0, EINVAL, or EBUSY if one could not be written,
// being shared or read-only, and all others were.
int m_zeroize(struct mbuf* m);

// Cuts the chain after len bytes: m keeps the head, the tail is returned, sharing the cluster at
// the cut; with a packet header both are packets, with the same flags and tags. len == total: an
// empty packet, or without a header NULL with errno 0. len == 0: m keeps no data, and shares
// nothing. Borrows m, returns ownership of the tail. Failure: NULL, m unchanged.
struct mbuf* m_split(struct mbuf* m, int len, int how);

// A packet of totlen bytes from device memory at buf, through `copy` if it is not NULL (memcpy's
// meaning: from, to, len). `off`: bytes of room kept in front of the data in the first mbuf,
// 0..MHLEN. m_devget_trailer: the 1999 meaning, data starts at buf + off + 4 and wraps to buf, 4
// bytes fewer; off == 0 is an ordinary packet; a small one has max_linkhdr bytes of room in front.
// Borrow buf, return ownership; EINVAL (buf is NULL, totlen leaves no byte, off), ENOBUFS.
struct mbuf* m_devget(char* buf, int totlen, int off, struct ifnet* ifp,
                      void (*copy)(const void* from, void* to, size_t len));
struct mbuf* m_devget_trailer(char* buf, int totlen, int off, struct ifnet* ifp,
                              void (*copy)(const void* from, void* to, size_t len));

// Writes len bytes at off, extending the chain, a gap filled with zeros; shared or read-only
// buffers are copied first. Keeps m_pkthdr.len. Borrows m and buf. 0, EINVAL (nothing written),
// or ENOBUFS: m is valid, and m_pkthdr.len says how far: if it grew, the bytes up to there are
// written, else none is.
int m_copyback(struct mbuf* m, int off, int len, const void* buf);
// The same inside the chain, which is not extended (EINVAL). Takes m, returns it; **on failure the
// chain is freed** and NULL returned.
struct mbuf* m_copyback_cow(struct mbuf* m, int off, int len, const void* buf, int how);

// Appends len bytes: fills trailing space, then adds mbufs and clusters. Keeps m_pkthdr.len.
// Borrows m and buf. 1 on success (as in BSD); 0 with errno when it stopped short, EMSGSIZE (the
// chain would be longer than INT_MAX) and EINVAL with nothing appended.
int m_append(struct mbuf* m, int len, const void* buf);

// Calls fn(arg, data, len) for each piece of [off, off + len); stops at the first non-zero
// result and returns it. EINVAL if the range is outside. Borrows m.
int m_apply(struct mbuf* m, int off, int len, int (*fn)(void* arg, void* data, unsigned len),
            void* arg);
// The mbuf that holds byte `loc`, and *off in it; loc == total: the last one, off its m_len;
// beyond, or off is NULL: NULL, EINVAL. Borrows m.
struct mbuf* m_getptr(struct mbuf* m, int loc, int* off);
// Sum of m_len, UINT_MAX if it is more; *last, if last is not NULL, becomes the last mbuf. Borrows
// m; 0 and NULL for a NULL m.
unsigned m_length(struct mbuf* m, struct mbuf** last);
struct mbuf* m_last(struct mbuf* m);
// Sets m_pkthdr.len, if there is one, to the sum of m_len, and returns that. Borrows m.
unsigned m_fixhdr(struct mbuf* m);

// Whether the chain is sound: data inside buffers, lengths that add up, header only in front,
// live mbufs. 1 or 0; sanitize is accepted for compatibility. Borrows m.
int m_sanity(struct mbuf* m, int sanitize);
// Prints a chain on stderr: at most maxlen bytes of data, all if negative. Borrows m.
void m_print(const struct mbuf* m, int maxlen);

#ifdef __cplusplus
}  // extern "C"
#endif

// ---- The old macro forms ----

#define MGET(m, how, type) ((m) = m_get((how), (type)))
#define MGETHDR(m, how, type) ((m) = m_gethdr((how), (type)))
#define MCLGET(m, how) ((void)m_clget((m), (how)))
#define MFREE(m, n) ((n) = m_free(m))
#define MCHTYPE(m, t) ((void)m_chtype((m), (t)))
#define M_PREPEND(m, plen, how) ((m) = m_prependlen((m), (plen), (how)))
#define M_COPY_PKTHDR(to, from) ((void)m_dup_pkthdr((to), (from), M_DONTWAIT))
#define M_MOVE_PKTHDR(to, from) ((void)m_move_pkthdr((to), (from)))

// The seed's order: set n's m_data and m_len, copy m_ext from o to n, then this; here the copy is
// part of it. Where m_extshare fails, n is left empty and without M_EXT.
static inline void m_addreference(struct mbuf* o, struct mbuf* n) {
  char* data = n->m_data;
  int32_t len = n->m_len;
  int error = m_extshare(o, n);
  n->m_data = error ? M_START(n) : data;
  n->m_len = error ? 0 : len;
}
#define MCLADDREFERENCE(o, n) m_addreference((o), (n))
// The seed's arguments: fn(buf, size, arg), or free(3) when fn is NULL.
typedef void m_ext_free_seed_t(char* buf, unsigned size, void* arg);
#ifdef __cplusplus
extern "C"
#endif
    int
    m_extadd_seed(struct mbuf* m, char* buf, unsigned size, m_ext_free_seed_t* fn, void* arg);
#define MEXTADD(m, buf, size, type, fn, arg) \
  ((void)(type), (void)m_extadd_seed((m), (char*)(buf), (unsigned)(size), (fn), (arg)))
// A buffer from malloc(3), freed with the last reference; success shows as M_EXT.
#ifdef __cplusplus
extern "C"
#endif
    int
    m_extmalloc(struct mbuf* m, unsigned size, int how);
#define MEXTMALLOC(m, size, how) ((void)m_extmalloc((m), (unsigned)(size), (how)))
#define MEXTREMOVE(m) ((void)m_extremove(m))
#define MRESETDATA(m) ((void)((m)->m_data = M_START(m)))

#pragma GCC visibility pop

// ---- Layout ----

#ifdef __cplusplus
#define WEIR_STATIC_ASSERT_(c, why) static_assert(c, why)
#else
#define WEIR_STATIC_ASSERT_(c, why) _Static_assert(c, why)
#endif
WEIR_STATIC_ASSERT_(sizeof(struct mbuf) == MSIZE, "an mbuf is MSIZE bytes");
WEIR_STATIC_ASSERT_(offsetof(struct mbuf, m_dat) == MHSIZE, "MHSIZE");
WEIR_STATIC_ASSERT_(offsetof(struct mbuf, m_pktdat) == MPKTHSIZE, "MPKTHSIZE");
WEIR_STATIC_ASSERT_(offsetof(struct mbuf, m_ext.ext_type) < 128,
                    "what an allocation with a cluster writes is on the first two cache lines");

#if defined(__cplusplus) && !defined(WEIR_NO_INLINE)
#include "weir/chain/inline.h"
#endif

// The rest of what BSD's <sys/mbuf.h> has.
#include "weir/chain/mbufq.h"
#include "weir/chain/mchain.h"
#include "weir/chain/names.h"
#include "weir/chain/uio.h"

#endif  // WEIR_CHAIN_MBUF_H_
