/* SPDX-License-Identifier: MIT */
/*
 * raw_reads: changes the cwd by libc, then looks at it by system calls of its own, as Go and
 * FreePascal programs make them: the number in a register and a comparison behind, or the number
 * loaded right before. All of them on a stack that has no room at all.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

long generic(long nr, long a, long b, long c, long d);
long read_link(const char *path, char *buf, long size);
extern char *stack;

__asm__(".text\n"
	".balign 16\n"
	"generic:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %rsp, %r12\n"
	"	mov stack(%rip), %rsp\n"
	"	syscall\n"
	"	cmp $-4095, %rax\n"
	"	mov %r12, %rsp\n"
	"	jae 1f\n"
	"	ret\n"
	"1:	neg %rax\n"
	"	neg %rax\n"
	"	ret\n"
	"read_link:\n"
	"	mov %rsp, %r12\n"
	"	mov stack(%rip), %rsp\n"
	"	mov $89, %eax\n"
	"	syscall\n"
	"	mov %r12, %rsp\n"
	"	ret\n");

char *stack;

static long call(long nr, long a, long b, long c, long d)
{
	long r;

	r = generic(nr, a, b, c, d);
	__asm__ volatile("" : : : "r12", "memory"); /* generic() uses it */
	return r;
}

static long look(const char *path, char *buf, long size)
{
	long r = read_link(path, buf, size);

	__asm__ volatile("" : : : "r12", "memory");
	return r;
}

/* Its lowest byte is the first of a page, behind one that is not there. */
static void make_stacks(void)
{
	stack_t alt = {.ss_sp = malloc(65536), .ss_size = 65536};
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p, 4096, PROT_NONE) || sigaltstack(&alt, NULL))
		abort();
	stack = p + 4096;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show(const char *dir)
{
	char buf[4096];
	struct stat st;
	char *entry[16];
	size_t count = 0;
	long fd, n;

	fd = call(SYS_openat, AT_FDCWD, (long)dir, O_RDONLY | O_DIRECTORY, 0);
	printf("openat %s: %d\n", dir, fd >= 0);
	n = call(SYS_getdents64, fd, (long)buf, sizeof(buf), 0);
	printf("entries: %d\n", n > 0);
	for (long at = 0; at < n && count < 16; at += *(unsigned short *)(buf + at + 16))
		entry[count++] = buf + at + 19;
	qsort(entry, count, sizeof(*entry), by_name);
	for (size_t i = 0; i < count; i++)
		printf("  %s\n", entry[i]);
	call(SYS_close, fd, 0, 0, 0);
	for (const char *const *name =
		     (const char *const[]){"old", "new", "moved/f", "dir/f", "link", NULL};
	     *name; name++) {
		n = call(SYS_newfstatat, AT_FDCWD, (long)*name, (long)&st, 0);
		printf("%s: %ld %ld\n", *name, n, n ? 0 : (long)st.st_size);
		printf("%s: access %ld\n", *name, call(SYS_access, (long)*name, R_OK, 0, 0));
		n = look(*name, buf, sizeof(buf));
		printf("%s: link %ld %.*s\n", *name, n, n > 0 ? (int)n : 0, buf);
	}
}

static void must(int r)
{
	if (r)
		abort();
}

int main(void)
{
	char buf[100] = "";
	int fd;
	long raw;

	make_stacks();
	must(unlink("old"));
	must(rename("dir", "moved"));
	must(symlink("moved/f", "link"));
	fd = open("new", O_CREAT | O_WRONLY, 0644);
	must(write(fd, "content\n", 8) != 8);
	must(close(fd));
	show(".");
	/* a number that was something else is not taken for that */
	raw = call(SYS_openat, AT_FDCWD, (long)"moved", O_RDONLY | O_DIRECTORY, 0);
	printf("f: %d\n", faccessat((int)raw, "f", R_OK, 0));
	call(SYS_close, raw, 0, 0, 0);
	raw = call(SYS_openat, AT_FDCWD, (long)".", O_RDONLY | O_DIRECTORY, 0);
	printf("f: %d\n", faccessat((int)raw, "f", R_OK, 0));
	printf("chdir: %ld\n", call(SYS_chdir, (long)"moved", 0, 0, 0));
	printf("getcwd: %d\n", call(SYS_getcwd, (long)buf, sizeof(buf), 0, 0) > 0);
	printf("%s\n", strrchr(buf, '/'));
	printf("f: %d\n", access("f", R_OK));
	fd = (int)call(SYS_open, (long)"../new", O_RDONLY, 0, 0);
	printf("%.*s", (int)call(SYS_read, fd, (long)buf, sizeof(buf), 0), buf);
	return 0;
}
