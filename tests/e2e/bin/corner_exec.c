/* SPDX-License-Identifier: MIT */
/*
 * corner_exec SECTION - every way to execute what is in the tree
 *
 * This program is copied into the tree as "prog": what it prints of itself is compared.
 */
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "corner.h"

extern char **environ;

static const char *shorter(const char *path)
{
	const char *pwd = getenv("CORNER_PWD");

	if (pwd && path && !strncmp(path, pwd, strlen(pwd)))
		return path + strlen(pwd);
	return path ? path : "(null)";
}

/* What a program sees of how it was started. */
static void about(int argc, char **argv)
{
	char exe[PATH_MAX] = "";
	const char *execfn = (char *)getauxval(AT_EXECFN);
	char cmdline[PATH_MAX] = "";
	ssize_t n;
	int fd;
	int vars = 0;

	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	say("exe %s", n < 0 ? strerrorname_np(errno) : shorter(exe));
	/* as it was given, or where the view has the program */
	say(" execfn in the view %d",
	    *execfn != '/' || !strncmp(execfn, "/dev/fd/", 8) || !strcmp(execfn, exe));
	say(" argc %d argv0 %s", argc, shorter(argv[0]));
	fd = open("/proc/self/cmdline", O_RDONLY);
	n = read(fd, cmdline, sizeof(cmdline) - 1);
	close(fd);
	for (char **e = environ; *e; e++)
		vars += strncmp(*e, "OVL_", 4) && strncmp(*e, "LD_PRELOAD=", 11);
	say(" cmdline %zd %s vars %d", n - (ssize_t)strlen(argv[0] ? argv[0] : ""),
	    shorter(cmdline), vars);
	fd = open("/proc/self/exe", O_RDONLY);
	say(" exe opens %d", fd >= 0);
	close(fd);
	fd = open("f", O_RDONLY);
	say(" in the view: ");
	content_fd(fd);
	close(fd);
}

static char *args[] = {"./prog", "about", "x", NULL};
static char *env[] = {"ONE=1", NULL, NULL};

/* Run @call in a child, tell what it returned if it did, and how the child ended. */
#define CHILD(call)                \
	do {                       \
		pid_t p_ = fork(); \
		if (!p_) {         \
			DO(call);  \
			_exit(77); \
		}                  \
		ended(p_);         \
	} while (0)

static void prepare(void)
{
	static char pwd[PATH_MAX + 16];

	snprintf(pwd, sizeof(pwd), "CORNER_PWD=%s", getenv("PWD"));
	env[1] = pwd;
	setenv("CORNER_PWD", getenv("PWD"), 1);
	put("f", "written");
	DO(link("bin/prog", "prog"));
	DO(symlink("bin/prog", "proglink"));
}

static void by_name(void)
{
	char absolute[PATH_MAX];

	prepare();
	snprintf(absolute, sizeof(absolute), "%s/prog", getenv("PWD"));
	CHILD(execve("./prog", args, env));
	CHILD(execve("prog", args, env));
	CHILD(execve(absolute, args, env));
	CHILD(execve("proglink", args, env));
	CHILD(execve("d/../prog", args, env));
	CHILD(execve("bin/prog", args, env));
	DO(rename("bin", "bin2"));
	CHILD(execve("bin2/prog", args, env));
	DO(chmod("bin2/prog", 0700));
	CHILD(execve("bin2/prog", args, env));
	CHILD(execve("bin/prog", args, env));
	setenv("PATH", "/nowhere:bin2", 1);
	CHILD(execvpe("prog", args, env));
	DO(rename("prog", "only2/a-name-longer-than-comm"));
	CHILD(execve("only2/a-name-longer-than-comm", args, env));
	CHILD(chdir("d") || execve("../only2/a-name-longer-than-comm", args, env));
}

