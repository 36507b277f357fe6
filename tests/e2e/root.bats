#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The view root: what a new upper takes over from the top lower's root, and keeps.

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

in_view()
{
	"$OVLRUN" -q -l low -l low2 -u up -- env -C "$T/low" sh -euc "$1"
}

@test "root: owner, mode, times and xattrs of the top lower" {
	setfattr -n user.k -v v low
	setfattr -n user.overlay.origin -v x low
	touch -d '2001-02-03 04:05:06.789' low
	chmod 1751 low
	test "$(id -u)" != 0 || chown 5:6 low
	local plain
	plain=$(stat -c '%u %g %a %y' low)
	[ "$(in_view 'stat -c "%u %g %a %y" .')" = "$plain" ]
	[ "$(stat -c '%u %g %a %y' up)" = "$plain" ]
	[ "$(getfattr --only-values -n user.k up)" = v ]
	run ! getfattr -n user.overlay.origin up
}

@test "root: ACLs, the default one too" {
	setfacl -m u:7:rx,d:u:8:rwx low || skip "no ACLs here"
	in_view true
	diff <(getfacl -pcn low) <(getfacl -pcn up)
	[ "$(in_view 'getfacl -pcn .')" = "$(getfacl -pcn low)" ]
}

@test "root: its mtime survives a run, a copy-up and the next run" {
	touch -d '2001-02-03 04:05:06.789' low
	local plain
	plain=$(stat -c %y low)
	[ "$(in_view 'chmod 600 f; echo x >>d/n; stat -c %y .')" = "$plain" ]
	[ "$(in_view 'stat -c %y .')" = "$plain" ]
	[ "$(stat -c %y up)" = "$plain" ]
}

@test "root: an upper that was there keeps what it had" {
	mkdir -m 711 up
	touch -d 2002-02-02 up low
	touch -d 2001-01-01 low
	[ "$(in_view 'stat -c "%a %Y" .')" = "711 $(date -d 2002-02-02 +%s)" ]
}

@test "root: an ordinary user sees somebody else's as it is, in the next run too" {
	test "$(id -u)" = 0 || skip "needs root, to become somebody else"
	chmod 755 . low
	chmod 777 tmp
	touch -d 2001-02-03 low
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	mkdir -m 777 theirs
	user true || skip "setpriv cannot"
	for i in 1 2; do
		run user "$OVLRUN" -q -l low -u theirs/up -- env -C "$T/low" sh -c \
			'stat -c "%u %g %a %y" .; touch new; echo mine >f; echo x >d/x; echo end'
		echo "$output"
		[ "${lines[0]}" = "$(stat -c '%u %g %a %y' low)" ]
		[[ $output = *"touch: cannot touch 'new': Permission denied"*end ]]
		[ "$(ls -A theirs/up)" = "" ]
	done
	[ "$(getfattr --only-values -n user.containers.override_stat theirs/up)" = 0:0:755 ]
}

@test "root: of one's own, but not writable: the next run goes on" {
	test "$(id -u)" = 0 || skip "needs root, to become somebody else"
	chmod 755 .
	chown -R 4242:4242 low
	chmod 555 low
	mkdir -m 777 theirs
	chmod 777 tmp
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	for i in 1 2; do
		run user "$OVLRUN" -q -l low -u theirs/up -- env -C "$T/low" sh -c \
			'stat -c "%u %a" .; touch new; echo mine >f; cat f'
		echo "$output"
		[ "${lines[0]}" = "4242 555" ]
		[[ $output = *"touch: cannot touch 'new': Permission denied"*mine ]]
	done
}

@test "hard links: the number stays when the name that was changed is gone, in the next run" {
	ln low/f low/g
	local ino
	ino=$(stat -c %i low/g)
	in_view 'echo x >f; rm f'
	[ "$(in_view 'stat -c "%i %h" g; cat g')" = "$ino 1"$'\nx' ]
}
