#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two and eight processes at random operations on overlapping names, in the view.

    run.py [--seconds N] [--processes 2,8] [--fs DIR] [--user NAME] [--plain] [--kernel] [--keep]

The same runs on a plain directory with --plain, on kernel overlayfs with --kernel (root).
Afterwards: the lower is unchanged, nothing is left in work, a second session shows the tree that
the first one ended with. Exit status 0: nothing wrong.
"""
import argparse
import difflib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RANDOM = os.path.join(TOP, "tests/random")


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--seconds", type=int, default=60)
    p.add_argument("--processes", default="2,8")
    p.add_argument("--fs", default=os.environ.get("TMPDIR", "/tmp"))
    p.add_argument("--user")
    p.add_argument("--plain", action="store_true")
    p.add_argument("--kernel", action="store_true")
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--keep", action="store_true", help="leave the trees when something is wrong")
    p.add_argument("--ovlrun", default=os.path.join(TOP, "ovlrun"))
    return p.parse_args()


LOWER_EACH, CROWD = 40, 60  # as in race.c


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def fill(view):
    for d in ("d0/d1", "d1/d0", "d2", "contest"):
        os.makedirs(os.path.join(view, d))
    write(view + "/d0/d1/f0", "deeper\n")
    for d in ("", "d0", "d1"):
        for f in ("f0", "f1"):
            write(os.path.join(view, d, f), "lower %s %s\n" % (d, f))
    os.link(view + "/f0", view + "/d2/f2")
    for i in range(LOWER_EACH):
        for kind in ("make", "take", "append", "empty"):
            write(view + "/contest/%s%d" % (kind, i), "lower\n")
        os.makedirs(view + "/contest/dir%d" % i)
        os.makedirs(view + "/contest/fill%d" % i)
        write(view + "/contest/fill%d/low" % i, "")
    os.makedirs(view + "/crowd")
    for i in range(CROWD):
        write(view + "/crowd/s%d" % i, "")
    os.makedirs(view + "/wander/a/in")
    write(view + "/wander/a/in/deep", "deep\n")
    write(view + "/linked", "")
    write(view + "/stable", "s" * 4096)


def output(cmd, timeout=None, **kw):
    """Status and output of cmd. When it takes too long it is ended, with all that it started."""
    p = subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                         start_new_session=True, **kw)
    try:
        text = p.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        text = p.communicate()[0] + b"not done after %d s\n" % timeout
    return p.returncode, text.decode("latin-1")


def one(opt, n, where, programs):
    view, up, work = where + "/v/view", where + "/up", where + "/wk"
    os.makedirs(view)
    fill(view)
    kw = {}
    if opt.user:
        pw = pwd.getpwnam(opt.user)
        kw = dict(user=pw.pw_uid, group=pw.pw_gid, extra_groups=[])
        subprocess.run(["chown", "-R", opt.user, where], check=True)
    before = output([programs + "/fuzz", "digest", view])[1]
    run = [programs + "/race", view, str(n), str(opt.seconds), str(opt.seed)]
    dump = [programs + "/fuzz", "dump", view]
    ovl = [programs + "/ovlrun", "-q", "-l", view, "-u", up, "-w", work, "--"]
    timeout = opt.seconds * 3 + 300  # to look at a deep tree at the end takes longer than to make it
    if opt.plain:
        status, text = output(run, timeout=timeout, **kw)
    elif opt.kernel:
        os.makedirs(up)
        os.makedirs(work)
        status, text = output(["unshare", "-m", "sh", "-c", 'mount -t overlay -o "$0" o "$1" && shift && "$@"',
                               "userxattr,lowerdir=%s,upperdir=%s,workdir=%s" % (view, up, work),
                               view, *run], timeout=timeout)
    else:
        status, text = output(ovl + run, timeout=timeout, **kw)
    print(text, end="")
    bad = status != 0
    if bad:
        print("status %d" % status)
    if not opt.plain and output([programs + "/fuzz", "digest", view])[1] != before:
        print("THE LOWER LAYER CHANGED")
        bad = True
    if not opt.plain and not opt.kernel:
        left = [f for d, _, fs in os.walk(work) for f in fs if f != "lock" and "/index" not in d]
        if left:
            print("left in work: %s" % " ".join(left))
            bad = True
        (first, a), (second, b) = (output(ovl + dump, **kw) for _ in range(2))
        if first or second:
            print("the tree was not told: status %d, %d" % (first, second))
            bad = True
        elif a != b or "ENO" in a:
            diff = difflib.unified_diff(a.splitlines(), b.splitlines(), "seen", "again",
                                        lineterm="", n=0)
            print("the tree is not whole:\n" + "\n".join(
                [line for line in a.splitlines() if "ENO" in line] + list(diff)))
            bad = True
    return bad


def main():
    opt = parse()
    subprocess.run(["make", "-s", "-C", HERE], check=True)
    subprocess.run(["make", "-s", "-C", RANDOM], check=True)
    tmp = tempfile.mkdtemp(prefix="ovl-rand-race-", dir=opt.fs)
    os.chmod(tmp, 0o755)
    for f in (HERE + "/race", RANDOM + "/fuzz"):
        shutil.copy(f, tmp)
    top = os.path.dirname(os.path.realpath(opt.ovlrun))
    for f in ("ovlrun", "libovl.so", "libovlsym.so", "ovlload"):
        if os.path.exists(os.path.join(top, f)):
            shutil.copy(os.path.join(top, f), tmp)
    bad = 0
    runs = opt.processes.split(",")
    for n in runs:
        bad += one(opt, int(n), "%s/n%s" % (tmp, n), tmp)
    if bad and opt.keep:
        print("kept: %s" % tmp)
    else:
        subprocess.run([RANDOM + "/fuzz", "clean", tmp])
    print("race: %d of %d runs wrong, seed %d" % (bad, len(runs), opt.seed))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
