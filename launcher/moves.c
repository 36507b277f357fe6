/* SPDX-License-Identifier: MIT */
#include "moves.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

struct ovl_move {
	char *from;
	char *to;
	char aside[24]; /* the name that no path has */
};

void ovl_moves_add(struct ovl_moves *m, const char *from, const char *to)
{
	m->move = ovl_must(realloc(m->move, (m->n + 1) * sizeof(*m->move)));
	m->move[m->n++] =
		(struct ovl_move){.from = ovl_must(strdup(from)), .to = ovl_must(strdup(to))};
}

char *ovl_moves_origin(const struct ovl_moves *m, const char *path, size_t n)
{
	const char *from = "";
	size_t best = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t len = strlen(m->move[i].to);

		if (len > best && len <= n && !memcmp(path, m->move[i].to, len) &&
		    (len == n || path[len] == '/')) {
			from = m->move[i].from;
			best = len;
		}
	}
	return ovl_text("%s%.*s", from, (int)(n - best), path + best);
}

/* A deeper directory's path is longer than those of all that it lies in. */
static int deepest_first(const void *a, const void *b)
{
	size_t x = strlen(((const struct ovl_move *)a)->from);
	size_t y = strlen(((const struct ovl_move *)b)->from);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int deepest_last(const void *a, const void *b)
{
	size_t x = strlen(((const struct ovl_move *)a)->to);
	size_t y = strlen(((const struct ovl_move *)b)->to);

	return x < y ? -1 : x > y ? 1 : 0;
}

/* The session's first list is the valid one. */
static int put(struct ovl_session *ss, const char *from, const char *to)
{
	size_t f = strlen(from) + 1;
	size_t t = strlen(to) + 1;

	if (ss->moves_now + f + t > OVL_MOVES_SIZE)
		return -ENOSPC;
	memcpy(ss->moves[0] + ss->moves_now, from, f);
	memcpy(ss->moves[0] + ss->moves_now + f, to, t);
	ss->moves_now += f + t;
	ss->moves_next = ss->moves_short = (uint32_t)ss->moves_now;
	return 0;
}

int ovl_moves_finish(struct ovl_moves *m, struct ovl_session *ss)
{
	int err = 0;

	if (m->n)
		qsort(m->move, m->n, sizeof(*m->move), deepest_first);
	for (size_t i = 0; i < m->n && !err; i++) {
		struct ovl_move *one = &m->move[i];

		(void)snprintf(one->aside, sizeof(one->aside), "//%zu", i); /* it fits */
		err = put(ss, one->from, one->aside);
	}
	if (m->n)
		qsort(m->move, m->n, sizeof(*m->move), deepest_last);
	for (size_t i = 0; i < m->n; i++) {
		if (!err)
			err = put(ss, m->move[i].aside, m->move[i].to);
		free(m->move[i].from);
		free(m->move[i].to);
	}
	free(m->move);
	*m = (struct ovl_moves){0};
	return err;
}
