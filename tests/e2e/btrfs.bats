#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# btrfs.bats - UPPER on btrfs, full or over quota

load helpers
load launcher

# upper_on_btrfs: upper and work in a subvolume of their own
upper_on_btrfs()
{
	requires root mkfs.btrfs btrfs
	truncate -s 300M "$T/image"
	mkfs.btrfs -q "$T/image" >/dev/null
	mkdir "$T/t"
	mount -o loop "$T/image" "$T/t" || skip "no loop devices, or no btrfs"
	btrfs subvolume create "$T/t/up" >/dev/null
	U=$T/t/up/u W=$T/t/up/w
}

# Each changed page goes to a place of its own there, also one of a file whose blocks are reserved.
@test "UPPER full, where pages move (btrfs): ENOSPC, and no process is ended by a signal" {
	lower 'head -c 1000000 /dev/zero >big; echo small >small; mkdir d; echo x >d/x'
	upper_on_btrfs
	in_view '
		echo more >>small
		! head -c 500M /dev/urandom >fill || exit 8
		sync
		for i in 1 2 3; do
			! chmod 600 big || exit 9
			cat small d/x
			sync
		done
		rm fill' >out 2>err
	[ "$(cat out)" = $'small\nmore\nx\nsmall\nmore\nx\nsmall\nmore\nx' ]
	grep -q 'big.: No space left on device' err
	! grep -v 'No space left on device' err || false
	[ "$(in_view 'cat small; ls')" = $'small\nmore\nbig\nd\nsmall' ]
	lower_unchanged
	no_leftovers
	test ! -e "$W"
}

@test "UPPER over quota: EDQUOT, the lower file stays, and nothing is left half made" {
	requires python3
	lower 'head -c 12M /dev/urandom >big; echo small >small; mkdir d; echo x >d/x; ln big also'
	upper_on_btrfs
	btrfs quota enable "$T/t"
	btrfs qgroup limit 8M "$T/t/up" || skip "no quota groups"
	cat >change.py <<'PY'
import errno, os
def told(what, *args):
    try: print(what.__name__, *args, "=", what(*args))
    except OSError as e: print(what.__name__, *args, "=", errno.errorcode[e.errno])
def add(name, text):
    with open(name, "a") as f: f.write(text)
def fill(name):
    with open(name, "wb", 0) as f:
        while True: f.write(b"x" * 65536)
add("small", "more\n")
for n in "big", "also":
    told(os.chmod, n, 0o600); told(os.rename, n, "new"); told(add, n, "x"); told(os.link, n, "new"); told(os.truncate, n, 11000000)
told(fill, "filled")
told(os.mkdir, "m"); told(os.symlink, "a", "s"); told(os.unlink, "d/x"); told(os.rename, "d", "e"); told(add, "new", ""); told(os.unlink, "also")
told(os.unlink, "filled")
print(sorted(os.listdir(".")), os.stat("big").st_size, os.stat("also").st_nlink, open("small").read().split())
PY
	in_view "python3 '$T/change.py'" >out
	! grep -vE ' = EDQUOT$' out | grep -vE '^(unlink filled = None|\[.also)' || false
	test "$(grep -c ' = EDQUOT$' out)" = 17
	grep -qxF "['also', 'big', 'd', 'small'] 12582912 2 ['small', 'more']" out
	[ "$(cd "$U" && find . -type f)" = ./small ]
	lower_unchanged
	no_leftovers
	# with room for it all goes on
	btrfs qgroup limit none "$T/t/up"
	[ "$(in_view 'chmod 600 big; mv big new; rm d/x; cmp new also; ls; stat -c "%h %a" also')" = $'also\nd\nnew\nsmall\n2 600' ]
}

@test "UPPER on btrfs: a session that a killed run left is found, in memory, and removed" {
	lower 'echo a >f'
	upper_on_btrfs
	"$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- sh -c 'echo $$ >"$0"; exec sleep 60' "$T/pid" &
	wait_for test -s "$T/pid"
	session=$(readlink "$W"/session.*)
	[[ $session = /dev/shm/ovlrun.*/session ]]
	[ "$(stat -c %a "${session%/*}")" = 711 ]
	kill -9 $!
	run -125 view true
	[[ $output = *"in use by processes that an earlier run left"* ]]
	kill "$(cat "$T/pid")"
	wait_for test ! -e "/proc/$(cat "$T/pid")"
	test -e "$session"
	view true
	test ! -e "${session%/*}"
	# and none of a run that ends
	session=$(in_view 'echo "$OVL_SESSION"')
	[[ $session = /dev/shm/ovlrun.*/session ]]
	test ! -e "${session%/*}"
	test ! -e "$W"
}
