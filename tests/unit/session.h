/* SPDX-License-Identifier: MIT */
/* session.h - a session made by hand, for tests of files that read it */
#ifndef OVL_TEST_SESSION_H
#define OVL_TEST_SESSION_H

#include <stdlib.h>
#include <string.h>

#include "view.h"

#define SESSION_STRINGS 8192

/* A session without layers; ovl_ss is it from now on. */
static inline struct ovl_session *session_make(void)
{
	struct ovl_session *ss = calloc(1, sizeof(*ss) + SESSION_STRINGS);

	ss->size = sizeof(*ss);
	ovl_ss = ss;
	return ss;
}

/* @text in @ss's string area. */
static inline struct ovl_str session_text(struct ovl_session *ss, const char *text)
{
	struct ovl_str s = {.off = (uint32_t)ss->size, .len = (uint32_t)strlen(text)};

	memcpy((char *)ss + s.off, text, s.len + 1);
	ss->size += s.len + 1;
	return s;
}

/* @work is @ss's work directory. */
__attribute__((unused)) static void session_work(struct ovl_session *ss, const char *work)
{
	char path[128];

	ss->work = session_text(ss, work);
	ss->work_tmp = session_text(ss, strcat(strcpy(path, work), "/tmp"));
	ss->work_index = session_text(ss, strcat(strcpy(path, work), "/index"));
	ss->work_oplock = session_text(ss, strcat(strcpy(path, work), "/oplock"));
	for (char i = 0; i < OVL_WHITEOUTS; i++) {
		strcat(strcpy(path, work), "/tmp/whiteout0");
		path[strlen(path) - 1] += i;
		ss->whiteout[(int)i] = session_text(ss, path);
	}
}

#endif
