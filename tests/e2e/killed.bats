#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# a process that is killed at any instruction, or refused any call, leaves the old state or the new one

load helpers

@test "killed in front of each changing system call: the old tree or the new one, in this run, the next, and the kernel's" {
	requires python3
	run "$TOP/tests/kill/run.py" --short --ovlrun "$OVLRUN" --fs "${OVL_TEST_FS:-/tmp}"
	echo "# ${lines[-1]}" >&3
	echo "$output"
	[ "$status" = 0 ]
}

@test "each changing system call refused: the errno is told and the tree is the old one, or the new one without an error" {
	requires python3
	local error
	for error in EDQUOT EROFS+; do # over quota for once, and read-only from there on
		run "$TOP/tests/kill/run.py" --short --error $error --ovlrun "$OVLRUN" --fs "${OVL_TEST_FS:-/tmp}"
		echo "# $error: ${lines[-1]}" >&3
		echo "$output"
		[ "$status" = 0 ]
	done
}

@test "no room for a copy: the errno is right, the lower file is shown as it was, and no half copy" {
	requires python3
	lower 'mkdir d; head -c 200000 /dev/zero | tr "\0" x >d/f; echo g >d/g; ln d/f h'
	both 'python3 -c "
import os, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
for how in (os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_TRUNC):
    try: os.close(os.open(\"d/g\", how)); print(\"opened\")
    except OSError as e: print(e.strerror)
print(len(open(\"d/f\").read()), os.stat(\"h\").st_nlink)
"'
	shown 200000
	in_view 'ulimit -f 100; trap "" XFSZ; ! echo more >>d/f'
	[ ! -e "$U/d/f" ]
	[ "$(in_view 'stat -c "%s %h" d/f')" = "200000 2" ]
	lower_unchanged
	no_leftovers
}

@test "UPPER full in mid-run: ENOSPC, nothing lost, and it goes on when there is room again" {
	requires root
	upper_on_tmpfs -o size=28m
	lower 'mkdir d; for i in 1 2 3 4; do head -c 4000000 /dev/zero | tr "\0" $i >d/$i; done'
	run in_view 'for i in 1 2 3 4; do echo more >>d/$i || echo "refused $i"; done
		stat -c "%n %s" d/*; rm d/1; echo more >>d/4 && stat -c "%n %s" d/4'
	echo "$output"
	[[ $output = *"No space left on device"* ]]
	[[ $output = *"refused 4"* ]]
	[[ $output = *"d/1 4000005"*"d/4 4000000"*"d/4 4000005" ]]
	[ "$(in_view 'stat -c %s d/4; ls d')" = $'4000005\n2\n3\n4' ]
	lower_unchanged
	no_leftovers
}
