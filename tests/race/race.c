/* SPDX-License-Identifier: MIT */
/*
 * race.c - race DIR PROCESSES SECONDS SEED: random operations on few names by several processes
 *
 * Judged are: every errno must be one that a plain directory can give to that operation in such
 * a crowd. Contests, in which all do the same to one name of the lower layer (later: of upper):
 * of those who create, take or remove it exactly one wins; nothing appended by many at once is
 * lost; a directory is removed or filled, not both. A file replaced by rename is never seen
 * missing or torn; names that stay are listed once while others come and go; a descriptor stays
 * in its directory wherever that moves. At the end listings and stat agree. Prints what is wrong;
 * the last line counts operations.
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

#define LOWER_EACH 40 /* names of each contest that the lower layer has */
#define CROWD	   60 /* files that stay in a listed directory */

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

	/* What may be made is not missing, unless its directory is. */
	if ((flags & O_CREAT) && !strchr(p, '/'))
		JUDGE("open", p, "", fd, EISDIR, EEXIST);
	else
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

/* What one round of a contest is about. */
struct contest {
	const char *what;
	void (*begin)(const char *p, int round);	/* by one, before all others */
	long (*act)(const char *p, int me);		/* by all: 0, or -1 and errno */
	void (*end)(const char *p, int round, int won); /* by one, when all have acted */
	int loser;					/* errno of who does not win */
};

/* Every second name is one that the lower layer has: a whiteout is replaced. */
static void begin_free(const char *p, int round)
{
	(void)round;
	(void)!unlink(p);
	(void)!rmdir(p);
}

static void begin_file(const char *p, int round)
{
	(void)round;
	if (access(p, F_OK))
		close(open(p, O_CREAT | O_WRONLY, 0644));
}

static void begin_dir(const char *p, int round)
{
	(void)round;
	(void)!mkdir(p, 0755);
}

static void end_one(const char *p, int round, int won)
{
	(void)round;
	if (won != 1)
		wrong("%s: %d winners", p, won);
}

static const char *mine(int me)
{
	static char path[64];

	snprintf(path, sizeof(path), "mine%d", me);
	return path;
}

static long act_create(const char *p, int me)
{
	int fd = open(p, O_CREAT | O_EXCL | O_WRONLY, 0644);

	(void)me;
	return fd < 0 ? -1 : close(fd);
}

static long act_mkdir(const char *p, int me)
{
	(void)me;
	return mkdir(p, 0755);
}

static long act_symlink(const char *p, int me)
{
	return symlink(mine(me), p);
}

static long act_mkfifo(const char *p, int me)
{
	(void)me;
	return mkfifo(p, 0644);
}

static long act_link(const char *p, int me)
{
	(void)me;
	return link("linked", p);
}

static long act_noreplace(const char *p, int me)
{
	close(open(mine(me), O_CREAT | O_WRONLY, 0644));
	if (!syscall(SYS_renameat2, AT_FDCWD, mine(me), AT_FDCWD, p, 1))
		return access(mine(me), F_OK) ? 0 : 1;
	return errno != EEXIST || !unlink(mine(me)) ? (errno = EEXIST, -1) : -1;
}

static long act_unlink(const char *p, int me)
{
	(void)me;
	return unlink(p);
}

static long act_rmdir(const char *p, int me)
{
	(void)me;
	return rmdir(p);
}

static long act_take(const char *p, int me)
{
	return rename(p, mine(me));
}

static void end_take(const char *p, int round, int won)
{
	end_one(p, round, won);
	for (int i = 0; i < nproc; i++) {
		(void)!unlink(mine(i));
		(void)!rmdir(mine(i));
	}
}

/* A lower file that is copied up by all at once, who add to it: nothing is lost. */
static void begin_append(const char *p, int round)
{
	(void)p;
	(void)round;
}

