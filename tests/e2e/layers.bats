#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# 1, 2 and 5 lowers; ext4 and tmpfs; a program's own private names

load helpers

five()
{
	layer 5 'mkdir -p d/sub all; echo 5 >all/5; echo five >d/f; echo five >five; echo s5 >d/sub/5; chmod 700 d; ln -s five link'
	layer 4 'mkdir -p d/sub all; echo 4 >all/4; echo four >d/f; echo s4 >d/sub/4; echo was file >turned'
	layer 3 'mkdir -p d all; echo 3 >all/3; whiteout d/f; mkdir turned; echo in >turned/in; opaque all'
	layer 2 'mkdir -p d/sub all; echo 2 >all/2; echo two >d/f; opaque d/sub; echo s2 >d/sub/2'
	layer 1 'mkdir -p d all; echo 1 >all/1; whiteout five'
}

steps='
	find . | sort; cat d/f; ls all d/sub turned; ls five; cat link; stat -c %a d
	echo new >d/f; rm all/2; mv all every; ls every; mv d/sub/2 d/sub/two; rm -r turned; echo x >turned; echo again >five; cat link
	mkdir all; ls -A all; mv every/3 all/; rmdir d/sub 2>&1; rm -r d; mkdir d; ls -A d; find . | sort'

plain_five()
{
	rm -rf "$P"
	mkdir -p "$P"/{d/sub,all,turned}
	(
		cd "$P"
		echo 1 >all/1; echo 2 >all/2; echo 3 >all/3; echo two >d/f; echo s2 >d/sub/2
		echo in >turned/in; ln -s five link
	)
}

@test "five lowers: merged, hidden, opaque, changed" {
	five
	plain_five
	both "$steps"
	shown again
}

@test "two lowers: each step as on the merged copy" {
	layer 2 'mkdir -p d/x e; echo 2 >d/f; echo 2 >d/g; echo e >e/e; ln d/f hard'
	layer 1 'mkdir -p d; echo 1 >d/f; whiteout d/g; chmod 700 d'
	mkdir -p "$P"/{d/x,e}
	(cd "$P" && echo 1 >d/f && echo e >e/e && echo 2 >hard && chmod 700 d)
	# hard is one name of two in its layer: its link count cannot be known to be 1
	both -x '@/hard' 'cat d/f hard; ls d; echo g >d/g; mv d dd; mv e dd/x/; find . | sort; rm -r dd/x; mkdir d; echo 9 >>hard; cat hard dd/f; ls dd d'
	shown 9
}

@test "-l A:B:C is the same as three times -l; a colon in a name is escaped" {
	five
	LOWERS=("$V:$T/l2:$T/l3" "$T/l4" "$T/l5")
	[ "$(in_view 'cat d/f; ls all')" = $'two\n1\n2\n3' ]
	mkdir "$T/with:colon"
	echo c >"$T/with:colon/f"
	LOWERS=("$T/with\\:colon")
	[ "$(view cat "$T/with:colon/f")" = c ]
}

@test "tmpfs: lower, upper and both" {
	requires root
	local where
	mount -t tmpfs tmpfs "$T/v"
	mkdir "$V"
	lower 'mkdir -p d/e; echo 1 >d/f; ln d/f h; ln -s d l'
	both 'mv d dd; echo 2 >>dd/f; cat h; stat -c "%n %h" h; rm -r dd/e; mkdir d; ls -ia . | wc -l; find . -xdev -samefile h | sort; du -x . >/dev/null && echo du'
	upper_on_tmpfs
	rm -rf "$P"
	cp -a "$V" "$P"
	both 'mv d dd; echo 2 >>dd/f; cat h; stat -c "%n %h" h; rm -r dd/e; mkdir d; find . -xdev -samefile h | sort'
}

