#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ovlctl flatten: no redirects and no index in UPPER any more, and the view is what it was

load helpers

more_setup()
{
	layer 2 'mkdir -p a/deep/er c; echo low >a/low; echo 9 >a/deep/9; echo c9 >c/9; mkdir a/opq; echo no >a/opq/no; touch -d 2000-02-02 a/deep a'
	layer 1 'mkdir -p a/b/bb a/deep a/opq c e/s; for i in 1 2 3; do echo $i >a/$i; echo b$i >a/b/$i; echo c$i >c/$i; done
		setfattr -n user.overlay.opaque -v y a/opq; echo yes >a/opq/yes
		ln -s ../c/1 a/l; mkfifo a/p; truncate -s 1M a/holes; echo end >>a/holes; setfattr -n user.k -v v a/2
		echo many >e/h1; ln e/h1 e/h2; ln e/h1 a/h3; ln e/h1 e/s/h4; ln -s to e/y1; ln e/y1 a/y2
		echo twin >a/t1; ln a/t1 a/b/t2
		chmod 640 a/3; chmod 2750 a/b; touch -d "2001-01-01 01:01:01.5" a/1 a/b c e e/s'
}

flatten()
{
	local l args=()

	for l in "${LOWERS[@]}"; do
		args+=(-l "$l")
	done
	"$OVLCTL" flatten "${args[@]}" -u "$U" -w "$W" "$@"
}

# what only ovlrun can show: inode numbers, counts of links and times too
see()
{
	view "$FUZZ" dump "$V"
}

kernel_tree()
{
	mkdir -p "$T/kw"
	mount -t overlay -o "userxattr,lowerdir=$(IFS=:; echo "${LOWERS[*]}"),upperdir=$U,workdir=$T/kw" overlay "$V"
	(tree "$V" && cd "$V" && find . -type f -links +1 | sort) | sed -E 's/ user\.(ovl|containers)\.[^ ]*//g'
	umount "$V"
}

flat()
{
	run ! grep -r . <(cd "$U" && getfattr -hRm 'overlay.redirect' .)
	test ! -e "$W/index" || test -z "$(find "$W/index" -name '[0-9a-f]*-[0-9a-f]*')"
}

# flat_is_same SCRIPT: what SCRIPT does to the view is there after flatten, here and in the kernel
flat_is_same()
{
	in_view "$1"
	see >"$T/before"
	view_tree >"$T/tree"
	(cd "$V" && view find . -type f -links +1 | sort) >>"$T/tree"
	flatten
	flat
	diff "$T/before" <(see)
	flat
	if test "$(id -u)" = 0; then
		diff "$T/tree" <(kernel_tree)
	fi
	lower_unchanged
	no_leftovers
}

@test "flatten: nothing to do, nothing done" {
	flat_is_same 'echo x >a/1; rm a/2; rm -r c; mkdir c; echo y >c/new'
	find "$U" -printf '%p %C@\n' | sort >"$T/u1"
	flatten
	find "$U" -printf '%p %C@\n' | sort | diff "$T/u1" -
}

@test "flatten: a renamed directory with all that is in it" {
	flat_is_same 'mv a A'
	[ "$(getfattr --only-values -n user.overlay.opaque "$U/A")" = y ]
	[ "$(stat -c %b "$U/A/holes")" -lt 1000 ]
}

@test "flatten: changes in a renamed directory, above and below it" {
	flat_is_same 'mv a A; rm A/1 A/b/1; echo x >A/2; rm -r A/deep; mkdir A/deep; echo d >A/deep/d; mkdir a; echo new >a/1; mv c A/b/c; rm A/b/c/9; mv A/b B; echo z >B/bb/z; chmod 700 B/c; mv A/opq o'
}

@test "flatten: a redirect beside itself, as the kernel writes" {
	mkdir -p "$U/A/B"
	setfattr -n user.overlay.redirect -v a "$U/A"
	setfattr -n user.overlay.redirect -v b "$U/A/B"
	mknod "$U/A/b" c 0 0
	mknod "$U/a" c 0 0
	flat_is_same 'test "$(cat A/B/2)" = b2; test ! -e A/b'
}

@test "flatten: hard links through the index" {
	flat_is_same 'echo changed >e/h1; chmod 600 a/t1; chown -h 0:0 e/y1 || true; rm e/h2'
	[ "$(stat -c %i "$U/e/h1")" = "$(stat -c %i "$U/a/h3")" ]
	[ "$(stat -c %h "$U/e/s/h4")" = 3 ]
	[ "$(stat -c %i "$U/a/t1")" = "$(stat -c %i "$U/a/b/t2")" ]
	[ "$(in_view 'stat -c %h e/s/h4; echo more >a/h3; cat e/s/h4 e/h1')" = $'3\nmore\nmore' ]
}

@test "flatten: hard links in a renamed directory and outside of it" {
	flat_is_same 'mv e E; ln E/h2 a/b/five; mv a/b/t2 moved'
	flat_is_same 'echo x >>E/h1; rm a/h3; mv a/b b'
}

