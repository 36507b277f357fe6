/* SPDX-License-Identifier: MIT */
/* corner_dirfd SECTION - descriptors of directories by every way to get one, and the cwd */
#include <sys/socket.h>

#include "corner.h"

static char *self;

static void say_cwd(void)
{
	const char *pwd = getenv("PWD");
	char buf[PATH_MAX];

	if (!getcwd(buf, sizeof(buf)))
		say("cwd: %s\n", strerrorname_np(errno));
	else
		say("cwd: %s\n", !strncmp(buf, pwd, strlen(pwd)) ? buf + strlen(pwd) : buf);
}

/* Everything that may be done through the descriptor @fd of directory d. */
static void use(int fd)
{
	struct stat st;
	int in;

	list_fd(fd);
	DO(fstatat(fd, "g", &st, 0));
	say_stat("g", &st);
	in = (int)DO(openat(fd, "new", O_RDWR | O_CREAT | O_EXCL, 0644));
	DO(close(in));
	in = (int)DO(openat(fd, "g", O_WRONLY | O_APPEND));
	DO(write(in, "+", 1));
	DO(close(in));
	DO(mkdirat(fd, "newdir", 0700));
	DO(symlinkat("g", fd, "newlink"));
	DO(unlinkat(fd, "h3", 0));
	DO(renameat(fd, "sub", fd, "sub2"));
	DO(fchmodat(fd, "g", 0600, 0));
	DO(faccessat(fd, "../f", R_OK, 0));
	DO(openat(fd, "new/", O_RDONLY));
	DO(openat(fd, "", O_RDONLY));
	DO(openat(fd, "/nothing", O_RDONLY));
	show_fd(fd);
	list_fd(fd);
	DO(fchdir(fd));
	say_cwd();
	list(".");
	list("sub2");
}

static void plain_open(void)
{
	use((int)DO(open("d", O_RDONLY | O_DIRECTORY)));
}

static void o_path(void)
{
	use((int)DO(open("d", O_PATH)));
}

static void through_link(void)
{
	use((int)DO(open("abs", O_RDONLY)));
}

static void dup_and_close(void)
{
	int fd = (int)DO(open("d", O_RDONLY | O_DIRECTORY));
	int other = (int)DO(fcntl(fd, F_DUPFD_CLOEXEC, 40));

	DO(faccessat(fd, "g", F_OK, 0));
	DO(dup2(open("e", O_RDONLY | O_DIRECTORY), fd)); /* the number is another's now */
	list_fd(fd);
	DO(faccessat(fd, "e", F_OK, 0));
	DO(faccessat(fd, "g", F_OK, 0));
	DO(dup3(other, 41, O_CLOEXEC));
	DO(close(other));
	DO(openat(other, "g", O_RDONLY));
	use(41);
}

static void reopened(void)
{
	int p = (int)DO(open("d", O_PATH | O_DIRECTORY));
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p);
	use((int)DO(open(path, O_RDONLY | O_DIRECTORY)));
	snprintf(path, sizeof(path), "/dev/fd/%d/sub2/deep/x", p);
	content(strchr(path, 'd') ? path : "");
	put(path, "through");
	content(path);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/../e/e", p);
	put(path, "up");
	content("../e/e");
}

