#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# execution of what exists only in UPPER, and an environment that programs clean

load helpers
load door

@test "a program that exists only in UPPER" {
	lower 'mkdir bin'
	both 'cp /bin/echo bin/e; bin/e direct; PATH=$PWD/bin:$PATH; e by path; cd bin; ./e here; exec ./e replaced'
	shown replaced
}

@test "a program of the lower, changed in the view" {
	lower 'mkdir bin; printf "#!/bin/sh\necho old\n" >bin/p; chmod +x bin/p; cp /bin/true bin/t'
	both 'bin/p; sed -i s/old/new/ bin/p; bin/p; bin/t; echo $?; cp /bin/false bin/t; bin/t; echo $?; chmod -x bin/p; bin/p; echo $?'
	shown new
}

@test "#!: interpreters that exist only in UPPER, nested, with argument, relative" {
	lower 'mkdir bin'
	both '
		cp /bin/sh bin/mysh; cp /usr/bin/env bin/myenv; cp /bin/echo bin/myecho
		printf "#!$PWD/bin/mysh\necho one \$0 \$*\n" >s1; printf "#!$PWD/bin/mysh -e\necho \$-; false; echo not\n" >s2
		printf "#!$PWD/s1\n" >s3; printf "#! $PWD/bin/myecho  two  words \n" >s4; printf "#!bin/mysh\necho relative\n" >s5
		printf "#!$PWD/s3 arg\n" >s6; printf "#!/usr/bin/env -S $PWD/bin/mysh -u\necho split\n" >s7
		chmod +x s?; ./s1 a b; ./s2; echo $?; ./s3 x y; ./s4 z; ./s5; ./s6 q; ./s7; PATH=$PWD:$PATH; s1 found'
	shown "one"
	shown split
}

@test "#!: the 255 byte limit, no newline, CR, missing interpreter, depth" {
	lower ':'
	both '
		long=$(printf "%0230d" 0 | tr 0 n); mkdir $long; cp /bin/echo $long/e
		printf "#!%s/%s/e\n" "$PWD" "$long" >s1; printf "#!/%0245d/bin/sh\n" 0 | sed "s#/0*/#/$(printf "%0244d" 0 | tr 0 .)/#" >s2
		printf "#!/bin/echo" >s3; printf "#!/bin/sh\r\necho\n" >s4; printf "#!$PWD/nothing\n" >s5; printf "#!\n" >s6; printf "#!   \t\n" >s7
		printf "#!/bin/echo %0300d\n" 0 >s8
		printf "#!$PWD/c1\n" >c0; for i in 1 2 3 4 5 6; do printf "#!$PWD/c$((i + 1))\n" >c$i; done; cp /bin/echo c7
		chmod +x s? c?; for s in s1 s2 s3 s4 s5 s6 s7 s8 c0 c1 c2 c3 c4 c5; do env ./$s x; echo $s $?; done'
	shown "s3 0"
}

@test "ENOEXEC, EACCES, ENOTDIR, EISDIR as on a plain directory" {
	lower 'echo "echo text" >t; chmod +x t; echo x >n; mkdir d; printf "\177ELF" >bad; chmod +x bad; ln -s t l; ln -s loop loop; : >empty; chmod +x empty'
	both 'cp t t2; ./t2; env ./t; echo $?; env ./n; echo $?; env ./d; echo $?; env ./bad; echo $?; env ./t/x; echo $?; env ./l; echo $?; env ./loop; echo $?; env ./empty; echo $?; env ./nothing; echo $?; chmod 0 bad; env ./bad; echo $?'
	shown 126
}

@test "env -i: the view stays" {
	lower 'echo low >f'
	both 'env -i /bin/sh -c "echo up >f; cat f"; cat f; env - PATH=/bin:/usr/bin sh -c "env -i cat f; rm f; ls"'
	shown up
}

@test "no trace of us in the environment but our two names" {
	lower ':'
	run view env -i /usr/bin/env
	[ "$status" = 0 ]
	[ "${#lines[@]}" -ge 2 ]
	[ -z "$(grep -Ev '^(LD_PRELOAD|OVL_[A-Z_]*)=' <<<"$output")" ]
}

