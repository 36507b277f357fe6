/* SPDX-License-Identifier: MIT */
/*
 * loadertext.h - stands for the loader's text, which can be linked at its own address only
 *
 * For one file of a test that links loader/callplace.c or lean.c, or what uses them.
 */
#ifndef OVL_TEST_LOADERTEXT_H
#define OVL_TEST_LOADERTEXT_H

#include "lean.h"
#include "callplace.h"

const unsigned char ovl_passes[OVL_PASSES * OVL_PASS_SIZE];
const unsigned char ovl_forks[OVL_FORKS * OVL_FORK_SIZE];
const unsigned char ovl_lean_stubs[OVL_LEAN_STUBS * OVL_LEAN_STUB_SIZE];
const unsigned char ovl_range_start[1];
const unsigned char ovl_range_end[1];

#endif
