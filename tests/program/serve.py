# SPDX-License-Identifier: GPL-3.0-or-later
"""The skeleton, driven as a web server drives it: tests/program/echo as plain CGI and FastCGI."""
import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import tap  # noqa: E402

ECHO = "tests/program/echo"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MIB = 1 << 20

# name, method, target, what request() is given besides, wanted status, wanted members
CASES = [
    ("the program itself", "GET", "/fairlead/echo", {}, 200, {"org": None}),
    ("the program itself with a slash", "GET", "/fairlead/echo/", {}, 200, {}),
    ("segments", "POST", "/fairlead/echo/acme/x", {"body": b"hi"}, 200,
     {"org": "acme", "item": "x", "body": "hi", "length": 2}),
    ("another mount", "POST", "/cgi-bin/echo.cgi/acme/x", {"body": b"hi"}, 200, {"org": "acme"}),
    ("a user's directory", "POST", "/~joe/f/echo.fcgi/acme/x", {"body": b""}, 200, {"item": "x"}),
    ("an absolute target", "POST", "http://h.example/fairlead/echo/a/b", {}, 200, {"org": "a"}),
    ("decoded once", "POST", "/fairlead/echo/a%2fb/x", {}, 404, {}),
    ("decoded once only", "POST", "/fairlead/echo/a%252Fb/x", {}, 200, {"org": "a%2Fb"}),
    ("plus is plus in a path", "POST", "/fairlead/echo/a+b/c%20d", {}, 200,
     {"org": "a+b", "item": "c d"}),
    ("NUL", "POST", "/fairlead/echo/a%00b/x", {}, 404, {}),
    ("dots", "POST", "/fairlead/echo/../x", {}, 404, {}),
    ("encoded dots", "POST", "/fairlead/echo/%2e%2e/x", {}, 404, {}),
    ("traversal", "GET", "/fairlead/echo/acme/file/..%2f..%2fetc%2fpasswd", {}, 404, {}),
    ("line break", "POST", "/fairlead/echo/a%0d%0aSet-Cookie:x/b", {}, 404, {}),
    ("invalid UTF-8", "POST", "/fairlead/echo/a%FF/x", {}, 404, {}),
    ("overlong slash", "POST", "/fairlead/echo/a%C0%AF/x", {}, 404, {}),
    ("bad escape", "POST", "/fairlead/echo/a%zz/x", {}, 404, {}),
    ("cut escape", "POST", "/fairlead/echo/acme/x%2", {}, 404, {}),
    ("empty segment", "POST", "/fairlead/echo//x", {}, 404, {}),
    ("slash behind", "POST", "/fairlead/echo/acme/x/", {}, 404, {}),
    ("segment of 200", "POST", "/fairlead/echo/acme/" + "y" * 200, {}, 200, {"item": "y" * 200}),
    ("segment of 201", "POST", "/fairlead/echo/acme/" + "y" * 201, {}, 404, {}),
    ("another program", "GET", "/fairlead/echoes", {}, 404, {}),
    ("nothing", "GET", "", {}, 404, {}),
    ("long target", "GET", "/fairlead/echo?" + "q" * 8192, {}, 414, {}),
    ("longest target", "GET", "/fairlead/echo?" + "q" * (8192 - 15), {}, 200, {}),
    ("fixed end", "GET", "/fairlead/echo/acme/file/tok.ics", {}, 200, {"file": "tok"}),
    ("only the fixed end", "GET", "/fairlead/echo/acme/file/.ics", {}, 200, {"file": ".ics"}),
    ("query", "GET", "/fairlead/echo?a=b&q=x+y%26&q=z", {}, 200, {"query_q": "x y&"}),
    ("query with bad pair", "GET", "/fairlead/echo?q=%zz&q=%00&q=good", {}, 200,
     {"query_q": "good"}),
    ("form", "POST", "/fairlead/echo", {
        "body": b"q=caf%C3%A9+1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
     200, {"form_q": "café 1"}),
    ("form with charset", "POST", "/fairlead/echo", {"body": b"q=1", "headers": {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}}, 200, {"form_q": "1"}),
    ("no form", "POST", "/fairlead/echo", {
        "body": b"q=1", "headers": {"Content-Type": "text/plain"}}, 200, {"form_q": None}),
    ("almost a form", "POST", "/fairlead/echo", {"body": b"q=1", "headers": {
        "Content-Type": "application/x-www-form-urlencodedx"}}, 200, {"form_q": None}),
    ("body with NUL", "POST", "/fairlead/echo", {"body": b"a\0b"}, 200, {"length": 3}),
    ("body at the ceiling", "POST", "/fairlead/echo", {"body": b"x" * MIB}, 200, {"length": MIB}),
    ("body above it", "POST", "/fairlead/echo", {"body": b"x" * (MIB + 1)}, 413, {}),
    ("giant body", "POST", "/fairlead/echo", {"body": b"x" * (100 * MIB)}, 413, {}),
    ("small ceiling", "PATCH", "/fairlead/echo/a/b", {"body": b"x" * 65}, 413, {}),
    ("body nobody reads", "GET", "/fairlead/echo/big", {"body": b"x" * MIB}, 200, None),
    ("short body", "POST", "/fairlead/echo", {"body": b"abc", "length": 5}, 400, {}),
    ("length no number", "POST", "/fairlead/echo", {"body": b"abc", "length": "3x"}, 400, {}),
    ("negative length", "POST", "/fairlead/echo", {"body": b"abc", "length": "-3"}, 400, {}),
    ("length of 2^64", "POST", "/fairlead/echo", {"body": b"abc", "length": str(1 << 64)}, 400, {}),
    ("length of 2^62", "POST", "/fairlead/echo", {"body": b"abc", "length": str(1 << 62)}, 413, {}),
    ("chunked", "POST", "/fairlead/echo", {
        "body": b"3\r\nabc\r\n0\r\n\r\n", "length": "", "headers": {"Transfer-Encoding": "chunked"}},
     411, {}),
    ("no length, no body", "POST", "/fairlead/echo", {"length": ""}, 200, {"length": 0}),
    ("unknown method", "BREW", "/fairlead/echo", {}, 405, {}),
    ("CONNECT", "CONNECT", "/fairlead/echo", {}, 405, {}),
    ("method in lower case", "get", "/fairlead/echo", {}, 405, {}),
    ("unknown method, unknown path", "BREW", "/fairlead/echo/none", {}, 404, {}),
    ("wrong method", "DELETE", "/fairlead/echo/acme/x", {}, 405, {}),
    ("OPTIONS", "OPTIONS", "/fairlead/echo", {}, 204, None),
    ("handler without a reply", "GET", "/fairlead/echo/silent", {}, 500, {}),
    ("handler that splits headers", "GET", "/fairlead/echo/split", {}, 500, {}),
    ("failure", "GET", "/fairlead/echo/fail", {}, 500, {}),
    ("full disk", "GET", "/fairlead/echo/fail?kind=full", {}, 503, {}),
    ("no key", "GET", "/fairlead/echo/closed/acme", {}, 401, {}),
    ("wrong key", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "Bearer bad"}}, 403, {}),
    ("Bearer", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "bearer good"}}, 200, {"credential": "good"}),
    ("Basic", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "Basic Z29vZDo="}}, 200, {"credential": "good"}),
    ("Basic that is no base64", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "Basic Z29vZDo"}}, 401, {}),
    ("another scheme", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "Digest good"}}, 401, {}),
    ("Authorization by rewrite rule", "GET", "/fairlead/echo/closed/acme", {
        "extra": {"REDIRECT_HTTP_AUTHORIZATION": "Bearer good"}}, 200, {}),
    ("Bearer without a token", "GET", "/fairlead/echo/closed/acme", {
        "headers": {"Authorization": "Bearer "}}, 401, {}),
    ("header", "GET", "/fairlead/echo", {"headers": {"X-Signature": "s"}}, 200, {"signature": 1}),
    ("large header", "GET", "/fairlead/echo", {"headers": {"X-Large": "x" * 65536}}, 431, {}),
    ("accepted header", "GET", "/fairlead/echo", {"headers": {"X-Large": "x" * 60000}}, 200, {}),
    ("redirect", "POST", "/fairlead/echo/away", {}, 303, None),
]


