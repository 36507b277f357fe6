#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# programs without a dynamic linker, which the loader starts: the same there as on a plain directory

load helpers

SOURCE=$TOP/tests/e2e/bin/static_all.c

# all_calls COMPILER...: static_all, built so, in the view and on a plain copy
all_calls()
{
	lower 'echo text >f; mkdir d e; echo g >d/g; ln -s f l'
	"$@" -O1 -D_GNU_SOURCE -pthread -w -o "$T/static_all" "$SOURCE"
	both "'$T/static_all' one two; echo \$?; cat spawned; find . -type f | sort | wc -l; cat e/3.7; stat -c '%n %a' hard"
	shown "threads: 0"
	# not in the lower, and not elsewhere: it came by way of the engine
	test -e "$U/alarm"
	grep -q "^\"*$T/static_all\"*$" "$T/v.out"
}

@test "glibc, linked statically: calls, threads, children, signals" {
	requires gcc
	all_calls gcc -static
}

@test "glibc, linked statically and position-independent" {
	requires gcc
	all_calls gcc -static-pie
}

@test "musl, linked statically" {
	requires musl-gcc
	all_calls musl-gcc -static
}

@test "a program whose system calls cannot be rewritten runs under user dispatch" {
	requires gcc
	lower 'echo text >f; mkdir d e; echo g >d/g; ln -s f l'
	odd_call
	gcc -static -O1 -D_GNU_SOURCE -pthread -w -o "$T/static_all" "$SOURCE" "$T/odd.c"
	both "'$T/static_all' one two; echo \$?; cat spawned; find . -type f | sort | wc -l; cat e/3.7"
	shown "threads: 0"
	test -e "$U/alarm"
	# it is so: an answer that only dispatch gives
	cat >"$T/on.c" <<-'END'
		#include <stdio.h>
		#include <sys/prctl.h>
		int main(void) { printf("%d\n", prctl(59, 0, 0, 0, 0)); return 0; }
	END
	gcc -static -o "$T/on" "$T/on.c"
	run in_view "$T/on"
	[ "$output" = 0 ]
	gcc -static -o "$T/on" "$T/on.c" "$T/odd.c"
	run in_view "$T/on"
	[ "$output" = -1 ]
}

# odd WHAT: static_odd, with what is low and what is only in UPPER
odd()
{
	requires gcc
	local cc

	for cc in gcc musl-gcc; do
		command -v $cc >/dev/null || continue
		$cc -static -O1 -D_GNU_SOURCE -pthread -w -o "$T/odd" "$BATS_TEST_DIRNAME/bin/static_odd.c"
		rm -rf "$U" "$W" "$V"
		mkdir "$V"
		lower 'echo low >low'
		both "echo upper >only; mkfifo fifo; '$T/odd' $1; echo \$?"
		cat "$T/v.out"
	done
}

@test "200 threads open what is lower's and what is upper's" {
	odd threads
	shown "threads: 0 bad"
}

@test "more vfork children that exec than the loader has stacks" {
	odd spawns
	shown "spawns: 0 bad"
}

@test "a storm of signals, on the stack and on one of their own" {
	odd storm
	shown "storm: 0 bad"
}

@test "a program that blocks all signals, and its child" {
	odd blocked
	shown "blocked: 1 0"
}

# own_sigsys CASES COMPILER...: what a program does with SIGSYS itself, built so
own_sigsys()
{
	local cases=$1 c

	shift
	"$@" -O1 -D_GNU_SOURCE -pthread -w -o "$T/sigsys" "$BATS_TEST_DIRNAME/bin/sigsys.c"
	for c in $cases; do
		echo "$c, $*" >&2
		rm -rf "$U" "$W"
		lower 'echo old >f'
		both "timeout 60 '$T/sigsys' $c"
		test -s "$T/v.out"
	done
}

