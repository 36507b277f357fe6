/* SPDX-License-Identifier: MIT */
/*
 * sockmsg.c - messages to named sockets, and from them
 *
 * The address that a message came from is translated where the kernel has put it, once it has.
 */
#include "real.h"
#include "sock.h"
#include "sockname.h"
#include "systab.h"
#include "tail.h"

#define DONTWAIT    0x40 /* MSG_DONTWAIT */
#define VECTOR_MAX  1024 /* UIO_MAXIOV: longer ones are cut by the kernel too */
#define RECEIVE_MAX 24	 /* messages whose addresses' room fits in a tail */

/* struct msghdr, whose headers differ between libc and the kernel: recvmsg(2) */
struct message {
	void *name;
	int namelen;
	void *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	int flags;
};

/* struct mmsghdr */
struct counted {
	struct message m;
	unsigned len;
};

static bool is_bad(const void *p)
{
	return (uintptr_t)p < 4096;
}

/*
 * The address of message @given, if it names a socket of the view, for a header of our own: that
 * and the address are in @room of @size bytes. Returns the header, or @given with *@ret_r told:
 * OVL_R_PASS, -errno. *@ret_fd as ovl_sock_address().
 */
static struct message *readdress(struct ovl_ctx *ctx, const struct message *given, void *room,
				 size_t size, int *ret_fd, long *ret_r)
{
	struct message *m = room;
	struct sockaddr_un *addr = (struct sockaddr_un *)(m + 1);
	int n;

	*ret_fd = -1;
	*ret_r = OVL_R_PASS;
	if (given->name)
		*ret_r = ovl_sock_find_peer(ctx, given->name, given->namelen);
	if (*ret_r)
		return (struct message *)given;
	n = ovl_sock_address(ctx, addr, size - sizeof(*m), ret_fd);
	if (n < 0) {
		*ret_r = n;
		return (struct message *)given;
	}
	*m = *given;
	m->name = addr;
	m->namelen = n;
	return m;
}

/* The header is copied before the address: both must outlive this call, in the tail's text. */
static long send_tail(struct ovl_ctx *ctx, const struct message *given)
{
	struct ovl_tail *t = ctx->tail;
	struct message *m;
	long r;

	m = readdress(ctx, given, t->text, sizeof(t->text), &t->fd, &r);
	if (r)
		return r;
	t->nr = __NR_sendmsg;
	memcpy(t->arg, ctx->call->arg, sizeof(t->arg));
	t->arg[1] = (long)m;
	t->kind = OVL_TAIL_CLOSE;
	return OVL_R_TAIL;
}

long ovl_op_sendmsg(struct ovl_ctx *ctx)
{
	const struct message *given = (const struct message *)ovl_arg(ctx, 1);

	return is_bad(given) ? OVL_R_PASS : send_tail(ctx, given);
}

/* Send message @c now, without waiting. */
static long send_now(struct ovl_ctx *ctx, struct counted *c)
{
	long flags = ovl_arg(ctx, 3) | DONTWAIT;
	OVL_FD fd = -1;
	long r;
	struct message *m = readdress(ctx, &c->m, ctx->buf, sizeof(ctx->buf), &fd, &r);

	if (r && r != OVL_R_PASS)
		return r;
	r = ovl_sys(__NR_sendmsg, ovl_arg_fd(ctx, 0), m, flags);
	if (r >= 0)
		c->len = (unsigned)r;
	return r;
}

/* The first message has to wait: it alone, in the program's own context. */
static long send_first(struct ovl_ctx *ctx, struct counted *c)
{
	struct ovl_tail *t = ctx->tail;
	long r = send_tail(ctx, &c->m);

	if (r == OVL_R_PASS) {
		t->nr = __NR_sendmsg;
		t->arg[0] = ovl_arg(ctx, 0);
		t->arg[1] = (long)&c->m;
	} else if (r != OVL_R_TAIL) {
		return r;
	}
	t->arg[2] = ovl_arg(ctx, 3);
	t->kind = OVL_TAIL_SENT;
	t->user = &c->len;
	return OVL_R_TAIL;
}

static bool names_any(const struct counted *c, long n)
{
	for (long i = 0; i < n; i++) {
		char path[UNIX_PATH_MAX + 1];

		if (c[i].m.name && ovl_sockaddr_path(c[i].m.name, c[i].m.namelen, path))
			return true;
	}
	return false;
}

