/* SPDX-License-Identifier: MIT */
#include "maps.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "fault.h"
#include "fixture.h"

static char text[1 << 20];

static void start(void)
{
	world_make(2);
	put_dir(W_LOW(1), "d");
	put(W_LOW(1), "d/f", "low");
	put(W_LOW(1), "g", "low");
	put(W_UP, "u", "up");
	fault_reset();
}

TestSuite(maps, .init = start, .fini = world_end);

/* Map the view's @rel, for reading. */
static void map(const char *rel)
{
	int fd = (int)view(SYS_open, at(rel), O_RDONLY, 0);

	cr_assert(ge(int, fd, 0), "%s", rel);
	cr_assert(ne(ptr, mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED));
	close(fd);
}

static long open_text(const char *path)
{
	return view(SYS_open, (long)path, O_RDONLY | O_CLOEXEC, 0);
}

/* All of the descriptor @fd, which is closed, into text. */
static void slurp(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	cr_assert_eq(n, 0);
	text[len] = '\0';
	close(fd);
}

/* The line of text that has @part in it; NULL: none. */
static char *line_with(const char *part)
{
	static char line[3 * PATH_MAX];
	const char *at = strstr(text, part);
	size_t n = 0;

	if (!at)
		return NULL;
	while (at > text && at[-1] != '\n')
		at--;
	n = strcspn(at, "\n");
	memcpy(line, at, n);
	line[n] = '\0';
	return line;
}

/* Does /proc/self/maps, opened in the view, say @rel, and @tail behind it? */
static bool tells(const char *rel, const char *tail)
{
	const char *path = (const char *)at(rel);
	const char *line;

	slurp((int)open_text("/proc/self/maps"));
	line = line_with(path);
	return line && !strcmp(strstr(line, path) + strlen(path), tail);
}

Test(maps, files_have_their_places_in_the_view)
{
	map("u");
	map("d/f");
	cr_expect(tells("u", ""));
	cr_expect(tells("d/f", ""));
	cr_expect(eq(ptr, line_with(in(W_UP, "")), NULL));
	cr_expect(eq(ptr, line_with(in(W_LOW(1), "")), NULL));
}

Test(maps, all_that_is_not_the_views_stays)
{
	static char before[sizeof(text)];
	int fd = open(in("", "outside"), O_RDWR | O_CREAT, 0600);

	cr_assert(ne(ptr, mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0), MAP_FAILED));
	map("u");
	slurp(open("/proc/self/maps", O_RDONLY));
	memcpy(before, text, sizeof(text));
	slurp((int)open_text("/proc/self/maps"));
	for (char *a = before, *b = text; *a;
	     a += strcspn(a, "\n") + 1, b += strcspn(b, "\n") + 1) {
		size_t n = strcspn(a, "\n");

		if (!memmem(a, n, "/up/u", 5))
			cr_expect(eq(int, strncmp(a, b, n + 1), 0), "%.*s", (int)n, a);
	}
}

Test(maps, the_number_is_the_one_that_stat_tells)
{
	struct stat st;
	char numbers[64];

	map("g");
	cr_assert_eq(view(SYS_chmod, at("g"), 0600), 0);
	map("g"); /* of the copy */
	cr_assert_eq(view(SYS_stat, at("g"), (long)&st), 0);
	slurp((int)open_text("/proc/self/maps"));
	snprintf(numbers, sizeof(numbers), " %02x:%02x %lu ", major(st.st_dev), minor(st.st_dev),
		 st.st_ino);
	for (const char *at_g = strstr(text, (char *)at("g")); at_g;
	     at_g = strstr(at_g + 1, (char *)at("g")))
		cr_expect(ne(ptr, memmem(at_g - 80, 80, numbers, strlen(numbers)), NULL));
	cr_expect(ne(ptr, line_with((char *)at("g")), NULL));
}

