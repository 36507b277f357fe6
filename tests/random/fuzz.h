/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - random file operations, the same ones for the same seed
 *
 * Operation number i of a seed depends on (seed, i) and on nothing else, so a sequence can be
 * cut down to single operations and the rest stays what it was. Every operation writes one line:
 * number, call, arguments, result, and what can be seen afterwards. Two trees that behave alike
 * give the same lines.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* What a sequence may contain; --no-NAME takes one away, --with-NAME adds one. */
#define FUZZ_FEATURES                                                                        \
	X(INODES, "inodes", 1) /* inode numbers as classes, every object pinned by O_PATH */ \
	X(SPECIAL_INODES, "special-inodes",                                                  \
	  1)			       /* those of symlinks, fifos, sockets, devices too */  \
	X(PINS, "pins", 0)	       /* pins whatever the seed says (else: odd seeds) */   \
	X(DIR_RENAME, "dir-rename", 1) /* rename of directories */                           \
	X(OPEN_FDS, "open-fds", 1)     /* descriptors kept over later operations */          \
	X(CWD, "cwd", 1)	       /* chdir and fchdir */                                \
	X(DIRFDS, "dirfds", 1)	       /* paths relative to kept directory descriptors */    \
	X(XATTR, "xattr", 1)                                                                 \
	X(CHOWN, "chown", 1)                                                                 \
	X(SPECIAL, "special", 1)   /* fifo, socket, device */                                \
	X(LINKS, "links", 1)	   /* link(), and hard links in the lower layers */          \
	X(SYMLINKS, "symlinks", 1) /* symlink(), and symlinks in the lower layers */         \
	X(TIMES, "times", 1)	   /* show mtime: its value when it was set, else "now" */   \
	X(DIR_TIMES, "dir-times", 1)                                                         \
	X(TMPFILE, "tmpfile", 1)                                                             \
	X(EXCHANGE, "exchange", 1)                                                           \
	X(STEPS, "steps", 1) /* listings read in steps while names change */                 \
	X(OPENAT2, "openat2", 1)                                                             \
	X(ACL, "acl", 1)       /* default ACLs */                                            \
	X(WEIRD, "weird", 1)   /* names of 255 bytes, with newline, colon, .wh. ... */       \
	X(PROCFD, "procfd", 1) /* /proc/self/fd/N: text and reopening */                     \
	X(MMAP, "mmap", 1)                                                                   \
	X(PRIVATE, "private", 1)   /* a program's own user.overlay.* and devices 0/0 */      \
	X(CHILD, "child", 1)	   /* some operations in a forked child */                   \
	X(OWN_WAYS, "own-ways", 1) /* times that each file system sets in its own way */     \
	X(STRAY, "stray", 0)	   /* whiteouts that hide nothing */                         \
	X(READABLE, "readable",                                                              \
	  0) /* what an ordinary user could only read after a chmod, and directories         \
	      * that a layer below forbids, cannot be shown: leave them out */

enum feature_number {
#define X(id, name, on) N_##id,
	FUZZ_FEATURES
#undef X
};

enum feature {
#define X(id, name, on) F_##id = 1 << N_##id,
	FUZZ_FEATURES
#undef X
};

#define SLOTS	  6  /* kept descriptors of anything */
#define DIR_SLOTS 4  /* kept descriptors of directories */
#define STEPS	  3  /* listings under way */
#define POOL	  12 /* names in the pool */
#define BULK	  40 /* further names, of one fuller directory */

struct rng {
	uint64_t s;
};

/* A path argument. */
struct where {
	int fd;	  /* AT_FDCWD or a kept directory */
	int slot; /* which one; -1 */
	int last; /* number of the last name; -1 */
	char text[2 * PATH_MAX];
};

/* A listing under way. */
struct step {
	int fd;
	uint64_t touched; /* names changed since it began: they may or may not appear */
	uint64_t before;  /* names that were there when it began */
	unsigned char seen[POOL + BULK]; /* how often each appeared */
};

extern struct run {
	uint64_t seed;
	unsigned features;
	bool root;	     /* we are the superuser */
	bool pins;	     /* objects are pinned, classes are shown */
	uid_t uid;	     /* the ordinary user of this run */
	int op;		     /* number of the operation */
	char base[PATH_MAX]; /* the view's directory: "@" in the log */
	char top[PATH_MAX];  /* base/t/u: where the operations are */
	dev_t dev;
	int fd[SLOTS];
	int dir[DIR_SLOTS];
	struct step step[STEPS];
} run;

/* rng and names: gen.c */
uint64_t rng_mix(uint64_t a, uint64_t b);
uint64_t rng_next(struct rng *g);
unsigned rng_below(struct rng *g, unsigned n);
bool rng_chance(struct rng *g, unsigned percent);
const char *name_get(int i);	 /* of POOL + BULK */
int name_find(const char *name); /* -1: not one of ours */
int gen_name(struct rng *g, bool last);
mode_t gen_mode(struct rng *g, bool dir);
uid_t gen_uid(struct rng *g);
void gen_where(struct rng *g, struct where *w); /* any kind */
void gen_path(struct rng *g, struct where *w);	/* not relative to a descriptor */
void gen_link_text(struct rng *g, const char *top, char *text, size_t size);

/* the line: log.c */
void log_init(FILE *f);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_text(const char *s, size_t n); /* quoted; base becomes @ */
void say_where(const struct where *w);
void say_flags(int flags);
void say_result(long r); /* "= 3" or "= -1 ENOENT" */
void say_end(void);
uint64_t hash_bytes(uint64_t h, const void *p, size_t n);
uint64_t hash_fd(int fd, long max, long *ret_size); /* from its offset on */

/* what can be seen: see.c */
void see_stat(const struct stat *st);
void see_where(const struct where *w); /* lstat */
void see_fd(int fd);
long see_before(const struct where *w); /* a token for see_after() */
void see_after(const struct where *w, long token);
void see_xattrs(const char *path, int fd);
int see_class(const struct stat *st);

/* operations; each returns false when it did not apply (no line then) */
typedef bool op_fn(struct rng *g);
op_fn op_open, op_open_read, op_tmpfile, op_openat2, op_creat_write;
op_fn op_stat, op_access, op_readlink, op_mkdir, op_rmdir, op_unlink, op_rename, op_renameat2;
op_fn op_link, op_symlink, op_mknod, op_chmod, op_chown, op_utimens, op_truncate;
op_fn op_setxattr, op_getxattr, op_listxattr, op_removexattr, op_acl;
op_fn op_fd_read, op_fd_write, op_fd_stat, op_fd_truncate, op_fd_chmod, op_fd_chown, op_fd_times;
op_fn op_fd_xattr, op_fd_dup, op_fd_close, op_fd_proc, op_fd_reopen, op_fd_copy, op_fd_mmap;
op_fn op_fd_seek, op_fd_allocate, op_fd_empty_path;
op_fn op_list, op_list_remove, op_step_begin, op_step_go, op_step_end;
op_fn op_dir_open, op_chdir, op_fchdir, op_getcwd;
void touch(const struct where *w);  /* its name may change now */
int keep_fd(struct rng *g, int fd); /* takes fd; the slot, or -1: closed */

/* trees: dump.c and layers.c */
void dump_tree(const char *dir, bool raw);
int layers_make(const char *dir, int n);
int tree_clean(const char *dir);

#endif
