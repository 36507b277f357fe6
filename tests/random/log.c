/* SPDX-License-Identifier: MIT */
/* log.c - one line per operation */
#include <stdarg.h>

#include "fuzz.h"

static FILE *out;

void log_init(FILE *f)
{
	out = f;
	setvbuf(out, NULL, _IOLBF, 1 << 16);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
}

void say_text(const char *s, size_t n)
{
	size_t base = strlen(run.base);

	putc('"', out);
	if (n >= base && !memcmp(s, run.base, base)) {
		putc('@', out);
		s += base;
		n -= base;
	}
	while (n) {
		size_t same = 0;

		while (same < n && s[same] == 'n')
			same++;
		if (same > 20) {
			say("<n*%zu>", same);
			s += same;
			n -= same;
			continue;
		}
		if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
			say("\\x%02x", (unsigned char)*s);
		else
			putc(*s, out);
		s++;
		n--;
	}
	putc('"', out);
}

void say_where(const struct where *w)
{
	if (w->slot >= 0)
		say("D%d:", w->slot);
	say_text(w->text, strlen(w->text));
}

void say_flags(int flags)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {{O_CREAT, "CREAT"},	{O_EXCL, "EXCL"},	  {O_TRUNC, "TRUNC"},
		     {O_APPEND, "APPEND"},	{O_NOFOLLOW, "NOFOLLOW"}, {O_PATH, "PATH"},
		     {O_DIRECTORY, "DIRECTORY"}};
	static const char *const mode[] = {"RDONLY", "WRONLY", "RDWR", "3"};

	say("%s", mode[flags & O_ACCMODE]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (flags & names[i].bit)
			say("|%s", names[i].name);
}

void say_result(long r)
{
	int err = errno;

	if (r < 0)
		say(" = -1 %s", strerrorname_np(err) ? strerrorname_np(err) : "E?");
	else
		say(" = %ld", r);
}

void say_end(void)
{
	putc('\n', out);
}

uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3ULL;
	return h;
}

uint64_t hash_fd(int fd, long max, long *ret_size)
{
	char buf[4096];
	uint64_t h = 0xcbf29ce484222325ULL;
	long size = 0;
	ssize_t n = 0;

	while (size < max) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		h = hash_bytes(h, buf, (size_t)n);
		size += n;
	}
	*ret_size = n < 0 && !size ? -errno : size;
	return h;
}
