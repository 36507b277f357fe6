/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "inode.h"
#include "marks.h"
#include "ops.h"
#include "real.h"
#include "str.h"
#include "view.h"
#include "whiteout.h"

#define READ_AHEAD (32 * 1024) /* room for one getdents64, at the least */
#define ITEMS	   2048	       /* to begin with: half of them to sort the others */
#define KEPT	   4
#define SPARE_MAX  (256 * 1024) /* bytes of items, and of records, that are not given back */

#define MREMAP_MAYMOVE 1

static struct ovl_listing *kept[KEPT]; /* atomic; NULL: free */
static uint32_t next_kept;
static struct ovl_listing *spare; /* atomic; of no directory; NULL: none */

static int grow(void **map, size_t *size, size_t want)
{
	size_t now = *size ? *size : want;
	long r;

	while (now < want)
		now *= 2;
	if (now == *size)
		return 0;
	if (*size)
		r = ovl_sys(__NR_mremap, *map, *size, now, MREMAP_MAYMOVE);
	else
		r = ovl_sys_room(now);
	if (ovl_is_err(r))
		return (int)r;
	*map = (void *)r;
	*size = now;
	return 0;
}

static void unmap(struct ovl_listing *l)
{
	if (l->records_size)
		(void)ovl_sys(__NR_munmap, l->records, l->records_size); /* our own mapping */
	(void)ovl_sys(__NR_munmap, l, l->size);
}

void ovl_listing_free(struct ovl_listing *l)
{
	if (l->records_size && l->records_size <= SPARE_MAX && l->size <= SPARE_MAX)
		l = __atomic_exchange_n(&spare, l, __ATOMIC_ACQ_REL);
	if (l)
		unmap(l);
}

static uint64_t position_of(const char *name)
{
	uint64_t h = ovl_hash_push(OVL_HASH_ROOT, name, strlen(name)) >> 2;

	return h < 3 ? h + 3 : h;
}

/* Make the listing, which may move, hold @bytes. */
static int make_room(struct ovl_listing **l, size_t bytes)
{
	size_t size = *l ? (*l)->size : 0;
	void *map = *l;
	int err = grow(&map, &size, bytes);

	if (err)
		return err;
	*l = map;
	(*l)->size = size;
	return 0;
}

/* Room for one item more. */
static int reserve(struct ovl_listing **l)
{
	return make_room(l, sizeof(**l) + ((*l)->count + 1) * sizeof(struct ovl_item));
}

/* An empty listing, in memory that was used before or in new. */
static int begin(struct ovl_listing **ret)
{
	struct ovl_listing *l = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQ_REL);
	int err = l ? 0 : make_room(&l, sizeof(*l) + ITEMS * sizeof(struct ovl_item));

	if (err)
		return err;
	l->count = 0;
	l->records_used = 0;
	*ret = l;
	return 0;
}

/* What a character device, or a type that the file system does not tell, really is. */
static void look_closer(int dir, struct ovl_dirent *d, bool *ret_whiteout)
{
	struct statx st;

	if (ovl_sys(__NR_statx, dir, d->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
		    &st))
		return;
	d->type = (uint8_t)((st.stx_mode & S_IFMT) >> 12);
	*ret_whiteout = ovl_mark_is_whiteout(&st);
}

/* The number that stat shows for an upper object: that of its origin. */
static void show_origin(struct ovl_ctx *ctx, struct ovl_dirent *d)
{
	unsigned len = ctx->real.len;

	if (!ovl_inode_maybe_origin(d->ino)) {
		d->ino |= ovl_inode_is_foreign() ? OVL_INO_FOREIGN : 0;
		return;
	}
	if (ovl_path_push(&ctx->real, d->name, strlen(d->name)))
		return;
	if (!ovl_real_statx(&ctx->real, &ctx->st)) {
		ovl_inode_present(OVL_UPPER, &ctx->real, &ctx->st);
		d->ino = ctx->st.stx_ino;
	}
	ovl_path_cut(&ctx->real, len);
}

/* Is @name in directory @n one that does not exist inside: upper, work? */
static bool is_hidden(const struct ovl_name *n, const char *name)
{
	uint64_t h = ovl_hash_push(n->hash, name, strlen(name));
	const struct ovl_session *ss = ovl_ss;

	for (uint32_t i = 0; i < ss->nhide; i++) {
		const char *path = ovl_session_str(ss, ss->hide[i]);

		if (ovl_hash_path(path, ss->hide[i].len) == h)
			return true;
	}
	return false;
}

