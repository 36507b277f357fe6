#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Locks: between openers before and after a copy-up, in one process and between several

load helpers

more_setup()
{
	requires python3
	PROGRAMS=${PROGRAMS:-$TOP/build/e2e}
	lower 'echo lower >f; echo other >g; ln f hard; mkdir d; mkdir d/e'
}

# steps SCRIPT: what lockers.py makes of it, in the view and on the plain copy
steps()
{
	echo "$1" >"$T/steps"
	both "timeout 60 python3 $TOP/tests/e2e/bin/lockers.py <$T/steps"
}

@test "flock: a reader from before and a writer from after a copy-up exclude each other" {
	steps '
		A open f f r
		A flock f ex
		B open f f rw
		B flock f ex
		B flock f sh
		A flock f sh
		B flock f sh
		A flock f un
		B flock f ex
		A flock f sh
		B close f
		A flock f ex'
	shown "B flock f ex: EAGAIN"
}

@test "flock: two that opened the file before either locked it" {
	steps '
		A open f f r
		B open f f r
		A flock f ex
		B flock f sh
		A close f
		B flock f ex
		C open f f r
		C flock f sh'
	shown "B flock f sh: EAGAIN"
}

@test "flock: a descriptor whose file another process copied up" {
	steps '
		A open f f r
		B open f f rw
		B write f upper
		B flock f ex
		A flock f sh
		B close f
		A flock f sh
		A read f
		A ino f f
		C open f f r
		C flock f sh
		C flock f ex'
	shown "A flock f sh: EAGAIN"
	shown "A read f: upper"
}

@test "flock: two descriptors in one process are two, duplicates are one" {
	steps '
		A open 1 f r
		A open 2 f r
		A dup 1 3
		A flock 1 ex
		A flock 2 sh
		A flock 3 ex
		A close 1
		A flock 2 sh
		A close 3
		A flock 2 sh
		A open 4 f rw
		A flock 4 ex
		A flock 2 un
		A flock 4 ex'
	shown "A flock 2 sh: EAGAIN"
}

@test "flock: a lock survives a copy-up by the same process, and a fork" {
	steps '
		A open f f r
		A flock f ex
		A chmod f 600
		A open w f rw
		A write w mine
		B open f f r
		B flock f sh
		A child flock f sh
		B flock f ex
		B flock f sh
		A child flock f un
		B flock f ex'
	shown "B flock f ex: EAGAIN"
}

@test "flock: a child locks for the shell" {
	requires flock
	both 'exec 9<f
		flock -n 9 && echo locked
		flock -n f true || echo refused
		bash -c "exec 8<f; flock -n 8" || echo refused
		(flock -n 9 && echo shared)
		echo more >>f
		(exec 8<f; flock -n 8) || echo refused by the copy
		flock -n f true || echo refused by the copy
		exec 9<&-
		flock -n f true && echo free'
	shown "refused by the copy"
	shown free
}

@test "flock: scripts that lock themselves" {
	requires flock
	both '
		echo "exec 9<\$0; flock -n 9 || { echo busy; exit; }; echo got it; test \$1 = 0 || bash \$0 \$((\$1 - 1))" >s
		bash s 2'
	shown busy
}

# add_up BODY: eight processes, all at once, add one to each of five numbers
add_up()
{
	lower 'touch f1 f2 f3 f4 f5'
	both "
		for k in 1 2 3 4 5; do echo 0 >n\$k; done
		add() { read -r i <n\$k; sleep 0.01; echo \$((i + 1)) >n\$k; }
		export -f add
		for p in 1 2 3 4 5 6 7 8; do
			(for k in 1 2 3 4 5; do export k; $1; done) &
		done
		wait
		echo \$(cat n?)"
	shown "8 8 8 8 8"
}

@test "flock: one at a time, by a descriptor of the shell's" {
	requires flock
	add_up '(exec 9<f$k; flock 9; add)'
}

@test "flock: directories, lower, merged and new" {
	steps '
		A open d d dir
		A flock d ex
		B open d d r
		B flock d sh
		B chmod d/e 700
		B mv g d/g
		C open d d dir
		C flock d sh
		A flock d un
		C flock d ex
		B flock d sh'
	shown "C flock d sh: EAGAIN"
}

