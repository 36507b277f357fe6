#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh - the competitors, and a package to build, from Debian
#
# When root: by apt-get; what of it there is not is left out. For others: the line to run.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/tests/hello.sh"

line='apt-get install -y --no-install-recommends'
for package in fuse-overlayfs unionfs-fuse proot fakechroot strace git sqlite3 dpkg-dev; do
	if test "$(id -u)" = 0; then
		DEBIAN_FRONTEND=noninteractive $line $package || echo "$package: left out" >&2
	else
		line="$line $package"
	fi
done
test "$(id -u)" = 0 || echo "as root: $line" >&2

hello=$here/build/bench/hello
test ! -d "$hello" || exit 0
mkdir -p "$here/build/bench"
work=$(mktemp -d "${TMPDIR:-/tmp}/ovl-bench-deps.XXXXXX")
trap 'rm -rf "$work"' EXIT
fetch_hello "$work" "$hello" "$work/log" || { tail -3 "$work/log"; echo "hello: left out" >&2; }
