/* SPDX-License-Identifier: MIT */
/*
 * names.c - libc's functions by families, each called by its name
 *
 *     names FAMILY
 *
 * Prints what they answer, as the corner cases do. It is built with _FORTIFY_SOURCE, so that some
 * go by their other names. The tree is that of symbols.bats: file, dir with a, b, and new and only/
 * (which only upper has), gone (which upper hides), link -> file.
 */
#include "corner.h"

#include <ftw.h>
#include <glob.h>
#include <mntent.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <utime.h>

/* What programs made before glibc 2.33 call; libraries still have it, headers do not. */
extern int __xstat(int version, const char *path, struct stat *st);
extern int __lxstat(int version, const char *path, struct stat *st);
extern int __fxstat(int version, int fd, struct stat *st);
extern int __fxstatat(int version, int fd, const char *path, struct stat *st, int flags);
extern int __xmknod(int version, const char *path, mode_t mode, dev_t *dev);

static void ask(void)
{
	struct stat st;
	struct statx stx;
	struct statvfs vfs;
	struct statfs fs;
	int fd = open("dir/new", O_RDONLY | O_CLOEXEC);

	for (const char *const *p = (const char *const[]){"dir/new", "gone", "link", NULL}; *p;
	     p++) {
		DO(stat(*p, &st));
		DO(lstat(*p, &st));
		DO(fstatat(AT_FDCWD, *p, &st, 0));
		DO(statx(AT_FDCWD, *p, 0, STATX_BASIC_STATS, &stx));
		DO(__xstat(1, *p, &st));
		DO(__lxstat(1, *p, &st));
		DO(__fxstatat(1, AT_FDCWD, *p, &st, AT_SYMLINK_NOFOLLOW));
		DO(access(*p, R_OK));
		DO(euidaccess(*p, R_OK));
		DO(faccessat(AT_FDCWD, *p, R_OK, 0));
		DO(faccessat(AT_FDCWD, *p, R_OK, AT_EACCESS));
		DO(statvfs(*p, &vfs));
		DO(statfs(*p, &fs));
		DO(pathconf(*p, _PC_NAME_MAX));
		DO(ftok(*p, 7) ==
		   (key_t)(7u << 24 | (st.st_dev & 0xff) << 16 | (st.st_ino & 0xffff)));
	}
	DO(vfs.f_bsize == (unsigned long)fs.f_bsize &&
	   vfs.f_namemax == (unsigned long)fs.f_namelen);
	DO(fstat(fd, &st));
	say_stat("fstat", &st);
	DO(__fxstat(1, fd, &st));
	say_stat("__fxstat", &st);
	DO(fstatvfs(fd, &vfs));
	DO(fstatfs(fd, &fs));
	DO(stat("dir/new", NULL));
}

static void say_path(const char *what, char *path)
{
	say("%s: %s\n", what, path ? path : strerrorname_np(errno));
}

static void where(void)
{
	char cwd[PATH_MAX];
	char small[2];
	volatile size_t n = sizeof(small); /* the compiler is not to know */
	char *r;

	say_path("realpath", realpath("link", cwd));
	say_path("realpath", realpath("dir/../dir//new", NULL));
	say_path("realpath", realpath("gone", NULL));
	say_path("realpath", realpath("", NULL));
	say_path("canonicalize", canonicalize_file_name("."));
	DO(chdir("dir/only"));
	say_path("getcwd", getcwd(cwd, sizeof(cwd)));
	say_path("getcwd", getcwd(NULL, 0));
	say_path("getcwd", getcwd(NULL, 300));
	say_path("getcwd", getcwd(small, n));
	say_path("getcwd", getcwd(cwd, 0 * n));
	r = get_current_dir_name();
	say_path("get_current_dir_name", r);
	DO(setenv("PWD", "../back/only", 1));
	say_path("get_current_dir_name", get_current_dir_name());
	DO(setenv("PWD", "..", 1));
	say_path("get_current_dir_name", get_current_dir_name());
	DO(fchdir(open("../..", O_RDONLY)));
	n = (size_t)readlink("link", cwd, sizeof(cwd));
	say("readlink: %.*s\n", (int)n, cwd);
	n = (size_t)readlinkat(AT_FDCWD, "link", cwd, sizeof(cwd));
	say("readlinkat: %.*s\n", (int)n, cwd);
}

static void line_of(FILE *f)
{
	char line[64] = "";

	if (!f) {
		say("no stream: %s\n", strerrorname_np(errno));
		return;
	}
	say("line: %s", fgets(line, sizeof(line), f) ? line : "none\n");
	fclose(f);
}

static void write_as(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	say("fopen %s %s: %s\n", path, mode, f ? "open" : strerrorname_np(errno));
	if (!f)
		return;
	fprintf(f, "as %s\n", mode);
	fclose(f);
	content(path);
}

