/* SPDX-License-Identifier: MIT */
/* static_branch PATH: open it by a system call that nobody understands: a branch leads there */
#include <fcntl.h>
#include <sys/syscall.h>

long raw(long nr, long dirfd, const char *path, long flags);

__asm__("raw:	mov %edi,%eax\n"
	"	mov %rsi,%rdi\n"
	"	mov %rdx,%rsi\n"
	"	mov %rcx,%rdx\n"
	"	test %edx,%edx\n"
	"	je 1f\n"
	"	nop\n"
	"1:	syscall\n"
	"	ret\n");

int main(int argc, char **argv)
{
	return argc < 2 || raw(SYS_openat, AT_FDCWD, argv[1], O_RDONLY) < 0;
}
