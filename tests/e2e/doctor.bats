#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ovlctl doctor: what it tells is what happens

load helpers

BIN=$BATS_TEST_DIRNAME/../../build/e2e

more_setup()
{
	mkdir -p tmp
	export TMPDIR=$T/tmp
	LC_ALL=C.UTF-8
}

doctor()
{
	run "$OVLCTL" doctor "$@"
	echo "$status"
	echo "$output"
}

# fact HOW WHAT TEXT: a line says that, and one alone is about WHAT
fact()
{
	test "$(grep -cE "^(ok  |slow|no  )  $2 +" <<<"$output")" = 1
	grep -E "^$1 +$2 +" <<<"$output" | grep -qF -- "$3"
}

# not_told WHAT
not_told()
{
	run ! grep -E "^[a-z]+ +$1 " <<<"$output"
}

@test "without a command: this machine, and a place for UPPER" {
	doctor
	test "$status" = 0
	fact ok kernel x86_64
	fact ok seccomp trapped
	fact ok no_new_privs setuid
	fact ok text replaced
	fact ok user-dispatch caught
	fact ok libovl.so "$(realpath "$TOP")/libovl.so"
	fact ok libovlsym.so "$(realpath "$TOP")/libovlsym.so"
	fact ok ovlload "$(realpath "$TOP")/ovlload"
	fact ok upper "a new directory in $TMPDIR"
	fact ok links symlinks
	fact ok whiteouts 0/0
	fact ok xattrs user
	not_told door
}

@test "a dynamic program: preload" {
	doctor sh -c 'exit 9'
	test "$status" = 0
	fact ok program "/$(basename "$(realpath "$(command -v sh)")"): dynamically linked"
	fact ok linker "all understood"
	fact ok libc "$(realpath "$(ldd "$(command -v sh)" | awk '/libc\.so/ { print $3 }')")"
	fact ok libc "all understood"
	fact ok door preload:
	not_told own-calls
	test ! -e "$U"
}

@test "the dynamic linker, given a program" {
	doctor "$(ldd "$(type -P true)" | awk '/ld-linux/ { print $1 }')" "$(type -P true)"
	test "$status" = 0
	fact ok linker "all understood"
	fact ok door preload:
	not_told own-calls
}

@test "as many libraries as ldd finds" {
	local p n

	for p in git perl gdb gcc; do
		n=$(ldd "$(command -v $p)" | grep -c '=> /')
		doctor $p
		fact ok libraries "$n, all found"
	done
}

@test "a library that is not there, beside one that RUNPATH has" {
	mkdir -p lib
	echo 'int f(void) { return 0; }' >f.c
	gcc -shared -fPIC -o lib/libdoctor-a.so f.c
	gcc -shared -fPIC -o lib/libdoctor-b.so f.c
	echo 'int f(void); int main(void) { return f(); }' >m.c
	gcc -o m m.c -Wl,--no-as-needed -Llib -ldoctor-a -ldoctor-b '-Wl,-rpath,$ORIGIN/lib'
	doctor ./m
	test "$status" = 0
	fact ok libraries "3, all found"
	rm lib/libdoctor-b.so
	run ! ./m
	doctor ./m
	test "$status" = 1
	fact no library "libdoctor-b.so: not found: $T/m needs it"
	not_told libraries
}

@test "a library that only the view's ld.so.cache knows" {
	requires root
	mkdir -p opt
	echo 'int f(void) { return 0; }' >f.c
	gcc -shared -fPIC -Wl,-soname,libdoctor-c.so -o opt/libdoctor-c.so f.c
	echo 'int f(void); int main(void) { return f(); }' >m.c
	gcc -o m m.c -Lopt -ldoctor-c
	doctor -u "$U" -w "$W" ./m
	test "$status" = 1
	fact no library "libdoctor-c.so: not found"
	"$OVLRUN" -q -u "$U" -w "$W" -- sh -c 'echo "$1" >/etc/ld.so.conf.d/doctor.conf && /sbin/ldconfig' sh "$T/opt"
	"$OVLRUN" -q -u "$U" -w "$W" -- ./m
	doctor -u "$U" -w "$W" ./m
	test "$status" = 0
	fact ok libraries "2, all found"
	fact ok door "loader, then preload"
}

