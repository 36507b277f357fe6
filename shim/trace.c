/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include "nr.h"
#include "peek.h"
#include "str.h"
#include "systab.h"
#include "view.h"

#define LINE_WHOLE 512
#define LINE_ARGS  420 /* the arguments end here: result, layer and note always fit */
#define STRING_MAX 160 /* bytes of a string that are told */

/* The line being made; what does not fit is dropped. */
struct line {
	char *buf;
	size_t n;
	size_t cap;
};

static const struct {
	short err;
	char name[14];
} errors[] = {
#define E(name)             \
	{                   \
		name, #name \
	}
	E(EPERM),	 E(ENOENT),	E(EINTR),      E(EIO),	      E(ENXIO),
	E(E2BIG),	 E(ENOEXEC),	E(EBADF),      E(EAGAIN),     E(ENOMEM),
	E(EACCES),	 E(EFAULT),	E(EBUSY),      E(EEXIST),     E(EXDEV),
	E(ENODEV),	 E(ENOTDIR),	E(EISDIR),     E(EINVAL),     E(ENFILE),
	E(EMFILE),	 E(ENOTTY),	E(ETXTBSY),    E(EFBIG),      E(ENOSPC),
	E(ESPIPE),	 E(EROFS),	E(EMLINK),     E(ERANGE),     E(ENAMETOOLONG),
	E(ENOSYS),	 E(ENOTEMPTY),	E(ELOOP),      E(ENODATA),    E(EOVERFLOW),
	E(ENOTSOCK),	 E(EADDRINUSE), E(EISCONN),    E(ESTALE),     E(ENOTCONN),
	E(ECONNREFUSED), E(EDQUOT),	E(EOPNOTSUPP), E(ECONNRESET), E(EDESTADDRREQ),
#undef E
};

static void put(struct line *l, const char *text)
{
	while (*text && l->n < l->cap)
		l->buf[l->n++] = *text++;
}

static void put_number(struct line *l, uint64_t v, unsigned base)
{
	char text[24];

	ovl_str_number(text, v, base);
	put(l, text);
}

