/* SPDX-License-Identifier: MIT */
#include "systab.h"

#include "fault.h"
#include "fixture.h"
#include "marks.h"

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	cr_assert_eq(setxattr(in(W_LOW(1), "d/f"), "user.mine", "value", 5, 0), 0);
}

TestSuite(xattr, .init = start, .fini = world_end);

static char value[256];

static long set(const char *rel, const char *name, int flags)
{
	return view(SYS_setxattr, at(rel), name, "new", 3, flags);
}

static long get(const char *rel, const char *name)
{
	memset(value, 0, sizeof(value));
	return view(SYS_getxattr, at(rel), name, value, sizeof(value) - 1);
}

Test(xattr, a_programs_own_are_read_from_the_lower)
{
	cr_expect(eq(long, get("d/f", "user.mine"), 5));
	cr_expect(eq(str, value, (char *)"value"));
	cr_expect(eq(long, get("d/f", "user.none"), -ENODATA));
	cr_expect(eq(long, get("d/missing", "user.mine"), -ENOENT));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(xattr, setting_copies_up_and_keeps_the_others)
{
	cr_expect(eq(long, set("d/f", "user.more", 0), 0));
	cr_expect(eq(long, get("d/f", "user.more"), 3));
	cr_expect(eq(long, get("d/f", "user.mine"), 5));
	cr_expect(eq(long, getxattr(in(W_LOW(1), "d/f"), "user.more", value, 9), -1));
	cr_expect(eq(str, text_of(W_UP, "d/f"), (char *)"low"));
}

Test(xattr, removing_copies_up_and_the_lower_keeps_it)
{
	cr_expect(eq(long, view(SYS_removexattr, at("d/f"), "user.mine"), 0));
	cr_expect(eq(long, get("d/f", "user.mine"), -ENODATA));
	cr_expect(eq(long, getxattr(in(W_LOW(1), "d/f"), "user.mine", value, 9), 5));
}

Test(xattr, what_cannot_succeed_copies_nothing)
{
	cr_expect(eq(long, view(SYS_removexattr, at("d/f"), "user.none"), -ENODATA));
	cr_expect(eq(long, set("d/f", "user.mine", 1 /* XATTR_CREATE */), -EEXIST));
	cr_expect(eq(long, set("d/f", "user.none", 2 /* XATTR_REPLACE */), -ENODATA));
	cr_expect(not(is_there(W_UP, "d")));
}

/* Is @name among the names listed for @rel? */
static bool is_listed(const char *rel, const char *name)
{
	char list[512];
	long n = view(SYS_listxattr, at(rel), list, sizeof(list));

	cr_assert(ge(long, n, 0));
	cr_expect(eq(long, view(SYS_listxattr, at(rel), 0, 0), n));
	for (char *s = list; s < list + n; s += strlen(s) + 1) {
		if (!strcmp(s, name))
			return true;
	}
	return false;
}

Test(xattr, what_can_have_none_has_none_whatever_the_rights)
{
	long fd;

	cr_assert_eq(mknod(in(W_UP, "s"), S_IFSOCK, 0), 0);
	cr_assert_eq(mkfifo(in(W_UP, "p"), 0600), 0);
	announce("s", true);
	announce("p", true);
	fd = view(SYS_openat, AT_FDCWD, at("p"), O_RDWR);
	cr_assert_geq(fd, 0);
	chmod(in(W_UP, "p"), 0);
	w.ss->overrides = 1;
	fault_set(__NR_geteuid, FAULT_EACH, 1000);
	cr_expect(eq(long, get("s", "user.a"), -ENODATA));
	cr_expect(eq(long, view(SYS_fgetxattr, fd, "user.a", value, sizeof(value)), -ENODATA));
	close((int)fd);
}

Test(xattr, ours_are_neither_listed_nor_read)
{
	long fd;

	cr_expect(eq(long, set("d/f", "user.more", 0), 0));
	cr_expect(ge(long, getxattr(in(W_UP, "d/f"), OVL_XATTR_ORIGIN, value, 99), 1));
	cr_expect(not(is_listed("d/f", OVL_XATTR_ORIGIN)));
	cr_expect(is_listed("d/f", "user.mine"));
	cr_expect(is_listed("d/f", "user.more"));
	cr_expect(eq(long, get("d/f", OVL_XATTR_ORIGIN), -ENODATA));
	fd = view(SYS_openat, AT_FDCWD, at("d/f"), O_RDONLY);
	cr_expect(eq(long, view(SYS_fgetxattr, fd, OVL_XATTR_ORIGIN, value, 99), -ENODATA));
	cr_expect(eq(long, view(SYS_flistxattr, fd, 0, 0),
		     sizeof("user.mine") + sizeof("user.more")));
}

Test(xattr, the_mark_of_an_opaque_directory_is_not_shown)
{
	put_opaque(W_UP, "o");
	cr_expect(not(is_listed("o", "user.overlay.opaque")));
	cr_expect(eq(long, get("o", "user.overlay.opaque"), -ENODATA));
}

Test(xattr, a_list_that_does_not_fit_is_erange)
{
	char list[8];

	cr_expect(eq(long, view(SYS_listxattr, at("d/f"), list, sizeof(list)), -ERANGE));
	cr_expect(eq(long, view(SYS_listxattr, at("d/f"), list, sizeof("user.mine") - 1), -ERANGE));
}

Test(xattr, a_list_longer_than_the_workspace_is_told_whole)
{
	char name[200];
	long n = sizeof("user.mine");

	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "user.%0*d", 150 + i, i);
		if (setxattr(in(W_LOW(1), "d/f"), name, "", 0, 0))
			break; /* ext4 keeps them in one block */
		n += (long)strlen(name) + 1;
	}
	fault_set(__NR_llistxattr, 1, -ERANGE); /* as if it did not fit the workspace */
	cr_expect(eq(long, view(SYS_listxattr, at("d/f"), 0, 0), n));
	cr_expect(eq(uint, fault_count(__NR_munmap), 1));
}

