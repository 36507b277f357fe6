/* SPDX-License-Identifier: MIT */
/* ops_fd.c - opening, and operations on descriptors kept over other operations */
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "fuzz.h"

int keep_fd(struct rng *g, int fd)
{
	int i = (int)rng_below(g, SLOTS);
	bool keep = rng_chance(g, 65);

	if (fd < 0)
		return -1;
	if (!keep || !(run.features & F_OPEN_FDS)) {
		close(fd);
		return -1;
	}
	if (run.fd[i] >= 0)
		close(run.fd[i]);
	run.fd[i] = fd;
	return i;
}

/* an open slot, or -1 */
static int pick(struct rng *g)
{
	int start = (int)rng_below(g, SLOTS);

	for (int k = 0; k < SLOTS; k++)
		if (run.fd[(start + k) % SLOTS] >= 0)
			return (start + k) % SLOTS;
	return -1;
}

static size_t fill(struct rng *g, char *buf, size_t size)
{
	size_t n = rng_chance(g, 85) ? 1 + rng_below(g, 40) : rng_below(g, (unsigned)size);

	memset(buf, 'a' + run.op % 26, size);
	return n;
}

static void use_file(struct rng *g, int fd, int flags)
{
	char buf[6000];
	size_t n = fill(g, buf, sizeof(buf));
	bool put = rng_chance(g, 60);
	long size;
	uint64_t h;

	if (fd < 0 || (flags & (O_PATH | O_DIRECTORY)))
		return;
	if (put && (flags & O_ACCMODE) != O_RDONLY) {
		say(" write(%zu)", n);
		say_result(write(fd, buf, n));
	}
	if ((flags & O_ACCMODE) == O_RDONLY) {
		h = hash_fd(fd, 256 * 1024, &size);
		say(" read=%ld:%08x", size, (unsigned)h);
	}
}

static int gen_flags(struct rng *g)
{
	unsigned p = rng_below(g, 100);
	int flags = p < 40 ? O_RDONLY : p < 60 ? O_WRONLY : p < 94 ? O_RDWR : O_RDONLY | O_PATH;

	if (rng_chance(g, 45))
		flags |= O_CREAT | (rng_chance(g, 25) ? O_EXCL : 0);
	if (rng_chance(g, 20))
		flags |= O_TRUNC;
	if (rng_chance(g, 20))
		flags |= O_APPEND;
	if (rng_chance(g, 6))
		flags |= O_DIRECTORY;
	if (rng_chance(g, 12))
		flags |= O_NOFOLLOW;
	return flags;
}

bool op_open(struct rng *g)
{
	struct where w;
	int flags = gen_flags(g);
	mode_t mode = gen_mode(g, false);
	long t;
	int fd;
	int err;

	gen_where(g, &w);
	if (flags & O_CREAT)
		touch(&w);
	t = see_before(&w);
	say("open(");
	say_where(&w);
	say(", ");
	say_flags(flags);
	say(", %o)", mode);
	fd = openat(w.fd, w.text, flags | O_NONBLOCK | O_CLOEXEC, mode);
	err = errno;
	if (fd >= 0)
		say(" = fd");
	errno = err;
	if (fd < 0)
		say_result(fd);
	use_file(g, fd, flags);
	if (fd >= 0)
		see_fd(fd);
	see_after(&w, t);
	fd = keep_fd(g, fd);
	if (fd >= 0)
		say(" -> %d", fd);
	return true;
}

