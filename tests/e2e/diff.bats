#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ovlctl diff: an upper made by hand, so that no engine is asked.

bats_require_minimum_version 1.5.0
load launcher

setup()
{
	launcher_setup
	mkdir up
	user=$(id -u)
}

teardown()
{
	launcher_teardown
}

# changes LINE...: these are exactly the lines, with the view root before each path
changes()
{
	local expect=
	local line
	for line in "$@"; do
		expect+="${line%% *} $T/low/${line#* }"$'\n'
	done
	run "$OVLCTL" diff -l low -u up
	echo "status $status: $output"
	test "$output" = "${expect%$'\n'}"
	if test $# = 0; then
		test "$status" = 0
	else
		test "$status" = 1
	fi
}

@test "nothing in upper: no line, 0" {
	changes
}

@test "A: each object of an added tree" {
	mkdir -p up/new/deep
	touch up/new/deep/file
	ln -s x up/new/link
	changes "A new" "A new/deep" "A new/deep/file" "A new/link"
}

@test "an exact copy, and its directory, are no change" {
	mkdir up/d
	cp -a low/f up/f
	changes
}

@test "M: content of the same size and time" {
	cp -a low/f up/f
	echo LOWER >up/f
	touch -r low/f up/f
	changes "M f"
}

@test "M: size, time, mode, xattr" {
	cp -a low/f low/g
	cp -a low/f low/h
	cp -a low/f low/i
	cp -a low/f low/g low/h low/i up
	echo longer >>up/f
	touch -d 2001-01-01 up/g
	chmod 600 up/h
	chmod 640 low/h
	setfattr -n user.mine -v x up/i
	changes "M f" "M g" "M h" "M i"
}

@test "M: an xattr that is gone, and one with another value" {
	setfattr -n user.mine -v x low/f
	cp -a low/f low/g
	cp -a low/g up/g
	cp --preserve=mode,timestamps low/f up/f
	setfattr -n user.mine -v y up/g
	changes "M f" "M g"
}

@test "M: owner, as root" {
	test "$user" = 0 || skip "needs root"
	cp -a low/f up/f
	chown 12:34 up/f
	changes "M f"
}

@test "an owner and mode that were recorded count instead of the copy's" {
	cp -a low/f up/f
	chmod 600 low/f up/f
	setfattr -n user.containers.override_stat -v "$user:$(id -g):600" up/f
	changes
	setfattr -n user.containers.override_stat -v "$user:$(id -g):644" up/f
	changes "M f"
	setfattr -n user.containers.override_stat -v "4711:$(id -g):600" up/f
	changes "M f"
}

@test "M: a directory's mode, not its time" {
	mkdir -m 755 up/d
	chmod 755 low/d
	touch -d 2001-01-01 up/d
	changes
	chmod 700 up/d
	changes "M d"
}

@test "M: a symlink's target" {
	ln -s one low/link
	cp -a low/link up/link
	changes
	ln -sf two up/link
	touch -h -r low/link up/link
	changes "M link"
}

@test "xattrs of the overlay's own are not compared" {
	cp -a low/f up/f
	setfattr -n user.ovl.origin -v x up/f
	setfattr -n user.overlay.origin -v x up/f
	changes
}

@test "D: the topmost of a removed tree; a whiteout over nothing is none" {
	mkdir -p low/tree/below
	mknod up/tree c 0 0
	mknod up/f c 0 0
	mknod up/nothing c 0 0
	changes "D f" "D tree"
}

@test "D: what an opaque directory hides" {
	mkdir -p low/dir/sub up/dir
	touch low/dir/a low/dir/b low/dir/sub/c
	setfattr -n user.overlay.opaque -v y up/dir
	cp -a low/dir/b up/dir
	touch up/dir/aa
	changes "D dir/a" "A dir/aa" "D dir/sub"
}

@test "T: another type" {
	mkdir up/f
	touch up/f/inside
	touch up/d
	changes "T d" "T f" "A f/inside"
}

@test "R: a renamed directory, with what changed in it" {
	mkdir -p low/old/sub up/new
	echo 1 >low/old/sub/one
	mknod up/old c 0 0
	setfattr -n user.overlay.redirect -v /old up/new
	changes "R new" "D old"
	mkdir up/new/sub
	echo 2 >up/new/sub/two
	mknod up/new/sub/one c 0 0
	changes "R new" "D new/sub/one" "A new/sub/two" "D old"
	setfattr -n user.overlay.redirect -v old up/new
	changes "R new" "D new/sub/one" "A new/sub/two" "D old"
}

