/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holds.h"
#include "say.h"

#define ELSEWHERE "choose an upper on ext4, xfs, btrfs or tmpfs with -u"

/* A directory that nobody else uses, where work is or will be. */
static char *make_dir(const struct ovl_run *run)
{
	const char *place = run->upper ? run->work : run->temp;
	bool there = !access(place, F_OK);
	size_t n = there ? strlen(place) : (size_t)(strrchr(place, '/') - place);
	char *dir = ovl_text("%.*s/.ovlctl.XXXXXX", (int)n, place);

	if (!mkdtemp(dir))
		ovl_trouble("%s: %s: nothing can be tried there: choose another upper with -u", dir,
			    strerror(errno));
	return dir;
}

static void tell_upper(struct ovl_facts *facts, const struct ovl_run *run)
{
	if (!run->upper)
		ovl_fact_tell(facts, OVL_FACT_OK, "upper",
			      "none given: a new directory in %.*s, kept",
			      (int)(strrchr(run->temp, '/') - run->temp), run->temp);
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "upper", "%s%s", run->upper,
			      access(run->upper, F_OK) ? ": will be made" : "");
}

/* Without these there is no run. */
static void tell_links(struct ovl_facts *facts, int links, int marks)
{
	if (links)
		ovl_fact_tell(facts, OVL_FACT_NO, "links",
			      "symlinks, and hard links of them: %s: " ELSEWHERE, strerror(-links));
	else if (marks)
		ovl_fact_tell(facts, OVL_FACT_NO, "links",
			      "no device nodes or xattrs, and modes are not kept: %s: " ELSEWHERE,
			      strerror(-marks));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "links", "symlinks and hard links can be made");
}

static void tell_whiteouts(struct ovl_facts *facts, int err)
{
	if (err)
		ovl_fact_tell(facts, OVL_FACT_BARE, "whiteouts",
			      "device nodes 0/0: %s: .wh. files take their place, which the kernel "
			      "does not mount (needs Linux 5.8): else " ELSEWHERE,
			      strerror(-err));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "whiteouts", "device nodes 0/0 can be made");
}

static void tell_xattrs(struct ovl_facts *facts, int err)
{
	if (err)
		ovl_fact_tell(facts, OVL_FACT_BARE, "xattrs",
			      "user.overlay.opaque: %s: work tells what they would, and programs "
			      "can set none (tmpfs needs Linux 6.6): else " ELSEWHERE,
			      strerror(-err));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "xattrs", "user.* can be set");
}

static void tell_reflink(struct ovl_facts *facts, int err)
{
	if (err)
		ovl_fact_tell(facts, OVL_FACT_SLOW, "reflink",
			      "%s: a file's first change copies its content: upper on the btrfs or "
			      "xfs (reflink=1) that the lower is on would share it",
			      strerror(-err));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "reflink",
			      "a file's first change copies nothing, where the lower is on the "
			      "same file system");
}

static void tell_tmpfile(struct ovl_facts *facts, int err)
{
	if (err)
		ovl_fact_tell(facts, OVL_FACT_BARE, "O_TMPFILE",
			      "%s: programs that ask for it make files with a name instead",
			      strerror(-err));
	else
		ovl_fact_tell(facts, OVL_FACT_OK, "O_TMPFILE", "files without a name can be made");
}

void ovl_place_tell(struct ovl_facts *facts, const struct ovl_run *run)
{
	char *dir = make_dir(run);
	int links = ovl_holds_links(dir);
	int marks = ovl_holds_dot_wh(dir);
	int whiteout = ovl_holds_whiteout(dir);
	int xattr = ovl_holds_xattr(dir);
	int clone = ovl_holds_clone(dir);
	int tmpfile_err = ovl_holds_tmpfile(dir);

	(void)rmdir(dir); /* empty: what was tried left nothing */
	free(dir);
	tell_upper(facts, run);
	tell_links(facts, links, whiteout || xattr ? marks : 0);
	tell_whiteouts(facts, whiteout);
	tell_xattrs(facts, xattr);
	tell_reflink(facts, clone);
	tell_tmpfile(facts, tmpfile_err);
}
