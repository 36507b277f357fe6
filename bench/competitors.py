# SPDX-License-Identifier: MIT
"""The ways to run a program on a tree. One more is a class, and a line in COMPETITORS."""
import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OVLRUN = os.environ.get("OVLRUN", os.path.join(TOP, "ovlrun"))
MOUNTED = []  # by FUSE; unmounted also when the run is interrupted


class Place:
    """Where one run happens: a directory of its own, and layers or, without them, a tree."""

    def __init__(self, d, lowers=(), tree=None, upper=None):
        self.lowers = list(lowers)  # the top one first
        self.tree = tree
        self.upper = upper or d + "/upper"
        self.work = d + "/work"
        self.mnt = d + "/mnt"
        for part in (self.upper, self.work, self.mnt):
            os.makedirs(part, exist_ok=True)


class Competitor:
    """@layers: it works on lowers and upper, else on a plain tree."""

    name = "?"
    layers = False

    def missing(self):
        """Why it cannot run here; empty when it can."""
        return ""

    def root(self, place):
        """Where the program finds the tree."""
        return place.tree

    def prefix(self, place):
        """The words in front of the program's."""
        return []

    def before(self, place):
        pass

    def after(self, place):
        pass


class Native(Competitor):
    name = "native"


class View(Competitor):
    name = "ovlrun"
    layers = True

    def missing(self):
        return "" if os.access(OVLRUN, os.X_OK) else "not built"

    def root(self, place):
        return place.lowers[0]

    def prefix(self, place):
        lowers = [x for lower in place.lowers for x in ("-l", lower)]
        return [OVLRUN, "-q", *lowers, "-u", place.upper, "-w", place.work, "--"]


class Mounted(Competitor):
    layers = True

    def root(self, place):
        return place.mnt

    @staticmethod
    def options(place):
        return (f"lowerdir={':'.join(place.lowers)},upperdir={place.upper},"
                f"workdir={place.work}")


class KernelOverlay(Mounted):
    """In a mount namespace of its own: it goes when the program ends."""

    name = "overlayfs"

    def missing(self):
        if os.geteuid() != 0:
            return "takes root"
        with open("/proc/filesystems", encoding="ascii") as f:
            return "" if "overlay" in f.read() else "not in this kernel"

    def prefix(self, place):
        mount = f"mount -t overlay overlay -o {self.options(place)} {place.mnt} && exec \"$@\""
        return ["unshare", "-m", "sh", "-c", mount, "sh"]


class Fuse(Mounted):
    def __init__(self, name):
        self.name = name

    def missing(self):
        if not shutil.which(self.name):
            return "not installed"
        return "" if os.access("/dev/fuse", os.R_OK | os.W_OK) else "no /dev/fuse"

    def mount(self, place):
        return ["-o", self.options(place)]

    def before(self, place):
        subprocess.run([self.name, *self.mount(place), place.mnt], check=True,
                       stderr=subprocess.DEVNULL)
        MOUNTED.append(place.mnt)

    def after(self, place):
        subprocess.run(["umount", place.mnt], check=False)
        MOUNTED.remove(place.mnt)


class Union(Fuse):
    def mount(self, place):
        branches = ":".join([place.upper + "=RW", *(x + "=RO" for x in place.lowers)])
        return ["-o", "cow,hide_meta_files", branches]


class Wrapper(Competitor):
    """Interception alone, without layers: a program that runs another."""

    def __init__(self, name, *words):
        self.name = name
        self.words = words

    def missing(self):
        return "" if shutil.which(self.words[0]) else "not installed"

    def prefix(self, place):
        return list(self.words)


COMPETITORS = [
    Native(),
    View(),
    KernelOverlay(),
    Fuse("fuse-overlayfs"),
    Union("unionfs-fuse"),
    Wrapper("proot", "proot"),
    Wrapper("fakechroot", "fakechroot"),
]
