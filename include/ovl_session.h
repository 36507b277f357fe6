/* SPDX-License-Identifier: MIT */
/*
 * ovl_session.h - the session: one file in the work directory, mapped shared
 * by every process of a run
 *
 * ovlrun writes it, complete, before the command starts; the engine reads the
 * configuration (which never changes) and adds to the shared tables (insert-only,
 * atomic). A process that dies at any instruction leaves the tables valid.
 *
 * Layer 0 is upper; layers 1..nlower are the lowers, the top one first.
 * Paths are absolute, without symlinks, ".", ".." or trailing slash ("/" is "/").
 */
#ifndef OVL_SESSION_H
#define OVL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ovl_hash.h"

/* The environment of every process inside; the value is the session file's real path. */
#define OVL_ENV_SESSION "OVL_SESSION"

/*
 * What the loader is to load, for the time of one execve(): "FD:LENGTH:EXECFN:PATH". FD is a
 * descriptor of the program that the loader closes, or "-" to have PATH opened in the view;
 * EXECFN, of LENGTH bytes, is what execve() was given: a script, when the program is its
 * interpreter.
 */
#define OVL_ENV_LOAD "OVL_LOAD"

#define OVL_SESSION_MAGIC   0x0a6e75726c766fULL /* "ovlrun\n" */
#define OVL_SESSION_VERSION 1

#define OVL_LOWER_MAX 56 /* a bit each in struct ovl_dir_slot's value */
#define OVL_PASS_MAX  64
#define OVL_HIDE_MAX  32

/* Flags of a session, in struct ovl_session.flags. */
enum ovl_session_flag {
	OVL_S_READ_ONLY = 1 << 0, /* no upper: changes answer EROFS */
	OVL_S_TRACE = 1 << 1,	  /* trace_path is set: every call is told there */
	OVL_S_NO_XATTR = 1 << 2,  /* none on upper: what they would tell is in WORK/index */
	OVL_S_SAME_ROOT = 1 << 3, /* one lower, seen at its own path: a path is its own real path */
	OVL_S_QUIET = 1 << 4,	  /* no messages but errors */
	OVL_S_GUARD = 1 << 5,	  /* processes have the filter: ovl_guard.h */
	OVL_S_NO_CORE = 1 << 6,	  /* no core file: the kernel might write it to a lower */
	OVL_S_ONE_USER = 1 << 7,  /* none of them can become another user */
	OVL_S_LINKS_CAREFUL = 1 << 8, /* fs.protected_symlinks is set: proc(5) */
};

/* What upper has changed of the files that a dynamic linker opens at a program's start. */
enum ovl_upper_libs {
	OVL_LIBS_SOMEWHERE = 1 << 0, /* in some directory: for who names directories of its own */
	OVL_LIBS_EVERYBODY = 1 << 1, /* in one that is searched for all programs, or ld.so.cache */
	OVL_LIBS_FIRST = 1 << 2, /* nothing, but this machine's libpthread is initialised first */
};

/* A string in the session's string area: offset from the session's start. */
struct ovl_str {
	uint32_t off; /* the bytes are NUL-terminated */
	uint32_t len; /* without the NUL */
};

struct ovl_layer {
	struct ovl_str path; /* real path of the layer's root */
	uint64_t dev;	     /* st_dev of that root */
	uint64_t ino;
};

/* Bloom filters over view path hashes: insert-only; "no" is certain, "yes" is a question. */
#define OVL_FILTER_LOG2	 23 /* bits: 1 MiB each, sparse until used */
#define OVL_FILTER_WORDS (1u << (OVL_FILTER_LOG2 - 6))

struct ovl_filter {
	uint64_t word[OVL_FILTER_WORDS];
};

