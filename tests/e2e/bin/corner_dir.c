/* SPDX-License-Identifier: MIT */
/* corner_dir SECTION - names that come and go, and directories that are read meanwhile */
#include "corner.h"

static void unlink_then_exclusive(void)
{
	struct stat old;
	struct stat new;
	int held = (int)DO(open("f", O_RDONLY)); /* so that its inode is not used again */
	int fd;

	DO(stat("f", &old));
	DO(unlink("f"));
	DO(open("f", O_RDONLY));
	fd = (int)DO(open("f", O_RDWR | O_CREAT | O_EXCL, 0604));
	show_fd(fd);
	DO(stat("f", &new));
	DO(old.st_ino == new.st_ino);
	DO(open("f", O_RDWR | O_CREAT | O_EXCL, 0604));
	content_fd(held);
	show_fd(held);
	DO(unlink("f"));
	DO(open("f", O_RDWR | O_CREAT | O_EXCL, 0644) == -1);
	DO(open("link", O_RDWR | O_CREAT | O_EXCL, 0644));
	DO(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644));
	DO(open("d", O_RDWR | O_CREAT | O_EXCL, 0644));
	DO(open("d", O_RDONLY | O_CREAT, 0644));
	DO(open("dangling", O_WRONLY | O_CREAT, 0644) >= 0);
	show("nothing");
}

static void directory_anew(void)
{
	struct stat old;
	struct stat new;
	int held = (int)DO(open("d/sub/deep", O_RDONLY | O_DIRECTORY));

	DO(stat("d/sub/deep", &old));
	DO(rmdir("d/sub/deep"));
	DO(unlink("d/sub/deep/x"));
	DO(rmdir("d/sub/deep"));
	DO(mkdir("d/sub/deep", 0711));
	DO(stat("d/sub/deep", &new));
	DO(old.st_ino == new.st_ino);
	show("d/sub/deep");
	list("d/sub/deep");
	DO(open("d/sub/deep/x", O_RDONLY));
	put("d/sub/deep/y", "new");
	/* the old one is as removed as ever */
	list_fd(held);
	DO(openat(held, "y", O_RDONLY));
	DO(openat(held, "z", O_WRONLY | O_CREAT, 0644));
	DO(mkdirat(held, "z", 0755));
	DO(faccessat(held, "..", F_OK, 0));
	show("d/sub/deep");
	list("d/sub/deep");
	DO(fchdir(held));
	DO(open("y", O_RDONLY));
	DO(open("z", O_WRONLY | O_CREAT, 0644));
	DO(syscall(SYS_getcwd, (char[64]){0}, 64L));
	DO(chdir("../deep"));
	list(".");
}

static void file_and_directory(void)
{
	DO(unlink("f"));
	DO(mkdir("f", 0755));
	put("f/in", "in a directory that was a file");
	list("f");
	DO(unlink("d/sub/deep/x"));
	DO(rmdir("d/sub/deep"));
	put("d/sub/deep", "a file that was a directory");
	DO(open("d/sub/deep/x", O_RDONLY));
	DO(access("d/sub/deep/x", F_OK));
	DO(mkdir("d/sub/deep/x", 0755));
	DO(unlink("d/sub/deep/x"));
	DO(symlink("t", "d/sub/deep/x"));
	DO(chdir("d/sub/deep"));
	DO(rmdir("d/sub/deep"));
	content("d/sub/deep");
	DO(unlink("d/sub/deep"));
	DO(open("d/sub/deep/x", O_RDONLY));
	DO(mkdir("d/sub/deep", 0755));
	DO(open("d/sub/deep/x", O_RDONLY));
	list("d/sub/deep");
	DO(unlink("f/in"));
	DO(rmdir("f"));
	put("f", "a file again");
	DO(open("f/in", O_RDONLY));
	content("link");
	DO(unlink("link"));
	DO(symlink("only2", "link"));
	list("link/");
	DO(rename("only2", "x"));
	put("only2", "file");
	DO(open("link/s", O_RDONLY));
	DO(unlink("d"));
	DO(rmdir("f"));
	DO(unlink("f/"));
	DO(rmdir("sublink"));
	DO(rmdir("sublink/"));
	DO(unlink("abs/"));
	DO(rmdir("d/."));
	DO(rmdir("d/.."));
	DO(unlink("."));
	DO(unlink(""));
	DO(mkdir("x/", 0755));
	DO(mkdir("new//", 0755));
	DO(mkdir("dangling", 0755));
	DO(mkdir("dangling/", 0755));
	DO(mknod("new2/", S_IFREG | 0644, 0));
	DO(mknod("dangling", S_IFREG | 0644, 0));
	DO(symlink("", "new3"));
	DO(symlink("x", "new3/"));
	DO(unlinkat(AT_FDCWD, "x", 7));
	list(".");
}

