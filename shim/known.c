/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "dcache.h"
#include "peek.h"
#include "room.h"
#include "view.h"

#define FDS	 1024 /* higher numbers are asked for each time */
#define JOINED	 64
#define SEARCHES 16 /* in a row */
#define LOOKS	 24 /* at pins, half a millisecond apart */
#define YIELDS	 8  /* of them without a pause */

static OVL_LARGE struct ovl_known fds[FDS];
static struct ovl_known cwd;
static bool off;			  /* only ever set */
static OVL_LARGE uint64_t joined[JOINED]; /* each in its place; a newer one takes it */
static bool cwd_is_shared = true;	  /* by all threads */
static int tid_offset;			  /* 0: not found yet, nothing is learned */
static uint32_t searches;		  /* for that */

/* For what is kept when the rest is off. */
static struct ovl_known *any_slot_of(int fd)
{
	if (fd == AT_FDCWD)
		return cwd_is_shared ? &cwd : NULL;
	return (unsigned)fd < FDS ? &fds[fd] : NULL;
}

static struct ovl_known *slot_of(int fd)
{
	return off ? NULL : any_slot_of(fd);
}

/*
 * Where, in @n bytes from the thread pointer @tcb + @from on, is the number @tid? 0: nowhere. @room
 * holds what is looked at: there is not much stack.
 */
static int search(struct ovl_room *room, uint64_t tcb, int from, size_t n, int tid)
{
	const size_t step = 384; /* @n is a multiple of it */
	int32_t word;

	for (size_t at = 0; at < n; at += step) {
		size_t got = ovl_peek((const char *)tcb + from + at, room->path, step);

		for (size_t i = 0; i + sizeof(word) <= got; i += sizeof(word)) {
			memcpy(&word, room->path + i, sizeof(word));
			if (word == tid)
				return from + (int)(at + i);
		}
	}
	return 0;
}

/*
 * A runtime keeps the thread's number beside the thread pointer: glibc and musl in the thread's
 * control block, behind it, Go in front of it. In a forked child the kernel or the runtime renews
 * it. In a vfork child it is the parent's: that is how one is told. It may not be there yet, or
 * never: what is asked for again and again is looked for ever more rarely.
 */
static int find_tid(int tid)
{
	int at = __atomic_load_n(&tid_offset, __ATOMIC_RELAXED);
	struct ovl_room *room;
	uint32_t n;
	uint64_t tcb;

	if (at)
		return at;
	n = __atomic_fetch_add(&searches, 1, __ATOMIC_RELAXED);
	tcb = n > SEARCHES && (n & (n - 1)) ? 0 : ovl_thread_pointer();
	room = tcb ? ovl_room_take() : NULL;
	if (!room)
		return 0;
	at = search(room, tcb, 16, 1920, tid);
	if (!at)
		at = search(room, tcb, -384, 384, tid);
	ovl_room_put(room);
	__atomic_store_n(&tid_offset, at, __ATOMIC_RELAXED);
	return at;
}

static bool may_learn(void)
{
	int tid = (int)ovl_sys(__NR_gettid);
	int at = find_tid(tid);

	return at && ovl_thread_word(at) == tid;
}

bool ovl_known_find(int fd, uint64_t *ret_hash, int *ret_layer)
{
	const struct ovl_known *k = slot_of(fd);
	uint32_t version;
	int layer;
	uint64_t hash;
	bool good;

	if (!k)
		return false;
	version = __atomic_load_n(&k->version, __ATOMIC_ACQUIRE);
	hash = __atomic_load_n(&k->hash, __ATOMIC_RELAXED);
	layer = k->layer;
	good = hash && layer != OVL_KNOWN_ODD && k->moves == ovl_dcache_moves() && !(version & 1) &&
	       __atomic_load_n(&k->version, __ATOMIC_ACQUIRE) == version;
	if (good) {
		*ret_hash = hash;
		*ret_layer = layer;
	}
	return good;
}

uint32_t ovl_known_version(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k ? __atomic_load_n(&k->version, __ATOMIC_ACQUIRE) : 1;
}