@test "flock(1) waits, times out and runs its command" {
	requires flock
	both '
		flock f sh -c "flock -n f echo no || echo busy; flock -w 0.1 f echo no || echo late"
		flock -s f flock -s f echo both
		flock d echo directory'
	shown late
}

@test "POSIX: readers and writers from before and after a copy-up" {
	steps '
		A open f f r
		A posix f rd 0 10
		A posix f wr
		B open f f rw
		B test f wr
		B posix f wr 5 1
		B posix f wr 10 5
		C open f f r
		C test f rd
		C posix f rd 12 1
		C posix f rd 0 5
		A posix f un
		B test f wr
		B posix f wr 6 2
		C close f
		B posix f wr
		A test f rd'
	shown "A posix f wr: EBADF"
	shown "B test f wr: rd 0+10"
}

@test "POSIX: locks are looked for on the copy by a descriptor from before it" {
	steps '
		A open f f r
		A test f rd
		B open f f rw
		B posix f wr 3 4
		A test f rd
		A posix f rd
		B posix f un
		A posix f rd
		B posix f wr'
	shown "A test f rd: wr 3+4"
}

@test "POSIX: what one descriptor locks another unlocks, and closing any of them drops all" {
	steps '
		A open 1 f r
		B open f f rw
		A open 2 f rw
		A posix 2 wr
		B posix f wr
		A posix 1 un
		B posix f wr
		B posix f un
		A posix 2 wr
		B test f wr
		A close 1
		B test f wr'
	shown "B posix f wr: EAGAIN"
}

@test "POSIX: what the engine does with a locked file drops nothing" {
	steps '
		A open 1 f r
		A open 2 f rw
		A posix 2 wr 0 4
		A posix 1 rd 4 4
		A open 3 f path
		A chmod f 700
		A mv f h
		A mv h f
		A child read 1
		A child posix 1 rd
		B open f f r
		B posix f rd
		B test f wr
		B posix f rd 4 2'
	shown "B test f wr: wr 0+4"
}

@test "POSIX: a locked program is executed, and the lock stays" {
	lower 'cp "$(command -v cat)" prog'
	steps '
		A open p prog r
		A inherit p
		A posix p rd 3 4
		A exec ./prog
		A this is echoed
		B open p prog r
		B test p wr'
	shown "A this is echoed: this is echoed"
	shown "B test p wr: rd 3+4"
}

@test "POSIX: a locked program is executed by the loader, and the lock stays" {
	requires busybox
	lower 'cp "$(command -v busybox)" busybox'
	steps '
		A open p busybox r
		A inherit p
		A posix p rd 3 4
		A exec ./busybox cat
		A this is echoed
		B open p busybox r
		B test p wr'
	shown "A this is echoed: this is echoed"
	shown "B test p wr: rd 3+4"
}

@test "POSIX: waiting is ended by a signal, by the holder, and by its end" {
	steps '
		A open f f r
		B open f f rw
		B posix f wr
		A alarmed posix f rd
		A begin posix f rd
		B posix f un
		A done
		B begin posix f wr
		A close f
		B done
		C open f f r
		C begin posix f rd
		B close f
		C done'
	shown "alarmed posix f rd: alarm"
}

@test "flock and OFD: waiting is ended by a signal and by the holder" {
	steps '
		A open f f r
		B open f f rw
		B flock f ex
		A alarmed flock f ex
		A begin flock f sh
		B flock f un
		A done
		B ofd f wr
		A alarmed ofd f rd
		A begin ofd f rd
		B close f
		A done'
	shown "alarmed flock f ex: alarm"
	shown "alarmed ofd f rd: alarm"
}

@test "POSIX: a thread that waits can be canceled" {
	both "timeout 60 $PROGRAMS/cancel_lock f"
	shown handler
	shown canceled
}