struct raw {
	unsigned long ino;
	long off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

enum { MANY = 10000 };

static unsigned char seen[MANY + 1];

/* Delete each entry as it comes, through a buffer of two or three; makes no new ones. */
static void delete_while_reading(void)
{
	int fd = (int)DO(open("many", O_RDONLY | O_DIRECTORY));
	long count = 0;
	long twice = 0;
	long unknown = 0;
	long failed = 0;
	long n;
	char buf[64];

	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n;) {
			struct raw *e = (struct raw *)(buf + i);

			i += e->reclen;
			if (e->name[0] == '.')
				continue;
			count++;
			unknown += e->type == DT_UNKNOWN;
			twice += seen[atoi(e->name) % (MANY + 1)]++;
			failed += unlinkat(fd, e->name, 0) != 0;
		}
	}
	DO(n);
	DO(count);
	DO(twice);
	DO(unknown);
	DO(failed);
	list("many");
	DO(rmdir("many"));
	DO(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	DO(lseek(fd, 0, SEEK_SET));
	DO(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	DO(mkdir("many", 0755));
	list("many");
	list_fd(fd);
}

/* No buffer for a single entry, and none at all. */
static void small_buffers(void)
{
	int fd = (int)DO(open("d", O_RDONLY | O_DIRECTORY));
	int p = (int)DO(open("d", O_PATH));
	int f = (int)DO(open("f", O_RDONLY));
	char buf[4096];

	DO(syscall(SYS_getdents64, fd, buf, 8));
	DO(syscall(SYS_getdents64, fd, buf, 23));
	DO(syscall(SYS_getdents64, fd, NULL, 4096));
	DO(syscall(SYS_getdents64, fd, buf, 4096) > 0);
	DO(syscall(SYS_getdents64, fd, buf, 4096));
	DO(syscall(SYS_getdents64, p, buf, 4096));
	DO(syscall(SYS_getdents64, f, buf, 4096));
	DO(syscall(SYS_getdents64, 99, buf, 4096));
	put("d/new", "");
	DO(syscall(SYS_getdents64, fd, NULL, 4096) <= 0);
	DO(lseek(fd, 0, SEEK_SET));
	DO(syscall(SYS_getdents64, fd, buf, 8));
	DO(syscall(SYS_getdents64, fd, (char *)8, 4096));
	DO(syscall(SYS_getdents64, fd, buf, 4096) > 0);
	DO(lseek(fd, -1, SEEK_SET));
	DO(syscall(SYS_getdents64, p, buf, 4096));
}

/* A merged directory: each position told leads back to the entry that came after it. */
static void positions(void)
{
	static char name[MANY][8];
	static long at[MANY];
	DIR *d;
	struct dirent *e;
	long n = 0;
	long wrong = 0;

	put("many/5", "changed");
	DO(unlink("many/7"));
	d = opendir("many");
	for (;;) {
		at[n] = telldir(d);
		e = readdir(d);
		if (!e)
			break;
		snprintf(name[n++], sizeof(name[0]), "%.7s", e->d_name);
	}
	DO(n);
	for (long i = n - 1; i >= 0; i -= 37) {
		seekdir(d, at[i]);
		e = readdir(d);
		wrong += !e || strcmp(e->d_name, name[i]) != 0;
	}
	DO(wrong);
	seekdir(d, at[n]);
	DO(readdir(d) != NULL);
	put("many/new", "");
	DO(unlink("many/9"));
	rewinddir(d);
	wrong = 0;
	for (n = 0; (e = readdir(d)); n++) {
		wrong += !strcmp(e->d_name, "9");
		if (!strcmp(e->d_name, "new"))
			say("new is seen\n");
	}
	DO(n);
	DO(wrong);
	closedir(d);
}

static long rest(int fd)
{
	char buf[8192];
	long count = 0;
	long n;

	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (long i = 0; i < n; i += ((struct raw *)(buf + i))->reclen)
			count++;
	return n < 0 ? n : count;
}

static long some(int fd)
{
	char buf[64];
	long n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	long count = 0;

	for (long i = 0; i < n; i += ((struct raw *)(buf + i))->reclen)
		count++;
	return count;
}

/* dup and fork share one position; another open has its own. */
static void shared_positions(void)
{
	int fd;
	int two;
	int own;
	long n = 0;

	put("many/5", "changed");
	put("many/new", "");
	fd = (int)DO(open("many", O_RDONLY | O_DIRECTORY));
	two = (int)DO(dup(fd));
	own = (int)DO(open("many", O_RDONLY | O_DIRECTORY));
	for (int i = 0; i < 10; i++)
		n += some(i % 2 ? fd : two);
	if (!fork()) {
		char text[32];

		n = some(fd) + some(two);
		snprintf(text, sizeof(text), "%ld", n);
		put("t/n", text);
		_exit(0);
	}
	wait(NULL);
	{
		char text[32] = "";
		int t = open("t/n", O_RDONLY);

		DO(read(t, text, sizeof(text) - 1) > 0);
		close(t);
		n += atol(text);
	}
	n += rest(two);
	DO(n);
	DO(rest(fd));
	DO(rest(own));
	DO(lseek(two, 0, SEEK_SET));
	DO(rest(fd));
	DO(lseek(fd, 0, SEEK_CUR) == lseek(two, 0, SEEK_CUR));
}

static void types(void)
{
	DIR *d;
	struct dirent *e;
	struct stat st;
	long unknown = 0;
	long wrong = 0;
	long inode = 0;

	put("new", "");
	DO(mkdir("newdir", 0755));
	DO(symlink("x", "newlink"));
	DO(mkfifo("newfifo", 0644));
	DO(chmod("f", 0600));
	DO(rename("e", "moved"));
	list(".");
	d = opendir(".");
	while ((e = readdir(d))) {
		unknown += e->d_type == DT_UNKNOWN;
		if (lstat(e->d_name, &st))
			say("%s: %s\n", e->d_name, strerrorname_np(errno));
		wrong += e->d_type != IFTODT(st.st_mode);
		/* the root's .. lies outside */
		inode += e->d_ino != st.st_ino && strcmp(e->d_name, "..") != 0;
	}
	closedir(d);
	DO(unknown);
	DO(wrong);
	DO(inode);
	list("d");
	list("moved");
	list("newdir");
}

/* What is made while a directory is read may show or not; what is not touched shows once. */
static void create_while_reading(void)
{
	DIR *d = opendir("many");
	struct dirent *e;
	char name[32];
	long old = 0;
	int made = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] == 'n' || e->d_name[0] == '.')
			continue;
		old++;
		if (old % 10 == 0) {
			snprintf(name, sizeof(name), "many/n%03d", made++);
			put(name, "");
		}
		if (atoi(e->d_name) % 100 == 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	DO(old);
	rewinddir(d);
	old = 0;
	while ((e = readdir(d)))
		old++;
	DO(old);
	closedir(d);
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"unlink_then_exclusive", unlink_then_exclusive},
		{"directory_anew", directory_anew},
		{"file_and_directory", file_and_directory},
		{"delete_while_reading", delete_while_reading},
		{"small_buffers", small_buffers},
		{"positions", positions},
		{"shared_positions", shared_positions},
		{"types", types},
		{"create_while_reading", create_while_reading},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
