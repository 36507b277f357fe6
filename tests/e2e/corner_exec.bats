#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# every way to execute what is in the tree

load helpers
load corner

more_setup()
{
	corner_tree
	(
		cd "$V"
		mkdir bin
		cp "$TOP/build/e2e/corner_exec" bin/prog
		printf '#!/bin/sh\necho low "$0" "$@"; cat f\n' >lowscript
		chmod 755 bin/prog lowscript
	)
	lower :
}

@test "exec: by name" {
	corner exec by_name
}

@test "exec: by descriptor" {
	corner exec by_descriptor
}

@test "exec: memfd" {
	corner exec memfd
}

@test "exec: arguments" {
	corner exec arguments
}

@test "exec: refused" {
	corner exec refused
}

@test "exec: scripts" {
	corner exec scripts
}

@test "exec: spawned" {
	corner exec spawned
}
