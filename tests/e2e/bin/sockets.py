# SPDX-License-Identifier: MIT
# sockets.py DIR [DIR2]: AF_UNIX sockets under DIR, which is the cwd; what they say goes to stdout
import errno
import os
import socket
import sys
import threading

D = sys.argv[1]


def new(kind=socket.SOCK_STREAM):
    return socket.socket(socket.AF_UNIX, kind)


def attempt(what, call):
    try:
        print(what, call())
    except OSError as e:
        print(what, errno.errorcode[e.errno])


def serve(path, client=None):
    """Bind, connect and accept: every address that the two ends see."""
    s = new()
    s.bind(path)
    s.listen(1)
    seen = []

    def accept():
        c, peer = s.accept()
        seen.extend([peer, c.getpeername(), c.getsockname()])
        c.sendall(b"hi")
        c.close()

    t = threading.Thread(target=accept)
    t.start()
    c = new()
    if client:
        c.bind(client)
    c.connect(path)
    data = c.recv(9)
    t.join()
    print(path, s.getsockname(), c.getpeername(), seen, data, oct(os.lstat(path).st_mode))


def names():
    serve(D + "/abs")
    serve("rel")
    serve("sub/../up")
    serve(D + "/a2", D + "/client")
    serve("a3", "relative-client")
    serve(D + "/link/below")


def limits():
    far = "d" * 90
    os.mkdir(far)
    serve((D + "/" + "q" * 108)[:107])
    os.chdir(far)
    serve("n" * 107)
    serve("short")
    os.chdir(D)


def whiteouts():
    os.unlink("removed")
    serve("removed")
    os.unlink("removed")
    serve(D + "/removed")


def refusals():
    for what in "abs", "rel", "file", "symlink", "dangling", ".", "..":
        attempt("bind " + what, lambda: new().bind(what))
    attempt("bind below nothing", lambda: new().bind("no/such"))
    attempt("bind below a file", lambda: new().bind("file/s"))
    attempt("bind slash", lambda: new().bind("new/"))
    for what in "abs", "file", "file/", "symlink", "dangling", "nothing":
        attempt("connect " + what, lambda: new().connect(what))
    s = new()
    s.bind("twice")
    attempt("bind twice", lambda: s.bind("thrice"))
    os.mkdir("closed", 0o555)
    if os.getuid() == 0:
        return
    attempt("bind without right", lambda: new().bind("closed/s"))


def datagrams():
    a = new(socket.SOCK_DGRAM)
    a.bind(D + "/dg")
    b = new(socket.SOCK_DGRAM)
    b.sendto(b"one", D + "/dg")
    b.sendto(b"two", "dg")
    b.sendmsg([b"th", b"ree"], [], 0, D + "/dg")
    b.sendmsg([b"four"], [], 0, "sub/../dg")
    print([a.recv(9) for _ in range(4)])
    attempt("sendto", lambda: b.sendto(b"x", "nothing"))
    attempt("sendmsg", lambda: b.sendmsg([b"x"], [], 0, "nothing"))


def others():
    s = new()
    s.bind("\0ovl-test-%d" % os.getpid())
    print(s.getsockname() == b"\0ovl-test-%d" % os.getpid(), repr(new().getsockname()))
    p, q = socket.socketpair()
    q.sendmsg([b"pair"])
    print(p.recv(9), repr(p.getpeername()))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", 0))
    u.sendto(b"inet", u.getsockname())
    print(u.recv(9), u.getsockname()[0])


os.chdir(D)
for part in names, limits, whiteouts, refusals, datagrams, others:
    part()
