#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# rename in all its variants, and what is open while it happens

load helpers
load corner

@test "rename: files" {
	corner rename files
}

@test "rename: refused" {
	corner rename refused
}

@test "rename: trailing slashes" {
	corner rename trailing_slashes
}

@test "rename: to itself" {
	corner rename to_itself
}

@test "rename: directories" {
	corner rename directories
}

@test "rename: moved twice and back" {
	corner rename moved_twice_and_back
}

@test "rename: noreplace" {
	corner rename noreplace
}

@test "rename: exchange" {
	corner rename exchange
}

@test "rename: whiteout" {
	corner rename whiteout
}

@test "rename: open descriptors follow" {
	corner rename open_descriptors_follow
}

@test "rename: descriptors over exchange" {
	corner rename descriptors_over_exchange
}

@test "rename: descriptors of what was there" {
	corner rename descriptors_of_what_was_there
}
