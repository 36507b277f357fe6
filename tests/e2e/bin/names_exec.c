/* SPDX-License-Identifier: MIT */
/*
 * names_exec.c - libc's functions that start programs, each called by its name
 *
 *     names_exec FAMILY
 *
 * dir/prog is a script that only upper has: it tells its arguments and $MARK, and exits with 5.
 */
#include "corner.h"
#include "raw.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>

extern char **environ;

static char *const args[] = {"zero", "one", "two", NULL};
static char *const env[] = {"MARK=given", "PATH=/usr/bin:/bin", NULL};

/* Each in a child: it does not come back when all goes well. */
#define CHILD(call)                                    \
	({                                             \
		pid_t pid_ = fork();                   \
		if (!pid_) {                           \
			(void)(call);                  \
			corner_told(#call, -1, errno); \
			_exit(99);                     \
		}                                      \
		ended(pid_);                           \
	})

static void execs(void)
{
	setenv("MARK", "inherited", 1);
	CHILD(execve("dir/prog", args, env));
	CHILD(execv("dir/prog", args));
	CHILD(execl("dir/prog", "zero", NULL));
	CHILD(execl("dir/prog", "0", "1", "2", "3", "4", "5", "6", "7", "8", NULL));
	CHILD(execle("dir/prog", "0", "1", "2", "3", "4", "5", "6", NULL, env));
	CHILD(execle("dir/prog", "0", "1", NULL, env));
	CHILD(fexecve(open("dir/prog", O_RDONLY), args, env));
	CHILD(execveat(AT_FDCWD, "dir/prog", args, env, 0));
	CHILD(execve("gone", args, env));
	setenv("PATH", "/none:dir:/usr/bin:/bin", 1);
	CHILD(execvp("prog", args));
	CHILD(execvpe("prog", args, env));
	CHILD(execlp("prog", "0", "1", "2", "3", "4", "5", "6", NULL));
	CHILD(execvp("plain", args)); /* without a first line: for the shell */
	CHILD(execvp("locked", args));
	CHILD(execvp("nowhere", args));
	CHILD(execvp("", args));
	CHILD(execvp("dir/prog", args));
	setenv("PATH", "", 1);
	CHILD(execvp("dir", args));
	unsetenv("PATH");
	CHILD(execlp("true", "true", NULL));
}

static void spawned(int err, pid_t pid)
{
	if (err)
		say("spawn: %s\n", strerrorname_np(err));
	else
		ended(pid);
}

static void spawns(void)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t set;
	pid_t pid = 0;
	int err;

	err = posix_spawn(&pid, "dir/prog", NULL, NULL, args, env);
	spawned(err, pid);
	err = posix_spawn(&pid, "gone", NULL, NULL, args, env);
	spawned(err, pid);
	setenv("PATH", "/none:dir:/usr/bin:/bin", 1);
	err = posix_spawnp(&pid, "prog", NULL, NULL, args, env);
	spawned(err, pid);
	err = posix_spawnp(&pid, "plain", NULL, NULL, args, env);
	spawned(err, pid);

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "spawn.out", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_adddup2(&fa, 1, 2);
	posix_spawn_file_actions_addclose(&fa, 0);
	posix_spawn_file_actions_addchdir_np(&fa, "dir");
	err = posix_spawn(&pid, "./prog", &fa, NULL, args, env);
	spawned(err, pid);
	content("spawn.out");
	posix_spawn_file_actions_addopen(&fa, 5, "gone", O_RDONLY, 0);
	err = posix_spawn(&pid, "./prog", &fa, NULL, args, env);
	spawned(err, pid);
	posix_spawn_file_actions_destroy(&fa);

	/* one that is ignored, one that is blocked: neither is, in the child */
	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 0);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigdefault(&attr, &set);
	for (int flags = 0; flags < 2; flags++) {
		char *const sh[] = {
			"sh", "-c",
			flags ? "kill -USR2 $$; echo alive" : "kill -USR1 $$; echo alive", NULL};

		err = posix_spawn(&pid, "/bin/sh", NULL, NULL, sh, env);
		spawned(err, pid);
		err = posix_spawn(&pid, "/bin/sh", NULL, &attr, sh, env);
		spawned(err, pid);
	}
}