/*
 * Directories known to be reached without a symlink; open addressing, insert-only.
 * key is the view path's hash, never 0. value:
 *  - OVL_DIRS_LOWER and a mask: what the lowers hold at a view path; bit k set = lower
 *    layer k has a directory there that shows (k from 1). An empty mask: no lower has a
 *    directory there. Lower layers do not change while in use, so this stays true;
 *    whether upper covers it is told by the filter hidden.
 *  - OVL_DIRS_OUTSIDE: a directory outside the view; the low 32 bits hold outside_gen
 *    at the time.
 *  - OVL_DIRS_FILE: no directory but a regular file of the lowers, with the number of the first
 *    that has it, or of outside (then with OVL_DIRS_OUTSIDE and the generation): opening it needs
 *    no closer look.
 *  - OVL_DIRS_LOWER, OVL_DIRS_TAME and one bit: all in it are regular files, directories and
 *    symlinks.
 *  - OVL_DIRS_LOWER and OVL_DIRS_MISSING: no lower has anything of that name.
 *  - 0: being written.
 */
#define OVL_DIRS_LOG2	 18
#define OVL_DIRS_OUTSIDE (1ULL << 63)
#define OVL_DIRS_LOWER	 (1ULL << 62)
#define OVL_DIRS_FILE	 (1ULL << 61)
#define OVL_DIRS_MISSING (1ULL << 60)
#define OVL_DIRS_TAME	 (1ULL << 59)
#define OVL_DIRS_MASK	 ((1ULL << (OVL_LOWER_MAX + 1)) - 1)

struct ovl_dir_slot {
	uint64_t key;
	uint64_t value;
};

/* Directories that upper was seen to have: shim/dcache.h. */
#define OVL_DCACHE_LOG2	   15
#define OVL_DCACHE_BUCKETS 256

struct ovl_dcache_slot {
	uint64_t key;
	uint64_t value;
};

/* Inodes that whiteouts are links to: shim/whiteout.h. */
#define OVL_WHITEOUTS 8

/* Numbers that copies have in the view: shim/origins.h. */
#define OVL_ORIGINS_LOG2 14

struct ovl_origin_slot {
	uint64_t key;
	uint64_t ino;
};

#define OVL_LANES 64

#define OVL_MOVES_SIZE (1u << 21) /* of each list; there are two */
#define OVL_MOVES_MADE "//+"	  /* no path begins with two slashes */

/* How processes ask ovlrun to copy something up: shim/deputy.h. */
struct ovl_deputy {
	uint32_t pid;	 /* ovlrun's; 0: it serves nobody */
	uint32_t uid;	 /* whom it runs as */
	uint32_t turn;	 /* raised to odd by who asks and holds a flock(2) on this file; to even by
			  * ovlrun with the answer. Both wait for it: futex(2) */
	int32_t answer;	 /* 0 or -errno */
	uint32_t locked; /* who asks holds the lock of shim/lock.h */
	char path[4096]; /* in the view */
};

/* Where the system calls of a library are: found once per library, kept for the session. */
#define OVL_LIBS_MAX  32
#define OVL_SITES_MAX 16384
#define OVL_PLAIN_MAX 4096

enum ovl_site_kind {
	OVL_SITE_MOV = 1, /* mov $nr,%eax; syscall: the 5-byte mov becomes the jump */
	OVL_SITE_CMP =
		2, /* syscall; cmp $imm32,%rax or %eax: both become the jump, cmp is replayed */
	OVL_SITE_WRAP = 4, /* one or two instructions and the syscall after them become the jump,
			    * and are made elsewhere: length covers them all */
	OVL_SITE_NEXT = 5, /* the same with those behind the syscall */
	OVL_SITE_PREV = 3, /* the instruction before the syscall becomes the jump and is replayed */
};

struct ovl_site {
	uint32_t offset; /* of the first byte to overwrite, from the library's load address */
	int16_t nr;	 /* the call's number; -1: in a register */
	uint8_t kind;	 /* enum ovl_site_kind */
	uint8_t length;	 /* bytes that the jump and its padding take */
};

struct ovl_lib {
	uint64_t id;	/* hash of the build-id, or of path, size and mtime; 0: free */
	uint32_t first; /* index of the first site in struct ovl_session.site */
	uint32_t nsites;
	uint32_t nunknown; /* syscall instructions with a number of ours that were not understood */
	uint32_t ready;	   /* 1 once the rest is valid; set last, with release order */
};

/* A dynamic linker that the kernel starts as the view has it: shim/linkers.h. */
#define OVL_LINKERS_MAX	 16
#define OVL_LINKER_NAMES 14

