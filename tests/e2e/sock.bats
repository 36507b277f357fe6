#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# AF_UNIX sockets that have a name

load helpers

more_setup()
{
	requires python3
	lower '
		mkdir -p sub/deep; ln -s sub/deep link
		echo x >file; ln -s file symlink; ln -s nothing dangling; echo x >removed
	'
}

@test "sockets: every address is told as on a plain file system" {
	both "python3 $TOP/tests/e2e/bin/sockets.py \$PWD"
	shown relative-client
	shown "b'inet'"
}

@test "sockets: the same where upper and work are too far for an address" {
	local far=$T/$(printf 'f%.0s' {1..100})

	mkdir "$far"
	U=$far/u W=$far/w
	both "python3 $TOP/tests/e2e/bin/sockets.py \$PWD"
	shown relative-client
}

@test "sockets: the same in two lowers" {
	layer 2 'mkdir -p sub/deep; echo y >file2'
	echo y >"$P/file2"
	both "python3 $TOP/tests/e2e/bin/sockets.py \$PWD"
}

@test "sockets: one that listens outside, in the lower, is reached through the view" {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(5)
while True:
    c, _ = s.accept()
    c.sendall(b"hello")
    c.close()' "$V/listening" 3>&- &
	local server=$!

	until test -S "$V/listening"; do sleep 0.05; done
	# elsewhere, so that nothing but the view leads there
	mkdir "$T/m"
	run "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -m "$T/m" -- env -C "$T/m" python3 -c 'import os, socket
for path in "listening", os.getcwd() + "/listening", "sub/../listening":
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    print(s.recv(9), s.getpeername() == os.getcwd() + "/listening")'
	kill "$server"
	echo "$output"
	test "$status" = 0
	test "$(grep -c "b'hello' True" <<<"$output")" = 3
}
