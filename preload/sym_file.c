/* SPDX-License-Identifier: MIT */
#include "sym_file.h"

#include "fdview.h"
#include "symnext.h"

#include "nr.h"

struct ovl_stream *ovl_stream_of(long fd, const char *mode)
{
	struct ovl_stream *f;

	if (fd < 0)
		return ovl_sym_null(fd);
	f = OVL_NEXT(fdopen, struct ovl_stream * (int, const char *))((int)fd, mode);
	if (!f)
		(void)ovl_sym(__NR_close, fd); /* errno is fdopen()'s */
	return f;
}

/* open(2)'s flags for fopen()'s @mode, or -EINVAL. */
static long flags_of(const char *mode)
{
	long flags;

	switch (*mode) {
	case 'r':
		flags = O_RDONLY;
		break;
	case 'w':
		flags = O_WRONLY | O_CREAT | O_TRUNC;
		break;
	case 'a':
		flags = O_WRONLY | O_CREAT | O_APPEND;
		break;
	default:
		return -EINVAL;
	}
	while (*++mode && *mode != ',') { /* behind a comma is the coding of characters */
		if (*mode == '+')
			flags = (flags & ~O_ACCMODE) | O_RDWR;
		else if (*mode == 'x')
			flags |= O_EXCL;
		else if (*mode == 'e')
			flags |= O_CLOEXEC;
	}
	return flags;
}

static long open_as(const char *path, const char *mode)
{
	long flags = flags_of(mode);

	return flags < 0 ? flags : ovl_sym_point(__NR_open, (long)path, flags, 0666, 0, 0, 0);
}

SYM(struct ovl_stream *, fopen, const char *path, const char *mode)
{
	return ovl_stream_of(open_as(path, mode), mode);
}
SYM_ALIAS(fopen64, fopen);

SYM(struct ovl_stream *, setmntent, const char *path, const char *mode)
{
	long flags = flags_of(mode);

	return ovl_stream_of(flags < 0 ? flags : ovl_sym(__NR_open, path, flags | O_CLOEXEC, 0666),
			     mode);
}
SYM_ALIAS(__setmntent, setmntent);

/*
 * libc opens the new file itself, so it gets a name that leads to what we have opened: never to
 * be made, and emptied already.
 */
SYM(struct ovl_stream *, freopen, const char *path, const char *mode, struct ovl_stream *f)
{
	struct ovl_stream *(*next)(const char *, const char *, struct ovl_stream *) =
		ovl_next[OVL_NEXT_freopen];
	char link[OVL_FD_LINK];
	char how[8] = "";
	size_t n = 0;
	long fd;

	if (!path)
		return next(path, mode, f);
	fd = open_as(path, mode);
	if (fd < 0) {
		(void)OVL_NEXT(fclose, int(struct ovl_stream *))(f); /* freopen() says so */
		return ovl_sym_null(fd);
	}
	for (const char *m = mode; *m && *m != ',' && n < sizeof(how) - 1; m++) {
		if (*m != 'x')
			how[n++] = *m;
	}
	ovl_fd_link((int)fd, link);
	f = next(link, how, f);
	(void)ovl_sym(__NR_close, fd); /* errno is freopen()'s */
	return f;
}
SYM_ALIAS(freopen64, freopen);

SYM(struct ovl_stream *, tmpfile, void)
{
	char name[] = "/tmp/tmpfXXXXXX";
	long fd = ovl_sym(__NR_open, "/tmp", O_TMPFILE | O_RDWR | O_EXCL, 0600);

	if (fd < 0) {
		fd = ovl_temp_open(name, 0, 0);
		if (fd >= 0)
			(void)ovl_sym(__NR_unlink, name); /* then it is seen, no more */
	}
	return ovl_stream_of(fd, "w+");
}
SYM_ALIAS(tmpfile64, tmpfile);
