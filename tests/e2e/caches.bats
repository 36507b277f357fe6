#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# what a process, or the session, remembers of names: right when others change them, as on a plain
# directory
#
# build/e2e/cached looks at each name twice, so that the second look has what the first one left,
# and has other processes change things between two looks.

load helpers

more_setup()
{
	CACHED=$TOP/build/e2e/cached
	test -x "$CACHED" || { CACHED=$T/cached; cc -D_GNU_SOURCE -O2 -o "$CACHED" "$BATS_TEST_DIRNAME/bin/cached.c"; }
	lower '
		mkdir -p a/b/c a/side only/deep full
		echo lower >a/b/c/f; echo other >a/b/c/g; ln -s f a/b/c/l; ln -s b a/short
		echo deep >only/deep/f; echo many >h1; ln h1 a/h2
		for i in 1 2 3 4 5; do echo $i >full/$i; done'
}

# cached STEP...: the steps, in the view and on a plain copy
cached()
{
	local quoted

	printf -v quoted ' %q' "$@"
	both "$CACHED$quoted"
}

# last TEXT: so tells the last look, by each way to the name
last()
{
	test "$(tail -3 "$T/v.out" | grep -cF -- "$1")" = 3 || { cat "$T/v.out" >&2; return 1; }
}

@test "caches: a lower file that another process writes, removes and makes again" {
	cached look a/b/c/f do 'echo changed >a/b/c/f' look a/b/c/f do 'rm a/b/c/f' look a/b/c/f \
		do 'echo again >a/b/c/f' look a/b/c/f
	last 'file of 6, 1 links: again'
}

@test "caches: a missing name that another process makes, and removes" {
	cached look a/b/c/new do 'echo new >a/b/c/new' look a/b/c/new do 'rm a/b/c/new' \
		look a/b/c/new do 'mkdir a/b/c/new; echo x >a/b/c/new/x' look a/b/c/new look a/b/c/new/x
	last 'file of 2, 1 links: x'
}

@test "caches: a file of upper that another process replaces, by each kind of object" {
	cached do 'echo one >n' look n do 'echo three >m; mv m n' look n do 'rm n; mkdir n' look n \
		do 'rmdir n; ln -s a n' look n look n/b/c/f do 'rm n; ln -s only n' look n look n/deep/f \
		do 'rm n; echo end >n' look n
	last 'file of 4, 1 links: end'
}

@test "caches: a parent that another process renames, of the lower, merged and of upper alone" {
	cached look a/b/c/f do 'mv a/b a/moved' look a/b/c/f look a/moved/c/f \
		do 'echo x >a/side/x' look a/side/x do 'mv a/side a/b' look a/b/x look a/b/c/f \
		do 'mkdir -p up/on; echo x >up/on/f' look up/on/f do 'mv up down; mkdir -p up/on' \
		look up/on/f look down/on/f
	last 'file of 2, 1 links: x'
	shown 'file of 6, 1 links: lower'
}

@test "caches: two directories that another process exchanges" {
	cached look a/b/c/f look only/deep/f do 'mv a/b x; mv only a/b; mv x only' \
		look a/b/c/f look a/b/deep/f look only/c/f
	last 'file of 6, 1 links: lower'
}

@test "caches: a directory removed, and made anew: nothing of the lower's shows" {
	cached look a/b/c/f look a/b do 'rm -r a/b' look a/b/c/f look a/b do 'mkdir -p a/b/c' \
		look a/b/c/f look a/b/c do 'echo mine >a/b/c/g' look a/b/c/f look a/b/c/g
	last 'file of 5, 1 links: mine'
}

@test "caches: names that were never looked at, in directories whose parents another process changes" {
	cached look a/b/c/f do 'mv a/b a/moved' look a/b/c/g look a/moved/c/g do 'mv a/moved a/b' \
		look a/b/c/g do 'mv a x' look a/b/c/l look x/b/c/l do 'mkdir -p a/b/c; echo mine >a/b/c/h' \
		look a/b/c/f look a/b/c/h do 'rm -r a; ln -s x a' look a/b/c/g look a/b/c/l \
		do 'rm a; mv x a' look a/b/c/g
	last 'file of 6, 1 links: other'
	shown 'file of 5, 1 links: mine'
}

@test "caches: the same of relative names, with dots and slashes, in a child, a thread and after exec" {
	cached from a cd a look ./b//c/f look b/c/f do 'mv a/b a/moved' look ./b//c/g look b/c/l fork \
		look moved/c/g do 'rm -r a/moved; mkdir -p a/b/c' thread look b/c/f thread look ./b//c/g \
		exec look ./b//c/f do 'echo mine >a/b/c/g' look b/c/g look ./b//c/g
	test "$(tail -2 "$T/v.out" | grep -cF 'file of 5, 1 links: mine')" = 2
}

@test "caches: a directory that becomes a symlink, and a symlink that becomes a directory" {
	cached look a/b/c/f do 'mv a/b aside; ln -s ../only a/b' look a/b/c/f look a/b/deep/f \
		do 'rm a/short; mkdir -p a/short/c; echo real >a/short/c/f' look a/short/c/f \
		do 'rm a/b; mv aside a/b; rm -r a/short; ln -s b a/short' look a/short/c/f
	last 'file of 6, 1 links: lower'
}