static void shells(void)
{
	char line[100] = "";
	FILE *f = popen("cat dir/new; exit 3", "r");
	FILE *other;

	say("read: %s", fgets(line, sizeof(line), f));
	DO(pclose(f));
	f = popen("cat >dir/written", "w");
	other = popen("cat >dir/other", "w");
	fprintf(f, "by popen\n");
	DO(pclose(f));
	DO(pclose(other));
	content("dir/written");
	DO(popen("true", "x") != NULL);
	DO(system("cat dir/new; exit 4"));
	DO(system("kill -INT $$"));
	DO(system(NULL));
}

static void load(void)
{
	int (*fn)(void);
	void *lib = dlopen("./libnew.so", RTLD_NOW);

	if (!lib) {
		say("%s\n", dlerror());
		return;
	}
	fn = (int (*)(void))dlsym(lib, "only_upper");
	DO(fn());
	DO(dlopen("./gone", RTLD_NOW) != NULL);
}

static void numbers(void)
{
	char buf[64] = "";
	struct stat st;

	DO(syscall(SYS_openat, AT_FDCWD, "dir/new", O_RDONLY));
	DO(syscall(SYS_stat, "gone", &st));
	DO(syscall(SYS_mkdir, "dir/by_number", 0700));
	DO(syscall(SYS_readlink, "link", buf, sizeof(buf)));
	say("%s\n", buf);
	DO(syscall(SYS_getpid) == getpid());
	DO(syscall(100000));
}

static void nothing(int sig)
{
	(void)sig;
}

/* What is blocked is the program's affair, and SIGSYS is one like others to it. */
static void signals(void)
{
	struct sigaction old;
	sigset_t all, set;

	sigfillset(&all);
	DO(sigprocmask(SIG_BLOCK, &all, &set));
	DO(sigismember(&set, SIGSYS));
	DO(sigprocmask(SIG_BLOCK, NULL, &set));
	DO(sigismember(&set, SIGSYS));
	DO(sigismember(&set, SIGTERM));
	DO(sigismember(&set, 32));
	DO(pthread_sigmask(SIG_SETMASK, &all, &set));
	DO(sigismember(&set, SIGSYS));
	DO(fclose(fopen("dir/blocked", "w")));
	/* what goes by no name meets the guard, and must not end us; where there is none it fails
	 */
	DO(raw(SYS_mkdir, "file", 0700));
	sigemptyset(&set);
	DO(sigprocmask(SIG_SETMASK, &set, NULL));
	DO(signal(SIGSYS, nothing) == SIG_DFL);
	DO(sigaction(SIGSYS, NULL, &old));
	DO(old.sa_handler == nothing);
	DO(old.sa_flags & SA_RESTART);
	DO(raise(SIGSYS));
	DO(signal(SIGSYS, SIG_IGN) == nothing);
	DO(raise(SIGSYS));
	DO(signal(SIGUSR1, nothing) == SIG_DFL);
	DO(raise(SIGUSR1));
	DO(sigaction(SIGKILL, &old, NULL));
	DO(sigaction(32, NULL, &old));
	DO(signal(77, SIG_IGN) == SIG_ERR);
}

/* It makes no call that is a cancellation point but open(). */
static void *open_for_ever(void *arg)
{
	for (;;)
		syscall(SYS_close, open("file", O_RDONLY));
	return arg;
}

static void cancel(void)
{
	void *end = NULL;
	pthread_t t;

	DO(pthread_create(&t, NULL, open_for_ever, NULL));
	usleep(20000);
	DO(pthread_cancel(t));
	DO(pthread_join(t, &end));
	DO(end == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"execs", execs},     {"spawns", spawns},   {"shells", shells}, {"load", load},
		{"numbers", numbers}, {"signals", signals}, {"cancel", cancel}, {NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