Test(maps, what_is_gone_is_called_deleted)
{
	map("u");
	map("g");
	map("d/f");
	cr_assert_eq(view(SYS_unlink, at("u")), 0);
	cr_assert_eq(view(SYS_unlink, at("g")), 0);
	cr_expect(tells("u", " (deleted)"));
	cr_expect(tells("g", " (deleted)"));
	cr_expect(tells("d/f", ""));
}

Test(maps, another_file_of_that_name_is_another)
{
	map("g");
	cr_assert_eq(view(SYS_unlink, at("g")), 0);
	close((int)view(SYS_open, at("g"), O_WRONLY | O_CREAT, 0600));
	cr_expect(tells("g", " (deleted)"));
}

Test(maps, a_copy_is_the_same_file)
{
	map("g");
	close((int)view(SYS_open, at("g"), O_WRONLY, 0));
	cr_expect(tells("g", ""));
}

Test(maps, a_directory_that_moved_takes_its_files_along)
{
	map("d/f");
	cr_assert_eq(view(SYS_rename, at("d"), at("e")), 0);
	cr_expect(tells("e/f", ""));
}

Test(maps, a_file_of_a_directory_that_came_there_is_another)
{
	put_dir(W_LOW(1), "x");
	put(W_LOW(1), "x/f", "other");
	map("d/f");
	cr_assert_eq(view(SYS_rename, at("d"), at("e")), 0);
	cr_assert_eq(view(SYS_unlink, at("e/f")), 0);
	cr_assert_eq(view(SYS_rmdir, at("e")), 0);
	cr_assert_eq(view(SYS_rename, at("x"), at("e")), 0);
	cr_expect(tells("e/f", " (deleted)"));
}

/* A file outside, at a path longer than what is taken at a time, is mapped. */
static void map_far_away(void)
{
	char name[251];
	int fd = open(w.dir, O_PATH);
	int next;

	memset(name, 'x', 250);
	name[250] = '\0';
	for (int i = 0; i < 70; i++) {
		cr_assert_eq(mkdirat(fd, name, 0700), 0);
		next = openat(fd, name, O_PATH);
		cr_assert(ge(int, next, 0));
		close(fd);
		fd = next;
	}
	next = openat(fd, "f", O_RDWR | O_CREAT, 0600);
	cr_assert(ne(ptr, mmap(NULL, 1, PROT_READ, MAP_SHARED, next, 0), MAP_FAILED));
	close(next);
	close(fd);
}

Test(maps, a_line_of_any_length_comes_through)
{
	char command[128];

	map("u");
	map_far_away();
	slurp((int)open_text("/proc/self/maps"));
	cr_expect(ne(ptr, strstr(text, "xxx/f\n"), NULL));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	cr_expect(ne(ptr, strstr(text, "[stack]"), NULL));
	snprintf(command, sizeof(command), "rm -r %s/xxx*", w.dir);
	cr_assert_eq(system(command), 0);
}

Test(maps, the_kernel_may_tell_it_in_pieces)
{
	unsigned start;
	unsigned ino;

	map("u");
	map("d/f");
	fault_short(SYS_read, 61);
	slurp((int)open_text("/proc/self/maps"));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	cr_expect(ne(ptr, line_with((char *)at("d/f")), NULL));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		cr_expect(eq(int, sscanf(line, "%x-%*x %*4s %*x %*x:%*x %u", &start, &ino), 2));
}

Test(maps, numa_maps_and_smaps_too)
{
	const char *after;

	map("u");
	slurp((int)open_text("/proc/self/smaps"));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	cr_expect(eq(ptr, line_with(in(W_UP, "u")), NULL));
	if (access("/proc/self/numa_maps", R_OK))
		return;
	slurp((int)open_text("/proc/self/numa_maps"));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	after = strstr(text, (char *)at("u")) + strlen((char *)at("u"));
	cr_expect(ne(chr, *after, '\\'));
}

