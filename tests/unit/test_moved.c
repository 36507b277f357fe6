/* SPDX-License-Identifier: MIT */
#include "moved.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "ops.h"
#include "session.h"

/*
 * A view of directories, as they are: each with its parent and its name, and the path that it had
 * in the lower layer. "" is made on upper.
 */
#define DIRS 64

static struct dir {
	bool there;
	int parent; /* 0: the root */
	char name[8];
	char low[128];
} dir[DIRS];

static struct ovl_session *ss;
static uint64_t state = 1;

static void start(void)
{
	/* Shared, as it is between processes. */
	ss = mmap(NULL, sizeof(*ss) + SESSION_STRINGS, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(ne(ptr, ss, MAP_FAILED));
	ss->size = sizeof(*ss);
	ovl_ss = ss;
	ss->root = session_text(ss, "/view");
	ss->layer[0].path = session_text(ss, "/up");
	ss->layer[1].path = session_text(ss, "/low");
	ss->nlower = 1;
	fault_reset();
}

TestSuite(moved, .init = start);

static unsigned below(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)((state >> 33) % n);
}

/* @what and the path of directory @d below it; one of four buffers in turn. */
static char *path_of(const char *what, int d)
{
	static char buf[4][1024];
	static unsigned next;
	char *to = buf[next++ % 4];
	char tail[1024] = "";

	for (; d; d = dir[d].parent) {
		char more[1024];

		snprintf(more, sizeof(more), "/%s%s", dir[d].name, tail);
		strcpy(tail, more);
	}
	snprintf(to, sizeof(buf[0]), "%s%s", what, tail);
	return to;
}

static bool is_in(int d, int in)
{
	for (; d; d = dir[d].parent)
		if (d == in)
			return true;
	return in == 0;
}

static int find(int parent, const char *name)
{
	for (int i = 1; i < DIRS; i++)
		if (dir[i].there && dir[i].parent == parent && !strcmp(dir[i].name, name))
			return i;
	return 0;
}

static bool is_empty(int d)
{
	for (int i = 1; i < DIRS; i++)
		if (dir[i].there && dir[i].parent == d)
			return false;
	return true;
}

static int any_dir(void)
{
	int d = (int)below(DIRS);

	return dir[d].there ? d : 0;
}

static const char *any_name(void)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "ff", "ggg"};

	return names[below(7)];
}

/* As many as there is room for, two thirds of them the lower's. */
static void make_lower(void)
{
	for (int i = 1; i < DIRS * 2 / 3; i++) {
		int parent = any_dir();
		const char *name = any_name();

		if (find(parent, name))
			continue;
		dir[i] = (struct dir){.there = true, .parent = parent};
		strcpy(dir[i].name, name);
		strcpy(dir[i].low, path_of("/low", i));
	}
}

static void tell_of(struct ovl_move m)
{
	cr_assert_eq(ovl_moved_room(strlen(m.from), strlen(m.to)), 0);
	ovl_moved_begin(&m);
	ovl_moved_end(true);
}

/* Of directories that the lower has a part in. */
static void tell(const char *from, const char *to)
{
	tell_of((struct ovl_move){from, to, true, true, false, 1});
}

/* What programs do: of what is not renamed the list is not told. */
static void do_something(void)
{
	int d = any_dir();
	int parent = any_dir();
	const char *name = any_name();
	int old = find(parent, name);
	char to[1024];

	if (!d || is_in(parent, d) || d == old)
		return;
	if (below(8) == 0 && is_empty(d) && dir[d].low[0] == '\0') {
		dir[d].there = false;
		return;
	}
	if (below(8) == 0 && !old) {
		for (int i = 1; i < DIRS; i++)
			if (!dir[i].there && !dir[i].low[0]) {
				dir[i] = (struct dir){.there = true, .parent = parent};
				strcpy(dir[i].name, name);
				return;
			}
		return;
	}
	snprintf(to, sizeof(to), "%s/%s", path_of("/view", parent), name);
	if (!old) {
		tell_of((struct ovl_move){path_of("/view", d), to, dir[d].low[0], false, false, 1});
	} else if (is_in(d, old)) {
		return;
	} else if (below(2)) {
		tell_of((struct ovl_move){path_of("/view", d), to, dir[d].low[0], dir[old].low[0],
					  true, 1});
		dir[old].parent = dir[d].parent;
		strcpy(dir[old].name, dir[d].name);
	} else if (is_empty(old) && (!dir[old].low[0] || below(1000) == 0)) {
		tell_of((struct ovl_move){path_of("/view", d), to, dir[d].low[0], false, false, 1});
		dir[old].there = false;
	} else {
		return;
	}
	dir[d].parent = parent;
	strcpy(dir[d].name, name);
}

