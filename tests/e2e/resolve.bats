#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# resolve.bats - openat2(2) with each RESOLVE_ flag, and pairs of them, as on a plain tree

load helpers

more_setup()
{
	export R=$TOP/build/e2e/resolve
	test -x "$R" || { R=$T/resolve; cc -D_GNU_SOURCE -O2 -o "$R" "$BATS_TEST_DIRNAME/bin/resolve.c"; }
}

fill()
{
	lower 'mkdir -p d/e/g mnt; echo f >f; echo h >d/h; ln -s h d/l; ln -s ../f d/up; ln -s e/../../f d/far
		ln -s '"$V"'/f d/abs; ln -s '"$V"'/d d/dabs; ln -s . d/here; ln -s /proc/self/cwd d/cwd
		ln -s /h d/root; ln -s nothing d/dangling; ln -s loop d/loop'
}

PATHS='h ./h e/../h e/../../f .. ../f ../d/h ../../tree/d/h l up far abs dabs dabs/h e/../abs here/h here/up root /h
	dangling loop loop/x missing missing/x h/x e/g/../../h /proc/self/cwd /proc/self/cwd/h cwd cwd/h /proc/self/fd/5
	/proc/self/root /proc/self /dev/null /tmp /../proc //'

@test "openat2: every flag, every kind of path, from a lower directory" {
	fill
	both 'cd d; exec 5<h; '"$R $(echo $PATHS) $V/d/h $V/d/../f"
	shown 'h: ok ok'
	shown EXDEV
	shown ELOOP
}

@test "openat2: the same from a directory that is on upper, and from a new one" {
	fill
	both 'chmod 700 d; echo >>d/h; mv d/e d/ee; mkdir d/e; mv d/ee/g d/e; cd d; exec 5<h; '"$R $(echo $PATHS)"
	both 'mkdir n; cp -a d/. n; cd n; exec 5<h; '"$R $(echo $PATHS)"
}

@test "openat2: what is opened for writing lands in upper, by whatever way" {
	fill
	both 'cd d; exec 5<h; '"$R"' -w h e/../h l up far abs dabs/h e/../abs ../f here/h root cwd/h /proc/self/fd/5 missing; cat h ../f'
	test -e "$U/d/h"
}

@test "openat2: another mount below the lower is one in the view too" {
	requires root unshare
	fill
	mount -t tmpfs tmpfs "$V/mnt"
	mkdir "$V/mnt/m"
	echo x >"$V/mnt/x"
	ln -s mnt/x "$V/to"
	ln -s "$V/f" "$V/mnt/back"
	BEFORE=$(digest)
	local script="$R mnt mnt/x mnt/m to mnt/.. mnt/../f mnt/m/../../f mnt/back d/../mnt $V/mnt $V/f; cd mnt; $R x m m/.. .. ../f ../mnt back"
	(cd "$V" && bash -uc "$script") >"$T/p.out"
	in_view "$script" >"$T/v.out"
	diff "$T/p.out" "$T/v.out"
	in_view 'echo y >mnt/x; echo n >mnt/new; chmod 711 mnt'
	in_view "$script; $R new" >"$T/v.out"
	diff <(cat "$T/p.out"; grep ^x: "$T/p.out" | sed s/^x/new/) "$T/v.out"
	lower_unchanged
}

@test "openat2: layers on other mounts than the first are no crossing" {
	requires root
	mkdir "$T/l2"
	mount -t tmpfs tmpfs "$T/l2"
	layer 1 'mkdir d; echo 1 >d/one'
	layer 2 'mkdir -p d low/e; echo 2 >d/two; echo e >low/e/f'
	run in_view "$R d d/one d/two low low/e/f low/../d low/e/../../d/one; cd low/e; $R f .. ../../d/two"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(awk '{ print $3 }' <<<"$output" | sort | uniq -c | xargs)" = '10 ok' ] # RESOLVE_NO_XDEV
}
