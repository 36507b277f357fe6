/* SPDX-License-Identifier: MIT */
/* corner_proc SECTION - what /proc tells, and calls that are newer than most programs */
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "corner.h"

static void links(void)
{
	char path[64];
	int fd;
	int dir;

	say_link("/proc/self/cwd");
	DO(chdir("d/sub"));
	say_link("/proc/self/cwd");
	say_link("/proc/thread-self/cwd");
	DO(mkdir("new", 0755));
	DO(chdir("new"));
	say_link("/proc/self/cwd");
	DO(chdir("../../.."));
	fd = (int)DO(open("f", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say_link(path);
	DO(chmod("f", 0600));
	say_link(path);
	DO(rename("f", "moved"));
	say_link(path);
	dir = (int)DO(open("d", O_RDONLY));
	snprintf(path, sizeof(path), "/dev/fd/%d", dir);
	say_link(path);
	DO(rename("d", "dd"));
	say_link(path);
	dir = (int)DO(open("link", O_PATH | O_NOFOLLOW));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	say_link(path);
	DO(open("only2/s", O_RDONLY));
	list("/proc/self/cwd/only2");
	content("/proc/self/cwd/only2/s");
	DO(rename("/proc/self/cwd/only2/s", "/proc/self/cwd/s"));
	DO(rename("/proc/self/cwd/s", "t/s"));
	put("/proc/self/cwd/e/new", "");
	list("e");
	DO(mkdir("/proc/self/cwd", 0755));
	DO(rmdir("/proc/self/cwd"));
	DO(rename("/proc/self/cwd", "x"));
	DO(readlink("/proc/self/cwd", path, 0));
	DO(readlink("/proc/self/fd", path, 8));
	DO(readlink("/proc/self/fd/99", path, 8));
	say_link("/proc/self/root");
}

static void say_fd_link(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say_link(path);
}

/* A file of several names is told by the one that it was opened by. */
static void names(void)
{
	int h1 = (int)DO(open("h1", O_RDONLY));
	int h2 = (int)DO(open("h2", O_RDONLY));
	int h3 = (int)DO(open("d/h3", O_PATH));
	int again = (int)DO(dup(h2));
	int other = (int)DO(open("d/h3", O_RDONLY));

	DO(lseek(h2, 3, SEEK_SET));
	DO(flock(other, LOCK_SH));
	put("h1", "through the first");
	for (int i = 0; i < 3; i++) {
		say_fd_link(h1);
		say_fd_link(h2);
		say_fd_link(h3);
		say_fd_link(again);
		say_fd_link(other);
		show_fd(h2);
		content_fd(h2);
		content_fd(other);
		DO(lseek(again, 0, SEEK_CUR));
		DO(flock(h1, LOCK_EX | LOCK_NB));
		if (i)
			DO(rename("d", "dd"));
		else
			DO(rename("h2", "d/h2"));
	}
	DO(unlink("dd/h3"));
	say_fd_link(h3);
	say_fd_link(other);
	show_fd(other);
	show("h1");
}

/* Wherever they have gone meanwhile, they are told by the names that they had. */
static void removed_directories(void)
{
	int lower = (int)DO(open("empty", O_RDONLY | O_DIRECTORY));
	int again;
	int born;

	DO(rmdir("empty"));
	DO(mkdir("empty", 0500));
	again = (int)DO(open("empty", O_PATH));
	DO(rmdir("empty"));
	DO(mkdir("born", 0700));
	born = (int)DO(open("born", O_RDONLY | O_DIRECTORY));
	DO(rename("e", "born"));
	DO(mkdir("born/new", 0700));
	DO(chdir("born/new"));
	DO(mkdir("../new2", 0700));
	DO(rename("../new2", "../new"));
	say_fd_link(lower);
	say_fd_link(again);
	say_fd_link(born);
	say_link("/proc/self/cwd");
}

/* What "/proc/self/@name" tells of the mapped files of the tree, read from @fd. */
static void say_maps(const char *name, int fd)
{
	const char *pwd = getenv("PWD");
	FILE *f = fdopen(dup(fd), "r");
	char line[8192];
	char numbers[64];
	unsigned major_;
	unsigned minor_;
	unsigned long ino;
	struct stat st;

	while (fgets(line, sizeof(line), f)) {
		char *path = strstr(line, pwd);
		bool told;

		if (!path)
			continue;
		path += strlen(pwd) + 1;
		path[strcspn(path, "\n")] = '\0';
		told = sscanf(line, "%*s %*s %*s %x:%x %lu", &major_, &minor_, &ino) == 3 &&
		       !stat(path, &st);
		snprintf(numbers, sizeof(numbers), "%s",
			 !told							    ? "-"
			 : st.st_ino == ino && st.st_dev == makedev(major_, minor_) ? "same"
										    : "another");
		say("%s: %s %s\n", name, path, numbers);
	}
	fclose(f);
}

static void say_all_maps(void)
{
	int fd;

	fd = (int)DO(open("/proc/self/maps", O_RDONLY));
	say_maps("maps", fd);
	DO(lseek(fd, 0, SEEK_SET));
	say_maps("again", fd);
	DO(fcntl(fd, F_GETFL) & O_ACCMODE);
	DO(fcntl(fd, F_GETFD));
	DO(close(fd));
	fd = (int)DO(openat(open("/proc/thread-self", O_PATH), "smaps", O_RDONLY | O_CLOEXEC));
	say_maps("smaps", fd);
	DO(fcntl(fd, F_GETFD));
	if (access("/proc/self/numa_maps", R_OK))
		return;
	fd = (int)DO(open("/proc/self/numa_maps", O_RDONLY));
	say_maps("numa_maps", fd);
}

/* Every mapping of a file of the tree has its name in the tree, and that file's number. */
static void maps(void)
{
	int fd = (int)DO(open("t/sparse", O_RDWR));
	int g = (int)DO(open("d/g", O_RDONLY));
	int new = (int)DO(open("t/new\nfile =\\", O_RDWR | O_CREAT, 0600));

	DO(ftruncate(new, 10));
	DO(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	DO(mmap(NULL, 3, PROT_READ, MAP_PRIVATE, g, 0) != MAP_FAILED);
	DO(mmap(NULL, 3, PROT_READ, MAP_PRIVATE, new, 0) != MAP_FAILED);
	say_all_maps();
	DO(chmod("d/g", 0644));
	DO(rename("t", "tt"));
	say_all_maps();
	DO(rename("tt/new\nfile =\\", "other"));
	DO(unlink("d/g"));
	DO(unlink("tt/sparse"));
	say_all_maps();
	DO(symlink("f", "d/g"));
	say_all_maps();
}

static void say_statx(int at, const char *path, int flags, unsigned mask)
{
	struct statx st;

	memset(&st, 0, sizeof(st));
	if (syscall(SYS_statx, at, path, flags, mask, &st)) {
		say("statx %s: %s\n", path, strerrorname_np(errno));
		return;
	}
	say("statx %s: mask %x mode %o n=%u %u:%u s=%lld b=%u m=%lld attr %d dev %s\n", path,
	    st.stx_mask & STATX_BASIC_STATS, st.stx_mode, S_ISDIR(st.stx_mode) ? 0 : st.stx_nlink,
	    st.stx_uid, st.stx_gid, S_ISDIR(st.stx_mode) ? 0 : (long long)st.stx_size,
	    st.stx_blksize, st.stx_mtime.tv_sec < 1500000000 ? (long long)st.stx_mtime.tv_sec : -1,
	    (int)(st.stx_attributes & STATX_ATTR_MOUNT_ROOT), st.stx_dev_major ? "yes" : "no");
}

static void statx_all(void)
{
	int fd = (int)DO(open("f", O_RDONLY));
	int dir = (int)DO(open("d", O_PATH));

	for (int i = 0; i < 2; i++) {
		say_statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME);
		say_statx(AT_FDCWD, "f", 0, STATX_MODE);
		say_statx(AT_FDCWD, "f", 0, 0);
		say_statx(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_ALL);
		say_statx(AT_FDCWD, "link", 0, STATX_ALL);
		say_statx(AT_FDCWD, "link", AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_ALL);
		say_statx(AT_FDCWD, "d", AT_STATX_FORCE_SYNC, STATX_ALL);
		say_statx(dir, "g", 0, STATX_ALL);
		say_statx(dir, "", AT_EMPTY_PATH, STATX_ALL);
		say_statx(fd, "", AT_EMPTY_PATH, STATX_ALL);
		say_statx(fd, "", 0, STATX_ALL);
		say_statx(fd, "x", 0, STATX_ALL);
		say_statx(AT_FDCWD, "", AT_EMPTY_PATH, STATX_ALL);
		say_statx(AT_FDCWD, "nothing", 0, STATX_ALL);
		say_statx(AT_FDCWD, "f/", 0, STATX_ALL);
		say_statx(AT_FDCWD, "f", 0x40, STATX_ALL);
		say_statx(AT_FDCWD, "f", AT_STATX_DONT_SYNC | AT_STATX_FORCE_SYNC, STATX_ALL);
		say_statx(AT_FDCWD, "f", 0, 0x80000000U);
		DO(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_ALL, NULL));
		DO(syscall(SYS_statx, AT_FDCWD, NULL, 0, STATX_ALL, (struct statx[1]){0}));
		put("f", "changed");
		DO(chmod("d", 0711));
		DO(chmod("d/g", 0611));
	}
}

static void faccessat2_all(void)
{
	int dir = (int)DO(open("d", O_PATH));
	int fd = (int)DO(open("d/g", O_RDONLY));

	for (int i = 0; i < 2; i++) {
		DO(syscall(SYS_faccessat2, dir, "g", R_OK, 0));
		DO(syscall(SYS_faccessat2, dir, "g", X_OK, 0));
		DO(syscall(SYS_faccessat2, dir, "g", W_OK | R_OK, AT_EACCESS));
		DO(syscall(SYS_faccessat2, dir, "g", 8, 0));
		DO(syscall(SYS_faccessat2, dir, "g", F_OK, 0x800));
		DO(syscall(SYS_faccessat2, dir, "", R_OK, AT_EMPTY_PATH));
		DO(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
		DO(syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH));
		DO(syscall(SYS_faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
		DO(syscall(SYS_faccessat2, AT_FDCWD, "dangling", F_OK, 0));
		DO(syscall(SYS_faccessat2, AT_FDCWD, "f/", F_OK, 0));
		DO(syscall(SYS_faccessat, AT_FDCWD, "f", W_OK));
		DO(syscall(SYS_faccessat2, 99, "g", R_OK, 0));
		DO(syscall(SYS_faccessat2, fd, "g", R_OK, 0));
		DO(chmod("d/g", 0711));
	}
}

static void fchmodat2_all(void)
{
	int dir = (int)DO(open("d", O_PATH));
	int link_ = (int)DO(open("link", O_PATH | O_NOFOLLOW));

	DO(syscall(SYS_fchmodat2, dir, "g", 0604, 0));
	show("d/g");
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "link", 0600, AT_SYMLINK_NOFOLLOW));
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "link", 0600, 0));
	show("f");
	show("link");
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "f", 0640, AT_SYMLINK_NOFOLLOW));
	show("f");
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "h1", 0640, 0x800));
	DO(syscall(SYS_fchmodat2, dir, "", 0750, AT_EMPTY_PATH));
	show("d");
	DO(syscall(SYS_fchmodat2, link_, "", 0600, AT_EMPTY_PATH));
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "nothing", 0600, 0));
	DO(syscall(SYS_fchmodat2, AT_FDCWD, "", 0600, 0));
	DO(syscall(SYS_fchmodat, AT_FDCWD, "h1", 07777));
	show("h2");
	DO(syscall(SYS_fchmodat, AT_FDCWD, "fifo", 0600));
	show("fifo");
}

