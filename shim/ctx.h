/* SPDX-License-Identifier: MIT */
/*
 * ctx.h - the workspace of one call in the engine
 *
 * Lent by scratch.c for the time of one slow call, with all signals blocked. Everything
 * larger than a few words lives here and not on the stack.
 */
#ifndef OVL_CTX_H
#define OVL_CTX_H

#include "ovl.h"
#include "ovl_session.h"
#include "path.h"
#include "sys.h"

#define OVL_GROUPS_MAX 1024 /* of a process, that are looked at; Linux allows 65536 */

#define OVL_UPPER 0
#define OVL_NONE  (-1) /* no layer: the name does not exist in the view */

/* Where a name lies. */
enum ovl_zone {
	OVL_Z_OUTSIDE, /* the kernel's own tree: untouched */
	OVL_Z_VIEW,    /* resolved through the layers */
	OVL_Z_LOCKED,  /* a lower layer's real path, not part of the view: read-only */
	OVL_Z_HIDDEN,  /* upper, work: does not exist */
};

/* How a path ended. */
enum ovl_last {
	OVL_L_NORM,
	OVL_L_DOT,
	OVL_L_DOTDOT,
	OVL_L_ROOT,
};

/* Which lower inode. */
struct ovl_origin {
	uint64_t ino;
	uint32_t major;
	uint32_t minor;
};

/*
 * A resolved name: the directory it lives in, and the object itself if there is one.
 * Masks have bit k set for lower layer k (from 1).
 */
struct ovl_name {
	struct ovl_path at;  /* the path as the program sees it, absolute and clean */
	struct ovl_path low; /* path inside the lowers, when @moved; "" is their root */
	uint64_t hash;	     /* of @at */
	uint64_t lhash;	     /* of the view root and the path inside the lowers: key of the
			      * known-directory table; equals @hash unless @moved */
	uint64_t plowers;    /* lowers whose copy of the parent directory shows */
	uint64_t lowers;     /* a directory: lowers whose copy of it shows */
	enum ovl_zone zone;
	enum ovl_last last;
	int layer;     /* holds the object: OVL_UPPER, a lower's number, OVL_NONE */
	bool pupper;   /* the parent directory may exist in upper */
	bool deep;     /* below a directory that was put in its place whole: the filters
			* do not know the names in it */
	bool moved;    /* a redirect lies on the way: lower paths are in @low */
	bool in_upper; /* upper has an entry of this name: the object or a whiteout */
	bool whiteout; /* and it is a whiteout */
	bool marked;   /* a .wh. file of upper hides what lowers hold there; that is no entry */
	bool redirect; /* the object itself is a moved directory of upper */
	bool covers;   /* valid with @redirect: a lower name shows when it goes */
	bool opaque;   /* the object is a directory of upper that hides the lowers' */
	bool slash;    /* the path as given ended in a slash */
	bool via_view; /* the way led through the view: the path as given means nothing
			* to the kernel */
	bool magic;    /* a link of /proc that only the kernel can follow */
	bool linked;   /* the name is a lower's still, but the object was copied up by another
			* of its names: the copy is in the index, @layer is OVL_UPPER */
	bool shared;   /* it was copied up by this call, and descriptors of others lead to it */
	bool fair;     /* the kernel's checks of rights on the way are the view's: dcache.h */
	bool cached;   /* a directory that was not looked at, but remembered: likewise */
	bool known;    /* @st is filled in */
	bool shown;    /* and turned into what the view shows: inode.c */
	struct ovl_origin from; /* when @linked: the lower inode */
	struct statx st;	/* of the object, as the layer's file system tells it */
};

struct ovl_ctx {
	struct ovl_call *call;
	long (*handle)(struct ovl_ctx *ctx); /* what is done about it: systab.h */
	struct ovl_tail *tail;		     /* what OVL_R_TAIL is about */
	uint64_t oldmask;		     /* the program's signal mask, blocked while we work */
	unsigned uid, gid;		     /* what chown asks for */
	uint32_t gen;			     /* the session's dir_gen when the call began: lock.h */
	uint32_t moves;			     /* ovl_dcache_moves() at that time */
	bool locked;			     /* the whole call holds the session's lock */
	bool again;	/* it was outdated before: what is remembered does not count */
	int early;	/* a descriptor that the fast path has made; -1: early.h */
	int error;	/* the call's answer when OVL_AGAIN comes too often */
	bool rooted;	/* the walk has met its root: xdev.h */
	uint64_t mount; /* where the walk is, and where its root is: xdev.h */
	uint64_t root_mount;
	bool by_fd;  /* what is recorded of an upper object changes by its descriptor: ops.h */
	bool jumped; /* the way led through a link of /proc to an object */
	int through; /* that link's descriptor, when it is our own and of a lower
		      * object; -1 */
	struct ovl_origin behind; /* what was opened by its other names is to follow: catchup.h */
	const char *note;	  /* for the trace: what happened besides */
	struct ovl_trail *trail;  /* who wants to know what a walk meets: linkers.h; or NULL */
	int depth;		  /* symlinks followed */
	int start;		  /* the descriptor that relative paths start from */
	int fd_layer;		  /* the layer of that descriptor's object; OVL_NONE: in none */
	uint64_t fd_lhash; /* of a lower object: struct ovl_name's @lhash shows if a name is its */
	unsigned anchor;   /* length of that directory's path */
	uint64_t resolve;  /* RESOLVE_* of openat2(2) */
	struct ovl_name name[2];
	struct ovl_path real; /* scratch of ovl_real_*() */
	struct ovl_path real2;
	struct ovl_path temp;	/* name in work */
	struct ovl_path link;	/* symlink text; base directories */
	struct ovl_path clean;	/* a clean path that is being walked */
	struct ovl_path target; /* where a redirect leads: while another path is walked */
	char rest[OVL_PATH_CAP + PATH_MAX]; /* what namei still has to walk */
	char xname[XATTR_NAME_MAX + 1];	    /* an xattr's name as it is stored */
	struct statx st;		    /* of whatever is looked at besides the names */
	char buf[4096];			    /* data on its way, xattr lists */
	uint32_t group[OVL_GROUPS_MAX];	    /* perm.c's: rights are looked at while buf is in use */
	char lines[4 * PATH_MAX];	    /* of /proc/PID/maps: maps.c */

	/* When no descriptor is free: aside.h. */
	struct ovl_name *copied; /* what was copied up aside */
	bool aside;		 /* we are in a child with descriptors of its own */
	bool tight;		 /* after that, in our own table: there is hardly a number free */
	bool made;		 /* the file to be opened is new: it was made aside */
};

#endif
