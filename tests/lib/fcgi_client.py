# SPDX-License-Identifier: GPL-3.0-or-later
"""A FastCGI client and a launcher, for tests of our programs over their real socket.

    with fcgi_client.Server("tests/program/echo", env={"FAIRLEAD_HOME": home}) as server:
        reply = server.request("GET", "/fairlead/echo/x", headers={"Accept": "text/html"})
        reply.status, reply.body ...            a cgi.Reply
    server.code, server.log                     exit status and stderr, once it has ended

Server starts the program with --listen on a socket in a fresh directory, waits until it serves,
and ends it with SIGTERM (within 20 s, or it is killed and code says so).  spawned=True hands the
listening socket over as descriptor 0 instead, as spawn-fcgi and lighttpd do.

request() takes what cgi.request() takes.  For everything that a decent web server would not do
there is Connection, which speaks in records:

    c = server.connect()
    c.begin(keep=False); c.params(pairs); c.stdin(b"part"); c.stdin(b"")   (b"" ends a stream)
    c.record(4, b"raw content"); c.raw(b"anything")
    reply = c.reply()       reads to END_REQUEST (or to the end of the connection)
    c.ended                 True when END_REQUEST came: the program finished its reply
"""
import os
from signal import SIGTERM
import socket
import struct
import subprocess
import tempfile
import shutil

import cgi
import tap

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7


def pair(name, value):
    """One name-value pair (FastCGI specification 3.4)."""
    if isinstance(name, str):
        name = name.encode()
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    lengths = b""
    for part in (name, value):
        n = len(part)
        lengths += bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)
    return lengths + name + value


class Connection:
    def __init__(self, address, timeout=30):
        kind = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(kind, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.pending = b""
        self.ended = False
        self.stderr = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)

    def record(self, kind, content=b"", request=1, padding=0):
        self.raw(struct.pack(">BBHHBB", 1, kind, request, len(content), padding, 0) + content +
                 b"\0" * padding)

    def begin(self, role=1, keep=False):
        self.ended = False
        self.record(BEGIN, struct.pack(">HB5x", role, 1 if keep else 0))

    def _stream(self, kind, data):
        if not data:
            self.record(kind)
        for at in range(0, len(data), 65535):
            self.record(kind, data[at:at + 65535])

    def params(self, pairs, end=True):
        data = b"".join(pair(n, v) for n, v in pairs)
        if data:
            self._stream(PARAMS, data)
        if end:
            self.record(PARAMS)

    def stdin(self, data):
        self._stream(STDIN, data)

    def _take(self, n):
        while len(self.pending) < n:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.pending += data
        data, self.pending = self.pending[:n], self.pending[n:]
        return data

    def reply(self):
        out = []
        while not self.ended:
            try:
                header = self._take(8)
            except ConnectionResetError:
                header = None
            if header is None:
                break
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", header)
            content = (self._take(length + padding) or b"")[:length]
            if kind == STDOUT:
                out.append(content)
            elif kind == STDERR:
                self.stderr += content
            elif kind == END:
                self.ended = True
        return cgi.Reply(b"".join(out))

    def request(self, method, target, body=b"", headers=(), extra=None, length=None, keep=False):
        self.begin(keep=keep)
        self.params(cgi.variables(method, target, body, headers, extra, length))
        try:
            if body:
                self.stdin(body)
            self.stdin(b"")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it answered before it had read everything: read what it said
        return self.reply()


class Server:
    def __init__(self, name, env=None, args=(), spawned=False):
        self.directory = tempfile.mkdtemp(prefix="fl-")
        self.address = os.path.join(self.directory, "s")
        self.log_path = os.path.join(self.directory, "log")
        self.code = None
        self.log = ""
        command = [cgi.program(name), *args]
        listening = None
        if spawned:
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listening.bind(self.address)
            listening.listen(1024)
        else:
            command += ["--listen", self.address]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=listening if spawned else subprocess.DEVNULL,
                stdout=log, stderr=log, env=cgi.environment(env))
        if listening is not None:
            listening.close()
        if not tap.wait_for(lambda: "serving" in self.read_log() or self.process.poll() is not None):
            tap.note("the program did not begin to serve: " + self.read_log())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def read_log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def connect(self, timeout=30):
        return Connection(self.address, timeout)

    def request(self, method, target, **more):
        with self.connect() as connection:
            return connection.request(method, target, **more)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, number=SIGTERM, seconds=20):
        """Ends the program (if it still runs) and cleans up; returns its exit status."""
        if self.code is not None:
            return self.code
        if self.process.poll() is None and number is not None:
            self.process.send_signal(number)
        try:
            self.code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.code = "did not end"
        self.log = self.read_log()
        shutil.rmtree(self.directory, ignore_errors=True)
        return self.code
