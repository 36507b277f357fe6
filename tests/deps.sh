#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh ensure|install - what build and tests need, from Debian
#
# ensure: does nothing when all is there. Otherwise, and with install: apt-get when root;
# for others the exact line to run, and failure.
set -u

packages='gcc clang make binutils libc6-dev libelf-dev libcriterion-dev bats cppcheck
clang-format strace gdb attr acl git python3 python3-venv perl sqlite3 libsqlite3-dev vim rsync
dpkg-dev patch util-linux bsdutils busybox-static musl-tools golang-go procps e2fsprogs xfsprogs btrfs-progs'

missing()
{
	for p in $packages; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)
		test "$state" = installed || printf '%s ' "$p"
	done
}

want=$(missing)
if test -z "$want"; then
	exit 0
fi
line="apt-get install -y --no-install-recommends $want"
if test "$(id -u)" != 0; then
	echo "missing: run as root: apt-get update && $line" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update && exec $line