@test "a program's own use of SIGSYS: it sees what it would see without us" {
	requires gcc
	local all="handler blocked masked waiting fd filter ends children interrupted restarted"

	own_sigsys "$all" gcc -static
	own_sigsys "$all" gcc -static-pie
	# musl has no headers of the kernel's
	command -v musl-gcc >/dev/null || skip "the rest needs musl-gcc"
	own_sigsys "$all" musl-gcc -static -idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)"
}

@test "a program's own use of SIGSYS under user dispatch" {
	requires gcc
	odd_call
	own_sigsys "handler masked filter ends children interrupted restarted" gcc -static "$T/odd.c"
	# where it blocks the signal it sees nothing waiting
	both "timeout 60 '$T/sigsys' blocked | sed 's/^raised.*/raised/'"
	shown "handler: 31"
}

@test "a handler jumps out of calls that wait, more often than the loader has stacks" {
	odd jumps
	shown "jumps: 600"
}

@test "a signal comes on the stack of signals while a call made there waits" {
	odd nested
	shown "nested: 1 0"
}

@test "a packed program: text that is made executable later, its threads and children" {
	odd packed
	[ "$(grep -c '^packed: upper$' "$T/v.out")" = 4 ]
}

# small FLAG...: a program built so does in the view what it does elsewhere
small()
{
	echo "# $*"
	gcc -w -O1 -o "$T/small" "$T/small.c" "$@"
	if declare -F change >/dev/null; then
		change
	fi
	rm -rf "$U" "$W"
	lower ':'
	both "echo upper >only; '$T/small' made; echo \$?"
	shown "upper 0 3 "
	test -d "$U/made"
}

small_source()
{
	requires gcc
	lower ':'
	cat >"$T/small.c" <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <sys/wait.h>
		#include <unistd.h>
		#ifndef BSS
		#define BSS 100
		#endif
		#ifndef ALIGN
		#define ALIGN 16
		#endif
		static char bss[BSS];
		static char aligned[ALIGN] __attribute__((aligned(ALIGN))) = "aligned";
		int main(int outer, char **argv)
		{
			int nested(int x) { return x + outer; } /* its trampoline is on the stack */
			int (*volatile call)(int) = nested;
			char buf[100] = "";
			int n = read(open("only", O_RDONLY), buf, 99);
			if (n > 0) buf[n - 1] = 0;
			printf("%s %d %d ", buf, bss[0] + bss[BSS / 2] + bss[BSS - 1], call(1));
			bss[BSS - 1] = 1;
			printf("%s %d %d\n", aligned, (int)((unsigned long)aligned % ALIGN), mkdir(argv[1], 0755));
			fflush(stdout);
			if (!fork()) { execlp("cat", "cat", "only", NULL); _exit(9); }
			wait(NULL);
			return 0;
		}
	END
}

@test "odd images: where they lie, how large and how aligned they are" {
	small_source
	small -static -s
	small -static -Wl,-z,max-page-size=0x200000
	small -static-pie -Wl,-z,max-page-size=0x200000
	small -static-pie -DALIGN=2097152
	small -static -Wl,-Ttext-segment=0x10000
	# over the place where moved instructions lie, and beyond the loader
	small -static -DBSS=1400000000
	small -static-pie -DBSS=400000000
	small -static-pie -DBSS=700000000
}

@test "a program that lies where the loader does is refused" {
	small_source
	gcc -w -static -o "$T/small" "$T/small.c" -Wl,-Ttext-segment=0x60000000
	run view "$T/small" made
	[ "$status" = 125 ]
	[[ $output = *"addresses that are the loader's"* ]]
}

