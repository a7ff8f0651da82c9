# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody with a browser of few words: cookies, forms and their hidden fields, no scripts.

    v = visitor.Visitor(server, "acme")        server has request() (fcgi_client, cgi)
    v.join(home.invite("ada@example.com"))     makes the account
    page = v.get("people")                     below admin/acme; "/x" is below admin
    page = v.post("people", email="b@c.example", role="recruiter")     with the form's token

post() takes the token (csrf) from the last page that had one unless csrf= is given; None leaves it
out.  stamp and next come from that page as well when it has them.
"""
import base64
import hashlib
import hmac
import re
import struct
import time
import urllib.parse

PASS = "seven quiet lanterns"
MOUNT = "/fairlead/admin/"


class Visitor:
    def __init__(self, server, org="acme", address="192.0.2.1"):
        self.server, self.org, self.address = server, org, address
        self.cookies, self.hidden, self.last = {}, {}, None

    def path(self, path):
        return MOUNT + (path[1:] if path.startswith("/") else f"{self.org}/{path}".rstrip("/"))

    def request(self, method, path, body=b"", headers=None, extra=None):
        headers = {"Accept": "text/html", "User-Agent": "A browser of few words", **(headers or {})}
        if self.cookies and "Cookie" not in headers:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if method == "POST":
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        reply = self.server.request(method, self.path(path), headers=headers, body=body,
                                    extra={"REMOTE_ADDR": self.address, **(extra or {})})
        for line in reply.headers.get("set-cookie", "").split("\n"):
            name, _, rest = line.partition("=")
            if rest:
                value = rest.split(";")[0]
                if value and "Max-Age=0" not in rest:
                    self.cookies[name] = value
                else:
                    self.cookies.pop(name, None)
        if "text/html" in reply.headers.get("content-type", ""):
            self.last = reply
            found = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"',
                                    reply.text()))
            if "csrf" in found:
                self.hidden = found
        return reply

    def get(self, path="", **more):
        return self.request("GET", path, **more)

    def post(self, path, headers=None, extra=None, **fields):
        for name in ("csrf", "stamp", "once"):
            if name in self.hidden:
                fields.setdefault(name, self.hidden[name])
        body = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None}).encode()
        return self.request("POST", path, body=body, headers=headers, extra=extra)

    def follow(self, reply):
        """The page that a redirect leads to."""
        return self.request("GET", "/" + reply.headers["location"][len(MOUNT):])

    def join(self, link, password=PASS, name="Somebody"):
        """Uses an invitation: signed in afterwards."""
        path = "invitation/" + link.strip().rsplit("/", 1)[1]
        self.get(path)
        return self.post(path, name=name, **{"pass": password, "again": password})

    def sign_in(self, email, password=PASS, code="", **more):
        self.get("sign-in")
        return self.post("sign-in", email=email, code=code, **{"pass": password}, **more)


def invite(home, email, org="acme", role=None):
    words = ["admin", "invite", org, email] + (["--role", role] if role else [])
    return home.must(*words).out.strip()


def totp(base32, steps=0):
    key = base64.b32decode(base32)
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"
