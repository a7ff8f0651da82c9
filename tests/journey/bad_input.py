# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything an outsider can send, through the real web servers.

After each of them the same program answers the next decent request, and nothing that was refused
left a trace.
"""
import hashlib
import hmac
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

SECRET = b"greenhouse hook secret"


def sign(body):
    return "sha256 " + hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def status_of(raw):
    found = re.match(rb"HTTP/1\.[01] (\d+)", raw)
    return int(found.group(1)) if found else 0


class Front:
    def __init__(self, h):
        self.h = h
        self.path = "/" + h.hooks["gh"].partition("://")[2].partition("/")[2]

    def send(self, method="POST", path=None, headers=(), body=b"", length=None):
        lines = [f"{method} {path or self.path} HTTP/1.1", "Host: localhost", "Connection: close"]
        if length is None and (body or method in ("POST", "PUT", "PATCH")):
            length = len(body)
        if length is not None:
            lines.append(f"Content-Length: {length}")
        head = b"\r\n".join([l.encode() for l in lines] +
                            [l if isinstance(l, bytes) else l.encode() for l in headers])
        raw = self.h.raw(head + b"\r\n\r\n" + body)
        return status_of(raw), raw


def plain(raw, name, what):
    """Refusals never tell causes, paths or secrets."""
    for word in (b"/tmp/", b".c:", b"errno", SECRET, b"gdbm", b"No such file", b"Traceback"):
        if word in raw:
            tap.ok(False, f"{name}: the answer to {what} tells nothing of the inside", raw[-600:])
            return


def bodies(h, f, v):
    body = json.dumps({"action": "candidate_hired", "payload": {}}).encode()
    cases = [("no body", b""), ("half a document", body[:20]), ("no JSON", b"hello"),
             ("deep nesting", b"[" * 100000), ("members twice", b'{"action":"a","action":"b"}'),
             ("invalid UTF-8", b'{"action":"\xff\xc0\x80"}'), ("NUL bytes", b'{"a":"\0"}\0\0'),
             ("1 MiB less one", b"x" * ((1 << 20) - 1))]
    for name, data in cases:
        got, raw = f.send(body=data)
        tap.equal(got, 401, f"{v}: {name}, not signed: 401")
        plain(raw, v, name)
        got, raw = f.send(body=data, headers=[f"Signature: {sign(data)}"])
        tap.equal(got, 200, f"{v}: {name}, signed: kept and answered 200")
    got, _ = f.send(body=b"x" * ((1 << 20) + 1))
    tap.equal(got, 413, f"{v}: one byte above 1 MiB: 413")
    big = h.raw(b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 104857600\r\n\r\n"
                % f.path.encode() + b"x" * (100 << 20), 60)
    tap.ok(status_of(big) in (413, 0), f"{v}: 100 MB are refused", big[:100])
    # Nothing of a body that is too large may reach the program as an empty one: that is a probe.
    big = h.raw(b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3145728\r\n\r\n"
                % f.path.encode() + b"x" * (3 << 20), 60)
    tap.ok(status_of(big) in (413, 0), f"{v}: 3 MB are refused", big[:100])
    got, _ = f.send(body=body[:10], length=len(body), headers=[f"Signature: {sign(body)}"])
    tap.ok(got in (0, 400, 408) or (got == 500 and v == "apache-fcgid"), f"{v}: a body that ends early is not taken", got)
    got, _ = f.send(method="POST", length=-5)
    tap.ok(400 <= got < 500, f"{v}: a negative length is refused", got)
    chunked = (b"POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
               b"Signature: %s\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" %
               (f.path.encode(), sign(body).encode(), len(body), body))
    got = status_of(h.raw(chunked))
    tap.ok(got in (200, 411), f"{v}: chunked is taken whole, or 411", got)


def headers(h, f, v):
    body = b'{"action":"candidate_hired","payload":{"n":1}}'
    good = sign(body)
    got, _ = f.send(body=body, headers=[f"Signature: {good}", "Signature: sha256 " + "0" * 64])
    tap.equal(got, 401, f"{v}: the signature twice, and different: 401")
    for name, lines in (("64 kB of one header", ["X-Long: " + "a" * 65536]),
                        ("1000 headers", [f"X-{i}: 1" for i in range(1000)]),
                        ("a header without a colon", ["nonsense"]),
                        ("NUL in a header", [b"X-N: a\0b"]),
                        ("line feed tricks", [b"X-A: b\rX-C: d"]),
                        ("a 64 kB signature", ["Signature: sha256 " + "a" * 65536])):
        got, raw = f.send(body=body, headers=lines)
        tap.ok(got == 0 or 400 <= got < 500, f"{v}: {name} is refused", raw[:200])
        plain(raw, v, name)
    for name, line in (("no scheme", "Signature: " + good[7:]), ("upper case name", "SIGNATURE: x"),
                       ("63 digits", "Signature: " + good[:-1]), ("empty", "Signature:"),
                       ("another scheme", "Signature: md5 " + good[7:])):
        tap.equal(f.send(body=body, headers=[line])[0], 401, f"{v}: signature, {name}: 401")


def paths(h, f, v):
    base = "/fairlead/webhook"
    hook = f.path.rpartition("/")[2]
    for path in (f"{base}/acme/../acme/{hook}/..", f"{base}/acme%2F{hook}", f"{base}/acme/%2e%2e/{hook}",
                 f"{base}/acme%00/{hook}", f"{base}//acme/{hook}", f"{base}/acme/{hook}/",
                 f"{base}/acme/{hook}%0a", f"{base}/ACME/{hook}", f"{base}/acme/{hook[:-1]}",
                 f"{base}/acme/%252e%252e", f"{base}/acme/%ff%fe", f"{base}/acme/%zz", f"{base}/",
                 f"{base}/acme/" + "a" * 300, f"{base}/../../../../etc/passwd",
                 "/fairlead/report/acme/..%2f..%2fetc%2fpasswd", "/fairlead/report/../secrets"):
        got, raw = f.send(path=path, body=b"x", headers=["Signature: " + sign(b"x")])
        tap.ok(got == 0 or 400 <= got < 500, f"{v}: {path[:60]} leads nowhere", raw[:300])
        plain(raw, v, path)
    got, raw = f.send(path=f"{base}/acme/" + "a" * 20000)
    tap.ok(got == 0 or 400 <= got < 500, f"{v}: a path of 20 kB leads nowhere", got)


def methods(h, f, v):
    for method in ("GET", "PUT", "DELETE", "PATCH", "BREW", "get", "PROPFIND"):
        got, raw = f.send(method=method)
        tap.ok(400 <= got < 600 and got != 500, f"{v}: {method} on a webhook is refused", raw[:200])
    for method in ("PUT", "DELETE", "BREW"):
        got, _ = f.send(method=method, path="/fairlead/report/acme/AAAAAAAAAAAAAAAAAAAAAAAAAAA")
        tap.ok(400 <= got < 600 and got != 500, f"{v}: {method} on a report is refused", got)
    raw = h.raw(b"\x16\x03\x01\x02\x00" + b"\xff" * 200)
    tap.ok(status_of(raw) in (0, 400), f"{v}: bytes that are no HTTP")


def documents(h, f, v):
    key = h.key("interviews:write")
    bearer = f"Authorization: Bearer {key}"
    for name, body, want in (
            ("nothing", b"", (400,)), ("no JSON", b"{", (400,)), ("a list", b"[]", (400, 422)),
            ("members twice", b'{"title":"a","title":"b"}', (400,)),
            ("deep nesting", b"[" * 10000, (400,)), ("unknown member", b'{"x":1}', (422,)),
            ("64 kB", b"x" * 70000, (413,)), ("a bad address", b'{"candidate":{"email":"@"}}', (422,)),
            ("ends before it starts", b'{"candidate":{"email":"a@example.com"},"starts_at":'
             b'"2027-01-01T10:00:00Z","ends_at":"2027-01-01T09:00:00Z"}', (422,)),
            ("invalid UTF-8", b'{"title":"\xff"}', (400,))):
        got, raw = f.send(path="/fairlead/interview-link/acme", body=body,
                          headers=[bearer, "Content-Type: application/json"])
        tap.ok(got in want, f"{v}: interview-link, {name}: {want[0]}", raw[-300:])
        plain(raw, v, name)
    for name, line in (("no key", "X: y"), ("a made-up key", "Authorization: Bearer fl_live_" + "a" * 44),
                       ("half a key", bearer[:-5]), ("two keys", bearer + "\r\n" + bearer[:-1] + "x"),
                       ("Digest", "Authorization: Digest x")):
        got, _ = f.send(path="/fairlead/interview-link/acme", body=b"{}", headers=[line])
        tap.ok(got in (400, 401), f"{v}: interview-link, {name}: refused", got)
    tap.equal(f.send(path="/fairlead/interview-link/acme", body=b"{}", headers=[
        f"Authorization: Bearer {h.key('status:read')}"])[0], 403, f"{v}: another scope: 403")
    # A form sent from another site presses no button.
    retry = h.http("POST", "admin/acme/actions/1/retry", b"", {
        **h.basic(h.key("actions:write")), "Origin": "https://evil.example"})
    tap.equal(retry.status, 403, f"{v}: a button pressed from another site: 403")


def front(variant):
    why = house.available(variant)
    if why:
        tap.skip(variant, why)
        return
    with house.House(variant, worker=False) as h:
        h.connect()
        f = Front(h)
        h.fairlead("tick")
        before = h.events()
        for part in (headers, paths, methods):
            part(h, f, variant)
        h.fairlead("tick")
        tap.equal(h.events(), before, f"{variant}: nothing of that was kept")
        documents(h, f, variant)
        bodies(h, f, variant)
        body = b'{"action":"candidate_hired","payload":{"n":"last"}}'
        got, _ = f.send(body=body, headers=["Signature: " + sign(body)])
        tap.equal(got, 200, f"{variant}: after all that, a decent delivery is taken")
        code, out, err = h.command("check")
        tap.equal(code, 0, f"{variant}: the state is whole") or tap.note(out + err)
        logs = "".join(h.log(n) for n in os.listdir(h.logs))
        tap.lacks(logs, SECRET.decode(), f"{variant}: no secret in a log")


def lighttpd():
    front("lighttpd-spawned")


def lighttpd_cgi():
    front("lighttpd-cgi")


def apache_proxy():
    front("apache-proxy")


def apache_fcgid():
    front("apache-fcgid")


def apache_cgi():
    front("apache-cgi")


tap.run(lighttpd, lighttpd_cgi, apache_proxy, apache_fcgid, apache_cgi)
