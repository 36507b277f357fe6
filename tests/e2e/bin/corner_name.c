/* SPDX-License-Identifier: MIT */
/* corner_name SECTION - odd names and long paths */
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "corner.h"

/* "./././x", @n bytes long */
static char *long_path(size_t n, const char *end)
{
	static char path[PATH_MAX + 64];
	size_t keep = n - strlen(end);

	for (size_t i = 0; i < keep; i++)
		path[i] = i % 2 ? '/' : '.';
	if (keep % 2)
		path[keep - 1] = '/';
	memcpy(path + keep, end, strlen(end) + 1);
	return path;
}

static void path_max(void)
{
	struct stat st;
	int fd;

	for (size_t n = 4093; n <= 4097; n++) {
		say("%zu bytes\n", n);
		DO(stat(long_path(n, "f"), &st));
		DO(open(long_path(n, "f"), O_RDONLY) >= 0);
		DO(access(long_path(n, "d/g"), R_OK));
		DO(open(long_path(n, "f/x"), O_RDONLY));
		DO(open(long_path(n, "nothing"), O_RDONLY));
		fd = (int)DO(open(long_path(n, "new"), O_WRONLY | O_CREAT | O_EXCL, 0644) >= 0);
		DO(unlink(long_path(n, "new")));
		DO(mkdir(long_path(n, "newdir"), 0755));
		DO(rename(long_path(n, "newdir"), "newer"));
		DO(rename("newer", long_path(n, "newdir")));
		DO(rmdir(long_path(n, "newdir")));
		DO(symlink(long_path(n, "f"), "text"));
		DO(unlink("text"));
		DO(chdir(long_path(n, "d")));
		DO(chdir(getenv("PWD")));
		DO(readlink(long_path(n, "link"), (char[8]){0}, 8));
		DO(chmod(long_path(n, "f"), 0600));
		DO(truncate(long_path(n, "f"), 3));
		DO(link(long_path(n, "f"), "l"));
		DO(unlink("l"));
		DO(link("f", long_path(n, "l")));
		DO(unlink("l"));
		DO(getxattr(long_path(n, "d/g"), "user.color", NULL, 0));
		DO(fd);
	}
	list(".");
}

/* A symlink of the greatest length, and one that makes what is left too long. */
static void long_symlinks(void)
{
	char text[PATH_MAX + 8];

	DO(symlink(long_path(4094, "d"), "long"));
	DO(open("long/g", O_RDONLY) >= 0);
	DO(open(long_path(4000, "long/g"), O_RDONLY) >= 0);
	DO(readlink("long", text, sizeof(text)));
	DO(readlink("long", text, 10));
	DO(readlink("long", text, 0));
	DO(symlink(long_path(4095, "d"), "longest"));
	DO(open("longest/g", O_RDONLY) >= 0);
	DO(symlink(long_path(4096, "d"), "too-long"));
}

static void symlink_loops(void)
{
	char name[32];
	char to[32];
	struct stat st;

	put("c0", "end");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(to, sizeof(to), "c%d", i - 1);
		symlink(to, name);
	}
	DO(stat("c39", &st));
	DO(stat("c40", &st));
	DO(stat("c41", &st));
	DO(lstat("c41", &st));
	DO(open("c40", O_RDONLY) >= 0);
	DO(open("c41", O_RDONLY));
	DO(open("c41", O_RDONLY | O_NOFOLLOW));
	DO(open("c41", O_PATH | O_NOFOLLOW) >= 0);
	DO(open("c41", O_WRONLY | O_CREAT, 0644));
	DO(open("loop1", O_RDONLY));
	DO(stat("loop1", &st));
	DO(lstat("loop1", &st));
	DO(stat("loop1/x", &st));
	DO(open("loop1", O_WRONLY | O_CREAT, 0644));
	DO(mkdir("loop1", 0755));
	DO(rename("loop1", "loop3"));
	DO(unlink("loop2"));
	DO(symlink(".", "self"));
	DO(stat("self/self/self/self/self/self/self/self/f", &st));
	for (size_t n = 198; n <= 210; n += 5) { /* 39, 40 and 41 times "self/" */
		char path[256] = "";

		while (strlen(path) + 6 < n)
			strcat(path, "self/");
		strcat(path, "f");
		say("%zu: ", strlen(path) / 5);
		DO(stat(path, &st));
	}
}

static void physical_parent(void)
{
	content("sublink/../g");
	content("sublink/../../f");
	content("abs/../f");
	DO(open("sublink/../three", O_RDONLY));
	put("sublink/../new", "physical");
	list("d");
	DO(mkdir("sublink/../newdir", 0755));
	DO(rename("sublink/../g", "abs/../g"));
	DO(unlink("sublink/../h3"));
	list("d");
	list(".");
	DO(unlink("sublink/.."));
	DO(rmdir("sublink/.."));
	DO(rename("sublink/..", "x"));
	DO(open("f/..", O_RDONLY));
	DO(open("f/.", O_RDONLY));
	DO(open("nothing/..", O_RDONLY));
	DO(open("dangling/..", O_RDONLY));
	DO(chdir("sublink/.."));
	list(".");
}

