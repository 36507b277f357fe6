/* SPDX-License-Identifier: MIT */
/*
 * sym_call.c - from a name to the engine and back, and all functions that are nothing else
 */
#include "sym.h"

#include "nr.h"
#include "ovl.h"
#include "symnext.h"
#include "sys.h"

#define CANCEL_ASYNCHRONOUS 1 /* PTHREAD_CANCEL_ASYNCHRONOUS; so in all libcs */

static long make(long nr, const long *a)
{
	return ovl_sys6(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/*
 * The thread may be cancelled while the kernel has it. libc does the same, in functions that cannot
 * be reached.
 */
static long make_at_point(long nr, const long *a)
{
	int (*set)(int, int *) = ovl_next[OVL_NEXT_pthread_setcanceltype];
	int was;
	long r;

	if (!set)
		return make(nr, a);
	(void)set(CANCEL_ASYNCHRONOUS, &was); /* it has no other error than a wrong type */
	r = make(nr, a);
	(void)set(was, NULL);
	return r;
}

static long call(struct ovl_call *c, bool point)
{
	enum ovl_verdict v;
	const long *a;
	long nr;

	if (OVL_UNLIKELY(!ovl_next[OVL_NEXT___errno_location]))
		ovl_next_need();
	v = ovl_enter(c);
	a = v == OVL_TAIL ? c->tail->arg : c->arg;
	nr = v == OVL_TAIL ? c->tail->nr : c->nr;

	if (v == OVL_DONE)
		return c->ret;
	c->ret = point ? make_at_point(nr, a) : make(nr, a);
	if (v == OVL_TAIL)
		ovl_after(c);
	return c->ret;
}

long ovl_sym6(long nr, long a, long b, long c, long d, long e, long f)
{
	struct ovl_call made = {.nr = nr, .arg = {a, b, c, d, e, f}};

	return call(&made, false);
}

long ovl_sym_point(long nr, long a, long b, long c, long d, long e, long f)
{
	struct ovl_call made = {.nr = nr, .arg = {a, b, c, d, e, f}};
	void (*test)(void) = ovl_next[OVL_NEXT_pthread_testcancel];

	/* who was cancelled before ends here, though the call may not wait */
	if (test)
		test();
	return call(&made, true);
}

/* For sym_x86_64.S. The last argument is on the stack, where something always is. */
long ovl_sym_syscall(long nr, long a, long b, long c, long d, long e, long f);

long ovl_sym_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	return ovl_sym_ret(ovl_sym6(nr, a, b, c, d, e, f));
}

int *ovl_sym_errno(void)
{
	static int early; /* before libc is ready, and nobody will ask */

	if (OVL_UNLIKELY(!ovl_next[OVL_NEXT___errno_location]))
		return &early;
	return OVL_NEXT(__errno_location, int *(void))();
}

long ovl_sym_ret(long r)
{
	if (!ovl_is_err(r))
		return r;
	*ovl_sym_errno() = (int)-r;
	return -1;
}

void *ovl_sym_null(long err)
{
	*ovl_sym_errno() = (int)-err;
	return NULL;
}

/* libc's variable, which it may set anew: the definition that all share. */
extern char **__environ __attribute__((weak));

char **ovl_sym_environ(void)
{
	return &__environ ? __environ : NULL;
}

void *ovl_sym_malloc(size_t n)
{
	return OVL_NEXT(malloc, void *(size_t))(n);
}

void *ovl_sym_realloc(void *p, size_t n)
{
	return OVL_NEXT(realloc, void *(void *, size_t))(p, n);
}

void ovl_sym_free(void *p)
{
	OVL_NEXT(free, void(void *))(p);
}

/*
 * The registers as they are: what a function has fewer of, the call does not look at. But the
 * sixth may be what an engine's call has left there, the guard's key, and means something.
 */
#define FACE(name, call, make, f)                                          \
	SYM(long, name, long a, long b, long c, long d, long e, long last) \
	{                                                                  \
		(void)last;                                                \
		return ovl_sym_ret(make(__NR_##call, a, b, c, d, e, f));   \
	}
#define NAME(name, call)   FACE(name, call, ovl_sym6, 0)
#define POINT(name, call)  FACE(name, call, ovl_sym_point, 0)
#define POINT6(name, call) FACE(name, call, ovl_sym_point, last)
#define OTHER(name, call)
#define NONE(call, why)
#include "symtab.def"
