# SPDX-License-Identifier: MIT
# deep.bats - directories whose path is longer than PATH_MAX, reached by steps

load helpers

more_setup()
{
	# down N: N directories with names of 100 bytes are made, as far as missing, and gone to
	cat >deep.py <<'PY'
import ctypes, errno, os, socket, stat, sys
name = "n" * 100
def down(n):
    for i in range(n):
        try: os.mkdir(name)
        except FileExistsError: pass
        os.chdir(name)
def up(n):
    for i in range(n): os.chdir("..")
def told(what, *args, **kw):
    try: print(what.__name__, what(*args, **kw))
    except OSError as e: print(what.__name__, errno.errorcode[e.errno])
def same_times(n):
    for i in range(n + 1):
        for top, dirs, files in os.walk(".", topdown=False):
            for f in files: os.utime(top + "/" + f, (1, 1), follow_symlinks=False)
            os.utime(top, (1, 1))
            if i: break
        os.chdir("..")
def content(name):
    with open(name) as f: return f.read()
def write(name, text, mode="w"):
    with open(name, mode) as f: f.write(text)
PY
}

# both_deep SCRIPT: python's, with the functions above
both_deep()
{
	printf '%s\n' "$1" >script.py
	both "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$T python3 $T/script.py"
}

# lower_deep SCRIPT: in a directory of the lower that is 60 levels deep, and in the plain copy,
# because cp does not get there
lower_deep()
{
	local dir

	printf 'from deep import *\ndown(60)\n%s\nsame_times(60)\n' "$1" >lower.py
	for dir in "$V" "$P"; do
		(cd "$dir" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$T python3 "$T/lower.py")
	done
	BEFORE=$(digest)
}

@test "deep: everything that makes, changes and removes a name" {
	requires python3
	lower 'echo 1 >here'
	both_deep '
from deep import *
down(60)
write("f", "one\n"); write("f", "two\n", "a"); print(content("f"), os.stat("f").st_size)
os.mkdir("d"); os.symlink("f", "s"); os.link("f", "l"); os.mkfifo("p")
print(content("s"), os.readlink("s"), os.stat("l").st_nlink, stat.S_ISFIFO(os.stat("p").st_mode))
os.rename("f", "d/g"); os.rename("d", "e"); print(sorted(os.listdir(".")), os.listdir("e"))
os.chmod("e/g", 0o640); os.utime("e/g", (1, 2)); os.truncate("e/g", 3)
s = os.stat("e/g"); print(oct(s.st_mode), s.st_atime, s.st_size)
os.setxattr("e/g", "user.x", b"v"); print(os.getxattr("e/g", "user.x"), os.listxattr("e/g"))
os.removexattr("e/g", "user.x"); print(os.listxattr("e/g"))
print(os.access("e/g", os.R_OK), os.access("none", os.R_OK)); os.statvfs("e")
told(os.mkdir, "e"); told(os.rmdir, "e"); told(os.open, "no/file", os.O_CREAT); told(os.stat, "none")
os.unlink("l"); os.unlink("s"); os.unlink("p"); os.unlink("e/g"); os.rmdir("e")
print(os.listdir("."))
'
}

@test "deep: what lies in the lower is copied up, hidden and moved" {
	requires python3
	lower_deep '
for n in "abcefgh": write(n, n * 10)
os.setxattr("a", "user.k", b"v"); os.link("g", "g2"); os.symlink("a", "s"); os.mkdir("d"); write("d/x", "x"); os.mkdir("m"); write("m/y", "y")
os.chmod("h", 0o600)'
	both_deep '
from deep import *
down(60)
print(sorted(os.listdir(".")), content("s"))
write("a", "more", "a"); os.chmod("b", 0o600); os.utime("c", (5, 6)); os.truncate("d/x", 0); os.setxattr("f", "user.n", b"1")
print(content("a"), os.getxattr("a", "user.k"), os.stat("b").st_mode, os.stat("c").st_mtime, os.listxattr("f"))
os.unlink("e"); told(os.stat, "e"); write("e", "new"); print(content("e"))
write("g", "linked", "a"); print(content("g2"), os.stat("g").st_ino == os.stat("g2").st_ino)
os.rename("m", "m2"); print(os.listdir("m2"), content("m2/y")); write("m2/y", "z", "a"); print(content("m2/y"))
for n in os.listdir("d"): os.unlink("d/" + n)
os.rmdir("d"); told(os.listdir, "d"); os.mkdir("d"); print(os.listdir("d"))
os.rename("h", "a"); print(content("a"), sorted(os.listdir(".")))
try: os.rename("m2", "../m3"); os.rename("../m3", "m2")
except OSError as e: print(e.strerror, end="") if e.errno != errno.EXDEV else None
print(content("m2/y"))
'
	# what is on disk is understood by the next run, and by ovlctl
	both_deep '
from deep import *
down(60)
print(sorted(os.listdir(".")), content("m2/y"), content("a"), content("e"), os.getxattr("a", "user.k") if "user.k" in os.listxattr("a") else "")
os.rename("m2", "m4"); print(content("m4/y"))
'
	run "$OVLCTL" diff -l "$V" -u "$U"
	echo "$output" | sed "s/n\{100\}/N/g"
	[ "$status" = 1 ] # there are differences
	[[ $output = *D*/m$'\n'* ]]
}

