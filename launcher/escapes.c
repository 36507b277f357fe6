/* SPDX-License-Identifier: MIT */
#include "escapes.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "ovl_session.h"
#include "say.h"

static const char *const calls[] = {
#include "i386calls.inc"
};

/* A part of the session's file. */
static bool read_part(const struct ovl_run *run, size_t at, void *to, size_t n)
{
	int fd = open(run->session, O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 ? -1 : pread(fd, to, n, (off_t)at);

	if (fd >= 0)
		close(fd);
	return r == (ssize_t)n;
}

static const char *name_of(uint32_t nr)
{
	return nr < sizeof(calls) / sizeof(calls[0]) && calls[nr] ? calls[nr] : "an unknown call";
}

bool ovl_escapes_tell(const struct ovl_run *run, struct ovl_escapes *e, pid_t pid)
{
	struct ovl_escape note[OVL_ESCAPES_MAX];
	bool seen = false;
	uint32_t n;

	if (!read_part(run, offsetof(struct ovl_session, nescapes), &n, sizeof(n)) || !n ||
	    !read_part(run, offsetof(struct ovl_session, escape), note, sizeof(note)))
		return false;
	if (n > OVL_ESCAPES_MAX)
		n = OVL_ESCAPES_MAX;
	for (uint32_t i = 0; i < n && note[i].ready; i++) {
		seen |= note[i].pid == (uint32_t)pid;
		if (i < e->told)
			continue;
		ovl_say("%u, %.*s, %s (int $0x80): not covered", note[i].pid,
			(int)sizeof(note[i].name), note[i].name, name_of(note[i].nr));
		e->told = i + 1;
	}
	return seen;
}
