# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin program: health, metrics, the status of an org and its two buttons."""
import base64
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import planted  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "admin.fcgi"


class Plain:
    log = ""

    def __init__(self, env):
        self.env = env

    def request(self, method, target, **more):
        reply = cgi.request(PROGRAM, method, target, env=self.env, **more)
        self.log += reply.log
        return reply


def both(function):
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path:
                home = prepared.Home(os.path.join(path, "home"))
                answer = home.apply(prepared.document())
                home.target = answer["connections"][0]["webhook_url"].replace(
                    "https://hire.example.org", "")
                home.read, home.act = home.key("status:read"), home.key("actions:write")
                if way == "cgi":
                    server = Plain(home.env())
                    function(way, home, server)
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, home, server)
                    tap.equal(server.code, 0, f"{way}: it ended cleanly")
                for secret in (home.read, home.act, *prepared.CREDENTIALS.values()):
                    tap.lacks(server.log, secret, f"{way}: the log keeps quiet")
    test.__name__ = function.__name__
    return test


def ask(server, method, path, key=None, accept="text/html", basic=False, body=b"", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if accept:
        headers["Accept"] = accept
    if key:
        headers["Authorization"] = ("Basic " + base64.b64encode(f"{key}:".encode()).decode()
                                    if basic else "Bearer " + key)
    return server.request(method, "/fairlead/admin" + path, headers=headers, body=body)


def plain(reply):
    identity = reply.headers["x-request-id"]
    return (reply.status, {k: v for k, v in reply.headers.items() if k != "x-request-id"},
            reply.body.replace(identity.encode(), b""))


@both
def test_open(way, home, server):
    for key, word in ((None, "absent"), (home.read, "passed")):
        reply = ask(server, "GET", "/health", key=key)
        tap.equal((reply.status, reply.json()), (200, {"ok": True, "authorization": word}),
                  f"{way}: health, Authorization {word}")
    reply = ask(server, "GET", "/metrics")
    tap.equal(reply.status, 200, f"{way}: metrics")
    tap.ok(reply.headers["content-type"].startswith("text/plain; version=0.0.4"),
           f"{way}: metrics: Prometheus' form")
    lines = [line.split() for line in reply.text().splitlines() if not line.startswith("#")]
    tap.ok(len(lines) >= 3 and all(len(parts) == 2 and parts[1].isdigit() for parts in lines),
           f"{way}: metrics: names and numbers", lines)
    tap.lacks(reply.text(), "acme", f"{way}: metrics name nobody")
    reply = ask(server, "GET", "/")
    tap.equal(reply.status, 200, f"{way}: front page")
    tap.contains(reply.text(), 'action="/fairlead/admin/go"', f"{way}: front page: a form")
    tap.lacks(reply.text(), "acme", f"{way}: front page names nobody")
    reply = ask(server, "GET", "/go?org=acme")
    tap.equal((reply.status, reply.headers.get("location")), (303, "acme"), f"{way}: the way on")
    for wrong in ("", "?org=", "?org=..", "?org=//evil.example", "?org=https:%2f%2fevil.example",
                  "?org=a%0d%0aSet-Cookie:x", "?org=" + "x" * 41):
        reply = ask(server, "GET", "/go" + wrong)
        tap.equal((reply.status, "location" in reply.headers), (400, False),
                  f"{way}: no way on for {wrong}")


@both
def test_status(way, home, server):
    reply = ask(server, "GET", "/acme")
    tap.equal((reply.status, reply.headers["location"]), (303, "/fairlead/admin/acme/sign-in?next=acme"),
              f"{way}: people sign in")
    for key, status in ((None, 401), (home.read[:-1], 401), (home.act, 403)):
        for accept in ("text/html", "application/json") if key else ("application/json",):
            reply = ask(server, "GET", "/acme", key=key, accept=accept)
            tap.equal(reply.status, status, f"{way}: {status} for {accept}")
            tap.equal("www-authenticate" in reply.headers, status == 401, f"{way}: asks for a key")
            tap.lacks(reply.text(), "Acme", f"{way}: {status} tells nothing")
    with tap.directory() as path:
        other = prepared.Home(os.path.join(path, "home"))
        other.apply(prepared.document())
        stranger = other.key("status:read")
    tap.equal(plain(ask(server, "GET", "/nobody", key=stranger)),
              plain(ask(server, "GET", "/acme", key=stranger)), f"{way}: unknown org as unknown key")
    home.apply(prepared.document(org="other"))
    tap.equal(ask(server, "GET", "/other", key=home.read).status, 401,
              f"{way}: a key of one org opens no other")

    page = ask(server, "GET", "/acme", key=home.read, basic=True)
    tap.equal((page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"),
              f"{way}: a page, the key as user name")
    text = page.text()
    for part in ("Acme &amp; Söhne", "Greenhouse", "CodeSignal", "Nothing seen yet",
                 "Nothing waits", "No event has arrived yet"):
        tap.contains(text, part, f"{way}: page has {part}")
    for secret in (*prepared.CREDENTIALS.values(), home.read, home.target.split("/")[-1]):
        tap.lacks(text, secret, f"{way}: page has no secret")
    value = ask(server, "GET", "/acme", key=home.read, accept="application/json").json()
    tap.equal(([c["id"] for c in value["connections"]], value["counts"]["events"]),
              (["cs", "gh"], 0), f"{way}: the same for programs")
    lacking = json.dumps(value)
    for secret in prepared.CREDENTIALS.values():
        tap.lacks(lacking, secret, f"{way}: JSON has no secret")
    home.must("key", "revoke", "acme", home.read[:16])
    tap.equal(ask(server, "GET", "/acme", key=home.read).status, 401,
              f"{way}: a revoked key opens nothing from now on")


def deliver(home, body):
    reply = cgi.request("webhook.fcgi", "POST", home.target, body=body, env=home.env(), headers={
        "Signature": "sha256 " + planted.digest(prepared.CREDENTIALS["hook"], body),
        "Greenhouse-Event-ID": "event-7"})
    tap.equal(reply.status, 200, "a delivery")


@both
def test_buttons(way, home, server):
    deliver(home, json.dumps({"action": "<b>made_up</b>", "payload": {}}).encode())
    home.must("tick")
    text = ask(server, "GET", "/acme", key=home.read).text()
    tap.lacks(text, "<b>made_up", f"{way}: what came from outside is escaped")
    tap.contains(text, 'class="state bad"', f"{way}: an unknown event is seen")
    button = "/acme/events/1/replay"
    tap.equal(ask(server, "GET", button, key=home.act).status, 405, f"{way}: nothing on GET")
    tap.equal(ask(server, "POST", button, key=home.read).status, 403, f"{way}: who reads only")
    tap.equal(ask(server, "POST", button, accept="application/json").status, 401, f"{way}: nobody")
    for name, headers in (("another site", {"Sec_Fetch_Site": "cross-site"}),
                          ("a sister site", {"Sec_Fetch_Site": "same-site"}),
                          ("another origin", {"Origin": "https://evil.example"}),
                          ("no origin", {"Origin": "null"}),
                          ("our name and more", {"Origin": "https://hire.example.org.evil.example"})):
        reply = ask(server, "POST", button, key=home.act, **headers)
        tap.equal(reply.status, 403, f"{way}: a form of {name} is refused")
        tap.contains(reply.text(), "another site", f"{way}: a form of {name}: says why")
    for name, headers in (("ours", {"Sec_Fetch_Site": "same-origin"}),
                          ("ours, by origin", {"Origin": "https://hire.example.org"}),
                          ("a program", {})):
        reply = ask(server, "POST", button, key=home.act, **headers)
        tap.equal((reply.status, reply.headers.get("location")), (303, "/fairlead/admin/acme"),
                  f"{way}: {name}: replayed, back to the page")
    for path, status in (("/acme/events/99/replay", 409), ("/acme/events/0/replay", 404),
                         ("/acme/events/x/replay", 404), ("/acme/actions/99/retry", 409),
                         ("/acme/actions/-1/retry", 404),
                         ("/acme/actions/99999999999999999999/retry", 404)):
        tap.equal(ask(server, "POST", path, key=home.act).status, status, f"{way}: {path}")


tap.run(test_open, test_status, test_buttons)