struct ovl_linker {
	uint64_t key; /* hash of its path as programs have it; set last, with release order */
	uint64_t gen; /* outside_gen, when it was found so */
	uint64_t names;
	uint64_t name[OVL_LINKER_NAMES]; /* hashes of the names on the way, and behind symlinks */
};

/* A call of i386's table, which nobody answers: its process was ended. */
#define OVL_ESCAPES_MAX 32

struct ovl_escape {
	char name[16]; /* the program's: comm, proc(5) */
	uint32_t pid;
	uint32_t nr;
	uint32_t ready; /* 1 once the rest is valid; set last, with release order */
};

/*
 * The file. Sizes are fixed, tables are sparse: what is not touched takes no memory.
 * The string area follows the struct.
 */
struct ovl_session {
	uint64_t magic;	  /* OVL_SESSION_MAGIC, written last by ovlrun */
	uint32_t version; /* OVL_SESSION_VERSION */
	uint32_t flags;	  /* enum ovl_session_flag; immutable */
	uint64_t size;	  /* of the file, strings included */
	uint64_t cookie;  /* random: names this session, for temporary names and nested runs */

	uint32_t nlower;
	uint32_t npass;
	uint32_t nhide;
	uint32_t head;	 /* sizeof(struct ovl_session): who differs was built apart */
	uint64_t dot_wh; /* bit k: the marks of layer k are .wh. files, see shim/marks.h */
	struct ovl_layer layer[1 + OVL_LOWER_MAX]; /* [0] unused (path.len == 0) when read-only */
	struct ovl_str root;			   /* view root */
	struct ovl_str work;	 /* work directory, holds the session file itself */
	struct ovl_str work_tmp; /* what is in it, by paths that one call opens */
	struct ovl_str work_index;
	struct ovl_str work_oplock;
	struct ovl_str whiteout[OVL_WHITEOUTS]; /* shim/whiteout.h */
	struct ovl_str pass[OVL_PASS_MAX];	/* view paths left to the kernel */
	struct ovl_str hide[OVL_HIDE_MAX];	/* absolute real paths that do not exist inside */
	struct ovl_str preload;			/* real path of the preloaded object */
	struct ovl_str names;	   /* that of libovlsym.so; len 0 where there is none */
	struct ovl_str loader;	   /* real path of the loader */
	struct ovl_str self;	   /* this file's own real path */
	struct ovl_str trace_path; /* OVL_TRACE's file, len 0 when off */

	/* Shared and changing from here on; every field is atomic. */
	uint32_t dir_gen;  /* counts renames and removals of the view's directories; odd while
			    * one is under way: shim/lock.h */
	uint32_t lane_seq; /* of who takes one of lane[]: shim/lane.h */
	uint32_t lane[OVL_LANES];
	uint32_t outside_gen; /* raised when a name outside the view may have become a symlink */
	uint32_t temp_seq;    /* for temporary names in work */
	uint32_t overrides;   /* 1 once an owner or mode was recorded instead of set */
	uint32_t links;	      /* 1 once a lower file of several names may have been copied up */
	uint32_t acls;	      /* 1 once a directory may have an ACL that its lower one has not */
	uint32_t nsites;      /* entries of site[] in use */
	uint32_t nlibs;
	uint32_t redirects;  /* 1 once upper holds a redirect */
	uint32_t upper_libs; /* enum ovl_upper_libs: only ever gets more */

	uint64_t moves_now;   /* which of moves[] is valid (above), how many bytes (low 32 bits) */
	uint32_t moves_next;  /* more bytes than that: what will be, once the rename is done */
	uint32_t moves_short; /* bytes when the list was made shorter: shim/replay.h */
	uint64_t moves_ino;   /* that rename's object: done when upper has it at the last path */
	uint64_t moves_gen;   /* raised before the list that is not valid is written */
	uint64_t whiteout_ino[OVL_WHITEOUTS]; /* 0: not made, or not known */
	uint32_t whiteout_now;		      /* which of them links are made to */
	uint32_t records;    /* 1 once WORK/index has one of an object: shim/record.h */
	uint32_t own_sigsys; /* a process that is about to end by a SIGSYS of its own */
	uint32_t watches;    /* 1 once a directory is watched: inotify(7) */
	uint32_t nlinkers;   /* entries of linker[] in use, or more */
	uint32_t nescapes;   /* that many were made; the first are in escape[] */
	struct ovl_escape escape[OVL_ESCAPES_MAX];
	struct ovl_deputy deputy;
	struct ovl_linker linker[OVL_LINKERS_MAX];

