/* SPDX-License-Identifier: MIT */
/*
 * sock.c - sockets that have a name in the file system
 *
 * Calls that may wait are handed back to the program with the address rewritten. Messages are
 * in sockmsg.c.
 */
#include "sock.h"

#include "create.h"
#include "do.h"
#include "fdview.h"
#include "lookup.h"
#include "real.h"
#include "sockname.h"
#include "systab.h"
#include "str.h"
#include "tail.h"
#include "workdir.h"

#define SOL_SOCKET_LEVEL 1
#define SO_DOMAIN_NAME	 39
#define RETRIES		 16 /* of a race with another process for one name */
#define NO_SYMLINK	 (O_PATH | O_NOFOLLOW)

/* A socket on its way to a name. The maker comes first: its function finds the rest. */
struct binding {
	struct ovl_maker maker;
	int fd;
	unsigned len; /* of @addr; 0: it cannot be bound in its place */
	struct sockaddr_un addr;
	const char *given; /* as the program named it */
};

bool ovl_sock_is_unix(int fd)
{
	int domain = 0;
	unsigned n = sizeof(domain);
	long r = ovl_sys(__NR_getsockopt, fd, SOL_SOCKET_LEVEL, SO_DOMAIN_NAME, &domain, &n);

	return !r && domain == OVL_AF_UNIX;
}

/* What is made in work does not inherit the group of the directory that it goes to. */
static void inherit_group(int tmp, const char *name, int dir)
{
	struct statx st;

	if (ovl_sys(__NR_statx, dir, "", AT_EMPTY_PATH, STATX_MODE | STATX_GID, &st))
		return;
	if (st.stx_mode & S_ISGID) /* as far as we may */
		(void)ovl_do_chown(tmp, name, -1U, st.stx_gid, AT_SYMLINK_NOFOLLOW);
}

/*
 * Bind to a name in work and move that to @name in @dir. Should the move fail, the socket has
 * got an address and cannot be bound again.
 */
static int bind_aside(const struct binding *b, int dir, const char *name)
{
	OVL_FD tmp = ovl_workdir_open();
	struct sockaddr_un addr;
	char own[OVL_TEMP_NAME];
	int err = -EADDRINUSE;

	if (tmp < 0)
		return tmp;
	for (int i = 0; i < RETRIES && err == -EADDRINUSE; i++) {
		ovl_workdir_name(own);
		err = (int)ovl_sys(__NR_bind, b->fd, &addr, ovl_sockaddr_aside(&addr, tmp, own));
	}
	if (err)
		return err;
	inherit_group(tmp, own, dir);
	err = ovl_do_link(tmp, own, dir, name, 0);
	(void)ovl_do_unlink(tmp, own, 0); /* swept if it stays */
	if (!err)			  /* without it the kernel's address is shown */
		(void)ovl_do_symlink(b->given, tmp, own);
	return err;
}

/* The maker of sockets: see create.h. */
static int make_socket(const struct ovl_maker *m, int dir, const char *name)
{
	const struct binding *b = (const struct binding *)m;

	if (!b->len)
		return bind_aside(b, dir, name);
	return (int)ovl_sys(__NR_bind, b->fd, &b->addr, b->len);
}

static long bind_outside(struct ovl_ctx *ctx)
{
	const struct ovl_name *n = &ctx->name[0];
	struct sockaddr_un addr;
	unsigned len;

	if (n->zone == OVL_Z_HIDDEN)
		return -EACCES;
	if (n->zone == OVL_Z_LOCKED)
		return -EROFS;
	if (!n->via_view)
		return OVL_R_PASS;
	len = ovl_sockaddr_set(&addr, n->at.buf, n->at.len);
	return len ? ovl_sys(__NR_bind, ovl_arg_fd(ctx, 0), &addr, len) : -ENAMETOOLONG;
}

static long bind_once(struct ovl_ctx *ctx, const char *given)
{
	struct ovl_name *n = &ctx->name[0];
	struct binding b = {.maker = {.make = make_socket}, .fd = ovl_arg_fd(ctx, 0)};
	int err = ovl_namei(ctx, n, AT_FDCWD, given, OVL_N_CREATE);

	if (err)
		return err == -ESTALE ? OVL_R_PASS : err;
	if (n->zone != OVL_Z_VIEW)
		return bind_outside(ctx);
	if (n->last != OVL_L_NORM || n->layer != OVL_NONE)
		return -EADDRINUSE;
	if (n->slash)
		return -ENOENT;
	if (ovl_read_only())
		return -EROFS;
	b.given = given;
	if (!n->whiteout && ovl_str_equal(given, n->at.buf)) {
		err = ovl_name_real(n, OVL_UPPER, &ctx->real2);
		if (err)
			return err;
		b.len = ovl_sockaddr_set(&b.addr, ctx->real2.buf, ctx->real2.len);
	}
	err = ovl_create(ctx, n, &b.maker);
	return err == -EEXIST ? -EADDRINUSE : err;
}

long ovl_op_bind(struct ovl_ctx *ctx)
{
	char *given = ctx->tail->text;
	long r = OVL_AGAIN;

	if (!ovl_sockaddr_path((void *)ovl_arg(ctx, 1), (int)ovl_arg(ctx, 2), given) ||
	    !ovl_sock_is_unix(ovl_arg_fd(ctx, 0)))
		return OVL_R_PASS;
	for (int i = 0; i < RETRIES && r == OVL_AGAIN; i++)
		r = bind_once(ctx, given);
	return r == OVL_AGAIN ? -EADDRINUSE : r;
}

