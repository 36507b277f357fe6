/* SPDX-License-Identifier: MIT */
#include "acl.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

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
