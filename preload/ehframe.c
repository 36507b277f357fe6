/* SPDX-License-Identifier: MIT */
#include "ehframe.h"

#include "insn.h"
#include "ovl_base.h"

/* The head of .eh_frame_hdr: version, and how pointers are encoded. */
#define VERSION	     1
#define PTR_PCREL4   0x1b /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
#define COUNT_UDATA4 0x03 /* DW_EH_PE_udata4 */
#define TABLE_DATA4  0x3b /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */
#define HEAD	     12

/* A row of its table: both relative to the section's start. */
struct row {
	int32_t start; /* of a function */
	int32_t fde;   /* its description */
};

/* A description: length, and distance to what it has in common with others; then these. */
#define FDE_START 8
#define FDE_SIZE  12

static uint32_t number(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static bool is_understood(const uint8_t *hdr, uint32_t size)
{
	return size >= HEAD && hdr[0] == VERSION && hdr[1] == PTR_PCREL4 &&
	       hdr[2] == COUNT_UDATA4 && hdr[3] == TABLE_DATA4 &&
	       number(hdr + 8) <= (size - HEAD) / sizeof(struct row);
}

/* The last function that starts at or before @at. False: there is none. */
static bool find_row(const uint8_t *hdr, int64_t at, struct row *ret)
{
	uint32_t lo = 0;
	uint32_t hi = number(hdr + 8);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		memcpy(ret, hdr + HEAD + mid * sizeof(*ret), sizeof(*ret));
		if (ret->start <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	memcpy(ret, hdr + HEAD + (lo - 1) * sizeof(*ret), sizeof(*ret));
	return true;
}

bool ovl_ehframe_is_code(const uint8_t *hdr, uint32_t size, const uint8_t *at, uint32_t len)
{
	const uint8_t *fde, *p, *end;
	struct ovl_insn in;
	struct row row;

	if (!is_understood(hdr, size) || !find_row(hdr, at - hdr, &row))
		return false;
	p = hdr + row.start;
	fde = hdr + row.fde;
	/* an address in another form than the usual one does not lead there */
	if (fde + FDE_START + (int32_t)number(fde + FDE_START) != p)
		return false;
	end = p + number(fde + FDE_SIZE);
	if (at + len > end)
		return false;
	for (; p < at; p += in.len) {
		if (ovl_insn_step(p, (size_t)(end - p), &in))
			return false;
	}
	return p == at;
}
