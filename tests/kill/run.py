#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Processes of the view killed in front of each system call that changes something.

    run.py [--fs DIR] [--user NAME] [--error NAME[+]] [--only WORD] [--short] [-v]

For each operation and each N: the layers are made anew, a process is killed in front of the
N-th changing system call of the operation (killat.c). Afterwards the tree, as a process of the same
run sees it, as the next run sees it, and (as root) as the kernel shows the flattened upper, is the
one before the operation or the one after it; the lower is unchanged; the next run sweeps work.
With --error that call fails instead (with + all that follow, too): the operation either answers so and
has not happened, or it has.
Exit status 0: nothing wrong.
"""
import argparse
import errno
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RANDOM = os.path.join(TOP, "tests/random")

# The lower layer, then what an earlier part of the run did to it.
LOWER = """
mkdir -p d/sub e m/in q/in wd x/1 y
echo file >f; echo other >g; echo d >d/f; echo sub >d/sub/f; echo 1 >m/1; echo 2 >m/in/2; echo q >q/in/f
echo two >h1; ln h1 h2; ln h1 d/h3; ln -s f s; mkfifo p; echo w >w; echo wd >wd/f; echo z >y/z
dd if=/dev/zero bs=4096 count=40 of=big 2>/dev/null; setfattr -n user.a -v b f; chmod 640 g
"""
UPPER = """
rm w m/1; rm -r wd; mkdir o; mv q r; echo new >m/new; echo u >u; mkdir n; echo n >n/n; rm y/z; echo l >l1; ln l1 l2
"""
OPERATIONS = """
append f
append big
append h1
append d/sub/f
append r/in/f
open f
empty g
empty h1
truncate big
chmod f
chmod d/sub
chmod d/h3
chmod s
utimes s
utimes p
utimes d
setxattr f
setxattr d
create new
create d/sub/new
create w
mkdir new
mkdir w
mkdir wd
mkfifo w
symlink w to
symlink e/new to
link f d/new
link f w
link h1 new
link u w
link s w
unlink f
unlink h1
unlink l1
unlink u
unlink s
unlink m/in/2
rmdir e
rmdir y
rmdir o
rename f new
rename f g
rename f u
rename f w
rename h1 new
rename h1 g
rename f h1
rename u f
rename u w
rename s new
rename d new
rename d wd
rename d e
rename d y
rename r q
rename r new
rename n e
rename n y
rename m new
rename d/sub e
noreplace f w
noreplace f new
exchange f g
exchange f u
exchange f d
exchange d m
exchange d r
exchange n e
exchange h1 g
"""
SHORT = ("append h1", "empty h1", "truncate big", "create w", "unlink h1", "rmdir y", "rename d wd", "rename r q", "exchange d r")


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--fs", default=os.environ.get("TMPDIR", "/tmp"))
    p.add_argument("--user")
    p.add_argument("--error", help="EDQUOT: that call alone fails; EROFS+: it and all that follow")
    p.add_argument("--only", default="")
    p.add_argument("--short", action="store_true", help="one operation of each kind")
    p.add_argument("-v", action="store_true")
    p.add_argument("--ovlrun", default=os.path.join(TOP, "ovlrun"))
    return p.parse_args()


class Place:
    def __init__(self, opt, tmp):
        self.tmp, self.kw = tmp, {}
        self.view, self.up, self.work = tmp + "/v/view", tmp + "/up", tmp + "/wk"
        self.kernel = os.geteuid() == 0 and not opt.user
        if opt.user:
            pw = pwd.getpwnam(opt.user)
            self.kw = dict(user=pw.pw_uid, group=pw.pw_gid, extra_groups=[])
        self.dump = [tmp + "/fuzz", "dump", "--no-times", "--no-dir-times", self.view]

    def out(self, *cmd, view=True):
        head = [self.tmp + "/ovlrun", "-q", "-l", self.view, "-u", self.up, "-w", self.work, "--"]
        r = subprocess.run(head * view + list(cmd), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                           cwd="/", **self.kw)
        return r.returncode, r.stdout.decode("latin-1")

    def digest(self):
        return self.out(self.tmp + "/fuzz", "digest", self.view, view=False)[1]

    def fresh(self):
        """The layers and an upper as an earlier part of the run left it."""
        self.out(self.tmp + "/fuzz", "clean", self.up, view=False)
        self.out(self.tmp + "/fuzz", "clean", self.work, view=False)

    def killed(self, n, op):
        script = 'cd "$0"; %s; shift 0; exec "$@"' % UPPER.strip()
        words = op.split()
        return self.out("sh", "-c", script, self.view, self.tmp + "/killat", str(n), *words, "--", *self.dump)

    def flat(self):
        """The tree as the kernel shows the flattened upper."""
        bad, text = self.out(self.tmp + "/ovlctl", "flatten", "-l", self.view, "-u", self.up, "-w", self.work,
                             view=False)
        if bad:
            return text
        kernel = 'mkdir -p "$0.kw"; mount -t overlay -o "$2" o "$1" && shift 2 && exec "$@"'
        opts = "userxattr,lowerdir=%s,upperdir=%s,workdir=%s.kw" % (self.view, self.up, self.up)
        return self.out("unshare", "-m", "sh", "-c", kernel, self.up, self.view, opts, *self.dump, view=False)[1]


def plain(text):
    """Without what the kernel shows otherwise: our own xattrs, and links between classes."""
    text = re.sub(r"(\{-.*?) n=\d+", r"\1", text)  # of names that changed apart the kernel knows nothing
    return re.sub(r" (user\.(ovl|containers)\.\S*|dev!)", "", text)


def links_apart(text):
    """Without the numbers of links."""
    return re.sub(r" n=\d+| same as i\d+", "", text)


POINTS_MAX = 60  # no operation takes as many


def tries(place, op, before, after, opt):
    bad = n = 0
    number = getattr(errno, opt.error.rstrip("+")) if opt.error else 0
    while n < POINTS_MAX:
        n += 1
        place.fresh()
        how = "%d:%d%s" % (n, number, "+" * opt.error.endswith("+")) if opt.error else n
        status, same = place.killed(how, op)
        if status == 77:
            return bad, n - 1
        told = []
        if opt.error:
            first, _, same = same.partition("\n")
            if first not in ("errno 0", "errno %d" % number):
                told.append((first, same))
            elif first == "errno 0" and links_apart(same) != links_apart(after):
                told.append(("answered as done", same))
            elif first != "errno 0" and links_apart(same) != links_apart(before):
                told.append(("answered as not done", same))
        # the dead one's link in work counts until the next run sweeps it
        links = links_apart if op.split()[0] == "link" and op.endswith(" w") else str
        if status or links(same) not in (links(before), links(after)):
            told.append(("in the same run", same))
        left = place.out("true")[0]
        seen = place.out(*place.dump)[1]
        if left or seen not in (before, after):
            told.append(("in the next run", seen))
        # an entry that was half made may not show, but what shows in one run shows in the next
        elif not told and links(same) != links(seen):
            told.append(("the next run shows another state", seen))
        if [f for d, _, fs in os.walk(place.work) for f in fs if f != "lock" and "/index" not in d]:
            told.append(("left in work", ""))
        if place.kernel and not told and not (opt.short and n % 4):
            flat = plain(place.flat())
            if flat not in (plain(before), plain(after)):
                told.append(("on the kernel", flat))
        for what, text in told:
            bad += 1
            print("WRONG %s, killed at %d: %s" % (op, n, what))
            if opt.v or bad == 1:
                differ(before, after, text)
    print("WRONG %s: it does not end" % op)
    return bad + 1, n


def differ(before, after, text):
    lines = text.splitlines()
    for name, want in (("before", before.splitlines()), ("after", after.splitlines())):
        print("  not as %s:" % name)
        for line in want:
            if line not in lines:
                print("    - " + line)
        for line in lines:
            if line not in want:
                print("    + " + line)


def main():
    opt = parse()
    for d in (HERE, RANDOM):
        subprocess.run(["make", "-s", "-C", d], check=True)
    tmp = tempfile.mkdtemp(prefix="ovl-rand-kill-", dir=opt.fs)
    os.chmod(tmp, 0o755)
    top = os.path.dirname(os.path.realpath(opt.ovlrun))
    for f in (HERE + "/killat", RANDOM + "/fuzz", top + "/ovlrun", top + "/ovlctl",
              top + "/libovl.so", top + "/libovlsym.so", top + "/ovlload"):
        shutil.copy(f, tmp)
    place = Place(opt, tmp)
    os.makedirs(place.view)
    subprocess.run(["bash", "-euc", LOWER], cwd=place.view, check=True)
    if opt.user:
        subprocess.run(["chown", "-hR", opt.user, tmp], check=True)
    digest = place.digest()
    bad = points = 0
    for op in OPERATIONS.strip().splitlines():
        if opt.only not in op or (opt.short and op not in SHORT):
            continue
        place.fresh()
        before = place.killed(1, op)[1]
        place.fresh()
        place.killed(100000, op)
        after = place.out(*place.dump)[1]
        if before == after and op.split()[0] not in ("open", "utimes"):
            print("WRONG %s: does nothing" % op)
            bad += 1
        b, n = tries(place, op, before, after, opt)
        bad, points = bad + b, points + n
        if place.digest() != digest:
            print("WRONG %s: THE LOWER LAYER CHANGED" % op)
            bad += 1
    subprocess.run([RANDOM + "/fuzz", "clean", tmp])
    print("kill: %d points, %d wrong" % (points, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
