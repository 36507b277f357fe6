#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Does every system call reach the engine, and does nothing else change on the way?

load door

OVLRUN=${OVLRUN:-$BATS_TEST_DIRNAME/../../ovlrun}
PROGRAMS=${PROGRAMS:-$BATS_TEST_DIRNAME/../../build/e2e}

setup()
{
	T=$(mktemp -d "${BATS_TMPDIR:-/tmp}/ovl-doors.XXXXXX")
	T=$(realpath "$T")
	mkdir "$T/low" "$T/up"
	echo old >"$T/low/old"
	cd "$T/low"
}

teardown()
{
	cd /
	rm -rf "$T"
}

inside()
{
	"$OVLRUN" -l "$T/low" -u "$T/up" -- "$@"
}

# escapes COMMAND...: how many path calls of it or its children go past the door, and which
escapes()
{
	inside sh -c 'echo "$OVL_SESSION" >"$1/session"
		t=$1; shift
		exec strace -ff -y -i -o "$t/trace" -e trace=%file,getdents64,fchdir,mmap "$@"' \
		sh "$T" "$@" >"$T/output"
	awk -f "$BATS_TEST_DIRNAME/escapes.awk" -v session="$(cat "$T/session")" \
		"$T"/trace.* "$T"/trace.*
	rm -f "$T"/trace.*
}

covered()
{
	run escapes "$@"
	echo "$output"
	[[ ${lines[-1]} =~ ^[1-9][0-9]*\ calls,\ 0\ escaped,\ [1-9][0-9]*\ processes$ ]]
}

@test "doors: every path call of ls is seen" {
	not_by_names "libc's own"
	covered ls -lR /etc/alternatives .
}

@test "doors: every path call of python3 is seen" {
	not_by_names "libc's own"
	command -v /usr/bin/python3 || skip "no python3"
	covered /usr/bin/python3 -c 'import os, glob, json; os.listdir("/"); os.stat("old")'
}

@test "doors: every path call of git is seen" {
	not_by_names "libc's own"
	git init -q . && git add old
	covered git status
}

@test "doors: every path call of gcc and its children is seen" {
	not_by_names "libc's own"
	echo 'int main(void) { return 0; }' >x.c
	covered gcc -o x x.c
}

@test "doors: every path call of perl is seen" {
	not_by_names "libc's own"
	covered perl -e 'use POSIX; opendir my $d, "."; readdir $d; rename "none", "some"'
}

@test "doors: every path call of a shell's forked children is seen" {
	not_by_names "libc's own"
	covered bash -c 'for i in 1 2; do (cd /; test -e etc; cat /etc/passwd | wc -l); done'
}

@test "doors: a libc from dlmopen is covered" {
	not_by_names "another libc has the names, too"
	run inside "$PROGRAMS/second_libc" old
	test "$output" = old
	covered "$PROGRAMS/second_libc" old
}

@test "doors: the escape test sees an escape" {
	run escapes "$PROGRAMS/raw_open" old
	echo "$output"
	[[ $output == *"escaped: "*'"old"'* ]]
	[[ $output == *" 1 escaped, 1 processes" ]]
}

@test "doors: registers and the red zone survive a call" {
	not_by_names "a function need not keep them"
	run inside "$PROGRAMS/registers" old
	test "$output" = kept
}

@test "doors: a thread canceled in open() runs its handlers and destructors" {
	mkfifo fifo
	run timeout 20 "$OVLRUN" -l "$T/low" -u "$T/up" -- "$PROGRAMS/cancel_open" fifo
	echo "$output"
	test "$(tr '\n' ' ' <<<"$output")" = \
		"handler destructor canceled handler destructor canceled handler destructor canceled "
}

@test "doors: a signal handler on 4 KiB of stack opens files and directories" {
	mkdir "$T/low/dir" "$T/up/dir"
	run "$PROGRAMS/small_sigstack" "$T/up"
	test "$status" = 0 || skip "too small for this machine even without us"
	rm -r "$T/up/new" "$T/up/dir"
	run inside "$PROGRAMS/small_sigstack" "$T/low"
	echo "$status $output"
	test "$output" = 21
}

