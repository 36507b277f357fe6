/* SPDX-License-Identifier: MIT */
/* ops_name.c - operations that make, move and remove names */
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "fuzz.h"

bool op_mkdir(struct rng *g)
{
	struct where w;
	mode_t mode = gen_mode(g, true);
	long t;

	gen_where(g, &w);
	touch(&w);
	t = see_before(&w);
	say("mkdir(");
	say_where(&w);
	say(", %o)", mode);
	say_result(mkdirat(w.fd, w.text, mode));
	see_after(&w, t);
	return true;
}

/*
 * Somebody else's directory that may not be read: whether it is empty is told by some file systems
 * only, README's limits say.
 */
static bool is_shut(const struct where *w)
{
	struct stat st;

	return (run.features & F_READABLE) && !fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode) && st.st_uid != geteuid() &&
	       faccessat(w->fd, w->text, R_OK, AT_EACCESS);
}

bool op_rmdir(struct rng *g)
{
	struct where w;
	long t;

	gen_where(g, &w);
	if (is_shut(&w))
		return false;
	touch(&w);
	t = see_before(&w);
	say("rmdir(");
	say_where(&w);
	say(")");
	say_result(unlinkat(w.fd, w.text, AT_REMOVEDIR));
	see_after(&w, t);
	return true;
}

bool op_unlink(struct rng *g)
{
	struct where w;
	long t;

	gen_where(g, &w);
	touch(&w);
	t = see_before(&w);
	say("unlink(");
	say_where(&w);
	say(")");
	say_result(unlinkat(w.fd, w.text, 0));
	see_after(&w, t);
	return true;
}

static bool is_dir(const struct where *w)
{
	struct stat st;

	return !fstatat(w->fd, w->text, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static bool rename_with(const struct where *a, const struct where *b, unsigned flags)
{
	long ta;
	long tb;

	if (!(run.features & F_DIR_RENAME) && (is_dir(a) || ((flags & 2) && is_dir(b))))
		return false;
	if (!(flags & 3) && is_shut(b))
		return false;
	touch(a);
	touch(b);
	ta = see_before(a);
	tb = see_before(b);
	say("rename%u(", flags);
	say_where(a);
	say(", ");
	say_where(b);
	say(")");
	say_result(flags ? syscall(SYS_renameat2, a->fd, a->text, b->fd, b->text, flags)
			 : renameat(a->fd, a->text, b->fd, b->text));
	see_after(a, ta);
	see_after(b, tb);
	return true;
}

bool op_rename(struct rng *g)
{
	struct where a, b;

	gen_where(g, &a);
	gen_where(g, &b);
	return rename_with(&a, &b, 0);
}

bool op_renameat2(struct rng *g)
{
	struct where a, b;
	unsigned p = rng_below(g, 100);

	gen_where(g, &a);
	gen_where(g, &b);
	if (p >= 45 && p < 94 && !(run.features & F_EXCHANGE))
		return false;
	return rename_with(&a, &b, p < 45 ? 1 : p < 94 ? 2 : 3); /* NOREPLACE, EXCHANGE, both */
}

bool op_link(struct rng *g)
{
	struct where a, b;
	int flags = rng_chance(g, 25) ? AT_SYMLINK_FOLLOW : 0;
	long t;

	gen_where(g, &a);
	gen_where(g, &b);
	if (!(run.features & F_LINKS))
		return false;
	touch(&b);
	t = see_before(&b);
	say("link%s(", flags ? "_follow" : "");
	say_where(&a);
	say(", ");
	say_where(&b);
	say(")");
	say_result(linkat(a.fd, a.text, b.fd, b.text, flags));
	see_where(&a);
	see_after(&b, t);
	return true;
}

bool op_symlink(struct rng *g)
{
	struct where w;
	char text[PATH_MAX];
	long t;

	gen_where(g, &w);
	gen_link_text(g, run.top, text, sizeof(text));
	if (!(run.features & F_SYMLINKS))
		return false;
	touch(&w);
	t = see_before(&w);
	say("symlink(");
	say_text(text, strlen(text));
	say(", ");
	say_where(&w);
	say(")");
	say_result(symlinkat(text, w.fd, w.text));
	see_after(&w, t);
	return true;
}

bool op_mknod(struct rng *g)
{
	static const mode_t types[] = {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR};
	unsigned type = rng_below(g, 4);
	mode_t mode = types[type] | gen_mode(g, false);
	unsigned minor = rng_chance(g, 70) ? 3 : 0; /* /dev/null, or what looks like a whiteout */
	dev_t dev = type == 3 ? makedev(minor ? 1 : 0, minor) : 0;
	struct where w;
	long t;

	gen_where(g, &w);
	if (type && !(run.features & F_SPECIAL))
		return false;
	if (type == 3 && !minor && !(run.features & F_PRIVATE))
		return false;
	touch(&w);
	t = see_before(&w);
	say("mknod(");
	say_where(&w);
	say(", %o, %lx)", mode, (unsigned long)dev);
	say_result(mknodat(w.fd, w.text, mode, dev));
	see_after(&w, t);
	return true;
}
