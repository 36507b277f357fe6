#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh - build a real package in the view and change it; its source tree, the lower layer,
# stays as it was
#
# The source is that of GNU hello, by apt-get source. Where that is not possible, a small C
# project of our own takes its place, and we say so.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/ovl-demo.XXXXXX")
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT
log=$work/log
. "$here/tests/hello.sh"

say()
{
	printf '\n== %s\n' "$*"
}

# Sources, a configure script and a Makefile: what a package has, in small.
embed_project()
{
	mkdir "$work/src" "$work/src/tests"
	echo 'first release' >"$work/src/NEWS"
	echo './hello | grep -q Hello' >"$work/src/tests/greet.sh"
	cat >"$work/src/configure" <<-'END'
		#!/bin/sh
		echo "#define COUNT 1" >config.h
		sed "s/@CC@/${CC:-cc}/" Makefile.in >Makefile
	END
	printf 'hello: hello.o\n\t@CC@ -o $@ $^\nhello.o: hello.c config.h\n\t@CC@ -c -o $@ $<\n' \
		>"$work/src/Makefile.in"
	cat >"$work/src/hello.c" <<-'END'
		#include <stdio.h>
		#include "config.h"
		int main(void)
		{
			for (int i = 0; i < COUNT; i++)
				puts("Hello, world!");
			return 0;
		}
	END
	chmod +x "$work/src/configure"
}

# Names, types, modes, owners, times and content of the source tree, as one number.
digest()
{
	(cd "$work/src" && {
		find . -printf '%P\t%y %m %U:%G %T@ %l\n' | LC_ALL=C sort
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
	}) | sha256sum | cut -d' ' -f1
}

in_view()
{
	"$here/ovlrun" -q -l "$work/src" -u "$work/upper" -C "$work/src" -- "$@"
}

say "Source: GNU hello, by apt-get source"
if ! fetch_hello "$work" "$work/src" "$log"; then
	tail -3 "$log" 2>/dev/null || true
	echo "not possible here: taking a small C project of our own instead"
	embed_project
fi
before=$(digest)
files=$(find "$work/src" -type f | wc -l)
echo "lower layer $work/src: $files files, digest $before"

say "ovlrun -l SRC -u UPPER -- sh -c './configure && make'"
# some configure scripts refuse root
if ! FORCE_UNSAFE_CONFIGURE=1 in_view sh -c './configure && make' >"$log" 2>&1; then
	tail -20 "$log"
	echo "the build failed" >&2
	exit 1
fi
grep -v 'ing directory' "$log" | tail -3 | cut -c1-100

say "ovlrun -l SRC -u UPPER -- ./hello"
in_view ./hello

say "The same for sh: edit and build again, remove a file, rename a directory"
cat >"$work/steps" <<'END'
set -e
sed -i 's/Hello, world!/Hello, view!/' $(find . -name hello.c)
make >/dev/null
./hello
rm NEWS
mv tests checks
END
sed 's/^/    /' "$work/steps"
in_view sh -c "$(cat "$work/steps")" 2>"$log" || {
	tail -20 "$log"
	echo "the change failed" >&2
	exit 1
}

say "ovlctl diff -l SRC -u UPPER    (A added, M modified, D removed, R renamed to)"
"$here/ovlctl" diff -l "$work/src" -u "$work/upper" >"$work/changes" || test $? = 1
for letter in A M D T R; do
	n=$(grep -c "^$letter " "$work/changes" || true)
	test "$n" = 0 || printf '%5d %s   first: %s\n' "$n" "$letter" \
		"$(grep -m1 "^$letter " "$work/changes" | cut -c3- | sed "s|^$work/src/||")"
done

say "The lower layer"
after=$(digest)
echo "before $before"
echo "after  $after"
if test "$before" != "$after" || test -e "$work/src/hello"; then
	echo "the lower layer CHANGED" >&2
	exit 1
fi
echo "unchanged; the program exists in the view only"