static long act_append(const char *p, int me)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%030d\n", me);
	int fd = open(p, O_WRONLY | O_APPEND);
	ssize_t w;

	if (fd < 0)
		return -1;
	w = write(fd, line, (size_t)n);
	close(fd);
	return w != n ? -1 : 0;
}

static void end_append(const char *p, int round, int won)
{
	char buf[8192];
	int fd = open(p, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf));

	close(fd);
	if (won != nproc || n != 6 + 31 * nproc || memcmp(buf, "lower\n", 6))
		wrong("%s: %d added to it, %zd bytes", p, won, n);
	(void)round;
	if (truncate(p, 6))
		wrong("truncate(%s): %s", p, strerrorname_np(errno));
}

/* Emptied by all and written by all: the last one's bytes, nothing of what it was. */
static long act_empty(const char *p, int me)
{
	char buf[64];
	int fd = open(p, O_WRONLY | O_TRUNC);
	ssize_t w;

	if (fd < 0)
		return -1;
	memset(buf, 'a' + me, sizeof(buf));
	w = write(fd, buf, sizeof(buf));
	close(fd);
	return w != sizeof(buf) ? -1 : 0;
}

static void end_empty(const char *p, int round, int won)
{
	char buf[128];
	int fd = open(p, O_RDWR);
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)round;
	for (ssize_t i = 1; i < n; i++)
		if (buf[i] != buf[0])
			n = -2;
	if (won != nproc || n != 64)
		wrong("%s: %d wrote it, %zd bytes", p, won, n);
	if (ftruncate(fd, 0) || write(fd, "lower\n", 6) < 0)
		wrong("%s: %s", p, strerrorname_np(errno));
	close(fd);
}

/* A directory is removed while names are made in it: one or the other. */
static long act_fill(const char *p, int me)
{
	char path[96];

	if (me % 4 == 0)
		return rmdir(p) ? -1 : 1000;
	if (me % 4 == 1)
		return snprintf(path, sizeof(path), "%s/%d", p, me), mkdir(path, 0755);
	if (me % 4 == 2)
		return act_create((snprintf(path, sizeof(path), "%s/%d", p, me), path), me);
	close(open(mine(me), O_CREAT | O_WRONLY, 0644));
	snprintf(path, sizeof(path), "%s/%d", p, me);
	return rename(mine(me), path);
}

static void end_fill(const char *p, int round, int won)
{
	char path[96];
	int there = 0;

	(void)round;
	for (int i = 0; i < nproc; i++) {
		snprintf(path, sizeof(path), "%s/%d", p, i);
		there += !access(path, F_OK);
		(void)!unlink(path);
		(void)!rmdir(path);
		(void)!unlink(mine(i));
	}
	if (won >= 1000 ? won != 1000 || there || !access(p, F_OK) : there != won)
		wrong("%s: %d made, %d there", p, won, there);
	(void)!unlink((snprintf(path, sizeof(path), "%s/low", p), path));
}

/* The lower's own name in the directory goes first: it is a merged one, and empty. */
static void begin_fill(const char *p, int round)
{
	char path[96];

	begin_dir(p, round);
	snprintf(path, sizeof(path), "%s/low", p);
	(void)!unlink(path);
}

static const struct contest contests[] = {
	{"make", begin_free, act_create, end_one, EEXIST},
	{"make", begin_free, act_mkdir, end_one, EEXIST},
	{"make", begin_free, act_symlink, end_one, EEXIST},
	{"make", begin_free, act_noreplace, end_one, EEXIST},
	{"make", begin_free, act_mkfifo, end_one, EEXIST},
	{"make", begin_free, act_link, end_one, EEXIST},
	{"take", begin_file, act_unlink, end_one, ENOENT},
	{"dir", begin_dir, act_rmdir, end_one, ENOENT},
	{"take", begin_file, act_take, end_take, ENOENT},
	{"dir", begin_dir, act_take, end_take, ENOENT},
	{"append", begin_append, act_append, end_append, 0},
	{"empty", begin_append, act_empty, end_empty, 0},
	{"fill", begin_fill, act_fill, end_fill, -1},
};

