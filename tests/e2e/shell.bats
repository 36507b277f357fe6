#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shells: redirections, pipes, here-documents, traps, the current directory

load helpers

more_setup()
{
	lower '
		mkdir -p bin data/a/b
		printf "#!/bin/sh\necho script \"\$@\"\n" >bin/hello; chmod +x bin/hello
		seq 20 >data/numbers; echo lower >data/f; cp data/f data/g
	'
}

# the same text for bash and dash
redirections='
	echo new >data/f; echo more >>data/f; cat data/f
	echo middle 1<>data/g; cat data/g
	exec 3<data/numbers; read a <&3; read b <&3; echo $a $b; exec 3<&-
	exec 4>data/out; echo one >&4; echo two >&4; exec 4>&-; cat data/out
	cat <<-END >data/here
	here $((1 + 2))
	END
	cat data/here
	set -C; (echo no >data/f) 2>/dev/null || echo refused; echo yes >|data/f; set +C; cat data/f
	ls nothing 2>data/err; test -s data/err && echo err
	cd data/a; echo x >b/x; cd b; cat x; rm x; cd ../..; ls a/b; cat <f | sed s/yes/YES/ | tee t; cd ..
	test -f data/f && test -x bin/hello && test ! -e gone && test -d data && echo tests
	bin/hello a b; PATH=$PWD/bin:$PATH; hello c
	for f in data/*; do echo "$f"; done
	umask 077; echo p >private; ls -l private | cut -c1-10
	rm -r data; ls data 2>/dev/null || echo gone; mkdir data; ls -A data
	(cd data && echo in >x && pwd | sed "s#.*/tree##"); cat data/x
'

@test "bash: redirections, here-documents, cd, globs" {
	both "$redirections"
	shown refused
}

@test "dash: redirections, here-documents, cd, globs" {
	requires dash
	echo "$redirections" >"$T/script"
	chmod 644 "$T/script"
	both "dash $T/script"
	shown refused
}

@test "busybox sh and its tools" {
	requires busybox
	if file -L "$(command -v busybox)" 2>/dev/null | grep -q static; then
		run view busybox true
		test "$status" = 126 && skip "statically linked, refused"
	fi
	both 'busybox sh -c "echo x >data/f; cat data/f; rm -r data/a; ls data; mv data d2; find . | sort"'
}

@test "bash: process substitution, mapfile, coproc, here-string" {
	both '
		mapfile -t lines <data/numbers; echo ${#lines[@]}
		diff <(sort data/numbers) <(sort -r data/numbers | sort) && echo equal
		cat <<<"text" >data/s; cat data/s; echo "$(<data/f)"
		tee >(cat >data/copy) <data/f; wait; sleep 0.1; cat data/copy
		exec {fd}>>data/f; echo by-number >&$fd; exec {fd}>&-; cat data/f
		cat /dev/fd/3 3<data/f; cat /proc/self/fd/4 4<data/g; cat /dev/stdin <data/f'
	shown by-number
}

@test "pipes, background jobs, trap EXIT with a temporary file" {
	both '
		bash -c "t=\$(mktemp -p .); trap \"rm -f \$t\" EXIT; seq 5 >\$t; tac \$t"
		for i in 1 2 3 4; do (echo $i >data/job$i) & done; wait; cat data/job*
		seq 1000 | grep 7 | sort -r | head -5 | tee data/top | wc -l; ls'
}

@test "a descriptor opened before a copy-up sees the later write" {
	both 'exec 3<data/numbers; read a <&3; read b <&3; echo $a $b; echo changed >data/numbers; read c <&3; echo "c=$c"; exec 4<data/f; sh -c "echo by another >data/f"; cat data/f'
	shown c=ged
}

@test "the current directory is removed under a shell" {
	both 'cd data/a/b; rmdir ../b; pwd -P 2>/dev/null || echo no pwd; ls; touch x 2>/dev/null || echo no touch; cd ..; pwd -P; mkdir b; cd b; ls -A; touch x; ls'
	shown "no touch"
}

@test "the current directory moves along with a renamed parent" {
	both 'cd data/a/b; mv ../../../data ../../../moved; /bin/pwd; echo x >here; cat ../../f; cat here; cd ../..; /bin/pwd; ls'
	shown moved/a/b
}

@test "the current directory is copied up while a shell is in it" {
	both 'cd data/a; echo 1 >b/1; ls b; mkdir c; echo 2 >c/2; ls -R; cd c; rm 2; ls -A; cat ../../f; echo >>../../f; cat ../../f'
}

@test "an inherited descriptor is written by a child" {
	both 'exec 5>>data/f 6<data/g; sh -c "echo child >&5"; echo parent >&5; cat data/f; sh -c "cat <&6"; exec 5>&- 6<&-'
	shown child
}

@test "make: targets, times, -j2" {
	requires make gcc
	lower '
		for i in 1 2 3 4 5 6; do echo "int f$i(void) { return $i; }" >f$i.c; done
		echo "int main(void) { return 0; }" >main.c
		printf "%s\n" "OBJ = f1.o f2.o f3.o f4.o f5.o f6.o main.o" "prog: \$(OBJ)" "	cc -o \$@ \$(OBJ)" \
			"%%.o: %%.c" "	cc -c -o \$@ \$<" "clean:" "	rm -f prog *.o" | sed "s/%%/%/g" >Makefile
		touch -d 2001-01-01 *'
	both 'make -s -j2 && ./prog && echo built; make -s -q && echo fresh; touch f3.c; make -n | wc -l; make -s; make -s clean; ls'
	shown fresh
}
