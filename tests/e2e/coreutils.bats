#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# coreutils in the view as on a plain directory

load helpers

more_setup()
{
	lower '
		mkdir -p dir/sub/deep empty big
		echo one >one; echo two >dir/two; echo three >dir/sub/three; echo deep >dir/sub/deep/four
		ln -s one link; ln -s sub/three dir/rel; ln -s nowhere dangling; ln -s "$PWD/dir" abs
		ln one hard; ln dir/two dir/sub/two-again
		mkfifo pipe; chmod 600 dir/two; chmod 750 dir/sub; chmod 4755 one
		for i in $(seq 300); do echo $i >big/$i; done
		touch -d 2001-02-03T04:05:06 one dir dir/two dir/sub
		setfattr -n user.color -v blue dir/two
	'
}

@test "cp -a: copies all, keeps all" {
	both 'cp -a dir copy; cp -a one hard link copy/; stat -c "%n %F %a %s %h" copy/*; cmp one copy/one'
	shown copy/two
}

@test "cp: onto a lower file, with backup, and --reflink=auto" {
	both 'cp one dir/two; cp -b --suffix=.bak dir/two dir/sub/three; cp --reflink=auto one two; cat dir/two dir/sub/three.bak'
}

@test "mv: files, directories, onto each other" {
	both 'mv one uno; mv dir folder; mv folder/sub . ; mv -n uno hard; mv hard folder/two; mv big empty/; ls -R | head -40; cat folder/two'
	shown folder
}

@test "mv: a directory back and forth, then a new one in its place" {
	both 'mv dir d2; mkdir dir; echo new >dir/two; mv d2 dir/old; cat dir/old/two dir/two; mv dir/old/sub d3; ls dir dir/old d3'
}

@test "rm -rf: a tree, and what is made in its place is empty" {
	both 'rm -rf dir big; ls; mkdir dir; ls dir; echo x >dir/x; rm -r dir empty; ls'
}

@test "rm -rf: everything" {
	both 'rm -rf ./*; ls -A; echo $?; mkdir dir; ls dir'
}

@test "rmdir: refuses what is not empty, takes what was emptied" {
	both 'rmdir dir; rm dir/sub/deep/four; rmdir dir/sub/deep; rmdir empty; ls dir/sub; ls dir/sub/deep'
	shown "not empty"
}

@test "ln: hard, symbolic, forced, and the link count" {
	both 'ln one third; ln -f dir/two third2; ln -sf dir/sub link; ln -snf one link; stat -c "%h %n" one hard third third2; echo more >>third; cat one hard'
	shown "3 one"
}

@test "ls -lR, du and find show the same" {
	both 'ls -lR --time-style=+%Y . | sed "s/^total.*//; s/[0-9]* *20[2-9][0-9]/now/"; du -a --apparent-size dir/sub/three big/7; find . -xdev | sort; find . -samefile one | sort; find . -type l -printf "%p %l\n" | sort'
	shown two-again
}

@test "ls: inode numbers agree with stat, and stay" {
	both '
		for f in one dir dir/two link pipe; do
			a=$(stat -c %i $f); b=$(ls -di $f | sed "s/^ *//; s/ .*//"); test $a = $b || echo $f stat $a ls $b
			c=$(ls -ai $(dirname $f) | sed "s/^ *//" | grep " $(basename $f)\$" | sed "s/ .*//"); test $a = $c || echo $f readdir $c
			chmod u+x $f; touch -h $f; mv $f $f.new; d=$(stat -c %i $f.new); test $a = $d || echo $f moved $d
			mv $f.new $f
		done; echo done'
	shown done
}

@test "find -delete" {
	both 'find big -name "*7*" -delete; find dir -depth -delete; ls big | wc -l; ls -d dir'
	shown "No such file"
}

@test "install: file, directory, mode" {
	both 'install -m 700 one prog; install -d a/b/c; install -D -m 640 dir/two x/y/z; install -t dir/sub one; ls -l prog x/y/z | cut -c1-10; ls -R a'
}

