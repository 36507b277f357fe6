#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockers.py - processes that open and lock files, as a script on standard input says

One line, one step: WHO VERB ARG... WHO names a process, started when it first occurs. FD is
a name of its own for a descriptor. Each step is told with its result before the next begins.

  open FD PATH FLAGS      FLAGS: r, w, rw, path, dir
  close FD                dup FD NEW              read FD             write FD TEXT
  flock FD sh|ex|un       posix|ofd FD rd|wr|un [START LENGTH]
  test FD rd|wr           would a POSIX lock be in somebody's way?
  wait KIND FD TYPE       the same lock, waiting for it
  begin KIND FD TYPE      the same, not told before "done"            done
  alarmed KIND FD TYPE    wait until a signal comes
  lease FD rd|un          break: was the lease asked back?
  mv OLD NEW    rm PATH   chmod PATH MODE
  inherit FD              an exec leaves it open
  exec PATH               a program that echoes its input: what it is sent next
  ino FD PATH             is the descriptor of what the path shows, by number?
  child VERB ARG...       a forked child does that step, and ends
"""
import errno
import fcntl
import os
import signal
import struct
import subprocess
import sys

OFD = {"get": 36, "set": 37, "wait": 38}
TYPES = {"rd": fcntl.F_RDLCK, "wr": fcntl.F_WRLCK, "un": fcntl.F_UNLCK}
FLOCKS = {"sh": fcntl.LOCK_SH, "ex": fcntl.LOCK_EX, "un": fcntl.LOCK_UN}
FLAGS = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY,
    "rw": os.O_RDWR,
    "path": os.O_PATH,
    "dir": os.O_RDONLY | os.O_DIRECTORY,
}
fds = {}
breaks = 0


class Alarm(Exception):
    pass


def on_alarm(sig, frame):
    raise Alarm


def on_break(sig, frame):
    global breaks
    breaks += 1


def lock(kind, fd, what, start="0", length="0", wait=False):
    if kind == "flock":
        fcntl.flock(fds[fd], FLOCKS[what] | (0 if wait else fcntl.LOCK_NB))
        return
    arg = struct.pack("hhqqi4x", TYPES[what], 0, int(start), int(length), 0)
    if kind == "posix":
        fcntl.fcntl(fds[fd], fcntl.F_SETLKW if wait else fcntl.F_SETLK, arg)
    else:
        fcntl.fcntl(fds[fd], OFD["wait" if wait else "set"], arg)


def test(fd, what):
    arg = struct.pack("hhqqi4x", TYPES[what], 0, 0, 0, 0)
    got = struct.unpack("hhqqi4x", fcntl.fcntl(fds[fd], fcntl.F_GETLK, arg))
    if got[0] == fcntl.F_UNLCK:
        return "free"
    return "%s %d+%d" % ({v: k for k, v in TYPES.items()}[got[0]], got[2], got[3])


def alarmed(*args):
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        lock(*args, wait=True)
    except Alarm:
        return "alarm"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def child(*args):
    pid = os.fork()
    if not pid:
        os.write(1, b" child: " + step(*args).encode())
        os._exit(0)
    os.waitpid(pid, 0)


def do(verb, args):
    if verb == "open":
        fds[args[0]] = os.open(args[1], FLAGS[args[2]])
    elif verb == "close":
        os.close(fds.pop(args[0]))
    elif verb == "dup":
        fds[args[1]] = os.dup(fds[args[0]])
    elif verb == "read":
        return os.pread(fds[args[0]], 100, 0).decode().strip()
    elif verb == "write":
        os.pwrite(fds[args[0]], args[1].encode(), 0)
    elif verb in ("flock", "posix", "ofd"):
        lock(verb, *args)
    elif verb == "wait":
        lock(*args, wait=True)
    elif verb == "alarmed":
        return alarmed(*args)
    elif verb == "test":
        return test(*args)
    elif verb == "lease":
        fcntl.fcntl(fds[args[0]], fcntl.F_SETLEASE, TYPES[args[1]])
    elif verb == "break":
        return str(breaks)
    elif verb == "mv":
        os.rename(*args)
    elif verb == "rm":
        os.unlink(*args)
    elif verb == "chmod":
        os.chmod(args[0], int(args[1], 8))
    elif verb == "inherit":
        os.set_inheritable(fds[args[0]], True)
    elif verb == "exec":
        os.execv(args[0], args)
    elif verb == "ino":
        return str(os.fstat(fds[args[0]]).st_ino == os.stat(args[1]).st_ino)
    elif verb == "child":
        child(*args)
    else:
        return "what?"


def step(verb, *args):
    try:
        return do(verb, args) or "ok"
    except OSError as e:
        return errno.errorcode[e.errno]


def process():
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGIO, on_break)
    # By the kernel's own hand: input that was read ahead would be a forked child's, too.
    line = b""
    while True:
        c = os.read(0, 1)
        if not c:
            return
        line += c
        if c == b"\n":
            answer = step(*line.decode().split())
            os.write(1, answer.encode() + b"\n")
            line = b""


class Process:
    def __init__(self):
        self.p = subprocess.Popen(
            [sys.executable, __file__, "process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def send(self, words):
        self.p.stdin.write(" ".join(words).encode() + b"\n")
        self.p.stdin.flush()

    def answer(self):
        return self.p.stdout.readline().decode().strip()


def main():
    processes = {}
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        who = words[0]
        if who not in processes:
            processes[who] = Process()
        p = processes[who]
        if words[1] == "begin":
            p.send(["wait"] + words[2:])
            result = "..."
        elif words[1] == "done":
            result = p.answer()
        elif words[1] == "exec":
            p.send(words[1:])
            result = "..."
        else:
            p.send(words[1:])
            result = p.answer()
        print(line.strip() + ": " + result, flush=True)
    for p in processes.values():
        p.p.stdin.close()
        p.p.wait()


if sys.argv[1:] == ["process"]:
    process()
else:
    main()
