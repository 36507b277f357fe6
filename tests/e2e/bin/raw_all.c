/* SPDX-License-Identifier: MIT */
/*
 * raw_all: every call that the guard does not let through, made raw
 *
 *   raw_all names   which ones: a directory of that name is expected in the cwd, with a file f
 *                   that has the xattr user.t, a symlink l to it and a directory d
 *   raw_all         all but an administrator's; prints what each answered
 *   raw_all admin   the others, with arguments that do no harm if the kernel gets them: says
 *                   which got there
 *   raw_all core    may core files be written? By the calls that allow it
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../shim/nr.h"
#include "ovl_guard.h"
#include "raw.h"

#define UNKNOWN 99999 /* no recipe */

static const struct {
	const char *name;
	long nr;
	int guard;
} calls[] = {
#define ROW(name, guard, ...) {#name, __NR_##name, OVL_G_##guard},
#include "../../../shim/systab.def"
#include "../../../shim/systab_legacy.def"
};

static int read_only(void)
{
	return open("f", O_RDONLY | O_CLOEXEC);
}

static long do_open(void)
{
	long r = raw(SYS_open, "new", O_CREAT | O_WRONLY, 0600);

	raw(SYS_open, "f", O_RDONLY | O_TRUNC);
	return r < 0 ? r : raw(SYS_write, raw(SYS_open, "f", O_RDWR | O_APPEND), "more\n", 5);
}

static long do_openat(void)
{
	long r = raw(SYS_openat, AT_FDCWD, "new", O_CREAT | O_EXCL, 0600);

	raw(SYS_openat, AT_FDCWD, "d", O_TMPFILE | O_WRONLY, 0600);
	return r < 0 ? r : raw(SYS_write, raw(SYS_openat, AT_FDCWD, "l", O_WRONLY), "X", 1);
}

static long do_openat2(void)
{
	struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0600};
	long fd = raw(__NR_openat2, AT_FDCWD, "new", &how, sizeof(how));

	return fd < 0 ? fd : raw(SYS_write, fd, "X", 1);
}

static long do_bind(void)
{
	struct sockaddr_un a = {AF_UNIX, "s"};

	return raw(SYS_bind, socket(AF_UNIX, SOCK_STREAM, 0), &a, sizeof(a));
}

static long do_ioctl(void)
{
	int fd = read_only();
	int flags = 0;
	long r = ioctl(fd, FS_IOC_GETFLAGS, &flags);

	flags |= FS_NODUMP_FL;
	return r ? 0 : raw(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags);
}

static long do_setxattrat(void)
{
	struct {
		const void *value;
		unsigned size;
		unsigned flags;
	} args = {"2", 1, 0};

	return raw(__NR_setxattrat, AT_FDCWD, "f", 0, "user.t", &args, sizeof(args));
}

static long do_file_setattr(void)
{
	unsigned attr[6] = {FS_XFLAG_NODUMP};

	return raw(__NR_file_setattr, AT_FDCWD, "f", attr, sizeof(attr), 0);
}

