#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# the whole machine as the lower: no options at all, and -l / with programs

load helpers

# whole CMD...: the view is everything; upper and work in $T
whole()
{
	"$OVLRUN" -q -u "$U" -w "$W" -- "$@"
}

@test "no options at all: /etc is changed in the view, the real one is not" {
	local before after
	before=$(stat -c '%i %Y %Z %s' /etc /etc/hostname; ls -a /etc)
	if test "$(id -u)" = 0; then
		run env TMPDIR="$T" "$OVLRUN" -- sh -c 'echo x > /etc/ovl-proof; cat /etc/ovl-proof; rm /etc/hostname; ls /etc'
		[ "$status" = 0 ]
		[ "${lines[0]}" = x ]
		[[ $output = *ovl-proof* ]]
		[[ $'\n'$output$'\n' != *$'\n'hostname$'\n'* ]]
		[[ $output = *"$T"* ]] || { echo "upper is not named: $output"; false; }
	else
		run env TMPDIR="$T" "$OVLRUN" -- sh -c 'echo x > /etc/ovl-proof || echo refused; rm /etc/hostname || echo kept; ls /etc'
		[[ $output = *refused*kept* ]]
	fi
	test ! -e /etc/ovl-proof
	after=$(stat -c '%i %Y %Z %s' /etc /etc/hostname; ls -a /etc)
	[ "$before" = "$after" ]
}

@test "-l /: a home directory of the view is written, the real one is not" {
	mkdir "$T/home"
	echo real >"$T/home/f"
	run whole sh -c "cd '$T/home'; echo view >f; mkdir d; echo 1 >d/1; cat f d/1; ls; pwd"
	[ "$output" = $'view\n1\nd\nf\n'"$T/home" ]
	[ "$(cat "$T/home/f")" = real ]
	[ ! -e "$T/home/d" ]
	[ "$(cat "$U$T/home/f")" = view ]
	run whole cat "$T/home/f"
	[ "$output" = view ]
}

@test "-l /: upper and work are hidden" {
	run whole sh -c "echo x >'$T/x'; ls '$T'; ls '$U'; cat '$U$T/x'; find '$T' | sort"
	[[ $output != *$'\nu\n'* ]]
	[[ $output = *"No such file"* ]]
	run ! whole test -e "$U"
	run ! whole test -e "$W"
}

@test "-l /: ls, python3, git, gcc and perl start and work" {
	mkdir "$T/d"
	cd "$T/d"
	run whole sh -c '
		ls /usr/bin >/dev/null && echo ls; python3 -c "import json; print(json.dumps(1))"
		git init -q r && cd r && git status --short && echo git
		echo "int main(void) { return 0; }" >m.c && gcc m.c && ./a.out && echo gcc
		perl -e "print qq(perl\n)"; getent passwd root | cut -d: -f1; id -un >/dev/null && echo id; date +%Y >/dev/null && echo date'
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = $'ls\n1\ngit\ngcc\nperl\nroot\nid\ndate' ]
	[ -z "$(ls -A "$T/d")" ]
}

@test "-l /: /proc, /sys and /dev are the real ones" {
	local real=/dev/shm/ovl-rand-e2e-$$
	test -w /dev/shm || skip "needs /dev/shm"
	run whole sh -c 'test -d /proc/self/fd && echo proc; test -d /sys/kernel && echo sys; echo x >/dev/null && echo dev; test -t 0 </dev/null || echo no tty; ls /dev | grep -cx null; echo x >"$1" && echo shm' sh "$real"
	echo "$output"
	[ "$(cat "$real" && rm "$real")" = x ]
	[ "$output" = $'proc\nsys\ndev\nno tty\n1\nshm' ]
}

@test "-p: a directory left as it is" {
	mkdir "$T/pass" "$T/held"
	"$OVLRUN" -q -u "$U" -w "$W" -p "$T/pass" -- sh -c "echo 1 >'$T/pass/f'; echo 2 >'$T/held/f'"
	[ "$(cat "$T/pass/f")" = 1 ]
	[ ! -e "$T/held/f" ]
}

@test "-r: changes answer EROFS, and nothing is made" {
	lower 'mkdir d; echo 1 >d/f'
	run "$OVLRUN" -q -r -l "$V" -- sh -c "cat '$V/d/f'; echo 2 >'$V/d/f'; mkdir '$V/e'; rm '$V/d/f'; ls '$V'"
	[[ $output = 1*"ead-only file system"*"ead-only file system"*"ead-only file system"* ]]
	lower_unchanged
}

@test "-m: the view elsewhere; the lower's own path is read-only" {
	lower 'mkdir d; echo 1 >d/f'
	mkdir "$T/m"
	run "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -m "$T/m" -- sh -c "cd '$T/m'; cat d/f; echo 2 >d/f; cat d/f; pwd -P; cat '$V/d/f'; echo 3 >'$V/d/f'; mv d e; ls; ls '$V'"
	echo "$output"
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = 2 ]
	[ "${lines[2]}" = "$T/m" ]
	[ "${lines[3]}" = 1 ]
	[[ ${lines[4]} = *"ead-only file system"* ]]
	[ "${lines[5]}" = e ]
	[ "${lines[6]}" = d ]
	[ -z "$(ls -A "$T/m")" ]
	lower_unchanged
}

@test "-C: the command starts there, in the view" {
	lower 'mkdir d'
	view mkdir "$V/new"
	run "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -C "$V/new" -- pwd
	[ "$output" = "$V/new" ]
	run "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -C "$V/nothing" -- pwd
	[ "$status" = 125 ]
}

@test "a view entered through a symlink, .., /proc/self/cwd and a descriptor from outside" {
	lower 'mkdir -p d/e; echo low >d/f; ln -s d l'
	ln -s "$V" "$T/into"
	mkdir "$T/outside"
	cd "$T/outside"
	exec 7<"$V/d"
	run view bash -c "
		echo 1 >'$T/into/d/1'; cat '$V/d/1'; echo 2 >>'$T/outside/../v/tree/d/f'; cat '$V/d/f'; cat '$T/into/l/../d/1'
		cd '$V/d'; echo 3 >/proc/self/cwd/3; cat 3; cat /proc/self/fd/7/f; ls /dev/fd/7/; readlink -f '$T/into/l'; cat ../../../into/d/f"
	exec 7<&-
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = $'1\nlow\n2\n1\n3\nlow\n2\n1\n3\ne\nf\n'"$V/d"$'\nlow\n2' ]
	lower_unchanged
}

@test "UPPER is there: two runs in turn, the second sees the first's" {
	lower 'echo 1 >f; mkdir d'
	in_view 'echo 2 >f; rmdir d; mkdir n; ln f g; mv n m'
	run in_view 'cat f g; ls; stat -c %h f'
	[ "$output" = $'2\n2\nf\ng\nm\n2' ]
	lower_unchanged
	no_leftovers
}

@test "a signal that ends the command ends ovlrun; status and 127, 126" {
	lower ':'
	run view sh -c 'kill -TERM $$'
	[ "$status" = 143 ]
	run view sh -c 'exit 42'
	[ "$status" = 42 ]
	run view /nothing/here
	[ "$status" = 127 ]
	run view /etc/passwd
	[ "$status" = 126 ]
}