@test "chmod, touch, truncate, stat" {
	both 'chmod -R g+w dir; chmod 0 one; touch -d 2003-03-03 dir/two dir/sub link; touch new; truncate -s 3 dir/two; truncate -s +5 hard; stat -c "%n %a %s %F" dir/two hard dir/sub; stat -c %y dir/sub link dir/two | cut -c1-10'
	shown 2003-03-03
}

@test "touch -c and -r, and a directory's time changes only when its names do" {
	both 'stat -c %Y dir; echo x >>dir/two; stat -c %Y dir; chmod 640 dir/two; stat -c %Y dir; touch -r one dir/two; stat -c %Y dir/two dir; rm dir/rel; test $(stat -c %Y dir) -gt 1500000000 && echo newer'
	shown newer
}

@test "readlink -f, realpath, pwd -P through links" {
	both 'readlink -f abs/two dir/rel link; realpath abs/../one dangling 2>&1; cd abs; pwd; pwd -P; cd ..; pwd -P; cd -P abs/sub; cat ../two'
}

@test "dd: notrunc, seek, append" {
	both 'dd if=/dev/zero of=one bs=1 count=2 seek=1 conv=notrunc status=none; od -c one; dd if=dir/two of=hard oflag=append conv=notrunc status=none; od -c one; dd if=big/3 of=big/4 status=none; cat big/4'
}

@test "tee, split, csplit, shuf, sort -o its own input" {
	both 'echo x | tee -a one dir/new; seq 100 | split -l 30 - part.; sort -r -o one one; seq 9 >n; csplit -s n 4; cat one part.ac xx01; sort -rn -o n n; head -3 n'
}

@test "sort with temporary files in the tree" {
	both 'seq 60000 | shuf --random-source=/dev/zero | sort -n -S 64K -T . -o sorted; tail -1 sorted; ls sort* | wc -l'
	shown 60000
}

@test "mktemp: file and directory, mode and removal" {
	both 'f=$(mktemp -p .); d=$(mktemp -d -p dir); stat -c %a $f $d; echo x >$f; mv $f final; rmdir $d; f=$(mktemp -p dir/sub XXXXXX.c); rm $f; ls'
}

@test "xargs -P2 on many files" {
	both 'ls big | xargs -P2 -n5 sh -c "for f; do echo \$f again >>big/\$f; done" sh; cat big/* | wc -l; ls big | xargs -P2 -n7 -I{} mv big/{} big/{}.x; ls big | wc -l; ls big/*.x | wc -l'
	shown 600
}

@test "a directory of 10,000 names: rm -rf ends, none is left" {
	requires python3
	lower 'mkdir many; cd many; seq 10000 | xargs touch'
	both 'ls many | wc -l; touch many/new; ls many | wc -l; find many -name "*9" -delete; ls many | wc -l; rm -rf many; ls'
	shown 10001
}

@test "chown and chgrp: as root they set, for others they fail" {
	both 'chown 1234:2345 one; stat -c %u:%g one hard; chgrp -h 77 link; stat -c %g link; chown -R 5:6 dir; stat -c %u:%g dir/sub/three'
}

@test "mkfifo and mknod: a writer and a reader meet" {
	both 'mkfifo f; (echo through >f) & cat f; wait; (echo lower >pipe) & cat pipe; wait; chmod 622 pipe; (echo copied >pipe) & cat pipe; wait'
	shown copied
}

@test "df and stat -f work on the view" {
	both 'df . >/dev/null && echo df; stat -f -c %T .; stat -f -c %l one'
	shown df
}

@test "cmp, diff -r, sha256sum -c, comm, cat of many" {
	both 'cp -a dir copy; diff -r dir copy && echo same; sha256sum $(find big -type f | sort) >sums; echo x >big/9; sha256sum -c sums 2>&1 | grep -v OK; diff -r dir copy; rm copy/two; diff -rq dir copy'
	shown FAILED
}
