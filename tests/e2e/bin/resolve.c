/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - resolve PATH...: what openat2(2) answers for each PATH from the cwd, with every
 * RESOLVE_ flag and each pair of them: a line for each PATH, "ok" or an error's name per answer
 *
 * resolve -w PATH...: the file is opened for writing and gets a line more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t flag[] = {0,
				RESOLVE_NO_XDEV,
				RESOLVE_NO_MAGICLINKS,
				RESOLVE_NO_SYMLINKS,
				RESOLVE_BENEATH,
				RESOLVE_IN_ROOT};

#define NFLAGS (sizeof(flag) / sizeof(flag[0]))

static void try(const char *path, uint64_t resolve, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags, .resolve = resolve};
	int fd;

	/* A rename anywhere on the machine may have come between: openat2(2), EAGAIN. */
	for (int i = 0; i < 100; i++) {
		fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	printf(" %s", fd < 0 ? strerrorname_np(errno) : "ok");
	if (fd < 0)
		return;
	if (flags & O_APPEND)
		(void)!write(fd, "more\n", 5);
	close(fd);
}

int main(int argc, char **argv)
{
	int first = argc > 1 && !strcmp(argv[1], "-w") ? 2 : 1;
	int flags = first == 2 ? O_WRONLY | O_APPEND : O_PATH;

	for (int i = first; i < argc; i++) {
		printf("%s:", argv[i]);
		for (size_t a = 0; a < NFLAGS; a++) {
			for (size_t b = a; b < NFLAGS; b++)
				try(argv[i], flag[a] | flag[b], flags);
		}
		printf("\n");
	}
	return 0;
}
