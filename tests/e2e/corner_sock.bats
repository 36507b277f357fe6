#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# messages between named sockets, and where they come from

load helpers
load corner

@test "sock: from recvfrom" {
	corner sock from_recvfrom
}

@test "sock: from recvmsg" {
	corner sock from_recvmsg
}

@test "sock: from recvmmsg" {
	corner sock from_recvmmsg
}

@test "sock: by sendmmsg" {
	corner sock by_sendmmsg
}

@test "sock: full queue" {
	corner sock full_queue
}