static long do_exec(long nr)
{
	char *argv[] = {"true", NULL};
	char *envp[] = {NULL};
	int status;
	pid_t pid = fork();

	if (!pid && nr == SYS_execve)
		_exit((int)-raw(nr, "/bin/true", argv, envp));
	if (!pid)
		_exit((int)-raw(nr, AT_FDCWD, "/bin/true", argv, envp, 0));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

/* To somebody else when that is allowed. */
static long owner(void)
{
	return geteuid() ? geteuid() : 1;
}

static long call(long nr)
{
	const long times[4] = {1000000000, 5, 1000000001, 6};
	const unsigned long limits[2] = {0};
	const long at = AT_FDCWD;

	switch (nr) {
	case __NR_open:
		return do_open();
	case __NR_openat:
		return do_openat();
	case __NR_openat2:
		return do_openat2();
	case __NR_creat:
		return raw(nr, "f", 0644) < 0 ? -1 : 0;
	case __NR_truncate:
		return raw(nr, "f", 1);
	case __NR_mkdir:
		return raw(nr, "d/new", 0755);
	case __NR_mkdirat:
		return raw(nr, at, "d/new", 0755);
	case __NR_mknod:
		return raw(nr, "new", S_IFIFO | 0600, 0);
	case __NR_mknodat:
		return raw(nr, at, "new", S_IFIFO | 0600, 0);
	case __NR_symlink:
		return raw(nr, "f", "new");
	case __NR_symlinkat:
		return raw(nr, "f", at, "new");
	case __NR_link:
		return raw(nr, "f", "new");
	case __NR_linkat:
		return raw(nr, at, "f", at, "new", 0);
	case __NR_unlink:
		return raw(nr, "d");
	case __NR_unlinkat:
		return raw(nr, at, "f", 0);
	case __NR_rmdir:
		return raw(nr, "d");
	case __NR_rename:
		return raw(nr, "d", "new");
	case __NR_renameat:
		return raw(nr, at, "f", at, "new");
	case __NR_renameat2:
		return raw(nr, at, "f", at, "l", RENAME_EXCHANGE);
	case __NR_chmod:
		return raw(nr, "f", 0600);
	case __NR_fchmod:
		return raw(nr, read_only(), 0600);
	case __NR_fchmodat:
		return raw(nr, at, "f", 0600);
	case __NR_fchmodat2:
		return raw(nr, at, "f", 0600, 0);
	case __NR_chown:
	case __NR_lchown:
		return raw(nr, "f", owner(), -1);
	case __NR_fchown:
		return raw(nr, read_only(), owner(), -1);
	case __NR_fchownat:
		return raw(nr, at, "f", owner(), -1, 0);
	case __NR_utime:
	case __NR_utimes:
		return raw(nr, "f", times);
	case __NR_futimesat:
		return raw(nr, at, "f", times);
	case __NR_utimensat:
		return raw(nr, read_only(), NULL, times, 0);
	case __NR_setxattr:
	case __NR_lsetxattr:
		return raw(nr, "f", "user.t", "2", 1, 0);
	case __NR_fsetxattr:
		return raw(nr, read_only(), "user.t", "2", 1, 0);
	case __NR_removexattr:
	case __NR_lremovexattr:
		return raw(nr, "f", "user.t");
	case __NR_fremovexattr:
		return raw(nr, read_only(), "user.t");
	case __NR_setxattrat:
		return do_setxattrat();
	case __NR_removexattrat:
		return raw(nr, at, "f", 0, "user.t");
	case __NR_file_setattr:
		return do_file_setattr();
	case __NR_ioctl:
		return do_ioctl();
	case __NR_prlimit64:
		return raw(nr, 0, RLIMIT_CORE, limits, NULL);
	case __NR_setrlimit:
		return raw(nr, RLIMIT_CORE, limits);
	case __NR_bind:
		return do_bind();
	case __NR_execve:
	case __NR_execveat:
		return do_exec(nr);
	default:
		return UNKNOWN;
	}
}

static bool is_admins(long nr)
{
	switch (nr) {
	case __NR_chroot:
	case __NR_open_by_handle_at:
	case __NR_io_uring_setup:
	case __NR_swapon:
	case __NR_swapoff:
	case __NR_acct:
	case __NR_uselib:
	case __NR_quotactl:
	case __NR_quotactl_fd:
	case __NR_mount:
	case __NR_umount2:
	case __NR_pivot_root:
	case __NR_open_tree:
	case __NR_move_mount:
	case __NR_fspick:
	case __NR_open_tree_attr:
	case __NR_mount_setattr:
		return true;
	default:
		return false;
	}
}

static long call_admin(long nr)
{
	unsigned long attr[4] = {0};
	char params[120] = "";
	char handle[64] = {8, 0, 0, 0, 1};

	switch (nr) {
	case __NR_chroot:
		return raw(nr, "d");
	case __NR_open_by_handle_at:
		return raw(nr, AT_FDCWD, handle, O_RDWR);
	case __NR_io_uring_setup:
		return raw(nr, 4, params);
	case __NR_mount:
		return raw(nr, "none", "d", "no such", 0, "");
	case __NR_quotactl_fd:
		return raw(nr, open("d", O_RDONLY), 0x80000700, 0, params);
	case __NR_quotactl:
		return raw(nr, 0x80000700, "f", 0, params); /* Q_GETINFO */
	case __NR_pivot_root:
		return raw(nr, "d", "d");
	case __NR_open_tree:
		return raw(nr, AT_FDCWD, "d", 1); /* OPEN_TREE_CLONE */
	case __NR_open_tree_attr:
		return raw(nr, AT_FDCWD, "d", 1, attr, sizeof(attr));
	case __NR_move_mount:
		return raw(nr, AT_FDCWD, "d", AT_FDCWD, "d", 0);
	case __NR_fspick:
		return raw(nr, AT_FDCWD, "d", 0);
	case __NR_mount_setattr:
		return raw(nr, AT_FDCWD, "d", 0, attr, sizeof(attr));
	default:
		return raw(nr, "d", 0);
	}
}

/* In a process of its own. Returns whether it ended as it should. */
static bool run(const char *name, long nr, bool admin)
{
	int status;
	pid_t pid = fork();
	long r;

	if (!pid) {
		if (chdir(name))
			_exit(2);
		r = admin ? call_admin(nr) : call(nr);
		if (!admin)
			printf("%s: %ld\n", name, r);
		else if (r != -EPERM && r != -ENOSYS && r != -EOPNOTSUPP)
			printf("%s was the kernel's: %ld\n", name, r);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		printf("%s: status %#x\n", name, status);
	return !status;
}

static int allow_core(void)
{
	const unsigned long any[2] = {RLIM_INFINITY, RLIM_INFINITY};

	printf("prlimit64: %ld\n", raw(SYS_prlimit64, 0, RLIMIT_CORE, any, NULL));
	printf("setrlimit: %ld\n", raw(SYS_setrlimit, RLIMIT_CORE, any));
	return 0;
}

int main(int argc, char **argv)
{
	bool admin = argc > 1 && !strcmp(argv[1], "admin");
	bool names = argc > 1 && !strcmp(argv[1], "names");
	bool good = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "core"))
		return allow_core();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long nr = calls[i].nr;

		if (calls[i].guard == OVL_G_FREE)
			continue;
		if (names) {
			puts(calls[i].name);
			continue;
		}
		if (is_admins(nr) == admin)
			good &= run(calls[i].name, nr, admin);
	}
	return !good;
}
