# SPDX-License-Identifier: MIT
# corner.bash - the corner cases: one body, run plain and in views of one and of two lowers
#
#   load helpers
#   load corner
#   @test "..." { corner fd reopen; shown THROUGH; }    # build/e2e/corner_fd reopen

# The tree that every corner case begins with. Times are long ago: what changes one shows.
corner_tree()
{
	lower '
		mkdir -p d/sub/deep e empty only2 t
		echo zero >f; echo one >d/g; echo three >d/sub/three; echo deep >d/sub/deep/x
		echo e >e/e; echo second >only2/s; echo many >h1; ln h1 h2; ln h1 d/h3
		ln -s f link; ln -s d/sub sublink; ln -s nothing dangling; ln -s "$PWD/d" abs
		ln -s loop2 loop1; ln -s loop1 loop2
		mkfifo fifo; chmod 600 e/e; chmod 750 d/sub; chmod 4755 d/g
		setfattr -n user.color -v blue d/g; setfattr -n user.color -v red d
		: >t/zero; truncate -s 100000 t/sparse
		find . -exec touch -h -d 2001-02-03T04:05:06.5 {} +'
}

# A file whose cases need more than the tree has its own.
more_setup()
{
	corner_tree
}

# The lower becomes two that show the same: every second file is in the other one, and what
# that has besides is hidden.
corner_split()
{
	local f

	cp -a "$V" "$T/l2"
	(cd "$P" && find . -type f -links 1 -print0) | sort -z >"$T/names"
	sed -zn 'n;p' "$T/names" | (cd "$V" && xargs -0 rm)
	sed -zn 'p;n' "$T/names" | (cd "$T/l2" && xargs -0 rm)
	rm -r "$V/only2"
	mkdir "$T/l2/hidden"
	touch "$T/l2/hidden/x" "$T/l2/d/hidden" "$T/l2/empty/hidden"
	mknod "$V/hidden" c 0 0
	mknod "$V/d/hidden" c 0 0
	mknod "$V/empty/hidden" c 0 0
	(cd "$P" && find . -type d -print0) | while IFS= read -r -d '' f; do
		test ! -d "$V/$f" || touch -r "$P/$f" "$V/$f"
		test ! -d "$T/l2/$f" || touch -r "$P/$f" "$T/l2/$f"
	done
	LOWERS=("$V" "$T/l2")
	BEFORE=$(digest)
}

# both, then both again from two lowers and an empty upper; the plain copy is made anew
twice()
{
	local dir

	cp -a "$P" "$T/fresh"
	both "$@" || return 1
	for dir in "$P" "$U" "$W"; do
		test ! -e "$dir" || "$FUZZ" clean "$dir" # whatever modes it was left with
	done
	mv "$T/fresh" "$P"
	corner_split
	both "$@" || { echo "with two lowers" >&2; return 1; }
}

# corner WHAT SECTION: build/e2e/corner_WHAT
corner()
{
	local program=${PROGRAMS:-$TOP/build/e2e}/corner_$1

	test -x "$program" || { echo "not built: make e2e-programs" >&2; return 1; }
	twice "'$program' $2"
}
