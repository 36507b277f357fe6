/* SPDX-License-Identifier: MIT */
#include "way.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "session.h"
#include "word.h"

static void start(void)
{
	session_make();
}

TestSuite(way, .init = start);

/* What walking @path from the directory hashed @from would tell. */
static struct ovl_told walked(const char *path, uint64_t from)
{
	struct ovl_told t = {.path = path, .dir = from, .clean = true, .value = 2};
	const char *slash = strrchr(path, '/');

	t.name = slash ? slash + 1 : path;
	t.n = (uint16_t)strlen(t.name);
	for (const char *at = path; at < t.name;) {
		const char *end;
		uint64_t h = ovl_word_hash(t.dir, at, &end);

		if (end > at && !ovl_is_dot(at, (size_t)(end - at)))
			t.dir = h;
		at = end > at ? end : at + 1;
	}
	t.hash = ovl_hash_push(t.dir, t.name, t.n);
	return t;
}

static void keep(const char *path, uint64_t from)
{
	struct ovl_told t = walked(path, from);

	ovl_way_keep(&t, from, ovl_way_begin());
}

/* Is the way of @path from @from known? Then it is the right one: no check that takes a lock. */
static bool finds(const char *path, uint64_t from)
{
	struct ovl_told t = {.path = path, .dir = from};
	struct ovl_told right = walked(path, from);
	bool known = ovl_way_find(&t);

	if (known ? t.dir != right.dir || t.hash != right.hash || t.value != right.value ||
			    !t.clean || t.name != right.name || t.n != right.n
		  : t.dir != from)
		cr_assert(false, "%s", path);
	return known;
}

/* The same where no page ends in it. */
static bool knows_from(const char *path, uint64_t from)
{
	_Alignas(4096) char text[4096];

	return finds(strcpy(text, path), from);
}

static bool knows(const char *path)
{
	return knows_from(path, OVL_HASH_ROOT);
}

Test(way, another_name_in_the_same_directory_has_gone_it_too)
{
	keep("/a/directory/name", OVL_HASH_ROOT);
	cr_expect(knows("/a/directory/name"));
	cr_expect(knows("/a/directory/another-of-some-length"));
	cr_expect(knows("/a/directory/.x"));
	cr_expect_not(knows("/a/directorx/name"));
	cr_expect_not(knows("/b/directory/name"));
	cr_expect_not(knows("/a/directory/name/below"));
	cr_expect_not(knows("/a/directory"));
	cr_expect_not(knows("/a/directory//name"));
	cr_expect_not(knows("/a"));
}

Test(way, what_is_no_name_is_left_to_a_closer_look)
{
	char text[1024] = "/a/directory/";

	keep("/a/directory/name", OVL_HASH_ROOT);
	cr_expect_not(knows("/a/directory/"));
	cr_expect_not(knows("/a/directory/."));
	cr_expect_not(knows("/a/directory/.."));
	memset(text + 13, 'n', NAME_MAX + 1);
	cr_expect_not(knows(text));
	text[13 + NAME_MAX] = '\0';
	cr_expect(knows(text));
}

Test(way, it_goes_from_one_directory)
{
	keep("some/where/name", 77);
	cr_expect(knows_from("some/where/name", 77));
	cr_expect_not(knows_from("some/where/name", 78));
	cr_expect_not(knows_from("/some/where/name", OVL_HASH_ROOT));
}

Test(way, short_and_long_ones_and_odd_spellings)
{
	char text[512];

	for (size_t n = 1; n < 300; n++) {
		memset(text, 'd', n);
		text[0] = text[n] = '/';
		for (size_t i = 50; i < n; i += 50)
			text[i] = '/';
		strcpy(text + n + 1, "name");
		keep(text, OVL_HASH_ROOT);
		cr_assert_eq(knows(text), n + 1 <= 184, "%zu", n);
		text[n / 2 + 1] ^= 1;
		cr_assert_not(n > 1 && knows(text), "%zu", n);
	}
	keep("//a/./b//name", OVL_HASH_ROOT);
	cr_expect(knows("//a/./b//x"));
}

Test(way, what_may_hide_a_directory_makes_all_unknown)
{
	keep("/a/directory/name", OVL_HASH_ROOT);
	ovl_announce(1, false);
	cr_expect(knows("/a/directory/name"));
	ovl_announce(2, true);
	cr_expect_not(knows("/a/directory/name"));
	keep("/a/directory/name", OVL_HASH_ROOT);
	cr_expect(knows("/a/directory/name"));
	ovl_announce(2, true); /* who did so before may have been killed half way */
	cr_expect_not(knows("/a/directory/name"));
}