/* A top-level symlink to a directory stays what it is, whatever is done through it. */
static void linked_directory(void)
{
	DO(symlink("d", "lib"));
	put("lib/new", "in d");
	put("sublink/new", "in d/sub");
	put("abs/new2", "in d");
	DO(mkdir("sublink/made", 0755));
	DO(mkdir("sublink", 0755));
	DO(mkdir("sublink/", 0755));
	DO(unlink("sublink/three"));
	DO(rename("sublink/deep", "sublink/deeper"));
	DO(chmod("sublink", 0700));
	DO(lchown("sublink", getuid(), getgid()));
	say_link("sublink");
	say_link("abs");
	show("sublink");
	show("d/sub");
	list("d");
	list("d/sub");
	list("sublink/");
	DO(open("sublink", O_RDONLY | O_NOFOLLOW));
	DO(open("sublink/", O_RDONLY | O_NOFOLLOW) >= 0);
	DO(open("sublink", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	DO(unlink("sublink"));
	DO(mkdir("sublink", 0755));
	list("sublink");
	list("d/sub");
}

static const char *const odd[] = {
	".wh.f",
	".wh..wh..opq",
	".wh..wh..plnk",
	".wh.",
	"a:b",
	"a\\:b",
	":",
	"new\nline",
	"\n",
	"\xff\xfe",
	"\xc3",
	" ",
	"-",
	"~",
	"*",
	"a\tb",
	"\"",
	"#",
	"...",
	".x",
	"index",
	"work",
	"\x01",
	"(deleted)",
	"f (deleted)",
};

static void odd_names(void)
{
	char path[NAME_MAX + 8];
	struct stat st;

	DO(mkdir("odd", 0755));
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		say_bytes(odd[i], strlen(odd[i]));
		say("\n");
		snprintf(path, sizeof(path), "odd/%s", odd[i]);
		DO(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644)));
		DO(rename(path, "odd/x"));
		DO(rename("odd/x", path));
		snprintf(path, sizeof(path), "d/%s", odd[i]);
		DO(mkdir(path, 0755));
		DO(stat(path, &st));
		DO(rmdir(path));
		snprintf(path, sizeof(path), "odd/%s", odd[i]);
		DO(link("f", "odd/y"));
		DO(rename("odd/y", path));
		content(path);
	}
	list("odd");
	list("d");
	DO(unlink("d/g"));
	put("d/.wh.g", "");
	list("d");
	DO(unlink("d/.wh.g"));
	DO(open("d/g", O_RDONLY));
	DO(close(open("d/.wh..wh..opq", O_WRONLY | O_CREAT, 0644)));
	list("d");
	content("d/h3");
}

static void longest_names(void)
{
	char name[300];
	char to[300];

	for (int n = 254; n <= 256; n++) {
		memset(name, 'n', sizeof(name));
		memset(to, 'm', sizeof(to));
		name[n] = to[n] = '\0';
		say("%d\n", n);
		DO(close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644)));
		DO(access(name, F_OK));
		DO(rename(name, to));
		DO(rename("f", name));
		DO(rename(name, "f"));
		DO(link("f", name));
		DO(unlink(name));
		DO(unlink(to));
		DO(mkdir(name, 0755));
		DO(rmdir(name));
		DO(symlink(name, to));
		DO(unlink(to));
		DO(chdir(name));
		DO(access(strcat(name, "/x"), F_OK));
	}
	memset(name, 'n', 255);
	name[255] = '\0';
	DO(rename("d/g", name));
	DO(unlink("d/h3"));
	DO(rename("d", "dd"));
	content(name);
	put(name, "changed");
	content(name);
	DO(unlink(name));
	list(".");
}

/* Root alone can make one; as any file it is listed, linked, renamed and removed. */
static void device_0_0(void)
{
	DO(mknod("dev", S_IFCHR | 0600, makedev(0, 0)));
	show("dev");
	DO(mknod("d/dev", S_IFCHR | 0644, makedev(0, 0)));
	DO(unlink("d/g"));
	DO(mknod("d/g", S_IFCHR | 0644, makedev(0, 0)));
	list("d");
	show("d/g");
	DO(rename("d/g", "e/e"));
	show("e/e");
	show("d/g");
	DO(link("e/e", "e/l"));
	same("e/e", "e/l");
	DO(chmod("e/e", 0600));
	show("e/l");
	DO(open("e/l", O_RDONLY));
	DO(unlink("e/e"));
	list("e");
	DO(mknod("dev2", S_IFCHR | 0600, makedev(1, 3)));
	show("dev2");
	DO(mknod("blk", S_IFBLK | 0600, makedev(0, 0)));
	show("blk");
	list(".");
}

static void private_xattrs(void)
{
	static const char *const name[] = {
		"user.overlay.opaque",
		"user.overlay.redirect",
		"user.overlay.whiteout",
		"user.overlay.origin",
		"user.overlay.metacopy",
		"user.overlay.overlay.opaque",
		"user.overlayfs",
		"user.overlay",
		"user.overlay.",
		"trusted.overlay.opaque",
		"user.",
		"user",
		"nothing.x",
		"",
		"security.x",
	};
	char list_[4096];
	ssize_t n;

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		say("%s\n", name[i]);
		DO(setxattr("d", name[i], "y", 1, 0));
		DO(setxattr("f", name[i], "y", 1, XATTR_CREATE));
		DO(getxattr("d", name[i], list_, sizeof(list_)));
		DO(getxattr("f", name[i], list_, sizeof(list_)));
	}
	list("d");
	content("d/g");
	n = DO(listxattr("d", list_, sizeof(list_)));
	DO(listxattr("d", NULL, 0));
	DO(listxattr("d", list_, 5));
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(list_ + i) + 1)
		if (!strncmp(list_ + i, "user.overlay", 12))
			say("has one\n");
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		say("%s\n", name[i]);
		DO(removexattr("d", name[i]));
		DO(removexattr("d", name[i]));
	}
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"path_max", path_max},
		{"long_symlinks", long_symlinks},
		{"symlink_loops", symlink_loops},
		{"physical_parent", physical_parent},
		{"linked_directory", linked_directory},
		{"odd_names", odd_names},
		{"longest_names", longest_names},
		{"device_0_0", device_0_0},
		{"private_xattrs", private_xattrs},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
