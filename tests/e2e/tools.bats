#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# real programs in the view, side by side with a plain directory where that is sensible

load helpers

git_setup='
	export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a
	export GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE="2001-01-01 00:00:00 +0000" GIT_COMMITTER_DATE="2001-01-01 00:00:00 +0000"
	git() { command git -c init.defaultBranch=main -c gc.auto=0 -c advice.detachedHead=false "$@"; }
'

git_lower()
{
	lower "$git_setup"'
		git init -q repo; cd repo
		for i in $(seq 20); do mkdir -p d$i; echo $i >d$i/f; done; echo top >README; ln -s README link
		git add .; git commit -qm first; git checkout -qb side; echo side >side; git rm -q d3/f; git add .; git commit -qm side
		git checkout -q main; echo main >>README; git commit -qam second'
}

@test "tar c: the same archive as of the plain tree" {
	lower 'mkdir -p a/b; echo 1 >a/1; ln a/1 a/b/one; ln -s ../1 a/b/l; mkfifo a/p; chmod 600 a/1; touch -d 2001-01-01 a/1 a/b a'
	both 'tar c --sort=name --mtime=2001-01-01 a | sha256sum; tar c --sort=name a/1 a/b/one a/b/l | tar tv; echo new >a/2; tar cf out.tar --mtime=2001-01-01 --sort=name a; tar tf out.tar'
	shown a/b/one
}

@test "tar x: over a lower tree, into a new one, with --unlink-first" {
	lower 'mkdir -p a/b; for i in 1 2 3 4 5; do echo $i >a/$i; ln -s ../$i a/b/$i; done; ln a/1 a/b/one; touch -d 2001-01-01 a/* a/b; tar cf ar.tar a; tar czf ar.tgz a; rm a/3; echo other >a/4'
	both 'tar xf ar.tar; cat a/4 a/3; stat -c "%h %Y" a/1; mkdir n; tar xzf ar.tgz -C n; diff -r a n/a && echo same; tar x --unlink-first -f ar.tar; tar x --overwrite -f ar.tar a/2; tar x --recursive-unlink -f ar.tar; find . | sort'
	shown same
}

@test "git: status, log, diff of a lower repository" {
	git_lower
	both -x '\.git/index' "$git_setup"'
		cd repo; git status --short; git log --oneline --all; git diff main side --stat; git show side:side; git ls-files | wc -l; git fsck 2>&1'
	shown "22"
}

@test "git: commit, branch, checkout, merge, rebase, stash" {
	git_lower
	both -x '\.git/(index|ORIG_HEAD|logs)|\.git/.*orig' "$git_setup"'
		cd repo; git checkout -q side; ls; cat side; git checkout -q main; echo x >>d1/f; git commit -qam third; git merge -q -m merged side; ls d3; git log --oneline
		echo y >>d2/f; git stash -q; cat d2/f; git stash pop -q; cat d2/f; git checkout -q d2/f; git mv d5 e5; git commit -qm moved; git reset -q --hard HEAD~1; ls -d d5 e5; git clean -xdfq; git status --short; git fsck 2>&1'
	shown third
}

@test "git: clone, gc, worktree, repack" {
	git_lower
	both -x '\.git/.*(index|pack|commit-graph|logs)|\.idx|\.rev' "$git_setup"'
		git clone -q repo copy; cd copy; git log --oneline; cd ../repo; git gc -q --prune=now; git fsck 2>&1; find .git/objects -type f | grep -c pack/
		git worktree add -q ../wt side; ls ../wt | head -4; git worktree list | wc -l; git worktree remove ../wt; git repack -adq; git log --oneline | wc -l; cd ..; git clone -q --bare repo bare; git -C bare log --oneline | wc -l; mv repo moved; git -C moved status --short'
	shown second
}

