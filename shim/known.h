/* SPDX-License-Identifier: MIT */
/*
 * known.h - what this process has learned of its cwd and its directory descriptors
 *
 * The kernel knows what a descriptor is, but asking costs more than the call that wants to
 * know. So a slow call leaves its answer here, for reading calls only, and whatever might
 * make it wrong takes it away:
 *  - close, dup2, dup3, close_range of the number; chdir, fchdir (they come by here);
 *  - a directory of the view renamed by anyone (ovl_dcache_moves()). A removed one needs nothing:
 *    its names are all hidden, and upper's is empty for the kernel too;
 *  - a change while the answer was on its way (the slot's version);
 *  - a vfork child has its parent's memory but a cwd and descriptors of its own: it never
 *    leaves an answer; nor does a program whose runtime does not say which thread it is.
 * Context: any.
 */
#ifndef OVL_KNOWN_H
#define OVL_KNOWN_H

#include "ctx.h"

/*
 * What relative paths from a directory mean to the kernel: OVL_UPPER, upper's names, and there are
 * no others; a lower's number, its part of what they mean in the view; OVL_NONE, outside the view,
 * what they mean.
 */
#define OVL_KNOWN_ODD (-2) /* something else */

/* A directory that calls may start from. */
struct ovl_known {
	uint64_t hash;	  /* of its path in the view; 0: not known */
	uint32_t moves;	  /* ovl_dcache_moves(), when it was learned */
	uint32_t version; /* counts what happened to the number; odd while it is being changed */
	uint64_t when;	  /* the path has led to it since then: ovl_dcache_begin(); 0: not known */
	uint32_t meets;	  /* version + 1 as of when locks on it were found to meet all others' */
	uint32_t made;	  /* the same, when the program had just made the file */
	uint32_t listing; /* a listing begun by the kernel: tag of the directory; 0: none */
	uint64_t tame;	  /* that listing was read without a gap up to here, and nothing but regular
			   * files, directories and symlinks came; 0: not so */
	uint64_t locked;  /* hash of the lower's own path that it was opened by, which is not the
			   * view's: it stays so; 0: it was not */
	int layer;
	uint32_t pins; /* changes that are being made through the number: below */
};

/*
 * What is known of @fd (AT_FDCWD: the cwd): true and its *@ret_hash, when native and current.
 * *@ret_layer: see above.
 */
bool ovl_known_find(int fd, uint64_t *ret_hash, int *ret_layer);

/* The version to hand to ovl_known_learn(), taken before the kernel is asked. */
uint32_t ovl_known_version(int fd);

/*
 * @fd was found to be @hash, of @layer, provided that nothing happened since @version, and that no
 * directory moved since ovl_dcache_moves() was @moves.
 */
void ovl_known_learn(int fd, uint64_t hash, int layer, uint32_t version, uint32_t moves);

/*
 * The directory that @fd was found to be, @hash, was the one of that path all the time since
 * ovl_dcache_begin() told @when, which was before it was looked for.
 */
void ovl_known_set_place(int fd, uint64_t hash, uint64_t when);

/* Is it still? Else another may have come to be there: by @fd that is not to be reached. */
bool ovl_known_in_place(int fd, uint64_t hash);

/* @fd may be something else from now on; call before and after the kernel's change. */
void ovl_known_forget(int fd);

/* The same for all from @first to @last. */
void ovl_known_forget_range(unsigned first, unsigned last);

/*
 * A change is to be made through the program's own descriptor @fd (AT_FDCWD: the cwd), as what
 * _find() or _made() tell that it is: until _unpin() another thread that closes it, or makes it
 * something else, waits. For some milliseconds at most, as a handler that closes it may have
 * interrupted the change, or have left it by longjmp().
 */
void ovl_known_pin(int fd);
void ovl_known_unpin(int fd);

/* Threads may have cwds of their own from now on: nothing is known of it any more. */
void ovl_known_no_cwd(void);

/*
 * Descriptors and cwd change without coming by here: nothing is known of any, from now on, but
 * which listings the kernel began, and what was opened by a lower's own path.
 */
void ovl_known_off(void);

/* @fd was opened by @real, a lower layer's own path: it is no descriptor of the view's. */
void ovl_known_set_locked(int fd, const struct ovl_path *real);
bool ovl_known_is_locked(int fd, const struct ovl_path *real);

/*
 * @fd is of no lower regular file, and never will be: locks on it meet those of all others.
 * @version was taken before the kernel was asked.
 */
void ovl_known_set_meets(int fd, uint32_t version);
bool ovl_known_meets(int fd);

/*
 * The program has just made the regular file of upper that it has open as @fd: if it may write
 * that, it is remembered. What is changed by @fd is the file itself, and the above is true of it,
 * too.
 */
void ovl_known_set_made(int fd);
bool ovl_known_made(int fd);

/*
 * No descriptor of this process is of the lower file that upper's @key, a hash, was copied
 * from: what it opens from now on is the copy. False: it is not known.
 */
bool ovl_known_joined(uint64_t key);
void ovl_known_set_joined(uint64_t key);

/* Tag of the directory whose listing on @fd the kernel began; see readdir.c. */
uint32_t ovl_known_listing(int fd);
void ovl_known_set_listing(int fd, uint32_t tag);

/* Was that listing tame up to position @at, which is not 0, and from now on up to @position? */
bool ovl_known_tame(int fd, uint64_t at);
void ovl_known_set_tame(int fd, uint64_t position);

#endif
