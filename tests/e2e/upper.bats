#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# upper.bats - UPPER in mid-run: read-only, renamed, removed, unmounted

load helpers
load launcher

more_setup()
{
	requires python3
	lower 'mkdir d e m; for n in f g h k; do echo $n >$n; done; echo x >d/x; echo y >d/y; ln h h2; ln -s f s; setfattr -n user.k -v 1 k'
	cat >part.py <<'PY'
import errno, os, sys, time
def told(what, *args, **kw):
    try: r = what(*args, **kw); print(what.__name__, *args, "=", r if r is None or type(r) in (bytes, str, list, bool) else "done")
    except OSError as e: print(what.__name__, *args, "=", errno.errorcode[e.errno])
f = os.open("f", os.O_RDWR); n = os.open("n", os.O_RDWR | os.O_CREAT); k = os.open("k", os.O_RDONLY); d = os.open("d", os.O_RDONLY)
os.write(f, b"changed\n"); os.write(n, b"new\n"); os.unlink("d/x"); os.mkdir("made"); os.rename("m", "moved")
open(sys.argv[1] + "/ready", "w").close()
while not os.path.exists(sys.argv[1] + "/go"): time.sleep(0.02)
print(os.pread(f, 99, 0), os.pread(n, 99, 0), os.pread(k, 99, 0))
def put(name, flags): os.write(os.open(name, flags), b"put\n")
def write(fd): os.write(fd, b"more\n")
def cat(name): return open(name).read().strip()
PY
	cat >change.py <<'PY'
W = os.O_WRONLY
told(put, "f", W); told(put, "g", W); told(put, "g", W | os.O_TRUNC); told(put, "h2", W | os.O_APPEND); told(put, "new", W | os.O_CREAT)
told(os.mkdir, "new"); told(os.symlink, "to", "new"); told(os.mkfifo, "new"); told(os.link, "g", "new"); told(os.link, "f", "new")
told(os.unlink, "f"); told(os.unlink, "g"); told(os.unlink, "h"); told(os.rmdir, "e"); told(os.rmdir, "made")
told(os.rename, "f", "new"); told(os.rename, "g", "new"); told(os.rename, "g", "f"); told(os.rename, "d", "new"); told(os.rename, "moved", "e")
told(os.chmod, "f", 0o600); told(os.chmod, "g", 0o600); told(os.chmod, "d", 0o700); told(os.chown, "g", os.getuid(), -1); told(os.utime, "g", (1, 2))
told(os.truncate, "f", 1); told(os.truncate, "g", 1); told(os.setxattr, "k", "user.k", b"2"); told(os.removexattr, "k", "user.k")
print("-- changed")
PY
}

# mid_run HOW PART...: in the view part.py, then, when HOW has been done outside, these
mid_run()
{
	local how=$1 pid

	shift
	cat part.py "$@" >run.py
	(view env -C "$V" python3 "$T/run.py" "$T" >out 2>&1 3>&-; echo "status $?" >>out) &
	pid=$!
	wait_for test -e ready
	eval "$how"
	touch go
	wait $pid
	cat out
	grep -qx 'status 0' out
	lower_unchanged
}

# all_are ERRNO: what change.py told
all_are()
{
	sed -n '2,/^-- changed$/p' out | grep -v '^-- ' >told
	test "$(wc -l <told)" = "$(grep -o 'told(' change.py | wc -l)"
	test "$(grep -c " = $1\$" told)" = "$(wc -l <told)"
}

# What was done until then is there.
kept()
{
	test "$(cat "$1/f")" = changed
	test "$(cat "$1/n")" = "$2"
	test -d "$1/made"
	test -d "$1/moved"
	test -c "$1/d/x"
	test ! -e "$1/g"
	test ! -e "$1/new"
}