Test(xattr, symlinks_are_followed_or_not_as_the_call_says)
{
	put_link(W_LOW(1), "l", "d/f");
	cr_expect(eq(long, get("l", "user.mine"), 5));
	cr_expect(eq(long, view(SYS_lgetxattr, at("l"), "user.mine", value, 99), -ENODATA));
	cr_expect(eq(long, view(SYS_lsetxattr, at("l"), "user.mine", "x", 1, 0), -EPERM));
	cr_expect(not(is_there(W_UP, "l")));
	cr_expect(eq(long, set("l", "user.more", 0), 0));
	cr_expect(is_there(W_UP, "d/f"));
}

Test(xattr, a_read_only_descriptor_of_a_lower_file_changes_the_copy)
{
	long fd = view(SYS_openat, AT_FDCWD, at("d/f"), O_RDONLY);

	cr_expect(eq(long, view(SYS_fsetxattr, fd, "user.more", "x", 1, 0), 0));
	cr_expect(eq(long, get("d/f", "user.more"), 1));
	cr_expect(eq(long, getxattr(in(W_LOW(1), "d/f"), "user.more", value, 9), -1));
	fd = view(SYS_openat, AT_FDCWD, at("d/f"), O_PATH);
	cr_expect(eq(long, view(SYS_fsetxattr, fd, "user.more", "x", 1, 0), -EBADF));
}

Test(xattr, a_read_only_session_says_erofs)
{
	w.ss->flags = OVL_S_READ_ONLY;
	w.ss->layer[0].path = (struct ovl_str){0};
	cr_expect(eq(long, set("d/f", "user.more", 0), -EROFS));
	cr_expect(eq(long, get("d/f", "user.mine"), 5));
}

Test(xattr, only_writers_set_users_attributes)
{
	if (geteuid())
		cr_skip_test("takes another user");
	chmod(in(W_UP, ""), 0777);
	chmod(in(W_WORK, ""), 0777);
	cr_assert_eq(seteuid(65534), 0);
	cr_expect(eq(long, set("d/f", "user.more", 0), -EACCES));
	cr_expect(not(is_there(W_UP, "d")));
}

Test(xattr, a_full_upper_is_told)
{
	fault_set(__NR_setxattr, 1, -ENOSPC);
	cr_expect(eq(long, set("d/f", "user.more", 0), -ENOSPC));
}
