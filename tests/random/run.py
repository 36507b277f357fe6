#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random sequences of file operations, side by side: a plain copy, the view, kernel overlayfs.

    run.py [--seqs N] [--ops N] [--layers 1|2|5|all] [--fs DIR] [--user NAME] [--seed FIRST] ...

A seed gives lower layers, the merged plain copy and a sequence (fuzz.h). Compared are: every
line of the log, the tree at the end, the tree in a second session (inode numbers too), the tree
that the kernel shows of UPPER, and a digest of every lower layer before and after.
The first difference is printed with the command that repeats it, cut down to the operations
that matter (--no-minimise: not). Exit status: 0 no difference, 1 some, 2 trouble.
"""
import argparse
import collections
import concurrent.futures
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# what kernel overlayfs does its own way: not compared there
KERNEL_OFF = ["inodes", "dir-rename", "open-fds", "links", "steps", "private", "procfd",
              "tmpfile", "acl", "dirfds", "openat2"]


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--seqs", type=int, default=200)
    p.add_argument("--ops", type=int, default=80)
    p.add_argument("--seed", type=int, default=1, help="the first one")
    p.add_argument("--layers", default="all", help="lower layers: 1, 2, 5; all: in turn")
    p.add_argument("--fs", default=os.environ.get("TMPDIR", "/tmp"), help="where to work")
    p.add_argument("--user", help="run the sequences as this user (root only)")
    p.add_argument("--upper-fs", help="where UPPER and work are (default: beside the layers)")
    p.add_argument("--marks", choices=["dotwh", "records"],
                   help="as on a file system without devices 0/0; without xattrs besides")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    p.add_argument("--only", help="operations to keep: 1,5,9-12")
    p.add_argument("--kernel-every", type=int, default=5, help="0: never; root only")
    p.add_argument("--kernel-only", action="store_true", help="leave the view out")
    p.add_argument("--no-upper-mount", action="store_true")
    p.add_argument("--no-again", action="store_true", help="no second session")
    p.add_argument("--no-minimise", action="store_true")
    p.add_argument("--keep", action="store_true", help="leave the trees of differing seeds")
    p.add_argument("--show", action="store_true", help="print the sequence's log in the view")
    p.add_argument("--max-told", type=int, default=10)
    p.add_argument("--stop", type=int, default=0, help="stop after so many differences")
    p.add_argument("--static", action="store_true", help="a statically linked program does them")
    p.add_argument("--ovlrun", default=os.path.join(TOP, "ovlrun"))
    a, rest = p.parse_known_args()
    for r in rest:
        if not re.match(r"--(no|with)-", r):
            p.error("unknown option " + r)
    a.features = rest + ["--with-readable"] * bool(a.user or os.geteuid())
    a.features += ["--no-own-ways"] * bool(a.upper_fs) # truncation to the same size, stores to a mapping
    return a


def load_known(user):
    known = []
    with open(os.path.join(HERE, "known.txt")) as f:
        for line in f:
            m = re.match(r"(view|user|kernel|upper|again) (.*?) -- (.*)", line)
            if m and (m.group(1) != "user" or user):
                known.append(("view" if m.group(1) == "user" else m.group(1), re.compile(m.group(2)), m.group(3)))
    return known


class Side:
    """Runs programs for one seed, in one directory."""

    def __init__(self, opt, seed, where):
        self.opt, self.seed, self.dir = opt, seed, where
        self.layers = int(opt.layers) if opt.layers != "all" else (1, 2, 5)[seed % 3]
        self.view = where + "/v/view"
        self.plain = where + "/p/view"
        self.lowers = [self.view] + ["%s/l%d" % (where, i) for i in range(2, self.layers + 1)]
        upper = opt.upper_tmp + where[len(opt.tmp):]
        self.upper, self.work = upper + "/up", upper + "/wk"
        self.as_user = {}
        if opt.user:
            pw = pwd.getpwnam(opt.user)
            self.as_user = dict(user=pw.pw_uid, group=pw.pw_gid, extra_groups=[])

    def fuzz(self, verb, *args, features=()):
        uid = self.as_user.get("user", 1000) if os.geteuid() == 0 else os.getuid()
        return [opt_fuzz, verb, "--seed=%d" % self.seed, "--ops=%d" % self.opt.ops,
                "--layers=%d" % self.layers, "--uid=%d" % uid,
                *self.opt.features, *features, *args]

    def call(self, cmd, user=False, timeout=75):
        kw = self.as_user if user else {}
        p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd="/", start_new_session=True, **kw)
        try:
            text, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired: # all of it: a program may hang with signals blocked
            os.killpg(p.pid, signal.SIGKILL)
            text = p.communicate()[0]
            return text.decode("latin-1").splitlines() + ["no end in %d s" % timeout]
        out = text.decode("latin-1").splitlines()
        if p.returncode or err:
            out.append("status %d %s" % (p.returncode, err.decode("latin-1").strip().replace("\n", " / ")))
        return out

    def make(self, features):
        out = self.call(self.fuzz("make", self.dir, features=features))
        os.chmod(self.dir, 0o777)
        if self.opt.upper_fs:
            self.call([opt_fuzz, "clean", os.path.dirname(self.upper)])
            os.mkdir(os.path.dirname(self.upper))
            os.chmod(os.path.dirname(self.upper), 0o777)
        return out

    def digest(self):
        return self.call([opt_fuzz, "digest", *self.lowers])

    def in_view(self, cmd):
        if isinstance(cmd, str):
            cmd = [cmd]
        lower = [x for low in self.lowers for x in ("-l", low)]
        return self.call([self.opt.ovlrun, "-q", *lower, "-u", self.upper, "-w", self.work,
                          "--", *cmd], user=True)

    def in_kernel(self, cmd, upper, work, user=False):
        os.makedirs(work, exist_ok=True)
        if not os.path.isdir(upper): # a finished one's root has attributes of its own
            os.mkdir(upper)
            shutil.copystat(self.view, upper)
            st = os.stat(self.view)
            os.chown(upper, st.st_uid, st.st_gid)
        opts = "userxattr,lowerdir=%s,upperdir=%s,workdir=%s" % (":".join(self.lowers), upper, work)
        script = 'mount -t overlay -o "$1" overlay "$2" || exit 125; shift 2; exec "$@"'
        if user and self.as_user:
            u = self.as_user
            cmd = ["setpriv", "--reuid=%d" % u["user"], "--regid=%d" % u["group"],
                   "--clear-groups", *cmd]
        return self.call(["unshare", "-m", "sh", "-c", script, "sh", opts, self.view, *cmd])


def cut(line, plainly):
    """A tree line without what is compared elsewhere."""
    line = re.sub(r" i\d+}", "}", line)
    if plainly:
        line = re.sub(r" same as i\d+| n=\d+| m=\S+?(?=[ }])", "", line)
        line = re.sub(r" user\.(ovl|containers)\.\S+", "", line) # ours alone
    return line


def without_fifo_times(log):
    """To the kernel's overlayfs a FIFO's times are those of the real inode, which nobody sees."""
    return [re.sub(r"(\{p[^}]*?) m=\S+?(?=[ }])", r"\1", line) for line in log]


def tree_of(log):
    return log[log.index("tree") + 1:] if "tree" in log else ["no tree"]


def first_difference(a, b):
    for i in range(max(len(a), len(b))):
        x = a[i] if i < len(a) else "(nothing)"
        y = b[i] if i < len(b) else "(nothing)"
        if x != y:
            return x, y
    return None


class Found(Exception):
    def __init__(self, side, plain, other):
        super().__init__(side)
        self.side, self.plain, self.other = side, plain, other


class Diverged(Exception):
    """A known difference after which the trees are not the same: told, and the end of it."""


def check(side, a, b, hits, after=""):
    """Raise Found at the first difference that is not known."""
    for x, y in zip(a + ["(nothing)"] * (len(b) - len(a)), b + ["(nothing)"] * (len(a) - len(b))):
        if x == y:
            continue
        for s, regex, reason in KNOWN:
            if s == side and regex.search(x + "\t" + y):
                hits[(side, reason)] += 1
                if reason.startswith("diverges:"):
                    raise Diverged()
                if after:
                    return
                break
        else:
            raise Found(side, x, y)


def has_redirect(upper):
    for d, _, _ in os.walk(upper):
        try:
            os.getxattr(d, "user.overlay.redirect")
            return True
        except OSError:
            pass
    return False


def one_view(s, only, hits):
    opt = s.opt
    more = ["--only=" + only] if only else []
    made = s.make(())
    if made:
        raise Found("make", "", " ".join(made))
    before = s.digest()
    plain = s.call(s.fuzz("run", *more, s.plain), user=True)
    raw = s.dir + "/raw"
    os.close(os.open(raw, os.O_CREAT | os.O_WRONLY, 0o666))
    os.chmod(raw, 0o666)
    view = s.in_view(s.fuzz("run", "--raw=" + raw, *more, s.view))
    if opt.show:
        print("\n".join(view))
    diff = first_difference(before, s.digest())
    if diff:
        raise Found("LOWER", *diff)
    check("view", plain, view, hits)
    if not opt.no_again:
        with open(raw, encoding="latin-1") as f:
            was = f.read().splitlines()
        check("again", was, s.in_view(s.fuzz("digest", s.view)), hits)
    if os.path.isdir(s.work) and leftovers(s.work):
        raise Found("work", "", " ".join(leftovers(s.work)))
    flat = opt.marks != "records" and not opt.upper_fs
    if os.geteuid() == 0 and flat and not opt.user and not opt.no_upper_mount:
        upper_in_kernel(s, plain, hits)


def leftovers(work):
    """What is in work, but for the index of links, which stays, and the lock that guards it."""
    return [os.path.join(d, f) for d, _, fs in os.walk(work) for f in fs
            if d != work + "/index" and (d, f) != (work, "lock")]


def upper_in_kernel(s, plain, hits):
    if s.opt.marks or has_redirect(s.upper) or os.path.isdir(s.work + "/index"):
        flatten = os.path.join(os.path.dirname(s.opt.ovlrun), "ovlctl")
        lower = [x for low in s.lowers for x in ("-l", low)]
        done = s.call([flatten, "flatten", *lower, "-u", s.upper, "-w", s.work]) if os.path.exists(flatten) \
            else ["no ovlctl"]
        if done:
            hits[("upper", "not mounted: ovlctl flatten: %s" % done[-1][:60])] += 1
            return
    seen = s.in_kernel(s.fuzz("dump", s.view), s.upper, s.dir + "/kwork")
    # the kernel has no other use for character device 0/0 than as a whiteout
    shown = [x for x in tree_of(plain) if not re.search(r" \{c[^}]* r=0[ }]", x)]
    if len(shown) != len(tree_of(plain)):
        hits[("upper", "a program's own device 0/0 is a whiteout to the kernel")] += 1
    check("upper", [cut(x, True) for x in shown], [cut(x, True) for x in seen], hits)


def one_kernel(s, only, hits):
    off = ["--no-" + f for f in KERNEL_OFF]
    more = ["--only=" + only] if only else []
    made = s.make(off)
    if made:
        raise Found("make", "", " ".join(made))
    plain = s.call(s.fuzz("run", *more, s.plain, features=off), user=True)
    kernel = s.in_kernel(s.fuzz("run", *more, s.view, features=off), s.dir + "/kup",
                         s.dir + "/kwk", user=True)
    check("kernel", without_fifo_times(plain), without_fifo_times(kernel), hits)
    if not s.opt.kernel_only:
        view = s.in_view(s.fuzz("run", *more, s.view, features=off))
        check("view", plain, view, hits)


def differs(one, s, only):
    try:
        one(s, only, collections.Counter())
    except Diverged:
        return None
    except Found as f:
        return f
    return None


def expand(text, n):
    if not text:
        return list(range(1, n + 1))
    out = []
    for part in text.split(","):
        a, _, b = part.partition("-")
        out += range(int(a), int(b or a) + 1)
    return out


def minimise(one, s, found):
    """Fewer operations that still differ on the same side."""
    keep = expand(s.opt.only, s.opt.ops)
    m = re.match(r"(\d+) ", found.plain) or re.match(r"(\d+) ", found.other)
    if m:
        keep = [i for i in keep if i <= int(m.group(1))]
    size = max(1, len(keep) // 2)
    while True:
        i = 0
        while i < len(keep):
            rest = keep[:i] + keep[i + size:]
            f = differs(one, s, ",".join(map(str, rest))) if rest else None
            if f and f.side == found.side:
                keep, found = rest, f
            else:
                i += size
        if size == 1:
            return keep, found
        size = max(1, size // 2)


tell_lock = threading.Lock()


def tell(s, one, found):
    only = s.opt.only
    if not s.opt.no_minimise and found.side != "make":
        keep, found = minimise(one, s, found)
        only = ",".join(map(str, keep))
    cmd = "tests/random/run.py --seed=%d --seqs=1 --ops=%d --layers=%d --fs=%s" % (
        s.seed, s.opt.ops, s.layers, s.opt.fs)
    for name in ("user", "upper_fs", "marks"):
        if getattr(s.opt, name):
            cmd += " --%s=%s" % (name.replace("_", "-"), getattr(s.opt, name))
    if only:
        cmd += " --only=" + only
    cmd += "".join(" " + f for f in s.opt.features
                   if f not in ("--with-readable", "--no-own-ways"))
    cmd += " --kernel-every=%d%s" % (one is one_kernel, " --kernel-only" * s.opt.kernel_only)
    with tell_lock:
        print("DIFFERS (%s) seed %d" % (found.side, s.seed))
        if only and len(only) < 200:
            off = ["--no-" + f for f in KERNEL_OFF] if one is one_kernel else []
            log = s.make(off) or s.call(s.fuzz("run", "--only=" + only, s.plain, features=off),
                                        user=True)
            for line in log[:log.index("tree")] if "tree" in log else []:
                print("      " + line)
        print("  plain: " + found.plain)
        print("  %5s: %s" % (found.side, found.other))
        print("  repeat: " + cmd, flush=True)


def job(opt, seed, state):
    if opt.stop and state["bad"] >= opt.stop:
        return
    where = "%s/s%d" % (opt.tmp, seed)
    s = Side(opt, seed, where)
    kinds = [] if opt.kernel_only else [one_view]
    if os.geteuid() == 0 and opt.kernel_every and seed % opt.kernel_every == 0:
        kinds.append(one_kernel)
    for one in kinds:
        state["ran " + one.__name__[4:]] += 1
        try:
            one(s, opt.only, state["hits"])
        except Diverged:
            pass
        except Found as f:
            state["bad"] += 1
            state["sides"][f.side] += 1
            if state["told"] < opt.max_told:
                state["told"] += 1
                tell(s, one, f)
            if opt.keep:
                print("kept: " + where)
                return
    s.call([opt_fuzz, "clean", where])


def main():
    global opt_fuzz, KNOWN
    opt = parse()
    KNOWN = load_known(bool(opt.user) or os.geteuid() != 0)
    if opt.marks:
        os.environ["OVL_MARKS"] = opt.marks
    program = "fuzz-static" if opt.static else "fuzz"
    subprocess.run(["make", "-s", "-C", HERE, program], check=True)
    opt.tmp = tempfile.mkdtemp(prefix="ovl-rand-", dir=opt.fs)
    os.chmod(opt.tmp, 0o755)
    opt.upper_tmp = opt.tmp
    if opt.upper_fs:
        opt.upper_tmp = tempfile.mkdtemp(prefix="ovl-rand-", dir=opt.upper_fs)
        os.chmod(opt.upper_tmp, 0o755)
    bin_dir = opt.tmp + "/bin" # an ordinary user may not reach the checkout
    os.mkdir(bin_dir)
    os.chmod(bin_dir, 0o755)
    opt_fuzz = shutil.copy(os.path.join(HERE, program), bin_dir + "/fuzz")
    if not opt.kernel_only:
        top = os.path.dirname(os.path.realpath(opt.ovlrun))
        for name in ("ovlrun", "libovl.so", "libovlsym.so", "ovlload", "ovlctl"):
            if os.path.exists(os.path.join(top, name)):
                shutil.copy(os.path.join(top, name), bin_dir)
        opt.ovlrun = bin_dir + "/ovlrun"
    state = collections.Counter()
    state["hits"], state["sides"] = collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:
        todo = [pool.submit(job, opt, seed, state)
                for seed in range(opt.seed, opt.seed + opt.seqs)]
        for t in todo:
            t.result()
    for (side, reason), n in sorted(state["hits"].items()):
        print("known (%s) %d times: %s" % (side, n, reason))
    print("%d sequences in the view, %d on kernel overlayfs, %d operations each: %d differ%s" % (
        state["ran view"], state["ran kernel"], opt.ops, state["bad"],
        " (" + ", ".join("%s %d" % x for x in state["sides"].items()) + ")" if state["bad"] else ""))
    if not opt.keep:
        if opt.upper_fs:
            subprocess.run([opt_fuzz, "clean", opt.upper_tmp])
        subprocess.run([opt_fuzz, "clean", opt.tmp])
    return 1 if state["bad"] else 0


if __name__ == "__main__":
    sys.exit(main())
