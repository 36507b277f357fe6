/* SPDX-License-Identifier: MIT */
#include "sockname.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

#include "session.h"

static struct sockaddr_un un;
static char path[UNIX_PATH_MAX + 1];
static char work[] = "/tmp/ovl-sock-XXXXXX";
static char room[OVL_SUN_MAX + 16];

static void start(void)
{
	struct ovl_session *ss = session_make();
	char tmp[64];

	cr_assert_eq(mkdtemp(work), work);
	strcat(strcpy(tmp, work), "/tmp");
	mkdir(tmp, 0700);
	session_work(ss, work);
	ss->root = session_text(ss, "/view");
	ss->layer[0].path = session_text(ss, "/up");
	ss->layer[1].path = session_text(ss, "/low/one");
	ss->layer[2].path = session_text(ss, "/low");
	ss->nlower = 2;
	un.sun_family = OVL_AF_UNIX;
}

static void end(void)
{
	char tmp[96];

	strcat(strcpy(tmp, work), "/tmp/#2a");
	unlink(tmp);
	tmp[strlen(work) + 4] = '\0';
	rmdir(tmp);
	rmdir(work);
}

TestSuite(sockname, .init = start, .fini = end);

/* @text as the kernel tells it, then as the program sees it; NULL when it stays. */
static char *shown(const char *text)
{
	size_t n = strlen(text);
	unsigned len = (unsigned)(2 + n + 1);

	memset(room, 0x55, sizeof(room));
	memcpy(room, &un, 2);
	memcpy(room + 2, text, n + 1);
	if (!ovl_sockaddr_view(room, &len)) {
		cr_expect(eq(str, room + 2, (char *)text));
		return NULL;
	}
	cr_expect(eq(int, (int)len, (int)(2 + strlen(room + 2) + 1)));
	for (size_t i = OVL_SUN_MAX; i < sizeof(room); i++)
		cr_expect(eq(int, room[i], 0x55));
	return room + 2;
}

Test(sockname, a_path_is_taken_from_an_address)
{
	strcpy(un.sun_path, "/a/b");
	cr_assert(ovl_sockaddr_path(&un, sizeof(un), path));
	cr_expect(eq(str, path, (char *)"/a/b"));
	cr_assert(ovl_sockaddr_path(&un, 2 + 3, path));
	cr_expect(eq(str, path, (char *)"/a/"));
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	cr_assert(ovl_sockaddr_path(&un, sizeof(un), path));
	cr_expect(eq(sz, strlen(path), 108));
}

Test(sockname, other_addresses_have_no_path)
{
	strcpy(un.sun_path, "/a");
	cr_expect(not(ovl_sockaddr_path(NULL, sizeof(un), path)));
	cr_expect(not(ovl_sockaddr_path(&un, 2, path)));
	cr_expect(not(ovl_sockaddr_path(&un, -1, path)));
	cr_expect(not(ovl_sockaddr_path(&un, sizeof(un) + 1, path)));
	un.sun_path[0] = '\0';
	cr_expect(not(ovl_sockaddr_path(&un, sizeof(un), path)));
	strcpy(un.sun_path, "/a");
	un.sun_family = 2;
	cr_expect(not(ovl_sockaddr_path(&un, sizeof(un), path)));
}

Test(sockname, an_address_is_made_up_to_its_limit)
{
	char text[120];

	memset(text, 'y', sizeof(text));
	cr_expect(eq(int, (int)ovl_sockaddr_set(&un, text, 107), 2 + 107 + 1));
	cr_expect(eq(sz, strlen(un.sun_path), 107));
	cr_expect(eq(int, (int)ovl_sockaddr_set(&un, text, 108), 0));
}

Test(sockname, a_layers_path_is_shown_in_the_view)
{
	cr_expect(eq(str, shown("/up/run/s"), (char *)"/view/run/s"));
	cr_expect(eq(str, shown("/low/one/s"), (char *)"/view/s"));
	cr_expect(eq(str, shown("/low/two/s"), (char *)"/view/two/s"));
}

Test(sockname, other_paths_stay)
{
	cr_expect(eq(ptr, shown("/upper/s"), NULL));
	cr_expect(eq(ptr, shown("/view/s"), NULL));
	cr_expect(eq(ptr, shown("s"), NULL));
	cr_expect(eq(ptr, shown("/proc/self/fd/3/s"), NULL));
	cr_expect(eq(ptr, shown("/proc/self/fd/x/#1"), NULL));
}

Test(sockname, a_path_too_long_for_the_view_stays)
{
	char text[109] = "/up/";

	memset(text + 4, 'z', 104);
	text[108] = '\0';
	cr_expect(eq(ptr, shown(text), NULL));
	text[106] = '\0';
	cr_expect(eq(sz, strlen(shown(text)), 108));
}

Test(sockname, the_root_of_everything_is_a_view_too)
{
	ovl_ss->root = session_text(ovl_ss, "/");
	ovl_ss->layer[1].path = ovl_ss->root;
	ovl_ss->nlower = 1;
	cr_expect(eq(str, shown("/up/s"), (char *)"/s"));
	cr_expect(eq(ptr, shown("/run/s"), NULL));
}

Test(sockname, a_socket_bound_aside_shows_what_the_program_gave)
{
	struct sockaddr_un aside;
	char target[96];
	unsigned len = ovl_sockaddr_aside(&aside, 7, "#2a");

	strcat(strcat(strcpy(target, work), "/tmp/"), "#2a");
	cr_expect(eq(str, aside.sun_path, target));
	cr_expect(eq(int, (int)len, (int)(2 + strlen(target) + 1)));
	cr_expect(eq(ptr, shown(target), NULL));
	cr_assert_eq(symlink("../run/s", target), 0);
	cr_expect(eq(str, shown(target), (char *)"../run/s"));
	cr_expect(eq(str, shown("/proc/self/fd/12/#2a"), (char *)"../run/s"));
	cr_expect(eq(ptr, shown("/proc/self/fd/12/#2b"), NULL));
}

Test(sockname, a_far_work_directory_is_named_by_a_descriptor)
{
	struct sockaddr_un aside;
	char far[120];

	memset(far, 'w', sizeof(far) - 1);
	far[0] = '/';
	far[119] = '\0';
	ovl_ss->work = session_text(ovl_ss, far);
	cr_expect(eq(int, (int)ovl_sockaddr_aside(&aside, 7, "#2a"), 2 + 19 + 1));
	cr_expect(eq(str, aside.sun_path, (char *)"/proc/self/fd/7/#2a"));
	far[100] = '\0';
	ovl_ss->work = session_text(ovl_ss, far);
	cr_expect(eq(int, (int)ovl_sockaddr_aside(&aside, 7, "#2"), 110));
	cr_expect(eq(int, (int)ovl_sockaddr_aside(&aside, 7, "#2a"), 2 + 19 + 1));
}

Test(sockname, an_address_is_cut_to_the_programs_room)
{
	char to[8] = "-------";
	int len = 4;

	ovl_sockaddr_give("abcdefg", 7, to, &len);
	cr_expect(eq(str, to, (char *)"abcd---"));
	cr_expect(eq(int, len, 7));
}