Test(maps, by_every_name)
{
	char path[3][64];
	int proc = open("/proc/self", O_PATH | O_DIRECTORY);

	map("u");
	snprintf(path[0], 64, "/proc/%d/maps", getpid());
	snprintf(path[1], 64, "/proc/self/task/%d/maps", gettid());
	strcpy(path[2], "/proc/thread-self/../../maps");
	for (int i = 0; i < 3; i++) {
		/* what was asked once is remembered */
		for (int twice = 0; twice < 2; twice++) {
			slurp((int)open_text(path[i]));
			cr_expect(ne(ptr, line_with((char *)at("u")), NULL), "%s", path[i]);
		}
	}
	slurp((int)view(SYS_openat, proc, (long)"maps", O_RDONLY, 0));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	close(proc);
}

Test(maps, another_process_is_asked_for)
{
	char path[64];
	int gate[2];
	int child;

	map("u");
	cr_assert_eq(pipe(gate), 0);
	child = fork();
	if (!child) {
		close(gate[1]);
		_exit((int)read(gate[0], path, 1));
	}
	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	slurp((int)open_text(path));
	cr_expect(ne(ptr, line_with((char *)at("u")), NULL));
	close(gate[1]);
	waitpid(child, NULL, 0);
}

Test(maps, the_descriptor_is_as_the_kernels_own)
{
	char link[64];
	char told[PATH_MAX] = "";
	char first[16];
	char again[16];
	int lowest = next_fd();
	struct stat st;
	long fd;

	map("u");
	fd = open_text("/proc/self/maps");
	cr_expect(eq(int, (int)fd, lowest));
	cr_expect(eq(int, fcntl((int)fd, F_GETFD), FD_CLOEXEC));
	cr_expect(eq(int, fcntl((int)fd, F_GETFL) & O_ACCMODE, O_RDONLY));
	cr_expect(eq(int, (int)write((int)fd, "x", 1), -1));
	cr_assert_eq(fstat((int)fd, &st), 0);
	cr_expect(eq(uint, st.st_mode, S_IFREG | 0444));
	cr_expect(eq(int, (int)read((int)fd, first, 16), 16));
	cr_expect(eq(int, (int)lseek((int)fd, 0, SEEK_SET), 0));
	cr_expect(eq(int, (int)read((int)fd, again, 16), 16));
	cr_expect_arr_eq(first, again, 16);
	snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
	cr_assert(ge(long, view(SYS_readlink, (long)link, (long)told, sizeof(told) - 1), 0));
	snprintf(link, sizeof(link), "/proc/%d/maps", getpid());
	cr_expect(eq(str, told, link));
	close((int)fd);
	cr_expect(eq(int, next_fd(), lowest));
	fd = view(SYS_open, (long)"/proc/self/maps", O_RDONLY, 0);
	cr_expect(eq(int, fcntl((int)fd, F_GETFD), 0));
	close((int)fd);
}

Test(maps, the_kernels_own_where_nothing_is_otherwise)
{
	int fd = (int)open_text("/proc/self/maps");
	struct stat st;

	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect(eq(uint, st.st_mode, S_IFREG | 0444));
	cr_expect(eq(long, st.st_size, 0));
	slurp(fd);
	cr_expect(ne(ptr, strstr(text, "[stack]"), NULL));
}

Test(maps, the_kernels_own_where_no_copy_can_be_made)
{
	map("u");
	fault_set(SYS_memfd_create, FAULT_EACH, -ENOMEM);
	slurp((int)open_text("/proc/self/maps"));
	fault_reset();
	cr_expect(ne(ptr, line_with(in(W_UP, "u")), NULL));
}

Test(maps, other_opens_are_the_kernels)
{
	map("u");
	cr_expect(eq(long, view(SYS_open, (long)"/proc/self/maps/", O_RDONLY, 0), -ENOTDIR));
	cr_expect(eq(long, view(SYS_open, (long)"/proc/self/maps", O_RDONLY | O_DIRECTORY, 0),
		     -ENOTDIR));
	cr_expect(eq(long, view(SYS_open, (long)"/proc/self/task/1/maps", O_RDONLY, 0), -ENOENT));
	slurp((int)open_text("/proc/self/status"));
	cr_expect(ne(ptr, strstr(text, "VmSize"), NULL));
}
