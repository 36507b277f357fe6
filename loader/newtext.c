/* SPDX-License-Identifier: MIT */
#include "newtext.h"

#include <linux/mman.h>

#include "dispatch.h"
#include "own.h"
#include "peek.h"
#include "sys.h"

#define PAGE 4096UL

/* Bytes that are looked at, all in all; what makes more has one for certain. */
#define LOOK_MAX (64UL << 20)

static bool found;
static uint64_t looked_at;

bool ovl_newtext_wants(long nr)
{
	return nr == __NR_mmap || nr == __NR_mprotect || nr == __NR_pkey_mprotect;
}

/* Is there a system call in the @n bytes at @p, or between them and the byte before, @last? */
static bool is_in(const uint8_t *p, size_t n, uint8_t *last)
{
	bool is = false;

	for (size_t i = 0; i < n && !is; i++) {
		is = *last == 0x0f && p[i] == 0x05;
		*last = p[i];
	}
	return is;
}

/* Is there one in @len bytes from @at on, of which some may lead nowhere? */
static bool has_call(uint64_t at, uint64_t len)
{
	uint64_t end = at + len;
	uint8_t last = 0;
	bool is = false;
	long room;

	if (len > LOOK_MAX - looked_at)
		return true;
	looked_at += len;
	room = ovl_sys(__NR_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (ovl_is_err(room))
		return true;
	for (; at < end && !is; at += PAGE) {
		size_t n = end - at < PAGE ? end - at : PAGE;

		is = is_in((uint8_t *)room, ovl_peek((const char *)at, (char *)room, n), &last);
	}
	(void)ovl_sys(__NR_munmap, room, PAGE);
	return is;
}

void ovl_newtext_look(const struct ovl_call *c)
{
	uint64_t at = (uint64_t)(c->nr == __NR_mmap ? c->ret : c->arg[0]);

	if (!ovl_newtext_wants(c->nr) || ovl_is_err(c->ret) || !(c->arg[2] & PROT_EXEC))
		return;
	if (!found && !has_call(at, (uint64_t)c->arg[1]))
		return;
	if (!found)
		ovl_own_adopt();
	found = true;
	(void)ovl_dispatch_arm(); /* an old kernel has none: the guard is left */
}