	struct ovl_lib lib[OVL_LIBS_MAX];
	uint64_t plain[OVL_PLAIN_MAX]; /* ids of programs without system calls of their own */
	struct ovl_site site[OVL_SITES_MAX];
	struct ovl_filter present; /* names that exist in upper, whiteouts too */
	struct ovl_filter hidden;  /* names that hide what lowers hold at or below them: whiteouts,
				    * non-directories, opaque and redirected directories in upper;
				    * the paths of hide[] as well */
	struct ovl_filter linked;  /* lower inodes that WORK/index knows: shim/index.c */
	struct ovl_filter origin;  /* inode numbers of upper objects that carry an origin */
	struct ovl_filter special; /* names in upper of more than regular files and symlinks: to
				    * open them the engine has to know what they are */
	struct ovl_dir_slot dirs[1u << OVL_DIRS_LOG2];
	uint64_t ways;	       /* counts what may make a way to a directory another: shim/way.h */
	uint32_t dcache_moves; /* counts renames of directories */
	uint32_t dcache_gone[OVL_DCACHE_BUCKETS]; /* and removals */
	struct ovl_dcache_slot dcache[1u << OVL_DCACHE_LOG2];
	struct ovl_origin_slot origins[1u << OVL_ORIGINS_LOG2];

	/*
	 * Each rename of a directory that lowers may have a part in, in order: old path, NUL,
	 * new path, NUL, both below the view root ("/a/b"). A descriptor of a lower directory is
	 * of a path as it was before all of them. In front of the rename of a directory that no
	 * lower has a part in, OVL_MOVES_MADE and its path. ovlrun begins the list with the
	 * redirects that upper has already. The other one is for a shorter list of the same effect.
	 */
	char moves[2][OVL_MOVES_SIZE];
};

/* Was the session @ss, a file of @size bytes, written by an ovlrun of this build? */
static inline bool ovl_session_is_ours(const struct ovl_session *ss, uint64_t size)
{
	return ss->magic == OVL_SESSION_MAGIC && ss->version == OVL_SESSION_VERSION &&
	       ss->head == sizeof(*ss) && ss->size == size;
}

/* The text of @s in session @ss; NUL-terminated, lives as long as the mapping. */
static inline const char *ovl_session_str(const struct ovl_session *ss, struct ovl_str s)
{
	return (const char *)ss + s.off;
}

/*
 * Is @name, without directories, one that a program's start may depend on (enum ovl_upper_libs)?
 * *.so, *.so.* (ld.so.cache, too) and ld-*.
 */
static inline bool ovl_is_start_file(const char *name)
{
	if (name[0] == 'l' && name[1] == 'd' && name[2] == '-')
		return true;
	for (; *name; name++) {
		if (name[0] == '.' && name[1] == 's' && name[2] == 'o' &&
		    (!name[3] || name[3] == '.'))
			return true;
	}
	return false;
}

/* A hash's word and, in that, two bits: enough for a filter that stays nearly empty. */
static inline uint32_t ovl_filter_word(uint64_t h)
{
	return (uint32_t)(h >> (64 + 6 - OVL_FILTER_LOG2));
}

static inline uint64_t ovl_filter_bits(uint64_t h)
{
	return 1ULL << (h & 63) | 1ULL << (h >> 6 & 63);
}

/* False: @h was certainly never added. Context: any. */
static inline bool ovl_filter_maybe(const struct ovl_filter *f, uint64_t h)
{
	uint64_t bits = ovl_filter_bits(h);

	return (__atomic_load_n(&f->word[ovl_filter_word(h)], __ATOMIC_RELAXED) & bits) == bits;
}

/* Afterwards ovl_filter_maybe(@h) is true in every process. Context: any. */
static inline void ovl_filter_add(struct ovl_filter *f, uint64_t h)
{
	__atomic_fetch_or(&f->word[ovl_filter_word(h)], ovl_filter_bits(h), __ATOMIC_RELEASE);
}

#endif
