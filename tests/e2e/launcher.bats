#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The launcher: wrong use, what it makes and removes, exit status, signals, job control.

bats_require_minimum_version 1.5.0
load launcher

setup()
{
	launcher_setup
}

teardown()
{
	launcher_teardown
}

@test "wrong use: an unknown option" {
	refused "--nope" -l low -u up --nope true
}

@test "wrong use: no command" {
	refused "no command" -l low -u up
}

@test "wrong use: a lower that is missing" {
	refused "absent: No such file" -l absent -u up true
	refused "absent: No such file" -l low:absent -u up true
}

@test "wrong use: a lower that is no directory" {
	refused "low/f: Not a directory" -l low/f -u up true
}

@test "wrong use: too many lowers" {
	local most many
	most=$(sed -n 's/^#define OVL_LOWER_MAX *\([0-9]*\).*/\1/p' \
		"$BATS_TEST_DIRNAME/../../include/ovl_session.h")
	many=$(printf 'low:%.0s' $(seq "$most"))
	"$OVLRUN" -l "${many%:}" -u up true
	rm -r up
	refused "more than $most" -l "${many}low" -u up true
}

@test "wrong use: upper equal to a lower, under another name too" {
	ln -s low alias
	refused "lower layer" -l low -u low true
	refused "lower layer" -l low -u alias true
}

@test "wrong use: upper above a lower" {
	refused "or above it" -l low -u . true
	refused "or above it" -l low2 -l low/d -u low true
}

@test "wrong use: upper or work inside a lower, also a new one, a second lower, a temporary one" {
	mkdir low/d/up up
	refused "inside lower layer" -l low -u low/d/up true
	refused "inside lower layer" -l low -u low/new true
	refused "inside lower layer" -l low:low2 -u low2/d2/new true
	refused "inside lower layer" -l low -u up -w low/w true
	TMPDIR=$PWD/low/d refused "set TMPDIR" -l low true
	TMPDIR=$PWD/low/d refused "set TMPDIR" -l low -r true
}

@test "wrong use: upper inside a lower that a bind mount gives another name" {
	test "$(id -u)" = 0 || skip "mounting takes root"
	mkdir other
	mount --bind low other
	refused "inside lower layer" -l low -u other/new true || { umount other; false; }
	umount other
}

@test "wrong use: upper is no directory" {
	touch file
	refused "file: not a directory" -l low -u file true
}

@test "wrong use: the directory that would hold upper is missing" {
	refused "make it first" -l low -u a/b true
}

@test "wrong use: upper is not writable" {
	test "$(id -u)" != 0 || skip "root may write everywhere"
	mkdir up
	chmod 500 up
	refused "not writable" -l low -u up true
	mkdir closed
	chmod 500 closed
	refused "not writable" -l low -u closed/up true
}

@test "wrong use: work on another file system" {
	test "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" || skip "one file system only"
	test -w /dev/shm || skip "/dev/shm is not writable"
	refused "not on the file system of upper" -l low -u up -w /dev/shm/ovl-launch-work true
	test ! -e /dev/shm/ovl-launch-work
}

@test "wrong use: work and upper nested, work above a lower" {
	mkdir up w
	refused "nested" -l low -u up -w up/w true
	refused "nested" -l low -u w/up -w w true
	refused "lower layer" -l low -u up -w low true
}

@test "wrong use: a work directory with something else in it stays as it is" {
	mkdir -p w/tmp
	echo precious >w/tmp/file
	refused "no work directory" -l low -u up -w w true
	touch w/lock
	refused "no work directory" -l low -u up -w w true
}

@test "wrong use: -r with an upper, -w without one" {
	refused "-r" -l low -r -u up true
	refused "work without upper" -l low -w w true
}

@test "wrong use: -u twice" {
	refused "twice" -l low -u up -u up2 true
}

@test "wrong use: -C to what is no directory of the view" {
	refused "-C" -l low -u up -C absent true
	refused "-C" -l low -u up -C low/f true
}

@test "wrong use: a run in a run that is not there" {
	OVL_SESSION=/nowhere refused "session of the run around cannot be read" -l low -u up true
}

@test "no room: a limit on the size of files is told, not a signal" {
	run bash -c 'ulimit -f 100; "$0" -l low -u up true' "$OVLRUN"
	echo "$output"
	test "$status" = 125
	[[ $output == *"File too large"* ]]
	test ! -e up
	test ! -e .up.work
}

