# SPDX-License-Identifier: MIT
# door.bash - the tests may run by the door of names: OVL_DOOR=symbols (README, Limits)

# not_by_names WHY: the test is of what that door is without
not_by_names()
{
	test "${OVL_DOOR-}" != symbols || skip "by names: $1"
}