@test "deep: descriptors, /proc and the cwd" {
	requires python3
	lower_deep 'write("f", "low"); write("g", "low"); os.mkdir("d"); write("d/x", "x")'
	both_deep '
from deep import *
down(60)
told(os.readlink, "/proc/self/cwd"); told(os.getcwdb)
libc = ctypes.CDLL(None, use_errno=True)
buf = ctypes.create_string_buffer(5000)
print(libc.syscall(79, buf, 10), errno.errorcode[ctypes.get_errno()]); print(libc.syscall(79, buf, 5000), errno.errorcode[ctypes.get_errno()])
fd = os.open("f", os.O_RDONLY); d = os.open("d", os.O_RDONLY | os.O_DIRECTORY)
told(os.readlink, "/proc/self/fd/%d" % fd)
os.fchmod(fd, 0o604); print(oct(os.stat("f").st_mode), oct(os.fstat(fd).st_mode))
write("f", "up"); print(os.pread(fd, 10, 0))
os.mkdir("new", dir_fd=d); os.rename("x", "y", src_dir_fd=d, dst_dir_fd=d); print(sorted(os.listdir(d)))
print(content("/proc/self/cwd/g"), content("/proc/self/fd/%d/y" % d)); write("/proc/self/cwd/g", "w", "a"); print(content("g"))
os.chdir("d"); os.fchdir(d); os.chdir(".."); print(sorted(os.listdir(".")))
w = os.open("w", os.O_WRONLY | os.O_CREAT, 0o600); os.fchmod(w, 0o644); os.write(w, b"12"); print(oct(os.fstat(w).st_mode), os.stat("w").st_size)
t = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600); os.write(t, b"tmp"); os.link("/proc/self/fd/%d" % t, "t", follow_symlinks=True); print(content("t"))
os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone"); told(os.listdir, "."); told(os.mkdir, "x"); told(os.stat, "..")
'
}

@test "deep: programs of coreutils, and a program that is run there" {
	requires python3 find
	lower_deep 'write("f", "low\n"); write("run", "#!/bin/sh\necho ran $(cat f)\n"); os.chmod("run", 0o755)'
	both_deep '
from deep import *
import subprocess
down(60)
def sh(script):
    r = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT); print(r.returncode, r.stdout.decode().replace(name, "N"))
sh("./run; echo x >>f; cat f; ls -l --time-style=+ . | sed s/root/R/g; cp -a f f2; mv f2 f3; mkdir -p a/b/c; touch a/b/c/t; ln f hard; find . | sort; du -s a >/dev/null; rm -rf a; ls")
sh("./run; chmod 700 run; ./run; cp -r . ../copy; ls ../copy | sort; rm -r ../copy; ls ..; stat -c %n * | sort")
'
	both 'find . | wc -l; find . -name f3 | wc -c; rm -rf n*; ls'
}

@test "deep: deeper than twice PATH_MAX, and back by steps" {
	requires python3
	lower 'echo 1 >here'
	both_deep '
from deep import *
down(150); write("f", "bottom"); print(content("f"))
fd = os.open(".", os.O_RDONLY); os.mkdir("x", dir_fd=fd); print(sorted(os.listdir(fd)))
up(150); print(sorted(os.listdir("."))); os.fchdir(fd); os.rmdir("x"); up(150)
print(content("here"))
'
	both 'rm -rf n*; ls'
}

@test "deep: an object of the lower whose path nobody tells is not changed" {
	requires python3
	lower_deep 'write("f", "low"); os.chmod("f", 0o600)'
	cat >script.py <<'PY'
from deep import *
down(60)
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("f", os.O_PATH)
def change(fd): return libc.fchownat(fd, b"", os.getuid(), os.getgid(), 0x1000), errno.errorcode[ctypes.get_errno()]
print(change(fd))
PY
	run in_view "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$T python3 $T/script.py"
	[ "$status" = 0 ]
	[ "$output" = "(-1, 'ENAMETOOLONG')" ]
	lower_unchanged
}