@test "OFD: descriptors from before and after a copy-up" {
	steps '
		A open 1 f r
		A open 2 f r
		A ofd 1 rd
		A ofd 2 rd
		A open 3 f rw
		A ofd 3 wr
		A close 2
		B open f f rw
		B ofd f wr
		A ofd 1 un
		B ofd f wr
		A ofd 1 rd
		A posix 1 rd
		B close f
		A posix 1 rd'
	shown "B ofd f wr: EAGAIN"
}

@test "hard links: one name locked is the other locked" {
	steps '
		A open f f r
		A flock f ex
		B open h hard rw
		B flock h sh
		A posix f rd
		B posix h wr
		C open h hard r
		C test h wr
		C flock h sh
		A close f
		C flock h ex'
	shown "B flock h sh: EAGAIN"
	shown "B posix h wr: EAGAIN"
}

@test "leases: a writer of the copy breaks a reader's" {
	steps '
		A open f f r
		A lease f rd
		A break
		A open 2 f r
		A lease f un
		B open f f rw
		A lease f rd
		B close f'
	shown "A lease f rd: EAGAIN"
}

@test "a removed file is locked by who has it" {
	steps '
		A open f f r
		B open f f r
		A rm f
		A flock f ex
		B flock f ex
		B posix f rd
		A posix f rd
		A flock f un
		B flock f ex'
	shown "B flock f ex: EAGAIN"
}

@test "O_PATH, pipes and bad descriptors: the kernel's answers" {
	steps '
		A open p f path
		A flock p sh
		A posix p rd
		A test p rd'
	shown "A flock p sh: EBADF"
}

@test "no upper: locks are the lower's own" {
	echo '
		A open f f r
		A flock f ex
		B open f f r
		B flock f sh
		A posix f rd
		A flock f un
		B flock f ex' >"$T/steps"
	run "$OVLRUN" -q -r -l "$V" -- env -C "$V" python3 "$TOP/tests/e2e/bin/lockers.py" <"$T/steps"
	echo "$output"
	[ "$status" = 0 ]
	[ "$(grep -c 'EAGAIN$' <<<"$output")" = 1 ]
	[[ $output == *"B flock f sh: EAGAIN"* ]]
	lower_unchanged
}

@test "an upper that is full: the lock is taken all the same" {
	requires root
	upper_on_tmpfs -o size=16m
	lower 'head -c 8000000 /dev/urandom >big; echo small >f'
	echo '
		A open f big r
		A flock f ex
		B open f big r
		B flock f ex
		B posix f rd
		A flock f un
		B flock f ex' >"$T/steps"
	run view env -C "$V" python3 "$TOP/tests/e2e/bin/lockers.py" <"$T/steps"
	echo "$output"
	[ "$(grep -c 'EAGAIN$' <<<"$output")" = 1 ]
	[ "$(grep -c 'ok$' <<<"$output")" = 6 ]
	lower_unchanged
}

# sqlite MODE: a database of the lower's, a reader from before and two writers
sqlite()
{
	python3 -c 'import sqlite3' || skip "needs python3's sqlite3"
	lower "python3 -c '
import sqlite3
c = sqlite3.connect(\"db\")
c.execute(\"pragma journal_mode=$1\")
c.execute(\"create table t (who text, n int)\")
c.execute(\"insert into t values (?, ?)\", (\"lower\", 0))
c.commit()'"
	both -x '@/db' "timeout 120 python3 $TOP/tests/e2e/bin/two_writers.py db"
	shown "lower 1"
	shown "one 150"
	shown "two 150"
	shown "integrity ok"
}

@test "SQLite, rollback journal: two writers of a database that is the lower's" {
	sqlite delete
}

@test "SQLite, write-ahead log: two writers of a database that is the lower's" {
	sqlite wal
}

@test "sqlite3: a shell beside a shell" {
	requires sqlite3
	lower 'sqlite3 db "create table t (n int); insert into t values (0)"'
	both -x '@/db' '
		for w in 1 2; do
			for i in $(seq 20); do
				echo "insert into t values ($i);"
			done | sqlite3 -cmd ".timeout 60000" db &
		done
		wait
		sqlite3 db "select count(*), sum(n) from t; pragma integrity_check"'
	shown "41|420"
	shown ok
}
