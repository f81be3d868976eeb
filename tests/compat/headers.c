/* The names that the compatibility headers add. */
#include "tests/compat/all.h"

__FBSDID("$FreeBSD$");
__KERNEL_RCSID(0, "$NetBSD$");

/* After it, to see that libc's own declarations survive the macros. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/syslog.h>

#include "tests/compat/headers.h"

#define	CHECK(c) do {							\
	if (!(c))							\
		return (__LINE__);					\
} while (0)

MALLOC_DECLARE(M_RIVER);
MALLOC_DEFINE(M_RIVER, "river", "not looked at");

struct word {
	LIST_ENTRY(word) w_list;
	TAILQ_ENTRY(word) w_tail;
};

struct wire {
	u_char	w_byte;
	u_int32_t w_value;
} __packed;

static int aligned __aligned(64);

int
compat_libkern()
{
	int s = splimp();
	char from[] = "abcdef";
	int three[3];

	CHECK(min(3u, 4u) == 3 && max(3u, (u_int)-1) == (u_int)-1);
	CHECK(imin(-3, 2) == -3 && imax(-3, 2) == 2);
	CHECK(lmin(-3L, 2L) == -3 && lmax(-3L, 2L) == 2);
	CHECK(ulmin(3ul, 2ul) == 2 && ulmax(3ul, 2ul) == 3);
	ovbcopy(from, from + 1, 4);
	CHECK(bcmp(from, "aabcdf", 6) == 0);
	bzero(from, sizeof(from));
	CHECK(from[1] == 0);
	CHECK(nitems(three) == 3 && roundup2(5, 4) == 8 && rounddown2(7, 4) == 4);
	CHECK(rounddown(11, 5) == 10 && roundup(11, 5) == 15 && howmany(11, 5) == 3);
	CHECK(MIN(1, 2) == 1 && MAX(1, 2) == 2 && NBBY == 8);	/* the system's */
	CHECK(sizeof(struct wire) == 5);
	CHECK(((u_long)&aligned & 63) == 0);
	CHECK(__predict_true(2) == 1 && __predict_false(0) == 0);
	KASSERT(s == 0);
	KASSERT(s == 0, ("spl %d", s));
	splx(splnet());
	splx(s);
	return (0);
}

int
compat_malloc()
{
	struct word *w;
	char *p;
	int i;

	p = malloc(100, M_RIVER, M_WAITOK | M_ZERO);
	for (i = 0; i < 100; i++)
		CHECK(p[i] == 0);
	free(p, M_RIVER);
	p = malloc(100, M_RIVER, M_NOWAIT);
	CHECK(p != NULL);
	free(p, M_RIVER, 100);
	MALLOC(w, struct word *, sizeof(*w), M_DEVBUF, M_WAITOK);
	CHECK(w != NULL);
	FREE(w, M_DEVBUF);
	return (0);
}

void *
compat_malloc_too_much(how)
	int how;
{
	return (malloc((size_t)1 << 62, M_RIVER, how));
}

int
compat_malloc_of_libc()
{
	void *(*allocate) __P((size_t)) = malloc;
	void (*give_back) __P((void *)) = free;
	char *p = malloc(10);

	CHECK(p != NULL);
	memset(p, 1, 10);
	p = realloc(p, 20);
	free(p);
	p = allocate(malloc_usable_size(NULL) + strlen("ten bytes."));
	CHECK(p != NULL);
	give_back(p);
	return (0);
}

static void
ext_free(char *buf, u_int size, void *arg)
{
	*(char **)arg = size == 100 ? buf : NULL;
}

int
compat_old_names()
{
	struct mbuf *m, *n;
	static char buf[100], *freed;

	CHECK(1 << MCLSHIFT == MCLBYTES && M_MAXCOMPRESS == MHLEN / 2);
	MBUFLOCK(MGETHDR(m, M_WAIT, MT_SOCKET););
	CHECK(m->m_type == MT_SOCKET && mbstat.m_mtypes[MT_SOCKET] == 1);
	M_SETCTX(m, buf);
	CHECK(M_GETCTX(m, char *) == buf);
	MCLGET(m, M_WAIT);
	CHECK(!MCLISREFERENCED(m));
	CHECK(M_BUFADDR(m) == m->m_ext.ext_buf && M_BUFSIZE(m) == MCLBYTES);
	m->m_len = 10;
	n = m_copy(m, 0, M_COPYALL);
	CHECK(MCLISREFERENCED(m) && MCLISREFERENCED(n));
	m_freem(n);
	m_freem(m);
	MGET(m, M_DONTWAIT, MT_DATA);
	MEXTADD(m, buf, sizeof(buf), M_DEVBUF, ext_free, &freed);
	MFREE(m, n);
	CHECK(n == NULL && freed == buf);
	m = m_devget(buf, 100, 4, (struct ifnet *)0, 0);
#ifdef WEIR_COMPAT_TRAILERS
	CHECK(m->m_pkthdr.len == 96);	/* what is behind the offset and two words */
#else
	CHECK(m->m_pkthdr.len == 100 && m->m_data == m->m_pktdat + 4);
#endif
	m_freem(m);
	return (0);
}

int
compat_queue()
{
	LIST_HEAD(, word) list;
	TAILQ_HEAD(, word) tail;
	struct word words[3], *w, *next;
	int i, seen = 0;

	LIST_INIT(&list);
	TAILQ_INIT(&tail);
	for (i = 0; i < 3; i++) {
		LIST_INSERT_HEAD(&list, &words[i], w_list);
		TAILQ_INSERT_TAIL(&tail, &words[i], w_tail);
	}
	LIST_FOREACH_SAFE(w, &list, w_list, next) {
		LIST_REMOVE(w, w_list);
		bzero(w, sizeof(w->w_list));
		seen++;
	}
	CHECK(seen == 3 && list.lh_first == NULL);
	TAILQ_FOREACH_SAFE(w, &tail, w_tail, next) {
		TAILQ_REMOVE(&tail, w, w_tail);
		seen++;
	}
	CHECK(seen == 6 && tail.tqh_first == NULL);
	return (0);
}

void
compat_log()
{
	log(LOG_ERR, "in: %d drops\n", 3);
	log(LOG_INFO, "no argument\n");
}

void
compat_panic(how)
	int how;
{
	if (how == 0)
		panic("river %s", "dry");
	if (how == 1)
		KASSERT(how == 2);
	KASSERT(how == 3, ("how is %d", how));
}
