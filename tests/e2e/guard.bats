#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A system call that does not come through libc changes no lower layer.

load helpers
load door

more_setup()
{
	BIN=$TOP/build/e2e
}

# one directory for each call of raw_all
raw_tree()
{
	requires setfattr
	lower "for n in \$($BIN/raw_all names); do
			mkdir \$n \$n/d
			echo content >\$n/f
			chmod 644 \$n/f
			ln -s f \$n/l
			setfattr -n user.t -v 1 \$n/f
			touch -d @1000000000 \$n/f
		done"
}

@test "guard: every number of the kernel's table is classified" {
	echo '#include <asm/unistd_64.h>' | cc -E -dM - |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | sort >"$T/kernel"
	test "$(wc -l <"$T/kernel")" -gt 350
	sed -n 's/^ROW(\([a-z0-9_]*\),.*/\1/p' "$TOP"/shim/systab*.def >"$T/known"
	grep -v '^#' "$BATS_TEST_DIRNAME/harmless.calls" | tr ' ' '\n' >>"$T/known"
	sort -u -o "$T/known" "$T/known"
	echo "new: $(comm -23 "$T/kernel" "$T/known")"
	test -z "$(comm -23 "$T/kernel" "$T/known")"
}

@test "guard: every changing call, made raw, does in the view what it does on a plain copy" {
	raw_tree
	both "$BIN/raw_all"
	test "$(grep -c 99999 "$T/v.out")" = 0 # a call without a recipe
	shown "setxattr: 0"
	shown "renameat2: 0"
}

@test "guard: every changing call, made raw by a program that was given no environment" {
	raw_tree
	both "env -i $BIN/raw_all"
	shown "setxattr: 0"
}

# raw_all_by COMPILER...: raw_all, linked statically by it: the loader replaces its calls
raw_all_by()
{
	raw_tree
	"$@" -static -O1 -D_GNU_SOURCE -w -I"$TOP/include" -o "$T/raw_all" "$BATS_TEST_DIRNAME/bin/raw_all.c"
	both "$T/raw_all"
	test "$(grep -c 99999 "$T/v.out")" = 0
	shown "setxattr: 0"
	shown "renameat2: 0"
}

@test "guard: every changing call of a statically linked program" {
	requires gcc
	raw_all_by gcc
}

@test "guard: every changing call of a program that is linked statically with musl" {
	requires musl-gcc
	# musl has no headers of the kernel's
	raw_all_by musl-gcc -idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)"
}

@test "guard: an administrator's calls, made raw, do not succeed" {
	raw_tree
	run in_view "$BIN/raw_all admin"
	echo "$output"
	test "$status" = 0
	test -z "$output"
	lower_unchanged
}

@test "guard: raw calls of eight threads at once change what they should" {
	lower 'for i in 0 1 2 3 4 5 6 7; do echo "content $i" >f.$i; mkdir d.$i; done'
	both "$BIN/raw_threads"
	test ! -s "$T/v.out"
}

# a case of sigsys: the same as on a plain copy
sigsys()
{
	lower 'echo old >f'
	both "$BIN/sigsys $1"
	cat "$T/v.out"
}

@test "guard: a program's own handler of SIGSYS is called, and shown" {
	sigsys handler
	shown "value 42"
}

@test "guard: with all signals blocked raw calls work, and SIGSYS waits" {
	sigsys blocked
	shown "raised: ours, blocked 1, pending 1"
}

@test "guard: in a handler that blocks all signals raw calls work" {
	sigsys masked
	shown "in-handler: 0"
}

@test "guard: sigwait gets a SIGSYS" {
	sigsys waiting
	shown "thread waited: 31"
}

@test "guard: a signalfd gets a SIGSYS" {
	sigsys fd
	shown "read: 128 31"
}

@test "guard: a program's own seccomp trap is its own" {
	sigsys filter
	shown "getppid: 4711"
}

@test "guard: a SIGSYS ends what has no handler, and not what ignores it" {
	sigsys ends
	shown "status 0x1f"
}

@test "guard: mask and disposition of SIGSYS are handed down, and a spawned child's are its own" {
	sigsys children
	shown "child: ignored"
	shown "after the child: ours"
}

@test "guard: SIGSYS interrupts a sleeping call, or not, as its handler says" {
	sigsys interrupted
	shown "read: -1 interrupted"
	sigsys restarted
	shown "read: 1"
}