static void put_signed(struct line *l, long v)
{
	if (v < 0)
		put(l, "-");
	put_number(l, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

/* One byte of a string, so that a line stays one line and is not mistaken. */
static void put_byte(struct line *l, unsigned char c)
{
	char text[5] = {(char)c};

	if (c == '"' || c == '\\') {
		text[0] = '\\';
		text[1] = (char)c;
	} else if (c == '\n') {
		text[0] = '\\';
		text[1] = 'n';
	} else if (c < ' ' || c >= 0x7f) {
		text[0] = '\\';
		text[1] = (char)('0' + (c >> 6));
		text[2] = (char)('0' + (c >> 3 & 7));
		text[3] = (char)('0' + (c & 7));
	}
	put(l, text);
}

static void put_pointer(struct line *l, long v)
{
	if (!v) {
		put(l, "NULL");
		return;
	}
	put(l, "0x");
	put_number(l, (uint64_t)v, 16);
}

static void put_string(struct line *l, long arg, char *room)
{
	size_t got = arg ? ovl_peek((const char *)arg, room, STRING_MAX + 1) : 0;
	size_t i;

	if (!got) {
		put_pointer(l, arg);
		return;
	}
	put(l, "\"");
	for (i = 0; i < got && i < STRING_MAX && room[i] && l->n + 8 < l->cap; i++)
		put_byte(l, (unsigned char)room[i]);
	put(l, i < got && !room[i] ? "\"" : "\"...");
}

static void put_oflags(struct line *l, long flags)
{
	static const char mode[][10] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
	static const struct {
		unsigned bit;
		char name[13];
	} names[] = {
		{O_CREAT, "|O_CREAT"},	 {O_EXCL, "|O_EXCL"},		{O_TRUNC, "|O_TRUNC"},
		{O_APPEND, "|O_APPEND"}, {O_DIRECTORY, "|O_DIRECTORY"}, {O_CLOEXEC, "|O_CLOEXEC"},
		{O_PATH, "|O_PATH"},	 {O_NOFOLLOW, "|O_NOFOLLOW"},
	};
	unsigned rest = (unsigned)flags & ~(unsigned)O_ACCMODE;

	put(l, mode[flags & O_ACCMODE]);
	for (size_t i = 0; i < OVL_ARRAY_SIZE(names); i++) {
		if (!(rest & names[i].bit))
			continue;
		put(l, names[i].name);
		rest &= ~names[i].bit;
	}
	if (rest) {
		put(l, "|0");
		put_number(l, rest, 8);
	}
}

static void put_arg(struct line *l, enum ovl_arg_kind kind, long v, char *room)
{
	switch (kind) {
	case OVL_A_AT:
		if ((int)v == AT_FDCWD)
			put(l, "AT_FDCWD");
		else
			put_signed(l, (int)v);
		break;
	case OVL_A_FD:
		put_signed(l, (int)v);
		break;
	case OVL_A_PATH:
	case OVL_A_LPATH:
	case OVL_A_TEXT:
		put_string(l, v, room);
		break;
	case OVL_A_OFLAGS:
		put_oflags(l, v);
		break;
	case OVL_A_MODE:
		put(l, "0");
		put_number(l, (uint32_t)v, 8);
		break;
	case OVL_A_FLAGS:
		put(l, v ? "0x" : "");
		put_number(l, (uint64_t)v, 16);
		break;
	case OVL_A_PTR:
		put_pointer(l, v);
		break;
	case OVL_A_INT:
	case OVL_A_NONE:
		put_signed(l, v);
		break;
	}
}

/* The mode of an open that makes nothing is whatever the register held: open(2). */
static bool is_noise(const struct ovl_sysent *e, const long *arg, int i)
{
	return i && e->arg[i] == OVL_A_MODE && e->arg[i - 1] == OVL_A_OFLAGS &&
	       !(arg[i - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));
}

static void put_call(struct line *l, const struct ovl_call *c, char *room)
{
	const struct ovl_sysent *e = &ovl_systab[c->nr];

	put(l, *e->name ? e->name : "unknown");
	put(l, "(");
	for (int i = 0; i < 6 && e->arg[i] != OVL_A_NONE; i++) {
		if (is_noise(e, c->arg, i))
			break;
		put(l, i ? ", " : "");
		put_arg(l, e->arg[i], c->arg[i], room);
	}
}

static void put_result(struct line *l, long ret)
{
	if (ret == OVL_R_PASS) {
		put(l, "passed");
		return;
	}
	if (ret == OVL_R_TAIL) {
		put(l, "continued");
		return;
	}
	for (size_t i = 0; i < OVL_ARRAY_SIZE(errors); i++) {
		if (ret == -errors[i].err) {
			put(l, "-");
			put(l, errors[i].name);
			return;
		}
	}
	put_signed(l, ret);
}

/* Where the call's first name lies, if its handler resolved one. */
static void put_layer(struct line *l, const struct ovl_name *n)
{
	static const char zone[][9] = {
		[OVL_Z_OUTSIDE] = " outside",
		[OVL_Z_LOCKED] = " locked",
		[OVL_Z_HIDDEN] = " hidden",
	};

	if (n->zone == OVL_Z_OUTSIDE && n->layer == OVL_NONE)
		return; /* as the entry left it */
	if (n->zone != OVL_Z_VIEW) {
		put(l, zone[n->zone]);
	} else if (n->layer == OVL_UPPER) {
		put(l, " upper");
	} else if (n->layer == OVL_NONE) {
		put(l, n->whiteout ? " whiteout" : " none");
	} else {
		put(l, " lower");
		put_number(l, (uint64_t)n->layer, 10);
	}
}

/* Nobody keeps a descriptor for us: programs close those they did not open. */
static void write_line(struct line *l)
{
	OVL_FD fd = (int)ovl_sys(__NR_openat, AT_FDCWD, ovl_session_str(ovl_ss, ovl_ss->trace_path),
				 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

	l->cap++;
	put(l, "\n");
	if (fd >= 0)
		(void)ovl_sys(__NR_write, fd, l->buf, l->n); /* a trace never disturbs the call */
}

static bool is_off(void)
{
	return !ovl_ss || !(ovl_ss->flags & OVL_S_TRACE) || !ovl_ss->trace_path.len;
}

void ovl_trace_call(struct ovl_ctx *ctx, long ret)
{
	struct line l = {ctx->buf, 0, LINE_ARGS};

	if (is_off() || !ovl_nr_ours(ctx->call->nr))
		return;
	put_number(&l, (uint64_t)ovl_sys(__NR_getpid), 10);
	put(&l, " ");
	put_call(&l, ctx->call, ctx->buf + LINE_WHOLE);
	l.cap = LINE_WHOLE - 1;
	put(&l, ") = ");
	put_result(&l, ret);
	put_layer(&l, &ctx->name[0]);
	if (ctx->note) {
		put(&l, " ");
		put(&l, ctx->note);
	}
	write_line(&l);
}

void ovl_trace_text(const char *what, const char *text, uint64_t number)
{
	char room[200];
	struct line l = {room, 0, sizeof(room) - 1};

	if (is_off())
		return;
	put_number(&l, (uint64_t)ovl_sys(__NR_getpid), 10);
	put(&l, " ");
	put(&l, what);
	put(&l, ": ");
	put(&l, text);
	put(&l, " ");
	put_number(&l, number, 10);
	write_line(&l);
}
