/* SPDX-License-Identifier: MIT */
/* corner_sock SECTION - messages between named sockets, and where they come from */
#include <sys/socket.h>
#include <sys/un.h>

#include "corner.h"

static socklen_t address(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	strcpy(a->sun_path, path);
	return sizeof(*a);
}

static int bound(const char *path)
{
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (path && bind(fd, (struct sockaddr *)&a, address(&a, path)))
		say("bind %s: %s\n", path, strerrorname_np(errno));
	return fd;
}

static void say_address(const struct sockaddr_un *a, socklen_t n)
{
	const char *pwd = getenv("PWD");
	const char *path = a->sun_path;

	if (n <= offsetof(struct sockaddr_un, sun_path)) {
		say("from nobody, %u bytes\n", n);
		return;
	}
	say("from %s, %u bytes\n", strncmp(path, pwd, strlen(pwd)) ? path : path + strlen(pwd),
	    n - (unsigned)(strncmp(path, pwd, strlen(pwd)) ? 0 : strlen(pwd)));
}

static char absolute[2][108];

/* Two senders with names, one without, to one receiver. */
static int senders(int *to)
{
	struct sockaddr_un a;
	int from[3];

	snprintf(absolute[0], sizeof(absolute[0]), "%s/d/absolute", getenv("PWD"));
	snprintf(absolute[1], sizeof(absolute[1]), "%s/to", getenv("PWD"));
	*to = bound(absolute[1]);
	from[0] = bound(absolute[0]);
	from[1] = bound("relative");
	from[2] = bound(NULL);
	for (int i = 0; i < 3; i++)
		DO(sendto(from[i], "text", 4, 0, (struct sockaddr *)&a, address(&a, "to")));
	return from[0];
}

static void from_recvfrom(void)
{
	char buf[16];
	struct sockaddr_un a;
	socklen_t n;
	int to;
	int one = senders(&to);

	for (int i = 0; i < 3; i++) {
		memset(&a, 0, sizeof(a));
		n = sizeof(a);
		DO(recvfrom(to, buf, sizeof(buf), 0, (struct sockaddr *)&a, &n));
		say_address(&a, n);
	}
	DO(recvfrom(to, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&a, &n));
	DO(sendto(one, "answer", 6, 0, (struct sockaddr *)&a, address(&a, absolute[1])));
	n = 5; /* cut, but the length is told */
	memset(&a, 0, sizeof(a));
	DO(recvfrom(to, buf, sizeof(buf), 0, (struct sockaddr *)&a, &n) == 6);
	DO(strlen(a.sun_path));
	DO(sendto(one, "answer", 6, 0, (struct sockaddr *)&a, address(&a, absolute[1])));
	DO(recvfrom(to, buf, sizeof(buf), 0, NULL, NULL));
	DO(recv(to, buf, sizeof(buf), MSG_DONTWAIT));
}

static void from_recvmsg(void)
{
	char buf[16];
	struct sockaddr_un a;
	struct iovec v = {buf, sizeof(buf)};
	struct msghdr m = {.msg_name = &a, .msg_iov = &v, .msg_iovlen = 1};
	int to;

	senders(&to);
	for (int i = 0; i < 3; i++) {
		memset(&a, 0, sizeof(a));
		m.msg_namelen = sizeof(a);
		DO(recvmsg(to, &m, 0));
		say_address(&a, m.msg_namelen);
		DO(m.msg_flags);
	}
	m.msg_name = NULL;
	DO(recvmsg(to, &m, MSG_DONTWAIT));
}

