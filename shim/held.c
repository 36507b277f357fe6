/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "sys.h"

/* fcntl(2) */
#define F_SETSIG_NR   10
#define F_SETLEASE_NR 1024
#define SIGNAL_URG    23 /* SIGURG: who does not wait for it ignores it */

bool ovl_held_wait(void)
{
	const int64_t moment[2] = {0, 1000000}; /* struct timespec: a millisecond */

	(void)ovl_sys(__NR_nanosleep, moment, 0); /* less will do */
	return true;
}

/* A lease of that @type, given back at once. 0, or why there is none. */
static long try_lease(int fd, int type)
{
	long r = ovl_sys(__NR_fcntl, fd, F_SETLEASE_NR, type);

	if (!r)
		(void)ovl_sys(__NR_fcntl, fd, F_SETLEASE_NR, F_UNLCK); /* it is our own */
	return r;
}

bool ovl_held(int fd)
{
	long r;

	/* Who opens the file this moment waits until the lease is given back, and we are told. */
	(void)ovl_sys(__NR_fcntl, fd, F_SETSIG_NR, SIGNAL_URG); /* else SIGIO, which ends us */
	r = try_lease(fd, F_WRLCK);
	/* NFS has none without a delegation; readers are not in the way of one to read. */
	if (r == -EAGAIN)
		return !try_lease(fd, F_RDLCK);
	return r == -EACCES;
}
