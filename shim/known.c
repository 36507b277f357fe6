/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "view.h"

#define FDS	 1024 /* higher numbers are asked for each time */
#define JOINED	 64
#define TCB_SCAN 2048 /* bytes of the thread's control block that are searched */

static struct ovl_known fds[FDS];
static struct ovl_known cwd;
static bool off;		  /* only ever set */
static uint64_t joined[JOINED];	  /* each in its place; a newer one takes it */
static bool cwd_is_shared = true; /* by all threads */
static unsigned tid_offset;	  /* 0: not found, nothing is learned */

static struct ovl_known *slot_of(int fd)
{
	if (off)
		return NULL;
	if (fd == AT_FDCWD)
		return cwd_is_shared ? &cwd : NULL;
	return (unsigned)fd < FDS ? &fds[fd] : NULL;
}

/*
 * libc keeps the thread's number in the thread's control block, and the kernel itself renews
 * it in a forked child. In a vfork child it is the parent's: that is how one is told.
 */
void ovl_known_init(void)
{
	const char *tcb = (const char *)ovl_thread_pointer();
	int tid = (int)ovl_sys(__NR_gettid);

	for (unsigned at = 64; tcb && at < TCB_SCAN; at += 4) {
		int value;

		memcpy(&value, tcb + at, sizeof(value));
		if (value == tid) {
			tid_offset = at;
			return;
		}
	}
}

static bool may_learn(void)
{
	const char *tcb;
	int tid;

	if (!tid_offset)
		return false;
	tcb = __builtin_thread_pointer(); /* a libc that keeps the number keeps this, too */
	memcpy(&tid, tcb + tid_offset, sizeof(tid));
	return tid == (int)ovl_sys(__NR_gettid);
}

bool ovl_known_find(int fd, uint64_t *ret_hash)
{
	const struct ovl_known *k = slot_of(fd);
	uint32_t version;
	uint64_t hash;
	bool good;

	if (!k)
		return false;
	version = __atomic_load_n(&k->version, __ATOMIC_ACQUIRE);
	hash = __atomic_load_n(&k->hash, __ATOMIC_RELAXED);
	good = hash && k->native &&
	       k->dir_gen == __atomic_load_n(&ovl_ss->dir_gen, __ATOMIC_ACQUIRE) &&
	       !(version & 1) && __atomic_load_n(&k->version, __ATOMIC_ACQUIRE) == version;
	if (good)
		*ret_hash = hash;
	return good;
}

uint32_t ovl_known_version(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k ? __atomic_load_n(&k->version, __ATOMIC_ACQUIRE) : 1;
}

void ovl_known_learn(int fd, uint64_t hash, bool native, uint32_t version, uint32_t gen)
{
	struct ovl_known *k = slot_of(fd);

	if (!k || (version & 1) || (k->hash == hash && k->dir_gen == gen) || !may_learn())
		return;
	if (!__atomic_compare_exchange_n(&k->version, &version, version + 1, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	k->hash = hash;
	k->native = native;
	k->dir_gen = gen;
	version++;
	if (__atomic_compare_exchange_n(&k->version, &version, version + 1, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		return;
	/* Forgotten meanwhile: what was just put there is not to be had. */
	__atomic_store_n(&k->hash, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&k->version, 1, __ATOMIC_ACQ_REL);
}

static void forget(struct ovl_known *k)
{
	__atomic_store_n(&k->hash, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&k->listing, 0, __ATOMIC_RELAXED);
	k->locked = false;
	__atomic_fetch_add(&k->version, 2, __ATOMIC_ACQ_REL);
}

void ovl_known_forget(int fd)
{
	struct ovl_known *k = slot_of(fd);

	if (k)
		forget(k);
}

void ovl_known_forget_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd <= last && fd < FDS; fd++) {
		if (fds[fd].hash || fds[fd].version || fds[fd].locked || fds[fd].meets)
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
	return (unsigned)fd < FDS && !off ? __atomic_load_n(&fds[fd].listing, __ATOMIC_RELAXED) : 0;
}

void ovl_known_set_listing(int fd, uint32_t tag)
{
	if ((unsigned)fd < FDS)
		__atomic_store_n(&fds[fd].listing, tag, __ATOMIC_RELAXED);
}

void ovl_known_set_meets(int fd, uint32_t version)
{
	struct ovl_known *k = slot_of(fd);

	if (k && !(version & 1) && may_learn())
		__atomic_store_n(&k->meets, version + 1, __ATOMIC_RELEASE);
}

bool ovl_known_meets(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k && __atomic_load_n(&k->meets, __ATOMIC_ACQUIRE) == ovl_known_version(fd) + 1;
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

void ovl_known_set_locked(int fd)
{
	struct ovl_known *k = slot_of(fd);

	if (k && may_learn())
		k->locked = true;
}

bool ovl_known_is_locked(int fd)
{
	const struct ovl_known *k = slot_of(fd);

	return k && k->locked;
}
