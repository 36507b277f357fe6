#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# names that come and go, and directories that are read meanwhile

load helpers
load corner

# many N: a directory of N files, in both lowers
many()
{
	lower "mkdir many; (cd many; seq $1 | xargs touch)"
}

@test "dir: unlink then exclusive" {
	corner dir unlink_then_exclusive
}

@test "dir: directory anew" {
	corner dir directory_anew
}

@test "dir: file and directory" {
	corner dir file_and_directory
}

@test "dir: delete while reading" {
	many 10000
	corner dir delete_while_reading
}

@test "dir: small buffers" {
	corner dir small_buffers
}

@test "dir: positions" {
	many 1000
	corner dir positions
}

@test "dir: shared positions" {
	many 1000
	corner dir shared_positions
}

@test "dir: types" {
	corner dir types
}

@test "dir: create while reading" {
	many 1000
	corner dir create_while_reading
}