@test "several lowers: what one hides of another is not there" {
	mkdir -p low2/d
	echo x >low2/d/hidden
	echo x >low2/d/shown
	mknod low/d/hidden c 0 0
	mkdir up/d
	mknod up/d/hidden c 0 0
	mknod up/d/shown c 0 0
	mknod up/g c 0 0
	run "$OVLCTL" diff -l low:low2 -u up
	test "$status" = 1
	test "$output" = "D $T/low/d/shown"$'\n'"D $T/low/g"
}

@test "the order is that of the bytes, whatever the locale" {
	touch up/b up/a up/B up/é
	changes "A B" "A a" "A b" "A é"
}

@test "control characters in names" {
	touch up/$'a\nb' up/$'c\td' up/'e\f'
	changes 'A a\nb' 'A c\011d' 'A e\\f'
}

@test "a very deep tree" {
	local i
	(
		cd up
		for i in $(seq 600); do
			mkdir aaaaaaaa
			cd aaaaaaaa
		done
	)
	ulimit -Sn 256
	run "$OVLCTL" diff -l low -u up
	test "$status" = 1
	test "${#lines[@]}" = 600
}

@test "-m: where the view appeared" {
	touch up/new
	run "$OVLCTL" diff -l low -u up -m /elsewhere
	test "$output" = "A /elsewhere/new"
	run "$OVLCTL" diff -u up -l low -m /
	test "$output" = "A /new"
}

@test "trouble: 2, and a line" {
	run "$OVLCTL" diff -l low -u absent
	test "$status" = 2
	test "${#lines[@]}" = 1
	run "$OVLCTL" diff -l absent -u up
	test "$status" = 2
	run "$OVLCTL" diff -l low
	test "$status" = 2
	run "$OVLCTL" diff -l low -u up --nope
	test "$status" = 2
	test "${#lines[@]}" = 1
	run "$OVLCTL" nope
	test "$status" = 2
	run "$OVLCTL"
	test "$status" = 2
}

@test "trouble: a directory that cannot be read" {
	test "$user" != 0 || skip "root may read everything"
	mkdir up/closed
	chmod 0 up/closed
	run "$OVLCTL" diff -l low -u up
	test "$status" = 2
	[[ $output == *"closed: Permission denied"* ]]
}

@test "help: 0" {
	run "$OVLCTL" --help
	test "$status" = 0
	[[ $output == *"diff"* ]]
	run "$OVLCTL" diff --help
	test "$status" = 0
	[[ $output == *"--upper"* ]]
}

@test "hard links: each name that shows the change has its line" {
	mkdir -p low/e/s
	echo 1 >low/h1
	ln low/h1 low/e/h2
	ln low/h1 low/e/s/h3
	ln low/h1 low/h4
	"$OVLRUN" -q -l low -u up -- sh -c "cd '$T/low' && echo two >e/h2 && rm h4 && mv e/s S"
	run "$OVLCTL" diff -l low -u up -m /v
	echo "$output"
	[ "$status" = 1 ]
	[ "$output" = $'R /v/S\nM /v/S/h3\nM /v/e/h2\nD /v/e/s\nM /v/h1\nD /v/h4' ]
}

@test "an owner that is recorded of a symlink or FIFO counts" {
	test "$(id -u)" = 0 || skip "needs root, to become somebody else"
	rmdir up
	chmod 777 . tmp
	chmod 755 low
	mkdir low/sub
	ln -s f low/sub/l
	mkfifo low/sub/p
	chown 4242 low
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	# nothing but copies: ownership does not change by it
	user "$OVLRUN" -q -l low -u up -- mv "$T/low/sub" "$T/low/SUB"
	user "$OVLCTL" flatten -l low -u up
	[ "$(stat -c %u up/SUB/l up/SUB/p | sort -u)" = 4242 ]
	rm up/sub # as if never moved: what is in SUB is then compared with what sub had
	mv up/SUB up/sub
	setfattr -x user.overlay.opaque up/sub
	run user "$OVLCTL" diff -l low -u up
	echo "$output"
	[ "$status" = 0 ]
}

@test "A: a program's own character device 0/0" {
	test "$(id -u)" = 0 || skip "needs root"
	touch low/d/gone
	"$OVLRUN" -q -l low -u up -- sh -c 'mknod low/dev c 0 0; rm low/d/gone; mknod low/d/dev c 0 0; rm low/f; mknod low/f c 0 0'
	changes "A d/dev" "D d/gone" "A dev" "T f"
	rm up/dev
	mknod up/dev c 0 0
	changes "A d/dev" "D d/gone" "T f"
}