gone()
{
	cat >more.py <<'PY'
told(write, n); told(os.pread, n, 99, 0); told(os.fstat, f); told(os.fstat, k)
told(cat, "f"); told(cat, "n"); told(os.path.exists, "made"); told(os.path.exists, "d/x"); told(os.listdir, "d"); told(cat, "g"); told(os.listdir, ".")
PY
	mid_run "$1" change.py more.py
	all_are ENOENT
	grep -qF "b'changed\\n' b'new\\n' b'k\\n'" out
	grep -qF "b'new\\nmore\\n'" out # what is open is still there
	grep -qx 'cat f = ENOENT' out  # and not as the lower has it
	grep -qx 'cat n = ENOENT' out
	grep -qx 'exists made = False' out
	grep -qx 'exists d/x = False' out
	grep -qx 'listdir d = ENOENT' out
	grep -qx 'cat g = g' out # that was never changed
}

@test "UPPER renamed away: changes are ENOENT, what is open goes on, nothing is lost" {
	gone 'mv "$U" "$T/elsewhere"'
	kept "$T/elsewhere" $'new\nmore'
	rm -rf "$W"
	mv "$T/elsewhere" "$U"
	run in_view 'cat f g n; ls d'
	[ "$output" = $'changed\ng\nnew\nmore\ny' ]
}

@test "UPPER removed: changes are ENOENT, and the lower is not taken for it" {
	gone 'rm -rf "$U"'
	test ! -e "$U"
}

@test "UPPER and work removed: no more programs are started, with a message; the one that runs goes on" {
	cat >more.py <<'PY'
told(cat, "g"); told(cat, "f")
print("started", os.spawnlp(os.P_WAIT, "true", "true"))
PY
	mid_run 'rm -rf "$U" "$W"' change.py more.py
	all_are ENOENT
	grep -qx 'cat f = ENOENT' out
	grep -q 'session is gone' out
	grep -qx 'started 125' out
}

@test "UPPER's file system unmounted: as removed, and nothing is written to where it was" {
	requires root
	upper_on_tmpfs
	gone 'umount -l "$T/t"'
	test -z "$(ls -A "$T/t")"
}

# The session, which processes write to, lies there too: programs that start are refused.
@test "UPPER read-only after an error of its file system: EROFS, and all that was done shows" {
	requires root mkfs.ext4
	local loop image=$T/image
	truncate -s 100M "$image"
	mkfs.ext4 -q "$image"
	mkdir "$T/t"
	mount -o loop,errors=remount-ro "$image" "$T/t" || skip "no loop devices"
	loop=$(findmnt -no SOURCE "$T/t")
	test -w "/sys/fs/ext4/${loop#/dev/}/trigger_fs_error" || skip "ext4 makes no errors"
	mkdir "$T/t/dir"
	U=$T/t/dir/u W=$T/t/dir/w
	cat >more.py <<'PY'
told(write, n); told(os.fchmod, k, 0o600); told(os.pread, n, 99, 0); told(cat, "f"); told(cat, "n"); told(cat, "g"); told(os.listdir, "made")
told(os.path.exists, "d/x"); told(os.listdir, "d"); told(os.path.isdir, "m"); told(os.path.isdir, "moved"); told(os.getxattr, "k", "user.k")
print("started", os.spawnlp(os.P_WAIT, "true", "true"))
PY
	mid_run 'sync; echo test >"/sys/fs/ext4/${loop#/dev/}/trigger_fs_error"' change.py more.py
	all_are EROFS
	grep -qE '^write [0-9]+ = EROFS' out
	grep -qE '^fchmod [0-9]+ 384 = EROFS' out
	grep -qx 'cat f = changed' out
	grep -qx 'cat n = new' out
	grep -qx 'cat g = g' out
	grep -qx 'listdir made = \[\]' out
	grep -qx 'exists d/x = False' out
	grep -qx "listdir d = \['y'\]" out
	grep -qx 'isdir m = False' out
	grep -qx 'isdir moved = True' out
	grep -qx "getxattr k user.k = b'1'" out
	grep -qx 'started 125' out
	kept "$U" new
}
