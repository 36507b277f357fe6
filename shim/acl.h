/* SPDX-License-Identifier: MIT */
/*
 * acl.h - ACLs: what they say of modes
 *
 * An ACL of three entries is a mode. Of the access ACL of an object whose mode is only recorded the
 * entries for owner, others, and mask (without one, the group) are the mode's bits: the
 * copy's ACL tells the copy's mode, which is not what the view shows. acl(5)
 * Context: any.
 */
#ifndef OVL_ACL_H
#define OVL_ACL_H

#include "ctx.h"

#define OVL_ACL_PREFIX "system.posix_acl_"

/* The value @acl of system.posix_acl_access, @n bytes, is that of an object with mode @mode. */
void ovl_acl_show(void *acl, size_t n, unsigned mode);

/*
 * The ACL @name of upper's directory @n is about to become @acl, of @size bytes of the program's,
 * or to go (NULL): what is known of who may search it, or what will be made in it, may not hold.
 */
void ovl_acl_changes(const struct ovl_name *n, const char *name, const void *acl, size_t size);

#endif
