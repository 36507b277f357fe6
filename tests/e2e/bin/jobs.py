#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""jobs.py OVLRUN ARG... - a small shell on a terminal of its own

It starts OVLRUN with a command that counts its interrupts, types ^Z, continues the
job, types ^C twice, and tells on standard output what it saw.
"""
import os
import pty
import signal
import sys
import time

COMMAND = r"""
import os, signal, sys, time
seen = 0
def interrupt(sig, frame):
    global seen
    seen += 1
    os.write(1, b"INT %d\n" % seen)
    if seen == 2:
        os._exit(7)
signal.signal(signal.SIGINT, interrupt)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(1)
"""


def read_until(fd, text):
    data = b""
    end = time.time() + 10
    os.set_blocking(fd, False)
    while text not in data and time.time() < end:
        try:
            data += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break
    if text not in data:
        print("not seen:", text, "in", data)
        sys.exit(1)
    return data


def state(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def start(args):
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(args[0], args)
    return pid


def wait(pid, flags=0):
    end = time.time() + 10
    while time.time() < end:
        got, status = os.waitpid(pid, flags | os.WNOHANG)
        if got:
            return status
        time.sleep(0.01)
    os.write(1, b"job does not change state\n")
    os._exit(1)


def shell(args, python):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = start(args + [python, "-c", COMMAND])
    status = wait(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    os.write(1, b"STOPPED %d\n" % (os.WSTOPSIG(status) if os.WIFSTOPPED(status) else -1))
    os.read(0, 1)  # the controller has looked at the processes
    os.tcsetpgrp(0, job)
    os.kill(-job, signal.SIGCONT)
    status = wait(job)
    os.tcsetpgrp(0, os.getpgrp())
    os.write(1, b"ENDED %d\n" % (os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1))
    os._exit(0)


def main():
    args = sys.argv[1:]
    pid, fd = pty.fork()
    if pid == 0:
        shell(args, sys.executable)
    data = read_until(fd, b"READY")
    data += read_until(fd, b"\n") if not data.endswith(b"\n") else b""
    command = int(data.split(b"READY ")[1].split()[0])
    os.write(fd, b"\x1a")
    data = read_until(fd, b"STOPPED ")
    time.sleep(0.1)
    print("command:", state(command))
    os.write(fd, b"\n")
    time.sleep(0.3)
    print("command:", state(command))
    os.write(fd, b"\x03")
    data = read_until(fd, b"INT 1")
    time.sleep(0.3)
    try:
        data += os.read(fd, 4096)
    except BlockingIOError:
        pass
    print("interrupts:", data.count(b"INT"))
    os.write(fd, b"\x03")
    data = read_until(fd, b"ENDED ")
    time.sleep(0.1)
    try:
        data += os.read(fd, 4096)
    except OSError:
        pass
    print("ended:", data.split(b"ENDED ")[1].split()[0].decode())


main()
