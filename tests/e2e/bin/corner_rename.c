/* SPDX-License-Identifier: MIT */
/* corner_rename SECTION - rename in all its variants */
#include "corner.h"

static long rename2(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

static void say_cwd(void)
{
	const char *pwd = getenv("PWD");
	char buf[PATH_MAX];

	if (!getcwd(buf, sizeof(buf)))
		say("cwd: %s\n", strerrorname_np(errno));
	else
		say("cwd: %s\n", !strncmp(buf, pwd, strlen(pwd)) ? buf + strlen(pwd) : buf);
}

static void files(void)
{
	struct stat old;
	struct stat new;

	DO(stat("f", &old));
	DO(unlink("d/g"));
	DO(rename("f", "d/g")); /* onto a whiteout */
	DO(stat("d/g", &new));
	DO(old.st_ino == new.st_ino);
	show("d/g");
	show("f");
	DO(rename("d/g", "e/e")); /* onto a lower file */
	content("e/e");
	show("e/e");
	DO(rename("e/e", "f")); /* back */
	content("f");
	DO(rename("link", "link2"));
	say_link("link2");
	DO(rename("link2", "f"));
	say_link("f");
	DO(rename("fifo", "d/fifo"));
	show("d/fifo");
	DO(rename("dangling", "abs")); /* a symlink is replaced, not followed */
	say_link("abs");
	show("d");
}

static void refused(void)
{
	DO(rename("f", "d"));
	DO(rename("d", "f"));
	DO(rename("d", "link"));
	DO(rename("empty", "d"));
	DO(rename("empty", "d/sub"));
	DO(rename("d", "d/sub"));
	DO(rename("d", "d/sub/new"));
	DO(rename("d", "sublink/new"));
	DO(rename("d/sub", "d"));
	DO(rename("d/sub/deep", "."));
	DO(rename("d", "d"));
	DO(rename("d/.", "new"));
	DO(rename("d/..", "new"));
	DO(rename("d", "e/."));
	DO(rename("d", "e/.."));
	DO(rename(".", "new"));
	DO(rename("d", "."));
	DO(rename("/", "new"));
	DO(rename("nothing", "new"));
	DO(rename("f", "nothing/new"));
	DO(rename("f", "h1/new"));
	DO(rename("f/x", "new"));
	DO(rename("f/", "new"));
	DO(rename("f", "new/"));
	DO(rename("f", "h1/"));
	DO(rename("", "new"));
	DO(rename("f", ""));
	DO(rename("loop1/x", "new"));
	DO(rename("f", "loop1/x"));
	DO(rename2("f", "new", 8));
	DO(rename2("f", "new", NOREPLACE | EXCHANGE));
	DO(rename2("f", "new", WHITEOUT | EXCHANGE));
	DO(renameat(-1, "f", AT_FDCWD, "new"));
	DO(renameat(AT_FDCWD, "f", 0, "new"));
	DO(rename("f", "/proc/self/new"));
	DO(rename("f", "/dev/shm/corner-new"));
	DO(rename("d", "/dev/shm/corner-new"));
	list(".");
	list("d");
}

static void trailing_slashes(void)
{
	DO(rename("d/", "x"));
	list("x");
	DO(rename("x", "y/"));
	list("y");
	DO(rename("y//", "empty//"));
	list("empty");
	DO(rename("abs/", "z"));
	DO(rename("sublink/", "z"));
	list(".");
}

static void to_itself(void)
{
	DO(rename("h1", "h2")); /* two names of one file: nothing happens */
	show("h1");
	same("h1", "h2");
	DO(rename("h1", "d/h3"));
	show("h1");
	put("h1", "changed");
	DO(rename("h2", "h1"));
	show("h2");
	DO(link("f", "f2"));
	DO(rename("f", "f2"));
	show("f");
	DO(rename("f", "f"));
	DO(rename("d", "d"));
	DO(rename("abs", "abs"));
	DO(rename2("f", "f", NOREPLACE));
	DO(rename2("h1", "h2", NOREPLACE));
	DO(rename2("f", "f", EXCHANGE));
	DO(rename2("h1", "h2", EXCHANGE));
	list(".");
}

static void directories(void)
{
	DO(rename("d", "e"));
	DO(unlink("e/e"));
	DO(rename("d", "e")); /* onto a merged directory that was emptied */
	list("e");
	list("e/sub");
	content("e/g");
	DO(mkdir("d", 0755)); /* and one in the old place */
	list("d");
	put("d/g", "new");
	content("e/g");
	DO(rename("e/sub", "d/sub"));
	list("d/sub");
	DO(rename("e", "d/e"));
	content("d/e/g");
	DO(rename("d/sub", "empty")); /* onto an empty lower one */
	list("empty");
	content("empty/deep/x");
	DO(rename("empty", "d/sub")); /* its name in the meantime is free */
	show("d/sub");
	show("empty");
	DO(rename("d", "e/e/e"));
	DO(rename("only2", "empty"));
	content("empty/s");
	list(".");
}

static void moved_twice_and_back(void)
{
	DO(rename("d", "1"));
	put("1/new", "new");
	DO(rename("1/sub", "2"));
	DO(rename("1", "2/1"));
	DO(rename("2", "d"));
	list("d");
	list("d/1");
	content("d/1/g");
	content("d/1/new");
	content("d/deep/x");
	DO(unlink("d/deep/x"));
	DO(rename("d/deep", "d/1/sub"));
	list("d/1/sub");
	DO(rename("d/1", "x"));
	DO(rmdir("d"));
	DO(unlink("d/three"));
	DO(rmdir("d"));
	DO(rename("x", "d"));
	list("d");
	content("d/h3");
	same("d/h3", "h1");
}

static void noreplace(void)
{
	DO(rename2("f", "d/g", NOREPLACE));
	DO(rename2("f", "d", NOREPLACE));
	DO(rename2("f", "dangling", NOREPLACE));
	DO(rename2("f", "link", NOREPLACE));
	DO(rename2("d", "empty", NOREPLACE));
	DO(unlink("d/g"));
	DO(rename2("f", "d/g", NOREPLACE)); /* onto a whiteout */
	content("d/g");
	DO(rmdir("empty"));
	DO(rename2("d", "empty", NOREPLACE));
	list("empty");
	DO(rename2("e", "new", NOREPLACE));
	list("new");
	DO(rename2("nothing", "new", NOREPLACE));
	DO(rename2("nothing", "newer", NOREPLACE));
}

/* EXCHANGE works, or fails and nothing has changed. */
static void exchange(void)
{
	DO(rename2("f", "d/g", EXCHANGE));
	content("f");
	content("d/g");
	show("f");
	show("d/g");
	DO(rename2("d", "e", EXCHANGE));
	list("d");
	list("e");
	DO(rename2("h1", "d", EXCHANGE)); /* a file and a directory */
	list("h1");
	content("d");
	show("h2");
	same("h2", "d");
	DO(rename2("link", "fifo", EXCHANGE));
	show("link");
	say_link("fifo");
	DO(rename2("f", "nothing", EXCHANGE));
	DO(rename2("nothing", "f", EXCHANGE));
	DO(rename2("e", "e/sub", EXCHANGE));
	DO(rename2("e/sub", "e", EXCHANGE));
	DO(rename2("e/sub", "only2", EXCHANGE));
	list("e/sub");
	list("only2");
	DO(rename2("f/", "e", EXCHANGE));
	DO(rename2(".", "e", EXCHANGE));
	list(".");
}

static void whiteout(void)
{
	/* needs CAP_MKNOD on some kernels, a device 0/0 stays: only that it is not half done */
	if (rename2("f", "new", WHITEOUT)) {
		content("f");
		show("new");
	} else {
		content("new");
		DO(access("f", F_OK) == -1 || !unlink("f"));
	}
	DO(rename2("nothing", "new2", WHITEOUT));
	DO(rename2("d/g", "e/e", NOREPLACE | WHITEOUT));
}

static void open_descriptors_follow(void)
{
	int d = (int)DO(open("d", O_RDONLY | O_DIRECTORY));
	int s = (int)DO(open("d/sub", O_PATH));
	int g = (int)DO(open("d/g", O_RDONLY));

	DO(chdir("d/sub/deep"));
	DO(rename("../../../d", "../../../e/moved"));
	say_cwd();
	list(".");
	put("here", "cwd");
	content("x");
	DO(mkdirat(s, "made", 0755));
	list_fd(s);
	list_fd(d);
	DO(openat(d, "g", O_RDWR));
	content_fd(g);
	DO(unlinkat(d, "g", 0));
	DO(faccessat(d, "g", F_OK, 0));
	DO(renameat(d, "h3", s, "h4"));
	DO(chdir("../.."));
	say_cwd();
	DO(chdir(".."));
	say_cwd();
	list("moved/sub");
	list("moved/sub/deep");
	DO(mkdir("../d", 0755)); /* another one at the old name: the descriptors keep theirs */
	list_fd(d);
	DO(faccessat(d, "sub/deep/here", F_OK, 0));
	show_fd(d);
	DO(rename("moved", "../again"));
	list_fd(s);
	list_fd(d);
	DO(fchdir(s));
	say_cwd();
	DO(fchdir(d));
	say_cwd();
	list(".");
}

static void descriptors_over_exchange(void)
{
	int d = (int)DO(open("d", O_RDONLY | O_DIRECTORY));
	int e = (int)DO(open("e", O_RDONLY | O_DIRECTORY));

	DO(rename2("d", "e", EXCHANGE));
	list_fd(d);
	list_fd(e);
	DO(openat(d, "new", O_WRONLY | O_CREAT, 0644));
	list("e");
	list("d");
	DO(renameat(d, "new", e, "new2"));
	list("d");
	list_fd(e);
	DO(fchdir(e));
	say_cwd();
}

/* The last name of what /proc tells of @fd. */
static void say_name(int fd)
{
	char link[32];
	char text[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	say("fd is of: %s\n", n < 0 ? strerrorname_np(errno) : strrchr(text, '/'));
}

/* Directories come to where others, or files, were removed: the old descriptors are of those. */
static void descriptors_of_what_was_there(void)
{
	int empty = (int)DO(open("empty", O_RDONLY | O_DIRECTORY));
	int f = (int)DO(open("f", O_RDONLY));
	int h = (int)DO(open("h1", O_RDONLY));

	DO(rmdir("empty"));
	DO(unlink("f"));
	put("h1.new", "new");
	DO(rename("h1.new", "h1"));
	DO(rename("d", "empty"));
	DO(rename("t", "f"));
	DO(rename2("e", "h1", EXCHANGE));
	say_name(empty);
	say_name(f);
	say_name(h);
	list("empty");
	list_fd(empty);
	DO(openat(empty, "g", O_RDONLY));
	DO(mkdirat(empty, "made", 0755));
	DO(fchmod(empty, 0700));
	show("empty");
	DO(fchmod(f, 0600));
	show_fd(f);
	content_fd(f);
	show("f");
	DO(fchmod(h, 0600)); /* it has another name yet */
	show_fd(h);
	show("h2");
	show("h1");
	content("e");
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"files", files},
		{"refused", refused},
		{"trailing_slashes", trailing_slashes},
		{"to_itself", to_itself},
		{"directories", directories},
		{"moved_twice_and_back", moved_twice_and_back},
		{"noreplace", noreplace},
		{"exchange", exchange},
		{"whiteout", whiteout},
		{"open_descriptors_follow", open_descriptors_follow},
		{"descriptors_over_exchange", descriptors_over_exchange},
		{"descriptors_of_what_was_there", descriptors_of_what_was_there},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