/*
 * The names are the lower layer's at first, LOWER_EACH of each kind: then upper's.
 * Three meetings each: at the start, after the attempt, after the count.
 */
static void contest(int me, int round)
{
	const struct contest *c = &contests[round % (int)(sizeof(contests) / sizeof(contests[0]))];
	char p[64];
	long r;

	snprintf(p, sizeof(p), "contest/%s%d", c->what,
		 round / (int)(sizeof(contests) / sizeof(contests[0])) % LOWER_EACH);
	if (me == 0) {
		c->begin(p, round);
		atomic_store(&arena->won, 0);
	}
	meet(&arena->gate, nproc * (3 * round + 1));
	r = c->act(p, me);
	if (r >= 0)
		atomic_fetch_add(&arena->won, r ? (int)r : 1);
	else if (c->loser >= 0 ? errno != c->loser : errno != ENOENT && errno != ENOTEMPTY)
		wrong("contest %s: %s", p, strerrorname_np(errno));
	meet(&arena->gate, nproc * (3 * round + 2));
	if (me == 0 && !atomic_load(&arena->quit))
		c->end(p, round, atomic_load(&arena->won));
	meet(&arena->gate, nproc * (3 * round + 3));
	atomic_fetch_add(&arena->ops, 1);
}

/* Names that are always there are listed exactly once, whatever comes and goes beside them. */
static void list_crowd(int me, int round)
{
	int seen[CROWD] = {0};
	char path[64];
	struct dirent *e;
	DIR *d;

	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof(path), "crowd/v%u", below(CROWD));
		if (below(2))
			(void)!unlink(path);
		else
			close(open(path, O_CREAT | O_WRONLY, 0644));
	}
	d = opendir("crowd");
	while (d && (e = readdir(d)))
		if (e->d_name[0] == 's')
			seen[atoi(e->d_name + 1) % CROWD]++;
	for (int i = 0; i < CROWD; i++)
		if (seen[i] != 1)
			wrong("crowd/s%d is listed %d times", i, seen[i]);
	if (d)
		closedir(d);
	(void)me;
	(void)round;
	atomic_fetch_add(&arena->ops, 1);
}

/* A directory goes to and fro; who is in it stays in it. */
static void wander(int me)
{
	static const char *const place[] = {"wander/a", "d0/wandered", "wander/b"};
	struct stat st;
	int fd = -1;

	if (me % 2 == 0) {
		(void)!rename(place[below(3)], place[below(3)]);
		return;
	}
	for (int i = 0; i < 3 && fd < 0; i++)
		fd = open(place[i], (below(2) ? O_PATH : O_RDONLY) | O_DIRECTORY);
	if (fd < 0)
		return;
	for (int i = 0; i < 4; i++) {
		if (fstatat(fd, "in/deep", &st, 0))
			wrong("a name in a moving directory: %s", strerrorname_np(errno));
		else if (st.st_size != 5)
			wrong("a name in a moving directory is another one's");
	}
	close(fd);
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
		list_crowd(me, round);
		wander(me);
		contest(me, round++);
	}
	atomic_store(&arena->quit, 1);
}

/* listing, stat and access by name agree everywhere below @dir */
static void check_tree(const char *dir)
{
	static const char *const pool[] = {"d0", "d1", "d2", "f0", "f1", "f2"};
	bool listed[6] = {false};
	char path[4096];
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	if (!d) {
		wrong("%s: cannot be listed: %s", dir, strerror(errno));
		return;
	}
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		for (int i = 0; i < 6; i++)
			listed[i] |= !strcmp(e->d_name, pool[i]);
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
	if (errno)
		wrong("%s: the listing ends: %s", dir, strerror(errno));
	closedir(d);
	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, pool[i]);
		if (!listed[i] && !lstat(path, &st))
			wrong("%s: is there, but not listed", path);
	}
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