long ovl_sock_find_peer(struct ovl_ctx *ctx, const void *addr, long len)
{
	struct ovl_name *n = &ctx->name[0];
	int err;

	if (!ovl_sockaddr_path(addr, len, ctx->buf) || !ovl_sock_is_unix(ovl_arg_fd(ctx, 0)))
		return OVL_R_PASS;
	err = ovl_namei(ctx, n, AT_FDCWD, ctx->buf, OVL_N_FOLLOW);
	if (err)
		return err == -ESTALE ? OVL_R_PASS : err;
	if (n->zone == OVL_Z_HIDDEN)
		return -ENOENT;
	if (n->zone != OVL_Z_VIEW)
		return n->via_view ? ovl_path_set(&ctx->real2, n->at.buf, n->at.len) : OVL_R_PASS;
	err = ovl_op_must_exist(n);
	if (err)
		return err;
	if ((ovl_ss->flags & OVL_S_SAME_ROOT) && n->layer != OVL_UPPER && !n->moved &&
	    ovl_str_equal(ctx->buf, n->at.buf))
		return OVL_R_PASS;
	return ovl_name_real(n, n->layer, &ctx->real2);
}

int ovl_sock_address(struct ovl_ctx *ctx, struct sockaddr_un *ret_addr, size_t room, int *ret_fd)
{
	struct ovl_path *p = &ctx->real2;
	char link[32];
	int fd;

	*ret_fd = -1;
	if (offsetof(struct sockaddr_un, sun_path) + p->len < room && p->len < UNIX_PATH_MAX)
		return (int)ovl_sockaddr_set(ret_addr, p->buf, p->len);
	fd = ovl_real_open(p, NO_SYMLINK);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return (int)ovl_sockaddr_set(ret_addr, link, ovl_fd_link(fd, link));
}

/* connect and sendto: the address is argument @i, its length the next. */
static long to_peer(struct ovl_ctx *ctx, int i)
{
	struct ovl_tail *t = ctx->tail;
	long r = ovl_sock_find_peer(ctx, (void *)ovl_arg(ctx, i), (int)ovl_arg(ctx, i + 1));

	if (r)
		return r;
	r = ovl_sock_address(ctx, (struct sockaddr_un *)t->text, sizeof(t->text), &t->fd);
	if (r < 0)
		return r;
	t->kind = OVL_TAIL_CLOSE;
	t->nr = ctx->call->nr;
	memcpy(t->arg, ctx->call->arg, sizeof(t->arg));
	t->arg[i] = (long)t->text;
	t->arg[i + 1] = r;
	return OVL_R_TAIL;
}

long ovl_op_connect(struct ovl_ctx *ctx)
{
	return to_peer(ctx, 1);
}

long ovl_op_sendto(struct ovl_ctx *ctx)
{
	return to_peer(ctx, 4);
}

/* Is there a place that the kernel would write an address to? It tells itself if not. */
static bool wants_address(const struct ovl_ctx *ctx)
{
	const int *len = (const int *)ovl_arg(ctx, 2);

	return ovl_arg(ctx, 1) && len && *len >= 0;
}

static long tell_name(struct ovl_ctx *ctx)
{
	char *addr = ctx->buf;
	unsigned n = sizeof(ctx->buf);

	if (!wants_address(ctx))
		return OVL_R_PASS;
	if (ovl_sys(ctx->call->nr, ovl_arg_fd(ctx, 0), addr, &n) || !ovl_sockaddr_view(addr, &n))
		return OVL_R_PASS;
	ovl_sockaddr_give(addr, n, (void *)ovl_arg(ctx, 1), (int *)ovl_arg(ctx, 2));
	return 0;
}

long ovl_op_getsockname(struct ovl_ctx *ctx)
{
	return tell_name(ctx);
}

long ovl_op_getpeername(struct ovl_ctx *ctx)
{
	return tell_name(ctx);
}

/* The kernel is not asked for the address: ovl_sock_after() gets it from the new socket. */
static long accept_tail(struct ovl_ctx *ctx)
{
	struct ovl_tail *t = ctx->tail;

	if (!wants_address(ctx) || !ovl_sock_is_unix(ovl_arg_fd(ctx, 0)))
		return OVL_R_PASS;
	t->nr = ctx->call->nr;
	memcpy(t->arg, ctx->call->arg, sizeof(t->arg));
	t->user = (void *)ovl_arg(ctx, 1);
	t->len = (void *)ovl_arg(ctx, 2);
	t->arg[1] = 0;
	t->arg[2] = 0;
	t->kind = OVL_TAIL_SOCKADDR;
	return OVL_R_TAIL;
}

long ovl_op_accept(struct ovl_ctx *ctx)
{
	return accept_tail(ctx);
}

long ovl_op_accept4(struct ovl_ctx *ctx)
{
	return accept_tail(ctx);
}

void ovl_sock_after(struct ovl_call *c)
{
	struct ovl_tail *t = c->tail;
	const uint16_t family = OVL_AF_UNIX;
	unsigned n = sizeof(t->text);

	if (ovl_is_err(c->ret))
		return;
	if (ovl_sys(__NR_getpeername, c->ret, t->text, &n)) {
		memcpy(t->text, &family, sizeof(family)); /* unnamed: the peer is gone */
		n = sizeof(family);
	}
	(void)ovl_sockaddr_view(t->text, &n); /* false: as it is */
	ovl_sockaddr_give(t->text, n, t->user, t->len);
}
