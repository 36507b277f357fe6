#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""two_writers.py DB - two processes fill table t of DB, a third has it open from before them

Each row is a transaction of its own that reads first. Tells the rows by writer, and what the
reader and the database itself say of it.
"""
import os
import sqlite3
import sys

ROWS = 150


def connect(db, mode="rw"):
    c = sqlite3.connect("file:%s?mode=%s" % (db, mode), uri=True, timeout=100)
    c.isolation_level = None
    c.execute("pragma synchronous=off")
    return c


def write(db, who):
    c = connect(db)
    for _ in range(ROWS):
        c.execute("begin immediate")
        n = c.execute("select count(*) from t where who = ?", (who,)).fetchone()[0]
        c.execute("insert into t values (?, ?)", (who, n))
        c.execute("commit")
    c.close()


def main(db):
    reader = connect(db, "ro")
    pids = []
    for who in "one", "two":
        pid = os.fork()
        if not pid:
            # A connection is not carried over a fork.
            os.execv(sys.executable, [sys.executable, __file__, db, who])
        pids.append(pid)
    seen = 0
    while pids:
        pid, status = os.waitpid(-1, os.WNOHANG)
        n = reader.execute("select count(*) from t").fetchone()[0]
        assert n >= seen, "rows went away"
        seen = n
        if pid:
            pids.remove(pid)
            print("ended with", status)
    print("reader", reader.execute("select count(*) from t").fetchone()[0])
    for row in reader.execute("select who, count(*), max(n) from t group by who order by who"):
        print(row[0], row[1], row[2])
    print("integrity", connect(db).execute("pragma integrity_check").fetchone()[0])


if len(sys.argv) == 3:
    write(sys.argv[1], sys.argv[2])
else:
    main(sys.argv[1])