static void from_recvmmsg(void)
{
	char buf[4][16];
	struct sockaddr_un a[4];
	struct iovec v[4];
	struct mmsghdr m[4];
	int to;
	long n;

	senders(&to);
	memset(m, 0, sizeof(m));
	memset(a, 0, sizeof(a));
	for (int i = 0; i < 4; i++) {
		v[i] = (struct iovec){buf[i], sizeof(buf[i])};
		m[i].msg_hdr = (struct msghdr){.msg_name = &a[i],
					       .msg_namelen = sizeof(a[i]),
					       .msg_iov = &v[i],
					       .msg_iovlen = 1};
	}
	n = DO(recvmmsg(to, m, 4, MSG_DONTWAIT, NULL));
	for (long i = 0; i < n; i++) {
		DO(m[i].msg_len);
		say_address(&a[i], m[i].msg_hdr.msg_namelen);
	}
	DO(recvmmsg(to, m, 4, MSG_DONTWAIT, NULL));
	DO(recvmmsg(to, m, 0, MSG_DONTWAIT, NULL));
}

static void by_sendmmsg(void)
{
	static const char *const name[] = {"to", "d/two", "sublink/../three", "to"};
	struct sockaddr_un a[5];
	struct iovec v[5];
	struct mmsghdr m[5];
	int to[3] = {bound("to"), bound("d/two"), bound("d/three")};
	int from = bound(NULL);
	char buf[16];

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 5; i++) {
		v[i] = (struct iovec){(char *)"12345" + i, (size_t)(5 - i)};
		m[i].msg_hdr.msg_name = &a[i];
		m[i].msg_hdr.msg_namelen = address(&a[i], i < 4 ? name[i] : "nothing");
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	DO(sendmmsg(from, m, 4, 0));
	for (int i = 0; i < 4; i++)
		DO(m[i].msg_len);
	for (int i = 0; i < 3; i++) {
		memset(buf, 0, sizeof(buf));
		DO(recv(to[i], buf, sizeof(buf), MSG_DONTWAIT));
		say("%s\n", buf);
	}
	DO(strcmp(a[0].sun_path, "to"));
	DO(sendmmsg(from, m + 3, 2, 0)); /* the second goes nowhere: one was sent */
	DO(sendmmsg(from, m + 4, 1, 0)); /* and now that is told */
	DO(sendmmsg(from, m, 0, 0));
	DO(sendmmsg(99, m, 1, 0));
	for (int i = 0; i < 4; i++)
		recv(to[0], buf, sizeof(buf), MSG_DONTWAIT);
	DO(connect(from, (struct sockaddr *)&a[1], sizeof(a[1])));
	m[0].msg_hdr.msg_name = NULL;
	m[1].msg_hdr.msg_name = NULL;
	DO(sendmmsg(from, m, 2, 0));
	DO(recv(to[1], buf, sizeof(buf), MSG_DONTWAIT));
}

/* The receiver's queue is full: the sender waits until somebody reads. */
static void full_queue(void)
{
	struct sockaddr_un a;
	struct iovec v = {(char *)"x", 1};
	struct mmsghdr m[3];
	int to = bound("to");
	int from = bound(NULL);
	char buf[4];
	long queued = 0;
	pid_t pid;

	memset(m, 0, sizeof(m));
	for (int i = 0; i < 3; i++) {
		m[i].msg_hdr.msg_name = &a;
		m[i].msg_hdr.msg_namelen = address(&a, "to");
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while (sendmmsg(from, m, 1, MSG_DONTWAIT) == 1)
		queued++;
	DO(sendmmsg(from, m, 3, MSG_DONTWAIT));
	pid = fork();
	if (!pid)
		_exit(sendmmsg(from, m, 1, 0) != 1 || m[0].msg_len != 1);
	for (long i = 0; i <= queued; i++)
		if (recv(to, buf, sizeof(buf), 0) != 1)
			say("recv: %s\n", strerrorname_np(errno));
	ended(pid);
	DO(recv(to, buf, sizeof(buf), MSG_DONTWAIT));
}

int main(int argc, char **argv)
{
	static const struct corner table[] = {
		{"from_recvfrom", from_recvfrom}, {"from_recvmsg", from_recvmsg},
		{"from_recvmmsg", from_recvmmsg}, {"by_sendmmsg", by_sendmmsg},
		{"full_queue", full_queue},	  {NULL, NULL},
	};

	return corner_main(argc, argv, table);
}
