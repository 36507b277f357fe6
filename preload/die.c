/* SPDX-License-Identifier: MIT */
#include "die.h"
#include "ovl_base.h"
#include "sys.h"

#define MESSAGE_MAX 400

struct line {
	size_t len;
	char buf[MESSAGE_MAX];
};

static void add(struct line *l, const char *s)
{
	size_t n = strlen(s);
	size_t room = sizeof(l->buf) - 1 - l->len;

	n = n < room ? n : room;
	memcpy(l->buf + l->len, s, n);
	l->len += n;
}

static void add_number(struct line *l, long v)
{
	char digits[24];
	char *p = digits + sizeof(digits) - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	add(l, p);
}

void ovl_die(const char *what, const char *why, long err)
{
	struct line l = {0};

	add(&l, "ovlrun: ");
	add(&l, what);
	add(&l, ": ");
	add(&l, why);
	if (err > 0) {
		add(&l, " (errno ");
		add_number(&l, err);
		add(&l, ")");
	}
	l.buf[l.len++] = '\n';
	(void)ovl_sys(__NR_write, 2, l.buf, l.len); /* nobody is left to tell */
	for (;;)
		(void)ovl_sys(__NR_exit_group, OVL_EXIT_REFUSED);
}
