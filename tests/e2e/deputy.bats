#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# a run of root's, in which a process becomes another user: ovlrun makes upper's directories for it

load helpers

# as USER SCRIPT, in scripts of the view and of the plain side
AS_USER='as() { setpriv --reuid="$1" --regid="$1" --clear-groups sh -c "$2"; }'

more_setup()
{
	requires root setpriv
	within_reach
	lower '
		mkdir -p srv/cache/deep/er srv/home/{1,2,3,4}/a/b/c srv/group
		echo old >srv/cache/deep/er/f; echo theirs >srv/home/1/theirs; setfattr -n user.k -v v srv/home/1/theirs
		echo root >srv/cache/roots; ln srv/cache/roots srv/cache/again
		setfattr -n user.color -v blue srv/cache
		setfacl -m u:54321:rwx,d:u:54321:rwx srv/group 2>/dev/null || true
		chmod 2751 srv/cache/deep; chmod 711 srv; touch srv/recorded; chmod 640 srv/recorded
		find . -exec touch -h -d 2001-02-03T04:05:06.5 {} +
		chown -R 54321:54321 srv/cache srv/home; chown 0:0 srv/cache/roots; chmod 600 srv/cache/roots
		chown 0:8 srv/home/1/theirs; chmod 666 srv/home/1/theirs'
}

@test "another user: files in its own directories are made, changed, renamed and removed" {
	both "$AS_USER"'
		as 54321 "echo new >srv/cache/deep/er/n; echo more >>srv/cache/deep/er/f; mkdir srv/home/1/a/b/c/d"
		as 54321 "mv srv/home/2/a srv/home/3/moved; rm -r srv/home/4; mv srv/cache/again srv/cache/deep/er/roots"
		as 54321 "echo acl >srv/group/f"
		find . -printf "%p %u %g %m %s\n" | sort; find srv/home/1 -newermt 2002-01-01 | sort
		cat srv/cache/deep/er/*; getfattr -d srv/cache; getfacl -cp srv/group 2>/dev/null'
}

@test "another user: what it may not do it may not do here either" {
	both "$AS_USER"'
		as 12345 "echo new >srv/cache/deep/er/n; mkdir srv/d; rm -r srv/home/1; echo status \$?; chmod 777 srv; mv srv/home srv/h"
		find . -printf "%p %u %g %m %s\n" | sort'
	[ ! -e "$U/srv" ]
}

@test "another user: of several groups, once an owner is recorded: scripts and sockets" {
	mkdir -p "$U/srv"
	cp -a "$V/srv/recorded" "$U/srv"
	chmod --reference="$V/srv" "$U/srv"
	setfattr -n user.containers.override_stat -v 0:0:640 "$U/srv/recorded"
	both '
		as() { setpriv --reuid=54321 --regid=54321 --groups=7,8,9 sh -c "$1"; }
		mkdir -m 755 bin; printf "#! /bin/sh\necho script \$1\n" >bin/s; chmod 755 bin/s
		as "bin/s 1; cp bin/s srv/cache/s; srv/cache/s 2"
		python3 -c "
import os, socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(1)
os.chmod(path, 0o777)
os.setgroups([7, 8, 9]), os.setgid(54321), os.setuid(54321)
c = socket.socket(socket.AF_UNIX)
c.connect(path)
print(s.accept()[0].getsockname())
" srv/cache/deep/er/sock'
}

@test "another user: copies of others' files are theirs, nothing is recorded, own descriptors follow" {
	both "$AS_USER"'
		as 54321 "mv srv/cache/roots srv/cache/moved; exec 5<srv/home/1/theirs; echo more >>srv/home/1/theirs; cat <&5"
		stat -c "%n %u %g %a" srv/cache/moved srv/home/1/theirs; getfattr -d srv/home/1/theirs; cat srv/cache/moved'
	[ "$(stat -c '%u %g %a' "$U/srv/cache/moved" "$U/srv/home/1/theirs")" = $'0 0 600\n0 8 666' ]
	[ -z "$(getfattr -R -m containers "$U")" ]
}

@test "another user: many at once, among directories that others rename" {
	in_view "$AS_USER"'
		mkdir -p srv/x/y/z; chown -R 54321 srv/x
		for i in 1 2 3 4; do
			as 54321 "for n in 1 2 3 4 5 6 7 8; do mkdir -p srv/home/$i/a/b/c/\$n && echo $i \$n >srv/home/$i/a/b/c/\$n/f || exit; done" &
		done
		for n in 1 2 3 4 5 6 7 8; do mv srv/x srv/x2; mv srv/x2 srv/x; done
		wait'
	[ "$(in_view 'cat srv/home/?/a/b/c/?/f | wc -l')" = 32 ]
	lower_unchanged
}

@test "another user: ovlrun is gone: refused, as soon as that is seen, and nobody waits" {
	view bash -c 'cd "$1" && eval "$2"; kill -9 $PPID; as 54321 "echo x >srv/cache/f"; echo $? >"$3/first"
		as 54321 "echo x >srv/home/1/f"; echo $? >"$3/status"' - "$V" "$AS_USER" "$T" 2>"$T/err" 3>&- || true
	for ((i = 0; i < 100; i++)); do
		test ! -s "$T/status" || break
		sleep 0.1
	done
	[ "$(cat "$T/first" "$T/status")" = $'2\n2' ]
	lower_unchanged
}