/* read a whole file by name */
bool op_open_read(struct rng *g)
{
	struct where w;
	long size;
	uint64_t h;
	int fd;

	gen_where(g, &w);
	say("cat(");
	say_where(&w);
	say(")");
	fd = openat(w.fd, w.text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	h = hash_fd(fd, 256 * 1024, &size);
	say(" = %ld:%08x", size, (unsigned)h);
	see_fd(fd);
	close(fd);
	return true;
}

/* what an editor does: write beside, rename over */
bool op_creat_write(struct rng *g)
{
	struct where w;
	char temp[sizeof(w.text) + 8];
	char buf[6000];
	size_t n = fill(g, buf, sizeof(buf));
	int fd;

	gen_path(g, &w);
	touch(&w);
	snprintf(temp, sizeof(temp), "%s~", w.text);
	say("save(");
	say_where(&w);
	say(", %zu)", n);
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	say_result(write(fd, buf, n));
	close(fd);
	say_result(rename(temp, w.text));
	say_result(unlink(temp));
	see_where(&w);
	return true;
}

bool op_tmpfile(struct rng *g)
{
	struct where dir, w;
	char proc[64];
	bool link = rng_chance(g, 75);
	bool empty = run.root && rng_chance(g, 30);
	int fd;

	gen_where(g, &dir);
	gen_where(g, &w);
	if (!(run.features & F_TMPFILE))
		return false;
	touch(&w);
	say("tmpfile(");
	say_where(&dir);
	say(")");
	fd = openat(dir.fd, dir.text, O_TMPFILE | O_RDWR | O_CLOEXEC, gen_mode(g, false));
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	use_file(g, fd, O_RDWR);
	see_fd(fd);
	if (link) {
		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
		say(" link%s(", empty ? "_empty" : "");
		say_where(&w);
		say(")");
		say_result(empty ? linkat(fd, "", w.fd, w.text, AT_EMPTY_PATH)
				 : linkat(AT_FDCWD, proc, w.fd, w.text, AT_SYMLINK_FOLLOW));
		see_where(&w);
	}
	fd = keep_fd(g, fd);
	if (fd >= 0)
		say(" -> %d", fd);
	return true;
}

bool op_openat2(struct rng *g)
{
	static const uint64_t bits[] = {RESOLVE_NO_SYMLINKS,   RESOLVE_BENEATH, RESOLVE_IN_ROOT,
					RESOLVE_NO_MAGICLINKS, RESOLVE_NO_XDEV, 0};
	struct where w;
	uint64_t resolve = bits[rng_below(g, 6)] | (rng_chance(g, 15) ? bits[rng_below(g, 6)] : 0);
	int flags = gen_flags(g) & ~(O_EXCL | O_APPEND);
	struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = resolve};
	int fd;

	gen_where(g, &w);
	if (!(run.features & F_OPENAT2))
		return false;
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK;
	how.mode = flags & O_CREAT ? 0644 : 0;
	touch(&w);
	say("openat2(");
	say_where(&w);
	say(", ");
	say_flags(flags);
	say(", %lx)", (unsigned long)resolve);
	fd = (int)syscall(SYS_openat2, w.fd, w.text, &how, sizeof(how));
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	see_fd(fd);
	fd = keep_fd(g, fd);
	say(" -> %d", fd);
	return true;
}

bool op_fd_read(struct rng *g)
{
	int i = pick(g);
	char buf[6000];
	size_t n = fill(g, buf, sizeof(buf));
	off_t at = rng_chance(g, 60) ? (off_t)rng_below(g, 60) : -1;
	ssize_t r;

	if (i < 0)
		return false;
	say("read(%d, %zu, %ld)", i, n, (long)at);
	r = at < 0 ? read(run.fd[i], buf, n) : pread(run.fd[i], buf, n, at);
	say_result(r);
	if (r > 0)
		say(" %08x", (unsigned)hash_bytes(1, buf, (size_t)r));
	return true;
}

