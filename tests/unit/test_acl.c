/* SPDX-License-Identifier: MIT */
#include "acl.h"

#include "fixture.h"

struct acl {
	uint32_t version;
	struct {
		uint16_t tag, perm;
		uint32_t id;
	} e[5];
};

Test(acl, owner_mask_and_others_are_the_modes)
{
	struct acl a = {2, {{1, 7, -1U}, {2, 5, 1000}, {4, 5, -1U}, {16, 7, -1U}, {32, 4, -1U}}};

	ovl_acl_show(&a, sizeof(a), 0100000 | 0412);
	cr_expect(eq(uint, a.e[0].perm, 4));
	cr_expect(eq(uint, a.e[1].perm, 5));
	cr_expect(eq(uint, a.e[2].perm, 5));
	cr_expect(eq(uint, a.e[3].perm, 1));
	cr_expect(eq(uint, a.e[4].perm, 2));
}

Test(acl, without_a_mask_the_group_is)
{
	struct acl a = {2, {{1, 7, -1U}, {4, 5, -1U}, {32, 4, -1U}}};

	ovl_acl_show(&a, 4 + 3 * 8, 0070);
	cr_expect(eq(uint, a.e[0].perm, 0));
	cr_expect(eq(uint, a.e[1].perm, 7));
	cr_expect(eq(uint, a.e[2].perm, 0));
}

Test(acl, what_is_too_short_is_left_alone)
{
	struct acl a = {2, {{1, 7, -1U}}};

	ovl_acl_show(&a, 3, 0);
	ovl_acl_show(&a, 4 + 7, 0);
	cr_expect(eq(uint, a.e[0].perm, 7));
}

/* What is told when upper's directory d gets the ACL @name: @all that is known goes, and @acls are
 * noted. */
static void expect_told(const char *name, const void *acl, size_t size, bool all, bool acls)
{
	static struct ovl_name n;
	uint32_t moves = w.ss->dcache_moves;

	w.ss->acls = 0;
	ovl_acl_changes(&n, name, acl, size);
	cr_expect(eq(int, w.ss->dcache_moves != moves, all), "%s", name);
	cr_expect(eq(uint, w.ss->acls, acls), "%s", name);
}

Test(acl, of_a_directory_is_told_unless_it_is_but_a_mode)
{
	static const char access[] = OVL_ACL_PREFIX "access";
	static const char other[] = OVL_ACL_PREFIX "default";
	struct acl a = {2, {{1, 7, -1U}, {4, 5, -1U}, {32, 4, -1U}}};
	struct acl named = {2, {{1, 7, -1U}, {2, 7, 1000}, {4, 5, -1U}}};
	const size_t three = 4 + 3 * 8;

	session_make();
	w.ss = ovl_ss;
	expect_told(access, &a, three, false, false);
	expect_told(access, &a, sizeof(a), true, true);
	expect_told(access, &named, three, true, true);
	expect_told(access, (void *)1, three, true, true);
	expect_told(access, NULL, 0, true, true);
	expect_told(other, &a, three, true, true);
	expect_told(other, NULL, 0, false, false);
	expect_told("user.x", &a, three, false, false);
	/* Recorded rights are not the kernel's alone. */
	w.ss->overrides = 1;
	expect_told(access, &a, three, true, false);
}
