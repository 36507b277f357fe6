/* SPDX-License-Identifier: MIT */
#include "mapline.h"

#include "str.h"

#define PATH_COLUMN 73 /* of maps and smaps; what is longer before it pushes it on */

/* A number in base 16 at *@at, which moves behind it and one byte more. False: no digit. */
static bool hex(const char **at, uint64_t *ret)
{
	const char *s = *at;

	for (*ret = 0; (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'f'); s++)
		*ret = *ret << 4 | (unsigned)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	if (s == *at)
		return false;
	*at = s + 1;
	return true;
}

/* Behind the next @n blanks of the line @at. */
static const char *behind_blanks(const char *at, int n)
{
	for (; n && *at != '\n'; at++)
		n -= *at == ' ';
	return at;
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE      /PATH", hexadecimal but for the inode. */
static bool parse_maps(struct ovl_mapline *l)
{
	const char *at = behind_blanks(l->at, 3);
	uint64_t major;
	uint64_t minor;

	l->device = (unsigned)(at - l->at);
	if (!hex(&at, &major) || at[-1] != ':' || !hex(&at, &minor) ||
	    !ovl_str_parse(&at, &l->id.ino))
		return false;
	l->id.major = (uint32_t)major;
	l->id.minor = (uint32_t)minor;
	while (*at == ' ')
		at++;
	l->path = (unsigned)(at - l->at);
	l->end = l->n - 1;
	l->escaped = "\n";
	return *at == '/';
}

/* "START POLICY file=/PATH mapped=1 ...": the path is the third word. */
static bool parse_numa(struct ovl_mapline *l)
{
	const char *at = behind_blanks(l->at, 2);

	if (!ovl_str_starts(at, "file=/"))
		return false;
	l->device = 0;
	l->id = (struct ovl_origin){0};
	l->path = (unsigned)(at - l->at) + 5;
	for (l->end = l->path; l->at[l->end] != ' ' && l->at[l->end] != '\n';)
		l->end++;
	l->escaped = "\n\t= ";
	return true;
}

bool ovl_mapline_parse(struct ovl_mapline *l)
{
	const char *at = l->at;
	uint64_t start;

	/* Those between, of smaps, begin with a capital letter. */
	if (!hex(&at, &start))
		return false;
	return at[-1] == '-' ? parse_maps(l) : at[-1] == ' ' && parse_numa(l);
}

static bool is_escaped(const struct ovl_mapline *l, char c)
{
	for (const char *e = l->escaped; *e; e++) {
		if (*e == c)
			return true;
	}
	return false;
}

/* The character that "\ooo" at @s stands for; 0: it stands for itself. */
static char escape_at(const struct ovl_mapline *l, const char *s)
{
	char c;

	if (s[0] != '\\' || s[1] != '0' || s[2] < '0' || s[2] > '7' || s[3] < '0' || s[3] > '7')
		return 0;
	c = (char)((s[2] - '0') << 3 | (s[3] - '0'));
	return is_escaped(l, c) ? c : 0;
}

int ovl_mapline_decode(const struct ovl_mapline *l, struct ovl_path *p)
{
	ovl_path_cut(p, 0);
	for (unsigned i = l->path; i < l->end; i++) {
		char c = escape_at(l, l->at + i);

		if (ovl_path_add(p, c ? &c : l->at + i, 1))
			return -ENAMETOOLONG;
		i += c ? 3 : 0;
	}
	return 0;
}

int ovl_mapline_encode(const struct ovl_mapline *l, const char *text, size_t n, struct ovl_path *p)
{
	for (size_t i = 0; i < n; i++) {
		const char octal[4] = {'\\', '0', (char)('0' + (text[i] >> 3 & 7)),
				       (char)('0' + (text[i] & 7))};
		bool special = is_escaped(l, text[i]);

		if (ovl_path_add(p, special ? octal : text + i, special ? sizeof(octal) : 1))
			return -ENAMETOOLONG;
	}
	return 0;
}

/* At least two digits, as the kernel writes a device's. */
static size_t put_hex(char *out, uint64_t v)
{
	size_t n = 0;

	if (v < 16)
		out[n++] = '0';
	return n + ovl_str_number(out + n, v, 16);
}

size_t ovl_mapline_head(const struct ovl_mapline *l, const struct ovl_origin *id, char *out)
{
	size_t n = l->device ? l->device : l->path;

	if (n > OVL_MAPLINE_HEAD - 128)
		return 0;
	memcpy(out, l->at, n);
	if (!l->device)
		return n;
	n += put_hex(out + n, id->major);
	out[n++] = ':';
	n += put_hex(out + n, id->minor);
	out[n++] = ' ';
	n += ovl_str_number(out + n, id->ino, 10);
	out[n++] = ' ';
	while (n < PATH_COLUMN - 1)
		out[n++] = ' ';
	out[n++] = ' ';
	return n;
}
