# SPDX-License-Identifier: MIT
# full.bats - a program that has few descriptors free, or none

load helpers

# both_full SCRIPT: python's, run with 0, 1, 2, 3, 5 and 8 numbers free of the 24 that the limit allows, in
# a directory of that name. full() takes the numbers, which python wants itself at other times
both_full()
{
	cat >full.py <<'PY'
import errno, os, resource, socket, stat, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
free = int(sys.argv[1])
os.chdir(sys.argv[1])
lines, taken = [], []
def full():
    try:
        while True: taken.append(os.dup(0))
    except OSError: pass
    for i in range(free): os.close(taken.pop())
def told(what, *args, **kw):
    try: lines.append((what.__name__, what(*args, **kw)))
    except OSError as e: lines.append((what.__name__, errno.errorcode[e.errno]))
def done():
    for fd in taken: os.close(fd)
    for line in lines: print(free, *line)
PY
	printf '%s\n' "$1" >>full.py
	both "for i in 0 1 2 3 5 8; do python3 $T/full.py \$i; done"
}

# lower_full SCRIPT: in each of these directories
lower_full()
{
	lower "for i in 0 1 2 3 5 8; do mkdir \$i; (cd \$i; $1); done"
}

@test "full: names are made and removed without a descriptor" {
	requires python3
	lower_full 'for n in a b c d e; do echo $n >$n; done; ln d d2; ln e e2; mkdir dir dir2 dir3; echo x >dir3/x; rm -f z; ln -s a s'
	both_full '
full()
told(os.mkdir, "n"); told(os.symlink, "n", "n/s"); told(os.mkfifo, "n/p"); told(os.rmdir, "none")
told(os.unlink, "a"); told(os.mkdir, "a"); told(os.unlink, "a"); told(os.rmdir, "a"); told(os.symlink, "x", "a"); told(os.unlink, "a")
told(os.rmdir, "dir"); told(os.mkdir, "dir"); told(os.rmdir, "dir"); told(os.rmdir, "dir3"); told(os.unlink, "dir3/x"); told(os.rmdir, "dir3")
told(os.link, "b", "b2"); told(os.link, "d", "d3"); told(os.link, "b", "d3"); told(os.unlink, "d"); told(os.unlink, "e2"); told(os.stat, "dir3")
told(os.readlink, "s"); told(os.unlink, "s"); told(os.access, "e", os.W_OK); lines.append(os.stat("d2").st_nlink); lines[-1] = (lines[-1],)
done()
'
}

@test "full: files and directories move without a descriptor" {
	requires python3
	lower_full 'for n in a b c d e; do echo $n >$n; done; ln d d2; mkdir m m2 x; echo y >m/y; echo y >m2/y; echo h >hid'
	both_full '
full()
told(os.rename, "a", "a2"); told(os.unlink, "hid"); told(os.rename, "b", "hid"); told(os.rename, "c", "e"); told(os.rename, "d", "x/d")
told(os.rename, "m", "moved"); told(os.rename, "moved", "x"); told(os.rename, "m2", "hid"); told(os.rename, "m2", "x/m2"); told(os.rename, "x", "moved/x")
done()
for n in sorted(os.listdir(".")): print(n, sorted(os.listdir(n)) if os.path.isdir(n) else open(n).read())
'
}

@test "full: attributes change without a descriptor" {
	requires python3
	lower_full 'for n in a b c d e f g; do echo $n$n$n >$n; done; ln f f2; setfattr -n user.k -v 1 g; mkdir -p p/q; echo 1 >p/q/r'
	both_full '
full()
told(os.chmod, "a", 0o600); told(os.chown, "b", os.getuid(), os.getgid()); told(os.utime, "c", (1, 2)); told(os.truncate, "d", 3); told(os.truncate, "d", 2)
told(os.setxattr, "e", "user.x", b"1"); told(os.getxattr, "e", "user.x"); told(os.removexattr, "g", "user.k"); told(os.listxattr, "g")
told(os.chmod, "f", 0o640); told(os.chmod, "f2", 0o604); told(os.truncate, "p/q/r", 0); told(os.chmod, "p", 0o700)
for n in "abcdefg": s = os.stat(n); lines.append((n, oct(s.st_mode), s.st_size, s.st_nlink, s.st_mtime == 2))
done()
'
}

@test "full: a file is opened with the one number that it takes" {
	requires python3
	lower_full 'for n in a b c d e f; do echo $n >$n; done; mkdir dir; mkdir -p deep/er; echo 1 >hid; echo 1 >hid2; rm -f new'
	both_full '
def put(name, flags, mode=0o644):
    fd = os.open(name, flags, mode)
    told(lambda: (fd < 24, os.write(fd, b"text"), oct(os.fstat(fd).st_mode))); os.close(fd)
os.unlink("hid"); os.unlink("hid2")
W = os.O_WRONLY
full()
told(put, "new", W | os.O_CREAT); told(put, "new", W | os.O_CREAT | os.O_EXCL); told(put, "deep/er/new", W | os.O_CREAT | os.O_EXCL, 0o400)
told(put, "hid", W | os.O_CREAT | os.O_EXCL); told(put, "hid", W | os.O_CREAT | os.O_EXCL); told(put, "hid2", W | os.O_CREAT | os.O_TRUNC, 0o600)
told(put, "a", W); told(put, "b", W | os.O_TRUNC); told(put, "c", W | os.O_APPEND); 
if free: told(put, "none", W); told(put, "dir", W)
told(os.listdir, "dir"); told(os.listdir, "deep/er"); lines[-1] = (lines[-1][0], sorted(lines[-1][1]))
done()
for n in ("new", "deep/er/new", "hid", "hid2", "a", "b", "c"): print(n, open(n).read() if os.path.exists(n) else None)
'
}

@test "full: descriptors that are held, a cwd, a socket, a program" {
	requires python3
	lower_full 'for n in a b c d; do echo $n$n >$n; done; mkdir dir; echo 1 >dir/f; printf "#!/bin/sh\necho ran \$0\n" >run; chmod 755 run'
	both_full '
a = os.open("a", os.O_RDONLY); b = os.open("b", os.O_RDONLY); d = os.open("dir", os.O_RDONLY); s = socket.socket(socket.AF_UNIX)
full()
told(os.fchmod, a, 0o600); told(os.mkdir, "in", dir_fd=d); told(os.rename, "f", "g", src_dir_fd=d, dst_dir_fd=d); told(os.unlink, "g", dir_fd=d)
told(os.chdir, "dir"); told(os.mkdir, "sub"); told(os.rmdir, "sub"); told(os.chdir, ".."); told(os.chmod, "/proc/self/fd/%d" % b, 0o640)
told(os.truncate, "c", 0); told(s.bind, "sock"); lines.append((stat.S_ISSOCK(os.stat("sock").st_mode),))
pid = os.posix_spawn("./run", ["./run"], os.environ); told(os.waitpid, pid, 0); lines[-1] = (lines[-1][1][1],)
if free: told(os.truncate, "b", 1); told(os.pread, b, 10, 0)
done()
os.write(1, (oct(os.stat("a").st_mode) + str(sorted(os.listdir("dir"))) + "\n").encode())
'
}
