/* SPDX-License-Identifier: MIT */
#include "deputy.h"

#include <pthread.h>
#include <sys/wait.h>

#include "fault.h"
#include "fixture.h"
#include "lock.h"

static struct ovl_ctx ctx;

static void start(void)
{
	world_make_same_root();
	memset(&ctx, 0, sizeof(ctx));
	w.ss->self = session_text(w.ss, in("work", "oplock"));
	mkdir(in("low1", "d"), 0750);
	mkdir(in("low1", "d/e"), 0777);
	chmod(in("low1", "d/e"), 01777);
}

TestSuite(deputy, .init = start, .fini = world_end, .timeout = 30);

/* ovlrun's part: serve one turn. */
static void *serve(void *unused)
{
	while (!(__atomic_load_n(&w.ss->deputy.turn, __ATOMIC_ACQUIRE) & 1))
		usleep(1000);
	w.ss->deputy.answer = ovl_deputy_serve();
	__atomic_add_fetch(&w.ss->deputy.turn, 1, __ATOMIC_ACQ_REL);
	return unused;
}

static int ask(const char *rel)
{
	const char *path = in("low1", rel);

	return ovl_deputy_ask(&ctx, path, strlen(path));
}

static int ask_served(const char *rel)
{
	pthread_t thread;
	int err;

	w.ss->deputy.pid = (uint32_t)getpid();
	cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
	err = ask(rel);
	pthread_join(thread, NULL);
	return err;
}

Test(deputy, what_is_asked_for_is_there_with_all_above_it)
{
	struct stat st;

	cr_expect(eq(int, ask_served("d/e"), 0));
	cr_assert(eq(int, stat(in(W_UP, "d/e"), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 01777));
	cr_assert(eq(int, stat(in(W_UP, "d"), &st), 0));
	cr_expect(eq(uint, st.st_mode & 07777, 0750));
}

/* It would wait for the lock, and we for it. */
Test(deputy, it_works_under_the_lock_of_who_asks)
{
	OVL_LOCK lock = ovl_lock(&ctx);

	cr_assert(ge(int, lock, 0));
	ctx.locked = true;
	cr_expect(eq(int, ask_served("d/e"), 0));
	cr_expect(eq(int, access(in(W_UP, "d/e"), F_OK), 0));
}

Test(deputy, a_turn_of_one_who_died_is_finished_first)
{
	pthread_t thread;

	strcpy(w.ss->deputy.path, in("low1", "d"));
	w.ss->deputy.turn = 1;
	w.ss->deputy.pid = (uint32_t)getpid();
	cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
	pthread_join(thread, NULL);
	cr_expect(eq(int, ask_served("d/e"), 0));
	cr_expect(eq(uint, w.ss->deputy.turn, 4));
}

Test(deputy, a_file_comes_with_its_owner)
{
	struct stat st;

	close(open(in("low1", "d/f"), O_RDWR | O_CREAT, 0600));
	cr_assert_eq(chown(in("low1", "d/f"), geteuid(), 7), 0);
	cr_expect(eq(int, ask_served("d/f"), 0));
	cr_assert(eq(int, stat(in(W_UP, "d/f"), &st), 0));
	cr_expect(eq(uint, st.st_gid, 7));
}

Test(deputy, what_is_missing_is_told)
{
	cr_expect(eq(int, ask_served("none"), -ENOENT));
}

Test(deputy, nobody_to_ask)
{
	static char text[4096];

	cr_expect(eq(int, ask("d"), -EACCES));
	w.ss->deputy.pid = (uint32_t)getpid();
	memset(text, 'x', sizeof(text));
	cr_expect(eq(int, ovl_deputy_ask(&ctx, text, sizeof(text)), -EACCES));
}

Test(deputy, who_was_killed_is_waited_for_only_once)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	w.ss->deputy.pid = (uint32_t)child;
	cr_expect(eq(int, ask("d"), -EACCES));
	cr_expect(eq(uint, w.ss->deputy.pid, 0));
}

Test(deputy, asked_first_by_other_users_only)
{
	cr_expect(not(ovl_deputy_first()));
	w.ss->deputy.pid = (uint32_t)getpid();
	w.ss->deputy.uid = geteuid();
	cr_expect(not(ovl_deputy_first()));
	w.ss->deputy.uid = geteuid() + 1;
	cr_expect(ovl_deputy_first());
}
