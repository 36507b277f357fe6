#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# threads, forks and signals that meet, and descriptors closed in heaps

load helpers
load corner

@test "process: vforked" {
	corner process vforked
}

@test "process: cloned" {
	corner process cloned
}

@test "process: shared cwd" {
	corner process shared_cwd
}

@test "process: threads that fork" {
	corner process threads_that_fork
}

@test "process: interrupted" {
	corner process interrupted
}

@test "process: everything closed" {
	corner process everything_closed
}

@test "process: every number taken" {
	corner process every_number_taken
}

@test "process: standard ones closed" {
	corner process standard_ones_closed
}