@test "an own LD_PRELOAD comes first, and ours stays" {
	requires gcc
	lower 'echo low >f'
	echo 'int getpid(void) { return 4242; }' >"$T/own.c"
	gcc -shared -fPIC -o "$T/own.so" "$T/own.c"
	run in_view 'LD_PRELOAD=$PWD/../../own.so /usr/bin/python3 -S -c "import os; print(os.getpid()); open(\"f\", \"w\").write(\"up\"); print(open(\"f\").read())"; cat f'
	echo "$output"
	[ "$output" = $'4242\nup\nup' ]
	run in_view 'env -i LD_PRELOAD=$PWD/../../own.so /bin/sh -c "echo second >f; echo \$LD_PRELOAD"; cat f'
	[[ ${lines[0]} = "$V/../../own.so"* ]]
	[ "${lines[1]}" = second ]
	lower_unchanged
}

@test "posix_spawn, vfork, popen, system with an own environment" {
	requires python3
	lower 'echo low >f'
	both 'python3 -c "
import os, subprocess
p = os.posix_spawn(\"/bin/sh\", [\"sh\", \"-c\", \"echo 1 >f\"], {})
os.waitpid(p, 0)
print(open(\"f\").read(), end=\"\")
os.system(\"env -i sh -c \\\"echo 2 >>f\\\"\"); print(os.popen(\"cat f\").read(), end=\"\")
subprocess.run([\"/bin/sh\", \"-c\", \"echo 3 >>f; pwd\"], env={}, cwd=\"/\", check=False)
subprocess.run([\"/bin/sh\", \"-c\", \"echo 4 >>f\"], env={}, start_new_session=True)
print(open(\"f\").read(), end=\"\")
"'
	shown 4
}

@test "a dynamic linker that exists only in UPPER, or is another one there" {
	requires gcc
	lower 'cp "$(realpath /lib64/ld-linux-x86-64.so.2)" ld.so
	printf "%s\n" "#include <stdio.h>" "#include <unistd.h>" "int main(void) { char b[300]; long n = readlink(\"/proc/self/exe\", b, 299);" \
		"printf(\"%.*s\", (int)n, b); fclose(fopen(\"made\", \"w\")); return 3; }" >p.c
	gcc -o p p.c -Wl,--dynamic-linker="$PWD/ld.so"; gcc -o q p.c -Wl,--dynamic-linker="$PWD/new.so"
	gcc -o r p.c -Wl,--dynamic-linker="$PWD/nothing"; printf "#!%s/q\n" "$PWD" >s; chmod +x s'
	both './p; echo " $?"; rm made; ./q; echo " $?"; ./r; echo " $?"; cp ld.so new.so; ./q; echo " $?"; ls made; ./s; echo " $?"; env -i ./q; echo " $?"
		chmod -x q; ./q; echo " $?"; touch ld.so; ./p; echo " $?"; rm ld.so; ./p; echo " $?"; mkdir ld.so; ./p; echo " $?"; readlink /proc/self/exe; cat /proc/self/comm'
	shown "$V/p 3"
	# the first program is the launcher's to look at
	mkdir "$T/up2"
	cp "$V/ld.so" "$T/up2/ld.so"
	run "$OVLRUN" -q -l "$V" -u "$T/up2" -- env -C "$V" "$V/p"
	[ "$status" = 3 ]
	(cd "$V" && run "$OVLRUN" -q -l "$V" -u "$T/up2" -- ./p && [ "$status" = 3 ] && [ "$output" = "$V/p" ])
}

@test "a dynamic linker by way of a symlink and a directory that change in the run" {
	requires gcc
	lower 'mkdir a a/d b; cp "$(realpath /lib64/ld-linux-x86-64.so.2)" a/d/ld.so; ln -s a l
	echo "int main(void) { return 3; }" >p.c; gcc -o p p.c -Wl,--dynamic-linker="$PWD/l/d/ld.so"'
	# what was found the first time does not hold any more
	both './p; echo $?; ./p; echo $?; mv a c; ./p; echo $?; mv c a; ./p; echo $?; rm l; ./p; echo $?; ln -s b l; ./p; echo $?
		mv a/d b; ./p; echo $?; rm l; ln -s a l; ./p; echo $?; rm -r a; mv b a; ./p; echo $?; rm -r a; ./p; echo $?' 2>/dev/null
	[ "$(tr -cd '37\n' <"$T/v.out" | grep -c '^3$')" = 5 ]
}

@test "a libc with calls that are not understood: left alone, counted in the trace, guarded" {
	not_by_names "calls are not searched"
	requires gcc
	lower 'echo low >f; echo low >g'
	cat >"$T/odd.c" <<-'END'
		/* open() and unlink(), in a way that no libc has them: nothing before the call can be moved */
		__asm__(".globl odd_open; odd_open: mov $2,%rax; jmp 1f; nop; 1: syscall; ret");
		__asm__(".globl odd_unlink; odd_unlink: mov $87,%rax; jmp 1f; nop; 1: syscall; ret");
	END
	gcc -shared -o "$T/libpthread.so.0" "$T/odd.c"
	cat >"$T/m.c" <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		long odd_open(const char *, int, int), odd_unlink(const char *);
		int main(void)
		{
			printf("%ld\n", odd_unlink("f"));
			return odd_open("g", O_WRONLY | O_TRUNC, 0) < 0;
		}
	END
	gcc -o "$T/m" "$T/m.c" -Wl,--no-as-needed "$T/libpthread.so.0"
	run env OVL_TRACE="$T/trace" "$OVLRUN" -q -l "$V" -u "$T/up" -- env -C "$V" "$T/m"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = 0 ]
	[ -c "$T/up/f" ]
	[ -f "$T/up/g" ]
	[ ! -s "$T/up/g" ]
	lower_unchanged
	grep -q "^[0-9]* $T/libpthread.so.0: calls left alone: 2\$" "$T/trace"
	# without the guard they could change a lower layer
	run "$OVLRUN" -q --no-guard -l "$V" -u "$T/up2" -- "$T/m"
	[ "$status" = 125 ]
	[ "$output" = "ovlrun: $T/libpthread.so.0: some of its system calls cannot be covered" ]
	lower_unchanged
}

@test "a libc from dlmopen with calls that are not understood: left alone, too" {
	not_by_names "calls are not searched"
	requires gcc
	lower 'echo low >f'
	cat >"$T/odd.c" <<-'END'
		__asm__(".globl odd_unlink; odd_unlink: mov $87,%rax; jmp 1f; nop; 1: syscall; ret");
		/* what libc has, and other libraries have not */
		__attribute__((section(".interp"))) const char interp[] = "/lib64/ld-linux-x86-64.so.2";
	END
	gcc -shared -nostdlib -o "$T/libpthread.so.0" "$T/odd.c"
	cat >"$T/m.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int argc, char **argv)
		{
			void *lib = dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW);
			long (*odd_unlink)(const char *) = lib ? (long (*)(const char *))dlsym(lib, "odd_unlink") : 0;

			return !odd_unlink || odd_unlink("f");
		}
	END
	gcc -o "$T/m" "$T/m.c" -ldl
	run env OVL_TRACE="$T/trace" "$OVLRUN" -q -l "$V" -u "$T/up" -- env -C "$V" "$T/m" "$T/libpthread.so.0"
	echo "$output"
	[ "$status" = 0 ]
	[ -c "$T/up/f" ]
	lower_unchanged
	grep -q "^[0-9]* library loaded later: calls left alone: 1\$" "$T/trace"
	run "$OVLRUN" -q --no-guard -l "$V" -u "$T/up2" -- "$T/m" "$T/libpthread.so.0"
	[ "$status" = 125 ]
	[ "$output" = "ovlrun: library loaded later: some of its system calls cannot be covered" ]
	lower_unchanged
}

@test "a setuid program is run without its right; the lower is safe" {
	requires root
	user() { setpriv --reuid 4242 --regid 4242 --clear-groups "$@"; }
	user "$OVLRUN" --version || skip "setpriv cannot, or others cannot reach ovlrun"
	lower 'cp /usr/bin/id .; chmod 4755 id; echo low >f'
	[ "$(user "$V/id" -u)" = 0 ] || skip "nosuid here"
	mkdir -m 777 "$T/theirs"
	for how in "" "env"; do
		run user "$OVLRUN" -q -l "$V" -u "$T/theirs/u" -- $how "$V/id" -u
		echo "$status $output"
		[ "$status" = 0 ]
		[ "$output" = 4242 ]
	done
	lower_unchanged
}

@test "ovlrun inside ovlrun: layers on layers" {
	lower 'echo low >f'
	mkdir "$T/u2"
	run in_view "echo one >f; '$OVLRUN' -q -l '$V' -u '$T/u2' -w '$T/w2' -- sh -c 'cat f; echo two >f; cat f'; cat f"
	echo "$output"
	[ "$output" = $'one\ntwo\none' ]
	[ "$(cat "$T/u2/f")" = two ]
	lower_unchanged
}
