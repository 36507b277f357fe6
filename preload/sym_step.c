/* SPDX-License-Identifier: MIT */
/*
 * sym_step.c - posix_spawn_file_actions_*(): they collect what a child is to do
 */
#include "sym_spawn.h"

static int add(struct ovl_steps *t, struct ovl_step step)
{
	if (t->n == t->room) {
		int room = t->room + 8;
		void *more = ovl_sym_realloc(t->step, (size_t)room * sizeof(*t->step));

		if (!more)
			return ENOMEM;
		t->step = more;
		t->room = room;
	}
	t->step[t->n++] = step;
	return 0;
}

/* With a path, which the caller may do away with. */
static int add_path(struct ovl_steps *t, struct ovl_step step, const char *path)
{
	size_t n = strlen(path) + 1;
	int err;

	step.path = ovl_sym_malloc(n);
	if (!step.path)
		return ENOMEM;
	memcpy(step.path, path, n);
	err = add(t, step);
	if (err)
		ovl_sym_free(step.path);
	return err;
}

SYM(int, posix_spawn_file_actions_init, struct ovl_steps *t)
{
	memset(t, 0, sizeof(*t));
	return 0;
}

SYM(int, posix_spawn_file_actions_destroy, struct ovl_steps *t)
{
	for (int i = 0; i < t->n; i++)
		ovl_sym_free(t->step[i].path);
	ovl_sym_free(t->step);
	return 0;
}

SYM(int, posix_spawn_file_actions_addclose, struct ovl_steps *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_step){.kind = OVL_STEP_CLOSE, .fd = fd});
}

SYM(int, posix_spawn_file_actions_adddup2, struct ovl_steps *t, int fd, int to)
{
	if (fd < 0 || to < 0)
		return EBADF;
	return add(t, (struct ovl_step){.kind = OVL_STEP_DUP2, .fd = fd, .to = to});
}

SYM(int, posix_spawn_file_actions_addopen, struct ovl_steps *t, int fd, const char *path, int flags,
    unsigned mode)
{
	struct ovl_step step = {.kind = OVL_STEP_OPEN, .fd = fd, .flags = flags, .mode = mode};

	return fd < 0 ? EBADF : add_path(t, step, path);
}

SYM(int, posix_spawn_file_actions_addchdir_np, struct ovl_steps *t, const char *path)
{
	return add_path(t, (struct ovl_step){.kind = OVL_STEP_CHDIR}, path);
}
SYM_ALIAS(posix_spawn_file_actions_addchdir, posix_spawn_file_actions_addchdir_np);

SYM(int, posix_spawn_file_actions_addfchdir_np, struct ovl_steps *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_step){.kind = OVL_STEP_FCHDIR, .fd = fd});
}
SYM_ALIAS(posix_spawn_file_actions_addfchdir, posix_spawn_file_actions_addfchdir_np);

SYM(int, posix_spawn_file_actions_addclosefrom_np, struct ovl_steps *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_step){.kind = OVL_STEP_CLOSEFROM, .fd = fd});
}

SYM(int, posix_spawn_file_actions_addtcsetpgrp_np, struct ovl_steps *t, int fd)
{
	return fd < 0 ? EBADF : add(t, (struct ovl_step){.kind = OVL_STEP_TERMINAL, .fd = fd});
}
