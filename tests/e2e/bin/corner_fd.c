/* SPDX-License-Identifier: MIT */
/* corner_fd SECTION - descriptors of lower files, and what is changed through them */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "corner.h"

static char *proc(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void read_then_written(void)
{
	int r = (int)DO(open("f", O_RDONLY | O_CLOEXEC));
	int n = (int)DO(open("f", O_RDONLY | O_NONBLOCK));
	int r2 = (int)DO(dup(r));
	int p = (int)DO(open("f", O_PATH));
	char buf[16];
	int w;

	DO(read(r, buf, 2));
	w = (int)DO(open("f", O_RDWR));
	DO(write(w, "WRITTEN\n", 8));
	content_fd(r);
	content_fd(r2);
	content_fd(n);
	DO(lseek(r, 0, SEEK_CUR));
	DO(lseek(r2, 0, SEEK_CUR));
	DO(lseek(n, 0, SEEK_CUR));
	DO(read(r2, buf, 3)); /* dup shares the position still */
	DO(lseek(r, 0, SEEK_CUR));
	DO(fcntl(r, F_GETFD));
	DO(fcntl(r2, F_GETFD));
	DO(fcntl(n, F_GETFL) & ~O_LARGEFILE);
	DO(fcntl(r, F_GETFL) & ~O_LARGEFILE);
	DO(fcntl(p, F_GETFL) == O_PATH);
	DO(write(r, "x", 1));
	show_fd(r);
	show_fd(p);
	same_fd(r, "f");
	same_fd(p, "f");
	DO(ftruncate(w, 3));
	content_fd(r);
	DO(unlink("f"));
	DO(pwrite(w, "gone", 4, 0));
	content_fd(r);
	show_fd(r);
	show_fd(p);
	DO(close(w));
	content_fd(n);
}

static void other_ways_to_write(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int g = (int)DO(open("d/g", O_RDONLY));
	int h = (int)DO(open("h1", O_RDONLY));
	int fd;

	DO(truncate("f", 2));
	content_fd(r);
	fd = (int)DO(open("d/g", O_WRONLY | O_TRUNC));
	content_fd(g);
	show_fd(g);
	DO(write(fd, "new", 3));
	content_fd(g);
	fd = (int)DO(open("h2", O_WRONLY | O_APPEND)); /* another name of the same file */
	DO(write(fd, "+", 1));
	content_fd(h);
	same_fd(h, "h1");
	same_fd(h, "h2");
	DO(rename("d/g", "moved"));
	fd = (int)DO(open("moved", O_WRONLY));
	DO(write(fd, "N", 1));
	content_fd(g);
}

static void renamed_then_written(void)
{
	int r = (int)DO(open("d/sub/three", O_RDONLY));
	int d = (int)DO(open("d/sub", O_RDONLY | O_DIRECTORY));
	int fd;

	DO(rename("d", "e/d"));
	fd = (int)DO(open("e/d/sub/three", O_WRONLY | O_APPEND));
	DO(write(fd, "more", 4));
	content_fd(r);
	DO(fchmod(r, 0600));
	show("e/d/sub/three");
	DO(unlinkat(d, "three", 0));
	show_fd(r);
	content_fd(r);
	list_fd(d);
}

static void change(int fd)
{
	struct timespec t[2] = {{1000000, 5}, {2000000, 7}};
	char buf[32];
	unsigned long flags = 0;
	struct fsxattr x;

	DO(fchmod(fd, 0640));
	DO(fchown(fd, getuid(), getgid()));
	DO(fsetxattr(fd, "user.corner", "value", 5, 0));
	DO(fsetxattr(fd, "user.corner", "value", 5, XATTR_CREATE));
	DO(fsetxattr(fd, "user.other", "value", 5, XATTR_REPLACE));
	DO(fgetxattr(fd, "user.corner", buf, sizeof(buf)));
	DO(fremovexattr(fd, "user.color"));
	DO(fremovexattr(fd, "user.color"));
	DO(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	flags |= FS_NODUMP_FL;
	DO(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	flags = 0;
	DO(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	DO(flags & FS_NODUMP_FL);
	DO(ioctl(fd, FS_IOC_FSGETXATTR, &x));
	DO(x.fsx_xflags & FS_XFLAG_NODUMP);
	x.fsx_xflags = 0;
	DO(ioctl(fd, FS_IOC_FSSETXATTR, &x));
	DO(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	DO(flags & FS_NODUMP_FL);
	DO(futimens(fd, t));
	DO(ftruncate(fd, 1));
	DO(syscall(SYS_fallocate, fd, 0, 0, 10));
	DO(write(fd, "x", 1));
	show_fd(fd);
}

static void change_read_only(void)
{
	int fd = (int)DO(open("d/g", O_RDONLY));

	change(fd);
	show("d/g");
	content("d/g");
	DO(getxattr("d/g", "user.corner", NULL, 0));
}

static void change_hard_link(void)
{
	change((int)DO(open("h2", O_RDONLY)));
	show("h1");
	show("h2");
	same("h1", "h2");
}

static void change_directory(void)
{
	int fd = (int)DO(open("d", O_RDONLY | O_DIRECTORY));

	change(fd);
	show("d");
	list_fd(fd);
}

/* An O_PATH descriptor refuses these itself; AT_EMPTY_PATH and /proc do them. */
static void change_path(int fd)
{
	struct timespec t[2] = {{1000000, 5}, {2000000, 7}};
	char name[32];
	char buf[32];

	snprintf(name, sizeof(name), "%s", proc(fd));
	change(fd);
	DO(fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH));
	DO(syscall(SYS_fchmodat2, fd, "", 0604, AT_EMPTY_PATH));
	show_fd(fd);
	DO(syscall(SYS_fchmodat2, fd, "", 0604, 0));
	DO(utimensat(fd, "", t, AT_EMPTY_PATH));
	show_fd(fd);
	DO(syscall(SYS_utimensat, fd, NULL, t, 0)); /* what futimens does */
	DO(chmod(name, 0611));
	DO(chown(name, getuid(), getgid()));
	DO(lchown(name, getuid(), getgid()));
	DO(setxattr(name, "user.corner", "v", 1, 0));
	DO(lsetxattr(name, "user.corner", "v", 1, 0));
	DO(getxattr(name, "user.corner", buf, sizeof(buf)));
	DO(removexattr(name, "user.color"));
	DO(truncate(name, 2));
	show_fd(fd);
}

static void change_o_path(void)
{
	change_path((int)DO(open("d/g", O_PATH)));
	show("d/g");
	content("d/g");
}

static void change_o_path_directory(void)
{
	change_path((int)DO(open("d", O_PATH)));
	show("d");
}

static void change_o_path_symlink(void)
{
	struct timespec t[2] = {{1000000, 5}, {2000000, 7}};
	int fd = (int)DO(open("link", O_PATH | O_NOFOLLOW));
	char buf[64];

	change(fd);
	DO(readlinkat(fd, "", buf, sizeof(buf)));
	DO(fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH));
	DO(syscall(SYS_fchmodat2, fd, "", 0604, AT_EMPTY_PATH));
	DO(utimensat(fd, "", t, AT_EMPTY_PATH));
	show_fd(fd);
	show("link");
	show("f");
}

/* The object has lost its name: what is changed is seen by nobody else. */
static void change_removed(void)
{
	int fd = (int)DO(open("d/g", O_RDONLY));
	int p = (int)DO(open("f", O_PATH));

	DO(unlink("d/g"));
	DO(unlink("f"));
	DO(fchmod(fd, 0640));
	show_fd(fd);
	DO(fsetxattr(fd, "user.corner", "value", 5, 0));
	DO(fgetxattr(fd, "user.corner", NULL, 0));
	content_fd(fd);
	DO(syscall(SYS_fchmodat2, p, "", 0604, AT_EMPTY_PATH));
	show_fd(p);
	DO(open(proc(fd), O_RDONLY) >= 0);
}

static void reopen(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int p = (int)DO(open("d/g", O_PATH));
	int w;

	w = (int)DO(open(proc(r), O_WRONLY));
	DO(write(w, "THROUGH", 7));
	content("f");
	content_fd(r);
	same_fd(w, "f");
	w = (int)DO(open(proc(p), O_RDWR | O_TRUNC));
	DO(write(w, "p", 1));
	content("d/g");
	show_fd(p);
	DO(open(proc(p), O_WRONLY | O_EXCL | O_CREAT, 0600));
	DO(open(proc(p), O_RDONLY | O_NOFOLLOW));
	DO(open(proc(r), O_RDONLY | O_DIRECTORY));
}

/* The name is another file's now: the descriptor's link leads to the old one. */
static void reopen_replaced(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int h = (int)DO(open("h1", O_RDONLY));
	int p = (int)DO(open("d/g", O_PATH));
	struct stat st;
	int fd;

	put("f.new", "replaced");
	DO(rename("f.new", "f"));
	fd = (int)DO(open(proc(r), O_RDONLY));
	content_fd(fd);
	DO(stat(proc(r), &st));
	say_stat("stat", &st);
	DO(access(proc(r), W_OK));
	DO(linkat(r, "", AT_FDCWD, "l1", AT_EMPTY_PATH));
	DO(linkat(AT_FDCWD, proc(r), AT_FDCWD, "l1", AT_SYMLINK_FOLLOW));
	fd = (int)DO(open(proc(r), O_WRONLY));
	DO(write(fd, "OLD", 3));
	content_fd(r);
	content("f");
	DO(chmod(proc(r), 0400));
	show_fd(r);
	DO(unlink("h1"));
	put("h1", "another");
	fd = (int)DO(open(proc(h), O_WRONLY));
	DO(write(fd, "HARD", 4));
	content("h2");
	content("h1");
	content_fd(h);
	DO(fchmod(h, 0640));
	show("h2");
	show("d/h3");
	show_fd(h);
	DO(linkat(AT_FDCWD, proc(h), AT_FDCWD, "h4", AT_SYMLINK_FOLLOW));
	show("h4");
	same("h4", "h2");
	DO(rename("d/g", "away"));
	put("d/g", "another");
	fd = (int)DO(open(proc(p), O_RDWR));
	show_fd(fd);
	DO(unlink("away"));
	DO(syscall(SYS_fchmodat2, p, "", 0600, AT_EMPTY_PATH));
	show_fd(p);
	fd = (int)DO(open(proc(p), O_RDONLY));
	content_fd(fd);
	content("d/g");
}

/* /dev/stdin and friends */
static void devices(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int fd;

	DO(dup2(r, 0));
	DO(dup2(r, 63));
	fd = (int)DO(open("/dev/stdin", O_RDONLY));
	content_fd(fd);
	fd = (int)DO(open("/dev/fd/63", O_WRONLY));
	DO(write(fd, "63", 2));
	content_fd(63);
	content_fd(0);
	content("f");
	fd = (int)DO(open("/proc/thread-self/fd/63", O_WRONLY | O_APPEND));
	DO(write(fd, "ts", 2));
	content("f");
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"read_then_written", read_then_written},
		{"other_ways_to_write", other_ways_to_write},
		{"renamed_then_written", renamed_then_written},
		{"change_read_only", change_read_only},
		{"change_hard_link", change_hard_link},
		{"change_directory", change_directory},
		{"change_o_path", change_o_path},
		{"change_o_path_directory", change_o_path_directory},
		{"change_o_path_symlink", change_o_path_symlink},
		{"change_removed", change_removed},
		{"reopen", reopen},
		{"reopen_replaced", reopen_replaced},
		{"devices", devices},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
