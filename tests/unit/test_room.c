/* SPDX-License-Identifier: MIT */
#include "room.h"

#include "fault.h"
#include "fixture.h"

TestSuite(room, .init = world_make_same_root, .fini = world_end);

Test(room, each_is_lent_to_one_at_a_time)
{
	struct ovl_room *a = ovl_room_take();
	struct ovl_room *b = ovl_room_take();

	cr_expect(ne(ptr, a, NULL));
	cr_expect(ne(ptr, b, NULL));
	cr_expect(ne(ptr, a, b));
	ovl_room_put(a);
	cr_expect(eq(ptr, ovl_room_take(), a));
	ovl_room_put(NULL);
}

/* As after many a longjmp() out of a handler. */
Test(room, when_all_are_taken_calls_go_the_slow_way)
{
	struct stat st;

	put_dir(W_UP, "p");
	put(W_UP, "p/f", "up");
	for (int i = 0; i < 2; i++)
		cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
	while (ovl_room_take())
		;
	fault_reset();
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
	cr_expect(eq(long, st.st_size, 2));
	cr_expect(ge(uint, fault_count(__NR_rt_sigprocmask), 1));
	cr_expect(eq(str, shown("p/f"), (char *)"up"));
}

Test(room, every_call_gives_its_own_back)
{
	struct stat st;
	char buf[16];

	put_dir(W_UP, "p");
	put(W_UP, "p/f", "up");
	for (int i = 0; i < 100; i++) {
		view(SYS_stat, at("p/f"), &st);
		view(SYS_stat, at("p/missing"), &st);
		view(SYS_access, at("p/f"), R_OK);
		view(SYS_readlink, at("p/f"), buf, sizeof(buf));
		close((int)view(SYS_open, at("p/f"), O_RDONLY));
	}
	fault_reset();
	cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
	cr_expect(eq(uint, fault_total(), 1));
}

Test(room, what_another_use_left_is_not_taken_for_a_directory)
{
	struct ovl_room *room;
	struct stat st;

	put_dir(W_UP, "p");
	put(W_UP, "p/f", "up");
	for (int i = 0; i < 4; i++) {
		fault_reset();
		cr_expect(eq(long, view(SYS_stat, at("p/f"), &st), 0));
		cr_expect(eq(long, st.st_size, 2));
		room = ovl_room_take();
		memset(room->path, '/', sizeof(room->path));
		ovl_room_put(room);
	}
	cr_expect(eq(uint, fault_total(), 1));
}
