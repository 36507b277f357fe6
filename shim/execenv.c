/* SPDX-License-Identifier: MIT */
#include "execenv.h"

#include "str.h"
#include "view.h"

#define PRELOAD	  "LD_PRELOAD="
#define LIBRARIES "LD_LIBRARY_PATH="
#define SESSION	  OVL_ENV_SESSION "="
#define LOAD	  OVL_ENV_LOAD "="

static bool is_ours(const char *var)
{
	return ovl_str_starts(var, PRELOAD) || ovl_str_starts(var, SESSION) ||
	       ovl_str_starts(var, LOAD);
}

/* LD_PRELOAD's elements end in a colon or a space: ld.so(8). */
static bool is_separator(char c)
{
	return c == ':' || c == ' ';
}

static size_t element(const char *s)
{
	size_t n = 0;

	while (s[n] && !is_separator(s[n]))
		n++;
	return n;
}

static bool by_names;

void ovl_env_set_names(void)
{
	by_names = true;
}

/* The object that children of this process get. */
static struct ovl_str own_object(void)
{
	return by_names ? ovl_ss->names : ovl_ss->preload;
}

static bool is_this(const char *s, size_t n, struct ovl_str object)
{
	return n == object.len && !memcmp(s, ovl_session_str(ovl_ss, object), n);
}

/* Is the element of @n bytes at @s an object of ours? */
static bool is_object(const char *s, size_t n)
{
	return is_this(s, n, ovl_ss->preload) || (n && is_this(s, n, ovl_ss->names));
}

static bool ends_in_object(const char *value)
{
	const char *last = value;

	for (const char *s = value; *s; s++) {
		if (is_separator(*s))
			last = s + 1;
	}
	return is_this(last, strlen(last), own_object());
}

void ovl_env_scan(char *const *envp, struct ovl_env *ret)
{
	const char *self = ovl_session_str(ovl_ss, ovl_ss->self);
	unsigned good = 0;
	unsigned seen = 0;

	ret->count = 0;
	ret->preload = NULL;
	ret->load = NULL;
	ret->searches = false;
	for (; envp && *envp; envp++) {
		const char *var = *envp;

		if (ovl_str_starts(var, PRELOAD)) {
			seen++;
			ret->preload = var + sizeof(PRELOAD) - 1;
			ret->searches |= !is_object(ret->preload, strlen(ret->preload));
			good += ends_in_object(ret->preload);
		} else if (ovl_str_starts(var, SESSION)) {
			seen++;
			good += ovl_str_equal(var + sizeof(SESSION) - 1, self);
		} else if (ovl_str_starts(var, LOAD)) {
			seen++;
		} else {
			ret->count++;
			ret->searches |= ovl_str_starts(var, LIBRARIES);
		}
	}
	/* Two of a kind: which one counts is the reader's choice. */
	ret->complete = good == 2 && seen == 2;
}

int ovl_env_load(struct ovl_path *p, int fd, const char *execfn, const char *path)
{
	size_t len = strlen(execfn);
	size_t n = 1;

	if (len + strlen(path) + 50 > sizeof(p->buf))
		return -ENAMETOOLONG;
	if (fd >= 0)
		n = ovl_str_number(p->buf, (unsigned)fd, 10);
	else
		p->buf[0] = '-';
	p->buf[n++] = ':';
	n += ovl_str_number(p->buf + n, len, 10);
	p->buf[n++] = ':';
	memcpy(p->buf + n, execfn, len);
	p->buf[n + len] = ':';
	memcpy(p->buf + n + len + 1, path, strlen(path) + 1);
	return 0;
}

size_t ovl_env_size(const struct ovl_env *env)
{
	size_t own = env->preload ? strlen(env->preload) : 0;

	return (env->count + 4) * sizeof(char *) + sizeof(PRELOAD) + own + 1 + own_object().len +
	       sizeof(SESSION) + ovl_ss->self.len +
	       (env->load ? sizeof(LOAD) + strlen(env->load) : 0);
}

static char *add(char *to, const char *text, size_t n)
{
	memcpy(to, text, n);
	to[n] = '\0';
	return to + n;
}

/* The program's LD_PRELOAD without an object of ours, which comes last. Returns the end. */
static char *add_preload(char *to, const char *value)
{
	struct ovl_str own = own_object();

	to = add(to, PRELOAD, sizeof(PRELOAD) - 1);
	while (value && *value) {
		size_t n = element(value);

		if (n && !is_object(value, n)) {
			to = add(to, value, n);
			to = add(to, ":", 1);
		}
		value += n + (value[n] != '\0');
	}
	return add(to, ovl_session_str(ovl_ss, own), own.len);
}

char **ovl_env_build(const struct ovl_env *env, char *const *envp, void *room)
{
	char **out = room;
	char *text = (char *)(out + env->count + 4);
	size_t n = 0;

	for (; envp && *envp && n < env->count; envp++) {
		if (!is_ours(*envp))
			out[n++] = *envp;
	}
	out[n++] = text;
	text = add_preload(text, env->preload) + 1;
	out[n++] = text;
	text = add(text, SESSION, sizeof(SESSION) - 1);
	text = add(text, ovl_session_str(ovl_ss, ovl_ss->self), ovl_ss->self.len) + 1;
	if (env->load) {
		out[n++] = text;
		text = add(text, LOAD, sizeof(LOAD) - 1);
		add(text, env->load, strlen(env->load));
	}
	out[n] = NULL;
	return out;
}
