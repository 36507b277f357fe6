/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "dcache.h"
#include "index.h"
#include "moved.h"

struct ovl_session *ovl_ss;

uint64_t ovl_lowers_all(void)
{
	return ((1ULL << ovl_ss->nlower) - 1) << 1;
}

static bool below(const char *path, size_t n, struct ovl_str dir)
{
	return ovl_path_below(path, n, ovl_session_str(ovl_ss, dir), dir.len);
}

enum ovl_zone ovl_zone_of(const char *path, size_t n)
{
	const struct ovl_session *ss = ovl_ss;

	for (uint32_t i = 0; i < ss->nhide; i++) {
		if (below(path, n, ss->hide[i]))
			return OVL_Z_HIDDEN;
	}
	for (uint32_t i = 0; i < ss->npass; i++) {
		if (below(path, n, ss->pass[i]))
			return OVL_Z_OUTSIDE;
	}
	if (below(path, n, ss->root))
		return OVL_Z_VIEW;
	for (uint32_t i = 1; i <= ss->nlower; i++) {
		if (below(path, n, ss->layer[i].path))
			return OVL_Z_LOCKED;
	}
	return OVL_Z_OUTSIDE;
}

const char *ovl_name_rel(const struct ovl_name *n)
{
	unsigned root = ovl_ss->root.len;

	if (n->at.len == 1)
		return "";
	return n->at.buf + (root == 1 ? 0 : root);
}

const char *ovl_name_low(const struct ovl_name *n)
{
	return n->moved ? n->low.buf : ovl_name_rel(n);
}

int ovl_layer_path(struct ovl_path *p, int layer, const char *rel)
{
	struct ovl_str root = ovl_ss->layer[layer].path;
	size_t n = strlen(rel);
	int err;

	if (root.len == 1 && n)
		return ovl_path_set(p, rel, n);
	err = ovl_path_set(p, ovl_session_str(ovl_ss, root), root.len);
	if (err)
		return err;
	return ovl_path_add(p, rel, n);
}

int ovl_name_real(const struct ovl_name *n, int layer, struct ovl_path *p)
{
	if (layer == OVL_UPPER && n->linked)
		return ovl_index_path(&n->from, p);
	return ovl_layer_path(p, layer, layer == OVL_UPPER ? ovl_name_rel(n) : ovl_name_low(n));
}

bool ovl_name_holds_hidden(const struct ovl_name *n)
{
	const struct ovl_session *ss = ovl_ss;
	unsigned dir = n->at.len == 1 ? 0 : n->at.len;

	for (uint32_t i = 0; i < ss->nhide; i++) {
		const char *path = ovl_session_str(ss, ss->hide[i]);

		if (ss->hide[i].len > dir && path[dir] == '/' && !memcmp(path, n->at.buf, dir))
			return true;
	}
	return false;
}

/* Put the view root in the place of the first @cut bytes of @p. */
static int replace_root(struct ovl_path *p, unsigned cut)
{
	struct ovl_str root = ovl_ss->root;
	unsigned keep = root.len == 1 ? 0 : root.len;
	unsigned tail = p->len - cut;

	if (keep + tail >= sizeof(p->buf))
		return -ENAMETOOLONG;
	if (keep + tail == 0) {
		p->buf[0] = '/';
		ovl_path_cut(p, 1);
		return 0;
	}
	memmove(p->buf + keep, p->buf + cut, tail + 1);
	memcpy(p->buf, ovl_session_str(ovl_ss, root), keep);
	p->len = keep + tail;
	return 0;
}

int ovl_upper_statx(const char *rel, struct statx *ret_st)
{
	struct ovl_str root = ovl_ss->layer[OVL_UPPER].path;
	OVL_FD dir = (int)ovl_sys(__NR_openat, AT_FDCWD, ovl_session_str(ovl_ss, root),
				  O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir < 0)
		return dir;
	return (int)ovl_sys(__NR_statx, dir, rel, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, ret_st);
}

int ovl_view_from_real(struct ovl_path *p, uint64_t *ret_lhash)
{
	const struct ovl_session *ss = ovl_ss;
	int best = OVL_NONE;
	unsigned longest = 0;
	int err;

	for (uint32_t i = 0; i <= ss->nlower; i++) {
		struct ovl_str root = ss->layer[i].path;

		if (root.len > longest && below(p->buf, p->len, root)) {
			best = (int)i;
			longest = root.len;
		}
	}
	if (best == OVL_NONE)
		return OVL_NONE;
	err = replace_root(p, longest == 1 ? 0 : longest);
	if (!err && ret_lhash)
		*ret_lhash = ovl_hash_path(p->buf, p->len);
	if (!err && best != OVL_UPPER)
		err = ovl_moved_follow(p);
	return err ? err : best;
}

bool ovl_dirs_find(uint64_t hash, uint64_t *ret_value)
{
	uint64_t i = hash;

	for (int probe = 0; probe < 8; probe++, i++) {
		const struct ovl_dir_slot *s = &ovl_ss->dirs[i & ((1u << OVL_DIRS_LOG2) - 1)];
		uint64_t key = __atomic_load_n(&s->key, __ATOMIC_ACQUIRE);

		if (key == hash) {
			*ret_value = __atomic_load_n(&s->value, __ATOMIC_RELAXED);
			return *ret_value != 0;
		}
		if (!key)
			return false;
	}
	return false;
}

void ovl_dirs_add(uint64_t hash, uint64_t value)
{
	uint64_t i = hash;

	for (int probe = 0; probe < 8; probe++, i++) {
		struct ovl_dir_slot *s = &ovl_ss->dirs[i & ((1u << OVL_DIRS_LOG2) - 1)];
		uint64_t key = 0;

		if (__atomic_compare_exchange_n(&s->key, &key, hash, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE) ||
		    key == hash) {
			__atomic_store_n(&s->value, value, __ATOMIC_RELEASE);
			return;
		}
	}
}

void ovl_overrides_begin(void)
{
	if (__atomic_exchange_n(&ovl_ss->overrides, 1, __ATOMIC_ACQ_REL))
		return;
	ovl_dcache_moved();
}

void ovl_acls_begin(void)
{
	__atomic_store_n(&ovl_ss->acls, 1, __ATOMIC_RELEASE);
	ovl_dcache_moved();
}

void ovl_announce(uint64_t hash, bool hides)
{
	ovl_filter_add(&ovl_ss->present, hash);
	if (!hides)
		return;
	ovl_filter_add(&ovl_ss->hidden, hash);
	/* Whoever did so before may have been killed in between. */
	__atomic_fetch_add(&ovl_ss->ways, 1, __ATOMIC_ACQ_REL);
}

void ovl_announce_type(uint64_t hash, unsigned type)
{
	if (type != S_IFREG && type != S_IFLNK)
		ovl_filter_add(&ovl_ss->special, hash);
	if (type != S_IFREG && type != S_IFDIR)
		ovl_dcache_gone(hash); /* before a symlink is where a directory was */
}
