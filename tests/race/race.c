/* SPDX-License-Identifier: MIT */
/*
 * race.c - race DIR PROCESSES SECONDS SEED: random operations on few names by several processes
 *
 * Judged are: every errno must be one that a plain directory can give to that operation in such
 * a crowd; of several that create one name with O_EXCL (or mkdir, link, symlink, or rename with
 * NOREPLACE) exactly one wins; a file replaced by rename is never seen missing or torn; at the end
 * listings and stat agree. Prints what is wrong; the last line counts operations.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTESTS 4 /* kinds */

/* Shared by all processes. */
struct arena {
	atomic_long ops;
	atomic_long wrong;
	atomic_int gate; /* contests: how many have arrived */
	atomic_int won;	 /* contests: winners of this round */
	atomic_int quit;
};

static struct arena *arena;
static uint64_t state;
static int nproc;

static unsigned below(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((state >> 33) % n);
}

__attribute__((format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (atomic_fetch_add(&arena->wrong, 1) < 40)
		dprintf(1, "WRONG %.*s\n", n, line);
}

static const char *name(void)
{
	static char path[4][64];
	static int turn;
	static const char *const first[] = {"d0", "d1", "d2", "f0", "f1", "f2"};
	char *p = path[turn++ % 4];

	if (below(2))
		snprintf(p, 64, "%s", first[below(6)]);
	else
		snprintf(p, 64, "d%u/%s", below(3), first[below(6)]);
	return p;
}

/* @allowed ends with 0 */
static void judge(const char *op, const char *a, const char *b, long r, const int *allowed)
{
	int err = errno;

	atomic_fetch_add(&arena->ops, 1);
	if (r >= 0)
		return;
	for (; *allowed; allowed++)
		if (*allowed == err)
			return;
	wrong("%s(%s, %s): %s", op, a, b, strerrorname_np(err));
}

#define JUDGE(op, a, b, r, ...) judge(op, a, b, r, (const int[]){__VA_ARGS__, 0})

static void do_open(void)
{
	static const int how[] = {
		O_RDONLY,	    O_WRONLY | O_CREAT,		  O_RDWR, O_RDWR | O_CREAT | O_EXCL,
		O_WRONLY | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND};
	const char *p = name();
	int flags = how[below(6)];
	int fd = open(p, flags | O_CLOEXEC, 0644);
	char buf[64];

	JUDGE("open", p, "", fd, ENOENT, ENOTDIR, EISDIR, EEXIST);
	if (fd < 0)
		return;
	if ((flags & O_ACCMODE) != O_RDONLY)
		JUDGE("write", p, "", write(fd, buf, below(64)), EBADF);
	else
		JUDGE("read", p, "", read(fd, buf, sizeof(buf)), EISDIR);
	if (below(4) == 0)
		JUDGE("fchmod", p, "", fchmod(fd, 0700 + below(64)), EBADF);
	close(fd);
}

static void do_list(void)
{
	const char *p = below(2) ? "." : name();
	DIR *d = opendir(p);
	struct dirent *e;
	struct stat st;
	int n = 0;

	JUDGE("opendir", p, "", d ? 0 : -1, ENOENT, ENOTDIR);
	while (d && (e = readdir(d))) {
		if (++n > 10000) {
			wrong("listing of %s does not end", p);
			break;
		}
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			JUDGE("fstatat", p, e->d_name, -1, ENOENT);
	}
	if (d)
		closedir(d);
}

static void do_rename(void)
{
	const char *a = name();
	const char *b = name();
	unsigned flags = below(8) ? 0 : 1 + below(2);

	JUDGE(flags ? "renameat2" : "rename", a, b,
	      syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags), ENOENT, ENOTDIR, EISDIR,
	      EEXIST, ENOTEMPTY, EINVAL);
}

static void do_one(void)
{
	const char *p = name();
	const char *q = name();
	struct stat st;

	switch (below(14)) {
	case 0 ... 2:
		do_open();
		break;
	case 3:
		JUDGE("unlink", p, "", unlink(p), ENOENT, ENOTDIR, EISDIR);
		break;
	case 4:
		JUDGE("mkdir", p, "", mkdir(p, 0755), EEXIST, ENOENT, ENOTDIR);
		break;
	case 5:
		JUDGE("rmdir", p, "", rmdir(p), ENOENT, ENOTDIR, ENOTEMPTY, EEXIST);
		break;
	case 6 ... 7:
		do_rename();
		break;
	case 8:
		JUDGE("link", p, q, link(p, q), ENOENT, ENOTDIR, EEXIST, EPERM);
		break;
	case 9:
		q = below(2) ? "." : "nothing"; /* never a loop */
		JUDGE("symlink", q, p, symlink(q, p), ENOENT, ENOTDIR, EEXIST);
		break;
	case 10:
		JUDGE("chmod", p, "", chmod(p, 0700 + below(64)), ENOENT, ENOTDIR);
		break;
	case 11:
		JUDGE("truncate", p, "", truncate(p, below(100)), ENOENT, ENOTDIR, EISDIR);
		break;
	case 12:
		JUDGE("stat", p, "", stat(p, &st), ENOENT, ENOTDIR);
		break;
	default:
		do_list();
	}
}

/* all processes at one line; the last one through opens the next */
static void meet(atomic_int *gate, int target)
{
	atomic_fetch_add(gate, 1);
	while (atomic_load(gate) < target && !atomic_load(&arena->quit))
		usleep(50);
}