static char *shown(const char *real)
{
	static struct ovl_path p;

	cr_assert_eq(ovl_path_set(&p, real, strlen(real)), 0);
	cr_assert_eq(ovl_view_from_real(&p, NULL), 1);
	return p.buf;
}

static void check_all(void)
{
	for (int i = 1; i < DIRS; i++) {
		char file[256];
		char want[1100];

		if (!dir[i].there || !dir[i].low[0])
			continue;
		cr_assert(eq(str, shown(dir[i].low), path_of("/view", i)));
		snprintf(file, sizeof(file), "%s/file", dir[i].low);
		snprintf(want, sizeof(want), "%s/file", path_of("/view", i));
		cr_assert(eq(str, shown(file), want));
	}
}

Test(moved, what_a_lower_directory_is_by_now_is_told_after_any_number_of_renames)
{
	make_lower();
	for (int i = 0; i < 300000; i++) {
		do_something();
		if (i % 1000 == 0)
			check_all();
	}
	check_all();
	cr_expect(gt(u64, ss->moves_gen, 4), "the list was made shorter");
	cr_expect(lt(u64, ss->moves_short, 8192), "and it is short then");
}

Test(moved, a_directory_that_is_back_is_on_the_list_no_more)
{
	for (int i = 0; i < 100000; i++) {
		tell("/view/a", "/view/b");
		tell("/view/b", "/view/a");
	}
	cr_expect(gt(u64, ss->moves_gen, 4));
	cr_expect(eq(u64, ss->moves_short, 0));
	cr_expect(eq(str, shown("/low/a/x"), (char *)"/view/a/x"));
}

Test(moved, one_list_of_the_launchers_is_gone_on_with)
{
	char list[] = "/a/b\0//0\0/a\0//1\0//0\0/x\0//1\0/a/b"; /* the name in /a is /a's by now */

	memcpy(ss->moves[0], list, sizeof(list));
	ss->moves_now = ss->moves_next = ss->moves_short = sizeof(list);
	cr_expect(eq(str, shown("/low/a/b/f"), (char *)"/view/x/f"));
	cr_expect(eq(str, shown("/low/a/f"), (char *)"/view/a/b/f"));
	tell("/view/x", "/view/y");
	for (int i = 0; i < 20000; i++) {
		tell("/view/p", "/view/q");
		tell("/view/q", "/view/p");
	}
	cr_expect(ge(u64, ss->moves_gen, 1));
	cr_expect(eq(str, shown("/low/a/b/f"), (char *)"/view/y/f"));
	cr_expect(eq(str, shown("/low/a/f"), (char *)"/view/a/b/f"));
}

/* More directories than the list has room for, each where it has not been. */
Test(moved, a_list_that_cannot_be_shorter_is_full)
{
	char from[32];
	char to[32];
	uint64_t gen;
	int n = 0;

	for (;; n++) {
		snprintf(from, sizeof(from), "/view/from%d", n);
		snprintf(to, sizeof(to), "/view/to%d", n);
		if (ovl_moved_room(strlen(from), strlen(to)))
			break;
		tell(from, to);
	}
	cr_expect(gt(int, n, 40000));
	cr_expect(eq(int, ovl_moved_room(strlen(from), strlen(to)), -ENOSPC));
	gen = ss->moves_gen;
	for (int i = 0; i < 100; i++)
		cr_expect(eq(int, ovl_moved_room(strlen(from), strlen(to)), -ENOSPC));
	cr_expect(eq(u64, ss->moves_gen, gen), "it is not tried each time");
	cr_expect(eq(str, shown("/low/from0/x"), (char *)"/view/to0/x"));
	cr_expect(eq(str, shown("/low/from39999"), (char *)"/view/to39999"));
}

Test(moved, without_memory_the_list_stays_what_it_is)
{
	fault_set(__NR_mmap, FAULT_EACH, -ENOMEM);
	for (int i = 0; i < 20000; i++) {
		tell("/view/a", "/view/b");
		tell("/view/b", "/view/a");
	}
	tell("/view/a", "/view/c");
	cr_expect(ge(u64, ss->moves_gen, 1));
	cr_expect(eq(str, shown("/low/a/x"), (char *)"/view/c/x"));
}

