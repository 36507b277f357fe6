/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include "fault.h"
#include "fixture.h"

static struct ovl_ctx *ctx;

static void start(void)
{
	world_make(2);
	ctx = ctx_make();
	put_dir(W_LOW(1), "d");
	put_dir(W_LOW(2), "d");
}

TestSuite(listing, .init = start, .fini = world_end);

static struct ovl_listing *build(const char *rel)
{
	struct ovl_listing *l = NULL;
	int err = ovl_listing_build(ctx, name_of(ctx, 0, rel), -1, &l);

	cr_assert(eq(int, err, 0));
	return l;
}

static const struct ovl_dirent *find(const struct ovl_listing *l, const char *name)
{
	for (uint32_t i = 0; i < l->count; i++) {
		if (!strcmp(ovl_listing_record(l, i)->name, name))
			return ovl_listing_record(l, i);
	}
	return NULL;
}

static int type_of(const struct ovl_listing *l, const char *name)
{
	const struct ovl_dirent *d = find(l, name);

	return d ? d->type : -1;
}

Test(listing, each_name_comes_once_from_the_top)
{
	struct ovl_listing *l;

	put_dir(W_UP, "d");
	put(W_UP, "d/all", "");
	put_dir(W_LOW(1), "d/all");
	put(W_LOW(1), "d/both", "");
	put_link(W_LOW(2), "d/both", "x");
	put(W_LOW(2), "d/low", "");
	l = build("d");
	cr_expect(eq(uint, l->count, 3));
	cr_expect(eq(int, type_of(l, "all"), DT_REG));
	cr_expect(eq(int, type_of(l, "both"), DT_REG));
	cr_expect(eq(int, type_of(l, "low"), DT_REG));
	cr_expect(eq(u64, find(l, "low")->ino, lstat_of(W_LOW(2), "d/low").st_ino));
	cr_expect(eq(int, type_of(l, "."), -1));
	ovl_listing_free(l);
}

Test(listing, whiteouts_hide_what_is_below_them_and_nothing_above)
{
	struct ovl_listing *l;

	put_dir(W_UP, "d");
	put_whiteout(W_UP, "d/a");
	put(W_LOW(1), "d/a", "");
	put(W_UP, "d/b", "");
	put_whiteout(W_LOW(1), "d/b");
	put(W_LOW(2), "d/b", "");
	put_whiteout(W_LOW(1), "d/c");
	put(W_LOW(2), "d/c", "");
	l = build("d");
	cr_expect(eq(uint, l->count, 1));
	cr_expect(eq(int, type_of(l, "b"), DT_REG));
}

Test(listing, a_programs_own_device_is_no_whiteout)
{
	struct ovl_listing *l;

	if (geteuid())
		cr_skip_test("devices are root's");
	cr_assert_eq(mknod(in(W_LOW(1), "d/null"), S_IFCHR | 0666, makedev(1, 3)), 0);
	l = build("d");
	cr_expect(eq(int, type_of(l, "null"), DT_CHR));
}

Test(listing, an_opaque_directory_shows_its_own_alone)
{
	put_opaque(W_UP, "d");
	put(W_UP, "d/new", "");
	put(W_LOW(1), "d/old", "");
	cr_expect(eq(uint, build("d")->count, 1));
}

Test(listing, hidden_names_are_left_out)
{
	const char *secret = in("view", "d/secret");

	w.ss->hide[0] = session_text(w.ss, secret);
	w.ss->nhide = 1;
	ovl_filter_add(&w.ss->hidden, ovl_hash_path(secret, strlen(secret)));
	put(W_LOW(1), "d/secret", "");
	put(W_LOW(1), "d/open", "");
	cr_expect(eq(uint, build("d")->count, 1));
}

Test(listing, ten_thousand_names_are_sorted_by_position)
{
	struct ovl_listing *l;
	char name[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		cr_assert_eq(mknod(in(i % 2 ? W_LOW(1) : W_LOW(2), name), S_IFREG, 0), 0);
	}
	l = build("d");
	cr_assert(eq(uint, l->count, 10000));
	for (uint32_t i = 1; i < l->count; i++)
		cr_assert(lt(u64, l->item[i - 1].position, l->item[i].position));
	cr_expect(ge(u64, l->item[0].position, 3));
	cr_expect(eq(uint, ovl_listing_find(l, 0), 0));
	cr_expect(eq(uint, ovl_listing_find(l, l->item[5000].position), 5001));
	cr_expect(eq(uint, ovl_listing_find(l, l->item[5000].position - 1), 5000));
	cr_expect(eq(uint, ovl_listing_find(l, INT64_MAX), 10000));
}