void ovl_known_learn(int fd, uint64_t hash, int layer, uint32_t version, uint32_t moves)
{
	struct ovl_known *k = slot_of(fd);

	if (!k || (version & 1) || (k->hash == hash && k->moves == moves) || !may_learn())
		return;
	if (!__atomic_compare_exchange_n(&k->version, &version, version + 1, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&k->when, 0, __ATOMIC_RELAXED);
	k->hash = hash;
	k->layer = layer;
	k->moves = moves;
	version++;
	if (__atomic_compare_exchange_n(&k->version, &version, version + 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		return;
	/* Forgotten meanwhile: what was just put there is not to be had. */
	__atomic_store_n(&k->hash, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&k->version, 1, __ATOMIC_ACQ_REL);
}

void ovl_known_set_place(int fd, uint64_t hash, uint64_t when)
{
	struct ovl_known *k = slot_of(fd);
	uint32_t version = ovl_known_version(fd);

	if (!k || k->when == (when | 1) || (version & 1) || k->hash != hash ||
	    k->moves != when >> 32 || !may_learn())
		return;
	__atomic_store_n(&k->when, when | 1, __ATOMIC_RELEASE);
	if (ovl_known_version(fd) != version)
		__atomic_store_n(&k->when, 0, __ATOMIC_RELEASE);
}

bool ovl_known_in_place(int fd, uint64_t hash)
{
	const struct ovl_known *k = slot_of(fd);

	return k && __atomic_load_n(&k->when, __ATOMIC_ACQUIRE) ==
			    (ovl_dcache_begin(hash, ovl_dcache_moves()) | 1);
}

void ovl_known_pin(int fd)
{
	struct ovl_known *k = any_slot_of(fd);

	if (k)
		__atomic_fetch_add(&k->pins, 1, __ATOMIC_SEQ_CST);
}

void ovl_known_unpin(int fd)
{
	struct ovl_known *k = any_slot_of(fd);
	uint32_t pins = k ? __atomic_load_n(&k->pins, __ATOMIC_RELAXED) : 0;

	/* who waited for too long has taken it away */
	while (pins && !__atomic_compare_exchange_n(&k->pins, &pins, pins - 1, false,
						    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

static __attribute__((noinline)) void wait_for_pins(struct ovl_known *k)
{
	const int64_t moment[2] = {0, 500000}; /* struct timespec */

	for (int look = 0; look < LOOKS; look++) {
		if (look < YIELDS)
			(void)ovl_sys(__NR_sched_yield); /* cannot fail */
		else
			(void)ovl_sys(__NR_nanosleep, moment, 0); /* less will do */
		if (!__atomic_load_n(&k->pins, __ATOMIC_ACQUIRE))
			return;
	}
	__atomic_store_n(&k->pins, 0, __ATOMIC_RELEASE);
}

static void forget(struct ovl_known *k)
{
	__atomic_store_n(&k->when, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&k->hash, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&k->listing, 0, __ATOMIC_RELAXED);
	k->locked = 0;
	__atomic_fetch_add(&k->version, 2, __ATOMIC_SEQ_CST);
	if (OVL_UNLIKELY(__atomic_load_n(&k->pins, __ATOMIC_SEQ_CST)))
		wait_for_pins(k);
}

void ovl_known_forget(int fd)
{
	struct ovl_known *k = any_slot_of(fd);

	if (k)
		forget(k);
}

void ovl_known_forget_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd <= last && fd < FDS; fd++) {
		if (fds[fd].hash || fds[fd].version || fds[fd].locked || fds[fd].meets ||
		    fds[fd].made)
			forget(&fds[fd]);
	}
}

void ovl_known_no_cwd(void)
{
	cwd_is_shared = false;
}

void ovl_known_off(void)
{
	off = true;
}

uint32_t ovl_known_listing(int fd)
{
	/* kept when the rest is off: who begins to list there says so anew */
	return (unsigned)fd < FDS ? __atomic_load_n(&fds[fd].listing, __ATOMIC_RELAXED) : 0;
}

void ovl_known_set_listing(int fd, uint32_t tag)
{
	if ((unsigned)fd >= FDS)
		return;
	if (__atomic_exchange_n(&fds[fd].listing, tag, __ATOMIC_RELAXED) != tag)
		ovl_known_set_tame(fd, 0);
}

bool ovl_known_tame(int fd, uint64_t at)
{
	return (unsigned)fd < FDS && __atomic_load_n(&fds[fd].tame, __ATOMIC_RELAXED) == at;
}

void ovl_known_set_tame(int fd, uint64_t position)
{
	if ((unsigned)fd < FDS)
		__atomic_store_n(&fds[fd].tame, position, __ATOMIC_RELAXED);
}

void ovl_known_set_meets(int fd, uint32_t version)
{
	struct ovl_known *k = slot_of(fd);

	if (k && !(version & 1) && may_learn())
		__atomic_store_n(&k->meets, version + 1, __ATOMIC_RELEASE);
}

/* Is what was noted in @mark of the slot @k still true? */
static bool is_of_now(const struct ovl_known *k, const uint32_t *mark)
{
	return __atomic_load_n(mark, __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(&k->version, __ATOMIC_ACQUIRE) + 1;
}

bool ovl_known_meets(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k && (is_of_now(k, &k->meets) || is_of_now(k, &k->made));
}

void ovl_known_set_made(int fd)
{
	struct ovl_known *k = slot_of(fd);
	uint32_t version = ovl_known_version(fd);
	long flags;

	if (!k || (version & 1))
		return;
	/* Another thread may have put something else there before: a lower file is not written. */
	flags = ovl_sys(__NR_fcntl, fd, F_GETFL);
	if (flags >= 0 && !(flags & O_PATH) && (flags & O_ACCMODE) != O_RDONLY && may_learn())
		__atomic_store_n(&k->made, version + 1, __ATOMIC_RELEASE);
}

bool ovl_known_made(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k && is_of_now(k, &k->made);
}

bool ovl_known_joined(uint64_t key)
{
	return !off && __atomic_load_n(&joined[key % JOINED], __ATOMIC_RELAXED) == key;
}

void ovl_known_set_joined(uint64_t key)
{
	if (may_learn())
		__atomic_store_n(&joined[key % JOINED], key, __ATOMIC_RELAXED);
}

void ovl_known_set_locked(int fd, const struct ovl_path *real)
{
	struct ovl_known *k = any_slot_of(fd);

	if (k && may_learn())
		k->locked = ovl_hash_path(real->buf, real->len);
}

bool ovl_known_is_locked(int fd, const struct ovl_path *real)
{
	const struct ovl_known *k = any_slot_of(fd);

	return k && k->locked && k->locked == ovl_hash_path(real->buf, real->len);
}
