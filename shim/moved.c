/* SPDX-License-Identifier: MIT */
#include "moved.h"

#include "ops.h"
#include "replay.h"
#include "view.h"

#define LONG	  (64 * 1024) /* bytes of renames that are followed one by one without regret */
#define ROUND	  24	      /* bytes of NULs and other names that a rename takes at most */
#define MEANWHILE (OVL_MOVES_SIZE / 8)

/* ovl_session's moves_now */
static const char *list_of(uint64_t now)
{
	return ovl_ss->moves[now >> 32];
}

static uint32_t used_of(uint64_t now)
{
	return (uint32_t)now;
}

static uint64_t now(void)
{
	return __atomic_load_n(&ovl_ss->moves_now, __ATOMIC_ACQUIRE);
}

/* The list that is not valid. */
static uint64_t other_of(uint64_t list)
{
	return (list >> 32 ^ 1) << 32;
}

/* The part of a path of the view, or of a lower, that is below the root. */
static unsigned root_len(void)
{
	return ovl_ss->root.len == 1 ? 0 : ovl_ss->root.len;
}

/* @p, at or below @from (of @n bytes, like @to below the root), goes below @to instead. */
static int follow_one(struct ovl_path *p, size_t n, const char *to)
{
	unsigned root = root_len();
	size_t to_len = strlen(to);
	size_t tail = p->len - root - n;

	if (root + to_len + tail >= sizeof(p->buf))
		return -ENAMETOOLONG;
	memmove(p->buf + root + to_len, p->buf + root + n, tail + 1);
	memcpy(p->buf + root, to, to_len);
	p->len = (unsigned)(root + to_len + tail);
	return 0;
}

bool ovl_moved_any(void)
{
	return used_of(now());
}

int ovl_moved_follow(struct ovl_path *p)
{
	uint64_t gen = __atomic_load_n(&ovl_ss->moves_gen, __ATOMIC_ACQUIRE);
	uint64_t list = now();
	unsigned root = root_len();
	const char *at = list_of(list);
	const char *end = at + used_of(list);

	while (at < end) {
		const char *from = at;
		size_t n = strlen(from);
		const char *to = from + n + 1;

		/* Where another list is being written to there is no telling what it looks like. */
		if (to >= end)
			return OVL_AGAIN;
		at = to + strlen(to) + 1;
		if (p->len > root && ovl_path_below(p->buf + root, p->len - root, from, n)) {
			int err = follow_one(p, n, to);

			if (err)
				return err;
		}
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return gen == __atomic_load_n(&ovl_ss->moves_gen, __ATOMIC_RELAXED) ? 0 : OVL_AGAIN;
}

/* The list gives way to a shorter one. Who dies of it leaves the old one, or the new one. */
static void make_shorter(void)
{
	uint64_t list = now();
	uint64_t other = other_of(list);
	long n;

	__atomic_store_n(&ovl_ss->moves_next, 0, __ATOMIC_RELEASE);
	/* Whoever reads the list that was valid before this one has to begin again. */
	__atomic_fetch_add(&ovl_ss->moves_gen, 1, __ATOMIC_SEQ_CST);
	n = ovl_replay(list_of(list), used_of(list), ovl_ss->moves[other >> 32], OVL_MOVES_SIZE);
	if (n >= 0 && (uint64_t)n < used_of(list)) {
		list = other | (uint64_t)n;
		__atomic_store_n(&ovl_ss->moves_now, list, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&ovl_ss->moves_short, used_of(list), __ATOMIC_RELEASE);
}

int ovl_moved_room(size_t from, size_t to)
{
	uint32_t used = used_of(now());
	uint32_t since = used - ovl_ss->moves_short;
	size_t need = 3 * (from + to) + ROUND;

	if ((since > LONG && since > ovl_ss->moves_short) ||
	    (used + need > OVL_MOVES_SIZE && since > MEANWHILE))
		make_shorter();
	return used_of(now()) + need > OVL_MOVES_SIZE ? -ENOSPC : 0;
}

static void add(const char *from, const char *to)
{
	size_t n = strlen(from) + 1;
	size_t m = strlen(to) + 1;
	char *at = ovl_ss->moves[now() >> 32] + ovl_ss->moves_next;

	memcpy(at, from, n);
	memcpy(at + n, to, m);
	ovl_ss->moves_next += (uint32_t)(n + m);
}

void ovl_moved_begin(const struct ovl_move *m)
{
	static const char aside[] = "//"; /* no clean path begins so */
	const char *from = m->from + root_len();
	const char *to = m->to + root_len();

	/* Until moves_ino is that of the object, who dies has not moved anything. */
	__atomic_store_n(&ovl_ss->moves_ino, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&ovl_ss->moves_next, used_of(now()), __ATOMIC_RELEASE);
	if (!m->from_low)
		add(OVL_MOVES_MADE, from);
	if (m->exchange && !m->to_low)
		add(OVL_MOVES_MADE, to);
	/* An exchange takes three steps, by way of a name that no path has. */
	if (m->exchange) {
		add(from, aside);
		add(to, from);
		add(aside, to);
	} else {
		add(from, to);
	}
	__atomic_store_n(&ovl_ss->moves_ino, m->ino, __ATOMIC_RELEASE);
}

void ovl_moved_end(bool done)
{
	uint64_t list = now();

	if (done && ovl_ss->moves_next > used_of(list))
		__atomic_store_n(&ovl_ss->moves_now, list >> 32 << 32 | ovl_ss->moves_next,
				 __ATOMIC_RELEASE);
	else
		__atomic_store_n(&ovl_ss->moves_next, used_of(list), __ATOMIC_RELEASE);
}

void ovl_moved_recover(void)
{
	uint64_t list = now();
	const char *to = list_of(list) + ovl_ss->moves_next;
	struct statx st;

	if (ovl_ss->moves_next <= used_of(list))
		return;
	for (to--; to > list_of(list) && to[-1]; to--)
		;
	ovl_moved_end(ovl_ss->moves_ino && *to && !ovl_upper_statx(to + 1, &st) &&
		      st.stx_ino == ovl_ss->moves_ino);
}