static void received(void)
{
	int pair[2];
	char data = 'x';
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&data, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	pid_t pid;
	int fd;

	DO(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		fd = open("d", O_RDONLY | O_DIRECTORY);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		_exit(sendmsg(pair[0], &m, 0) != 1);
	}
	DO(recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	ended(pid);
	DO(fd);
	use(fd);
}

/* The same program again, with the descriptor's number. */
static void inherited(void)
{
	int fd = (int)DO(open("d", O_RDONLY | O_DIRECTORY));
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	setenv("CORNER_FD", number, 1);
	DO(chdir("e"));
	execl(self, self, "inherited_by", NULL);
	say("exec: %s\n", strerrorname_np(errno));
}

static void inherited_by(void)
{
	list(".");
	use(atoi(getenv("CORNER_FD")));
}

static void removed(void)
{
	int fd = (int)DO(open("empty", O_RDONLY | O_DIRECTORY));
	int p = (int)DO(open("only2", O_PATH));
	struct stat st;

	DO(rmdir("empty"));
	list_fd(fd);
	DO(openat(fd, "x", O_WRONLY | O_CREAT, 0644));
	DO(mkdirat(fd, "x", 0755));
	DO(fstatat(fd, "x", &st, 0));
	DO(fstatat(fd, "", &st, AT_EMPTY_PATH));
	DO(fstatat(fd, ".", &st, 0));
	DO(openat(fd, "..", O_PATH) >= 0);
	DO(linkat(AT_FDCWD, "f", fd, "x", 0));
	DO(renameat(AT_FDCWD, "f", fd, "x"));
	DO(symlinkat("f", fd, "x"));
	DO(unlinkat(fd, "x", 0));
	DO(fchdir(fd));
	say_cwd();
	DO(open("x", O_WRONLY | O_CREAT, 0644));
	DO(mkdir("x", 0755));
	DO(stat(".", &st));
	DO(opendir(".") != NULL);
	DO(chdir(".."));
	say_cwd();
	DO(unlinkat(p, "s", 0));
	DO(rmdir("only2"));
	DO(faccessat(p, "s", F_OK, 0));
	DO(openat(p, "x", O_WRONLY | O_CREAT, 0644));
	DO(fchdir(p));
	say_cwd();
}

static void cwd_changes(void)
{
	DO(chdir("d"));
	say_cwd();
	DO(mkdir("made", 0755)); /* the cwd is copied up now */
	list(".");
	DO(unlink("g"));
	list(".");
	say_cwd();
	put("h3", "changed");
	content("../h1");
	DO(chdir("made"));
	say_cwd();
	put("in", "only in upper");
	DO(chdir("../sub/deep"));
	say_cwd();
	content("x");
	put("x", "changed");
	content("../deep/x");
	DO(mkdir("new", 0700));
	DO(chdir("new"));
	say_cwd();
	DO(rename("../x", "x"));
	list(".");
	list("..");
	DO(chdir("../../../.."));
	say_cwd();
	DO(chdir("sublink"));
	say_cwd();
	DO(chdir(".."));
	say_cwd();
	DO(chdir("../abs/sub/../made"));
	say_cwd();
	list(".");
	DO(chdir("in"));
	DO(chdir("nothing"));
	DO(chdir(""));
	DO(chdir("../../loop1"));
	DO(chdir("/proc/self/cwd/.."));
	say_cwd();
	DO(syscall(SYS_getcwd, (char[8]){0}, 8L));
	DO(syscall(SYS_getcwd, (char[8]){0}, 0L));
}

static void cwd_removed(void)
{
	DO(chdir("empty"));
	DO(rmdir("../empty"));
	say_cwd();
	list(".");
	DO(open("x", O_WRONLY | O_CREAT, 0644));
	DO(open("../f", O_RDONLY) >= 0);
	DO(mkdir("../empty", 0755)); /* another one */
	say_cwd();
	DO(open("x", O_WRONLY | O_CREAT, 0644));
	DO(mkdir("x", 0755));
	list("../empty");
	DO(access(".", F_OK));
	DO(chdir("."));
	DO(chdir("../empty"));
	say_cwd();
	list(".");
	put("y", "");
	list(".");
}

/* The child moves its parent's cwd. */
static void cwd_moved_by_another(void)
{
	pid_t pid;

	DO(chdir("d/sub"));
	pid = fork();
	if (!pid) {
		DO(chdir("../.."));
		DO(rename("d", "moved"));
		DO(mkdir("d", 0755));
		DO(mkdir("d/sub", 0755));
		put("d/sub/other", "");
		_exit(0);
	}
	ended(pid);
	say_cwd();
	list(".");
	put("new", "");
	DO(unlink("three"));
	DO(chdir(".."));
	say_cwd();
	list(".");
	list("../d/sub");
	list("sub");
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"plain_open", plain_open},
		{"o_path", o_path},
		{"through_link", through_link},
		{"dup_and_close", dup_and_close},
		{"reopened", reopened},
		{"received", received},
		{"inherited", inherited},
		{"removed", removed},
		{"cwd_changes", cwd_changes},
		{"cwd_removed", cwd_removed},
		{"cwd_moved_by_another", cwd_moved_by_another},
		{"inherited_by", inherited_by},
		{NULL, NULL},
	};

	self = argv[0];
	return corner_main(argc, argv, table);
}
