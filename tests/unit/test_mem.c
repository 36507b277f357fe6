/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <sys/mman.h>

#include "ovl_base.h"

/* The engine's own, under other names: this program keeps libc's. */
#define memcpy	own_memcpy
#define memmove own_memmove
#define memset	own_memset
#define memcmp	own_memcmp
#define strlen	own_strlen
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
#include "../../shim/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

#define SIZE 600

static unsigned char pattern[SIZE], got[SIZE], want[SIZE];

static void fill(void)
{
	for (int i = 0; i < SIZE; i++)
		pattern[i] = (unsigned char)(i * 31 + 7);
	memcpy(got, pattern, SIZE);
	memcpy(want, pattern, SIZE);
}

Test(mem, memmove_agrees_with_libc_at_every_distance)
{
	for (int n = 0; n < 280; n += n < 20 ? 1 : 13) {
		for (int d = -40; d <= 40; d++) {
			fill();
			own_memmove(got + 100 + d, got + 100, (size_t)n);
			memmove(want + 100 + d, want + 100, (size_t)n);
			cr_assert(memcmp(got, want, SIZE) == 0, "n %d distance %d", n, d);
		}
	}
}

Test(mem, memcpy_and_memset_touch_no_byte_too_many)
{
	for (int n = 0; n < 300; n++) {
		fill();
		own_memcpy(got + 3, pattern + 200, (size_t)n);
		memcpy(want + 3, pattern + 200, (size_t)n);
		cr_assert(memcmp(got, want, SIZE) == 0, "memcpy %d", n);
		own_memset(got + 5, 0x1a5, (size_t)n);
		memset(want + 5, 0xa5, (size_t)n);
		cr_assert(memcmp(got, want, SIZE) == 0, "memset %d", n);
	}
}

Test(mem, memcmp_orders_by_the_first_difference)
{
	for (int n = 1; n < 40; n++) {
		fill();
		cr_assert(eq(int, own_memcmp(got, want, (size_t)n), 0));
		got[n - 1] = (unsigned char)(want[n - 1] + 1);
		cr_assert(eq(int, own_memcmp(got, want, (size_t)n) > 0, got[n - 1] > want[n - 1]));
		cr_assert(eq(int, own_memcmp(got, want, (size_t)n - 1), 0));
	}
	cr_expect(own_memcmp("\xff", "\x01", 1) > 0);
}

Test(mem, strlen_stops_at_the_first_nul_wherever_it_lies)
{
	static const unsigned char beside[] = {0x01, 0x7f, 0x80, 0x81, 0xff};
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert(ne(ptr, page, MAP_FAILED));
	cr_assert_eq(munmap(page + 4096, 4096), 0); /* nothing may be read there */
	for (size_t n = 0; n < 40; n++) {
		for (size_t behind = 1; behind < 20; behind++) {
			char *s = page + 4096 - behind - n;

			memset(s, beside[(n + behind) % sizeof(beside)], n + behind);
			s[n] = '\0';
			cr_assert(eq(sz, own_strlen(s), n), "%zu %zu", n, behind);
		}
	}
}
