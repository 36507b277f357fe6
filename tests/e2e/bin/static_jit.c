/* SPDX-License-Identifier: MIT */
/* static_jit NAME: a static program makes a directory by text that it writes itself */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	/* mov %rdx,%rax; syscall; ret */
	static const unsigned char text[] = {0x48, 0x89, 0xd0, 0x0f, 0x05, 0xc3};
	long (*call)(const char *path, long mode, long nr);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED || argc < 2)
		return 2;
	memcpy(p, text, sizeof(text));
	call = (long (*)(const char *, long, long))p;
	printf("%ld\n", call(argv[1], 0755, SYS_mkdir));
	return 0;
}