struct xattr_args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static void xattrat(void)
{
	char buf[64] = "";
	struct xattr_args set = {(uintptr_t) "blue", 4, 0};
	struct xattr_args get = {(uintptr_t)buf, sizeof(buf), 0};
	int dir = (int)DO(open("d", O_PATH));
	int fd = (int)DO(open("f", O_RDONLY));

	DO(syscall(SYS_getxattrat, dir, "g", 0, "user.color", &get, sizeof(get)));
	DO(syscall(SYS_setxattrat, dir, "g", 0, "user.new", &set, sizeof(set)));
	DO(syscall(SYS_getxattrat, dir, "g", 0, "user.new", &get, sizeof(get)));
	say_bytes(buf, 4);
	say("\n");
	set.flags = XATTR_CREATE;
	DO(syscall(SYS_setxattrat, dir, "g", 0, "user.new", &set, sizeof(set)));
	set.flags = XATTR_REPLACE;
	DO(syscall(SYS_setxattrat, dir, "g", 0, "user.no", &set, sizeof(set)));
	set.flags = 7;
	DO(syscall(SYS_setxattrat, dir, "g", 0, "user.no", &set, sizeof(set)));
	set.flags = 0;
	DO(syscall(SYS_setxattrat, fd, "", AT_EMPTY_PATH, "user.fd", &set, sizeof(set)));
	DO(syscall(SYS_getxattrat, AT_FDCWD, "f", 0, "user.fd", &get, sizeof(get)));
	DO(syscall(SYS_setxattrat, dir, "", AT_EMPTY_PATH, "user.dir", &set, sizeof(set)));
	DO(syscall(SYS_getxattrat, dir, "", AT_EMPTY_PATH, "user.dir", &get, sizeof(get)));
	DO(syscall(SYS_listxattrat, dir, "g", 0, NULL, 0L) > 0);
	DO(syscall(SYS_listxattrat, dir, "nothing", 0, NULL, 0L));
	DO(syscall(SYS_removexattrat, dir, "g", 0, "user.color"));
	DO(syscall(SYS_removexattrat, dir, "g", 0, "user.color"));
	DO(syscall(SYS_removexattrat, fd, "", AT_EMPTY_PATH, "user.fd"));
	DO(syscall(SYS_setxattrat, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, "user.x", &set,
		   sizeof(set)));
	DO(syscall(SYS_setxattrat, AT_FDCWD, "link", 0, "user.x", &set, sizeof(set)));
	DO(getxattr("f", "user.x", NULL, 0));
	DO(syscall(SYS_setxattrat, AT_FDCWD, "f", 0, "user.x", &set, 8L));
	DO(syscall(SYS_setxattrat, AT_FDCWD, "f", 0x40, "user.x", &set, sizeof(set)));
}

