/* SPDX-License-Identifier: MIT */
#include "acl.h"

#include "dcache.h"
#include "peek.h"
#include "str.h"
#include "view.h"

/* linux/posix_acl_xattr.h: a version, then entries, little-endian. */
#define VERSION_SIZE 4
struct entry {
	uint16_t tag;
	uint16_t perm;
	uint32_t id;
};

enum { USER_OBJ = 0x01, GROUP_OBJ = 0x04, MASK = 0x10, OTHER = 0x20 };

static struct entry *find(void *acl, size_t n, unsigned tag)
{
	struct entry *e = (struct entry *)(void *)((char *)acl + VERSION_SIZE);

	for (size_t left = n - VERSION_SIZE; left >= sizeof(*e); left -= sizeof(*e), e++) {
		if (e->tag == tag)
			return e;
	}
	return NULL;
}

static void set(struct entry *e, unsigned bits)
{
	if (e)
		e->perm = (uint16_t)(bits & 7);
}

void ovl_acl_show(void *acl, size_t n, unsigned mode)
{
	struct entry *mask;

	if (n < VERSION_SIZE)
		return;
	mask = find(acl, n, MASK);
	set(find(acl, n, USER_OBJ), mode >> 6);
	set(mask ? mask : find(acl, n, GROUP_OBJ), mode >> 3);
	set(find(acl, n, OTHER), mode);
}

/* Is it no more than a mode? */
static bool is_mode(const void *acl, size_t size)
{
	struct {
		uint32_t version;
		struct entry entry[3];
	} v;

	return size == sizeof(v) && ovl_peek(acl, (char *)&v, sizeof(v)) == sizeof(v) &&
	       v.entry[0].tag == USER_OBJ && v.entry[1].tag == GROUP_OBJ && v.entry[2].tag == OTHER;
}

void ovl_acl_changes(const struct ovl_name *n, const char *name, const void *acl, size_t size)
{
	bool access = ovl_str_equal(name, OVL_ACL_PREFIX "access");

	if (!ovl_str_starts(name, OVL_ACL_PREFIX))
		return;
	if (acl && access && is_mode(acl, size))
		ovl_dcache_rights(n);
	else if (acl || access)
		ovl_acls_begin();
}