@test "a static program: loader" {
	doctor "$BIN/static_mkdir" x
	test "$status" = 0
	fact ok program "/static_mkdir: statically linked"
	fact ok door "loader: its system calls are replaced"
	not_told libc
}

# dispatched COMMAND...: does it run under syscall user dispatch?
dispatched()
{
	# not by a pipe: strace would end at the first match, and the run would go on beside the next
	strace -f -e trace=prctl -o "$T/strace" "$OVLRUN" -q -l "$V" -u "$U" -w "$W" -- "$@"
	grep -qE 'prctl\((PR_SET_SYSCALL_USER_DISPATCH|0x3b.*), (PR_SYS_DISPATCH_ON|0x1)' "$T/strace"
}

@test "a static program whose system calls are not understood: user dispatch" {
	requires strace
	lower 'echo low >f'
	doctor "$BIN/static_branch" f
	test "$status" = 0
	fact slow door "user dispatch"
	dispatched "$BIN/static_branch" "$V/f"
	run ! dispatched "$BIN/static_mkdir" "$V/d"
}

@test "user dispatch is missed by who needs it" {
	no_dispatch() { run "$BIN/no_prctl" 59 "$OVLCTL" doctor "$@"; }
	no_dispatch
	test "$status" != 77 || skip "no seccomp here"
	test "$status" = 1
	fact no user-dispatch "Linux 5.11"
	no_dispatch sh
	test "$status" = 0
	fact no user-dispatch "does not need it"
	no_dispatch "$BIN/static_mkdir"
	test "$status" = 0
	no_dispatch "$BIN/static_branch"
	test "$status" = 1
	fact no user-dispatch "Linux 5.11"
	mkdir -p "$U"
	touch "$U/libx.so"
	no_dispatch -l "$V" -u "$U" sh
	test "$status" = 1
	fact no user-dispatch "Linux 5.11"
}

@test "Go: static by the loader, with cgo its own calls are told" {
	requires go
	export HOME=$T GOCACHE=$T/gocache GOFLAGS=-mod=mod GO111MODULE=off
	cat >g.go <<-'EOF'
		package main

		import "os"

		func main() { os.Stat("/") }
	EOF
	CGO_ENABLED=0 go build -o g g.go
	doctor ./g
	test "$status" = 0
	fact ok door loader:
	doctor go version
	if grep -q 'dynamically linked' <<<"$output"; then
		fact slow own-calls "all understood"
		test "$status" = 0
		fact ok door preload:
	fi
}

@test "a library's own system calls" {
	requires gcc
	printf '#include "%s"\nlong f(void) { return raw(21, "f", 0); }\n' "$BATS_TEST_DIRNAME/bin/raw.h" >f.c
	gcc -O2 -shared -fPIC -o libown.so f.c
	echo 'long f(void); int main(void) { return f(); }' >m.c
	gcc -o m m.c -L. -lown -Wl,-rpath,"$T"
	doctor ./m
	test "$status" = 0
	fact ok own-calls "/libown.so: 1 reading system calls past libc, in a library: replaced"
	# nobody says where code is
	gcc -O2 -shared -fPIC -fno-asynchronous-unwind-tables -o libown.so f.c
	objcopy --remove-section .eh_frame --remove-section .eh_frame_hdr libown.so
	doctor ./m
	not_told 'ok    own-calls'
}

@test "a program's own system calls that are not understood" {
	doctor "$BIN/raw_all"
	test "$status" = 1
	fact no own-calls "are not understood"
	fact ok door preload:
}

@test "a script: its interpreters, one after the other" {
	printf '#!%s -eu\necho\n' "$(command -v sh)" >one
	printf '#! %s/one arg\n' "$T" >two
	chmod +x one two
	doctor ./two
	test "$status" = 0
	test "$(awk '$2 == "script" { print $3, $4, $5, $6 }' <<<"$output")" = "$T/two: run by $T/one
$T/one: run by $(command -v sh)"
	fact ok door preload:
}

