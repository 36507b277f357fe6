/* SPDX-License-Identifier: MIT */
/*
 * asan.c - the run time of gcc's AddressSanitizer, a library, refuses to start behind another one
 *
 * Unless told not to look. It asks the program for options by this name, and finds us first; a
 * program that has the function itself has to say it itself (common_flags in sanitizer's manual).
 */
const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
	return "verify_asan_link_order=0";
}
