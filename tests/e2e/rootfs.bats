#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# a directory with a system of its own, shown as /

load helpers

# A small system in $R: programs of this one and what they need, laid out as Debian does.
more_setup()
{
	local p lib

	R=$T/system
	mkdir -p "$R"/{usr/bin,usr/lib,usr/lib64,etc,tmp,root,proc,dev,home/me}
	ln -s usr/bin usr/lib usr/lib64 "$R/"
	for p in bash cat ls mkdir ln readlink env mv rm wc sort stat sed chmod sleep cp; do
		cp "$(command -v $p)" "$R/usr/bin/"
		for lib in $(ldd "$(command -v $p)" | grep -o '/[^ ]*'); do
			mkdir -p "$R$(dirname "$lib")"
			cp -Lu "$lib" "$R$lib"
		done
	done
	ln -s bash "$R/usr/bin/sh"
	echo "me:x:$(id -u):$(id -g)::/home/me:/bin/sh" >"$R/etc/passwd"
	echo inside >"$R/etc/where"
	ln -s /etc/where "$R/etc/absolute"
	printf '#!/usr/bin/env sh\necho script in "$PWD"\n' >"$R/usr/bin/script"
	chmod +x "$R/usr/bin/script"
	LOWERS=("$R")
	BEFORE=$(digest)
}

# inside SCRIPT: run it by the system's own shell, with the system as /
inside()
{
	"$OVLRUN" -q -l "$R" -m / -C /home/me -u "$U" -w "$W" -- /bin/sh -euc "$1"
}

@test "a system as /: its programs, its files, its symlinks, scripts and pipes" {
	run inside 'pwd; cat /etc/where /etc/absolute; script; ls / | wc -l; readlink /proc/self/exe; readlink -f /bin/sh
		cat /etc/passwd | sort | wc -l; (cd /tmp && pwd); ls -d /home/me/../..; env | grep -c LD_PRELOAD || :; x=$(cat /etc/where); echo "$x"'
	echo "$output"
	[ "$status" = 0 ]
	[[ ${lines[0]} = /home/me ]]
	[ "${lines[1]} ${lines[2]}" = "inside inside" ]
	[ "${lines[3]}" = "script in /home/me" ]
	[ "${lines[5]}" = /usr/bin/readlink ]
	[ "${lines[6]}" = /usr/bin/bash ]
	[ "$(digest)" = "$BEFORE" ]
}

@test "a system as /: changes land in UPPER, the host's files stay, jobs and signals work" {
	run inside 'echo new >/etc/new; rm /etc/absolute; mv /usr/bin/script /usr/bin/moved; mkdir -p /srv/x; echo job >/tmp/job & wait
		moved; cat /etc/new /tmp/job; cp /usr/bin/cat /home/me/mine; ./mine /etc/new; ln -s /etc/new link; cat link
		trap "echo trapped" USR1; kill -USR1 $$; (exit 7) || echo $?; sleep 0; chmod 600 /etc/where; stat -c %a /etc/where'
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[*]}" = "script in /home/me new job new new trapped 7 600" ]
	[ "$(cat "$U/etc/new")" = new ]
	[ ! -e /etc/new ]
	[ ! -e /srv/x ]
	[ "$(digest)" = "$BEFORE" ]
	# the next run goes on
	run inside 'cat /etc/new; ls /etc; moved'
	[ "$status" = 0 ]
	[ "${lines[*]}" = "new new passwd where script in /home/me" ]
}

@test "a system as /: a static program, and what a pass names of the host" {
	requires gcc
	echo 'int puts(const char *); int main(void) { puts("static"); return 0; }' >"$T/s.c"
	gcc -static -o "$R/usr/bin/static" "$T/s.c"
	mkdir "$R/pass"
	echo host >"$T/of-the-host"
	run "$OVLRUN" -q -l "$R" -m / -C / -p "$T" -u "$U" -w "$W" -- /bin/sh -c "static; cat '$T/of-the-host'; env -i /bin/sh -c 'cat /etc/where'"
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[*]}" = "static host inside" ]
}
