/* SPDX-License-Identifier: MIT */
#include "sockname.h"

#include "fdview.h"
#include "str.h"
#include "view.h"
#include "workdir.h"

#define PATH_AT offsetof(struct sockaddr_un, sun_path)
#define TMP	"/tmp/"
#define FD_DIR	"/proc/self/fd/"

static size_t bounded_len(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

bool ovl_sockaddr_path(const void *addr, long len, char *out)
{
	const struct sockaddr_un *un = addr;
	size_t n;

	if ((uintptr_t)addr < 4096 || len <= (long)PATH_AT || len > (long)sizeof(*un))
		return false;
	if (un->sun_family != OVL_AF_UNIX || !un->sun_path[0])
		return false;
	n = bounded_len(un->sun_path, (size_t)len - PATH_AT);
	memcpy(out, un->sun_path, n);
	out[n] = '\0';
	return true;
}

unsigned ovl_sockaddr_set(struct sockaddr_un *ret, const char *path, size_t n)
{
	if (n >= UNIX_PATH_MAX)
		return 0;
	ret->sun_family = OVL_AF_UNIX;
	memcpy(ret->sun_path, path, n);
	ret->sun_path[n] = '\0';
	return (unsigned)(PATH_AT + n + 1);
}

unsigned ovl_sockaddr_aside(struct sockaddr_un *ret, int tmp, const char *name)
{
	struct ovl_str work = ovl_ss->work;
	size_t n = strlen(name);
	char *to = ret->sun_path;

	ret->sun_family = OVL_AF_UNIX;
	if (work.len + sizeof(TMP) + n <= UNIX_PATH_MAX) {
		memcpy(to, ovl_session_str(ovl_ss, work), work.len);
		memcpy(to + work.len, TMP, sizeof(TMP) - 1);
		to += work.len + sizeof(TMP) - 1;
	} else {
		to += ovl_fd_link(tmp, to);
		*to++ = '/';
	}
	memcpy(to, name, n + 1);
	return (unsigned)(to + n + 1 - (char *)ret);
}

/* The name in work/tmp that the path @path of @n bytes is of, or NULL. */
static const char *name_aside(const char *path, size_t n)
{
	struct ovl_str work = ovl_ss->work;
	const char *s = path + sizeof(FD_DIR) - 1;
	uint64_t fd;

	if (ovl_path_below(path, n, ovl_session_str(ovl_ss, work), work.len))
		return ovl_str_starts(path + work.len, TMP "#") ? path + work.len + sizeof(TMP) - 1
								: NULL;
	if (!ovl_str_starts(path, FD_DIR) || !ovl_str_parse(&s, &fd))
		return NULL;
	return ovl_str_starts(s, "/#") ? s + 1 : NULL;
}

/* The address was bound aside: *@path becomes what the program gave then. */
static bool recall(char *path, size_t *n)
{
	const char *name = name_aside(path, *n);
	char own[OVL_TEMP_NAME];
	OVL_FD tmp = -1;
	long r;

	if (!name || strlen(name) >= sizeof(own))
		return false;
	memcpy(own, name, strlen(name) + 1);
	tmp = ovl_workdir_open();
	r = ovl_sys(__NR_readlinkat, tmp, own, path, UNIX_PATH_MAX);
	if (r <= 0)
		return false;
	*n = (size_t)r;
	path[r] = '\0';
	return true;
}

/* The address is below a layer: *@path becomes the path below the view root. */
static bool move_to_view(char *path, size_t *n)
{
	struct ovl_str view = ovl_ss->root;
	const char *root = ovl_session_str(ovl_ss, view);
	struct ovl_str best = {0, 0};
	size_t cut;
	size_t keep;

	for (uint32_t i = 0; i <= ovl_ss->nlower; i++) {
		struct ovl_str dir = ovl_ss->layer[i].path;

		if (dir.len > best.len &&
		    ovl_path_below(path, *n, ovl_session_str(ovl_ss, dir), dir.len))
			best = dir;
	}
	if (!best.len || ovl_str_equal(ovl_session_str(ovl_ss, best), root))
		return false;
	cut = best.len == 1 ? 0 : best.len;
	keep = view.len == 1 ? 0 : view.len;
	if (*n <= cut || *n - cut + keep > UNIX_PATH_MAX)
		return false;
	memmove(path + keep, path + cut, *n - cut);
	memcpy(path, root, keep);
	*n = *n - cut + keep;
	path[*n] = '\0';
	return true;
}

bool ovl_sockaddr_view(char *addr, unsigned *len)
{
	char *path = addr + PATH_AT;
	uint16_t family;
	size_t n;

	if (*len <= PATH_AT || *len > OVL_SUN_MAX)
		return false;
	memcpy(&family, addr, sizeof(family));
	if (family != OVL_AF_UNIX || *path != '/')
		return false;
	n = bounded_len(path, *len - PATH_AT);
	if (n > UNIX_PATH_MAX)
		return false;
	path[n] = '\0';
	if (!recall(path, &n) && !move_to_view(path, &n))
		return false;
	*len = (unsigned)(PATH_AT + n + 1);
	return true;
}

void ovl_sockaddr_give(const char *addr, unsigned n, void *to, int *len)
{
	memcpy(to, addr, (unsigned)*len < n ? (unsigned)*len : n);
	*len = (int)n;
}
