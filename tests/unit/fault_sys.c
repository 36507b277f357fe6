/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdlib.h>
#include <unistd.h>

#include "sys.h"

#define NR_MAX	    512
#define SCRIPTS_MAX 16

enum what { ANSWER, SHORT, HOOK };

struct script {
	enum what what;
	long nr;
	unsigned at; /* value of count[nr] that it is meant for; 0: each */
	long value;
	void (*fn)(void *arg);
	void *arg;
};

static struct script script[SCRIPTS_MAX];
static unsigned scripts;
static unsigned count[NR_MAX];
static unsigned total;
static unsigned hooks; /* running now */

void fault_reset(void)
{
	scripts = total = 0;
	memset(count, 0, sizeof(count));
}

static void add(struct script s, unsigned nth)
{
	if (scripts == SCRIPTS_MAX || s.nr < 0 || s.nr >= NR_MAX)
		abort();
	s.at = nth ? count[s.nr] + nth : 0;
	script[scripts++] = s;
}

void fault_set(long nr, unsigned nth, long answer)
{
	add((struct script){.what = ANSWER, .nr = nr, .value = answer}, nth);
}

void fault_short(long nr, long most)
{
	add((struct script){.what = SHORT, .nr = nr, .value = most}, FAULT_EACH);
}

void fault_hook(long nr, unsigned nth, void (*fn)(void *arg), void *arg)
{
	add((struct script){.what = HOOK, .nr = nr, .fn = fn, .arg = arg}, nth);
}

unsigned fault_count(long nr)
{
	return nr >= 0 && nr < NR_MAX ? count[nr] : 0;
}

unsigned fault_total(void)
{
	return total;
}

static long kernel(long nr, const long *a)
{
	int was = errno;
	long r = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (r == -1)
		r = -errno;
	errno = was;
	return r;
}

/* Where @nr takes the number of bytes; -1: nowhere. */
static int size_arg(long nr)
{
	switch (nr) {
	case __NR_read:
	case __NR_write:
	case __NR_getdents64:
		return 2;
	case __NR_sendfile:
		return 3;
	case __NR_copy_file_range:
		return 4;
	default:
		return -1;
	}
}

static void cap(long nr, long *a, long most)
{
	int i = size_arg(nr);

	if (i < 0)
		abort();
	if (a[i] > most)
		a[i] = most;
}

static void run(const struct script *s)
{
	hooks++;
	s->fn(s->arg);
	hooks--;
}

long ovl_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	long arg[6] = {a, b, c, d, e, f};
	unsigned now;

	if (hooks || nr < 0 || nr >= NR_MAX)
		return kernel(nr, arg);
	now = ++count[nr];
	total++;
	for (unsigned i = 0; i < scripts; i++) {
		const struct script *s = &script[i];

		if (s->nr != nr || (s->at && s->at != now))
			continue;
		if (s->what == ANSWER)
			return s->value;
		if (s->what == SHORT)
			cap(nr, arg, s->value);
		else
			run(s);
	}
	return kernel(nr, arg);
}

long ovl_sys_free(long nr, long a, long b, long c, long d)
{
	return ovl_sys6(nr, a, b, c, d, 0, 0);
}
