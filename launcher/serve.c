/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ovl.h"
#include "ovl_session.h"
#include "say.h"

/* The engine brings its own: enough for its door and libc. 8 MiB may be more than RLIMIT_DATA has.
 */
#define STACK_SIZE (64 * 1024)

static struct ovl_session *session; /* NULL: nobody is served */

static void *serve(void *unused)
{
	struct ovl_deputy *d = &session->deputy;

	(void)unused;
	for (;;) {
		uint32_t turn = __atomic_load_n(&d->turn, __ATOMIC_ACQUIRE);

		if (turn & 1) {
			d->answer = ovl_deputy_serve();
			__atomic_add_fetch(&d->turn, 1, __ATOMIC_ACQ_REL);
			syscall(SYS_futex, &d->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
		} else {
			syscall(SYS_futex, &d->turn, FUTEX_WAIT, turn, NULL, NULL, 0);
		}
	}
	return NULL;
}

/* The session of @run as its processes have it; NULL with errno. */
static struct ovl_session *map(const struct ovl_run *run)
{
	int fd = open(run->session, O_RDWR | O_CLOEXEC);
	void *p = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st))
		p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static int start(void)
{
	pthread_t thread;
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (!err)
		err = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (!err)
		err = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	return err ? err : pthread_create(&thread, &attr, serve, NULL);
}

void ovl_serve_start(const struct ovl_run *run)
{
	struct ovl_session *ss;
	int err = 0;

	if (run->read_only || (geteuid() && geteuid() == getuid()))
		return;
	ss = map(run);
	if (!ss)
		err = errno;
	if (!err) {
		session = ss;
		ovl_init(ss);
		ss->deputy.uid = geteuid();
		err = start();
	}
	if (err) {
		session = NULL;
		ovl_say("thread: %s: who becomes another user may be refused to write",
			strerror(err));
		return;
	}
	__atomic_store_n(&ss->deputy.pid, (uint32_t)getpid(), __ATOMIC_RELEASE);
}

void ovl_serve_end(void)
{
	if (!session)
		return;
	__atomic_store_n(&session->deputy.pid, 0, __ATOMIC_RELEASE);
	syscall(SYS_futex, &session->deputy.turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
