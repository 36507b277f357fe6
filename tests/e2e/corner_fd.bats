#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# descriptors of lower files: what is written elsewhere, and what is changed through them

load helpers
load corner

@test "fd: read then written" {
	corner fd read_then_written
}

@test "fd: other ways to write" {
	corner fd other_ways_to_write
}

@test "fd: renamed then written" {
	corner fd renamed_then_written
}

@test "fd: change read only" {
	corner fd change_read_only
}

@test "fd: change hard link" {
	corner fd change_hard_link
}

@test "fd: change directory" {
	corner fd change_directory
}

@test "fd: change o path" {
	corner fd change_o_path
}

@test "fd: change o path directory" {
	corner fd change_o_path_directory
}

@test "fd: change o path symlink" {
	corner fd change_o_path_symlink
}

@test "fd: change removed" {
	corner fd change_removed
}

@test "fd: reopen" {
	corner fd reopen
}

@test "fd: reopen replaced" {
	corner fd reopen_replaced
}

@test "fd: devices" {
	corner fd devices
}