@test "no /proc: told" {
	test "$(id -u)" = 0 || skip "unmounting takes root"
	run unshare -m sh -c 'umount -l /proc; "$0" -l low -u up true' "$OVLRUN"
	test "$status" = 125
	test "${#lines[@]}" = 1
	[[ $output == *"/proc: not mounted"* ]]
	test ! -e up
}

@test "wrong use: OVL_TRACE that cannot be written" {
	OVL_TRACE=absent/trace refused "OVL_TRACE" -l low -u up true
	OVL_TRACE=low refused "OVL_TRACE" -l low -u up true
}

@test "help and version: standard output, 0" {
	run "$OVLRUN" --help
	test "$status" = 0
	[[ $output == *"--lower"* ]]
	run "$OVLRUN" --version
	test "$status" = 0
	[[ $output == "ovlrun "* ]]
}

@test "exit status: the command's" {
	local i
	for i in 0 1 77 124 125 255; do
		run "$OVLRUN" -l low -u up -- sh -c "exit $i"
		test "$status" = "$i"
		test -z "$output"
	done
}

@test "exit status: 127 not found, 126 not executable" {
	run -127 "$OVLRUN" -l low -u up no-such-command
	test "$status" = 127
	test "$output" = "ovlrun: no-such-command: command not found: give a path, or look at PATH"
	run -127 "$OVLRUN" -l low -u up ./absent
	test "$status" = 127
	run "$OVLRUN" -l low -u up ./low/f
	test "$status" = 126
	run "$OVLRUN" -l low -u up ./low
	test "$status" = 126
	test ! -e up
}

@test "a static program is a command as any other, a script's interpreter too" {
	local b
	b=$(command -v busybox) || skip "no busybox"
	run "$OVLRUN" -l low -u up "$b" sh -c 'echo new >low/f; exit 7'
	test "$status" = 7
	test -z "$output"
	test "$(cat up/f)" = new
	printf '#!%s sh\necho "$0 $*"\n' "$b" >low/script
	chmod +x low/script
	run "$OVLRUN" -l low -u up low/script a b
	test "$status" = 0
	test "$output" = "low/script a b"
	chmod -x low/script
	run "$OVLRUN" -l low -u up low/script
	test "$status" = 126
}

@test "exit status: 126 for a program of another machine" {
	head -c 64 /bin/true >low/foreign
	# e_machine at offset 18: EM_S390
	printf '\026\000' | dd of=low/foreign bs=1 seek=18 conv=notrunc 2>/dev/null
	chmod +x low/foreign
	run "$OVLRUN" -l low -u up low/foreign
	test "$status" = 126
	[[ $output == *"not a program of this machine"* ]]
}

@test "a signal that ends the command ends ovlrun" {
	run python3 - "$OVLRUN" <<-'END'
		import os, signal, subprocess, sys
		# where we run in the background, INT and QUIT come in ignored
		for s in (signal.SIGINT, signal.SIGQUIT):
		    signal.signal(s, signal.SIG_DFL)
		for sig in (9, 15, 2, 11, 6):
		    p = subprocess.run([sys.argv[1], "-l", "low", "-u", "up", "--",
		                        "sh", "-c", "kill -%d $$" % sig])
		    assert p.returncode == -sig, (sig, p.returncode)
		assert not [f for f in os.listdir(".") if f.startswith("core")]
	END
	echo "$output"
	test "$status" = 0
}

@test "signals sent to ovlrun reach the command" {
	local sig
	for sig in TERM INT HUP QUIT USR1 USR2 ALRM WINCH RTMIN; do
		# a shell starts background jobs with INT and QUIT ignored: python resets them.
		# Taken by sigwait: pause() would sleep through one that comes just before it.
		python3 - "$OVLRUN" $sig <<-'END'
			import signal, subprocess, sys
			sig = getattr(signal, "SIG" + sys.argv[2])
			code = ("import signal, sys\n"
			        "signal.pthread_sigmask(signal.SIG_BLOCK, [%d])\n"
			        "print('ready', flush=True)\n"
			        "sys.exit(42 if signal.sigwait([%d]) == %d else 1)" % (sig, sig, sig))
			for s in (signal.SIGINT, signal.SIGQUIT):
			    signal.signal(s, signal.SIG_DFL)
			p = subprocess.Popen([sys.argv[1], "-l", "low", "-u", "up", "--",
			                      sys.executable, "-c", code], stdout=subprocess.PIPE)
			assert p.stdout.readline() == b"ready\n"
			p.send_signal(sig)
			assert p.wait(10) == 42, (sig, p.returncode)
		END
	done
}

