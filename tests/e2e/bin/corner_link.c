/* SPDX-License-Identifier: MIT */
/* corner_link SECTION - hard links of lower files */
#include <sys/xattr.h>

#include "corner.h"

static char *proc(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void all_names(void)
{
	show("h1");
	show("h2");
	show("d/h3");
	same("h1", "h2");
	same("h1", "d/h3");
}

static void write_through_one(void)
{
	int before = (int)DO(open("d/h3", O_RDONLY));
	struct stat old;
	struct stat new;
	int fd;

	DO(stat("h2", &old));
	all_names();
	fd = (int)DO(open("h1", O_WRONLY | O_APPEND));
	DO(write(fd, "more", 4));
	all_names();
	content("h2");
	content("d/h3");
	content_fd(before);
	DO(stat("h2", &new));
	DO(old.st_ino == new.st_ino);
	DO(chmod("d/h3", 0600));
	all_names();
	show_fd(before);
	show_fd(fd);
	DO(setxattr("h2", "user.x", "y", 1, 0));
	DO(getxattr("h1", "user.x", NULL, 0));
	DO(truncate("h2", 1));
	content("d/h3");
}

static void names_come_and_go(void)
{
	DO(rename("h2", "e/moved"));
	same("h1", "e/moved");
	put("e/moved", "new");
	content("h1");
	DO(unlink("h1"));
	show("e/moved");
	show("d/h3");
	same("e/moved", "d/h3");
	DO(link("d/h3", "h1"));
	all_names();
	DO(rename("d", "dd"));
	show("dd/h3");
	content("dd/h3");
	same("dd/h3", "h1");
	put("dd/h3", "last");
	content("e/moved");
	DO(unlink("dd/h3"));
	DO(unlink("e/moved"));
	show("h1");
	content("h1");
}

static void link_lower(void)
{
	DO(link("f", "l1"));
	DO(link("f", "d/l2"));
	show("f");
	same("f", "l1");
	same("f", "d/l2");
	put("d/l2", "written");
	content("f");
	content("l1");
	DO(link("f", "l1"));
	DO(link("f", "d"));
	DO(link("f", "link"));
	DO(link("f", "dangling"));
	DO(link("d", "l3"));
	DO(link("nothing", "l3"));
	DO(link("f/", "l3"));
	DO(link("f", "l3/"));
	DO(link("f", "d/"));
	DO(link("f", "nothing/l3"));
	DO(link("f", "h1/l3"));
	DO(link("d/g/x", "l3"));
	DO(link("f", "f"));
	DO(link("f", "."));
	DO(link("", "l3"));
	DO(link("f", ""));
}

static void onto_whiteout(void)
{
	DO(unlink("d/g"));
	DO(link("f", "d/g"));
	same("f", "d/g");
	content("d/g");
	DO(unlink("h2"));
	DO(link("h1", "h2"));
	all_names();
	DO(unlink("f"));
	DO(link("d/g", "f"));
	show("f");
	same("f", "d/g");
}

static void other_kinds(void)
{
	DO(link("link", "l1"));
	show("l1");
	same("link", "l1");
	say_link("l1");
	DO(linkat(AT_FDCWD, "link", AT_FDCWD, "l2", AT_SYMLINK_FOLLOW));
	same("f", "l2");
	DO(link("fifo", "fifo2"));
	same("fifo", "fifo2");
	show("fifo");
	DO(linkat(AT_FDCWD, "dangling", AT_FDCWD, "l3", AT_SYMLINK_FOLLOW));
	DO(linkat(AT_FDCWD, "loop1", AT_FDCWD, "l3", AT_SYMLINK_FOLLOW));
	DO(linkat(AT_FDCWD, "sublink", AT_FDCWD, "l3", AT_SYMLINK_FOLLOW));
	DO(linkat(AT_FDCWD, "f", AT_FDCWD, "l3", 0x40));
	DO(linkat(-1, "f", AT_FDCWD, "l3", 0));
	DO(linkat(0, "f", AT_FDCWD, "l3", 0));
}

static void empty_path(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int p = (int)DO(open("d/g", O_PATH));
	int d = (int)DO(open("d", O_RDONLY));
	int to = (int)DO(open("e", O_PATH));
	int s = (int)DO(open("link", O_PATH | O_NOFOLLOW));

	DO(linkat(r, "", AT_FDCWD, "l1", AT_EMPTY_PATH));
	DO(linkat(p, "", to, "l2", AT_EMPTY_PATH));
	DO(linkat(s, "", to, "l3", AT_EMPTY_PATH));
	DO(linkat(d, "", to, "l4", AT_EMPTY_PATH));
	DO(linkat(r, "", AT_FDCWD, "l5", 0));
	same("f", "l1");
	same("d/g", "e/l2");
	same("link", "e/l3");
	put("l1", "through");
	content("f");
	content_fd(r);
	DO(unlink("l1"));
	DO(unlink("f"));
	DO(linkat(r, "", AT_FDCWD, "l6", AT_EMPTY_PATH)); /* no name is left: ENOENT */
	DO(linkat(AT_FDCWD, proc(r), AT_FDCWD, "l6", AT_SYMLINK_FOLLOW));
}

/* A lower file whose last name went has none to come back by, before a copy-up or after it. */
static void empty_path_removed(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int h = (int)DO(open("h1", O_RDONLY));

	DO(unlink("f"));
	DO(linkat(r, "", AT_FDCWD, "l1", AT_EMPTY_PATH));
	DO(linkat(AT_FDCWD, proc(r), AT_FDCWD, "l1", AT_SYMLINK_FOLLOW));
	DO(unlink("h1"));
	DO(linkat(h, "", AT_FDCWD, "l2", AT_EMPTY_PATH)); /* two names are left */
	show("l2");
	show("h2");
	same("h2", "l2");
}

static void through_proc(void)
{
	int r = (int)DO(open("f", O_RDONLY));
	int p = (int)DO(open("h1", O_PATH));

	DO(linkat(AT_FDCWD, proc(r), AT_FDCWD, "l1", AT_SYMLINK_FOLLOW));
	same("f", "l1");
	DO(linkat(AT_FDCWD, proc(p), AT_FDCWD, "l2", AT_SYMLINK_FOLLOW));
	same("h1", "l2");
	all_names();
	DO(linkat(AT_FDCWD, proc(r), AT_FDCWD, "l3", 0)); /* the link itself: EXDEV */
	DO(link(proc(r), "l3"));
	DO(linkat(AT_FDCWD, proc(99), AT_FDCWD, "l3", AT_SYMLINK_FOLLOW));
}

static void tmpfile_linked(void)
{
	int t = (int)DO(open("d", O_TMPFILE | O_RDWR, 0640));
	int x = (int)DO(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0640));
	int u;

	DO(write(t, "unnamed", 7));
	show_fd(t);
	DO(linkat(AT_FDCWD, proc(t), AT_FDCWD, "d/named", AT_SYMLINK_FOLLOW));
	show_fd(t);
	content("d/named");
	same_fd(t, "d/named");
	DO(linkat(AT_FDCWD, proc(x), AT_FDCWD, "excl", AT_SYMLINK_FOLLOW));
	DO(unlink("d/g"));
	u = (int)DO(open("e", O_TMPFILE | O_WRONLY, 0600));
	DO(write(u, "two", 3));
	DO(linkat(AT_FDCWD, proc(u), AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
	DO(linkat(AT_FDCWD, proc(u), AT_FDCWD, "d/g", AT_SYMLINK_FOLLOW)); /* a whiteout */
	content("d/g");
	show("d/g");
	list("d");
	DO(open("f", O_TMPFILE | O_RDWR, 0600));
	DO(open("nothing", O_TMPFILE | O_RDWR, 0600));
	DO(open("d", O_TMPFILE | O_RDONLY, 0600));
	DO(open("d", (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600));
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"write_through_one", write_through_one},
		{"names_come_and_go", names_come_and_go},
		{"link_lower", link_lower},
		{"onto_whiteout", onto_whiteout},
		{"other_kinds", other_kinds},
		{"empty_path", empty_path},
		{"empty_path_removed", empty_path_removed},
		{"through_proc", through_proc},
		{"tmpfile_linked", tmpfile_linked},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
