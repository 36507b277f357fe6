#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# other libcs than this machine's: musl, and with OVL_TEST_ROOTS=DIR the glibc of other systems
#
# DIR holds directories with a Debian each, by any name, made as root by
#   debootstrap --variant=minbase bullseye DIR/bullseye http://deb.debian.org/debian
# Each is shown as / and nothing is changed in it. Too much to fetch for every run.

load helpers

SOURCES=$TOP/tests/e2e/bin

# musl NAME: tests/e2e/bin/NAME.c for musl, dynamic
musl()
{
	requires musl-gcc
	musl-gcc -O1 -D_GNU_SOURCE -pthread -w -o "$T/$1" "$SOURCES/$1.c"
}

@test "musl, dynamic: calls, threads, children, signals" {
	musl static_all
	lower 'echo text >f; mkdir d e; echo g >d/g; ln -s f l'
	both "'$T/static_all' one two; echo \$?; cat spawned; find . -type f | sort | wc -l; cat e/3.7; stat -c '%n %a' hard"
	shown "threads: 0"
	test -e "$U/alarm"
}

@test "musl, dynamic: every call is covered, none is trapped" {
	requires strace
	strace -o /dev/null true 2>/dev/null || skip "needs ptrace"
	musl static_all
	lower 'echo text >f; mkdir d e; echo g >d/g; ln -s f l'
	in_view "strace -f -e trace=none -e signal=SIGSYS -o '$T/signals' '$T/static_all' one two >/dev/null" || test $? = 3
	cat "$T/signals"
	run ! grep SIGSYS "$T/signals"
}

@test "musl, dynamic: started by the loader, with a library that only UPPER has" {
	requires musl-gcc
	lower 'mkdir lib'
	echo 'int answer(void) { return 42; }' >"$T/a.c"
	echo 'int answer(void); int main(void) { return answer() != 42; }' >"$T/m.c"
	musl-gcc -shared -fPIC -o "$T/liba.so" "$T/a.c"
	musl-gcc -o "$V/m" "$T/m.c" -L"$T" -la -Wl,-rpath,"$V/lib"
	BEFORE=$(digest)
	in_view "cp '$T/liba.so' lib/; ./m"
	lower_unchanged
}

@test "musl, dynamic: its linker called by name, and a program of musl's that starts one of glibc's" {
	musl raw_mkdir
	lower 'echo text >f'
	echo 'int system(const char *); int main(void) { return system("cat new"); }' >"$T/s.c"
	musl-gcc -o "$T/s" "$T/s.c"
	in_view "echo fresh >new; test \"\$('$T/s')\" = fresh
		test \"\$(/lib/ld-musl-x86_64.so.1 '$T/s')\" = fresh; '$T/raw_mkdir' dir; test -d dir"
	lower_unchanged
}

@test "musl, dynamic: threads are canceled in open() and while they wait for a lock" {
	musl cancel_open
	musl cancel_lock
	lower 'mkfifo fifo; echo text >f'
	run in_view "timeout 20 '$T/cancel_open' fifo && timeout 20 '$T/cancel_lock' f"
	echo "$output"
	test "${output//$'\n'/ }" = "handler canceled handler canceled handler canceled handler canceled"
}

# in_root SCRIPT: in each of the systems, by its own shell
in_root()
{
	local root n=0

	test -n "${OVL_TEST_ROOTS:-}" || skip "needs OVL_TEST_ROOTS"
	for root in "$OVL_TEST_ROOTS"/*/; do
		test -e "$root/bin/sh" && test -w "$root/etc" || continue # whose it is
		n=$((n + 1))
		rm -rf "$U" "$W"
		echo "in $root:" >&2
		"$OVLRUN" -q -l "$root" -m / -C / -p "$T" -u "$U" -w "$W" -- /bin/bash -euc "$1" >"$T/out"
	done
	test $n -gt 0
}

@test "systems: files, pipes, jobs, perl, dpkg, apt, ldconfig, names" {
	in_root 'echo a >/etc/new; cp /etc/new /tmp/b; mv /tmp/b /tmp/c; test "$(cat /tmp/c)" = a; rm /tmp/c
		test "$(find /etc -maxdepth 1 -name passwd)" = /etc/passwd; tar cf /tmp/t /etc; mkdir /tmp/x; tar xf /tmp/t -C /tmp/x
		diff /etc/passwd /tmp/x/etc/passwd; sed -i s/a/b/ /etc/new; test "$(cat /etc/new)" = b
		perl -e "rename q(/etc/new), q(/etc/old) or die; die unless -e q(/etc/old); print \`ls /etc/old\`" | grep -q old
		dpkg -l | grep -q libc6; apt-get --version | grep -q ^apt; ldconfig; test -s /etc/ld.so.cache
		echo "me:x:4242:1::/:/bin/sh" >>/etc/passwd; test "$(getent passwd me | cut -d: -f3)" = 4242
		echo "192.0.2.1 somewhere" >>/etc/hosts
		# by names libc reads those of the host: README, Limits
		test "${OVL_DOOR-}" = symbols || getent ahostsv4 somewhere | grep -q 192.0.2.1
		sleep 0 & wait $!; mkdir /d; mv /d /e; rmdir /e'
}

@test "systems: threads are canceled in open(), while they wait for a lock" {
	local name

	for name in cancel_open cancel_lock; do
		gcc -O2 -D_GNU_SOURCE -pthread -w -o "$T/$name" "$SOURCES/$name.c"
	done
	# what is built here needs a libc that is not older than 2.34
	in_root "grep -q GLIBC_2.34 /lib/x86_64-linux-gnu/libc.so.6 || exit 0
		mkfifo /fifo; timeout 20 '$T/cancel_open' /fifo | grep -c canceled | grep -x 3
		echo a >/file; timeout 20 '$T/cancel_lock' /file | grep -x canceled"
}
