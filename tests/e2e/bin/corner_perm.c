/* SPDX-License-Identifier: MIT */
/* corner_perm SECTION - an ordinary user among objects of its own and of others */
#include <sys/xattr.h>

#include "corner.h"

/* Of the last two, which cannot be read, there can be no copy by an ordinary user. */
static const char *const files[] = {
	"f",	      "d/g",	   "their/open", "their/read", "their/none",
	"own/444",    "closed/in", "closed",	 "own",	       "sticky/theirs",
	"sticky/own", "listed/x",  "listed",	 "own/000",    "own/200",
};

enum { FILES = 13, WITH_UNREADABLE = 15 };

static void opened(void)
{
	for (int i = 0; i < FILES; i++) {
		const char *f = files[i];

		say("%s\n", f);
		DO(open(f, O_RDONLY) >= 0);
		DO(open(f, O_WRONLY) >= 0);
		DO(open(f, O_WRONLY | O_TRUNC) >= 0);
		DO(open(f, O_RDWR | O_APPEND) >= 0);
		DO(open(f, O_PATH) >= 0);
		DO(truncate(f, 1));
		show(f);
	}
}

static void asked(void)
{
	struct stat st;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < WITH_UNREADABLE; i++) {
			const char *f = files[i];

			say("%s\n", f);
			for (int mode = 0; mode < 8; mode++)
				DO(access(f, mode));
			DO(faccessat(AT_FDCWD, f, W_OK, AT_EACCESS));
			DO(stat(f, &st));
			DO(getxattr(f, "user.x", NULL, 0) == -1);
		}
		put("own/new", ""); /* and once more when something is in upper */
		DO(chmod("own/444", 0644));
		DO(chmod("own", 0500));
	}
}

static void changed(void)
{
	struct timespec t[2] = {{1, 0}, {2, 0}};

	for (int i = 0; i < FILES; i++) {
		const char *f = files[i];

		say("%s\n", f);
		DO(utimensat(AT_FDCWD, f, NULL, 0));
		DO(utimensat(AT_FDCWD, f, t, 0));
		DO(setxattr(f, "user.y", "y", 1, 0));
		DO(removexattr(f, "user.y"));
		DO(chown(f, 0, -1));
		DO(chown(f, -1, 0));
		DO(chown(f, getuid(), getgid()));
		DO(chown(f, -1, -1));
		/* a lower directory that is closed stays so: README, Limits */
		DO(chmod(f, strcmp(f, "closed") ? 0640 : 0));
		show(f);
	}
}

static void named(void)
{
	for (int i = 0; i < FILES; i++) {
		const char *f = files[i];

		say("%s\n", f);
		DO(link(f, "l"));
		DO(unlink("l"));
		DO(rename(f, "m"));
		DO(rename("m", f));
		DO(symlink("x", f));
		DO(mkdir(f, 0755));
	}
	for (int i = 0; i < FILES; i++) {
		say("%s\n", files[i]);
		DO(unlink(files[i]));
		DO(rmdir(files[i]));
	}
	DO(open("sticky/new", O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0);
	DO(unlink("sticky/new"));
	DO(rename("sticky/theirs", "x"));
	DO(rename("f", "sticky/theirs"));
	DO(open("listed/new", O_WRONLY | O_CREAT, 0600));
	DO(open("closed/new", O_WRONLY | O_CREAT, 0600));
	DO(open("their/new", O_WRONLY | O_CREAT, 0600));
	DO(mkdir("their/new", 0755));
	DO(rename("f", "their/f"));
	DO(rename("their/open", "open"));
	list("sticky");
}

static void directories(void)
{
	int fd;

	list("closed");
	list("listed");
	DO(chdir("closed"));
	DO(chdir("listed"));
	DO(access("listed/x", F_OK));
	DO(access("closed/in", F_OK));
	DO(open("own", O_RDONLY | O_DIRECTORY) >= 0);
	DO(chmod("own", 0));
	list("own");
	DO(open("own/444", O_RDONLY));
	DO(access("own/444", F_OK));
	DO(chmod("own", 0300));
	list("own");
	DO(open("own/444", O_RDONLY) >= 0);
	put("own/new", "");
	DO(chmod("own", 0500));
	list("own");
	DO(open("own/newer", O_WRONLY | O_CREAT, 0600));
	DO(unlink("own/444"));
	DO(chmod("own", 0700));
	fd = (int)DO(open("own", O_PATH));
	DO(chmod("own", 0600));
	DO(openat(fd, "444", O_RDONLY));
	DO(fstatat(fd, "444", &(struct stat){0}, 0));
	DO(fchdir(fd));
	list_fd(fd);
	DO(chmod("own", 0700));
	DO(mkdir("own/sub", 0));
	DO(rename("own/sub", "own/sub2"));
	DO(rename("own/sub2", "sub"));
	DO(rmdir("sub"));
	DO(umask(077));
	DO(mkdir("masked", 0777));
	DO(mkdir("masked/setgid", 02777));
	show("masked");
	show("masked/setgid");
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"opened", opened},	      {"asked", asked},
		{"changed", changed},	      {"named", named},
		{"directories", directories}, {NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