@test "doors: children of every kind are covered and come back" {
	# what only upper has is not found by one that is not covered
	echo new >"$T/up/new"
	run inside "$PROGRAMS/children" new
	echo "$output"
	test "${#lines[@]}" = 9
	for line in "${lines[@]}"; do
		[[ $line == *" ok" ]]
	done
}

@test "doors: gdb shows the whole stack through a patched call" {
	not_by_names "none is patched"
	command -v gdb || skip "no gdb"
	run inside gdb -batch -ex 'set breakpoint pending on' -ex 'set debuginfod enabled off' \
		-ex 'break outer' -ex run -ex 'break ovl_enter' -ex continue -ex bt \
		--args "$PROGRAMS/blocked_open" old
	echo "$output"
	[[ $output =~ \#0\ .*ovl_enter.*\#1\ .*enter_frame.*openat.*outer.*main ]]
}

@test "doors: the stack is whole at every instruction of a call" {
	command -v gdb || skip "no gdb"
	gdb -nx -batch -ex 'python print(1)' || skip "gdb without python"
	run inside gdb -nx -batch -x "$BATS_TEST_DIRNAME/backtrace.py" \
		--args "$PROGRAMS/blocked_open" old
	echo "$output"
	[[ ${lines[-1]} =~ ^[1-9][0-9]+\ steps,\ 0\ broken$ ]]
}

@test "doors: a program started through ld.so by name is covered" {
	not_by_names "libc's own"
	covered /lib64/ld-linux-x86-64.so.2 /bin/cat old
}

@test "doors: where changed text may not run, a copy of it does" {
	not_by_names "none is changed"
	run escapes "$PROGRAMS/no_changed_text" mprotect python3 -c 'open("new", "w").close()
import os
os.remove("old")
assert os.listdir() == ["new"], os.listdir()
print(sum("ovl-text" in line for line in open("/proc/self/maps")))'
	test "$status" = 0
	[[ ${lines[-1]} =~ ^[1-9][0-9]*\ calls,\ 0\ escaped,\ [1-9][0-9]*\ processes$ ]]
	test "$(cat "$T/output")" = 2
	test "$(ls "$T/low")" = old
	# a program without a dynamic linker too
	command -v busybox || skip "no busybox"
	run inside "$PROGRAMS/no_changed_text" mprotect busybox sh -c 'echo x >x; ls; grep -c ovl-text /proc/self/maps'
	echo "$output"
	[[ $output == $'new\nx\n'[1-9]* ]]
}

@test "doors: where the kernel denies memory that was written, a copy runs" {
	not_by_names "none is changed"
	run inside /usr/bin/python3 -c '
import ctypes, os, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):    # PR_SET_MDWE, Linux 6.3
    sys.exit(77)
os.execv("/bin/cat", ["cat", "old"])'
	test "$status" != 77 || skip "no PR_SET_MDWE"
	echo "$status $output"
	test "$status" = 0
	test "$output" = old
}

@test "doors: a session that is gone is a refusal, not an escape" {
	session=$(inside sh -c 'echo "$OVL_SESSION"')
	preload=$(inside sh -c 'echo "$LD_PRELOAD"')
	run env OVL_SESSION="$T/none" LD_PRELOAD="$preload" /bin/true
	echo "$status $output"
	test "$status" = 125
	test "$output" = "ovlrun: $T/none: the session is gone (errno 2)"
	head -c 100 /dev/zero >"$T/short"
	run env OVL_SESSION="$T/short" LD_PRELOAD="$preload" /bin/true
	test "$status" = 125
}

@test "doors: without a session the object does nothing" {
	preload=$(inside sh -c 'echo "$LD_PRELOAD"')
	run env -u OVL_SESSION LD_PRELOAD="$preload" cat old
	test "$output" = old
}

@test "doors: a start costs at most 25 system calls" {
	plain=$(strace -o /dev/stdout /bin/true | wc -l)
	ours=$(inside strace -o /dev/stdout /bin/true | wc -l)
	echo "$plain $ours"
	test "$ours" -gt "$plain"
	test "$ours" -le $((plain + 25))
}
