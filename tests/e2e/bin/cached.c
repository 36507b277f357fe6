/* SPDX-License-Identifier: MIT */
/*
 * cached - cached STEP...: one process looks at names again and again, while others change them
 *
 *   look NAME    tell all of it twice: by its whole path, from the cwd, from the directory
 *   from DIR     what names are looked up from, by a descriptor: at first the cwd of the start
 *   cd DIR, cwd  the cwd, told
 *   do SCRIPT    another process runs it, in a shell in the directory of the start
 *   run PROGRAM  tell what it prints
 *   vfork DIR    a vforked child goes there, has it in place of the descriptor, and looks at f
 *   hold NAME    it stays open for reading, and is told again after each look: fstat, pread
 *   stream DIR   it stays open, is told from its beginning after each look, and left half read
 *   fork         go on in a child
 *   exec         go on in the same process, by exec
 *   thread       the next step is another thread's
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *top; /* the directory of the start */
static int from = -1;
static int held = -1;
static DIR *stream;

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void tell_list(int dir, const char *name)
{
	struct dirent **entry;
	int n = scandirat(dir, name, &entry, NULL, by_name);

	printf(" directory:");
	for (int i = 0; i < n; i++) {
		if (*entry[i]->d_name != '.')
			printf(" %s", entry[i]->d_name);
	}
}

static void tell_content(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW);
	char text[64] = "";
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || read(fd, text, sizeof(text) - 1) < 0) {
		printf(" not read: %s", strerror(errno));
	} else {
		text[strcspn(text, "\n")] = '\0';
		printf(" file of %ld, %ld links: %s", (long)st.st_size, (long)st.st_nlink, text);
	}
	close(fd);
}

/* What is at @name, by each kind of call. */
static void tell(const char *how, int dir, const char *name)
{
	char link[128] = "";
	struct stat st;

	printf("%s", how);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) {
		printf(" %s", strerror(errno));
	} else {
		printf(" %o", (unsigned)st.st_mode);
		if (S_ISREG(st.st_mode))
			printf(" of %ld,", (long)st.st_size);
		if (S_ISDIR(st.st_mode))
			tell_list(dir, name);
		else if (S_ISREG(st.st_mode))
			tell_content(dir, name);
		else if (readlinkat(dir, name, link, sizeof(link) - 1) > 0)
			printf(" link to %s", link);
	}
	printf("; followed: %s", fstatat(dir, name, &st, 0) ? strerror(errno) : "there");
	printf(", %s", faccessat(dir, name, R_OK, 0) ? strerror(errno) : "readable");
	dir = openat(dir, name, O_RDONLY);
	printf(", %s\n", dir < 0 ? strerror(errno) : "opened");
	close(dir);
}

static void tell_held(void)
{
	char text[64] = "";
	struct stat st;
	ssize_t n = fstat(held, &st) ? -1 : pread(held, text, sizeof(text) - 1, 0);

	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			text[i] = ' ';
	}
	printf("held: %s\n", n < 0 ? strerror(errno) : text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell_stream(void)
{
	const struct dirent *e;
	char *name[64];
	int n = 0;

	rewinddir(stream);
	while (n < 64 && (e = readdir(stream)))
		name[n++] = strdup(e->d_name);
	qsort(name, (size_t)n, sizeof(name[0]), by_text);
	printf("stream:");
	for (int i = 0; i < n; i++)
		printf(" %s", name[i]);
	printf("\n");
	rewinddir(stream);
	(void)readdir(stream);
}

static void look(const char *name)
{
	char whole[4096];

	snprintf(whole, sizeof(whole), "%s%s%s", *name == '/' ? "" : top, *name == '/' ? "" : "/",
		 name);
	for (int i = 0; i < 2; i++) {
		printf("%s\n", name);
		tell("  whole", AT_FDCWD, whole);
		tell("  cwd", AT_FDCWD, name);
		tell("  directory", from, name);
		if (held >= 0)
			tell_held();
		if (stream)
			tell_stream();
	}
}

static void tell_cwd(void)
{
	char *cwd = getcwd(NULL, 0);

	printf("in %s\n", cwd ? cwd : strerror(errno));
	free(cwd);
}

/* Another process does @script; or is @script's first word, whose output is told. */
static void other(const char *script)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		if (chdir(top))
			err(1, "%s", top);
		execl("/bin/sh", "sh", "-euc", script, (char *)NULL);
		err(1, "sh");
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		errx(1, "%s: status %d", script, status);
}

/* Without a shell: what is executed is looked for by this process. */
static void run(char *program)
{
	char *argv[] = {program, NULL};
	int status = 0;
	pid_t child = vfork();

	if (!child) {
		execv(program, argv);
		printf("%s: %s\n", program, strerror(errno));
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("%s: status %d\n", program, status);
}

/* It shares this process's memory, and neither cwd nor descriptors. */
static void visit(const char *name)
{
	int status = 0;
	pid_t child = vfork();

	if (!child) {
		int dir = chdir(name) ? -1 : open(".", O_PATH | O_DIRECTORY);

		if (dir >= 0 && dup2(dir, from) == from)
			look("f");
		fflush(stdout);
		_exit(dir < 0);
	}
	waitpid(child, &status, 0);
	if (status)
		errx(1, "%s: status %d", name, status);
}

static void become(char **argv)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", from);
	setenv("CACHED_FROM", number, 1);
	setenv("CACHED_TOP", top, 1);
	fflush(stdout);
	execv("/proc/self/exe", argv);
	err(1, "exec");
}

/* Go on in a child; the parent ends as it does. */
static void go_on(void)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		return;
	waitpid(child, &status, 0);
	exit(status != 0);
}

static void *step(void *arg)
{
	char **step = arg;

	if (!strcmp(step[0], "look"))
		look(step[1]);
	else if (!strcmp(step[0], "from"))
		from = open(step[1], O_PATH | O_DIRECTORY);
	else if (!strcmp(step[0], "cd") && !chdir(step[1]))
		tell_cwd();
	else if (!strcmp(step[0], "do"))
		other(step[1]);
	else if (!strcmp(step[0], "hold"))
		held = open(step[1], O_RDONLY);
	else if (!strcmp(step[0], "stream"))
		stream = opendir(step[1]);
	else if (!strcmp(step[0], "run"))
		run(step[1]);
	else if (!strcmp(step[0], "vfork"))
		visit(step[1]);
	else
		errx(2, "%s %s: %s", step[0], step[1], strerror(errno));
	fflush(stdout);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	top = getenv("CACHED_TOP");
	if (top)
		from = atoi(getenv("CACHED_FROM"));
	else
		from = open(".", O_RDONLY | O_DIRECTORY);
	if (!top)
		top = getcwd(NULL, 0);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "fork")) {
			go_on();
		} else if (!strcmp(argv[i], "cwd")) {
			tell_cwd();
		} else if (!strcmp(argv[i], "exec")) {
			argv[i] = argv[0];
			become(argv + i);
		} else if (!strcmp(argv[i], "thread") && i + 2 < argc) {
			if (pthread_create(&thread, NULL, step, argv + i + 1))
				errx(1, "pthread_create");
			pthread_join(thread, NULL);
			i += 2;
		} else if (i + 1 < argc) {
			step(argv + i);
			i++;
		}
	}
	return 0;
}
