/* SPDX-License-Identifier: MIT */
/* sym_signal.h - signals of the door of names: SIGSYS is ours, see sigsys.h */
#ifndef OVL_SYM_SIGNAL_H
#define OVL_SYM_SIGNAL_H

#include "sym.h"

/* The kernel's struct sigaction. */
struct ovl_action {
	uint64_t handle; /* 0: SIG_DFL, 1: SIG_IGN */
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* rt_sigaction() and rt_sigprocmask(), translated where the guard needs it: 0 or -errno. */
long ovl_sym_action(int sig, const struct ovl_action *set, struct ovl_action *ret_old);
long ovl_sym_mask(int how, const uint64_t *set, uint64_t *ret_old);

#endif
