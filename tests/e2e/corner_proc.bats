#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# what /proc tells, and calls that are newer than most programs

load helpers
load corner

@test "proc: links" {
	corner proc links
}

@test "proc: names of one file" {
	corner proc names
}

@test "proc: removed directories" {
	corner proc removed_directories
}

@test "proc: maps" {
	corner proc maps
}

@test "proc: statx all" {
	corner proc statx_all
}

@test "proc: faccessat2 all" {
	corner proc faccessat2_all
}

@test "proc: fchmodat2 all" {
	corner proc fchmodat2_all
}

@test "proc: xattrat" {
	corner proc xattrat
}

@test "proc: bad arguments" {
	corner proc bad_arguments
}

@test "proc: unknown calls" {
	corner proc unknown_calls
}