static void die(void *arg)
{
	(void)arg;
	_exit(0);
}

/* At each of the two calls that it takes. */
Test(moved, who_dies_while_it_is_made_shorter_leaves_a_list)
{
	static const long nr[] = {__NR_mmap, __NR_munmap};

	tell("/view/x", "/view/y");
	for (int k = 0; k < 2; k++) {
		uint64_t gen = ss->moves_gen;
		pid_t child = fork();
		int status;

		if (!child) {
			fault_hook(nr[k], 1, die, NULL);
			for (;;) {
				tell("/view/a", "/view/b");
				ss->cookie = 1;
				tell("/view/b", "/view/a");
				ss->cookie = 0;
			}
		}
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_expect(eq(int, status, 0));
		cr_expect(gt(u64, ss->moves_gen, gen));
		ovl_moved_recover();
		cr_expect(eq(str, shown("/low/a"), (char *)(ss->cookie ? "/view/b" : "/view/a")));
		cr_expect(eq(str, shown("/low/x"), (char *)"/view/y"));
		tell(ss->cookie ? "/view/b" : "/view/a", "/view/c");
		cr_expect(eq(str, shown("/low/a"), (char *)"/view/c"));
		tell("/view/c", "/view/a");
	}
}

/* Where it is by now: a number. */
static long place;
static bool quit;

static void *look_all_the_time(void *arg)
{
	static struct ovl_path p;
	long *wrong = arg;

	while (!__atomic_load_n(&quit, __ATOMIC_ACQUIRE)) {
		long first = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
		int layer;
		long is;

		(void)ovl_path_set(&p, "/low/0/x", 8);
		layer = ovl_view_from_real(&p, NULL);
		is = strtol(p.buf + 6, NULL, 10);
		if (layer != OVL_AGAIN &&
		    (is < first || is > __atomic_load_n(&place, __ATOMIC_ACQUIRE) + 1))
			++*wrong;
	}
	return NULL;
}

Test(moved, who_reads_meanwhile_finds_one_place_or_begins_again)
{
	pthread_t reader;
	long wrong = 0;

	cr_assert_eq(pthread_create(&reader, NULL, look_all_the_time, &wrong), 0);
	for (long i = 0; i < 400000; i++) {
		char from[32];
		char to[32];

		snprintf(from, sizeof(from), "/view/%ld", i);
		snprintf(to, sizeof(to), "/view/%ld", i + 1);
		tell(from, to);
		__atomic_store_n(&place, i + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&quit, true, __ATOMIC_RELEASE);
	cr_assert_eq(pthread_join(reader, NULL), 0);
	cr_expect(eq(long, wrong, 0));
	cr_expect(gt(u64, ss->moves_gen, 8));
}

/* Enough for the list to be made shorter. */
static void go_to_and_fro(void)
{
	uint64_t gen = ss->moves_gen;

	while (ss->moves_gen == gen) {
		tell("/view/to", "/view/fro");
		tell("/view/fro", "/view/to");
	}
}

Test(moved, what_is_in_a_new_directory_of_the_old_name_is_not_where_it_was)
{
	tell("/view/a", "/view/x");
	tell("/view/x/c", "/view/a/c"); /* a is made on upper by now */
	for (int i = 0; i < 3; i++) {
		cr_expect(eq(str, shown("/low/a/c/f"), (char *)"/view/a/c/f"));
		cr_expect(eq(str, shown("/low/a/f"), (char *)"/view/x/f"));
		go_to_and_fro();
	}
}

Test(moved, directories_of_upper_alone_do_not_stay_on_the_list)
{
	tell("/view/a", "/view/x");
	for (int i = 0; i < 100000; i++) {
		char from[32];
		char to[32];

		snprintf(from, sizeof(from), "/view/%s%d", i % 2 ? "from" : "a", i % 2 ? i : 0);
		snprintf(to, sizeof(to), "/view/to%d", i);
		tell_of((struct ovl_move){from, to, false, false, false, 1});
	}
	go_to_and_fro();
	cr_expect(lt(u64, ss->moves_short, 64));
	cr_expect(eq(str, shown("/low/a"), (char *)"/view/x"));
}
