/* SPDX-License-Identifier: MIT */
/*
 * main.c - fuzz make|run|dump|digest|clean: see usage
 *
 *   fuzz make   --seed S --layers N DIR      layers and plain copy below DIR (removed first)
 *   fuzz run    --seed S --ops N VIEW        the operations below VIEW/t/u; then the whole tree
 *   fuzz dump   VIEW                         the tree alone
 *   fuzz digest DIR...                       every detail that reading must leave alone
 *   fuzz clean  DIR                          rm -rf
 *
 * Options: --uid N (the ordinary user), --only=1,5,9 or 3-40 (operations to keep),
 * --no-FEATURE, --with-FEATURE, --raw=FILE (run: a digest of the view at its end).
 */
#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fuzz.h"

struct run run;

static const struct {
	const char *name;
	op_fn *fn;
	unsigned weight;
} ops[] = {
	{"open", op_open, 16},
	{"open_read", op_open_read, 5},
	{"creat_write", op_creat_write, 2},
	{"tmpfile", op_tmpfile, 2},
	{"openat2", op_openat2, 3},
	{"stat", op_stat, 5},
	{"access", op_access, 3},
	{"readlink", op_readlink, 2},
	{"mkdir", op_mkdir, 5},
	{"rmdir", op_rmdir, 4},
	{"unlink", op_unlink, 7},
	{"rename", op_rename, 10},
	{"renameat2", op_renameat2, 4},
	{"link", op_link, 5},
	{"symlink", op_symlink, 4},
	{"mknod", op_mknod, 2},
	{"chmod", op_chmod, 3},
	{"chown", op_chown, 3},
	{"utimens", op_utimens, 3},
	{"truncate", op_truncate, 3},
	{"setxattr", op_setxattr, 3},
	{"getxattr", op_getxattr, 2},
	{"listxattr", op_listxattr, 2},
	{"removexattr", op_removexattr, 2},
	{"acl", op_acl, 2},
	{"fd_read", op_fd_read, 4},
	{"fd_write", op_fd_write, 4},
	{"fd_stat", op_fd_stat, 3},
	{"fd_truncate", op_fd_truncate, 2},
	{"fd_chmod", op_fd_chmod, 2},
	{"fd_chown", op_fd_chown, 1},
	{"fd_times", op_fd_times, 2},
	{"fd_xattr", op_fd_xattr, 2},
	{"fd_dup", op_fd_dup, 2},
	{"fd_close", op_fd_close, 1},
	{"fd_proc", op_fd_proc, 2},
	{"fd_reopen", op_fd_reopen, 2},
	{"fd_copy", op_fd_copy, 1},
	{"fd_mmap", op_fd_mmap, 1},
	{"fd_seek", op_fd_seek, 1},
	{"fd_allocate", op_fd_allocate, 1},
	{"fd_empty", op_fd_empty_path, 2},
	{"list", op_list, 4},
	{"list_remove", op_list_remove, 1},
	{"step_begin", op_step_begin, 4},
	{"step_go", op_step_go, 4},
	{"step_end", op_step_end, 3},
	{"dir_open", op_dir_open, 5},
	{"chdir", op_chdir, 4},
	{"fchdir", op_fchdir, 2},
	{"getcwd", op_getcwd, 2},
};

#define NOPS (sizeof(ops) / sizeof(ops[0]))

static void die(const char *what)
{
	fprintf(stderr, "fuzz: %s: %m\n", what);
	exit(2);
}

/* is operation @i in "1,5,9-12"? */
static bool listed(const char *only, int i)
{
	while (only && *only) {
		char *end;
		long a = strtol(only, &end, 10);
		long b = *end == '-' ? strtol(end + 1, &end, 10) : a;

		if (i >= a && i <= b)
			return true;
		only = *end ? end + 1 : end;
	}
	return !only;
}

static void op_run(int i)
{
	struct rng g = {rng_mix(run.seed, (uint64_t)i * 2 + 1)};
	unsigned total = 0;
	unsigned at;
	size_t k = 0;

	for (size_t j = 0; j < NOPS; j++)
		total += ops[j].weight;
	at = rng_below(&g, total);
	while (at >= ops[k].weight)
		at -= ops[k++].weight;
	run.op = i;
	say("%d ", i);
	say(ops[k].fn(&g) ? "" : "-");
	say_end();
}

/* In a child: what it changes is there for us, what it keeps open is not. */
static void op_run_child(int i)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		op_run(i);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status) {
		say("child status %x", (unsigned)status);
		say_end();
	}
	/* the listings under way in this process do not know what the child touched */
	for (int k = 0; k < STEPS; k++)
		run.step[k].touched = ~0ULL;
}

