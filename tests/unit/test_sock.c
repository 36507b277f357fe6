/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/un.h>

#include "ops.h"
#include "tail.h"

#include "fault.h"
#include "fixture.h"

static int s;

static void start(void)
{
	world_make(1);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "f", "low");
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fault_reset();
}

TestSuite(sock, .init = start, .fini = world_end);

static struct sockaddr_un addr_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	cr_assert(lt(u64, strlen(path), sizeof(a.sun_path)));
	strcpy(a.sun_path, path);
	return a;
}

static long bind_to(int fd, const char *path)
{
	struct sockaddr_un a = addr_of(path);

	return view(SYS_bind, fd, &a, sizeof(a));
}

static long connect_to(int fd, const char *path)
{
	struct sockaddr_un a = addr_of(path);

	return view(SYS_connect, fd, &a, sizeof(a));
}

/* The address that call @nr tells of @fd. */
static char *told(long nr, int fd)
{
	static struct sockaddr_un a;
	socklen_t n = sizeof(a);
	long r;

	memset(&a, 0, sizeof(a));
	r = view(nr, fd, &a, &n);
	cr_expect(eq(long, r, 0));
	return a.sun_path;
}

Test(sock, a_bound_socket_is_on_upper_and_goes_by_its_name_in_the_view)
{
	cr_expect(eq(long, bind_to(s, (char *)at("d/s")), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "d/s").st_mode & S_IFMT, S_IFSOCK));
	cr_expect(not(is_there(W_LOW(1), "d/s")));
	cr_expect(eq(str, told(SYS_getsockname, s), (char *)at("d/s")));
}

Test(sock, a_taken_name_is_in_use)
{
	cr_expect(eq(long, bind_to(s, (char *)at("f")), -EADDRINUSE));
	cr_expect(eq(long, bind_to(s, (char *)at("d")), -EADDRINUSE));
	cr_expect(eq(long, bind_to(s, (char *)at("d/.")), -EADDRINUSE));
	cr_expect(eq(long, bind_to(s, (char *)at("none/s")), -ENOENT));
	cr_expect(eq(long, bind_to(s, (char *)at("f/s")), -ENOTDIR));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
	EXPECT_NO_TEMPORARY();
	cr_expect(eq(long, bind_to(s, (char *)at("s")), 0));
}

Test(sock, a_removed_names_place_can_be_bound_to)
{
	cr_expect(eq(long, view(SYS_unlink, at("f")), 0));
	cr_expect(eq(long, bind_to(s, (char *)at("f")), 0));
	cr_expect(eq(uint, lstat_of(W_UP, "f").st_mode & S_IFMT, S_IFSOCK));
	cr_expect(eq(str, told(SYS_getsockname, s), (char *)at("f")));
}