/* Fewer than asked for may be sent at a time: sendmmsg(2). */
long ovl_op_sendmmsg(struct ovl_ctx *ctx)
{
	struct counted *c = (struct counted *)ovl_arg(ctx, 1);
	long n = (unsigned)ovl_arg(ctx, 2);
	long i;

	if (n > VECTOR_MAX)
		n = VECTOR_MAX;
	if (is_bad(c) || !names_any(c, n) || !ovl_sock_is_unix(ovl_arg_fd(ctx, 0)))
		return OVL_R_PASS;
	for (i = 0; i < n; i++) {
		long r = send_now(ctx, &c[i]);

		if (r >= 0)
			continue;
		if (i)
			break; /* the next call is told */
		if (r == -EAGAIN && !(ovl_arg(ctx, 3) & DONTWAIT))
			return send_first(ctx, c);
		return r;
	}
	return i;
}

/* The call as it is, and a look at what it told. */
static long receive_tail(struct ovl_ctx *ctx, enum ovl_tail_kind kind)
{
	struct ovl_tail *t = ctx->tail;

	if (!ovl_sock_is_unix(ovl_arg_fd(ctx, 0)))
		return OVL_R_PASS;
	t->nr = ctx->call->nr;
	memcpy(t->arg, ctx->call->arg, sizeof(t->arg));
	t->kind = kind;
	return OVL_R_TAIL;
}

long ovl_op_recvfrom(struct ovl_ctx *ctx)
{
	const int *len = (const int *)ovl_arg(ctx, 5);
	int room;

	if (is_bad((void *)ovl_arg(ctx, 4)) || is_bad(len))
		return OVL_R_PASS;
	room = *len;
	memcpy(ctx->tail->text, &room, sizeof(room));
	return receive_tail(ctx, OVL_TAIL_FROM);
}

long ovl_op_recvmsg(struct ovl_ctx *ctx)
{
	const struct message *m = (const struct message *)ovl_arg(ctx, 1);

	if (is_bad(m) || !m->name)
		return OVL_R_PASS;
	memcpy(ctx->tail->text, &m->namelen, sizeof(m->namelen));
	return receive_tail(ctx, OVL_TAIL_MSG);
}

/* Fewer than asked for may be received at a time: recvmmsg(2). */
long ovl_op_recvmmsg(struct ovl_ctx *ctx)
{
	const struct counted *c = (const struct counted *)ovl_arg(ctx, 1);
	unsigned n = (unsigned)ovl_arg(ctx, 2);
	long r;

	if (is_bad(c) || !n)
		return OVL_R_PASS;
	if (n > RECEIVE_MAX)
		n = RECEIVE_MAX;
	for (unsigned i = 0; i < n; i++)
		memcpy(ctx->tail->text + i * sizeof(int), &c[i].m.namelen, sizeof(int));
	r = receive_tail(ctx, OVL_TAIL_MMSG);
	ctx->tail->arg[2] = n;
	return r;
}

/* The kernel told an address of *@len bytes at @addr, where @room bytes are: as the view's. */
static void show_source(void *addr, int *len, const char *room)
{
	char own[OVL_SUN_MAX];
	unsigned n = (unsigned)*len;
	int fits;

	memcpy(&fits, room, sizeof(fits));
	if (!addr || fits < 0 || n > sizeof(own) || n > (unsigned)fits)
		return;
	memcpy(own, addr, n);
	if (!ovl_sockaddr_view(own, &n))
		return;
	*len = fits;
	ovl_sockaddr_give(own, n, addr, len);
}

void ovl_sockmsg_after(struct ovl_call *c)
{
	struct ovl_tail *t = c->tail;
	struct counted *v = (struct counted *)t->arg[1];

	if (ovl_is_err(c->ret))
		return;
	switch (t->kind) {
	case OVL_TAIL_SENT:
		*(unsigned *)t->user = (unsigned)c->ret;
		c->ret = 1;
		break;
	case OVL_TAIL_FROM:
		show_source((void *)t->arg[4], (int *)t->arg[5], t->text);
		break;
	case OVL_TAIL_MSG:
		show_source(v->m.name, &v->m.namelen, t->text);
		break;
	default:
		for (long i = 0; i < c->ret; i++)
			show_source(v[i].m.name, &v[i].m.namelen, t->text + i * (long)sizeof(int));
	}
}
