#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# hard links of lower files, by every way there is to make one

load helpers
load corner

@test "link: write through one" {
	corner link write_through_one
}

@test "link: names come and go" {
	corner link names_come_and_go
}

@test "link: link lower" {
	corner link link_lower
}

@test "link: onto whiteout" {
	corner link onto_whiteout
}

@test "link: other kinds" {
	corner link other_kinds
}

@test "link: empty path" {
	corner link empty_path
}

@test "link: empty path removed" {
	corner link empty_path_removed
}

@test "link: through proc" {
	corner link through_proc
}

@test "link: tmpfile linked" {
	corner link tmpfile_linked
}
