# SPDX-License-Identifier: MIT
"""The trees that are measured on."""
import os
import random
import subprocess

COPIES = 200
MANY = 100000


def put(path, data=b""):
    with open(path, "wb") as f:
        f.write(data)


def fill(d, names, data=b""):
    os.makedirs(d, exist_ok=True)
    for name in names:
        put(f"{d}/{name}", data)


def small(root):
    """For the operations of bench.c: the lower layer, or all there is without layers."""
    deep = os.path.join(root, *["a"] * 20)
    for d in (deep, root + "/lower"):
        fill(d, ["file"], b"x" * 4096)
    os.symlink("file", root + "/lower/link")
    fill(root + "/merged", ["file"], b"x" * 4096)
    fill(root + "/lower10", range(10))
    fill(root + "/lower1000", range(1000))
    fill(root + "/merged10", range(5))
    fill(root + "/merged1000", range(500))
    fill(root + "/copy", range(COPIES), b"x" * 4096)
    put(root + "/copy/64m", os.urandom(1 << 20) * 64)
    with open(root + "/copy/1g", "wb") as f:
        f.truncate(1 << 30)
        f.write(b"x" * 4096)


def beside(root, i):
    """One more lower: the directories of the first, each with a file more."""
    for d in ("lower", "merged", "lower1000"):
        fill(f"{root}/{d}", [f"of-{i}"])


def large(base):
    """Directories of MANY entries: the lower's, upper's, both's; and as a plain tree."""
    lower, upper, plain = (f"{base}/{x}" for x in ("lower", "upper", "plain"))
    fill(lower + "/plain", range(MANY))
    fill(lower + "/merged", range(0, MANY, 2))
    fill(upper + "/merged", range(1, MANY, 2))
    fill(upper + "/own", range(MANY))
    fill(plain + "/merged", range(MANY))
    os.symlink(lower + "/plain", plain + "/plain")
    os.symlink(upper + "/own", plain + "/own")


def wide(root, files):
    """Directories of 100 files each, of sizes as sources have them."""
    rng = random.Random(1)
    word = [b"".join(rng.choices([b"int ", b"x", b"(", b")", b";\n", b"return "], k=200))
            for _ in range(50)]
    for i in range(0, files, 100):
        d = f"{root}/sub/d{i // 1000}/e{i}"
        os.makedirs(d)
        for k in range(i, min(i + 100, files)):
            put(f"{d}/f{k}.c", rng.choice(word) * rng.randint(1, 12))


def repository(root, files):
    """A repository with two branches; a quarter of the files differ."""
    def git(*words):
        subprocess.run(["git", "-C", root, "-c", "user.name=x", "-c", "user.email=x",
                        "-c", "gc.auto=0", *words], check=True, stdout=subprocess.DEVNULL)

    wide(root, files)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "1")
    git("checkout", "-q", "-b", "other")
    for i in range(0, files, 4):
        with open(f"{root}/sub/d{i // 1000}/e{i // 100 * 100}/f{i}.c", "ab") as f:
            f.write(b"changed\n")
    git("commit", "-q", "-a", "-m", "2")
    git("checkout", "-q", "main")