@test "a script without #!, and one whose interpreter is not there" {
	echo echo >plain
	printf '#!/no/such/interpreter\n' >lost
	chmod +x plain lost
	doctor ./plain
	test "$status" = 0
	fact ok script "$T/plain: no #! line: run by /bin/sh"
	doctor ./lost
	test "$status" = 1
	fact ok script "$T/lost: run by /no/such/interpreter"
	fact no program "its interpreter /no/such/interpreter"
	not_told door
}

@test "what is not there, not executable, a directory" {
	touch file
	doctor no-such-command-here
	test "$status" = 1
	fact no program "no-such-command-here: command not found"
	doctor ./file
	test "$status" = 1
	fact no program "./file: Permission denied"
	doctor "$T"
	test "$status" = 1
	fact no program "$T: Is a directory"
	fact ok seccomp trapped
}

@test "another machine's program, and a 32-bit one" {
	cp "$(type -P true)" arm
	cp arm bits
	printf '\267' | dd of=arm bs=1 seek=18 conv=notrunc status=none
	printf '\1' | dd of=bits bs=1 seek=4 conv=notrunc status=none
	for p in arm bits; do
		doctor ./$p
		test "$status" = 1
		fact no program "$T/$p: not a program of this machine"
		not_told door
	done
}

@test "a dynamic program of musl" {
	requires musl-gcc
	echo 'int main(void) { return 0; }' >m.c
	musl-gcc -o m m.c
	doctor ./m
	test "$status" = 0
	fact ok linker "$(realpath "$(readelf -l m | sed -n 's/.*interpreter: \(.*\)]/\1/p')"): "
	fact ok linker "all understood"
	fact ok door preload:
	not_told library
	not_told libc
}

@test "a setuid program runs without its privilege" {
	requires root
	cp "$(type -P true)" su
	chown 4242 su
	chmod 4755 su
	doctor ./su
	test "$status" = 1
	fact no privilege "$T/su: is setuid"
	chown 0 su
	chmod 4755 su
	doctor ./su
	test "$status" = 0
	not_told privilege
}

@test "UPPER has libraries: the loader first" {
	lower 'echo low >f'
	mkdir "$U"
	doctor -l "$V" -u "$U" -w "$W" ls
	fact ok door preload:
	touch "$U/libx.so.1"
	doctor -l "$V" -u "$U" -w "$W" ls
	test "$status" = 0
	fact ok door "loader, then preload: UPPER has libraries"
	run ! dispatched "$BIN/static_mkdir" "$V/d"
	dispatched ls "$V"
}

@test "another system as /: its command, its linker, its libc" {
	local linker libc

	linker=$(ldd "$(type -P true)" | awk '/ld-linux/ { print $1 }')
	libc=$(ldd "$(type -P true)" | awk '/libc\.so/ { print $3 }')
	mkdir -p "r$(dirname "$linker")" "r$(dirname "$libc")" r/bin
	cp "$linker" "r$linker"
	cp "$libc" "r$libc"
	cp "$(type -P true)" r/bin/only-there
	PATH=/bin:$PATH doctor -l r -m / -C / only-there
	test "$status" = 0
	fact ok program "/bin/only-there: dynamically linked"
	fact ok libc "$libc: "
	fact ok door "loader, then preload: the view has another dynamic linker"
	rm "r$linker"
	PATH=/bin:$PATH doctor -l r -m / -C / only-there
	test "$status" = 1
	fact no program "its dynamic linker $linker: No such file or directory"
}

@test "the same twice, and nothing is left behind" {
	local names first

	mkdir x y y/.u.work
	names=$(find . | sort)
	doctor -u x/u ls
	fact ok upper "$T/x/u: will be made"
	first=$output
	doctor -u x/u ls
	test "$output" = "$first"
	doctor -u y/u
	doctor
	test "$names" = "$(find . | sort)"
}

@test "UPPER on a file system that can hold no xattrs; on tmpfs" {
	requires root
	mkdir r t
	mount -t ramfs none r
	mount -t tmpfs none t
	doctor -u r/u
	test "$status" = 0
	fact ok links symlinks
	fact ok whiteouts 0/0
	fact no xattrs "Operation not supported"
	fact slow reflink "copies its content"
	test -z "$(ls -A r)"
	doctor -u t/u
	test "$status" = 0
	fact ok whiteouts 0/0
	test -z "$(ls -A t)"
}