def check_case(face, ask, case):
    name, method, target, more, status, members = case
    reply = ask(method, target, **more)
    name = f"{face}: {name}"
    if not tap.equal(reply.status, status, name):
        tap.note(reply)
        return
    faults = []
    headers = reply.headers
    if not re.fullmatch(UUID, headers.get("x-request-id", "")):
        faults.append("no request id")
    if headers.get("x-content-type-options") != "nosniff" or "cache-control" not in headers or \
            headers.get("referrer-policy") != "no-referrer" or \
            not headers.get("content-security-policy", "").startswith("default-src 'none'"):
        faults.append(f"security headers: {headers}")
    if status != 204 and headers.get("content-length") != str(len(reply.body)):
        faults.append(f"length {headers.get('content-length')}, not {len(reply.body)}")
    if status >= 400:
        problem = reply.json()
        want = {"type": "about:blank", "title": reply.reason, "status": status,
                "detail": problem.get("detail"),
                "instance": "urn:uuid:" + headers.get("x-request-id", "")}
        if problem != want or headers["content-type"] != "application/problem+json":
            faults.append(f"problem {problem}")
        if not problem.get("detail") or "secret" in problem["detail"]:
            faults.append("detail")
    elif members is not None:
        said = reply.json()
        for key, value in members.items():
            if said.get(key) != value:
                faults.append(f"{key}: got {said.get(key)!r}, want {value!r}")
        if said["id"] != headers["x-request-id"]:
            faults.append("another id")
    tap.ok(not faults, name + ", in every part", "\n".join(faults))


