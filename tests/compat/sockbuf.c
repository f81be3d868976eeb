/*
 * A socket buffer on mbufs, as a C11 source of today: declarations where they
 * are needed, prototypes, assertions.
 */
#include <sys/cdefs.h>
__FBSDID("$FreeBSD$");

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/mbuf.h>
#include <sys/socket.h>

#include "sockbuf.h"

_Static_assert(offsetof(struct sockbuf, sb_mb) == 0, "found first in a dump");

static inline struct mbuf *
sblast(const struct sockbuf *sb)
{
	return (sb->sb_lastrecord == NULL ? NULL : m_last(sb->sb_lastrecord));
}

static void
sbcheck(const struct sockbuf *sb)
{
	int cc = 0;
	const struct mbuf *last = NULL;

	for (struct mbuf *m = sb->sb_mb; m != NULL; m = m->m_nextpkt) {
		cc += (int)m_length(m, NULL);
		last = m;
	}
	KASSERT(cc == sb->sb_cc, ("sbcheck: %d bytes, not %d", cc, sb->sb_cc));
	KASSERT(last == sb->sb_lastrecord, ("sbcheck: last record"));
}

/* Replace the first record by what is left of it, which may be nothing. */
static void
sbsetfirst(struct sockbuf *sb, struct mbuf *next, struct mbuf *rest)
{
	if (rest != NULL) {
		rest->m_nextpkt = next;
		if (next == NULL)
			sb->sb_lastrecord = rest;
		next = rest;
	} else if (next == NULL)
		sb->sb_lastrecord = NULL;
	sb->sb_mb = next;
}

int
sbspace(const struct sockbuf *sb)
{
	return (imax(0, sb->sb_hiwat - sb->sb_cc));
}

int
sbappendrecord(struct sockbuf *sb, struct mbuf *m)
{
	const int len = (int)m_length(m, NULL);

	if (__predict_false(len > sbspace(sb))) {
		m_freem(m);
		return (ENOBUFS);
	}
	m_demote(m, 1, 0);
	if (sb->sb_lastrecord == NULL)
		sb->sb_mb = m;
	else
		sb->sb_lastrecord->m_nextpkt = m;
	sb->sb_lastrecord = m;
	sb->sb_cc += len;
	sbcheck(sb);
	return (0);
}

int
sbappend(struct sockbuf *sb, struct mbuf *m)
{
	struct mbuf *last = sblast(sb);
	if (last == NULL || (last->m_flags & M_EOR))
		return (sbappendrecord(sb, m));

	const int len = (int)m_length(m, NULL);
	if (len > sbspace(sb)) {
		m_freem(m);
		return (ENOBUFS);
	}
	m_demote(m, 1, 0);
	m_cat(last, m);
	sb->sb_cc += len;
	sbcheck(sb);
	return (0);
}

void
sbdrop(struct sockbuf *sb, int len)
{
	KASSERT(len >= 0 && len <= sb->sb_cc, ("sbdrop: %d of %d", len,
	    sb->sb_cc));
	struct mbuf *m = sb->sb_mb, *next = m == NULL ? NULL : m->m_nextpkt;

	sb->sb_cc -= len;
	while (m != NULL) {
		if (m->m_len > len) {
			m->m_len -= len;
			m->m_data += len;
			break;
		}
		len -= m->m_len;
		if ((m = m_free(m)) == NULL && len > 0) {
			m = next;
			next = m->m_nextpkt;
		}
	}
	sbsetfirst(sb, next, m);
	sbcheck(sb);
}

void
sbdroprecord(struct sockbuf *sb)
{
	struct mbuf *m = sb->sb_mb;

	if (m == NULL)
		return;
	sb->sb_cc -= (int)m_length(m, NULL);
	sbsetfirst(sb, m->m_nextpkt, NULL);
	m_freem(m);
	sbcheck(sb);
}

void
sbflush(struct sockbuf *sb)
{
	while (sb->sb_mb != NULL)
		sbdroprecord(sb);
}

struct mbuf *
soreceive(struct sockbuf *sb, int len, int *flags)
{
	struct mbuf *m = sb->sb_mb, *last;
	if (m == NULL) {
		errno = EAGAIN;
		return (NULL);
	}
	const int total = (int)m_length(m, &last);
	const bool whole = len >= total;
	const bool peek = *flags & MSG_PEEK;

	*flags &= ~MSG_EOR;
	if (whole && (last->m_flags & M_EOR))
		*flags |= MSG_EOR;
	if (peek)
		return (m_copym(m, 0, imin(len, total), M_NOWAIT));

	struct mbuf *rest = NULL, *next = m->m_nextpkt;
	if (!whole && (rest = m_split(m, len, M_NOWAIT)) == NULL)
		return (NULL);
	m->m_nextpkt = NULL;
	sb->sb_cc -= imin(len, total);
	sbsetfirst(sb, next, rest);
	sbcheck(sb);
	return (m);
}
