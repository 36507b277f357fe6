/* SPDX-License-Identifier: MIT */
/*
 * ehframe.h - which bytes of a text are certainly code?
 *
 * Compilers describe every function in .eh_frame, for unwinding; tables that lie between functions
 * they do not. Linux Standard Base, "Exception Frames"; only the encodings that linkers for x86-64
 * write are understood. Pure: tests and tools link it hosted.
 */
#ifndef OVL_EHFRAME_H
#define OVL_EHFRAME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is there an instruction of a function at @at, and do the @len bytes from there on lie in that
 * function? @hdr: an .eh_frame_hdr section of @size bytes, where it is to be used: all that it
 * refers to lies at its distance.
 */
bool ovl_ehframe_is_code(const uint8_t *hdr, uint32_t size, const uint8_t *at, uint32_t len);

#endif