@test "text that is writable, or in more pieces than one looks at, runs under dispatch" {
	requires python3
	small_source
	change()
	{
		python3 - "$T/small" <<-'END'
			import struct, sys
			d = bytearray(open(sys.argv[1], "rb").read())
			off, = struct.unpack_from("<Q", d, 32)
			n, = struct.unpack_from("<H", d, 56)
			for at in range(off, off + 56 * n, 56):
			    kind, flags = struct.unpack_from("<II", d, at)
			    if kind == 1 and flags & 1:
			        struct.pack_into("<I", d, at + 4, flags | 2)
			open(sys.argv[1], "wb").write(d)
		END
	}
	small -static
	unset -f change
	cat >"$T/parts.c" <<-'END'
		#include <stdio.h>
		#define F(n) __attribute__((section(".t" #n), noinline)) static long f##n(const char *p) \
			{ long r; __asm__ volatile("syscall" : "=a"(r) : "0"(2), "D"(p), "S"(0), "d"(0) : "rcx", "r11", "memory"); return r > 0; }
		F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9)
		int main(void) { printf("%ld\n", f1("only") + f2("only") + f3("only") + f4("only") + f5("only") + f6("only") + f7("only") + f8("only") + f9("only")); return 0; }
	END
	local i flags=()
	for i in 1 2 3 4 5 6 7 8 9; do
		flags+=(-Wl,--section-start=.t$i=0x1${i}000000)
	done
	gcc -w -O1 -static -o "$T/parts" "$T/parts.c" "${flags[@]:0:4}"
	both "echo upper >only; '$T/parts'"
	shown 9
	gcc -w -O1 -static -o "$T/parts" "$T/parts.c" "${flags[@]}"
	both "echo upper >only; '$T/parts'"
	shown 9
}

@test "busybox: a shell script of pipes, redirections and applets" {
	local b
	b=$(command -v busybox) || skip "no busybox"
	lower 'for i in $(seq 20); do echo $i >f$i; done; mkdir -p d/e/g; echo deep >d/e/g/h; printf "a\nb\nc\n" >abc; ln -s abc link'
	printf '%s\n' 'set -e' 'cat f* | sort -n | tail -3' 'echo new >f1; cat f1 >>f2; cat <f2' 'mv d dd; rm f3 f4; find . -name "f*" | wc -l' \
		'tar cf t.tar dd; rm -r dd; tar xf t.tar; cat dd/e/g/h' 'sed -i s/b/B/ abc; cat link' 'cp -a link copy; ls -l copy | cut -c1-10' \
		'(echo sub; exit 3) || echo $?' 'x=$(echo sub | tr s S); echo $x' 'trap "echo trapped" USR1; kill -USR1 $$; echo after' \
		'sleep 0 & wait; echo waited' 'printf "#!/bin/busybox sh\necho script\n" >s; chmod +x s; ./s; env -i ./s' 'awk "BEGIN { print 6 * 7 }"' \
		'cd dd; pwd | grep -c dd; mkdir n; cd n; touch x; ls ..' 'cat <<END' 'here' 'END' 'grep -r deep .. | wc -l; readlink ../../copy' 'seq 5 | xargs -n 2 echo' >"$T/script"
	both "'$b' sh '$T/script'; echo \$?"
	shown trapped
	shown script
}

@test "Go, linked statically: goroutines, files, commands" {
	requires go
	lower 'echo low >low.txt; mkdir sub; echo x >sub/x'
	mkdir "$T/go"
	cat >"$T/go/main.go" <<-'END'
		package main
		import ("fmt"; "os"; "os/exec"; "os/signal"; "path/filepath"; "sync"; "syscall"; "io/ioutil")
		func main() {
			var wg sync.WaitGroup
			exe, _ := os.Executable()
			fmt.Println(exe, os.Mkdir("d", 0755))
			for i := 0; i < 200; i++ {
				wg.Add(1)
				go func(i int) {
					defer wg.Done()
					name := filepath.Join("d", fmt.Sprint(i))
					if err := os.WriteFile(name, make([]byte, i), 0644); err != nil { fmt.Println(err) }
					if _, err := os.Stat(name); err != nil { fmt.Println(err) }
				}(i)
			}
			wg.Wait()
			l, _ := ioutil.ReadDir("d")
			fmt.Println(len(l), os.WriteFile("low.txt", []byte("changed"), 0644), os.Rename("sub", "moved"), os.Remove("moved/x"))
			_, err := os.Stat("sub")
			fmt.Println(err)
			for i := 0; i < 40; i++ {
				out, err := exec.Command("sh", "-c", "echo -n $(ls d | wc -l) >count; cat low.txt").CombinedOutput()
				if string(out) != "changed" { fmt.Println(string(out), err) }
			}
			c := make(chan os.Signal, 1)
			signal.Notify(c, syscall.SIGUSR1)
			syscall.Kill(os.Getpid(), syscall.SIGUSR1)
			fmt.Println(<-c)
			_, err = exec.Command("./none").CombinedOutput()
			fmt.Println(err)
		}
	END
	(cd "$T/go" && GOCACHE="$T/go/cache" GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 go build -o "$T/prog" main.go)
	both "'$T/prog'; echo \$?; cat count"
	shown "200 <nil> <nil> <nil>"
	rm -rf "$T/go"
}

