# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's own report, handed through: the bytes, and nothing else of the platform's."""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "report.fcgi"
FINISHED = 1795370094283
SECRET = "hush-hush"
SMALL = b"%PDF-1.4 " + bytes(range(256)) * 500
LARGE = 50 * 1024 * 1024


class Vendor(http.server.ThreadingHTTPServer):
    """Whatever a vendor may do with a report; the path says which."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked, self.sent = [], {}
        self.go_on = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that left

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def head(self, status, *lines, length=None):
        self.send_response(status)
        for line in lines:
            self.send_header(*line.split(": ", 1))
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_GET(self):
        way, _, token = self.path[1:].partition("?accessToken=")
        self.server.asked.append((way, self.headers.get("Accept"), self.headers.get("Range")))
        pdf = "Content-Type: application/pdf"
        if token != SECRET:
            return self.head(401, length=0)
        if way == "small":
            wanted = self.headers.get("Range")
            if wanted:
                first, last = (int(n) for n in wanted[6:].split("-"))
                self.head(206, pdf, f"Content-Range: bytes {first}-{last}/{len(SMALL)}",
                          length=last + 1 - first)
                return self.wfile.write(SMALL[first:last + 1])
            self.head(200, pdf, "Set-Cookie: a=" + SECRET, "Location: /" + SECRET,
                      "Link: <" + SECRET + ">", "Refresh: 1; url=/" + SECRET,
                      'Content-Disposition: inline; filename="../../evil.html"', length=len(SMALL))
            return self.wfile.write(SMALL)
        if way == "chunked":
            self.head(200, pdf + "; charset=binary", "Transfer-Encoding: chunked")
            for at in range(0, len(SMALL), 1000):
                part = SMALL[at:at + 1000]
                self.wfile.write(b"%x\r\n" % len(part) + part + b"\r\n")
            return self.wfile.write(b"0\r\n\r\n")
        if way == "empty":
            return self.head(200, pdf, length=0)
        if way in ("odd", "html", "xhtml", "svg", "none"):
            kind = {"odd": "x/y", "html": "text/HTML; charset=utf-8", "svg": "image/svg+xml",
                    "xhtml": "application/xhtml+xml", "none": None}[way]
            self.head(200, *([f"Content-Type: {kind}"] if kind else []), length=6)
            return self.wfile.write(b"<html>")
        if way == "large" or way == "endless":
            self.head(200, pdf, length=LARGE)
            piece = b"x" * 65536
            for at in range(0, LARGE, len(piece)):
                if way == "endless" and at == 16 * len(piece):
                    self.server.go_on.wait(30)
                self.wfile.write(piece)
                self.server.sent[way] = at + len(piece)
            return None
        if way in ("cut", "cut-chunk"):
            self.head(200, pdf, *(["Transfer-Encoding: chunked"] if way == "cut-chunk" else []),
                      length=len(SMALL) if way == "cut" else None)
            self.wfile.write(b"3e8\r\n" + SMALL[:1000] + b"\r\n" if way == "cut-chunk"
                             else SMALL[:70000])
            self.close_connection = True
            return None
        if way == "hang-up":
            self.close_connection = True
            return None
        if way == "redirect":
            return self.head(302, "Location: /small?accessToken=" + SECRET, length=0)
        self.head(int(way), length=len(SECRET))
        return self.wfile.write(SECRET.encode())


def plant(home, sessions):
    text = [{"key": "cs:" + name, "report_url": url,
             "session": {"id": name, "test_id": "T1", "test_title": "Coding", "name": "Ada",
                         "email": "ada@b.example", "state": state, "verification": verified,
                         "score": {"value": 530, "least": 200, "most": 600, "version": "v",
                                   "label": ""},
                         "started_ms": FINISHED - 3600000, "finished_ms": FINISHED}}
            for name, state, verified, url in sessions]
    done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant_session"), home.path, "acme"],
                          input=json.dumps(text).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return {line.split()[0][3:]: line.split()[1] for line in done.stdout.decode().splitlines()}


WAYS = ("small", "chunked", "empty", "odd", "html", "xhtml", "svg", "none", "large", "endless", "cut",
        "cut-chunk", "hang-up", "redirect", "401", "403", "404", "410", "416", "429", "500", "503")


def prepare(path, vendor):
    home = prepared.Home(os.path.join(path, "home"))
    home.apply(prepared.document())
    rows = [(way, "complete", "verified", f"{vendor.base}/{way}?accessToken={SECRET}")
            for way in WAYS]
    rows += [("review", "in_review", "pending", rows[0][3]),
             ("refused", "not_verified", "not_verified", rows[0][3]),
             ("nowhere", "complete", "verified", "http://127.0.0.1:1/x?accessToken=" + SECRET),
             ("inside", "complete", "verified", "https://10.1.2.3/x?accessToken=" + SECRET),
             ("strange/\"x", "complete", "verified", rows[0][3]),
             ("linkless", "complete", "verified", None)]
    home.tokens = plant(home, rows)
    home.environment = dict(home.env(), FAIRLEAD_ALLOW_NETWORKS="127.0.0.0/8")
    return home


def target(token, org="acme"):
    return f"/fairlead/report/{org}/{token}/file"


class Plain:
    def __init__(self, env):
        self.env, self.log = env, ""

    def request(self, method, where, **more):
        reply = cgi.request(PROGRAM, method, where, env=self.env, **more)
        self.log += reply.log
        return reply


def table(way, home, server, vendor):
    def get(name, method="GET", **headers):
        reply = server.request(method, target(home.tokens[name]), headers=headers)
        tap.lacks(reply.raw.decode("latin-1"), SECRET, f"{way}: {name}: no secret")
        tap.lacks(reply.raw.decode("latin-1"), vendor.base[7:], f"{way}: {name}: no address")
        return reply

    reply = get("small")
    tap.equal((reply.status, reply.headers["content-type"], reply.headers["content-length"],
               reply.headers["content-disposition"]),
              (200, "application/pdf", str(len(SMALL)), 'attachment; filename="report-small.pdf"'),
              f"{way}: a report")
    tap.ok(reply.body == SMALL, f"{way}: byte for byte")
    tap.equal([reply.headers.get(n) for n in ("set-cookie", "location", "link", "refresh")],
              [None] * 4, f"{way}: none of the platform's headers")
    tap.equal((reply.headers["x-content-type-options"], reply.headers["referrer-policy"],
               reply.headers["cache-control"], reply.headers["x-robots-tag"]),
              ("nosniff", "no-referrer", "private, no-store", "noindex"), f"{way}: kept by nobody")
    tap.contains(reply.headers["content-security-policy"], "default-src 'none'",
                 f"{way}: and if it were shown, nothing of it runs")
    tap.equal(vendor.asked[-1], ("small", "application/pdf", None), f"{way}: asked for as a file")
    reply = get("chunked")
    tap.equal((reply.status, reply.headers.get("content-length"), reply.headers["content-type"]),
              (200, str(len(reply.body)), "application/pdf"), f"{way}: of unknown length: that is found out first")
    tap.ok(reply.body == SMALL, f"{way}: whole all the same")
    reply = get("empty")
    tap.equal((reply.status, reply.headers["content-length"], reply.body), (200, "0", b""),
              f"{way}: an empty one")
    for name in ("odd", "svg", "none"):
        reply = get(name)
        tap.equal((reply.status, reply.headers["content-type"], reply.headers["content-disposition"]),
                  (200, "application/octet-stream", f'attachment; filename="report-{name}.bin"'),
                  f"{way}: {name}: a type of ours")
    tap.equal(get('strange/"x').headers["content-disposition"],
              'attachment; filename="report-strange__x.pdf"', f"{way}: a name of ours")
    for name, status in (("html", 404), ("xhtml", 404), ("redirect", 502), ("401", 502),
                         ("403", 502), ("404", 404), ("410", 404), ("416", 400), ("429", 503),
                         ("500", 502), ("503", 503), ("hang-up", 504), ("nowhere", 502),
                         ("inside", 502), ("review", 404), ("refused", 404), ("linkless", 404)):
        reply = get(name)
        tap.equal((reply.status, reply.headers["content-type"]),
                  (status, "application/problem+json"), f"{way}: {name}: {status}")
    tap.ok(all(a[0] != "small" or a[1] for a in vendor.asked[-17:]), f"{way}: no redirect followed")
    head = get("small", "HEAD")
    tap.equal((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(SMALL))),
              f"{way}: HEAD")
    reply = get("small", Range="bytes=10-19")
    tap.equal((reply.status, reply.body, reply.headers["content-range"]),
              (206, SMALL[10:20], f"bytes 10-19/{len(SMALL)}"), f"{way}: a part")
    for bad in ("bytes=0-1,3-4", "lines=1-2", "bytes=" + "1" * 200, "bytes=1-2\tx"):
        tap.equal(get("small", Range=bad).status, 200, f"{way}: Range: {bad[:20]}: the whole")
    tap.equal(server.request("GET", target(home.tokens["small"]),
                             headers={"Range": "bytes=1-2", "If-Range": '"x"'}).status, 200,
              f"{way}: with If-Range: the whole")
    for token, org in (("a" * 26, "acme"), (home.tokens["small"], "nobody")):
        tap.equal(server.request("GET", target(token, org)).status, 404, f"{way}: no such link")
    tap.equal(server.request("POST", target(home.tokens["small"])).status, 405, f"{way}: no POST")


def each(function):
    def test():
        with tap.directory() as path, Vendor() as vendor:
            home = prepare(path, vendor)
            with fcgi_client.Server(PROGRAM, env=home.environment) as server:
                function(home, server, vendor)
            tap.equal(server.code, 0, f"{function.__name__}: it ended cleanly")
            tap.lacks(server.log, SECRET, f"{function.__name__}: no secret in the log")
            tap.ok(not any(token in server.log for token in home.tokens.values()),
                   f"{function.__name__}: no token in the log")
    test.__name__ = function.__name__
    return test


@each
def test_fastcgi(home, server, vendor):
    table("fastcgi", home, server, vendor)
    records = [r["record"] for r in home.must("audit", "export", "acme", "--json").json()]
    tap.ok(("report.downloaded", "report of session small") in
           [(r.get("did"), r.get("about")) for r in records], "who took a report is in the log")


def test_plain():
    with tap.directory() as path, Vendor() as vendor:
        home = prepare(path, vendor)
        server = Plain(home.environment)
        table("cgi", home, server, vendor)
        tap.lacks(server.log, SECRET, "cgi: no secret in the log")
        for way in ("cut", "cut-chunk"):
            reply = server.request("GET", target(home.tokens[way]))
            tap.equal(reply.status, 502, f"cgi: {way}: no web server would see it break off: nothing of it is given")
            tap.contains(reply.text(), "broke off", f"cgi: {way}: which is said")
            tap.equal("content-disposition" in reply.headers, False, f"cgi: {way}: it is no file")
        reply = server.request("GET", target(home.tokens["large"]))
        tap.equal((reply.status, reply.headers.get("content-length"), len(reply.body)), (200, str(LARGE), LARGE),
                  "cgi: a large one comes whole, and says how long it is")
        tap.equal([n for n in os.listdir(home.path) if "copy" in n or "." in n], [], "cgi: nothing is left of it")


def test_small_disk():
    """What must be kept comes first: of a disk that is nearly full a report gets a megabyte."""
    with tap.directory() as path, prepared.small_disk(os.path.join(path, "disk")) as disk, Vendor() as vendor:
        if disk is None:
            tap.skip("a report on a small disk", "needs root to mount a small file system")
            return
        home = prepare(disk, vendor)
        server = Plain(home.environment)
        reply = server.request("GET", target(home.tokens["small"]))
        tap.equal((reply.status, len(reply.body)), (200, len(SMALL)), "a small one comes")
        reply = server.request("GET", target(home.tokens["large"]))
        tap.equal(reply.status, 503, "a large one does not, and may be asked for again")
        tap.contains(server.log, "the disk is nearly full", "the log says why")
        tap.equal(vendor.sent.get("large", 0) < LARGE, True, "nor is it fetched to its end")


@each
def test_page(home, server, vendor):
    """The page leads to the file, and only where there is one."""
    for name, there in (("small", True), ("linkless", False), ("review", False)):
        token = home.tokens[name]
        text = server.request("GET", f"/fairlead/report/acme/{token}",
                              headers={"Accept": "text/html"}).text()
        tap.equal(f'href="{token}/file"' in text, there, f"{name}: a way to the file: {there}")


@each
def test_cut(home, server, vendor):
    """A part is never taken for the whole: the web server is not told that the reply is over."""
    with server.connect() as c:
        reply = c.request("GET", target(home.tokens["cut"]))
        tap.ok(reply.status == 200 and SMALL.startswith(reply.body), "what came")
        tap.equal(c.ended, False, "broken off here as well")
    with server.connect() as c:
        reply = c.request("GET", target(home.tokens["cut-chunk"]))
        tap.equal(reply.status, 502, "of unknown length: no reader could tell, so nothing is given")
        tap.equal(c.ended, True, "and that reply is whole")
    with server.connect() as c:
        tap.ok(c.request("GET", target(home.tokens["small"])).body == SMALL and c.ended,
               "and the next one is whole")


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(next(line.split()[1] for line in f if line.startswith("VmRSS")))


@each
def test_memory(home, server, vendor):
    """50 MB in constant memory, also with a reader who takes his time."""
    server.request("GET", target(home.tokens["small"]))
    before, most, got = resident(server.process.pid), 0, 0
    with server.connect() as c:
        c.begin()
        c.params(cgi.variables("GET", target(home.tokens["large"])))
        c.stdin(b"")
        while True:
            data = c.socket.recv(1 << 20)
            if not data:
                break
            got += len(data)
            most = max(most, resident(server.process.pid))
    tap.ok(got > LARGE, "50 MB came")
    tap.ok(most - before < 4096, f"memory grew by {most - before} KiB")


@each
def test_gone(home, server, vendor):
    """Who closes the page ends the fetching as well."""
    c = server.connect()
    c.begin()
    c.params(cgi.variables("GET", target(home.tokens["endless"])))
    c.stdin(b"")
    c.socket.recv(1000)
    c.close()
    vendor.go_on.set()
    tap.ok(tap.wait_for(lambda: "broken off" in server.read_log()), "fetching ended")
    tap.ok(vendor.sent["endless"] < LARGE, "long before the end")


def test_many():
    """Half of the threads at most: pages are shown all the same."""
    with tap.directory() as path, Vendor() as vendor:
        home = prepare(path, vendor)
        env = dict(home.environment, FAIRLEAD_THREADS="3")
        with fcgi_client.Server(PROGRAM, env=env) as server:
            c = server.connect()
            c.begin()
            c.params(cgi.variables("GET", target(home.tokens["endless"])))
            c.stdin(b"")
            c.socket.recv(1000)
            reply = server.request("GET", target(home.tokens["small"]))
            tap.equal((reply.status, reply.headers.get("retry-after")), (503, "5"), "one too many")
            tap.equal(server.request("GET", f"/fairlead/report/acme/{home.tokens['small']}").status,
                      200, "a page is shown")
            vendor.go_on.set()
            while c.socket.recv(1 << 20):
                pass
            c.close()
            tap.ok(tap.wait_for(lambda: server.request(
                "GET", target(home.tokens["small"])).status == 200), "and then there is room")


tap.run(test_fastcgi, test_plain, test_small_disk, test_page, test_cut, test_memory, test_gone, test_many)
