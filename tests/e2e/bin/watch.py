# SPDX-License-Identifier: MIT
# watch.py DIR PATH... -- SCRIPT: what inotify tells while another process runs SCRIPT
#
# Of each PATH: what its own events say, and, of a directory, which names of it are left and which
# have changed, as somebody believes it who listed it before and then only listens. DIR is
# another directory, which tells when SCRIPT has ended.
import ctypes, os, select, struct, subprocess, sys

NAMES = {0x2: "MODIFY", 0x4: "ATTRIB", 0x8: "CLOSE_WRITE", 0x40: "MOVED_FROM", 0x80: "MOVED_TO",
         0x100: "CREATE", 0x200: "DELETE", 0x400: "DELETE_SELF", 0x800: "MOVE_SELF", 0x8000: "IGNORED"}
MADE, GONE, CHANGED = 0x180, 0x240, 0xe
DIR_ATTRIB = 0x40000004  # a directory that comes to upper gets its times: told in the README
libc = ctypes.CDLL(None, use_errno=True)


def add(fd, path):
    wd = libc.inotify_add_watch(fd, os.fsencode(path), 0xfce)
    if wd < 0:
        raise OSError(ctypes.get_errno(), path)
    return wd


def events(fd):
    while True:
        if not select.select([fd], [], [], 60)[0]:
            sys.exit("no event for a minute")
        data = os.read(fd, 65536)
        while data:
            wd, mask, _, n = struct.unpack("iIII", data[:16])
            yield wd, mask, data[16:16 + n].rstrip(b"\0").decode()
            data = data[16 + n:]


end, rest = sys.argv[1], sys.argv[2:]
paths, script = rest[:rest.index("--")], rest[rest.index("--") + 1]
fd = libc.inotify_init1(0o2000000)
wds = {add(fd, p): p for p in paths}
ends = add(fd, end)
own = {p: [] for p in paths}
left = {p: set(os.listdir(p)) for p in paths if os.path.isdir(p)}
changed = {p: set() for p in left}
child = subprocess.Popen(["bash", "-uc", script + "\n: >" + end + "/end"])
for wd, mask, name in events(fd):
    if wd == ends:
        break
    path = wds[wd]
    if not name:
        what = NAMES.get(mask & 0x8fff)
        if path not in left and what and own[path][-1:] != [what]:
            own[path].append(what)
    elif mask & MADE:
        left[path].add(name)
    elif mask & GONE:
        left[path].discard(name)
    elif mask & CHANGED and mask != DIR_ATTRIB:
        changed[path].add(name)
child.wait()
for p in paths:
    if p in left:
        print(p, "left", sorted(left[p]), "changed", sorted(changed[p] & left[p]))
    else:
        print(p, *own[p])
