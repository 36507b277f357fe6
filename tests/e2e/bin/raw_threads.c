/* SPDX-License-Identifier: MIT */
/*
 * raw_threads: eight threads change the cwd's objects at the same time, by raw calls; thread
 * I has f.I, d.I and a hundred rounds. Prints what was not as expected.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

#define THREADS 8
#define ROUNDS	100

#define EXPECT(what, want)                                                     \
	do {                                                                   \
		long got = (what);                                             \
		if (got != (want))                                             \
			printf("thread %ld: %s is %ld\n", number, #what, got); \
	} while (0)

static void *run(void *arg)
{
	long number = (long)arg;
	char f[16], d[16], new[16], moved[16], text[32];
	struct stat st;

	snprintf(f, sizeof(f), "f.%ld", number);
	snprintf(d, sizeof(d), "d.%ld", number);
	snprintf(new, sizeof(new), "d.%ld/new", number);
	snprintf(moved, sizeof(moved), "m.%ld", number);
	for (int i = 0; i < ROUNDS; i++) {
		int n = snprintf(text, sizeof(text), "%ld %d\n", number, i);
		long fd = raw(SYS_open, new, O_CREAT | O_EXCL | O_WRONLY, 0600);

		if (fd < 0)
			printf("thread %ld: open: %ld\n", number, fd);
		EXPECT(raw(SYS_write, fd, text, n), n);
		EXPECT(raw(SYS_close, fd), 0);
		EXPECT(raw(SYS_chmod, f, i % 2 ? 0600 : 0640), 0);
		EXPECT(raw(SYS_rename, new, moved), 0);
		EXPECT(raw(SYS_link, moved, new), 0);
		EXPECT(stat(new, &st), 0);
		EXPECT((long)st.st_size, n);
		EXPECT(raw(SYS_unlink, new), 0);
		EXPECT(raw(SYS_unlink, moved), 0);
		EXPECT(raw(SYS_mkdir, new, 0755), 0);
		EXPECT(raw(SYS_rmdir, new), 0);
	}
	EXPECT(raw(SYS_creat, new, 0644) >= 0, 1);
	EXPECT(raw(SYS_truncate, f, number), 0);
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, run, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	return 0;
}
