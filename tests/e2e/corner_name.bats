#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# odd names and long paths

load helpers
load corner

@test "name: path max" {
	corner name path_max
}

@test "name: long symlinks" {
	corner name long_symlinks
}

@test "name: symlink loops" {
	corner name symlink_loops
}

@test "name: physical parent" {
	corner name physical_parent
}

@test "name: linked directory" {
	corner name linked_directory
}

@test "name: odd names" {
	corner name odd_names
}

@test "name: longest names" {
	corner name longest_names
}

@test "name: device 0 0" {
	requires root
	corner name device_0_0
}

@test "name: private xattrs" {
	corner name private_xattrs
}