/* A record of @name, behind all others: *@ret is where. */
static int add_record(struct ovl_listing *l, const char *name, uint32_t *ret)
{
	size_t n = strlen(name);
	size_t length = (OVL_DIRENT_NAME + n + 1 + 7) & ~(size_t)7;
	struct ovl_dirent *d;
	int err = grow((void **)&l->records, &l->records_size, l->records_used + length);

	if (err)
		return err;
	d = (void *)(l->records + l->records_used);
	memset(d, 0, length);
	d->reclen = (uint16_t)length;
	memcpy(d->name, name, n);
	*ret = (uint32_t)l->records_used;
	l->records_used += length;
	return 0;
}

/* The .wh. file @name of the directory open as @dir, as an item that hides. */
static int add_mark(struct ovl_ctx *ctx, struct ovl_listing **l, int dir, int layer,
		    const char *name)
{
	uint32_t record;
	int err = ovl_mark_hidden(dir, name, ctx->xname);

	if (err)
		return 0; /* it tells of no name */
	err = add_record(*l, ctx->xname, &record);
	if (!err)
		err = reserve(l);
	if (err)
		return err;
	(*l)->item[(*l)->count++] = (struct ovl_item){
		.position = position_of(ctx->xname),
		.record = record,
		.layer = (uint8_t)layer,
		.hides = true,
	};
	return 0;
}

/* The directory whose entries are being read. */
struct source {
	struct ovl_name *name;
	int layer;
	int fd;
	bool hidden; /* it may hold names that do not exist inside */
};

static int add(struct ovl_ctx *ctx, const struct source *from, struct ovl_listing **l,
	       uint32_t record)
{
	int layer = from->layer;
	int dir = from->fd;
	struct ovl_dirent *d = (void *)((*l)->records + record);
	bool hides = false;
	int err;

	if (ovl_dirent_is_dots(d) || (from->hidden && is_hidden(from->name, d->name)))
		return 0;
	if (ovl_mark_is_file_at(layer, dir, d->name))
		return add_mark(ctx, l, dir, layer, d->name);
	err = reserve(l);
	if (err)
		return err;
	if (layer == OVL_UPPER && d->type == OVL_DT_CHR && ovl_whiteout_is(d->ino))
		hides = true;
	else if (d->type == OVL_DT_CHR || d->type == OVL_DT_UNKNOWN)
		look_closer(dir, d, &hides);
	if (layer == OVL_UPPER && !hides)
		show_origin(ctx, d);
	(*l)->item[(*l)->count++] = (struct ovl_item){
		.position = position_of(d->name),
		.record = record,
		.layer = (uint8_t)layer,
		.hides = hides,
	};
	return 0;
}

/* What getdents64 has put at @used is added. */
static int add_all(struct ovl_ctx *ctx, const struct source *from, struct ovl_listing **l,
		   size_t used)
{
	size_t end = (*l)->records_used;

	while (used < end) {
		const struct ovl_dirent *d = (void *)((*l)->records + used);
		size_t next = used + d->reclen;
		int err = add(ctx, from, l, (uint32_t)used); /* the records may move */

		if (err)
			return err;
		used = next;
	}
	return 0;
}

/* Read all of the directory @from into the listing. */
static int read_all(struct ovl_ctx *ctx, const struct source *from, struct ovl_listing **l)
{
	for (;;) {
		size_t used = (*l)->records_used;
		int err = grow((void **)&(*l)->records, &(*l)->records_size,
			       used ? used + READ_AHEAD : 2 * READ_AHEAD);
		long got;

		if (err)
			return err;
		got = ovl_sys(__NR_getdents64, from->fd, (*l)->records + used,
			      (*l)->records_size - used);
		if (got <= 0)
			return (int)got;
		(*l)->records_used += (size_t)got;
		err = add_all(ctx, from, l, used);
		if (err)
			return err;
	}
}

/* Read @layer's directory @n, by the descriptor @own if that is it. */
static int read_layer(struct ovl_ctx *ctx, struct ovl_name *n, int own, struct ovl_listing **l,
		      int layer)
{
	struct source from = {
		.name = n, .layer = layer, .fd = own, .hidden = ovl_name_holds_hidden(n)};
	OVL_FD dir = -1;
	int err;

	if (own >= 0 && layer == ctx->fd_layer)
		return read_all(ctx, &from, l);
	err = ovl_name_real(n, layer, &ctx->real);
	if (err)
		return err;
	dir = ovl_real_open(&ctx->real, O_RDONLY | O_DIRECTORY);
	/* Upper's was a directory a moment ago. */
	if (layer == OVL_UPPER && (dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP))
		return OVL_AGAIN;
	if (dir < 0)
		return dir;
	from.fd = dir;
	return read_all(ctx, &from, l);
}

static const struct ovl_dirent *record_of(const struct ovl_listing *l, const struct ovl_item *x)
{
	return (const struct ovl_dirent *)(const void *)(l->records + x->record);
}

