/* SPDX-License-Identifier: MIT */
/*
 * sym_todo.c - posix_spawn_file_actions_*(): they collect what a child is to do
 */
#include "sym_spawn.h"

static int add(struct ovl_todos *t, struct ovl_todo todo)
{
	if (t->n == t->room) {
		int room = t->room + 8;
		void *more = ovl_sym_realloc(t->todo, (size_t)room * sizeof(*t->todo));

		if (!more)
			return ENOMEM;
		t->todo = more;
		t->room = room;
	}
	t->todo[t->n++] = todo;
	return 0;
}

/* With a path, which the caller may do away with. */
static int add_path(struct ovl_todos *t, struct ovl_todo todo, const char *path)
{
	size_t n = strlen(path) + 1;
	int err;

	todo.path = ovl_sym_malloc(n);
	if (!todo.path)
		return ENOMEM;
	memcpy(todo.path, path, n);
	err = add(t, todo);
	if (err)
		ovl_sym_free(todo.path);
	return err;
}

SYM(int, posix_spawn_file_actions_init, struct ovl_todos *t)
{
	memset(t, 0, sizeof(*t));
	return 0;
}

SYM(int, posix_spawn_file_actions_destroy, struct ovl_todos *t)
{
	for (int i = 0; i < t->n; i++)
		ovl_sym_free(t->todo[i].path);
	ovl_sym_free(t->todo);
	return 0;
}

SYM(int, posix_spawn_file_actions_addclose, struct ovl_todos *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_todo){.kind = OVL_TODO_CLOSE, .fd = fd});
}

SYM(int, posix_spawn_file_actions_adddup2, struct ovl_todos *t, int fd, int to)
{
	if (fd < 0 || to < 0)
		return EBADF;
	return add(t, (struct ovl_todo){.kind = OVL_TODO_DUP2, .fd = fd, .to = to});
}

SYM(int, posix_spawn_file_actions_addopen, struct ovl_todos *t, int fd, const char *path, int flags,
    unsigned mode)
{
	struct ovl_todo todo = {.kind = OVL_TODO_OPEN, .fd = fd, .flags = flags, .mode = mode};

	return fd < 0 ? EBADF : add_path(t, todo, path);
}

SYM(int, posix_spawn_file_actions_addchdir_np, struct ovl_todos *t, const char *path)
{
	return add_path(t, (struct ovl_todo){.kind = OVL_TODO_CHDIR}, path);
}
SYM_ALIAS(posix_spawn_file_actions_addchdir, posix_spawn_file_actions_addchdir_np);

SYM(int, posix_spawn_file_actions_addfchdir_np, struct ovl_todos *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_todo){.kind = OVL_TODO_FCHDIR, .fd = fd});
}
SYM_ALIAS(posix_spawn_file_actions_addfchdir, posix_spawn_file_actions_addfchdir_np);

SYM(int, posix_spawn_file_actions_addclosefrom_np, struct ovl_todos *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_todo){.kind = OVL_TODO_CLOSEFROM, .fd = fd});
}

SYM(int, posix_spawn_file_actions_addtcsetpgrp_np, struct ovl_todos *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_todo){.kind = OVL_TODO_TERMINAL, .fd = fd});
}
