/* SPDX-License-Identifier: MIT */
#include "startfile.h"

#include "str.h"
#include "view.h"

/* ld.so(8): FILES, and the directories that it searches for everybody. */
static bool is_of_everybody(const char *path)
{
	static const char prefix[][15] = {"/lib", "/usr/lib", "/usr/local/lib", "/etc/ld.so.",
					  "/etc/ld-musl-"};

	for (size_t i = 0; i < OVL_ARRAY_SIZE(prefix); i++) {
		if (ovl_str_starts(path, prefix[i]))
			return true;
	}
	return false;
}

void ovl_startfile_note(const struct ovl_path *at, bool deep)
{
	const char *name = at->buf + ovl_path_base(at);
	uint32_t bits;

	if (!deep && !ovl_is_start_file(name))
		return;
	bits = OVL_LIBS_SOMEWHERE | (is_of_everybody(at->buf) ? OVL_LIBS_EVERYBODY : 0);
	if ((__atomic_load_n(&ovl_ss->upper_libs, __ATOMIC_RELAXED) & bits) != bits)
		__atomic_fetch_or(&ovl_ss->upper_libs, bits, __ATOMIC_RELEASE);
}
