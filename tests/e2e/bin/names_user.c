/* SPDX-License-Identifier: MIT */
/* names_user.c NAME GROUP - what libc's functions tell of them, and who is in the files */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say_user(const char *how, const struct passwd *p)
{
	if (!p)
		printf("%s: none\n", how);
	else
		printf("%s: %s %s %d %d %s %s %s\n", how, p->pw_name, p->pw_passwd, (int)p->pw_uid,
		       (int)p->pw_gid, p->pw_gecos, p->pw_dir, p->pw_shell);
}

static void say_group(const char *how, const struct group *g)
{
	if (!g) {
		printf("%s: none\n", how);
		return;
	}
	printf("%s: %s %s %d", how, g->gr_name, g->gr_passwd, (int)g->gr_gid);
	for (char **m = g->gr_mem; *m; m++)
		printf(" %s", *m);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct passwd user, *p;
	struct group group, *g;
	gid_t list[8];
	char buf[500];
	int count;
	size_t n = 0;

	if (argc != 3)
		return 2;
	p = getpwnam(argv[1]);
	say_user("getpwnam", p);
	say_user("getpwuid", p ? getpwuid(p->pw_uid) : NULL);
	g = getgrnam(argv[2]);
	say_group("getgrnam", g);
	say_group("getgrgid", g ? getgrgid(g->gr_gid) : NULL);
	printf("%d ", getpwnam_r(argv[1], &user, buf, sizeof(buf), &p));
	say_user("getpwnam_r", p);
	printf("%d ", getpwuid_r(4242, &user, buf, sizeof(buf), &p));
	say_user("getpwuid_r", p);
	printf("%d ", getgrnam_r(argv[2], &group, buf, sizeof(buf), &g));
	say_group("getgrnam_r", g);
	printf("%d ", getgrgid_r(4343, &group, buf, sizeof(buf), &g));
	say_group("getgrgid_r", g);
	count = 8;
	printf("%d", getgrouplist(argv[1], 1, list, &count));
	for (int i = 0; i < count; i++)
		printf(" %d", (int)list[i]);
	count = 1;
	printf("\n%d", getgrouplist(argv[1], 1, list, &count));
	printf(" %d\n", count);
	if (!initgroups(argv[1], 5)) {
		count = getgroups(8, list);
		for (int i = 0; i < count; i++)
			printf("in %d\n", (int)list[i]);
	}
	printf("%s\n", strerrorname_np(getpwnam_r(argv[1], &user, buf, 10, &p)));
	printf("%s\n", strerrorname_np(getgrnam_r(argv[2], &group, buf, 30, &g)));
	for (int i = 0; i < 2; i++) {
		setpwent();
		setgrent();
		while ((p = getpwent()))
			say_user("getpwent", p);
		while ((g = getgrent()))
			say_group("getgrent", g);
		n++;
	}
	endpwent();
	endgrent();
	say_user("getpwnam", getpwnam("nobody of that name"));
	say_group("getgrgid", getgrgid(987654));
	return 0;
}