@test "a static program by descriptor, by /proc, as interpreter, with an empty environment" {
	requires gcc python3
	lower 'mkdir bin'
	cat >"$T/say.c" <<-'END'
		#include <stdio.h>
		#include <unistd.h>
		#include <sys/auxv.h>
		int main(int n, char **v, char **e)
		{
			char exe[300];
			long len = readlink("/proc/self/exe", exe, sizeof(exe));
			while (*e)
				printf("env %s\n", *e++);
			printf("%d %s %s | %.*s | %s\n", n, v[0], v[n - 1], (int)len, exe, (char *)getauxval(AT_EXECFN));
			return 0;
		}
	END
	gcc -static -o "$T/say" "$T/say.c"
	cp "$T/say" "$V/bin/say"
	lower ':'
	both -x 'nothing' "printf '#!%s arg\n' \"\$PWD/bin/say\" >s; chmod +x s; env -i ./s x | grep -v OVL_SESSION= | grep -v LD_PRELOAD=
		env -i A=1 bin/say | grep -v OVL_SESSION= | grep -v LD_PRELOAD=
		cp bin/say only; env -i ./only y | grep -v OVL_SESSION= | grep -v LD_PRELOAD=; cd bin; env -i ../only z | tail -1; cat /proc/self/comm"
	shown "1 bin/say bin/say | $V/bin/say | bin/say"
	# by what has no name, or none that stays
	both "python3 -c '
import os
def run(path, dir_fd=None):
    if os.fork() == 0:
        os.execve(path, [\"say\", \"last\"], {})
    os.wait()
m = os.memfd_create(\"m\", os.MFD_CLOEXEC)
os.write(m, open(\"bin/say\", \"rb\").read())
run(m)
run(\"/proc/self/fd/%d\" % m)
f = os.open(\"bin/say\", os.O_RDONLY | os.O_CLOEXEC)
run(f)
run(\"/dev/fd/%d\" % f)
' | grep -c last"
	shown 4
}

@test "a static program that may not be executed, or is none" {
	requires gcc
	lower 'cp /bin/true t; chmod 644 t'
	echo 'int main(void) { return 0; }' >"$T/m.c"
	gcc -static -o "$V/s" "$T/m.c"
	head -c 100 "$V/s" >"$V/cut"
	chmod +x "$V/cut"
	lower ':'
	both './s; echo $?; chmod -x s; ./s; echo $?; ./cut; echo $?; mv s s2; chmod +x s2; ./s2; echo $?; rm s2; ./s2; echo $?'
}

@test "random sequences by a statically linked program" {
	requires python3 gcc root
	run "$TOP/tests/random/run.py" --static --seqs "${OVL_TEST_STATIC_SEQS:-60}" --ops 80 --layers all --fs /tmp --ovlrun "$OVLRUN" --max-told 3
	echo "# ${lines[-1]}" >&3
	echo "$output"
	[ "$status" = 0 ]
}