@test "job control: ^Z stops both, fg continues both, ^C comes once" {
	run timeout 60 python3 "$BATS_TEST_DIRNAME/bin/jobs.py" "$OVLRUN" -l low -u up --
	echo "$output"
	test "$status" = 0
	test "${lines[0]}" = "command: T"
	test "${lines[1]}" = "command: S"
	test "${lines[2]}" = "interrupts: 1"
	test "${lines[3]}" = "ended: 7"
}

@test "the command's options are the command's" {
	run "$OVLRUN" -l low -u up echo -l --help -- x
	test "$output" = "-l --help -- x"
	run "$OVLRUN" -l low -u up -- echo -u y
	test "$output" = "-u y"
}

@test "LD_PRELOAD: ours comes after the user's" {
	LD_PRELOAD=/nowhere.so run "$OVLRUN" -l low -u up sh -c 'echo "$LD_PRELOAD"'
	[[ $output == *"/nowhere.so:/"*"/libovl"*".so"* ]]
}

@test "no_new_privs: a setuid program gains nothing" {
	run "$OVLRUN" -l low -u up grep NoNewPrivs /proc/self/status
	test "$output" = "NoNewPrivs:	1"
}

@test "upper is made with the lower's mode, work is gone at the end" {
	chmod 751 low
	run "$OVLRUN" -l low -u up true
	test "$status" = 0
	test -z "$output"
	test "$(stat -c %a up)" = 751
	test ! -e .up.work
	test -z "$(ls -A tmp)"
}

@test "work: with -w, removed too; kept when something foreign is in it" {
	"$OVLRUN" -l low -u up -w w true
	test ! -e w
	mkfifo go
	# what is outside can put something there
	(wait_for test -d w/tmp && touch w/foreign && echo >go) &
	"$OVLRUN" -l low -u up -w w sh -c 'read x <go' 3>&-
	wait
	test "$(ls -A w)" = "$(printf 'foreign\nlock')"
	"$OVLRUN" -l low -u up -w w true
	test -e w/foreign
}

@test "work: what a killed run left is swept" {
	"$OVLRUN" -l low -u up sleep 60 3>&- &
	local pid=$!
	wait_for test -d .up.work/tmp
	wait_for pgrep -P $pid sleep
	local child
	child=$(pgrep -P $pid sleep)
	kill -9 $pid $child
	wait $pid || true
	wait_for test ! -e "/proc/$child"
	mkdir -p .up.work/tmp/left/over
	touch .up.work/tmp/left/over/file
	chmod 0 .up.work/tmp/left/over
	test -e .up.work/lock
	run "$OVLRUN" -l low -u up true
	echo "$output"
	test "$status" = 0
	test ! -e .up.work
}

@test "work: what leads the descriptors of others to a copy ends with the run" {
	echo first >low/held
	local change='exec 5<low/held; sh -c "echo more >>low/held; mv low/held low/moved"'
	run "$OVLRUN" -q -l low -u up sh -c "$change; cat <&5"
	test "$output" = $'first\nmore'
	test ! -e .up.work
	test "$(stat -c %h up/moved)" = 1
	"$OVLRUN" -q -l low -u up2 sh -c "$change"'; echo $$ >pid; kill -9 $PPID' || true
	wait_for test ! -e "/proc/$(cat pid)"
	test "$(stat -c %h up2/moved)" = 2
	"$OVLRUN" -q -l low -u up2 true
	test ! -e .up2.work
	test "$(stat -c %h up2/moved)" = 1
	test "$(cat low/held)" = first
}

@test "an upper in use is refused, whatever work it is given" {
	"$OVLRUN" -l low -u up sleep 60 3>&- &
	local pid=$!
	wait_for pgrep -P $pid sleep
	refused "in use by a live run" -l low -u up true
	refused "in use by a live run" -l low -u up -w w2 true
	refused "in use by a live run" -l low -u up2 -w .up.work true
	kill $pid
	wait $pid || true
	"$OVLRUN" -l low -u up true
}

