/* SPDX-License-Identifier: MIT */
/*
 * ops.h - what every handler of a system call shares
 *
 * A handler gets the call's workspace and returns the call's result: a value, -errno, or
 * one of the two below. Handlers are named ovl_op_<call> and listed in systab.def.
 */
#ifndef OVL_OPS_H
#define OVL_OPS_H

#include "ctx.h"
#include "namei.h"
#include "view.h"

#define OVL_R_PASS (-0x4000000000000000L) /* the kernel does it, as the program asked */
#define OVL_R_TAIL (-0x4000000000000001L) /* call->tail is to be done: see ovl.h */

/*
 * Somebody changed the name between the look and the deed: do the call again from the start.
 * No call answers so (ERESTARTSYS is the kernel's own); ctx->error is told when it goes on.
 */
#define OVL_AGAIN	(-512)
#define OVL_AGAIN_MAX	64
#define OVL_AGAIN_ALONE 8 /* so many attempts are made without the lock */

typedef long ovl_handler(struct ovl_ctx *ctx);

/* Argument @i of the call. */
static inline long ovl_arg(const struct ovl_ctx *ctx, int i)
{
	return ctx->call->arg[i];
}

static inline int ovl_arg_fd(const struct ovl_ctx *ctx, int i)
{
	return (int)ctx->call->arg[i];
}

static inline const char *ovl_arg_path(const struct ovl_ctx *ctx, int i)
{
	return (const char *)ctx->call->arg[i];
}

/* Is the path argument @text empty, or none at all? One that leads nowhere is neither. */
static inline bool ovl_arg_is_empty(const char *text)
{
	return !text || ((unsigned long)text >= 4096 && !*text);
}

/*
 * Resolve the call's path argument @path, relative to argument @dirfd (-1: the cwd), into
 * name[@slot]. 0, or what the handler returns: -errno or OVL_R_PASS.
 */
long ovl_op_resolve(struct ovl_ctx *ctx, int slot, int dirfd, int path, int flags);

/* AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH of a call, as flags for the above. */
int ovl_op_at_flags(long at_flags);

/*
 * Resolve an object that the call looks at: ctx->real becomes its path in the layer that holds
 * it. 0, or what the handler returns.
 */
long ovl_op_find(struct ovl_ctx *ctx, int dirfd, int path, int flags);

/*
 * name[0] is not in the view: the kernel does the call on it, through @path (and @dirfd) of
 * its arguments, rewritten where the way led through the view. @mutates: refused with EROFS
 * on a lower layer's own path. Returns what the handler returns.
 */
long ovl_op_outside(struct ovl_ctx *ctx, int dirfd, int path, bool mutates);

/* Who may change an object that is still lower; for upper's the kernel decides. */
enum ovl_change {
	OVL_BY_GIVER,		/* owner: to ctx->uid and ctx->gid */
	OVL_BY_OWNER,		/* mode, owner, xattrs of trusted tools */
	OVL_BY_OWNER_OR_WRITER, /* times set to now */
	OVL_BY_WRITER,		/* xattrs */
};

/*
 * As ovl_op_resolve(); then the object, if it is in the view, exists and is on upper, and
 * ctx->real is its path there. 0, or what the handler returns, ovl_op_outside() included.
 */
long ovl_op_change(struct ovl_ctx *ctx, int dirfd, int path, int flags, enum ovl_change who);

/* 0 when the caller may change @n, which exists: asked only where the kernel would not. */
int ovl_op_may_change(struct ovl_ctx *ctx, struct ovl_name *n, enum ovl_change who);

/* Does the call mean the descriptor of argument @dirfd itself: AT_EMPTY_PATH and no path? */
bool ovl_op_is_fd(const struct ovl_ctx *ctx, int dirfd, int path, int flags);

/*
 * The same for the object open as @fd. 0: a directory, whose copy is at ctx->real. OVL_R_PASS: the
 * descriptor's object is not a lower one (any more), and the call is the kernel's on that; unless
 * ctx->by_fd is true: then owner and mode may be recorded, name[0].st is what the view shows, and
 * the call is override.h's on the descriptor. The object's name may be another's meanwhile.
 */
long ovl_op_change_fd(struct ovl_ctx *ctx, int fd, enum ovl_change who);

/* The object that @n must be: -ENOENT when missing, -ENOTDIR for "file/". */
int ovl_op_must_exist(const struct ovl_name *n);

/*
 * The handler of calls that the engine only watches, or that are right as they are:
 * lseek on a merged directory, because a position is the descriptor's own offset (readdir.h);
 * ftruncate, because a descriptor that may be truncated is of upper already.
 */
ovl_handler ovl_op_pass;

/*
 * Does ioctl @request change a file even through a descriptor open only for reading, or tell
 * what such a one has changed?
 */
bool ovl_ioctl_ours(unsigned request);

/*
 * Is @n, which was found on upper, a whiteout by now, or gone? Then what the kernel said of it
 * is not the answer.
 */
bool ovl_op_is_hidden(struct ovl_ctx *ctx, const struct ovl_name *n);

/*
 * Hold upper's object at ctx->real: whoever changes it by *@ret_fd, and by the link in /proc that
 * @link, of OVL_FD_LINK bytes, becomes, changes that and nothing else, whatever comes to its name
 * or to the directories on the way; a name could be a whiteout or a symlink to a lower a moment
 * later. ctx->st tells of it. OVL_AGAIN: it is gone.
 */
int ovl_op_hold(struct ovl_ctx *ctx, int *ret_fd, char *link);

/* Is the (existing) object a directory? -errno when it cannot be told. */
int ovl_op_is_dir(struct ovl_ctx *ctx, struct ovl_name *n);

#endif