static void run_setup(const char *view)
{
	struct rlimit lim = {4096, 4096};
	struct stat st;

	(void)setrlimit(RLIMIT_NOFILE, &lim); /* fewer: then fewer objects are pinned */
	(void)snprintf(run.base, sizeof(run.base), "%s", view);
	(void)snprintf(run.top, sizeof(run.top), "%.4000s/t/u", view);
	run.root = geteuid() == 0;
	run.pins = (run.features & F_INODES) && ((run.seed & 1) || (run.features & F_PINS));
	memset(run.fd, -1, sizeof(run.fd));
	memset(run.dir, -1, sizeof(run.dir));
	for (int i = 0; i < STEPS; i++)
		run.step[i].fd = -1;
	if (chdir(run.top) || stat(view, &st))
		die(view);
	run.dev = st.st_dev;
	umask(run.seed % 3 == 0 ? 077 : run.seed % 3 == 1 ? 022 : 0);
}

static void run_all(const char *view, int n, const char *only, FILE *raw)
{
	run_setup(view);
	for (int i = 1; i <= n; i++) {
		if (!listed(only, i))
			continue;
		if ((run.features & F_CHILD) && !run.pins && run.seed % 8 == 2 && i % 5 == 0)
			op_run_child(i);
		else
			op_run(i);
	}
	(void)!chdir(run.base); /* the tree tells */
	umask(022);
	run.features |= F_INODES;
	say("tree");
	say_end();
	dump_tree(view, false);
	if (raw) {
		fflush(stdout);
		run.pins = false;
		run.features &= ~(unsigned)F_INODES;
		log_init(raw);
		dump_tree(view, true);
		fflush(raw);
	}
}

static void feature_set(const char *name, bool on)
{
#define X(id, text, def)                                                                      \
	if (!strcmp(name, text)) {                                                            \
		run.features = on ? run.features | F_##id : run.features & ~(unsigned)F_##id; \
		return;                                                                       \
	}
	FUZZ_FEATURES
#undef X
	fprintf(stderr, "fuzz: no feature %s\n", name);
	exit(2);
}

struct options {
	int ops, layers;
	const char *only;
	FILE *raw;
};

static void option(const char *arg, struct options *o)
{
	const char *value = strchr(arg, '=');

	value = value ? value + 1 : "";
	if (!strncmp(arg, "--no-", 5))
		feature_set(arg + 5, false);
	else if (!strncmp(arg, "--with-", 7))
		feature_set(arg + 7, true);
	else if (!strncmp(arg, "--seed=", 7))
		run.seed = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "--ops=", 6))
		o->ops = atoi(value);
	else if (!strncmp(arg, "--layers=", 9))
		o->layers = atoi(value);
	else if (!strncmp(arg, "--uid=", 6))
		run.uid = (uid_t)atoi(value);
	else if (!strncmp(arg, "--only=", 7))
		o->only = value;
	else if (!strncmp(arg, "--raw=", 6))
		o->raw = fopen(value, "we");
	else {
		fprintf(stderr, "fuzz: unknown option %s\n", arg);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.ops = 80, .layers = 1};
	const char *verb = argc > 1 ? argv[1] : "";
	struct stat st;
	int i = 2;
	int err = 0;

#define X(id, text, def) run.features |= (def) ? F_##id : 0;
	FUZZ_FEATURES
#undef X
	run.uid = 1000;
	log_init(stdout);
	for (; i < argc && !strncmp(argv[i], "--", 2); i++)
		option(argv[i], &o);
	if (i >= argc) {
		fprintf(stderr, "fuzz make|run|dump|digest|clean [OPTION]... DIR\n");
		return 2;
	}
	umask(0);
	if (!strcmp(verb, "run"))
		(void)alarm(60);	/* a tree of any size takes as long as it takes */
	(void)signal(SIGPIPE, SIG_IGN); /* a FIFO that nobody reads */
	if (!strcmp(verb, "run")) {
		(void)snprintf(run.base, sizeof(run.base), "%s", argv[i]);
		run_all(argv[i], o.ops, o.only, o.raw);
	} else if (!strcmp(verb, "make")) {
		err = tree_clean(argv[i]);
		if (err || mkdir(argv[i], 0777) || layers_make(argv[i], o.layers))
			die(argv[i]);
	} else if (!strcmp(verb, "clean")) {
		errno = -tree_clean(argv[i]);
		if (errno)
			die(argv[i]);
	} else {
		(void)snprintf(run.base, sizeof(run.base), "%s", argv[i]);
		run.features &= strcmp(verb, "digest") ? ~0U : ~(unsigned)F_INODES;
		run.dev = stat(argv[i], &st) ? 0 : st.st_dev;
		for (; i < argc; i++)
			dump_tree(argv[i], !strcmp(verb, "digest"));
	}
	fflush(stdout);
	return err ? 2 : 0;
}
