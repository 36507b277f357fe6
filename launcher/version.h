/* SPDX-License-Identifier: MIT */
/* version.h - the version, once for all programs */
#ifndef OVL_VERSION_H
#define OVL_VERSION_H

#define OVL_VERSION "0.1"

#endif