def check_face(face, ask):
    """What holds on both faces and has a shape of its own."""
    get = ask("GET", "/fairlead/echo/big")
    head = ask("HEAD", "/fairlead/echo/big")
    tap.equal(len(get.body), 3000 * 1024, f"{face}: a large reply arrives whole")
    tap.equal((head.status, head.body, head.headers.get("content-length")),
              (200, b"", str(3000 * 1024)), f"{face}: HEAD is GET without the body")
    tap.equal(get.headers["cache-control"], "private, max-age=60",
              f"{face}: a handler's own header replaces the standard one")
    for method in ("OPTIONS", "DELETE"):
        tap.equal(ask(method, "/fairlead/echo").headers.get("allow"), "GET, HEAD, POST, OPTIONS",
                  f"{face}: {method} names what is allowed")
    full = ask("GET", "/fairlead/echo/fail?kind=full")
    tap.ok(int(full.headers.get("retry-after", "0")) > 0, f"{face}: 503 says when to come back")
    tap.contains(ask("GET", "/fairlead/echo/closed/a").headers.get("www-authenticate", ""),
                 "Bearer", f"{face}: 401 names the scheme")
    moved = ask("POST", "/fairlead/echo/away")
    tap.equal(moved.headers.get("location"), "https://example.org/there", f"{face}: 303 leads on")
    page = ask("GET", "/fairlead/echo/none", headers={"Accept": BROWSER})
    tap.equal((page.status, page.headers["content-type"]), (404, "text/html; charset=utf-8"),
              f"{face}: a person gets a page")
    tap.contains(page.text(), page.headers["x-request-id"], f"{face}: with the reference")
    style = re.search("<style>(.*?)</style>", page.text(), re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    tap.equal(page.headers["content-security-policy"],
              "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
              f"style-src 'sha256-{digest}'; form-action 'self'",
              f"{face}: the policy allows the page's own style and nothing else")
    tap.ok("/*" not in style and "--paper" in style, f"{face}: the style has lost its comments")
    tap.lacks(re.sub("<style>.*?</style>", "", page.text(), flags=re.DOTALL), "style=",
              f"{face}: no style attribute, the policy would drop it")
    shown = ask("GET", "/fairlead/echo/page?q=%3Cb%3E%26", headers={"Accept": BROWSER})
    tap.contains(shown.text(), "&lt;b&gt;&amp;", f"{face}: a page escapes what a visitor wrote")
    tap.contains(shown.headers["content-security-policy"], "form-action 'self' https://a.example",
                 f"{face}: its forms may end where the handler says")
    tap.equal(ask("GET", "/fairlead/echo/page?t=none").status, 500,
              f"{face}: a template that is not there is our fault")
    machine = ask("GET", "/fairlead/echo/machine/a", headers={"Accept": BROWSER})
    tap.equal(machine.headers["content-type"], "application/problem+json",
              f"{face}: a route for programs never makes pages")
    ids = {ask("GET", "/fairlead/echo", headers={"X-Request-Id": "mine"}).headers["x-request-id"]
           for _ in range(5)}
    tap.ok(len(ids) == 5 and "mine" not in ids, f"{face}: request ids are ours and never the same")


def check_log(face, log):
    tap.contains(log, "route={org}/{item}", f"{face}: the log names the pattern")
    for secret in ("acme/x", "Z29vZDo", "tok.ics", "etc%2fpasswd"):
        tap.lacks(log, secret, f"{face}: and not {secret}")
    tap.contains(log, "secret cause", f"{face}: the cause stands in the log")
    tap.contains(log, "status=404", f"{face}: and what was refused")
    tap.ok(all(" request=" in line for line in log.splitlines() if "status=" in line),
           f"{face}: each with its request id")


def test_log_level():
    """What went well is the web server's to log; what did not is always told."""
    for level, good, bad in (("debug", True, True), ("info", False, True), (None, False, True),
                             ("warn", False, False)):
        env = {} if level is None else {"FAIRLEAD_LOG_LEVEL": level}
        reply = cgi.request(ECHO, "GET", "/fairlead/echo", env=env)
        tap.equal("status=200" in reply.log, good, f"log level {level}: 200")
        reply = cgi.request(ECHO, "GET", "/fairlead/echo/no/such/route", env=env)
        tap.equal("status=404" in reply.log, bad, f"log level {level}: 404")
    tap.equal(cgi.request(ECHO, "GET", "/fairlead/echo", env={"FAIRLEAD_LOG_LEVEL": "loud"}).status,
              500, "an unknown log level is a fault of the settings")


def test_cgi():
    logs = []

    def ask(method, target, **more):
        reply = cgi.request(ECHO, method, target, **more)
        logs.append(reply.log)
        if reply.code != 0:
            tap.note(f"exit status {reply.code}: {reply.log}")
        return reply

    for case in CASES:
        check_case("CGI", ask, case)
    check_face("CGI", ask)
    check_log("CGI", "".join(logs))


def test_cgi_open_stdin():
    """RFC 3875, 4.2: a server need not close stdin, so nothing may wait for its end."""
    around = cgi.environment()
    around.update(cgi.variables("POST", "/fairlead/echo", b"hello"))
    with subprocess.Popen([cgi.program(ECHO)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=around) as child:
        child.stdin.write(b"hello")
        child.stdin.flush()
        reply = cgi.Reply(child.stdout.read())
        tap.equal(child.wait(20), 0, "CGI: ends although stdin stays open")
        child.stdin.close()
    tap.equal(reply.json()["body"], "hello", "CGI: with the whole body read")


def test_fcgi():
    for spawned in (False, True):
        face = "FastCGI, spawned" if spawned else "FastCGI"
        with fcgi_client.Server(ECHO, spawned=spawned) as server:
            for case in CASES if not spawned else CASES[:5]:
                check_case(face, server.request, case)
            if not spawned:
                check_face(face, server.request)
        tap.equal(server.code, 0, f"{face}: SIGTERM ends it cleanly")
        if not spawned:
            check_log(face, server.log)


def test_kept_connection():
    with fcgi_client.Server(ECHO) as server:
        with server.connect() as c:
            for i in range(20):
                # Bodies that nobody reads must not become the next request.
                reply = c.request("GET", f"/fairlead/echo?q={i}", body=b"unread" * 5000, keep=True)
                if reply.status != 200 or reply.json()["query_q"] != str(i) or not c.ended:
                    break
            tap.equal((i, reply.status), (19, 200), "20 requests on one kept connection")
            reply = c.request("POST", "/fairlead/echo", body=b"x" * (5 * MIB), keep=True)
            tap.equal(reply.status, 413, "a body too large on a kept connection")
            reply = c.request("POST", "/fairlead/echo", body=b"fine", keep=True)
            tap.equal(reply.status, 200, "and the next request is answered")
            tap.equal(server.stop(), 0, "an idle kept connection does not hold up the end")


def test_doubled_header():
    with fcgi_client.Server(ECHO) as server:
        twice = [("X-Signature", "a"), ("X-Signature", "b"), ("Authorization", "Bearer good"),
                 ("Authorization", "Bearer bad")]
        said = server.request("GET", "/fairlead/echo", headers=twice).json()
        tap.equal(said["signature"], -1, "a doubled header is told apart")
        tap.equal(said["credential"], None, "a doubled credential counts as none")
        with server.connect() as c:
            c.begin()
            pairs = cgi.variables("POST", "/fairlead/echo", b"12345")
            c.params(pairs + [("CONTENT_LENGTH", "3")])
            c.stdin(b"12345")
            c.stdin(b"")
            tap.equal(c.reply().status, 400, "two lengths are one too many")


def test_malformed():
    """Whatever comes in on the socket, the next request is answered."""
    pairs = cgi.variables("POST", "/fairlead/echo", b"12345")
    with fcgi_client.Server(ECHO, env={"FAIRLEAD_THREADS": "1"}) as server:
        def cut(what, send):
            with server.connect() as c:
                try:
                    send(c)
                    c.socket.shutdown(1)
                    c.reply()
                except OSError:
                    pass  # it may well hang up on us
            tap.equal(server.request("GET", "/fairlead/echo").status, 200, f"lives on after {what}")

        def begun(c):
            c.begin()
            c.params(pairs)

        def longer(c):
            begun(c)
            c.stdin(b"123456789")
            c.stdin(b"")
            tap.equal(c.reply().status, 400, "a body longer than announced is refused")

        def unannounced(c):
            c.begin()
            c.params([p for p in pairs if p[0] != "CONTENT_LENGTH"])
            c.stdin(b"12345")
            c.stdin(b"")
            tap.equal(c.reply().status, 411, "a body without a length is refused")

        def uneven(c):
            c.begin()
            data = b"".join(fcgi_client.pair(n, v) for n, v in pairs)
            for byte in data:
                c.record(fcgi_client.PARAMS, bytes([byte]), padding=3)
            c.params([])
            for byte in b"12345":
                c.record(fcgi_client.STDIN, bytes([byte]), padding=7)
            c.stdin(b"")
            tap.equal(c.reply().json()["body"], "12345", "records of one byte with padding")

        cut("nothing at all", lambda c: None)
        cut("random bytes", lambda c: c.raw(bytes(range(256)) * 8))
        cut("HTTP", lambda c: c.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        cut("an end after BEGIN", lambda c: c.begin())
        cut("an unknown role", lambda c: c.begin(role=9))
        cut("half a header", lambda c: c.raw(b"\x01\x01\x00"))
        cut("a cut pair", lambda c: (c.begin(), c.record(4, b"\x0b\x80\x00"), c.params([])))
        cut("a pair longer than its record",
            lambda c: (c.begin(), c.record(4, b"\x04\xff\xff\xff\xffNAME"), c.params([])))
        cut("an end in the params", lambda c: (c.begin(), c.params(pairs, end=False)))
        cut("an end in the body", lambda c: (begun(c), c.stdin(b"12")))
        cut("an abort", lambda c: (begun(c), c.record(fcgi_client.ABORT)))
        cut("a longer body", longer)
        cut("a body without length", unannounced)
        cut("small records", uneven)
        with server.connect() as c:  # leaves before the reply: SIGPIPE must not kill
            c.request("GET", "/fairlead/echo")
        for _ in range(5):
            with server.connect() as c:
                c.begin()
                c.params(cgi.variables("GET", "/fairlead/echo/big"))
                c.stdin(b"")
        tap.equal(server.request("GET", "/fairlead/echo").status, 200, "lives on after early leavers")
    tap.equal(server.code, 0, "and ends cleanly")


def test_slow_client():
    """One who sends byte by byte holds one thread, not the program."""
    with fcgi_client.Server(ECHO, env={"FAIRLEAD_THREADS": "2"}) as server, server.connect() as c:
        c.begin()
        c.params(cgi.variables("POST", "/fairlead/echo", b"12345"))
        c.stdin(b"12")
        tap.equal(server.request("GET", "/fairlead/echo").status, 200, "others are served meanwhile")
        server.signal(signal.SIGTERM)
        tap.ok(tap.wait_for(lambda: not os.path.exists(server.address)), "a stop begins")
        tap.ok(server.process.poll() is None, "and waits for the request in progress")
        c.stdin(b"345")
        c.stdin(b"")
        reply = c.reply()
        tap.equal((reply.status, c.ended), (200, True), "which is answered")
        tap.equal(server.stop(None), 0, "before the program ends")


def load(server, stop_after):
    """Clients in a loop; SIGTERM after so many replies.  Gives replies, and what went wrong."""
    lock, total, faults = threading.Lock(), [0], []

    def client():
        while True:
            try:
                c = server.connect()
            except (ConnectionRefusedError, FileNotFoundError):
                return  # nobody listens any more: the web server would know, and retry
            with c:
                try:
                    reply = c.request("GET", "/fairlead/echo/slow")
                except OSError as error:
                    reply = error
                with lock:
                    if not c.ended or reply.status != 200 or reply.body != b"done":
                        faults.append(repr(reply))
                    total[0] += 1
                    if total[0] == stop_after:
                        server.signal(signal.SIGTERM)

    clients = [threading.Thread(target=client) for _ in range(40)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return total[0], faults


def test_stop_under_load():
    for round_ in range(3):
        with fcgi_client.Server(ECHO, env={"FAIRLEAD_ECHO_PAUSE": "3"}) as server:
            total, faults = load(server, 200)
            tap.equal(faults[:3], [], f"round {round_ + 1}: every connection taken is answered")
            tap.ok(total > 200, f"round {round_ + 1}: some of them after the signal ({total - 200})")
            tap.equal(server.stop(None), 0, f"round {round_ + 1}: a clean end")


def test_concurrency():
    with fcgi_client.Server(ECHO) as server:
        wrong = []

        def client(number):
            for i in range(30):
                text = f"{number}-{i}"
                said = server.request("POST", f"/fairlead/echo/o{number}/{i}", body=text.encode())
                said = said.json()
                if (said["org"], said["item"], said["body"]) != (f"o{number}", str(i), text):
                    wrong.append(said)

        threads = [threading.Thread(target=client, args=(n,)) for n in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tap.equal(wrong, [], "720 requests of 24 clients are never mixed up")
        with open(f"/proc/{server.process.pid}/limits", encoding="ascii") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        tap.equal(core.split()[4:6], ["0", "0"], "no core file can hold secrets")


def test_command_line():
    def run(*args, **env):
        return subprocess.run([cgi.program(ECHO), *args], capture_output=True, text=True,
                              env=cgi.environment(env), stdin=subprocess.DEVNULL, check=False)

    done = run("--help")
    tap.ok(done.returncode == 0 and "FAIRLEAD_HOME" in done.stdout and
           "FAIRLEAD_ECHO_PAUSE" in done.stdout and "--listen" in done.stdout, "--help", done)
    tap.ok(re.fullmatch(r"echo \(fairlead\) \d+\.\d+\.\d+\n", run("--version").stdout), "--version")
    for name, args, env in (("an unknown option", ["--frob"], {}),
                            ("a missing value", ["--listen"], {}),
                            ("a number out of range", [], {"FAIRLEAD_THREADS": "0"}),
                            ("no web server", [], {})):
        done = run(*args, **env)
        tap.ok(done.returncode == 2 and done.stderr and not done.stdout, f"{name}: status 2", done)
    with tap.directory() as home:
        path = os.path.join(home, "settings")
        with open(path, "w", encoding="utf-8") as settings:
            settings.write("FAIRLEAD_MOUNT = /elsewhere/a\nFAIRLEAD_LOG = json\n"
                           "FAIRLEAD_LOG_LEVEL = debug\n")
        reply = cgi.request(ECHO, "GET", "/elsewhere/a/echo", env={"FAIRLEAD_HOME": home})
        tap.equal(reply.status, 200, "the home's settings file is read")
        tap.ok(reply.log.startswith("{"), "and obeyed", reply.log)
        with open(path, "a", encoding="utf-8") as settings:
            settings.write("FAIRLEAD_MOUNTS = /x\n")
        reply = cgi.request(ECHO, "GET", "/elsewhere/a/echo", env={"FAIRLEAD_HOME": home})
        tap.equal(reply.status, 500, "a faulty one gives 500 in CGI")
        tap.contains(reply.log, "FAIRLEAD_MOUNTS", "and the log names the fault")
        tap.lacks(reply.text(), "MOUNTS", "which the visitor does not see")
        done = run("--listen", os.path.join(home, "s"), "--settings", path)
        tap.equal(done.returncode, 2, "with a faulty file named a program does not start")
        done = run("--listen", path)
        tap.ok(done.returncode == 2 and os.path.isfile(path), "a file in the socket's place stays")


def test_templates():
    page = {"headers": {"Accept": BROWSER}}
    with tap.directory() as path:
        env = {"FAIRLEAD_TEMPLATES": os.path.join(path, "none")}
        reply = cgi.request(ECHO, "GET", "/fairlead/echo/none", env=env, **page)
        tap.equal((reply.status, "<h1>Not Found</h1>" in reply.text()), (404, True),
                  "without templates errors are bare pages")
        with open(os.path.join(path, "bad.mustache"), "w", encoding="utf-8") as bad:
            bad.write("fine\n{{#never}}\n")
        env = {"FAIRLEAD_TEMPLATES": path}
        done = subprocess.run([cgi.program(ECHO), "--listen", os.path.join(path, "s")],
                              capture_output=True, text=True, env=cgi.environment(env), check=False)
        tap.ok(done.returncode == 2 and "bad.mustache: line 2" in done.stderr,
               "a faulty template stops the start and is named with its line", done)
        reply = cgi.request(ECHO, "GET", "/fairlead/echo/none", env=env, **page)
        tap.equal(reply.status, 404, "in CGI the error is still the right one")


def test_listen():
    with fcgi_client.Server(ECHO) as server:
        second = subprocess.run([cgi.program(ECHO), "--listen", server.address],
                                capture_output=True, text=True, env=cgi.environment(), check=False)
        tap.equal(second.returncode, 3, "a socket in use is not taken over")
        tap.equal(server.request("GET", "/fairlead/echo").status, 200, "and its owner serves on")
        tap.equal(os.stat(server.address).st_mode & 0o777, 0o660, "the socket is for the group, too")
        server.process.kill()
        server.process.wait()
        tap.ok(os.path.exists(server.address), "a killed program leaves its socket behind")
        with open(server.log_path, "wb") as log:
            again = subprocess.Popen([cgi.program(ECHO), "--listen", server.address], stderr=log,
                                     stdin=subprocess.DEVNULL, env=cgi.environment())
        tap.wait_for(lambda: "serving" in server.read_log())
        tap.equal(server.request("GET", "/fairlead/echo").status, 200, "the next one replaces it")
        again.terminate()
        tap.equal(again.wait(20), 0, "and ends cleanly")
        tap.ok(not os.path.exists(server.address), "with the socket removed")


tap.run(test_cgi, test_cgi_open_stdin, test_log_level, test_fcgi, test_kept_connection,
        test_doubled_header, test_malformed, test_slow_client, test_stop_under_load, test_concurrency,
        test_command_line, test_templates, test_listen)
