/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "upmark.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void push(struct ovl_stack *s, int fd, int layer, bool dot_wh)
{
	s->fd[s->n] = fd;
	s->layer[s->n] = (unsigned char)layer;
	s->dot_wh[s->n] = dot_wh;
	s->n++;
}

int ovl_stack_open(const char *const *path, int n, struct ovl_stack *ret)
{
	ret->n = 0;
	ret->root = ret;
	for (int i = 0; i < n; i++) {
		int fd;

		if (!path[i])
			continue;
		fd = open(path[i], DIR_FLAGS);
		if (fd < 0) {
			int err = -errno;

			ovl_stack_close(ret);
			return err;
		}
		push(ret, fd, i, ovl_upmark_dot_wh(fd, "."));
	}
	return 0;
}

void ovl_stack_room(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r); /* a deeper tree is trouble then */
	}
}

void ovl_stack_close(struct ovl_stack *s)
{
	for (int i = 0; i < s->n; i++)
		close(s->fd[i]);
	s->n = 0;
}

enum look { NOTHING, WHITEOUT, THERE };

/* Does a .wh. file of directory @i of @s hide what those below have as @name? */
static bool is_hidden(const struct ovl_stack *s, int i, const char *name)
{
	return s->dot_wh[i] && ovl_upmark_hides(s->fd[i], name);
}

/* What directory @i of @s says of @name. */
static int look(const struct ovl_stack *s, int i, const char *name, struct stat *ret)
{
	bool missing = fstatat(s->fd[i], name, ret, AT_SYMLINK_NOFOLLOW) != 0;

	if (missing && errno != ENOENT && errno != ENAMETOOLONG)
		return -errno;
	if (missing || (s->dot_wh[i] && ovl_upmark_is_file(name, ret)))
		return is_hidden(s, i, name) ? WHITEOUT : NOTHING;
	return ovl_upmark_whiteout(ret) ? WHITEOUT : THERE;
}

int ovl_stack_find(const struct ovl_stack *s, const char *name, struct ovl_found *ret)
{
	for (int i = 0; i < s->n; i++) {
		int seen = look(s, i, name, &ret->st);

		if (seen < 0)
			return seen;
		if (seen == WHITEOUT)
			return -ENOENT;
		if (seen == THERE) {
			ret->at = s->fd[i];
			ret->layer = s->layer[i];
			return 0;
		}
	}
	return -ENOENT;
}

/* The part of @s below layer @layer; descriptors are borrowed. */
static void below(const struct ovl_stack *s, int layer, struct ovl_stack *ret)
{
	ret->root = s->root;
	ret->n = 0;
	for (int i = 0; i < s->n; i++) {
		if (s->layer[i] > layer)
			push(ret, s->fd[i], s->layer[i], s->dot_wh[i]);
	}
}

/* Add to @ret what the layers below @layer have where a redirect @text of @s points. */
static int follow(const struct ovl_stack *s, int layer, const char *text, struct ovl_stack *ret)
{
	struct ovl_stack rest;
	struct ovl_stack more;
	int err;

	below(text[0] == '/' ? s->root : s, layer, &rest);
	err = ovl_stack_walk(&rest, text, &more);
	if (err)
		return err;
	for (int i = 0; i < more.n; i++)
		push(ret, more.fd[i], more.layer[i], more.dot_wh[i]);
	return 0;
}

/* Fill @ret with the directories @name of @s, until something ends the search. */
static int gather(const struct ovl_stack *s, const char *name, struct ovl_stack *ret)
{
	char text[PATH_MAX];

	for (int i = 0; i < s->n; i++) {
		struct stat st;
		int seen = look(s, i, name, &st);
		int fd;

		if (seen < 0)
			return seen;
		if (seen == NOTHING)
			continue;
		if (seen == WHITEOUT || !S_ISDIR(st.st_mode))
			return 0;
		fd = openat(s->fd[i], name, DIR_FLAGS);
		if (fd < 0)
			return -errno;
		push(ret, fd, s->layer[i], s->dot_wh[i]);
		if (ovl_upmark_opaque(fd, s->dot_wh[i]))
			return 0;
		if (ovl_upmark_redirect(fd, text, sizeof(text)))
			return follow(s, s->layer[i], text, ret);
		if (is_hidden(s, i, name))
			return 0;
	}
	return 0;
}

int ovl_stack_child(const struct ovl_stack *s, const char *name, struct ovl_stack *ret)
{
	struct ovl_stack child = {.root = s->root};
	int err = gather(s, name, &child);

	if (err) {
		ovl_stack_close(&child);
		return err;
	}
	*ret = child;
	return 0;
}

/* A stack of its own with the same directories. */
static int copy(const struct ovl_stack *s, struct ovl_stack *ret)
{
	ret->root = s->root;
	ret->n = 0;
	for (int i = 0; i < s->n; i++) {
		int fd = fcntl(s->fd[i], F_DUPFD_CLOEXEC, 0);

		if (fd < 0) {
			int err = -errno;

			ovl_stack_close(ret);
			return err;
		}
		push(ret, fd, s->layer[i], s->dot_wh[i]);
	}
	return 0;
}

int ovl_stack_walk(const struct ovl_stack *s, const char *path, struct ovl_stack *ret)
{
	struct ovl_stack here;
	int err = copy(s, &here);

	while (!err) {
		struct ovl_stack next;
		char name[NAME_MAX + 1];
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (!n) {
			*ret = here;
			return 0;
		}
		if (n > NAME_MAX) {
			ovl_stack_close(&here);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		err = ovl_stack_child(&here, name, &next);
		ovl_stack_close(&here);
		if (!err)
			here = next;
	}
	return err;
}
