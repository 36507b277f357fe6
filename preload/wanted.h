/* SPDX-License-Identifier: MIT */
/*
 * wanted.h - which system calls are looked for, in which kind of text
 *
 * Sets are 512 bits, one per number, as struct ovl_sites has them: what is wanted, and what of
 * that may be missed. Pure; tools link it hosted.
 */
#ifndef OVL_WANTED_H
#define OVL_WANTED_H

#include <stdbool.h>
#include <stdint.h>

/* A larger program is searched only if it says what it is: far.h. */
#define OVL_WANTED_TEXT_MAX (4u << 20)

/*
 * libc and the dynamic linker (@ldso, whose mmap loads libraries): the engine's numbers and the
 * door's, but for what the linker does before we are there, and what is rare and the guard brings.
 * What is only watched may be missed: what the engine learned is older then. @flags: the session's.
 */
void ovl_wanted_in_libc(uint32_t flags, bool ldso, uint64_t *ret, uint64_t *ret_spared);

/* A dynamic program's own text: reading calls, for the guard traps the others. */
void ovl_wanted_in_program(uint64_t *ret);

/* A program that the loader starts: all that the engine has to see. */
void ovl_wanted_in_static(uint64_t *ret, uint64_t *ret_spared);

#endif