/* Order: position, then name, then layer from the top; its mark hides not what is in it. */
static bool before(const struct ovl_listing *l, const struct ovl_item *x, const struct ovl_item *y)
{
	const char *p;
	const char *q;

	if (x->position != y->position)
		return x->position < y->position;
	p = record_of(l, x)->name;
	q = record_of(l, y)->name;
	while (*p && *p == *q) {
		p++;
		q++;
	}
	if (*p != *q)
		return (unsigned char)*p < (unsigned char)*q;
	return x->layer != y->layer ? x->layer < y->layer : x->hides < y->hides;
}

/* Which of @n equal parts of all positions, which are of 62 bits and spread evenly, is @x in? */
static uint32_t part_of(const struct ovl_item *x, uint32_t n)
{
	return (uint32_t)((x->position >> 30) * n >> 32);
}

/* Put the items to @to, each where its part begins. @start: n + 1 numbers that are 0. */
static void spread(const struct ovl_listing *l, struct ovl_item *to, uint32_t *start)
{
	uint32_t n = l->count;

	for (uint32_t i = 0; i < n; i++)
		start[part_of(&l->item[i], n) + 1]++;
	for (uint32_t i = 1; i < n; i++)
		start[i] += start[i - 1];
	for (uint32_t i = 0; i < n; i++)
		to[start[part_of(&l->item[i], n)]++] = l->item[i];
}

/* Within a part, where there are hardly any. */
static void sort_parts(const struct ovl_listing *l, struct ovl_item *to)
{
	for (uint32_t i = 1; i < l->count; i++) {
		struct ovl_item x = to[i];
		uint32_t k = i;

		for (; k && before(l, &x, &to[k - 1]); k--)
			to[k] = to[k - 1];
		to[k] = x;
	}
}

static bool same_name(const struct ovl_listing *l, const struct ovl_item *x,
		      const struct ovl_item *y)
{
	return x->position == y->position &&
	       ovl_str_equal(record_of(l, x)->name, record_of(l, y)->name);
}

/* Of each name in @from only the top layer's entry counts, and a whiteout not at all. */
static void merge(struct ovl_listing *l, const struct ovl_item *from)
{
	uint32_t kept_items = 0;

	for (uint32_t i = 0; i < l->count;) {
		uint32_t top = i;

		do {
			i++;
		} while (i < l->count && same_name(l, &from[top], &from[i]));
		if (!from[top].hides)
			l->item[kept_items++] = from[top];
	}
	l->count = kept_items;
}

/* Sort the items behind themselves, and merge them back. */
static int arrange(struct ovl_listing **l)
{
	uint32_t n = (*l)->count;
	size_t starts = (n + 1) * sizeof(uint32_t);
	struct ovl_item *to;
	int err = make_room(l, sizeof(**l) + 2 * (size_t)n * sizeof(*to) + starts);

	if (err)
		return err;
	to = (*l)->item + n;
	memset(to + n, 0, starts);
	spread(*l, to, (uint32_t *)(void *)(to + n));
	sort_parts(*l, to);
	merge(*l, to);
	return 0;
}

int ovl_listing_build(struct ovl_ctx *ctx, struct ovl_name *n, int own, struct ovl_listing **ret)
{
	struct ovl_listing *l = NULL;
	int err = begin(&l);

	if (err)
		return err;
	l->key = n->hash;
	if (n->in_upper && n->layer == OVL_UPPER)
		err = read_layer(ctx, n, own, &l, OVL_UPPER);
	for (uint64_t mask = n->lowers; mask && !err; mask &= mask - 1)
		err = read_layer(ctx, n, own, &l, ovl_lower_first(mask));
	if (!err)
		err = arrange(&l);
	if (err) {
		ovl_listing_free(l);
		return err;
	}
	*ret = l;
	return 0;
}

struct ovl_listing *ovl_listing_take(uint64_t key, int fd)
{
	for (int i = 0; i < KEPT; i++) {
		struct ovl_listing *l = __atomic_exchange_n(&kept[i], NULL, __ATOMIC_ACQ_REL);

		if (!l)
			continue;
		if (l->key == key && l->fd == fd)
			return l;
		ovl_listing_put(l);
	}
	return NULL;
}

void ovl_listing_put(struct ovl_listing *l)
{
	for (int i = 0; i < KEPT && l; i++) {
		struct ovl_listing *none = NULL;

		if (__atomic_compare_exchange_n(&kept[i], &none, l, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return;
	}
	l = __atomic_exchange_n(&kept[__atomic_fetch_add(&next_kept, 1, __ATOMIC_RELAXED) % KEPT],
				l, __ATOMIC_ACQ_REL);
	if (l)
		ovl_listing_free(l);
}

uint32_t ovl_listing_find(const struct ovl_listing *l, uint64_t position)
{
	uint32_t lo = 0;
	uint32_t hi = l->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (l->item[mid].position <= position)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