Test(sock, a_read_only_view_binds_nothing)
{
	w.ss->flags |= OVL_S_READ_ONLY;
	cr_expect(eq(long, bind_to(s, (char *)at("s")), -EROFS));
	cr_expect(eq(long, bind_to(s, (char *)at("f")), -EADDRINUSE));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(sock, a_lowers_own_path_is_not_bound_to)
{
	cr_expect(eq(long, bind_to(s, in(W_LOW(1), "s")), -EROFS));
	cr_expect(not(is_there(W_LOW(1), "s")));
}

Test(sock, a_name_outside_is_bound_to_there)
{
	put_link(W_LOW(1), "o", in("out", ""));
	mkdir(in("out", ""), 0755);
	cr_expect(eq(long, bind_to(s, (char *)at("o/s")), 0));
	cr_expect(eq(uint, lstat_of("out", "s").st_mode & S_IFMT, S_IFSOCK));
	cr_expect(eq(int, names_in(W_UP, ""), 0));
}

Test(sock, peers_find_and_name_each_other)
{
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	long fd;

	cr_assert_eq(bind_to(s, (char *)at("s")), 0);
	cr_assert_eq(listen(s, 1), 0);
	cr_assert_eq(bind_to(c, (char *)at("c")), 0);
	cr_expect(eq(long, connect_to(c, (char *)at("s")), 0));
	cr_expect(eq(str, told(SYS_getpeername, c), (char *)at("s")));
	memset(&a, 0, sizeof(a));
	fd = view(SYS_accept, s, &a, &n);
	cr_assert(ge(long, fd, 0));
	cr_expect(eq(str, a.sun_path, (char *)at("c")));
	cr_expect(eq(
		uint, n,
		(unsigned)(offsetof(struct sockaddr_un, sun_path) + strlen((char *)at("c")) + 1)));
	cr_expect(eq(str, told(SYS_getpeername, (int)fd), (char *)at("c")));
}

Test(sock, an_accept_that_fails_tells_no_address)
{
	struct sockaddr_un a = {.sun_family = 99};
	socklen_t n = sizeof(a);
	struct ovl_call c = {.nr = SYS_accept4, .arg = {s, (long)&a, (long)&n, SOCK_CLOEXEC}};

	cr_assert(eq(int, ovl_enter(&c), OVL_TAIL));
	cr_expect(eq(long, c.tail->arg[1], 0));
	cr_expect(eq(long, c.tail->arg[3], SOCK_CLOEXEC));
	c.ret = -EAGAIN;
	ovl_after(&c);
	cr_expect(eq(long, c.ret, -EAGAIN));
	cr_expect(eq(uint, a.sun_family, 99));
	cr_expect(eq(uint, n, (unsigned)sizeof(a)));
}

Test(sock, a_peer_that_is_gone_is_unnamed)
{
	int c = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	socklen_t n = sizeof(a);

	cr_assert_eq(bind_to(s, (char *)at("s")), 0);
	cr_assert_eq(listen(s, 1), 0);
	cr_assert_eq(connect_to(c, (char *)at("s")), 0);
	fault_set(__NR_getpeername, FAULT_EACH, -ENOTCONN);
	cr_expect(ge(long, view(SYS_accept, s, &a, &n), 0));
	cr_expect(eq(uint, a.sun_family, AF_UNIX));
	cr_expect(eq(uint, n, (unsigned)sizeof(sa_family_t)));
}

Test(sock, nobody_listens_where_nothing_is_or_what_is_no_socket)
{
	cr_expect(eq(long, connect_to(s, (char *)at("none")), -ENOENT));
	cr_expect(eq(long, connect_to(s, (char *)at("f")), -ECONNREFUSED));
	cr_expect(eq(long, connect_to(s, (char *)at("f/")), -ENOTDIR));
	cr_expect(eq(long, connect_to(s, (char *)at("f/s")), -ENOTDIR));
}

Test(sock, datagrams_arrive_by_either_call)
{
	int to = socket(AF_UNIX, SOCK_DGRAM, 0);
	int from = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a = addr_of((char *)at("d/s"));
	struct iovec v = {.iov_base = (char *)"two", .iov_len = 3};
	struct msghdr m = {
		.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &v, .msg_iovlen = 1};
	char buf[8] = "";

	cr_assert_eq(bind_to(to, (char *)at("d/s")), 0);
	cr_expect(eq(long, view(SYS_sendto, from, "one", 3, 0, &a, sizeof(a)), 3));
	cr_expect(eq(long, recv(to, buf, sizeof(buf), MSG_DONTWAIT), 3));
	cr_expect(eq(str, buf, (char *)"one"));
	cr_expect(eq(long, view(SYS_sendmsg, from, &m, 0), 3));
	cr_expect(eq(long, recv(to, buf, sizeof(buf), MSG_DONTWAIT), 3));
	cr_expect(eq(str, buf, (char *)"two"));
	/* The program's own header is as it was. */
	cr_expect(eq(ptr, m.msg_name, &a));
	cr_expect(eq(str, a.sun_path, (char *)at("d/s")));
}

Test(sock, names_that_are_no_paths_are_the_kernels)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct ovl_call c = {.nr = SYS_bind, .arg = {s, (long)&a, sizeof(a.sun_family)}};

	cr_expect(eq(int, ovl_enter(&c), OVL_PASS)); /* any free name */
	strcpy(a.sun_path + 1, "ovl-abstract");
	c.arg[2] = 2 + 13;
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS));
	a = addr_of((char *)at("s"));
	c.arg[0] = socket(AF_INET, SOCK_DGRAM, 0);
	c.arg[2] = sizeof(a);
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS)); /* the socket is of another family */
	c.arg[0] = next_fd();
	cr_expect(eq(int, ovl_enter(&c), OVL_PASS));
}

Test(sock, a_message_comes_from_a_name_in_the_view)
{
	int to = socket(AF_UNIX, SOCK_DGRAM, 0);
	int from = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a = addr_of((char *)at("d/to"));
	struct sockaddr_un seen = {0};
	struct iovec v = {.iov_base = (char *)"two", .iov_len = 3};
	struct mmsghdr m = {
		.msg_hdr = {
			.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &v, .msg_iovlen = 1}};
	socklen_t n = sizeof(seen);
	char buf[8];

	cr_assert_eq(bind_to(to, (char *)at("d/to")), 0);
	cr_assert_eq(bind_to(from, (char *)at("d/from")), 0);
	cr_expect(eq(long, view(SYS_sendmmsg, from, &m, 1, 0), 1));
	cr_expect(eq(uint, m.msg_len, 3));
	cr_expect(eq(long, view(SYS_recvfrom, to, buf, sizeof(buf), 0, &seen, &n), 3));
	cr_expect(eq(str, seen.sun_path, (char *)at("d/from")));
	cr_expect(eq(uint, n, (unsigned)(sizeof(sa_family_t) + strlen((char *)at("d/from")) + 1)));
	cr_expect(eq(long, view(SYS_sendmmsg, from, &m, 1, 0), 1));
	m.msg_hdr.msg_name = &seen;
	m.msg_hdr.msg_namelen = sizeof(seen);
	memset(&seen, 0, sizeof(seen));
	v.iov_base = buf;
	cr_expect(eq(long, view(SYS_recvmsg, to, &m.msg_hdr, 0), 3));
	cr_expect(eq(str, seen.sun_path, (char *)at("d/from")));
	m.msg_hdr.msg_name = &a;
	m.msg_hdr.msg_namelen = sizeof(a);
	v.iov_base = (char *)"two";
	cr_expect(eq(long, view(SYS_sendmmsg, from, &m, 1, 0), 1));
	m.msg_hdr.msg_name = &seen;
	m.msg_hdr.msg_namelen = sizeof(seen);
	memset(&seen, 0, sizeof(seen));
	v.iov_base = buf;
	cr_expect(eq(long, view(SYS_recvmmsg, to, &m, 1, 0, NULL), 1));
	cr_expect(eq(str, seen.sun_path, (char *)at("d/from")));
	strcpy(a.sun_path, (char *)at("none"));
	m.msg_hdr.msg_name = &a;
	m.msg_hdr.msg_namelen = sizeof(a);
	cr_expect(eq(long, view(SYS_sendmmsg, from, &m, 1, 0), -ENOENT));
	close(to);
	close(from);
}
