#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The door of names: programs that are asked to change no text (OVL_DOOR=symbols) see the view by
# libc's names alone. Each family on a plain copy, in the view, and in a view without the guard,
# which would bring back what a name has missed.

load helpers

PROGRAMS=${PROGRAMS:-$BATS_TEST_DIRNAME/../../build/e2e}

export OVL_DOOR=symbols

more_setup()
{
	requires setfattr
	lower '
		mkdir -p dir/sub; echo file >file; echo a >dir/a; echo b >dir/b; echo gone >gone
		echo deep >dir/sub/deep; ln -s file link; ln -s . dir/back; ln -s none dir/dangling
		find . -exec touch -h -d 2001-02-03T04:05:06.5 {} +'
}

# What only upper has, and hides: with the patched libc, so that the names alone are on trial.
prepare='
	echo new >dir/new; rm gone; mkdir dir/only
	printf "#!/bin/sh\necho \"\$*, \$MARK\"; exit 5\n" >dir/prog; chmod 755 dir/prog
	printf "echo plain \"\$*, \$MARK\"; exit 6\n" >dir/plain; chmod 755 dir/plain
	: >dir/locked'

# family PROGRAM FAMILY [FILTER]
family()
{
	local script="$prepare; \"$PROGRAMS/$1\" $2 | ${3:-cat}"

	both "$script"
	rm -rf "$U" "$W" "$P"
	cp -a "$V" "$P"
	printf '#!/bin/sh\nexec "%s" --no-guard "$@"\n' "$OVLRUN" >"$T/bare"
	chmod 755 "$T/bare"
	OVLRUN=$T/bare both "$script"
}

@test "symbols: attributes and access" {
	family names ask
	shown 'stat(*p, &st) = 0'
}

@test "symbols: names of files and of the cwd" {
	family names where
	shown "realpath: $V/dir/new"
}

@test "symbols: streams" {
	family names streams
	shown 'line: new'
	shown 'as a+'
}

@test "symbols: walks over trees" {
	family names walks sort
	shown 'dir/new 0 4 4 1'
}

@test "symbols: directories, scandir, glob" {
	family names directories
	shown 'dir/prog'
}

@test "symbols: everything that changes names and attributes" {
	family names changes
	shown 'unlink("dir/bbb") = 0'
}

@test "symbols: temporary files" {
	family names temporaries
	shown 'mkdtemp: 11 filled in'
}

@test "symbols: locks" {
	family names locks
	shown 'lockf(again, F_TEST, 1) = -1 EACCES'
}

@test "symbols: sockets" {
	family names sockets
	shown 'dir/sock'
}

@test "symbols: exec by every name" {
	family names_exec execs
	shown '1 2 3 4 5 6 7 8, inherited'
	shown 'plain one two, inherited'
}

@test "symbols: posix_spawn" {
	family names_exec spawns
	shown '"one two, given\0a"'
}

@test "symbols: popen and system" {
	family names_exec shells
	shown 'read: new'
	shown 'by popen'
}

@test "symbols: a library that only upper has, by its path" {
	echo 'int only_upper(void) { return 42; }' >"$T/new.c"
	gcc -shared -fPIC -o "$T/libnew.so" "$T/new.c"
	prepare="cp $T/libnew.so libnew.so"
	family names_exec load
	shown 'fn() = 42'
}

@test "symbols: calls by their number" {
	family names_exec numbers
	shown 'syscall(SYS_mkdir, "dir/by_number", 0700) = 0'
}

@test "symbols: signals, with all of them blocked too" {
	family names_exec signals
	shown 'sigismember(&set, SIGSYS) = 1'
}

@test "symbols: a thread that opens without waiting is canceled" {
	family names_exec cancel
	shown 'end == PTHREAD_CANCELED = 1'
}

@test "symbols: a thread canceled in open() runs its handlers and destructors" {
	mkfifo "$V/fifo"
	BEFORE=$(digest)
	run timeout 20 "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- env -C "$V" "$PROGRAMS/cancel_open" fifo
	echo "$output"
	test "$(grep -c canceled <<<"$output")" = 3
	test "$(grep -c destructor <<<"$output")" = 3
	lower_unchanged
}