/* Arguments that no kernel takes, of objects that are there and that are not. */
static void bad_arguments(void)
{
	static const char *const name[] = {"f", "nothing"};
	struct timespec bad[2] = {{0, 2000000000}, {0, 0}};
	struct timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
	struct timespec now[2] = {{9, UTIME_NOW}, {9, UTIME_OMIT}};
	struct stat st;

	for (int i = 0; i < 2; i++) {
		const char *n = name[i];

		DO(syscall(SYS_newfstatat, AT_FDCWD, n, &st, 0x40));
		DO(syscall(SYS_newfstatat, AT_FDCWD, n, &st, AT_NO_AUTOMOUNT));
		DO(syscall(SYS_fchownat, AT_FDCWD, n, -1, -1, 0x40));
		DO(syscall(SYS_fchownat, AT_FDCWD, n, -1, -1, AT_SYMLINK_FOLLOW));
		DO(syscall(SYS_utimensat, AT_FDCWD, n, NULL, 0x40));
		DO(syscall(SYS_utimensat, AT_FDCWD, n, bad, 0));
		DO(syscall(SYS_utimensat, AT_FDCWD, n, omit, 0));
		DO(syscall(SYS_utimensat, AT_FDCWD, n, now, 0));
		DO(syscall(SYS_unlinkat, AT_FDCWD, n, 1));
		DO(syscall(SYS_linkat, AT_FDCWD, n, AT_FDCWD, "d/new", 1));
		DO(syscall(SYS_renameat2, AT_FDCWD, n, AT_FDCWD, "d/new", 64));
		DO(syscall(SYS_access, n, 8));
		DO(syscall(SYS_access, n, -1));
		DO(syscall(SYS_mknodat, AT_FDCWD, "new", S_IFDIR | 0755, 0));
		DO(syscall(SYS_mknodat, AT_FDCWD, n, 0170000, 0));
		DO(syscall(SYS_truncate, n, -1L));
		DO(syscall(SYS_truncate, "d", 0));
		DO(syscall(SYS_truncate, "fifo", 0));
		DO(syscall(SYS_readlink, n, (char[4]){0}, -1));
		DO(syscall(SYS_readlink, n, (char[4]){0}, 4));
		DO(syscall(SYS_execveat, AT_FDCWD, n, NULL, NULL, 0x40));
		DO(syscall(SYS_chroot, n));
		DO(syscall(SYS_name_to_handle_at, AT_FDCWD, n, NULL, NULL, 0x40));
		DO(open(n, O_RDONLY | O_DIRECTORY));
		DO(open(n, O_WRONLY | O_DIRECTORY | O_CREAT, 0644));
		DO(open(n, O_TMPFILE, 0644));
		DO(open("d", O_WRONLY));
		DO(open("d", O_RDONLY | O_TRUNC));
		DO(open("d", O_RDONLY | O_CREAT | O_DIRECTORY, 0644));
		DO(open("d/", O_RDONLY | O_CREAT, 0644));
		DO(open("dangling/", O_RDONLY | O_CREAT, 0644));
		DO(open("fifo", O_WRONLY | O_NONBLOCK));
		DO(open("fifo", O_RDONLY | O_TRUNC | O_NONBLOCK) >= 0);
		DO(syscall(SYS_setxattr, n, "user.x", "y", 1, 9));
		DO(syscall(SYS_setxattr, n, "user.x", "y", 100000, 0));
		DO(syscall(SYS_setxattr, n, NULL, "y", 1, 0));
		DO(syscall(SYS_fchdir, 99));
		DO(syscall(SYS_fchmod, 99, 0600));
		DO(syscall(SYS_fstat, 99, &st));
		DO(syscall(SYS_openat, 99, n, O_RDONLY));
		DO(syscall(SYS_chown, n, -1, -1));
		DO(syscall(SYS_getdents64, 99, NULL, 0));
		DO(syscall(SYS_open, (void *)1, O_RDONLY));
		DO(syscall(SYS_open, NULL, O_RDONLY));
		DO(syscall(SYS_stat, n, NULL));
		DO(syscall(SYS_mkdir, NULL, 0755));
		DO(syscall(SYS_rename, n, NULL));
		DO(syscall(SYS_getcwd, NULL, 100L));
	}
	list(".");
}

static void unknown_calls(void)
{
	char params[256] = "";

	DO(syscall(SYS_io_uring_setup, 0, NULL) == -1);
	DO(syscall(500, 0, 0, 0));
	DO(syscall(SYS_close_range, 90, 99, 0));
	DO(syscall(SYS_close_range, 99, 90, 0));
	DO(syscall(SYS_close_range, 90, 99, 64));
	DO(params[0]);
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"links", links},
		{"names", names},
		{"removed_directories", removed_directories},
		{"maps", maps},
		{"statx_all", statx_all},
		{"faccessat2_all", faccessat2_all},
		{"fchmodat2_all", fchmodat2_all},
		{"xattrat", xattrat},
		{"bad_arguments", bad_arguments},
		{"unknown_calls", unknown_calls},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
