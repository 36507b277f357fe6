/* SPDX-License-Identifier: MIT */
#include "how.h"

#include "ops.h"

#define OPEN_FLAGS_KNOWN                                                                       \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | \
	 O_SYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME |     \
	 O_CLOEXEC | O_PATH | O_TMPFILE)

#define OPEN_HOW_MAX 4096 /* a page: the kernel takes no more */
#define RESOLVE_KNOWN                                                                      \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | \
	 RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* openat2(2) refuses what open(2) forgives. */
static bool is_wrong(const struct open_how *how)
{
	bool makes = how->flags & (O_CREAT | OVL_TMPFILE_BIT);

	if ((how->flags & ~(uint64_t)(unsigned)OPEN_FLAGS_KNOWN) ||
	    (how->resolve & ~(uint64_t)RESOLVE_KNOWN))
		return true;
	if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
		return true;
	if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)(unsigned)OVL_PATH_FLAGS))
		return true;
	return makes ? how->mode & ~(uint64_t)07777 : how->mode;
}

/* A newer program's struct is longer: what we do not know must be unset. openat2(2) */
static bool is_longer(const struct open_how *how, size_t size)
{
	const char *at = (const char *)how;

	for (size_t i = sizeof(*how); i < size; i++) {
		if (at[i])
			return true;
	}
	return false;
}

long ovl_how_check(const struct open_how *how, size_t size)
{
	/* What is wrong with these the kernel tells best, of whatever age it is. */
	if ((unsigned long)how < 4096 || size < sizeof(*how) || size > OPEN_HOW_MAX)
		return OVL_R_PASS;
	if (is_longer(how, size))
		return -E2BIG;
	if (is_wrong(how))
		return -EINVAL;
	/* What would change something is never done from the cache alone. */
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_CREAT | O_TRUNC | OVL_TMPFILE_BIT)))
		return -EAGAIN;
	return 0;
}
