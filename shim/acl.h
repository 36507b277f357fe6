/* SPDX-License-Identifier: MIT */
/*
 * acl.h - the access ACL of an object whose mode is only recorded
 *
 * Its entries for owner, others, and mask (without one, the group) are the mode's bits: the
 * copy's ACL tells the copy's mode, which is not what the view shows. acl(5)
 * Context: any.
 */
#ifndef OVL_ACL_H
#define OVL_ACL_H

#include "ovl_base.h"

/* The value @acl of system.posix_acl_access, @n bytes, is that of an object with mode @mode. */
void ovl_acl_show(void *acl, size_t n, unsigned mode);

#endif