static long contend(int kind, const char *p, int me)
{
	char mine[64];
	int fd;

	snprintf(mine, sizeof(mine), "mine%d", me);
	switch (kind) {
	case 0:
		fd = open(p, O_CREAT | O_EXCL | O_WRONLY, 0644);
		return fd < 0 ? -1 : close(fd);
	case 1:
		return mkdir(p, 0755);
	case 2:
		return symlink(mine, p);
	default:
		fd = open(mine, O_CREAT | O_WRONLY, 0644);
		close(fd);
		if (syscall(SYS_renameat2, AT_FDCWD, mine, AT_FDCWD, p, 1) && errno == EEXIST) {
			unlink(mine);
			errno = EEXIST;
			return -1;
		}
		return access(mine, F_OK) ? 0 : -1;
	}
}

/*
 * Every contest is for one name that the lower layer holds (so a whiteout is replaced) or not.
 * Three meetings each: at the start, after the attempt, after the count.
 */
static void contest(int me, int round)
{
	char p[32];
	int kind = round % CONTESTS;
	long r;

	snprintf(p, sizeof(p), "contest/c%d", round % 8);
	if (me == 0) {
		(void)!unlink(p);
		(void)!rmdir(p);
		atomic_store(&arena->won, 0);
	}
	meet(&arena->gate, nproc * (3 * round + 1));
	r = contend(kind, p, me);
	if (!r)
		atomic_fetch_add(&arena->won, 1);
	else if (errno != EEXIST)
		wrong("contest %d for %s: %s", kind, p, strerrorname_np(errno));
	meet(&arena->gate, nproc * (3 * round + 2));
	if (me == 0 && !atomic_load(&arena->quit) && atomic_load(&arena->won) != 1)
		wrong("contest %d for %s: %d winners", kind, p, atomic_load(&arena->won));
	meet(&arena->gate, nproc * (3 * round + 3));
	atomic_fetch_add(&arena->ops, 1);
}

/* one name replaced over and over: always there, always whole */
static void replace(int me, int round)
{
	char temp[64];
	char buf[4096];
	ssize_t n;
	int fd;

	if (me % 2) {
		fd = open("stable", O_RDONLY);
		n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
		if (fd < 0)
			wrong("open of a name that is always there: %s", strerrorname_np(errno));
		for (ssize_t i = 1; i < n; i++)
			if (buf[i] != buf[0]) {
				wrong("a torn file");
				break;
			}
		if (fd >= 0 && n != (ssize_t)sizeof(buf))
			wrong("a short file: %zd", n);
		close(fd);
	} else {
		snprintf(temp, sizeof(temp), "stable.%d", me);
		memset(buf, 'a' + round % 26, sizeof(buf));
		fd = open(temp, O_CREAT | O_WRONLY | O_TRUNC, 0644);
		n = write(fd, buf, sizeof(buf));
		close(fd);
		if (rename(temp, "stable"))
			wrong("rename onto stable: %s", strerrorname_np(errno));
	}
	atomic_fetch_add(&arena->ops, 1);
}

static void work(int me, time_t end)
{
	int round = 0;

	while (time(NULL) < end && !atomic_load(&arena->quit)) {
		for (int i = 0; i < 40; i++)
			do_one();
		for (int i = 0; i < 5; i++)
			replace(me, round + i);
		contest(me, round++);
	}
	atomic_store(&arena->quit, 1);
}

static bool listed(const char *dir, const char *want)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d && (e = readdir(d)))
		found |= !strcmp(e->d_name, want);
	if (d)
		closedir(d);
	return found;
}

/* listing, stat and access by name agree everywhere below @dir */
static void check_tree(const char *dir)
{
	static const char *const pool[] = {"d0", "d1", "d2", "f0", "f1", "f2"};
	char path[4096];
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, pool[i]);
		if (listed(dir, pool[i]) != !lstat(path, &st))
			wrong("%s: listing and stat do not agree", path);
	}
	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (lstat(path, &st)) {
			wrong("%s is listed: %s", path, strerrorname_np(errno));
			continue;
		}
		if (st.st_ino != e->d_ino)
			wrong("%s: d_ino %lu, st_ino %lu", path, (unsigned long)e->d_ino,
			      (unsigned long)st.st_ino);
		if (S_ISDIR(st.st_mode))
			check_tree(path);
	}
	if (d)
		closedir(d);
}

int main(int argc, char **argv)
{
	time_t end;

	if (argc < 5 || chdir(argv[1])) {
		fprintf(stderr, "race DIR PROCESSES SECONDS SEED\n");
		return 2;
	}
	nproc = atoi(argv[2]);
	end = time(NULL) + atoi(argv[3]);
	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	for (int i = 0; i < nproc; i++) {
		state = strtoull(argv[4], NULL, 0) * 1000003 + (uint64_t)i * 7919;
		if (!fork()) {
			work(i, end);
			_exit(0);
		}
	}
	for (int i = 0; i < nproc; i++) {
		int status;

		if (wait(&status) > 0 && status) {
			wrong("a process ended with status %x", (unsigned)status);
			atomic_store(&arena->quit, 1);
		}
	}
	check_tree(".");
	printf("%ld operations by %d processes, %ld wrong\n", (long)arena->ops, nproc,
	       (long)arena->wrong);
	return arena->wrong != 0;
}