@test "an ordinary user" {
	local as=()

	if test "$(id -u)" = 0; then
		mkdir -m 777 o
		as=(setpriv --reuid 4242 --regid 4242 --clear-groups)
	else
		mkdir o
	fi
	run "${as[@]}" "$OVLCTL" doctor -u o/u ls
	echo "$output"
	test "$status" = 0
	fact ok door preload:
	fact ok whiteouts 0/0
	test -z "$(ls -A o)"
	chmod 555 o
	run "${as[@]}" "$OVLCTL" doctor -u o/u ls
	echo "$output"
	test "$status" = 2
	test "$output" = "ovlctl: o/u: $T/o is not writable: give another directory with -u"
}

@test "OVL_DOOR: the door by names is told" {
	OVL_DOOR=symbols run "$OVLCTL" doctor ls
	test "$status" = 0
	fact ok door "preload: by the names"
	OVL_DOOR=window run "$OVLCTL" doctor ls
	test "$status" = 2
	[[ $output == *"window: no such door"* ]]
}

@test "no seccomp, no no_new_privs, no changed text" {
	run "$BIN/no_seccomp" "$OVLCTL" doctor
	test "$status" != 77 || skip "no seccomp here either"
	test "$status" = 1
	fact no seccomp "Function not implemented"
	run "$BIN/no_prctl" 38 "$OVLCTL" doctor
	test "$status" = 1
	fact no no_new_privs "Invalid argument"
	run "$BIN/no_changed_text" memfd "$OVLCTL" doctor
	test "$status" = 1
	fact no text "nor a copy"
	run "$BIN/no_changed_text" mprotect "$OVLCTL" doctor
	test "$status" = 0
	fact slow text "a copy of it"
	perl -e 'exit(syscall(157, 65, 1, 0, 0, 0) != 0)' || skip "no PR_SET_MDWE here"
	run perl -e 'syscall(157, 65, 1, 0, 0, 0); exec @ARGV' "$OVLCTL" doctor
	test "$status" = 0
	fact slow text "PR_SET_MDWE"
}

@test "a part of ours that is not there, or lies where LD_PRELOAD cannot name it" {
	mkdir a "a b"
	cp "$OVLCTL" a
	doctor_of() { run "$1/ovlctl" doctor; }
	if test ! -e /usr/local/lib/ovlrun/libovl.so; then
		doctor_of a
		test "$status" = 1
		fact no libovl.so "not at $T/a/libovl.so"
		fact no ovlload "not at $T/a/ovlload"
	fi
	cp "$OVLCTL" "$TOP/libovl.so" "$TOP/ovlload" "a b"
	doctor_of "a b"
	test "$status" = 1
	fact no libovl.so "$T/a b/libovl.so: LD_PRELOAD cannot name"
}

@test "names with control characters stay in their line" {
	mkdir $'a\nok    door'
	doctor -u $'a\nok    door/u'
	test "$status" = 0
	fact ok upper '/a\nok    door/u: will be made'
	not_told door
}

# wrong TEXT ARG...: one line that holds TEXT, and status 2
wrong()
{
	local text=$1

	shift
	run "$OVLCTL" doctor "$@"
	echo "$output"
	test "$status" = 2
	test "${#lines[@]}" = 1
	grep -qF -- "$text" <<<"$output"
}

@test "wrong use: one line, status 2" {
	touch f
	wrong "unrecognized option" --no-such
	wrong "requires an argument" -u
	wrong "give another" -u f
	wrong "make it first" -u no/such/dir
	wrong "choose an upper elsewhere" -u /
	wrong "give -u" -w w
	wrong "with -l" -l no-such-lower
}

@test "--help tells the options, also of ovlctl" {
	run "$OVLCTL" doctor --help
	test "$status" = 0
	grep -q 'COMMAND' <<<"$output"
	grep -q -- '--upper' <<<"$output"
	run "$OVLCTL" --help
	grep -q '^  doctor ' <<<"$output"
}
