/* SPDX-License-Identifier: MIT */
/* true.c - the least of programs, linked statically: what its start costs is measured */
int main(void)
{
	return 0;
}