@test "gcc and ld: compile, link, shared object, static archive, run" {
	requires gcc
	lower '
		echo "#include \"h.h\"
		int twice(int i) { return 2 * i; }" >twice.c
		echo "int twice(int);" >h.h
		echo "#include <stdio.h>
		#include \"h.h\"
		int main(void) { printf(\"%d\\n\", twice(21)); return 0; }" >main.c'
	both '
		gcc -O2 -o prog main.c twice.c && ./prog; gcc -c -fPIC twice.c; gcc -shared -o libtwice.so twice.o; ar rcs libtwice.a twice.o
		gcc -o dyn main.c -L. -ltwice -Wl,-rpath,"$PWD"; gcc -pipe -save-temps -c main.c; ls; ld -r -o both.o main.o twice.o; nm both.o | grep -c T
		sed -i s/2/3/ twice.c; gcc -O2 -o prog main.c twice.c; ./prog'
	shown 63
}

@test "a program with a library that exists only in UPPER, by RUNPATH and LD_LIBRARY_PATH" {
	requires gcc
	lower 'echo "int f(void) { return 7; }" >f.c; echo "int f(void); int main(void) { return f(); }" >m.c'
	both 'gcc -shared -fPIC -o libf.so f.c; gcc -o m m.c -L. -lf; LD_LIBRARY_PATH=. ./m; echo $?; gcc -o m2 m.c -L. -lf -Wl,-rpath,\$ORIGIN; ./m2; echo $?'
	shown 7
	# the first program of a run as well, by what UPPER already has
	run view env -C "$V" "$V/m2"
	[ "$status" = 7 ]
	run view "$V/m2"
	[ "$status" = 7 ]
}

@test "a library of the lower that is gone, or another one, in the view; LD_PRELOAD; moved and linked directories" {
	requires gcc
	lower 'mkdir l; echo "int f(void) { return 1; }" >f.c; gcc -shared -fPIC -o l/libf.so f.c; echo "int f(void); int main(void) { return f(); }" >m.c
		gcc -o m m.c -Ll -lf -Wl,-rpath,\$ORIGIN/l; gcc -o p m.c -Ll -lf -Wl,-rpath,\$ORIGIN/k; gcc -o n -x c - <<<"int getpid(void); int main(void) { return getpid() == 5 ? 5 : 0; }"'
	both './m; echo $?; sed -i s/1/2/ f.c; gcc -shared -fPIC -o l/libf.so f.c; ./m; echo $?; rm l/libf.so; ./m; echo $?; gcc -shared -fPIC -o l/libf.so f.c
		mv l k; ./p; echo $?; ./m; echo $?; ln -s k l; ./m; echo $?; echo "int getpid(void) { return 5; }" >g.c; gcc -shared -fPIC -o g.so g.c; LD_PRELOAD=$PWD/g.so ./n; echo $?
		sh -c ./m; echo $?; env -i ./m; echo $?'
	shown 127
}

@test "a library in a directory of everybody's exists only in UPPER: ldconfig, then a program needs it" {
	requires gcc root
	# with -l / everything is the view: /usr/local/lib and /etc/ld.so.cache change in UPPER
	mkdir "$T/src"
	echo 'int ovl_e2e(void) { return 9; }' >"$T/src/f.c"
	echo 'int ovl_e2e(void); int main(void) { return ovl_e2e(); }' >"$T/src/m.c"
	run "$OVLRUN" -q -l / -u "$T/u" -w "$T/w" -- sh -euc "
		cd '$T/src'
		gcc -shared -fPIC -Wl,-soname,libovl_e2e.so.1 -o /usr/local/lib/libovl_e2e.so.1 f.c
		gcc -o m m.c /usr/local/lib/libovl_e2e.so.1
		ldconfig
		ls -l /usr/local/lib/libovl_e2e.so.1 /etc/ld.so.cache >/dev/null
		./m"
	echo "$output"
	[ "$status" = 9 ]
	[ ! -e /usr/local/lib/libovl_e2e.so.1 ]
	# and the next run's first program
	run "$OVLRUN" -q -l / -u "$T/u" -w "$T/w" -- "$T/src/m"
	[ "$status" = 9 ]
}

@test "configure and make -j2 of an autoconf-like package, twice" {
	requires gcc make
	lower 'mkdir -p src pkg
		for i in $(seq 12); do echo "int part$i(void) { return $i; }" >src/part$i.c; done
		echo "#include \"../config.h\"
		int part1(void); int main(void) { return part1() - HAVE_STDIO_H; }" >src/main.c
		cat >configure <<"END"
#!/bin/sh
# the way autoconf does it: confdefs, conftest, config.status, here-documents
exec 5>config.log
for h in stdio.h stdlib.h nothere.h; do
	printf "checking for %s... " $h
	rm -f conftest.c conftest.o
	echo "#include <$h>" >conftest.c
	if cc -c conftest.c >&5 2>&5; then echo yes; echo "#define HAVE_$(echo $h | tr a-z. A-Z_) 1" >>confdefs.h
	else echo no; cat conftest.c >&5; fi
	rm -f -r conftest*
done
cat >config.status <<_END
#!/bin/sh
for f in Makefile; do sed "s,@CC@,cc,;s,@srcdir@,$PWD/src,g" <\$f.in >\$f.tmp && mv -f \$f.tmp \$f; done
mv confdefs.h config.h
_END
chmod +x config.status; ./config.status; echo done
END
		chmod +x configure
		printf "%s\n" "VPATH = @srcdir@" "OBJ = main.o \$(patsubst @srcdir@/%.c,%.o,\$(wildcard @srcdir@/part*.c))" "prog: \$(OBJ)" "	@CC@ -o \$@ \$(OBJ)" \
			".c.o:" "	@mkdir -p .deps; @CC@ -MD -MF .deps/\$*.d -c -o \$@ \$<" "install: prog" "	install -d inst/bin; install prog inst/bin" "distclean:" "	rm -rf *.o prog config.* Makefile .deps inst" >Makefile.in
		touch -d 2001-01-01 * src/*'
	both -x 'config.log' './configure && make -s -j2 && ./prog; echo $?; make -s install; inst/bin/prog; echo $?; make -s -q && echo fresh; make -s distclean; ls -A; ./configure >/dev/null; make -s -j2; ls -A'
	shown fresh
}

@test "GNU hello from Debian: configure and make in the view" {
	requires gcc make
	test "${OVL_TEST_APT:-0}" = 1 || skip "set OVL_TEST_APT=1 for it: takes minutes and the network"
	(cd "$V" && apt-get source --download-only hello && tar xf hello_*.orig.tar.gz --strip-components=1)
	lower ':'
	run in_view './configure >/dev/null && make -s -j2 && ./hello && make -s check'
	[ "$status" = 0 ]
	lower_unchanged
}

@test "python3: modules, compileall, tempfile, shutil, os.walk, zipfile" {
	requires python3
	lower 'mkdir -p pkg/sub; echo "x = 1" >pkg/__init__.py; echo "from pkg import x; y = x + 1" >pkg/sub/__init__.py; echo text >t'
	both -x '\.pyc' 'python3 -m compileall -q pkg; find . -name "*.pyc" | wc -l; python3 -c "
import pkg.sub, os, shutil, tempfile, zipfile, glob, pathlib
print(pkg.sub.y, os.getcwd())
shutil.copytree(\"pkg\", \"copy\"); shutil.move(\"copy\", \"moved\"); shutil.rmtree(\"moved/sub\")
with tempfile.TemporaryDirectory(dir=\".\") as d:
    pathlib.Path(d, \"x\").write_text(\"y\")
with tempfile.NamedTemporaryFile(dir=\".\", delete=False) as f:
    f.write(b\"z\")
os.replace(f.name, \"t\")
print(open(\"t\").read(), sorted(os.listdir(\".\")), sorted(glob.glob(\"**/*.py\", recursive=True)))
with zipfile.ZipFile(\"z.zip\", \"w\") as z: z.write(\"t\")
print(sorted(e.name for e in os.scandir(\".\") if e.is_file()), os.path.realpath(\"pkg/../t\"))
os.unlink(\"z.zip\")
"'
	shown moved
}

@test "python3: venv is made and used in the view" {
	requires python3
	/usr/bin/python3 -c 'import venv, ensurepip' 2>/dev/null || skip "needs python3-venv"
	lower 'mkdir d'
	run in_view '/usr/bin/python3 -m venv --without-pip ve && ve/bin/python -c "import sys; print(sys.prefix != sys.base_prefix, sys.prefix)"'
	[ "$status" = 0 ]
	[[ $output = *"True $V/ve"* ]]
	lower_unchanged
}

@test "python3: every interpreter at hand starts and imports what stands in UPPER" {
	lower 'mkdir d'
	view sh -c "mkdir '$V/m'; echo 'v = 42' >'$V/m/mod.py'"
	local py n=0
	for py in /usr/bin/python3 /root/.pyenv/versions/3*/bin/python3; do
		test -x "$py" || continue
		run view env PYTHONPATH="$V/m" "$py" -B -c 'import mod, json, ssl, ctypes; print(mod.v)'
		[ "$status" = 0 ] || { echo "$py: $output"; false; }
		[[ $output = *42 ]]
		n=$((n + 1))
	done
	echo "$n interpreters" >&3
	lower_unchanged
}

@test "python3 sqlite3: rollback and WAL, on a lower database" {
	requires python3
	lower 'python3 -c "
import sqlite3; c = sqlite3.connect(\"db\"); c.execute(\"create table t (a)\"); c.execute(\"insert into t values (1)\"); c.commit()"'
	both -x '@/(db|wal)' 'python3 -c "
import sqlite3, os
for mode in \"delete\", \"wal\", \"truncate\":
    a = sqlite3.connect(\"db\"); b = sqlite3.connect(\"db\")
    print(a.execute(\"pragma journal_mode=\" + mode).fetchone())
    print(b.execute(\"select count(*) from t\").fetchone())
    a.execute(\"insert into t values (2)\"); a.commit()
    print(b.execute(\"select count(*) from t\").fetchone())
    b.execute(\"insert into t values (3)\"); b.commit()
    print(a.execute(\"select count(*) from t\").fetchone(), a.execute(\"pragma integrity_check\").fetchone())
    a.close(); b.close()
print(sorted(os.listdir(\".\")))
"'
	shown "(7,)"
}

@test "sqlite3: two writers at once on a lower database" {
	requires sqlite3
	lower 'sqlite3 db "create table t (a); insert into t values (0);"'
	both -x '@/db' '
		for w in 1 2; do (for i in $(seq 25); do sqlite3 -cmd ".timeout 20000" db "insert into t values ($w);"; done) & done; wait
		sqlite3 db "select count(*) from t; pragma integrity_check; pragma journal_mode=wal;"
		for w in 1 2; do (for i in $(seq 25); do sqlite3 -cmd ".timeout 20000" db "insert into t values ($w);"; done) & done; wait
		sqlite3 db "select count(*) from t; pragma integrity_check; vacuum;"'
	shown 101
}

@test "perl: files, directories, -i, rename, File::Find, File::Temp" {
	requires perl
	lower 'mkdir -p d/e; for i in 1 2 3; do echo $i >d/$i; done; ln -s d l'
	both 'perl -i.bak -pe "s/2/two/" d/2; cat d/2 d/2.bak; perl -MFile::Find -MFile::Path -MFile::Copy -MCwd -MFile::Temp=tempfile -e '"'"'
		find(sub { push @f, $File::Find::name }, "."); print join(" ", sort @f), "\n";
		rename "d/1", "d/e/one" or die; move("d/3", "d/e") or die; mkpath("x/y/z"); rmtree("x"); print -e "x" ? "x" : "no x", "\n";
		chdir "l/e" or die; print getcwd(), "\n"; opendir D, "."; print join(" ", sort readdir D), "\n";
		open F, "+<", "one"; seek F, 0, 2; print F "end\n"; close F; open F, "one"; print <F>; symlink "one", "s"; print readlink("s"), "\n"; unlink "s";
		my ($fh, $n) = tempfile(DIR => "."); print $fh "t"; close $fh; rename $n, "final"; print `cat final`, "\n"; utime 1, 2, "final"; print((stat "final")[9], "\n")'"'"
	shown "no x"
}

@test "sed -i, with backup and through a link" {
	lower 'mkdir d; echo abc >d/f; echo abc >g; ln -s d/f l; chmod 640 d/f'
	both 'sed -i s/b/B/ d/f; sed -i.bak s/c/C/ g; sed -i --follow-symlinks s/a/A/ l; sed -i s/A/x/ l; cat d/f g g.bak; stat -c "%a %F" d/f l; sed -n -e "w out" g; cat out'
	shown abC
}

@test "patch: apply, create, delete, rename, reverse" {
	requires patch
	lower 'mkdir -p a; seq 10 >a/f; echo gone >a/g; cp -r a b; sed -i s/5/five/ b/f; rm b/g; echo new >b/h; (diff -ruN a b || true) >p; rm -r b'
	both 'patch -p1 -d a <p; ls a; grep five a/f; patch -R -p1 -d a <p; ls a; sed -i s/5/x/ a/f; patch -p1 -d a <p; ls a'
	shown f.rej
}

@test "rsync -aHX: from, into and inside the view" {
	requires rsync
	lower 'mkdir -p s/d; for i in 1 2 3; do echo $i >s/d/$i; done; ln s/d/1 s/one; ln -s d s/l; setfattr -n user.a -v 1 s/d/2; touch -d 2001-01-01 s/d/* s/d; mkdir t; echo old >t/one; echo extra >t/extra'
	both 'rsync -aHX --delete s/ t/; diff -r s t && echo same; stat -c %h t/one; rsync -aHX --delete --itemize-changes s/ t/; echo more >>s/d/2; rsync -a --inplace s/ t/; rsync -ac --backup --suffix=.b s/ u/; cat t/d/2; rm s/d/3; rsync -a --delete s/ t/; ls t/d; rsync -a --remove-source-files s/ w/; find s w | sort'
	shown same
}

@test "vim -es: edit a lower file, with backup and swap file" {
	requires vim
	lower 'echo "one two" >f; echo x >g; chmod 640 f; mkdir d'
	both 'printf "%s\n" ":%s/two/2/" ":set backup" ":w" ":e g" ":normal ofoo" ":w! d/new" ":wq" | vim -es -N -u NONE f; cat f f~ d/new; ls -A . d; stat -c %a f; vim -es -N -u NONE --cmd "set backupcopy=no" -c "s/one/1/|wq" f; cat f; ls -A'
	shown "one 2"
}

@test "dpkg-deb -b and -x" {
	requires dpkg-deb
	lower 'mkdir -p p/DEBIAN p/usr/share/doc/p; echo hi >p/usr/share/doc/p/f; ln -s f p/usr/share/doc/p/l
		printf "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n" >p/DEBIAN/control; chmod -R go-w p'
	both -x '\.deb' 'dpkg-deb --root-owner-group -b p p.deb; dpkg-deb -I p.deb | grep Package; dpkg-deb -x p.deb out; find out | sort; dpkg-deb -e p.deb ctl; cat ctl/control; dpkg-deb -c p.deb | sed "s/.*:.. //"; dpkg-deb -R p.deb out/again; diff -r p out/again && echo same'
	shown same
}

@test "sqlite3: the shell, rollback journal and WAL" {
	requires sqlite3
	lower 'sqlite3 db "create table t (a); insert into t values (1);"'
	both -x '@/db' 'sqlite3 db "insert into t values (2); select * from t;"; sqlite3 db "pragma journal_mode=wal; insert into t values (3); select count(*) from t;"; ls; sqlite3 db "begin; delete from t; rollback; select count(*) from t; vacuum; pragma integrity_check; .backup copy.db"; sqlite3 copy.db "select sum(a) from t"; rm copy.db; ls'
	shown ok
}

@test "node: fs, in threads of its own" {
	requires node
	lower 'mkdir -p d/e; echo 1 >d/1; echo "module.exports = 5" >m.js; touch -d 2001-01-01 d/1'
	both 'node -e "
const fs = require(\"fs\"), m = require(process.cwd() + \"/m.js\");
console.log(m, fs.readdirSync(\"d\").sort(), fs.readFileSync(\"d/1\", \"utf8\"), fs.statSync(\"d/1\").mtimeMs);
fs.writeFileSync(\"d/2\", \"two\"); fs.renameSync(\"d\", \"dd\"); fs.cpSync(\"dd\", \"copy\", { recursive: true }); fs.appendFileSync(\"dd/1\", \"more\");
fs.promises.readFile(\"dd/1\", \"utf8\").then(async t => { console.log(t); await fs.promises.rm(\"copy\", { recursive: true }); await fs.promises.mkdir(\"a/b/c\", { recursive: true });
  await Promise.all([...Array(50).keys()].map(i => fs.promises.writeFile(\"a/b/\" + i, \"x\".repeat(i)))); console.log((await fs.promises.readdir(\"a/b\")).length, fs.realpathSync(\"a/../dd/1\"), fs.existsSync(\"copy\"));
  const t2 = await fs.promises.mkdtemp(\"a/tmp-\"); fs.rmdirSync(t2); fs.symlinkSync(\"dd\", \"l\"); console.log(fs.readlinkSync(\"l\"), fs.lstatSync(\"l\").isSymbolicLink()); });
"'
	shown 51
}

@test "cpio, zip and gzip where installed" {
	lower 'mkdir d; seq 100 >d/n; echo x >d/x'
	both -x '\.(gz|zip|cpio)' 'gzip -k d/n; ls d; gzip -f d/n; gunzip -c d/n.gz | tail -1; gunzip -f d/n.gz; ls d; xz d/x 2>/dev/null && unxz d/x.xz; find d | sort | cpio -o 2>/dev/null | cpio -t 2>/dev/null; command -v zip >/dev/null && zip -qr z.zip d; ls d'
	shown 100
}

@test "users of posix_spawn: make, python subprocess, gcc -pipe with an own directory" {
	requires python3
	lower 'mkdir d; echo in >d/f'
	both 'python3 -c "
import os, subprocess
print(subprocess.check_output([\"cat\", \"f\"], cwd=\"d\").decode(), end=\"\")
p = os.posix_spawn(\"/bin/sh\", [\"sh\", \"-c\", \"cat d/f; echo out\"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 1, \"d/out\", os.O_WRONLY | os.O_CREAT, 0o644)])
os.waitpid(p, 0); print(open(\"d/out\").read(), end=\"\")
print(subprocess.run(\"echo \$HOME; rm d/f; ls d\", shell=True, env={}, close_fds=True, stdout=subprocess.PIPE).stdout.decode())
print(os.path.exists(\"d/f\"))
"'
	shown False
}

@test "valgrind: a program that it looks at is in the view, and it can look at ovlrun" {
	requires valgrind gcc
	if test "${OVL_DOOR-}" = symbols; then
		lower 'echo low >f'
		run in_view 'valgrind -q rm f'
		[ "$status" = 125 ]
		[[ $output = *"by names"* ]]
		lower_unchanged
		return
	fi
	lower 'echo low >low
	cat >p.c <<-"END"
		#include <signal.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/stat.h>
		static void on(int sig) { (void)sig; }
		int main(int n, char **v)
		{
			char text[9] = {0}, *room = malloc(7);
			struct sigaction act;
			FILE *f = fopen(v[1], "r");
			if (fread(text, 1, 8, f) && fclose(f))
				return 2;
			printf("%s%d ", text, mkdir("d", 0700));
			printf("%d ", rename(v[1], "d/moved"));
			printf("%d\n", remove("low"));
			signal(SIGUSR1, on);
			printf("%d ", sigaction(SIGUSR1, NULL, &act));
			printf("%d\n", act.sa_handler == on);
			return n > 2 ? room[7] & 8 : 3;
		}
	END'
	both 'gcc -g -o p p.c; echo new >new; valgrind -q ./p new; echo $?; cat d/moved; valgrind -q cat d/moved; ls
		echo again >again; rm -r d; touch low; valgrind -q --error-exitcode=9 ./p again more 2>&1 >out | grep -o "Invalid read of size 1"; echo ${PIPESTATUS[0]}; cat out'
	shown "new"
	shown "Invalid read"
	AS=(valgrind -q)
	run in_view "cat d/moved; echo more >more; ls more"
	echo "$output"
	[ "${lines[-2]}" = again ]
	[ "${lines[-1]}" = more ]
	lower_unchanged
}
