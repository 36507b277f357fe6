/* SPDX-License-Identifier: MIT */
/*
 * sym.h - the door of names: functions of libc's that ask the engine instead
 *
 * Only libovlsym.so has it, which is preloaded in place of libovl.so where text cannot be
 * changed. A program's calls of these names are bound to us by the dynamic linker; what libc calls
 * inside itself is not, so what goes through there has a function here as well, as far as programs
 * need it.
 *
 * Functions here are libc's face: they return what libc's would and set errno. They run wherever
 * libc's may run: in a vfork child too, so they keep nothing in variables. Memory that a function
 * hands out, or that lives longer than a call, is malloc()'s.
 */
#ifndef OVL_SYM_H
#define OVL_SYM_H

#include "ovl_base.h"

/*
 * Define @name as a program shall find it. Freestanding, nobody declares them, and parameters are
 * as wide as registers where it is the kernel's business to look at less.
 */
#define SYM(type, name, ...)                                           \
	__attribute__((visibility("default"))) type name(__VA_ARGS__); \
	type name(__VA_ARGS__)

/* @other is another name of @name, above it in the same file. */
#define SYM_ALIAS(other, name) \
	extern __typeof(name) other __attribute__((alias(#name), visibility("default")))

/*
 * System call @nr, answered by the engine or the kernel: a value, or -errno. The second is a
 * cancellation point: a thread that is cancelled while it waits there ends.
 */
long ovl_sym6(long nr, long a, long b, long c, long d, long e, long f);
long ovl_sym_point(long nr, long a, long b, long c, long d, long e, long f);
#define ovl_sym(...) OVL_SYM_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define OVL_SYM_PAD(nr, a, b, c, d, e, f, ...) \
	ovl_sym6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* As libc's functions say it: an error is -1, and in errno. */
long ovl_sym_ret(long r);

/* The same for functions that answer with a pointer. */
void *ovl_sym_null(long err);

/* What the program's errno is, for who has to keep it. */
int *ovl_sym_errno(void);

/* Memory of the program's. */
void *ovl_sym_malloc(size_t n);
void *ovl_sym_realloc(void *p, size_t n);
void ovl_sym_free(void *p);

/* The environment, as it is now. */
char **ovl_sym_environ(void);

#endif