Test(listing, positions_survive_a_rebuild_among_other_names)
{
	struct ovl_listing *a;
	struct ovl_listing *b;

	put(W_LOW(1), "d/x", "");
	a = build("d");
	put(W_LOW(1), "d/y", "");
	put(W_LOW(2), "d/z", "");
	b = build("d");
	cr_expect(eq(uint, ovl_listing_find(b, a->item[0].position),
		     ovl_listing_find(b, a->item[0].position - 1) + 1));
	cr_expect(eq(
		str,
		(char *)ovl_listing_record(b, ovl_listing_find(b, a->item[0].position - 1))->name,
		(char *)"x"));
}

Test(listing, types_the_file_system_does_not_tell_are_found_out)
{
	put_dir(W_LOW(1), "d/sub");
	cr_expect(eq(int, type_of(build("d"), "sub"), DT_DIR));
}

Test(listing, kept_listings_are_found_by_directory_and_descriptor)
{
	struct ovl_listing *l = build("d");
	uint64_t key = l->key;

	l->fd = 7;
	ovl_listing_put(l);
	cr_expect(eq(ptr, ovl_listing_take(key, 8), NULL));
	cr_expect(eq(ptr, ovl_listing_take(key + 1, 7), NULL));
	cr_expect(eq(ptr, ovl_listing_take(key, 7), l));
	cr_expect(eq(ptr, ovl_listing_take(key, 7), NULL));
}

Test(listing, more_than_can_be_kept_are_freed_and_none_is_lost)
{
	unsigned found = 0;
	uint64_t key = 0;

	for (int fd = 0; fd < 20; fd++) {
		struct ovl_listing *l = build("d");

		key = l->key;
		l->fd = fd;
		ovl_listing_put(l);
	}
	for (int fd = 0; fd < 20; fd++)
		found += ovl_listing_take(key, fd) != NULL;
	cr_expect(ge(uint, found, 1));
	/* and the memory of one is spare */
	cr_expect(eq(uint, fault_count(__NR_mmap) - fault_count(__NR_munmap), 2 * (found + 1)));
}

Test(listing, the_memory_of_the_last_one_is_used_again)
{
	struct ovl_listing *l;

	put(W_LOW(1), "d/x", "");
	ovl_listing_free(build("d"));
	fault_reset();
	for (int i = 0; i < 3; i++) {
		l = build("d");
		cr_expect(eq(uint, l->count, 1));
		ovl_listing_free(l);
	}
	cr_expect(eq(uint, fault_count(__NR_mmap) + fault_count(__NR_munmap), 0));
}

Test(listing, that_of_a_large_one_is_given_back)
{
	char name[256];

	memset(name, 'x', 255);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, 8, "d/%05d", i);
		name[7] = 'x';
		name[220] = '\0';
		cr_assert_eq(mknod(in(W_LOW(1), name), S_IFREG, 0), 0);
	}
	ovl_listing_free(build("d"));
	cr_expect(eq(uint, fault_count(__NR_mmap), fault_count(__NR_munmap)));
	cr_expect(ge(uint, fault_count(__NR_munmap), 1));
}

/* The layer of the descriptor that the program lists by is read by it. */
Test(listing, a_descriptor_at_its_beginning_stands_for_its_layer)
{
	struct ovl_listing *l = NULL;
	int own = open(in(W_LOW(2), "d"), O_RDONLY | O_DIRECTORY);

	put(W_LOW(1), "d/x", "");
	put(W_LOW(2), "d/y", "");
	name_of(ctx, 0, "d");
	ctx->fd_layer = 2;
	fault_reset();
	cr_expect(eq(int, ovl_listing_build(ctx, &ctx->name[0], own, &l), 0));
	cr_expect(eq(uint, l->count, 2));
	cr_expect(eq(uint, fault_count(__NR_openat2), 1));
	cr_expect(eq(long, fcntl(own, F_GETFD), 0));
	close(own);
}

Test(listing, without_memory_it_fails_and_leaks_nothing)
{
	struct ovl_listing *l = NULL;
	int before = fds_open();

	name_of(ctx, 0, "d");
	for (unsigned nth = 1; nth <= 2; nth++) {
		fault_reset();
		fault_set(__NR_mmap, nth, -ENOMEM);
		cr_expect(eq(int, ovl_listing_build(ctx, &ctx->name[0], -1, &l), -ENOMEM));
		cr_expect(eq(uint, fault_count(__NR_munmap), nth - 1));
		cr_expect(eq(int, fds_open(), before));
	}
}

Test(listing, a_layer_that_cannot_be_read_fails_the_whole)
{
	struct ovl_listing *l = NULL;
	int before = fds_open();

	name_of(ctx, 0, "d");
	fault_set(__NR_getdents64, 2, -EIO);
	cr_expect(eq(int, ovl_listing_build(ctx, &ctx->name[0], -1, &l), -EIO));
	cr_expect(eq(int, fds_open(), before));
}
