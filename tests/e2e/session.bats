#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The session file: one of another build, or of nobody, is refused by one line, never believed.

bats_require_minimum_version 1.5.0
load launcher

setup()
{
	launcher_setup
	LIB=$(dirname "$OVLRUN")/libovl.so
	SESSION=$T/session
	# from outside, while a run has one
	mkfifo go
	"$OVLRUN" -q -l low -u up -- sh -c "read -r line <$T/go" 3>&- &
	wait_for sh -c 'head -c 6 .up.work/session.* | grep -q ovlrun' # written last
	cp .up.work/session.* session
	echo >go
	wait $!
}

teardown()
{
	launcher_teardown
}

# in_session: a program that is given the file
in_session()
{
	run env OVL_SESSION="$SESSION" LD_PRELOAD="$LIB" true
}

# at OFFSET BYTES: overwrite these
at()
{
	printf "$2" | dd of="$SESSION" bs=1 seek="$1" conv=notrunc status=none
}

refused_by()
{
	in_session
	echo "status $status: $output"
	[ "$status" = 125 ]
	[ "${#lines[@]}" = 1 ]
	[[ $output = "ovlrun: $SESSION: $1"* ]]
}

@test "session: of another magic, version, layout or length" {
	in_session
	[ "$status" = 0 ]
	cp session good
	at 0 X
	refused_by "no session of this libovl.so"
	cp good session
	at 8 '\xff'
	refused_by "no session of this libovl.so"
	cp good session
	at 44 '\x01\x02'
	refused_by "no session of this libovl.so"
	cp good session
	truncate -s +1 session
	refused_by "no session of this libovl.so"
	truncate -s 100 session
	refused_by "no session of this libovl.so"
	truncate -s 0 session
	refused_by "no session of this libovl.so"
	cp good session
	in_session
	[ "$status" = 0 ]
}

@test "session: gone, a symlink, not to be written" {
	ln -s session link
	SESSION=$T/link
	refused_by "the session is gone"
	SESSION=$T/absent
	refused_by "the session is gone"
}