static void by_descriptor(void)
{
	int fd;
	int p;
	int dir;
	char path[64];

	prepare();
	fd = (int)DO(open("prog", O_RDONLY));
	p = (int)DO(open("proglink", O_PATH));
	dir = (int)DO(open("bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	CHILD(fexecve(fd, args, env));
	CHILD(fexecve(p, args, env));
	CHILD(syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH));
	CHILD(syscall(SYS_execveat, dir, "prog", args, env, 0));
	CHILD(syscall(SYS_execveat, AT_FDCWD, "proglink", args, env, AT_SYMLINK_NOFOLLOW));
	CHILD(syscall(SYS_execveat, AT_FDCWD, "proglink", args, env, 0));
	CHILD(syscall(SYS_execveat, fd, "", args, env, 0));
	CHILD(syscall(SYS_execveat, 99, "prog", args, env, 0));
	CHILD(syscall(SYS_execveat, 99, "", args, env, AT_EMPTY_PATH));
	CHILD(syscall(SYS_execveat, dir, "", args, env, AT_EMPTY_PATH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHILD(execve(path, args, env));
	snprintf(path, sizeof(path), "/dev/fd/%d", p);
	CHILD(execve(path, args, env));
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	CHILD(fexecve(fd, args, env));
}

static long sendfile_all(int to, int from, off_t size)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		size -= write(to, buf, (size_t)n);
	return size;
}

/* A program that has no name. */
static void memfd(void)
{
	int from;
	int fd;
	int tmp;
	struct stat st;

	prepare();
	from = (int)DO(open("prog", O_RDONLY));
	fd = (int)DO(memfd_create("program", MFD_CLOEXEC));
	fstat(from, &st);
	DO(sendfile_all(fd, from, st.st_size));
	CHILD(fexecve(fd, args, env));
	tmp = (int)DO(open("d", O_TMPFILE | O_RDWR, 0700));
	lseek(from, 0, SEEK_SET);
	DO(sendfile_all(tmp, from, st.st_size));
	CHILD(fexecve(tmp, args, env)); /* ETXTBSY: open for writing */
	DO(unlink("bin/prog"));
	DO(unlink("prog"));
	CHILD(fexecve(from, args, env)); /* a lower program that has lost its names */
}

static void arguments(void)
{
	static char *none[] = {NULL};
	static char *empty[] = {"", NULL};
	char *big = malloc(200000);
	char **many = calloc(100001, sizeof(char *));
	static char *huge[] = {"./prog", "about", NULL, NULL};

	prepare();
	CHILD(execve("prog", none, env));
	CHILD(syscall(SYS_execve, "prog", NULL, env));
	CHILD(execve("prog", empty, env));
	CHILD(execve("prog", args, none));
	CHILD(execve("prog", args, NULL));
	CHILD(execve("prog", args, empty));
	memset(big, 'x', 199999);
	big[199999] = '\0';
	huge[2] = big;
	CHILD(execve("prog", huge, env)); /* E2BIG: a single one over 128 KiB */
	big[100000] = '\0';
	CHILD(execve("prog", huge, env));
	many[0] = "./prog";
	many[1] = "about";
	for (int i = 2; i < 100000; i++)
		many[i] = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
			  "yy";
	CHILD(execve("prog", many, env)); /* E2BIG: all of them */
	CHILD(execve("prog", args, many));
	many[50] = NULL;
	CHILD(execve("prog", many, env));
}

static void refused(void)
{
	static const char *const name[] = {
		"f",	     "d",      "d/",   "fifo",	     "nothing", "dangling", "loop1",
		"prog/",     "prog/x", "text", "empty-file", "elf",	"script",   "nointerp",
		"interpdir", "noexec", "",     "crlf",	     "self",	"chain",
	};

	prepare();
	put("text", "echo text");
	put("empty-file", "");
	put("elf", "\177ELF and no more");
	put("script", "#!./prog about\nx");
	put("nointerp", "#!/nothing/there\n");
	put("interpdir", "#!d\n");
	put("noexec", "#!/bin/sh\n");
	put("crlf", "#!/bin/sh\r\n");
	put("self", "#!./self\n");
	put("chain", "#!./script y\n");
	DO(symlink("script", "scriptlink"));
	for (size_t i = 9; i < sizeof(name) / sizeof(*name); i++)
		if (strcmp(name[i], "noexec") && *name[i])
			chmod(name[i], 0755);
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		say("%s: ", name[i]);
		CHILD(execve(name[i], args, env));
	}
	CHILD(execve("scriptlink", args, env));
	CHILD(syscall(SYS_execve, NULL, args, env));
	CHILD(syscall(SYS_execve, 1L, args, env));
	CHILD(execve("d/sub/three", args, env));
}

/* Scripts by descriptor are known to their interpreter as /dev/fd/N. */
static void scripts(void)
{
	int fd;
	int cloexec;

	prepare();
	put("script", "#!/bin/sh\necho \"$0\" \"$@\"; cat f\n");
	chmod("script", 0755);
	fd = (int)DO(open("script", O_RDONLY));
	cloexec = (int)DO(open("script", O_RDONLY | O_CLOEXEC));
	CHILD(execve("script", args, environ));
	CHILD(execve("./script", args, environ));
	CHILD(fexecve(fd, args, environ));
	CHILD(fexecve(cloexec, args, environ)); /* ENOENT: the interpreter could not open it */
	CHILD(execve("lowscript", args, environ));
	DO(rename("lowscript", "d/moved"));
	CHILD(execve("d/moved", args, environ));
	fd = (int)DO(open("d/moved", O_RDONLY));
	CHILD(fexecve(fd, args, environ));
}

/* Wait for the child before what became of the call is told: it prints too. */
#define SPAWNED(call)                          \
	do {                                   \
		int err_ = call;               \
		if (!err_)                     \
			ended(pid);            \
		say("%s = %d\n", #call, err_); \
	} while (0)

static void spawned(void)
{
	posix_spawn_file_actions_t a;
	posix_spawnattr_t attr;
	pid_t pid;
	static char *sh[] = {"sh", "-c", "pwd | sed s,.*/,,; cat; cat g; echo new >made; ls", NULL};

	prepare();
	setenv("PATH", "/usr/bin:/bin", 1);
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 0, "f", O_RDONLY, 0);
	posix_spawn_file_actions_addchdir_np(&a, "d");
	posix_spawn_file_actions_addopen(&a, 9, "spawned", O_WRONLY | O_CREAT, 0644);
	posix_spawn_file_actions_adddup2(&a, 1, 2);
	SPAWNED(posix_spawnp(&pid, "sh", &a, NULL, sh, environ));
	list("d");
	posix_spawn_file_actions_addopen(&a, 8, "nothing/x", O_RDONLY, 0);
	SPAWNED(posix_spawnp(&pid, "sh", &a, NULL, sh, environ));
	posix_spawn_file_actions_destroy(&a);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	SPAWNED(posix_spawn(&pid, "prog", NULL, &attr, args, env));
	SPAWNED(posix_spawn(&pid, "nothing", NULL, &attr, args, env));
	SPAWNED(posix_spawn(&pid, "d", NULL, &attr, args, env));
	DO(system("cat f; echo sys >d/sys; exit 3"));
	content("d/sys");
	{
		FILE *p = popen("cat f; cd d && cat g", "r");
		char line[64];

		while (fgets(line, sizeof(line), p))
			say("%s", line);
		DO(pclose(p));
	}
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"by_name", by_name}, {"by_descriptor", by_descriptor},
		{"memfd", memfd},     {"arguments", arguments},
		{"refused", refused}, {"scripts", scripts},
		{"spawned", spawned}, {NULL, NULL},
	};

	if (argc < 2 || !strcmp(argv[1], "about") || strchr(argv[1], '/') || argc > 2) {
		about(argc, argv);
		return 0;
	}
	return corner_main(argc, argv, table);
}