@test "processes left behind: told, the session stays until they end" {
	run "$OVLRUN" -l low -u up sh -c 'sleep 60 >/dev/null 2>&1 & echo $!' 3>&-
	test "$status" = 0
	local pid=${lines[0]}
	[[ ${lines[1]} == *"still use it"* ]]
	test -e .up.work
	refused "in use by processes" -l low -u up true
	kill "$pid"
	wait_for test ! -e "/proc/$pid"
	run "$OVLRUN" -l low -u up true
	echo "$output"
	test "$status" = 0
	test ! -e .up.work
}

@test "processes left behind: -q says nothing" {
	run "$OVLRUN" -q -l low -u up sh -c 'sleep 60 >/dev/null 2>&1 & echo $!' 3>&-
	kill "${lines[0]}"
	test "${#lines[@]}" = 1
}

@test "default upper: fresh, kept, named; -q does not name it" {
	run "$OVLRUN" -l low true
	test "$status" = 0
	[[ $output == "ovlrun: changes are in $T/tmp/ovlrun."*"/upper" ]]
	test -d "${output#*changes are in }"
	run "$OVLRUN" -q -l low true
	test -z "$output"
	test "$(ls tmp | wc -l)" = 2
}

@test "read-only: nothing stays" {
	run "$OVLRUN" -r -l low true
	test "$status" = 0
	test -z "$output"
	test -z "$(ls -A tmp)"
}

@test "layers: A:B and a colon in a name" {
	mkdir 'c:d'
	"$OVLRUN" -l 'low:c\:d:low2' -u up true
	refused "c: No such file" -l 'low:c:d' -u up true
}

@test "chdir: into a lower, PWD tells the name in the view" {
	run "$OVLRUN" -l low -u up -C "$T/low/d" sh -c 'pwd'
	test "$output" = "$T/low/d"
	# a shell would set it by itself
	run "$OVLRUN" -l low -u up -C "$T/low/d" printenv PWD
	test "$output" = "$T/low/d"
	cd low
	run "$OVLRUN" -l . -u ../up -C d pwd
	test "$output" = "$T/low/d"
	run "$OVLRUN" -l . -u ../up pwd
	test "$output" = "$T/low"
}

@test "a command in PATH of the view: upper hides the lower's" {
	mkdir -p low/bin up/bin
	printf '#!/bin/sh\necho from lower\n' >low/bin/ovl-hello
	printf '#!/bin/sh\necho from upper\n' >up/bin/ovl-hello
	printf '#!/bin/sh\necho gone\n' >low/bin/ovl-gone
	chmod +x low/bin/* up/bin/*
	mknod up/bin/ovl-gone c 0 0
	PATH=$T/low/bin:$PATH run "$OVLRUN" -l low -u up ovl-hello
	test "$output" = "from upper"
	PATH=$T/low/bin:$PATH run -127 "$OVLRUN" -l low -u up ovl-gone
}

@test "a script that only upper has, named by its view path" {
	mkdir up
	printf '#!/bin/sh -e\necho "$0" "$@"\n' >up/script
	chmod +x up/script
	run "$OVLRUN" -l low -u up "$T/low/script" a 'b c'
	test "$output" = "$T/low/script a b c"
}

@test "a script without #! is the shell's" {
	echo 'echo plain "$1"' >low/plain
	chmod +x low/plain
	run "$OVLRUN" -l low -u up low/plain x
	test "$output" = "plain x"
}

@test "a script whose interpreter is missing: 127" {
	printf '#!/no/such/interpreter\n' >low/script
	chmod +x low/script
	run -127 "$OVLRUN" -l low -u up low/script
	[[ $output == *"/no/such/interpreter"* ]]
}

@test "report: what changed, on standard error" {
	run "$OVLRUN" -R -l low -u up sh -c "echo new >$T/low/new; echo more >>$T/low/f; rmdir $T/low/d"
	echo "$output"
	test "$status" = 0
	test "${lines[0]}" = "D $T/low/d"
	test "${lines[1]}" = "M $T/low/f"
	test "${lines[2]}" = "A $T/low/new"
	test "${#lines[@]}" = 3
	test "$(cat low/f)" = lower
}

@test "report: nothing to say" {
	run "$OVLRUN" -R -l low -u up true
	test "$status" = 0
	test -z "$output"
}

@test "trace: a relative OVL_TRACE is taken from where ovlrun starts" {
	OVL_TRACE=trace "$OVLRUN" -l low -u up -C / sh -c 'echo "$OVL_TRACE"' >out
	test "$(cat out)" = "$T/trace"
	test -e trace
}