Test(way, what_was_announced_during_the_walk_is_not_kept)
{
	struct ovl_told t = walked("/a/directory/name", OVL_HASH_ROOT);
	uint64_t ways = ovl_way_begin();

	ovl_announce(2, true);
	ovl_way_keep(&t, OVL_HASH_ROOT, ways);
	cr_expect_not(knows("/a/directory/name"));
}

Test(way, rights_of_the_views_own_make_all_unknown)
{
	keep("/a/directory/name", OVL_HASH_ROOT);
	ovl_overrides_begin();
	cr_expect_not(knows("/a/directory/name"));
	keep("/a/directory/name", OVL_HASH_ROOT);
	cr_expect_not(knows("/a/directory/name"));
}

Test(way, a_path_that_was_written_to_meanwhile_is_not_kept)
{
	char path[] = "/a/directory/name";
	struct ovl_told t = walked(path, OVL_HASH_ROOT);

	path[5]++;
	ovl_way_keep(&t, OVL_HASH_ROOT, ovl_way_begin());
	cr_expect_not(knows("/a/directory/name"));
	cr_expect_not(knows(path));
}

Test(way, of_many_the_last_ones_are_known)
{
	char path[64];
	int known = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/a/directory/%d/name", i);
		keep(path, OVL_HASH_ROOT);
		cr_expect(knows(path));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "/a/directory/%d/name", i);
		known += knows(path);
	}
	cr_expect(ge(int, known, 4));
}

Test(way, nothing_is_read_behind_the_page_that_a_path_ends_in)
{
	char *two = mmap(NULL, 2 * OVL_WORD_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *path;

	cr_assert(ne(ptr, two, MAP_FAILED));
	cr_assert_eq(munmap(two + OVL_WORD_PAGE, OVL_WORD_PAGE), 0);
	keep("/a/directory/of/some/length/name", OVL_HASH_ROOT);
	keep("/a/x", OVL_HASH_ROOT);
	for (size_t n = 1; n < 40; n++) {
		path = two + OVL_WORD_PAGE - n - 1;
		memset(path, 'x', n);
		memcpy(path, "/a/directory/of/some/length/name", n < 32 ? n : 32);
		path[n] = '\0';
		cr_expect(eq(int, finds(path, OVL_HASH_ROOT), (n > 6 && n < 13) || n > 28), "%zu",
			  n);
	}
}

static unsigned rival[3]; /* ways that are kept in two places */

static void find_and_keep(unsigned i)
{
	char path[64];

	snprintf(path, sizeof(path), "/%u/directory/name", rival[i % 3]);
	(void)knows(path); /* if so it is right */
	keep(path, OVL_HASH_ROOT);
}

static void find_rivals(void)
{
	char path[64];
	int known = 0;
	int n = 0;

	for (unsigned i = 0; n < 3; i++) {
		int len = snprintf(path, sizeof(path), "/%u/directory/", i);

		if (ovl_hash_push(0, path, (size_t)len) >> 60 == 0)
			rival[n++] = i;
	}
	for (unsigned i = 0; i < 3; i++)
		find_and_keep(i);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/%u/directory/name", rival[i]);
		known += knows(path);
	}
	cr_assert(eq(int, known, 2));
}

Test(way, the_same_one_takes_no_second_place)
{
	char path[64];

	find_rivals();
	for (unsigned i = 0; i < 2; i++) {
		find_and_keep(i);
		find_and_keep(!i);
		for (int n = 0; n < 10; n++)
			find_and_keep(i);
		snprintf(path, sizeof(path), "/%u/directory/name", rival[!i]);
		cr_expect(knows(path));
	}
}

/* What one looks for is being put in another's place. */
static void *thread(void *arg)
{
	for (unsigned i = 0; i < 600000; i++)
		find_and_keep(i * *(unsigned *)arg);
	return NULL;
}

static void interrupt(int sig)
{
	static unsigned i;

	for (int n = 0; n < 16; n++)
		find_and_keep(i++);
	(void)sig;
}

Test(way, threads_and_handlers_never_see_half_of_one, .timeout = 60)
{
	const struct itimerval often = {{0, 200}, {0, 200}};
	const struct itimerval never = {{0, 0}, {0, 0}};
	unsigned stride[] = {1, 1, 2};
	pthread_t thr[3];

	find_rivals();
	signal(SIGALRM, interrupt);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&thr[i], NULL, thread, &stride[i]), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(thr[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
}
