# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one of our programs as plain CGI and reads its reply.

    import cgi      tests/lib stands first in sys.path (see tap.py), ahead of Python's own
                    module of this name, which is retired

    reply = cgi.request("tests/program/echo", "POST", "/fairlead/echo/a/b", body=b"x",
                        headers={"Accept": "text/html"}, env={"FAIRLEAD_HOME": home})
    reply.status, reply.headers["content-type"], reply.body, reply.json(), reply.log

variables() makes the CGI variables of a request; fcgi_client sends the same over FastCGI.
headers may be a dict or a list of pairs; extra holds further variables or overrides (a value of
None removes one).  The length of the body is announced unless length says otherwise ("" for
none).  Names of headers in a reply are in lower case; one that came twice is joined by "\n".
"""
import itertools
import json as _json
import os
import subprocess

import tap


class Reply:
    """status (int), reason, headers (dict), body (bytes), raw (bytes), log (text), code."""

    def __init__(self, raw, log="", code=None):
        self.raw, self.log, self.code = raw, log, code
        head, found, self.body = raw.partition(b"\r\n\r\n")
        self.complete = bool(found)
        self.status, self.reason, self.headers = 200, "OK", {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                continue
            name, value = name.strip().lower(), value.strip()
            if name == "status":
                number, _, self.reason = value.partition(" ")
                self.status = int(number)
            elif name in self.headers:
                self.headers[name] += "\n" + value
            else:
                self.headers[name] = value
        if not raw:
            self.status = 0

    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return _json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def variables(method, target, body=b"", headers=(), extra=None, length=None):
    """The variables of RFC 3875 as a list of pairs, as lighttpd sends them."""
    path, _, query = target.partition("?")
    pairs = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_SOFTWARE", "tests"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_NAME", "localhost"),
        ("SERVER_PORT", "80"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REQUEST_METHOD", method),
        ("REQUEST_URI", target),
        ("SCRIPT_NAME", path),
        ("QUERY_STRING", query),
    ]
    if length is None:
        length = str(len(body)) if body or method in ("POST", "PUT", "PATCH") else ""
    if length != "":
        pairs.append(("CONTENT_LENGTH", str(length)))
    for name, value in headers.items() if isinstance(headers, dict) else headers:
        key = name.upper().replace("-", "_")
        pairs.append((key if key == "CONTENT_TYPE" else "HTTP_" + key, value))
    for name, value in (extra or {}).items():
        pairs = [p for p in pairs if p[0] != name]
        if value is not None:
            pairs.append((name, value))
    return pairs


def program(name):
    """A program's path: names are relative to the build directory."""
    return name if os.path.isabs(name) else os.path.join(tap.build(), name)


def environment(env=None):
    """What a program of ours needs around it: a clean environment plus env."""
    clean = {k: v for k, v in os.environ.items()
             if k in ("PATH", "TMPDIR", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")}
    clean["FAIRLEAD_TEMPLATES"] = os.path.join(tap.source(), "templates")
    clean["FAIRLEAD_DATA"] = os.path.join(tap.source(), "data")
    clean["FAIRLEAD_HOME"] = "/nonexistent/fairlead-home"
    clean.update(env or {})
    return clean


LEAKS_LOOKED_FOR = 5  # in one of so many
_brief = itertools.count()


def briefly(env):
    """For a program that is over after one answer.  To look for leaks takes as long as all the
    rest of its life: not each time.  What lives on looks when it ends."""
    if "ASAN_OPTIONS" in env and next(_brief) % LEAKS_LOOKED_FOR:
        env["ASAN_OPTIONS"] += ":detect_leaks=0"
    return env


def request(name, method, target, body=b"", headers=(), env=None, extra=None, length=None,
            timeout=30):
    """Starts the program, gives it one request, and returns its Reply."""
    around = environment(env)
    around.update(variables(method, target, body, headers, extra, length))
    done = subprocess.run([program(name)], input=body, capture_output=True, env=briefly(around),
                          timeout=timeout, check=False)
    return Reply(done.stdout, done.stderr.decode("utf-8", "replace"), done.returncode)
