#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# descriptors of directories by every way to get one, and the cwd

load helpers
load corner

@test "dirfd: plain open" {
	corner dirfd plain_open
}

@test "dirfd: o path" {
	corner dirfd o_path
}

@test "dirfd: through link" {
	corner dirfd through_link
}

@test "dirfd: dup and close" {
	corner dirfd dup_and_close
}

@test "dirfd: reopened" {
	corner dirfd reopened
}

@test "dirfd: received" {
	corner dirfd received
}

@test "dirfd: inherited" {
	corner dirfd inherited
}

@test "dirfd: removed" {
	corner dirfd removed
}

@test "dirfd: cwd changes" {
	corner dirfd cwd_changes
}

@test "dirfd: cwd removed" {
	corner dirfd cwd_removed
}

@test "dirfd: cwd moved by another" {
	corner dirfd cwd_moved_by_another
}