@test "guard: raw calls of a program that was given no environment" {
	lower 'echo old >f'
	both "env -i $BIN/raw_mkdir new; ls"
	shown new
}

@test "guard: raw calls of a program that has no descriptors" {
	lower 'echo old >f'
	both "$BIN/raw_mkdir -c new; $BIN/raw_mkdir -c new; echo \$?; ls"
	shown 17
}

@test "guard: raw calls from python by ctypes" {
	requires python3
	lower 'echo old >f'
	both 'python3 -c "
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(83, b\"new\", 0o755))		# mkdir
print(libc.syscall(82, b\"f\", b\"g\"))		# rename
print(libc.syscall(13, 31, None, None, 8))	# rt_sigaction
print(libc.syscall(87, b\"none\"), ctypes.get_errno())"; ls'
	shown new
}

@test "guard: a raw exec is the engine's: its children are covered" {
	lower 'echo old >f'
	both "$BIN/raw_exec /bin/sh -c 'rm f; mkdir new; ls'"
	shown new
}

@test "guard: a raw exec of a static program is the loader's" {
	lower 'echo old >f'
	both "$BIN/raw_exec $BIN/static_mkdir new; ls"
	shown new
}

@test "guard: text that a static program makes at run time is covered" {
	lower 'echo old >f'
	both "$BIN/static_jit new; ls"
	shown new
}

@test "guard: a program that was not reached ends at its first change, and ovlrun says so" {
	lower 'echo old >f'
	run in_view "exec $BIN/raw_exec key $BIN/static_mkdir new"
	echo "$status $output"
	test "$status" = 126
	test "${lines[0]}" = started
	[[ ${lines[1]} =~ ^ovlrun:\ [0-9]+,\ static_mkdir,\ a\ system\ call:\ not\ covered.*strace ]]
	# as it says: the kernel tells nobody else
	if strace -o /dev/null true 2>/dev/null; then
		view strace -f -o "$T/strace" "$BIN/raw_exec" key "$BIN/static_mkdir" "$V/new" || :
		grep -q 'SIGSYS {.*si_syscall=__NR_mkdir' "$T/strace"
	fi
	lower_unchanged
}

@test "guard: a command that ends itself by SIGSYS is not taken for one that was not reached" {
	lower 'echo old >f'
	run in_view 'ulimit -c 0; kill -SYS $$'
	echo "$status $output"
	test "$status" = 159
	test -z "$output"
}

@test "guard: other tables of system calls do not get around it" {
	lower 'echo old >f'
	run in_view "$BIN/raw_foreign x32 new"
	echo "$status $output"
	test "$output" = -38
	run in_view "ulimit -c 0; exec $BIN/raw_foreign i386 new"
	echo "$status $output"
	test "$status" = 126
	foreign_told
	lower_unchanged
	test ! -e "$U/new"
}

# foreign_told: ovlrun has named the one call of raw_foreign's, and said nothing else
foreign_told()
{
	test "$(grep -c ^ovlrun: <<<"$output")" = 1
	[[ $output =~ ovlrun:\ [0-9]+,\ raw_foreign,\ mkdir\ \(int\ .0x80\):\ not\ covered ]]
}

@test "guard: a call of another table is told, whoever waits for its process" {
	lower 'echo old >f'
	# a child; a child's child whose status nobody looks at; an orphan
	run in_view "ulimit -c 0; $BIN/raw_foreign i386 new || echo \$?"
	echo "$status $output"
	test "$status" = 126
	test "$(grep -cx 159 <<<"$output")" = 1
	foreign_told
	run in_view "(ulimit -c 0; ($BIN/raw_foreign i386 new || true) 2>/dev/null; true)"
	echo "$status $output"
	test "$status" = 126
	foreign_told
	run in_view "ulimit -c 0; (sleep 0.1; exec $BIN/raw_foreign i386 new) 2>/dev/null & sleep 0.5; exec true"
	echo "$status $output"
	test "$status" = 126
	foreign_told
	lower_unchanged
}

@test "guard: a call of another table in a static program, also under user dispatch" {
	requires gcc
	lower 'echo old >f'
	odd_call
	for odd in "" "$T/odd.c"; do
		gcc -static -O1 -D_GNU_SOURCE -w -o "$T/raw_foreign" "$BATS_TEST_DIRNAME/bin/raw_foreign.c" $odd
		run in_view "exec '$T/raw_foreign' i386 new"
		echo "$status $output"
		test "$status" = 126
		foreign_told
	done
	lower_unchanged
}

@test "guard: what crashes leaves no core file, which the kernel would write to a lower layer" {
	case $(cat /proc/sys/kernel/core_pattern) in
	"|"* | "@"*) skip "core files are handed to a program here" ;;
	esac
	lower 'echo old >f'
	run in_view "ulimit -c unlimited || :; ulimit -c; $BIN/raw_all core || :; (ulimit -c unlimited; kill -SEGV \$BASHPID) || echo \$?"
	echo "$output"
	test "$status" = 0
	[[ $output = *$'\n0\nprlimit64: -1\nsetrlimit: -1\n'*139 ]]
	lower_unchanged
	test -z "$(ls -A "$U")"
}

# i386_numbers: those of the guarded calls in i386's table, but for an administrator's
i386_numbers()
{
	echo '#include <asm/unistd_32.h>' | cc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' >"$T/i386.all"
	sed -n 's/^ROW(\([a-z0-9_]*\), \([A-Z0-9]*\),.*/\1 \2/p' "$TOP"/shim/systab*.def |
		grep -Ev ' FREE$|^(acct|chroot|u?mount2?|pivot_root|swapo.*|quotactl.*|uselib|open_tree.*|move_mount|fspick|mount_setattr) ' |
		awk 'NR == FNR { guarded[$1]; next } { base = $1; sub(/(_time64|64|32)$/, "", base) } $1 in guarded || base in guarded { print $2 }' \
			- "$T/i386.all"
}

@test "guard: every changing call of a 32-bit program" {
	requires gcc
	cat >"$T/i386.c" <<-'END'
		/* NUMBER [at]: that call of i386's, about f */
		static int how = 01001; /* as flags it truncates, as a mode and as a size it is another */
		__asm__(".globl _start; _start: mov %esp, %eax; push %eax; call run");
		void run(char **sp)
		{
			int nr = 0, r;
			int at = (int)sp[0] > 2;
			for (char *p = sp[2]; *p; p++)
				nr = nr * 10 + *p - '0';
			__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(at ? -100 : (int)"f"), "c"(at ? (int)"f" : how),
				"d"(0), "S"(0), "D"(0) : "memory");
			__asm__ volatile("int $0x80" : : "a"(1), "b"(0));
		}
	END
	gcc -m32 -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector -O1 -w -o "$T/i386" "$T/i386.c" ||
		skip "gcc makes no 32-bit programs"
	"$T/i386" 20 || skip "no 32-bit programs here"
	local numbers
	numbers=$(i386_numbers)
	test "$(wc -w <<<"$numbers")" -gt 45
	lower 'for n in '"$(echo $numbers)"'; do mkdir $n $n.at; echo content >$n/f; echo content >$n.at/f; done'
	# it does change files where nobody guards them
	(cd "$P" && for n in $numbers; do (cd $n && "$T/i386" $n; cd ../$n.at && "$T/i386" $n at) || :; done)
	all() { (cd "$1" && find . -printf '%p %y %m %s\n' | sort); }
	test "$(diff <(all "$P") <(all "$V") | grep -c "^[<>]")" -gt 10
	# past the engine, each ends at its first call; by way of it, it is refused
	run in_view "ulimit -c 0; for n in $(echo $numbers); do for d in \$n \$n.at; do
			(cd \$d && exec $BIN/raw_exec key $T/i386 \$n \${d#*.}) 2>/dev/null || echo \$?; done; done
		$T/i386 20 || echo \$?"
	echo "$output"
	test "$(grep -c '^159$' <<<"$output")" = $((2 * $(wc -w <<<"$numbers")))
	test "${lines[-1]}" = 126
	lower_unchanged
	test -z "$(find "$U" -name f)"
}

@test "guard: --no-guard leaves it out" {
	lower 'echo old >f'
	run "$OVLRUN" -q --no-guard -l "$V" -u "$U" -- env -C "$V" "$BIN/raw_mkdir" new
	test "$status" = 0
	test -d "$V/new"
}

@test "guard: ovlrun inside a user namespace, and one in its view: every kind of program" {
	unshare -Ur true 2>/dev/null || skip "no user namespaces"
	requires gcc
	local script="$BIN/raw_mkdir raw; $BIN/static_mkdir static; echo new >made; mv old/f moved; rm gone; chmod 700 old; ln -s made l
		sed -i s/new/changed/ made; env -i $BIN/raw_mkdir bare; tar cf t.tar moved; python3 -c 'import os; os.mkdir(\"py\")'; ls; cat l"

	requires python3
	lower 'mkdir old; echo f >old/f; echo g >gone'
	AS=(unshare -Ur)
	both "$script"
	shown changed
	AS=()
	rm -rf "$U" "$W"
	lower ':'
	both "unshare -Ur bash -euc \"${script//\"/\\\"}\""
	shown changed
}

@test "guard: inside a user namespace of its own" {
	unshare -Ur true 2>/dev/null || skip "no user namespaces"
	lower 'echo old >f'
	run in_view "unshare -Ur $BIN/raw_mkdir new && ls"
	echo "$status $output"
	test "$status" = 0
	test -d "$U/new"
	lower_unchanged
}

@test "guard: under strace and gdb" {
	requires strace gdb
	strace -o /dev/null true 2>/dev/null || skip "needs ptrace"
	lower 'echo old >f'
	run in_view "strace -o $T/strace $BIN/raw_mkdir new"
	test "$status" = 0
	grep -q 'SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP' "$T/strace"
	run in_view "gdb -nx -batch -ex 'set debuginfod enabled off' \
		-ex 'handle SIGSYS nostop noprint pass' -ex run --args $BIN/raw_mkdir newer"
	echo "$output"
	[[ $output == *"exited normally"* ]]
	test -d "$U/new"
	test -d "$U/newer"
	lower_unchanged
}

@test "guard: a program with system calls of its own sees the view, whatever its stack" {
	not_by_names "reads past libc"
	lower 'echo old >old; mkdir dir; echo longer >dir/f'
	both "$BIN/raw_reads"
	shown "chdir: 0"
	shown "  moved"
	shown "moved/f: 0 7"
}

# looks SCRIPT: what raw_looks.h sees by the program or library that the script builds and runs in $T
looks()
{
	requires gcc
	not_by_names "reads past libc"
	ln -sf "$BATS_TEST_DIRNAME/bin/raw.h" "$BATS_TEST_DIRNAME/bin/raw_looks.h" "$T/"
	printf '#include "raw_looks.h"\nint main(void) { return looks(); }\n' >"$T/own.c"
	printf '#include "raw_looks.h"\nint look(void) { return looks(); }\n' >"$T/look.c"
	printf 'int look(void);\nint main(void) { return look(); }\n' >"$T/needs.c"
	cat >"$T/loads.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int n, char **v)
		{
			void *lib = n > 2 ? dlmopen(LM_ID_NEWLM, v[1], RTLD_NOW) : dlopen(v[1], RTLD_NOW);
			int (*look)(void) = lib ? (int (*)(void))dlsym(lib, "look") : 0;
			if (!look)
				puts(dlerror());
			return look ? look() : 9;
		}
	END
	(cd "$T" && eval "$2")
	rm -rf "$U" "$W"
	rm -rf "$V"
	mkdir "$V"
	lower 'echo old >old; mkdir d'
	both "echo text >new; rm old; ln -s new l; mv d e; $1"
	shown "open new: 1, 5 bytes"
	shown "stat: 0 -2"
	shown "getdents64: 1 0 1"
	shown "getcwd: /e"
}

@test "guard: reading calls of a program's own inline assembly" {
	looks "$T/own" 'gcc -w -O2 -o own own.c'
	looks "$T/own" 'gcc -w -O0 -o own own.c'
	looks "$T/own" 'gcc -w -O2 -no-pie -o own own.c'
}

@test "guard: reading calls of a library's own: needed, and loaded later" {
	local O

	for O in -O0 -O2; do
		looks "$T/needs" "gcc -w $O -shared -fPIC -o liblook.so look.c && gcc -o needs needs.c -L. -llook -Wl,-rpath,'$T'"
		looks "$T/loads $T/liblook.so" "gcc -w $O -shared -fPIC -o liblook.so look.c && gcc -w -o loads loads.c -ldl"
		looks "$T/loads $T/liblook.so new" ':'
	done
	# an old layout of segments, and one with holes between them
	looks "$T/needs" "gcc -w -O2 -shared -fPIC -Wl,-z,noseparate-code -o liblook.so look.c"
	looks "$T/loads $T/liblook.so" ':'
	looks "$T/needs" "gcc -w -O2 -shared -fPIC -Wl,-z,max-page-size=0x200000 -o liblook.so look.c"
}

@test "guard: reading calls of musl's programs and libraries" {
	requires musl-gcc
	looks "$T/own" 'musl-gcc -w -O2 -Wl,--eh-frame-hdr -o own own.c'
	looks "$T/needs" "musl-gcc -w -O2 -shared -fPIC -Wl,--eh-frame-hdr -o liblook.so look.c && musl-gcc -o needs needs.c -L. -llook -Wl,-rpath,'$T'"
}

@test "guard: a table in a library's text that looks like a call is not changed" {
	requires gcc
	not_by_names "reads past libc"
	cat >"$T/table.c" <<-'END'
		/* mov $257,%eax; syscall; ret: bytes between two functions */
		__asm__(".text\n.globl table\ntable: .byte 0xb8, 1, 1, 0, 0, 0x0f, 5, 0xc3, 0x90, 0x90, 0x90, 0x90\n");
		extern const unsigned char table[12];
		long call(void) { long r; __asm__ volatile("syscall" : "=a"(r) : "0"(21), "D"("new"), "S"(0) : "rcx", "r11", "memory"); return r; }
		int sum(void) { int n = 0; for (int i = 0; i < 12; i++) n = n * 3 + ((volatile const unsigned char *)table)[i]; return n; }
	END
	printf '#include <stdio.h>\nint sum(void); long call(void); int main(void) { printf("%%d %%ld\\n", sum(), call()); return 0; }\n' >"$T/main.c"
	gcc -O1 -shared -fPIC -o "$T/libtable.so" "$T/table.c"
	gcc -o "$T/main" "$T/main.c" -L"$T" -ltable -Wl,-rpath,"$T"
	lower ':'
	both "echo text >new; $T/main"
	shown " 0" # and the call beside it is the view's
}

@test "guard: Go with cgo sees the view" {
	not_by_names "reads past libc"
	requires go cc
	lower 'echo old >old; mkdir a'
	cat >"$T/main.go" <<-'END'
		package main

		// #include <unistd.h>
		import "C"

		import (
			"fmt"
			"os"
			"os/exec"
			"path/filepath"
		)

		func main() {
			fmt.Println(C.getpid() > 0, os.Remove("old"))
			fmt.Println(os.WriteFile("new", []byte("content"), 0644))
			b, err := os.ReadFile("new")
			fmt.Println(string(b), err, os.MkdirAll("a/b/c", 0755), os.Rename("a", "z"))
			_, err = os.Stat("old")
			fmt.Println(err)
			out, err := exec.Command("sh", "-c", "ls; rm new").CombinedOutput()
			fmt.Println(string(out), err)
			names, err := filepath.Glob("*/*")
			fmt.Println(names, err)
			done := make(chan error)
			for i := 0; i < 16; i++ {
				go func(i int) {
					name := fmt.Sprint("z/b/", i)
					done <- os.WriteFile(name, []byte(name), 0600)
				}(i)
			}
			for i := 0; i < 16; i++ {
				fmt.Println(<-done)
			}
		}
	END
	(cd "$T" && HOME=$T GOFLAGS=-mod=mod CGO_ENABLED=1 go build -o prog main.go) || skip "no cgo"
	both "$T/prog"
	shown "[z/b] <nil>"
}

@test "guard: raw calls that wait do, more of them than there are relays" {
	mkdir "$T/outside"
	lower 'echo old >f'
	both "timeout 60 $BIN/raw_fifos $T/outside"
	shown "read: 80"
	shown "interrupted: -4"
}

@test "guard: without seccomp ovlrun says so, and goes on" {
	lower 'echo old >f'
	run "$BIN/no_seccomp" "$OVLRUN" -l "$V" -u "$U" -w "$W" -- sh -c 'cd "$1"; rm f; ls' sh "$V"
	test "$status" != 77 || skip "no seccomp here either"
	echo "$status $output"
	test "$status" = 0
	test "$output" = "ovlrun: seccomp: Function not implemented: system calls made past the view are not stopped"
	lower_unchanged
}
