/* SPDX-License-Identifier: MIT */
#include "wanted.h"

#include "ovl.h"
#include "sigsys.h"

static void add(uint64_t *set, long nr)
{
	set[nr / 64] |= 1ULL << (nr % 64);
}

static void clear(uint64_t *set)
{
	for (int i = 0; i < 8; i++)
		set[i] = 0;
}

/*
 * Each page that has a site costs every start a copy of it. The linker makes these before we are
 * there, if ever, and no more.
 */
static bool is_of_start(long nr)
{
	return nr == __NR_access || nr == __NR_execve || nr == __NR_execveat;
}

/* For the administrator, rarely, and the guard brings them here as well. */
static bool is_rare(long nr)
{
	return nr == __NR_acct || nr == __NR_chroot || nr == __NR_swapon || nr == __NR_swapoff ||
	       nr == __NR_umount2;
}

static bool is_left_out(uint32_t flags, bool ldso, long nr)
{
	return (ldso && (is_of_start(nr) || ovl_sigsys_wants(flags, nr))) ||
	       (flags & OVL_S_GUARD && is_rare(nr));
}

void ovl_wanted_in_libc(uint32_t flags, bool ldso, uint64_t *ret, uint64_t *ret_spared)
{
	clear(ret);
	clear(ret_spared);
	for (long nr = 0; nr < 512; nr++) {
		bool door = ovl_sigsys_wants(flags, nr);

		if (is_left_out(flags, ldso, nr))
			continue;
		if (ovl_nr_ours(nr) || door)
			add(ret, nr);
		if (ovl_nr_watched(nr) || door)
			add(ret_spared, nr);
	}
	if (ldso)
		add(ret, __NR_mmap);
}

/* May @nr be let through by the guard without the engine's having seen what it should? */
static bool reads(long nr)
{
	switch (ovl_guarded[nr]) {
	case OVL_G_WRITE:
	case OVL_G_LIMIT0:
	case OVL_G_LIMIT1:
		return false;
	default:
		return true;
	}
}

void ovl_wanted_in_program(uint64_t *ret)
{
	clear(ret);
	for (long nr = 0; nr < 512; nr++) {
		if (ovl_nr_ours(nr) && !ovl_nr_watched(nr) && reads(nr))
			add(ret, nr);
	}
}

void ovl_wanted_in_static(uint64_t *ret, uint64_t *ret_spared)
{
	clear(ret);
	clear(ret_spared);
	for (long nr = 0; nr < 512; nr++) {
		if (ovl_nr_ours(nr))
			add(ret, nr);
		if (ovl_nr_watched(nr))
			add(ret_spared, nr);
	}
}