@test "caches: a symlink's target, changed, and the link made anew" {
	cached look a/b/c/l do 'echo more >>a/b/c/f' look a/b/c/l do 'ln -sfn g a/b/c/l' look a/b/c/l \
		do 'rm a/b/c/g' look a/b/c/l
	last 'followed: No such file or directory'
}

@test "caches: from a directory's descriptor and the cwd, which another process renames" {
	cached from a/b/c cd a/b look c/f look f do 'mv a/b a/elsewhere' look c/f look f \
		do 'echo changed >a/elsewhere/c/f' look c/f look f cwd do 'mkdir -p a/b/c' look f cwd
	test "$(grep -c 'directory .*file of 8, 1 links: changed' "$T/v.out")" = 4
	shown "in $V/a/elsewhere"
}

@test "caches: from a directory that another process removes and makes again" {
	cached from a/b/c cd a/b/c look f do 'rm -r a/b' look f do 'mkdir -p a/b/c; echo new >a/b/c/f' \
		look f cwd
	test "$(tail -2 "$T/v.out" | grep -cF 'directory No such file or directory')" = 1
	shown 'in No such file or directory'
}

@test "caches: a listing, while another process adds, removes and hides names" {
	cached look full do 'echo 6 >full/6' look full do 'rm full/2 full/6' look full \
		do 'echo 2 >full/2; rm full/1' look full do 'rm -r full; mkdir full; echo 7 >full/7' look full
	last 'directory: 7;'
}

@test "caches: a listing from its beginning, on a descriptor that was left half way" {
	cached do 'echo 6 >full/6' stream full look full do 'rm full/2 full/6' look full \
		do 'echo 7 >full/7' look full do 'mv full empty' look empty
	test "$(tail -1 "$T/v.out")" = 'stream: . .. 1 3 4 5 7'
}

@test "caches: another name of the same file, copied up by another process" {
	cached look h1 look a/h2 do 'echo more >>a/h2' look h1 look a/h2 do 'rm h1' look a/h2 \
		do 'ln a/h2 h1; echo end >h1' look a/h2 look h1
	last 'file of 4, 2 links: end'
}

@test "caches: a descriptor from before another process wrote, once it is asked about" {
	cached hold a/b/c/f look a/b/c/f do 'echo one >>a/b/c/f' look a/b/c/f do 'echo two >>a/b/c/f' \
		look a/b/c/f do 'mv a/b/c/f n; echo three >>n' look n hold a/b/c/g look a/b/c/g \
		do 'echo four >>a/b/c/g' fork look a/b/c/g
	shown 'held: lower one two three'
	test "$(tail -1 "$T/v.out")" = 'held: other four '
}

@test "caches: what is remembered is right in a child and after exec" {
	cached look a/b/c/f from a/b/c cd a/b look f fork look f do 'echo one >a/b/c/f' look f exec \
		look f do 'mv a/b a/moved' look f look c/f cwd fork exec do 'rm a/moved/c/f' look f \
		cd c do 'echo two >a/moved/c/f' look f cwd
	test "$(tail -3 "$T/v.out" | grep -cF 'file of 4, 1 links: two')" = 2
	shown "in $V/a/moved"
}

@test "caches: what a vforked child does with its cwd and descriptors its parent knows nothing of" {
	cached do 'echo changed >a/b/c/f' from a/b/c cd a/b/c look f vfork "$V/only/deep" look f \
		vfork "$V/only/deep" look f cwd
	shown 'directory 100644 of 5, file of 5, 1 links: deep'
	test "$(tail -3 "$T/v.out" | grep -cF 'file of 8, 1 links: changed')" = 2
	shown "in $V/a/b/c"
}

@test "caches: what one thread remembers is right in another" {
	cached look a/b/c/f thread cd a/b look c/f thread from a/b/c look f thread do 'mv a/b a/moved' \
		thread look f look c/f thread cd "$V/only" look deep/f cwd
	shown "in $V/only"
}

@test "caches: a program that another process replaces is the one that runs" {
	cached do 'printf "#!/bin/sh\necho one\n" >p; chmod 755 p' run ./p run ./p \
		do 'printf "#!/bin/sh\necho two\n" >q; chmod 755 q; mv q p' run ./p do 'rm p' run ./p \
		do 'cp /bin/true p' run ./p do 'chmod 644 p' run "$V/p"
	shown 'two'
	shown 'No such file or directory'
}

@test "caches: outside of the view, a directory that becomes a symlink into it" {
	cached do "rm -rf $T/out; mkdir -p $T/out/d; echo outside >$T/out/d/f" look "$T/out/d/f" \
		do "rm -r $T/out/d; ln -s $V/a/b/c $T/out/d" look "$T/out/d/f" \
		do 'echo changed >a/b/c/f' look "$T/out/d/f" \
		do "rm $T/out/d; mkdir $T/out/d; echo outside again >$T/out/d/f" look "$T/out/d/f"
	last 'links: outside again'
	shown 'file of 8, 1 links: changed'
}
