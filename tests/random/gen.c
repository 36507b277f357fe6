/* SPDX-License-Identifier: MIT */
/* gen.c - random numbers, names and paths; pure functions of seed and operation number */
#include "fuzz.h"

uint64_t rng_mix(uint64_t a, uint64_t b)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ULL + b;

	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
	return h ^ (h >> 31);
}

uint64_t rng_next(struct rng *g)
{
	g->s += 0x9e3779b97f4a7c15ULL;
	return rng_mix(g->s, 1);
}

unsigned rng_below(struct rng *g, unsigned n)
{
	return (unsigned)((rng_next(g) >> 32) % n);
}

bool rng_chance(struct rng *g, unsigned percent)
{
	return rng_below(g, 100) < percent;
}

/* The twelfth name changes with the seed: the odd ones live there. */
static const char *name_weird(void)
{
	static char longest[NAME_MAX + 1];

	if (!(run.features & F_WEIRD))
		return "x0";
	switch (run.seed % 7) {
	case 0:
		memset(longest, 'n', NAME_MAX);
		return longest;
	case 1:
		return "a:b\nc";
	case 2:
		return ".wh.f0";
	case 3:
		return "\xff\xfe";
	case 4:
		return ".wh..wh..opq";
	default:
		return "x0";
	}
}

const char *name_get(int i)
{
	static const char *const pool[POOL] = {"d0", "d1", "d2", "d3", "f0", "f1",
					       "f2", "f3", "s0", "s1", "s2"};
	static char bulk[BULK][4];

	if (i == POOL - 1)
		return name_weird();
	if (i < POOL)
		return pool[i];
	bulk[i - POOL][0] = 'b';
	bulk[i - POOL][1] = (char)('0' + (i - POOL) / 10);
	bulk[i - POOL][2] = (char)('0' + (i - POOL) % 10);
	return bulk[i - POOL];
}

int name_find(const char *name)
{
	for (int i = 0; i < POOL + BULK; i++)
		if (!strcmp(name, name_get(i)))
			return i;
	return -1;
}

int gen_name(struct rng *g, bool last)
{
	unsigned p = rng_below(g, 100);

	if (last)
		return p < 4 ? POOL + (int)rng_below(g, BULK) : (int)rng_below(g, POOL);
	if (p < 80)
		return (int)rng_below(g, 3);
	if (p < 92)
		return 8 + (int)rng_below(g, 3);
	return (int)rng_below(g, POOL);
}

mode_t gen_mode(struct rng *g, bool dir)
{
	static const mode_t file_mode[] = {0644, 0644, 0644, 0644, 0600,  0600,	 0755, 0755,
					   0666, 0666, 0444, 0000, 04755, 02755, 0640, 0664};
	static const mode_t dir_mode[] = {0755, 0755, 0755,  0755,  0755, 0755, 0777, 0777,
					  0777, 0777, 01777, 02775, 0700, 0700, 0555, 0000};

	return (dir ? dir_mode : file_mode)[rng_below(g, 16)];
}

uid_t gen_uid(struct rng *g)
{
	unsigned p = rng_below(g, 100);

	return p < 55 ? run.uid : p < 90 ? 0 : 2000;
}

/* names joined by slashes, without decoration; returns the last one's number */
static int gen_relative(struct rng *g, char *text)
{
	unsigned p = rng_below(g, 100);
	int depth = p < 45 ? 1 : p < 80 ? 2 : 3;
	int name = 0;
	char *end = text;

	for (int i = 0; i < depth; i++) {
		name = gen_name(g, i == depth - 1);
		end = stpcpy(end, i ? "/" : "");
		end = stpcpy(end, name_get(name));
	}
	return name;
}

/* The same few paths come again and again: there the interesting things happen. */
static int gen_hot(struct rng *g, char *text)
{
	struct rng hot = {rng_mix(run.seed, 0x407) + rng_below(g, 8) * 7919};

	return gen_relative(&hot, text);
}

static void decorate(struct rng *g, char *text)
{
	static const char *const before[] = {"./", "d0/../", "d1/../", ".//", "s0/../", "../u/"};
	static const char *const after[] = {"/", "/", "/", "/.", "/..", "//"};
	unsigned p = rng_below(g, 100);

	if (p < 9) {
		const char *add = before[rng_below(g, 6)];

		memmove(text + strlen(add), text, strlen(text) + 1);
		memcpy(text, add, strlen(add));
	} else if (p < 17) {
		strcat(text, after[rng_below(g, 6)]);
	} else if (p == 17) {
		text[0] = '\0';
	} else if (p == 18) {
		strcpy(text, rng_chance(g, 50) ? "." : "..");
	}
}

static void gen_any(struct rng *g, struct where *w, bool at)
{
	unsigned style = rng_below(g, 100);
	int slot = (int)rng_below(g, DIR_SLOTS);
	char rel[3 * NAME_MAX + 64];

	w->fd = AT_FDCWD;
	w->slot = -1;
	w->last = rng_chance(g, 60) ? gen_hot(g, rel) : gen_relative(g, rel);
	decorate(g, rel);
	if (style < 45 || !(run.features & F_CWD)) {
		snprintf(w->text, sizeof(w->text), "%s/%s", run.top, rel);
		return;
	}
	strcpy(w->text, rel);
	if (at && style >= 70 && (run.features & F_DIRFDS) && run.dir[slot] >= 0) {
		w->slot = slot;
		w->fd = run.dir[slot];
	}
}

void gen_where(struct rng *g, struct where *w)
{
	gen_any(g, w, true);
}

void gen_path(struct rng *g, struct where *w)
{
	gen_any(g, w, false);
}

void gen_link_text(struct rng *g, const char *top, char *text, size_t size)
{
	char rel[3 * NAME_MAX + 64];
	unsigned p = rng_below(g, 100);

	(void)gen_relative(g, rel);
	if (p < 25)
		snprintf(text, size, "%s/%s", top, rel);
	else if (p < 35)
		snprintf(text, size, "../%s", rel);
	else if (p < 39)
		snprintf(text, size, "%s", rng_chance(g, 50) ? ".." : ".");
	else if (p < 42)
		snprintf(text, size, "%s/", rel);
	else
		snprintf(text, size, "%s", rel);
}
