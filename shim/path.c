/* SPDX-License-Identifier: MIT */
#include "path.h"

int ovl_path_set(struct ovl_path *p, const char *text, size_t n)
{
	if (n >= sizeof(p->buf))
		return -ENAMETOOLONG;
	memmove(p->buf, text, n);
	p->len = (unsigned)n;
	p->buf[n] = '\0';
	return 0;
}

int ovl_path_add(struct ovl_path *p, const char *text, size_t n)
{
	if (p->len + n >= sizeof(p->buf))
		return -ENAMETOOLONG;
	memcpy(p->buf + p->len, text, n);
	p->len += (unsigned)n;
	p->buf[p->len] = '\0';
	return 0;
}

int ovl_path_push(struct ovl_path *p, const char *name, size_t n)
{
	size_t sep = !p->len || p->buf[p->len - 1] != '/';

	if (n > NAME_MAX || p->len + sep + n >= sizeof(p->buf))
		return -ENAMETOOLONG;
	if (sep)
		p->buf[p->len++] = '/';
	memcpy(p->buf + p->len, name, n);
	p->len += (unsigned)n;
	p->buf[p->len] = '\0';
	return 0;
}

void ovl_path_cut(struct ovl_path *p, unsigned len)
{
	p->len = len;
	p->buf[len] = '\0';
}

unsigned ovl_path_base(const struct ovl_path *p)
{
	unsigned i = p->len;

	while (i && p->buf[i - 1] != '/')
		i--;
	return i;
}

void ovl_path_pop(struct ovl_path *p)
{
	unsigned base = ovl_path_base(p);

	ovl_path_cut(p, base > 1 ? base - 1 : 1);
}

struct ovl_part ovl_path_next(const char **at)
{
	struct ovl_part part = {0};
	const char *s = *at;

	while (*s == '/')
		s++;
	part.name = s;
	while (*s && *s != '/')
		s++;
	part.n = (size_t)(s - part.name);
	part.slash = *s == '/';
	while (*s == '/')
		s++;
	part.last = !*s;
	*at = s;
	return part;
}

bool ovl_path_below(const char *path, size_t n, const char *dir, size_t dn)
{
	if (dn == 1)
		return n && path[0] == '/';
	return n >= dn && !memcmp(path, dir, dn) && (n == dn || path[dn] == '/');
}
