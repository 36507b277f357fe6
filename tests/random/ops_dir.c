/* SPDX-License-Identifier: MIT */
/* ops_dir.c - listings, directory descriptors and the current directory */
#include <dirent.h>
#include <sys/syscall.h>

#include "fuzz.h"

struct entry {
	ino_t ino;
	long off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* the order of a listing is the file system's own; ours is by name */
struct names {
	int n;
	struct {
		char name[NAME_MAX + 1];
		unsigned char type;
		ino_t ino;
	} e[256];
};

void touch(const struct where *w)
{
	struct stat st;
	uint64_t bits = w->last >= 0 ? 1ULL << w->last : 0;

	if (!fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode))
		bits |= (1ULL << POOL) - 1; /* what it points to may be made */
	for (int i = 0; i < STEPS; i++)
		run.step[i].touched |= bits;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int read_names(int fd, struct names *ns, size_t size)
{
	char buf[4096];
	long n;

	while ((n = syscall(SYS_getdents64, fd, buf, size)) > 0) {
		for (long at = 0; at < n;) {
			struct entry *e = (struct entry *)(buf + at);

			at += e->len;
			if (!strcmp(e->name, ".") || !strcmp(e->name, "..") || ns->n == 256)
				continue;
			strcpy(ns->e[ns->n].name, e->name);
			ns->e[ns->n].type = e->type;
			ns->e[ns->n++].ino = e->ino;
		}
	}
	qsort(ns->e, (size_t)ns->n, sizeof(ns->e[0]), by_name);
	return n < 0 ? -errno : 0;
}

static void show_names(int fd, const struct names *ns)
{
	struct stat st;

	for (int i = 0; i < ns->n; i++) {
		say(" ");
		say_text(ns->e[i].name, strlen(ns->e[i].name));
		say(":%d", ns->e[i].type);
		if (!(run.features & F_INODES))
			continue;
		if (!fstatat(fd, ns->e[i].name, &st, AT_SYMLINK_NOFOLLOW) &&
		    st.st_ino != ns->e[i].ino)
			say("!d_ino");
	}
}

bool op_list(struct rng *g)
{
	static struct names ns;
	size_t size = 300 + rng_below(g, 700);
	struct where w;
	int fd;
	int err;

	gen_where(g, &w);
	ns.n = 0;
	say("list(");
	say_where(&w);
	say(")");
	fd = openat(w.fd, w.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	err = read_names(fd, &ns, size);
	say(" = %d", err);
	show_names(fd, &ns);
	close(fd);
	return true;
}

/* rm -r's way: read a little, remove what was read, read on */
bool op_list_remove(struct rng *g)
{
	static struct names ns;
	struct where w;
	bool remove_all = rng_chance(g, 50);
	char buf[400];
	int fd;
	long n;

	gen_where(g, &w);
	fd = openat(w.fd, w.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	for (int i = 0; i < STEPS; i++)
		run.step[i].touched = ~0ULL;
	say("empty(");
	say_where(&w);
	say(")");
	ns.n = 0;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			struct entry *e = (struct entry *)(buf + at);

			at += e->len;
			if (!strcmp(e->name, ".") || !strcmp(e->name, "..") || ns.n == 256)
				continue;
			strcpy(ns.e[ns.n].name, e->name);
			ns.e[ns.n++].type = 0;
			if (remove_all && e->type != DT_DIR && unlinkat(fd, e->name, 0))
				ns.e[ns.n - 1].type = (unsigned char)errno;
		}
	}
	say(" = %ld", n);
	qsort(ns.e, (size_t)ns.n, sizeof(ns.e[0]), by_name);
	for (int i = 0; i < ns.n; i++) {
		say(" ");
		say_text(ns.e[i].name, strlen(ns.e[i].name));
		say(":%d", ns.e[i].type);
	}
	close(fd);
	return true;
}

bool op_step_begin(struct rng *g)
{
	struct where w;
	struct step *s = &run.step[rng_below(g, STEPS)];
	static struct names ns;
	int fd;

	gen_where(g, &w);
	if (!(run.features & F_STEPS) || s->fd >= 0)
		return false;
	say("step_begin(");
	say_where(&w);
	say(")");
	fd = openat(w.fd, w.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	memset(s, 0, sizeof(*s));
	ns.n = 0;
	(void)read_names(fd, &ns, sizeof(struct entry) + 1000);
	for (int i = 0; i < ns.n; i++)
		if (name_find(ns.e[i].name) >= 0)
			s->before |= 1ULL << name_find(ns.e[i].name);
	say(" %lx", (unsigned long)s->before);
	say_result(lseek(fd, 0, SEEK_SET));
	s->fd = fd;
	return true;
}

static long step_read(struct step *s, size_t size)
{
	char buf[1024];
	long n = syscall(SYS_getdents64, s->fd, buf, size);

	for (long at = 0; at < n;) {
		struct entry *e = (struct entry *)(buf + at);
		int i = name_find(e->name);

		at += e->len;
		if (i >= 0)
			s->seen[i]++;
	}
	return n;
}

bool op_step_go(struct rng *g)
{
	struct step *s = &run.step[rng_below(g, STEPS)];

	if (s->fd < 0)
		return false;
	say("step_go %s", step_read(s, 300) < 0 ? strerrorname_np(errno) : "");
	return true;
}

/* each name that was there all the time must have come once, each other one never */
bool op_step_end(struct rng *g)
{
	struct step *s = &run.step[rng_below(g, STEPS)];
	long n;
	int calls = 0;

	if (s->fd < 0)
		return false;
	do
		n = step_read(s, 1024);
	while (n > 0 && ++calls < 1000);
	say("step_end %s", n < 0 ? strerrorname_np(errno) : n ? "endless" : "");
	for (int i = 0; i < POOL + BULK; i++)
		if (!(s->touched >> i & 1) && s->seen[i] != (s->before >> i & 1))
			say(" %d came %d times", i, s->seen[i]);
	close(s->fd);
	s->fd = -1;
	return true;
}

bool op_dir_open(struct rng *g)
{
	struct where w;
	int i = (int)rng_below(g, DIR_SLOTS);
	int path = rng_chance(g, 30) ? O_PATH : 0;
	int fd;

	gen_where(g, &w);
	if (!(run.features & F_DIRFDS))
		return false;
	say("dir_open(");
	say_where(&w);
	say(", %d)", i);
	fd = openat(w.fd, w.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC | path);
	if (fd < 0) {
		say_result(fd);
		return true;
	}
	see_fd(fd);
	if (run.dir[i] >= 0)
		close(run.dir[i]);
	run.dir[i] = fd;
	return true;
}

/* stay below base: what is above differs from run to run */
static void say_cwd(void)
{
	char cwd[PATH_MAX];

	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0) {
		say(" cwd %s", strerrorname_np(errno));
		return;
	}
	say(" cwd ");
	say_text(cwd, strlen(cwd));
	if (strncmp(cwd, run.base, strlen(run.base)))
		say(" back %d", chdir(run.top));
}

bool op_chdir(struct rng *g)
{
	struct where w;
	bool home = rng_chance(g, 45);

	gen_path(g, &w);
	if (!(run.features & F_CWD))
		return false;
	if (home)
		strcpy(w.text, run.top);
	say("chdir(");
	say_where(&w);
	say(")");
	say_result(chdir(w.text));
	say_cwd();
	return true;
}

bool op_fchdir(struct rng *g)
{
	int i = (int)rng_below(g, DIR_SLOTS);

	if (!(run.features & F_CWD) || run.dir[i] < 0)
		return false;
	say("fchdir(D%d)", i);
	say_result(fchdir(run.dir[i]));
	say_cwd();
	return true;
}

bool op_getcwd(struct rng *g)
{
	(void)g;
	if (!(run.features & F_CWD))
		return false;
	say("getcwd");
	say_cwd();
	return true;
}
