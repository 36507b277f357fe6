/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <unistd.h>

#include "fault.h"

#define MANY 40

static struct ovl_slot *slot[MANY];

static void start(void)
{
	fault_reset();
}

TestSuite(scratch, .init = start);

Test(scratch, slots_are_apart_and_aligned)
{
	for (int i = 0; i < MANY; i++) {
		slot[i] = ovl_slot_take();
		cr_assert(ne(ptr, slot[i], NULL));
		cr_expect(eq(uint, slot[i]->busy, 1));
		cr_expect(eq(u64, (uintptr_t)slot[i]->stack % 16, 0));
		for (int k = 0; k < i; k++)
			cr_assert(ne(ptr, slot[i], slot[k]));
	}
}

Test(scratch, the_first_ones_cost_no_call_and_come_again)
{
	struct ovl_slot *s = ovl_slot_take();

	cr_expect(eq(uint, fault_total(), 0));
	ovl_slot_put(s);
	cr_expect(eq(ptr, ovl_slot_take(), s));
	cr_expect(eq(uint, fault_total(), 0));
}

Test(scratch, more_are_mapped_once_and_used_again)
{
	unsigned maps;

	for (int i = 0; i < MANY; i++)
		slot[i] = ovl_slot_take();
	maps = fault_count(__NR_mmap);
	cr_expect(ge(uint, maps, 1));
	cr_expect(lt(uint, maps, MANY / 2));
	for (int i = 0; i < MANY; i++)
		ovl_slot_put(slot[i]);
	for (int i = 0; i < MANY; i++)
		cr_expect(ne(ptr, ovl_slot_take(), NULL));
	cr_expect(eq(uint, fault_count(__NR_mmap), maps));
	cr_expect(eq(uint, fault_count(__NR_munmap), 0));
}

Test(scratch, without_memory_there_is_none_and_later_again)
{
	struct ovl_slot *last = NULL;
	int n = 0;

	fault_set(__NR_mmap, FAULT_EACH, -ENOMEM);
	for (struct ovl_slot *s = ovl_slot_take(); s && n < MANY; s = ovl_slot_take()) {
		last = s;
		n++;
	}
	cr_expect(ge(int, n, 1));
	cr_expect(lt(int, n, MANY));
	ovl_slot_put(last);
	cr_expect(eq(ptr, ovl_slot_take(), last));
	fault_reset();
	cr_expect(ne(ptr, ovl_slot_take(), NULL));
}

Test(scratch, an_exec_that_failed_has_its_slot_still)
{
	struct ovl_slot *s = ovl_slot_take();
	struct ovl_slot *other;

	ovl_slot_exec(&s->ctx, NULL, 0);
	ovl_slot_exec_failed(&s->ctx);
	fault_reset();
	other = ovl_slot_take();
	cr_expect(ne(ptr, other, s));
	cr_expect(eq(uint, fault_total(), 0));
	ovl_slot_put(s);
	cr_expect(eq(ptr, ovl_slot_take(), s));
}

Test(scratch, the_slot_of_our_own_pending_exec_is_not_taken)
{
	struct ovl_slot *s = ovl_slot_take();

	ovl_slot_exec(&s->ctx, NULL, 0);
	for (int i = 0; i < MANY; i++)
		cr_assert(ne(ptr, ovl_slot_take(), s));
}

Test(scratch, a_vfork_childs_slot_is_its_parents_again)
{
	struct ovl_slot *s = ovl_slot_take();
	void *map = (void *)ovl_sys(__NR_mmap, 0, 4096, 3, 0x22, -1, 0);
	struct ovl_slot *again = NULL;

	fault_set(__NR_getpid, 1, getpid() + 1); /* the child's; it execs and is gone */
	ovl_slot_exec(&s->ctx, map, 4096);
	for (int i = 0; i < MANY && again != s; i++)
		again = ovl_slot_take();
	cr_expect(eq(ptr, again, s));
	cr_expect(eq(uint, fault_count(__NR_munmap), 1));
	fault_reset();
	ovl_slot_take();
	cr_expect(eq(uint, fault_count(__NR_getpid), 0));
}

static void *take_in_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < MANY; i++) {
		if (ovl_slot_take() == slot[0])
			return slot[0];
	}
	return NULL;
}

Test(scratch, another_threads_exec_is_not_reclaimed)
{
	pthread_t t;
	void *found;

	slot[0] = ovl_slot_take();
	fault_set(__NR_getpid, 1, getpid() + 1);
	ovl_slot_exec(&slot[0]->ctx, NULL, 0);
	cr_assert_eq(pthread_create(&t, NULL, take_in_thread, NULL), 0);
	pthread_join(t, &found);
	cr_expect(eq(ptr, found, NULL));
}
