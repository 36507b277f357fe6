/* SPDX-License-Identifier: MIT */
/* corner_process SECTION - threads, forks and signals that meet, and descriptors closed in heaps */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>

#include "corner.h"

/* What every kind of child does; no printf: vfork shares its parent's memory. */
static int work(const char *name)
{
	int fd = open("f", O_RDONLY | O_CLOEXEC);
	int w;
	char c;

	if (fd < 0 || read(fd, &c, 1) != 1)
		return 1;
	w = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (w < 0 || write(w, &c, 1) != 1)
		return 2;
	close(w);
	close(fd);
	return unlink("d/g") && errno != ENOENT ? 3 : 0;
}

static void vforked(void)
{
	pid_t pid = vfork();

	if (!pid) {
		if (chdir("d"))
			_exit(9);
		_exit(open("g", O_RDONLY) < 0);
	}
	ended(pid);
	/* the child's cwd and descriptors were its own */
	list("d");
	content("f");
	pid = vfork();
	if (!pid)
		_exit(work("by-vfork"));
	ended(pid);
	list("d");
	pid = vfork();
	if (!pid) {
		close_range(3, ~0U, 0);
		execl("/bin/sh", "sh", "-c", "cat f; echo x >by-sh", NULL);
		_exit(127);
	}
	ended(pid);
	content("by-sh");
}

static int child(void *name)
{
	return work(name);
}

static void cloned(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = {.exit_signal = SIGCHLD};
	pid_t pid;

	ended(clone(child, stack + sizeof(stack), SIGCHLD, "by-clone"));
	ended(clone(child, stack + sizeof(stack), SIGCHLD | CLONE_VM | CLONE_VFORK, "by-clone-vm"));
	ended(clone(child, stack + sizeof(stack), SIGCHLD | CLONE_FILES | CLONE_FS,
		    "by-clone-files"));
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		_exit(work("by-clone3"));
	ended(pid);
	list(".");
}

/* CLONE_FS: where the child goes, the parent is. */
static int go(void *dir)
{
	return chdir(dir);
}

static void shared_cwd(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	list("sub"); /* from here, so that the cwd is known */
	ended(clone(go, stack + sizeof(stack), SIGCHLD | CLONE_FS, "d"));
	list("sub");
	put("new", "");
	list(".");
	ended(clone(go, stack + sizeof(stack), SIGCHLD, ".."));
	list(".");
}

static void *opener(void *arg)
{
	char name[32];
	long failed = 0;

	for (int i = 0; i < 200; i++) {
		int fd;

		snprintf(name, sizeof(name), "t/%ld-%d", (long)arg, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		failed += fd < 0;
		close(fd);
		failed += i % 2 ? unlink(name) : rename(name, strcat(name, "x"));
	}
	return (void *)failed;
}

static void threads_that_fork(void)
{
	pthread_t t[4];
	long failed = 0;
	void *r;

	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, opener, (void *)i);
	for (int i = 0; i < 30; i++) {
		char name[32];
		pid_t pid;
		int status;

		snprintf(name, sizeof(name), "forked-%d", i);
		pid = i % 2 ? fork() : vfork();
		if (!pid)
			_exit(work(name));
		waitpid(pid, &status, 0);
		failed += status != 0;
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		failed += (long)r;
	}
	DO(failed);
	list(".");
}

static volatile sig_atomic_t handled;
static volatile sig_atomic_t wrong;

static void on_signal(int sig)
{
	char c;
	int err = errno;
	int fd = open("d/h3", O_RDWR);

	(void)sig;
	if (fd < 0 || pread(fd, &c, 1, 0) != 1 || c != 'm' || access("nothing", F_OK) != -1)
		wrong++;
	close(fd);
	handled++;
	errno = err;
}

/* Signals fall anywhere into the calls; their handler opens files on 16 KiB. */
static void interrupted(void)
{
	static char stack[16384];
	stack_t s = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART};
	timer_t timer;
	struct itimerspec often = {{0, 300000}, {0, 300000}};
	struct stat st;
	long failed = 0;

	sigaltstack(&s, NULL);
	sigaction(SIGALRM, &a, NULL);
	timer_create(CLOCK_MONOTONIC, NULL, &timer);
	timer_settime(timer, 0, &often, NULL);
	for (int i = 0; i < 3000 || handled < 20; i++) {
		char name[32];

		snprintf(name, sizeof(name), "t/%d", i % 50);
		failed += stat("d/sub/deep/x", &st) != 0;
		failed += close(open(name, O_WRONLY | O_CREAT, 0644)) != 0;
		failed += unlink(name) != 0;
	}
	often = (struct itimerspec){{0, 0}, {0, 0}};
	timer_settime(timer, 0, &often, NULL);
	DO(failed);
	DO(wrong);
	DO(handled >= 20);
	list("t");
}

static void use_all(void)
{
	content("f");
	put("new", "text");
	content("new");
	DO(rename("new", "d/new"));
	list("d");
	DO(chmod("h1", 0600));
	show("h2");
	DO(unlink("d/new"));
}

static void everything_closed(void)
{
	int fd = (int)DO(open("d", O_RDONLY));

	list_fd(fd);
	DO(close_range(3, ~0U, 0));
	DO(fcntl(fd, F_GETFD));
	use_all();
	fd = (int)DO(open("d", O_RDONLY));
	DO(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC));
	DO(fcntl(fd, F_GETFD));
	list_fd(fd);
	DO(close_range(3, ~0U, CLOSE_RANGE_UNSHARE));
	use_all();
	for (int i = 3; i < 1024; i++)
		close(i);
	use_all();
	closefrom(3);
	use_all();
	DO(open("f", O_RDONLY));
}

static void every_number_taken(void)
{
	int from = (int)DO(open("d/g", O_RDONLY));
	int dir = (int)DO(open("e", O_RDONLY | O_DIRECTORY));
	long failed = 0;

	for (int i = 5; i < 1000; i++)
		failed += dup2(i % 2 ? from : dir, i) != i;
	DO(failed);
	use_all();
	content_fd(999);
	list_fd(998);
	DO(fchmod(999, 0600));
	DO(faccessat(500, "e", F_OK, 0));
	DO(openat(502, "made", O_WRONLY | O_CREAT, 0644) >= 1000);
	list_fd(4);
	content("d/g");
	for (int i = 5; i < 1000; i += 2) {
		char c = 0;

		failed += pread(i, &c, 1, 0) != 1 || c != 'o';
	}
	DO(failed);
}

static void standard_ones_closed(void)
{
	int out = fcntl(1, F_DUPFD_CLOEXEC, 100);
	int fd;

	close(0);
	close(1);
	close(2);
	fd = open("f", O_RDWR);
	rename("f", "moved");
	put("new", "text");
	chmod("h1", 0600);
	unlink("d/g");
	dup2(out, 1);
	DO(fd);
	DO(fcntl(2, F_GETFD));
	list(".");
	show("h2");
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"vforked", vforked},
		{"cloned", cloned},
		{"shared_cwd", shared_cwd},
		{"threads_that_fork", threads_that_fork},
		{"interrupted", interrupted},
		{"everything_closed", everything_closed},
		{"every_number_taken", every_number_taken},
		{"standard_ones_closed", standard_ones_closed},
		{NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
