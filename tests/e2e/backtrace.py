# SPDX-License-Identifier: MIT
# gdb -batch -x backtrace.py --args blocked_open FILE
#
# Steps through openat() one instruction at a time, door and engine included, and prints
# "N steps, N broken": broken is a backtrace that does not lead to outer() and main(). Below the
# red zone nothing may be needed any more: a signal's frame would take its place.
import gdb

RED_ZONE = 128
FRAME = 512


def names():
    found = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(found) < 50:
            found.append(frame.name() or "?")
            frame = frame.older()
    except gdb.error as e:
        found.append(str(e))
    return found


def signal_frame():
    sp = int(gdb.parse_and_eval("(unsigned long)$rsp"))
    gdb.selected_inferior().write_memory(sp - RED_ZONE - FRAME, b"\xee" * FRAME)


for setting in ("debuginfod enabled off", "pagination off", "confirm off"):
    gdb.execute("set " + setting)
gdb.execute("break outer")
gdb.execute("run", to_string=True)
gdb.execute("break openat")
gdb.execute("continue", to_string=True)
gdb.execute("delete")
steps = broken = 0
while names()[0] != "outer" and steps < 20000:
    signal_frame()
    stack = names()
    if "outer" not in stack or "main" not in stack:
        broken += 1
        print("broken:", stack)
    gdb.execute("stepi", to_string=True)
    steps += 1
print("%d steps, %d broken" % (steps, broken))