@test "flatten: stopped anywhere, the view is what it was, and the next one ends it" {
	requires root strace
	local call n killed=0
	counts_off() { sed 's/ n=[0-9]* / /'; }
	for call in renameat2 linkat fsetxattr lsetxattr fremovexattr unlinkat symlinkat mkdirat; do
		for n in 1 2 5 9; do
			rm -rf "$U" "$W"
			in_view 'mv a A; rm A/1 A/b/1; rm -r A/deep; mkdir A/deep; mv A/b B; echo changed >e/h1; mv c A/b'
			test -e "$T/before" || view_tree >"$T/before"
			strace -qq -o /dev/null -e inject=$call:signal=KILL:when=$n \
				"$OVLCTL" flatten -l "$V" -l "$T/l2" -u "$U" -w "$W" 2>/dev/null ||
				killed=$((killed + 1))
			# counts of links may be off by one until then: link and count are two steps
			diff <(counts_off <"$T/before") <(view_tree | counts_off) || { echo "stopped at $call $n" >&2; return 1; }
			flatten
			flat
			diff "$T/before" <(view_tree) || { echo "after $call $n" >&2; return 1; }
		done
	done
	echo "killed $killed times"
	test "$killed" -gt 20
	lower_unchanged
}

@test "flatten: refused while a run lives, and for wrong use" {
	mkdir -p "$U"
	view sleep 5 &
	local pid=$!
	for i in $(seq 50); do
		test -e "$W/oplock" && break
		sleep 0.05
	done
	run flatten
	kill "$pid"
	wait "$pid" || true
	echo "$output"
	[ "$status" = 2 ]
	[[ $output = "ovlctl: "*"in use"* ]]
	run "$OVLCTL" flatten -l "$V" -u "$T/absent"
	[ "$status" = 2 ]
	[ "${#lines[@]}" = 1 ]
	run "$OVLCTL" flatten -l "$V"
	[ "$status" = 2 ]
	run "$OVLCTL" flatten -l "$V" -u "$V"
	[ "$status" = 2 ]
	[[ $output = *"is lower layer"* ]]
}

@test "flatten: what cannot be read is told, and the directory stays as it is" {
	requires root
	chmod 777 "$T"
	chown -R 4242:4242 "$V"
	chmod 700 "$V/a/b"
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	user "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- mv "$V/a" "$V/A"
	chown -R 0:0 "$V/a/b"
	BEFORE=$(digest)
	run user "$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	echo "$output"
	[ "$status" = 2 ]
	[[ ${lines[0]} = "ovlctl: /A/b"*": Permission denied" ]]
	[ "$(getfattr --only-values -n user.overlay.redirect "$U/A")" = /a ]
	chown -R 4242:4242 "$V/a/b"
	user "$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	flat
	test -f "$U/A/b/t2"
	[ "$(stat -c '%a %u' "$U/A/b")" = "700 4242" ]
}

@test "flatten: owners that an ordinary user cannot set are recorded" {
	requires root
	chmod 777 "$T"
	chown 4242:4242 "$V"
	chmod o+rx "$V/a/3" "$V/a/b" # what the user may not read stays where it is
	BEFORE=$(digest)
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	user_sees() { user "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- "$FUZZ" dump "$V"; }
	user "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- mv "$V/a" "$V/A"
	user_sees >"$T/before"
	user "$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	flat
	diff "$T/before" <(user_sees)
	[ "$(stat -c %u "$U/A/l" "$U/A/p" "$U/A/1" | sort -u)" = 4242 ]
	grep -q '"@/A/l" {l0777 0:0' "$T/before"
	lower_unchanged
}

@test "flatten: a program's own device 0/0 is kept, and told" {
	requires root
	lower 'mkdir -p a/b; echo x >a/f'
	in_view 'mv a A; mknod A/dev c 0 0; mkdir new; mknod new/dev c 0 0'
	run "$OVLCTL" flatten -l "$V" -u "$U" -w "$W"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c 'takes it for a whiteout' <<<"$output")" = 2 ]
	grep -q '/A/dev: a character device 0/0' <<<"$output"
	in_view 'test -c A/dev; test -c new/dev; test -f A/f'
}

@test "flatten: a file that who moved it could not read gets its content" {
	requires root setpriv
	lower 'mkdir d; chmod 777 d; echo secret >d/f; setfattr -n user.k -v value d/f; chmod 600 d/f; touch -d 2003-03-03 d/f'
	chmod 711 "$T"
	within_reach
	mkdir -m 777 "$T/theirs"
	U=$T/theirs/u W=$T/theirs/w AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	in_view 'mv d/f d/g'
	AS=()
	getfattr -n user.ovl.data "$U/d/g"
	run ! cat "$T/none" "$U/d/f"
	[ "$(cat "$U/d/g")" != secret ]
	flatten
	[ "$(cat "$U/d/g")" = secret ]
	[ "$(getfattr --only-values -n user.k "$U/d/g")" = value ]
	[ "$(date -r "$U/d/g" +%F)" = 2003-03-03 ]
	run ! getfattr -n user.ovl.data "$U/d/g"
	run ! getfattr -n user.overlay.metacopy "$U/d/g"
	[ "$(in_view 'stat -c "%U %a %s" d/g; cat d/g')" = $'root 600 7\nsecret' ]
	lower_unchanged
}