@test "symbols: users and groups of the view's files" {
	local out

	# a layer of ours over the machine's own; what libc tells by its own means is what is right
	mkdir -p "$T/top/etc"
	printf '%s\n' '# odd' 'root:x:0:0:root:/root:/bin/bash' 'bad line' 'me:x:4242:1:Me,,,:/home/me:/bin/sh' >"$T/top/etc/passwd"
	printf '%s\n' 'root:x:0:' 'us:x:4343:me,root' 'empty:*:7:' 'more:x:9:me' >"$T/top/etc/group"
	for out in names patched; do
		"$OVLRUN" -q -l "$T/top" -l / -m / -u "$T/up.$out" -- env -C / "$PROGRAMS/names_user" me us >"$T/$out"
		unset OVL_DOOR
	done
	diff "$T/patched" "$T/names"
	grep -qx 'getpwnam: me x 4242 1 Me,,, /home/me /bin/sh' "$T/names"
	grep -qx 'getgrent: us x 4343 me root' "$T/names"
	grep -qx '3 1 4343 9' "$T/names"
	test "$(id -u)" != 0 || grep -qx 'in 4343' "$T/names"
}

@test "symbols: what the program frees is of its own malloc" {
	cat >"$T/own.c" <<-'END'
		#include <dirent.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>
		static char arena[1 << 20];
		static size_t used;
		void *malloc(size_t n) { used += (n + 31) & -16; return arena + used - ((n + 31) & -16); }
		void *realloc(void *p, size_t n) { void *q = malloc(n); if (p) memcpy(q, p, n); return q; }
		void *calloc(size_t n, size_t m) { return malloc(n * m); }
		void free(void *p) { if (p && ((char *)p < arena || (char *)p >= arena + used)) abort(); }
		int main(void)
		{
			struct dirent **list;
			char *cwd = getcwd(NULL, 0), *real = realpath("link", NULL);
			int n = scandir(".", &list, NULL, alphasort);
			DIR *d = opendir("dir");

			for (int i = 0; i < n; i++)
				free(list[i]);
			free(list);
			printf("%d %d %s %s\n", n, readdir(d) != NULL, cwd, real);
			free(cwd);
			free(real);
			closedir(d);
		}
	END
	gcc -O1 -w -o "$T/own" "$T/own.c"
	both "echo new >new; '$T/own'"
	shown "$V/file"
}

@test "symbols: functions called before ours are ready, and without a session" {
	cat >"$T/early.c" <<-'END'
		#include <errno.h>
		#include <stdio.h>
		#include <unistd.h>
		__attribute__((constructor)) static void early(void)
		{
			int r = access("/nowhere", errno = 0);

			printf("%d %d\n", r, errno);
		}
	END
	gcc -shared -fPIC -w -o "$T/early.so" "$T/early.c"
	run view env LD_PRELOAD="$T/early.so" true
	echo "$status $output"
	test "$output" = "-1 2"
	run env -u OVL_SESSION LD_PRELOAD="$T/early.so:$(dirname "$OVLRUN")/libovlsym.so" ls /nowhere
	test "$status" = 2
	[[ ${lines[0]} == "-1 2" && ${lines[1]} == *"No such file"* ]]
	command -v musl-gcc || skip "no musl"
	echo 'int main(void) { return 0; }' >"$T/m.c"
	musl-gcc -shared -fPIC -w -o "$T/early.so" "$T/early.c"
	musl-gcc -o "$T/m" "$T/m.c"
	run view /usr/bin/python3 -c 'import os, sys; os.execve(sys.argv[1], ["m"], {"LD_PRELOAD": sys.argv[2]})' \
		"$T/m" "$T/early.so"
	test "$output" = "-1 2"
}

