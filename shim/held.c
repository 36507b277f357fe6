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

bool ovl_held(int fd)
{
	long r;

	/* Who opens the file this moment waits until the lease is given back, and we are told. */
	(void)ovl_sys(__NR_fcntl, fd, F_SETSIG_NR, SIGNAL_URG); /* else SIGIO, which ends us */
	r = ovl_sys(__NR_fcntl, fd, F_SETLEASE_NR, F_WRLCK);
	if (!r)
		(void)ovl_sys(__NR_fcntl, fd, F_SETLEASE_NR, F_UNLCK); /* it is our own */
	return r == -EAGAIN || r == -EACCES;
}
