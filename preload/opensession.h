/* SPDX-License-Identifier: MIT */
/*
 * opensession.h - the session that a process belongs to
 * Context: init.
 */
#ifndef OVL_OPENSESSION_H
#define OVL_OPENSESSION_H

#include "ovl_session.h"

/*
 * Map the session file @path, shared and writable, for the life of the process. Does not return
 * when it is gone, damaged, or of another build: there is no way on without it.
 */
struct ovl_session *ovl_session_open(const char *path);

#endif
