# SPDX-License-Identifier: MIT
"""Whole programs: what is timed, on which tree, and what was done before."""
import os
import subprocess
import sys

import trees

HERE = os.path.dirname(os.path.abspath(__file__))
HELLO = os.path.join(os.path.dirname(HERE), "build/bench/hello")  # bench/deps.sh


class Macro:
    def __init__(self, name, base, timed, prepare=":", changes=True):
        self.name = name
        self.base = base  # the tree it starts with
        self.timed = timed
        self.prepare = prepare
        self.changes = changes  # who has no layers needs a copy of the tree

    def command(self, root, bases):
        script = ('set -e; cd "$1"; exec 3>&1 >/dev/null 2>&1; BASES=$2; PYTHON=$3\n'
                  f"{self.prepare}\nfrom=$(date +%s%N)\n{self.timed}\n"
                  "echo $(($(date +%s%N) - from)) >&3")
        return ["sh", "-c", script, "sh", root, bases, os.path.realpath(sys.executable)]


MACROS = [
    Macro("untar", "empty", 'tar xf "$BASES/tree.tar"'),
    Macro("find+grep", "wide", "find . -type f | wc -l; grep -r no-such-text . || :",
          changes=False),
    Macro("git-status", "repository", "for i in 1 2 3; do git status -s; done", "git status"),
    Macro("git-checkout", "repository", "git checkout -q other; git checkout -q main",
          "git status"),
    Macro("configure+make", "package", "./configure -q; make -s -j2"),
    Macro("rm-rf", "repository", "rm -rf sub"),
    Macro("cp-a", "repository", "cp -a sub copy"),
    Macro("python-start", "empty",
          'for i in 1 2 3 4 5 6 7 8 9 10; do "$PYTHON" -c "import json, argparse"; done',
          changes=False),
    Macro("sqlite", "empty", 'sqlite3 data.db <"$BASES/inserts.sql"'),
]


def missing(macro):
    """Why it cannot be measured; empty when it can."""
    if macro.base == "package" and not os.path.isdir(HELLO):
        return "no package: make bench-deps fetches one"
    return ""


def make_bases(bases, scale):
    """Below @bases each tree that one of MACROS starts with, and what they read."""
    os.makedirs(bases + "/empty")
    trees.wide(bases + "/wide", int(60000 * scale))
    trees.repository(bases + "/repository", int(20000 * scale))
    subprocess.run(["tar", "cf", bases + "/tree.tar", "-C", bases + "/repository", "sub"],
                   check=True)
    if os.path.isdir(HELLO):
        subprocess.run(["cp", "-a", HELLO, bases + "/package"], check=True)
    with open(bases + "/inserts.sql", "w", encoding="ascii") as f:
        f.write("pragma journal_mode = wal; pragma synchronous = off;\n"
                "create table t (k integer primary key, v text);\n")
        for i in range(int(20000 * scale)):
            f.write(f"insert into t (v) values ('value {i}');\n")