static void streams(void)
{
	FILE *f;

	line_of(fopen("dir/new", "r"));
	line_of(fopen("dir/new", "re"));
	line_of(fopen("gone", "r"));
	line_of(setmntent("dir/new", "r"));
	line_of(setmntent("gone", "r"));
	line_of(fopen("file", "?"));
	write_as("file", "r");
	write_as("file", "r+");
	write_as("file", "a");
	write_as("dir/a", "a+");
	write_as("dir/b", "w");
	write_as("dir/made", "wx");
	write_as("dir/made", "wx");
	f = fopen("file", "r");
	f = freopen("dir/new", "r", f);
	line_of(f);
	f = fopen("file", "r");
	f = freopen("dir/again", "w", f);
	DO(f != NULL && fprintf(f, "again\n"));
	DO(fclose(f));
	content("dir/again");
	line_of(freopen("gone", "r", fopen("file", "r")));
	f = tmpfile();
	DO(f != NULL && fprintf(f, "temporary\n"));
	rewind(f);
	line_of(f);
}

static int is_letter(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int told(const char *path, const struct stat *st, int what, struct FTW *at)
{
	say("%s %d %ld %d %d\n", path, what, S_ISREG(st->st_mode) ? (long)st->st_size : 0, at->base,
	    at->level);
	return 0;
}

static int stop_at(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st, (void)what, (void)at;
	return strcmp(path, "dir/sub") ? 0 : -7;
}

static int told_old(const char *path, const struct stat *st, int what)
{
	(void)st;
	say("%s %d\n", path, what);
	return 0;
}

/* A walk's order is the file system's: lines are sorted by the test. */
static void walks(void)
{
	DO(nftw("dir", told, 8, FTW_PHYS));
	DO(nftw("dir/", told, 8, FTW_PHYS | FTW_DEPTH));
	DO(nftw("dir", told, 8, FTW_CHDIR));
	DO(nftw("dir", stop_at, 8, 0));
	DO(nftw("gone", told, 8, 0));
	DO(nftw("", told, 8, 0));
	DO(nftw("file", told, 8, 0));
	DO(ftw("dir", told_old, 8));
	content("file"); /* the cwd is as it was */
}

static void directories(void)
{
	struct dirent **list;
	DIR *d = opendir("dir");
	struct dirent *e;
	glob_t g = {0};
	long second;
	int n;

	n = scandir("dir", &list, is_letter, alphasort);
	for (int i = 0; i < n; i++)
		say("%s %d\n", list[i]->d_name, list[i]->d_type);
	DO(scandir("gone", &list, NULL, NULL));
	DO(glob("dir/*", 0, NULL, &g));
	for (size_t i = 0; i < g.gl_pathc; i++)
		say("%s\n", g.gl_pathv[i]);
	globfree(&g);
	DO(glob("d*/[n-z]*", GLOB_MARK, NULL, &g));
	for (size_t i = 0; i < g.gl_pathc; i++)
		say("%s\n", g.gl_pathv[i]);
	DO(glob("gone*", 0, NULL, &g));
	for (n = 0; readdir(d); n++)
		;
	DO(n);
	rewinddir(d);
	readdir(d);
	second = telldir(d);
	e = readdir(d);
	seekdir(d, second);
	DO(!strcmp(readdir(d)->d_name, e->d_name));
	DO(dirfd(d) >= 0);
	DO(closedir(d));
	DO(opendir("gone") != NULL);
	DO(opendir("file") != NULL);
	d = fdopendir(open("dir", O_RDONLY | O_DIRECTORY));
	for (n = 0; readdir(d); n++)
		;
	DO(n);
	DO(closedir(d));
	DO(fdopendir(open("file", O_RDONLY)) != NULL);
	DO(fdopendir(-1) != NULL);
}

static void changes(void)
{
	const struct timespec ns[2] = {{1, 2}, {3, 4}};
	const struct timeval us[2] = {{5, 6}, {7, 8}};
	const struct timeval wrong[2] = {{5, 1000000}, {7, 8}};
	dev_t none = 0;
	int fd;

	DO(mkdir("dir/d", 0750));
	DO(mkdirat(AT_FDCWD, "dir/d/e", 0700));
	DO(symlink("file", "dir/s"));
	DO(symlinkat("file", AT_FDCWD, "dir/t"));
	DO(link("file", "dir/l"));
	DO(linkat(AT_FDCWD, "dir/a", AT_FDCWD, "dir/m", 0));
	DO(rename("dir/b", "dir/bb"));
	DO(renameat(AT_FDCWD, "dir/bb", AT_FDCWD, "dir/bbb"));
	DO(renameat2(AT_FDCWD, "dir/bbb", AT_FDCWD, "dir/a", RENAME_NOREPLACE));
	DO(unlink("dir/bbb"));
	DO(unlinkat(AT_FDCWD, "dir/d/e", AT_REMOVEDIR));
	DO(rmdir("dir/d"));
	DO(remove("dir/s"));
	DO(remove("dir/sub"));
	DO(remove("gone"));
	DO(mkfifo("dir/fifo", 0600));
	DO(mkfifoat(AT_FDCWD, "dir/fifo2", 0600));
	DO(mknod("dir/node", S_IFREG | 0600, 0));
	DO(__xmknod(0, "dir/node2", S_IFREG | 0600, &none));
	DO(chmod("file", 0640));
	DO(fchmodat(AT_FDCWD, "dir/a", 0604, 0));
	DO(fchmodat(AT_FDCWD, "dir/new", 0614, AT_SYMLINK_NOFOLLOW));
	DO(chown("file", -1, -1));
	DO(lchown("link", -1, -1));
	DO(fchownat(AT_FDCWD, "file", -1, -1, 0));
	DO(truncate("dir/a", 1));
	DO(creat("dir/new", 0600));
	fd = (int)DO(open("dir/sub/deep", O_RDONLY));
	DO(fchmod(fd, 0600));
	DO(fchown(fd, -1, -1));
	DO(futimens(fd, ns));
	show("dir/sub/deep");
	DO(futimes(fd, us));
	show("dir/sub/deep");
	DO(futimes(fd, wrong));
	DO(futimens(-1, ns));
	DO(lutimes("link", us));
	show("link");
	DO(utimensat(AT_FDCWD, "file", ns, 0));
	show("file");
	DO(utimes("file", us));
	DO(utime("dir/a", &(struct utimbuf){9, 10}));
	show("dir/a");
	DO(setxattr("file", "user.k", "v", 1, 0));
	DO(lsetxattr("dir/a", "user.k", "v", 1, 0));
	DO(fsetxattr(fd, "user.k", "v", 1, 0));
	DO(getxattr("file", "user.k", NULL, 0));
	DO(listxattr("dir/sub/deep", NULL, 0));
	DO(removexattr("file", "user.k"));
	DO(fremovexattr(fd, "user.k"));
}

static void say_temp(const char *what, char *name)
{
	say("%s: %zu %s\n", what, strlen(name), strstr(name, "XXXXXX") ? "as it was" : "filled in");
	show("file");
}

static void temporaries(void)
{
	char a[] = "dir/aXXXXXX";
	char b[] = "dir/bXXXXXX.c";
	char c[] = "dir/cXXXXXX";
	char d[] = "dir/dXXXXX";
	int fd = mkstemp(a);

	DO(write(fd, "x", 1));
	say_temp("mkstemp", a);
	DO(unlink(a));
	DO(mkstemps(b, 2) > 0);
	say_temp("mkstemps", b);
	DO(unlink(b));
	DO(mkdtemp(c) != NULL);
	say_temp("mkdtemp", c);
	DO(rmdir(c));
	DO(mkstemp(d));
	DO(mkdtemp(d) != NULL);
}

static void locks(void)
{
	int fd = (int)DO(open("file", O_RDWR));
	int again;

	DO(lockf(fd, F_TLOCK, 1));
	DO(lockf(fd, F_LOCK, 2));
	DO(flock(fd, LOCK_EX | LOCK_NB));
	again = (int)DO(open("file", O_RDWR));
	DO(flock(again, LOCK_EX | LOCK_NB));
	if (!fork()) {
		DO(lockf(again, F_TEST, 1));
		DO(lockf(again, F_TLOCK, 1));
		_exit(0);
	}
	wait(NULL);
	DO(lockf(fd, F_ULOCK, 0));
	DO(lockf(fd, 77, 0));
}

static void sockets(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "dir/sock"};
	struct sockaddr_un is;
	socklen_t len = sizeof(is);
	char buf[8];
	int a = socket(AF_UNIX, SOCK_DGRAM, 0);
	int b = socket(AF_UNIX, SOCK_DGRAM, 0);

	DO(bind(a, (struct sockaddr *)&at, sizeof(at)));
	DO(getsockname(a, (struct sockaddr *)&is, &len));
	say("%s\n", is.sun_path);
	DO(sendto(b, "to", 2, 0, (struct sockaddr *)&at, sizeof(at)));
	DO(connect(b, (struct sockaddr *)&at, sizeof(at)));
	DO(getpeername(b, (struct sockaddr *)&is, &len));
	say("%s\n", is.sun_path);
	DO(send(b, "sent", 4, 0));
	DO(recvfrom(a, buf, sizeof(buf), 0, (struct sockaddr *)&is, &len));
	DO(recv(a, buf, sizeof(buf), 0));
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"ask", ask},
		{"where", where},
		{"streams", streams},
		{"walks", walks},
		{"directories", directories},
		{"changes", changes},
		{"temporaries", temporaries},
		{"locks", locks},
		{"sockets", sockets},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