@test "upper on another file system than the lower: inode numbers and devices as one" {
	requires root
	upper_on_tmpfs
	lower 'mkdir -p d/e; for i in $(seq 30); do echo $i >d/$i; done; ln d/1 h'
	both 'for i in $(seq 30); do echo new >d/n$i; echo x >>d/$i; done; stat -c %d . d d/e d/1 d/n1 h | sort -u | wc -l; find . -printf "%i\n" | sort | uniq -d | wc -l; find . -xdev | wc -l
		rm -rf d/e; mv d dd; mv dd/n1 m; find . -samefile h | sort; tar cf - . | tar tf - | wc -l'
	shown 64
}

@test "1, 2 and 5 lowers on ext4 and tmpfs: random sequences" {
	requires python3 root
	local fs
	for fs in /tmp /dev/shm; do
		run "$TOP/tests/random/run.py" --seqs "${OVL_TEST_SEQS:-150}" --ops 80 --layers all --fs "$fs" --ovlrun "$OVLRUN" --max-told 3
		echo "# $fs: ${lines[-1]}" >&3
		echo "$output"
		[ "$status" = 0 ]
	done
}

@test "random sequences as an ordinary user, in layers with objects of others" {
	requires python3 root
	local fs
	for fs in /tmp /dev/shm; do
		run "$TOP/tests/random/run.py" --user nobody --seqs "${OVL_TEST_SEQS:-150}" --ops 80 --layers all --fs "$fs" --ovlrun "$OVLRUN" --max-told 3
		echo "# $fs: ${lines[-1]}" >&3
		echo "$output"
		[ "$status" = 0 ]
	done
}

@test "two and eight processes on overlapping names" {
	requires python3
	run "$TOP/tests/race/run.py" --seconds "${OVL_TEST_RACE:-5}" --ovlrun "$OVLRUN"
	echo "# ${lines[-1]}" >&3
	echo "$output"
	[ "$status" = 0 ]
}

@test "a program's own device 0/0" {
	requires root
	lower 'mkdir d'
	both 'mknod d/dev c 0 0; stat -c "%F %t %T" d/dev; ls d; rm d/dev; ls d'
}

@test "a program's own user.overlay.* and .wh. names" {
	lower 'mkdir d; echo 1 >d/f; echo 1 >d/g'
	both 'echo x >d/.wh.f; echo y >.wh..wh..opq; ls -A d .; cat d/f d/.wh.f; rm d/.wh.f d/f; ls -A d
		setfattr -n user.overlay.opaque -v y d; getfattr -d -m - d; setfattr -n user.overlay.whiteout -v x d/g; getfattr -d -m - d/g; setfattr -x user.overlay.opaque d; getfattr -d -m - d; cat d/g'
	run in_view 'getfattr -d -m - d d/g; ls -A d'
	[[ $output = *user.overlay.whiteout* ]]
}

@test "a colon, a newline, 255 bytes and not UTF-8 in names" {
	lower $'mkdir d; echo 1 >"d/a:b"; echo 2 >$\'d/n\\nl\'; echo 3 >$\'d/\\xff\\xfe\'; echo 4 >d/$(printf "%0255d" 0)'
	both $'cat d/*; for f in d/*; do echo x >>"$f"; mv "$f" "${f%?}z"; done; ls d | od -c | md5sum; rm d/*; ls -A d; mkdir d/$(printf "%0255d" 1); touch d/$(printf "%0256d" 1); ls d | wc -c'
	shown "too long"
}

@test "paths near PATH_MAX, and deeper than that by steps" {
	requires python3
	lower 'mkdir d'
	both 'python3 -c "
import os
n = \"n\" * 250
os.chdir(\"d\")
for i in range(20): os.mkdir(n); os.chdir(n)
open(\"f\", \"w\").write(\"deep\"); os.rename(\"f\", \"g\"); print(open(\"g\").read(), os.listdir(\".\"))
try: os.getcwd()
except OSError as e: print(e.strerror)
for i in range(20): os.chdir(\"..\")
print(os.listdir(\".\") == [n])
for k in 4095, 4096, 4097:
    p = \"./\" * 2047 + \"x\" * (k - 4094)
    try: print(k, os.stat(p[:k]))
    except OSError as e: print(k, e.strerror)
"; rm -rf d/*; ls d'
	shown deep
}