@test "symbols: no byte of the program's text is changed" {
	run view grep -c 'r-xp .*/libc\.so' /proc/self/maps
	test "$output" = 1
	# a page of text that is written to is anonymous from then on
	run view awk '/libc\.so/ { libc = /r-xp/ } libc && /^Anonymous:/ { n += $2 } END { print n + 0 }' /proc/self/smaps
	test "$output" = 0
	OVL_DOOR= run view awk '/libc\.so/ { libc = /r-xp/ } libc && /^Anonymous:/ { n += $2 } END { print n + 0 }' /proc/self/smaps
	test "$output" != 0
}

@test "symbols: musl has the same names" {
	requires musl-gcc
	musl-gcc -O1 -D_GNU_SOURCE -pthread -w -o "$T/static_all" "$TOP/tests/e2e/bin/static_all.c"
	rm -r "$V"/*
	lower 'echo text >f; mkdir d e; echo g >d/g; ln -s f l'
	both "'$T/static_all' one two; echo \$?; cat spawned; find . -type f | sort | wc -l"
	shown 'threads: 0'
}

# names KIND...: the last column is the call, or the name
names()
{
	sed -n "s/^\\($1\\)(\\([^,]*\\), *\\([^)]*\\)).*/\\2 \\3/p" "$TOP/preload/symtab.def"
}

@test "symbols: each call of the engine's table has a name, or a reason to have none" {
	sed -n 's/^ROW(\([^,]*\),.*/\1/p' "$TOP"/shim/systab*.def | sort -u >"$T/calls"
	{
		names 'NAME\|POINT\|POINT6\|OTHER' | awk '{ print $2 }'
		names NONE | awk '{ print $1 }'
	} | sort -u >"$T/have"
	test "$(wc -l <"$T/calls")" -gt 100
	diff "$T/calls" "$T/have"
}

@test "symbols: each name is exported, and one of libc's" {
	local libc

	libc=$(ldd /bin/cat | sed -n 's/.*=> \(.*libc\.so[^ ]*\).*/\1/p')
	nm -D --defined-only "$(dirname "$OVLRUN")/libovlsym.so" | awk '{ print $3 }' | sort -u >"$T/ours"
	names 'NAME\|POINT\|POINT6\|OTHER' | awk '{ print $1 }' | sort -u >"$T/table"
	test -z "$(comm -13 "$T/ours" "$T/table")"
	nm -D --defined-only "$libc" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u >"$T/theirs"
	# newer than this libc may be
	comm -23 "$T/ours" "$T/theirs" | grep -vx -e __asan_default_options -e openat2 -e 'posix_spawn_file_actions_addf\?chdir' \
		-e 'open_tree\|move_mount\|fspick\|mount_setattr' \
		-e 'posix_spawn_file_actions_add\(closefrom\|tcsetpgrp\)_np' \
		-e 'f\?stat\(at\)\?\(64\)\?\|lstat\(64\)\?\|mknod\(at\)\?\|execveat' >"$T/odd" || true
	cat "$T/odd"
	test ! -s "$T/odd"
}

@test "symbols: a program whose text can in no way be changed is started again, by names" {
	lower 'echo old >file; printf "#!/bin/sh\necho \$0 \$1; cat file\n" >script; chmod 755 script'
	unset OVL_DOOR
	run view env -C "$V" "$PROGRAMS/no_changed_text" memfd \
		sh -c 'echo new >file; cat file; ./script one; grep -c ovl-text /proc/self/maps; echo "$LD_PRELOAD"'
	echo "$output"
	test "$status" = 0
	test "$(head -4 <<<"$output")" = $'new\n./script one\nnew\n0'
	[[ ${lines[-1]} == *"/libovlsym.so" && ${lines[-1]} != *"libovl.so"* ]]
	lower_unchanged
	# one that has no names is not
	if command -v busybox; then
		run view "$PROGRAMS/no_changed_text" memfd busybox true
		test "$status" = 125
		[[ $output == *"does not let changed text run"* ]]
	fi
}

@test "symbols: another door there is none" {
	OVL_DOOR=window run "$OVLRUN" -l "$V" -u "$U" true
	test "$status" = 125
	[[ $output == "ovlrun: window: no such door"* ]]
}