bool op_fd_write(struct rng *g)
{
	int i = pick(g);
	char buf[6000];
	size_t n = fill(g, buf, sizeof(buf));
	off_t at = rng_chance(g, 50) ? (off_t)rng_below(g, 60) : -1;

	if (i < 0)
		return false;
	say("write(%d, %zu, %ld)", i, n, (long)at);
	say_result(at < 0 ? write(run.fd[i], buf, n) : pwrite(run.fd[i], buf, n, at));
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_seek(struct rng *g)
{
	int i = pick(g);
	int whence = (int)rng_below(g, 3);
	off_t at = (off_t)rng_below(g, 30);
	struct stat st;

	if (i < 0 || (!fstat(run.fd[i], &st) && S_ISDIR(st.st_mode)))
		return false;
	say("lseek(%d, %ld, %d)", i, (long)at, whence);
	say_result(lseek(run.fd[i], at, whence));
	return true;
}

bool op_fd_stat(struct rng *g)
{
	int i = pick(g);

	if (i < 0)
		return false;
	say("fstat(%d, fl=%o)", i, fcntl(run.fd[i], F_GETFL) & ~O_NOFOLLOW);
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_truncate(struct rng *g)
{
	int i = pick(g);
	off_t size = (off_t)rng_below(g, rng_chance(g, 20) ? 20000 : 60);
	struct stat st;

	if (i < 0 || (!(run.features & F_OWN_WAYS) && !fstat(run.fd[i], &st) && st.st_size == size))
		return false;
	say("ftruncate(%d, %ld)", i, (long)size);
	say_result(ftruncate(run.fd[i], size));
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_allocate(struct rng *g)
{
	int i = pick(g);
	int mode = rng_chance(g, 50) ? 0 : FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	off_t at = (off_t)rng_below(g, 50);
	off_t n = 1 + (off_t)rng_below(g, 5000);
	struct stat st;

	if (i < 0 || (!fstat(run.fd[i], &st) && !S_ISREG(st.st_mode)))
		return false;
	say("fallocate(%d, %d, %ld, %ld)", i, mode, (long)at, (long)n);
	say_result(fallocate(run.fd[i], mode, at, n));
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_chmod(struct rng *g)
{
	int i = pick(g);
	mode_t mode = gen_mode(g, rng_chance(g, 50));

	if (i < 0)
		return false;
	say("fchmod(%d, %o)", i, mode);
	say_result(fchmod(run.fd[i], mode));
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_chown(struct rng *g)
{
	int i = pick(g);
	uid_t uid = gen_uid(g);
	gid_t gid = rng_chance(g, 50) ? (gid_t)-1 : gen_uid(g);

	if (i < 0 || !(run.features & F_CHOWN))
		return false;
	say("fchown(%d, %d, %d)", i, (int)uid, (int)gid);
	say_result(fchown(run.fd[i], uid, gid));
	see_fd(run.fd[i]);
	return true;
}

bool op_fd_xattr(struct rng *g)
{
	int i = pick(g);
	unsigned p = rng_below(g, 100);
	char value[40];
	ssize_t r;

	if (i < 0 || !(run.features & F_XATTR))
		return false;
	memset(value, 'a' + run.op % 26, sizeof(value));
	say("f%sxattr(%d)", p < 40 ? "set" : p < 60 ? "get" : p < 80 ? "list" : "remove", i);
	if (p < 40)
		say_result(fsetxattr(run.fd[i], "user.a", value, rng_below(g, sizeof(value)), 0));
	else if (p < 60)
		say_result(fgetxattr(run.fd[i], "user.a", value, sizeof(value)));
	else if (p >= 80)
		say_result(fremovexattr(run.fd[i], "user.a"));
	r = flistxattr(run.fd[i], NULL, 0);
	if (p >= 60 && p < 80)
		say_result(r);
	if (r > 0)
		see_xattrs(NULL, run.fd[i]);
	return true;
}

bool op_fd_dup(struct rng *g)
{
	int i = pick(g);
	int to;

	if (i < 0)
		return false;
	to = keep_fd(g, dup(run.fd[i]));
	say("dup(%d) -> %d", i, to);
	return true;
}

bool op_fd_close(struct rng *g)
{
	int i = pick(g);

	if (i < 0)
		return false;
	say("close(%d)", i);
	say_result(close(run.fd[i]));
	run.fd[i] = -1;
	return true;
}

bool op_fd_proc(struct rng *g)
{
	int i = pick(g);
	char proc[64];
	char text[PATH_MAX];
	ssize_t n;

	if (i < 0 || !(run.features & F_PROCFD))
		return false;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", run.fd[i]);
	n = readlink(proc, text, sizeof(text) - 1);
	say("procfd(%d)", i);
	say_result(n < 0 ? n : 0);
	if (n < 0)
		return true;
	text[n] = '\0';
	if (strstr(text, "/#")) {
		*strstr(text, "/#") = '\0'; /* O_TMPFILE shows its number */
		if (access(text, F_OK))
			strcpy(text, "gone"); /* where that was: README's limits */
	}
	say_text(text, strlen(text));
	return true;
}

bool op_fd_reopen(struct rng *g)
{
	int i = pick(g);
	static const int how[] = {O_RDONLY, O_RDWR, O_WRONLY | O_TRUNC, O_PATH,
				  O_RDONLY | O_DIRECTORY};
	int flags = how[rng_below(g, 5)];
	char proc[64];
	int fd;

	if (i < 0 || !(run.features & F_PROCFD))
		return false;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", run.fd[i]);
	say("reopen(%d, ", i);
	say_flags(flags);
	say(")");
	fd = open(proc, flags | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	use_file(g, fd, flags);
	see_fd(fd);
	say(" -> %d", keep_fd(g, fd));
	return true;
}

bool op_fd_copy(struct rng *g)
{
	int i = pick(g);
	int j = pick(g);
	off_t from = 0, to = 0;

	if (i < 0)
		return false;
	say("copy_file_range(%d, %d)", i, j);
	say_result(copy_file_range(run.fd[i], &from, run.fd[j], &to, 1000, 0));
	see_fd(run.fd[j]);
	return true;
}

/*
 * Where suid and sgid are only recorded, a store to a mapping takes them away as a write does,
 * which on a plain file it does not (README, Limits): there is none to a user's file that has them.
 */
bool op_fd_mmap(struct rng *g)
{
	int i = pick(g);
	struct stat st;
	char *p;

	if (i < 0 || !(run.features & F_MMAP) || !(run.features & F_OWN_WAYS) ||
	    fstat(run.fd[i], &st) || !S_ISREG(st.st_mode) || st.st_size < 4 ||
	    (!run.root && (st.st_mode & (S_ISUID | S_ISGID))))
		return false;
	say("mmap(%d)", i);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, run.fd[i], 0);
	say_result(p == MAP_FAILED ? -1 : 0);
	if (p == MAP_FAILED)
		return true;
	say(" %02x", (unsigned char)p[0]);
	p[1] = (char)('A' + run.op % 26);
	munmap(p, 4096);
	return true;
}

/* calls that take a descriptor and an empty path */
bool op_fd_empty_path(struct rng *g)
{
	int i = pick(g);
	unsigned p = rng_below(g, 3);
	struct stat st;

	if (i < 0)
		return false;
	say("empty%u(%d)", p, i);
	if (p == 0)
		say_result(fstatat(run.fd[i], "", &st, AT_EMPTY_PATH));
	else if (p == 1 && (run.features & F_CHOWN))
		say_result(fchownat(run.fd[i], "", gen_uid(g), (gid_t)-1, AT_EMPTY_PATH));
	else
		say_result(utimensat(run.fd[i], "", NULL, AT_EMPTY_PATH));
	see_fd(run.fd[i]);
	return true;
}
