# SPDX-License-Identifier: GPL-3.0-or-later
"""Interview links, as a scheduling flow and a candidate's browser meet them."""
import os
import re
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "interview-link.fcgi"
BASE = "/fairlead/interview-link/acme"
ORDER = (b'{"candidate":{"name":"Ada <b>L</b>","email":"ada@b.example"},"title":"Pairing & more",'
         b'"starts_at":"2026-11-25T14:30:00+01:00","ends_at":"2026-11-25T14:30:00Z"}')
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Plain:
    log = ""

    def __init__(self, env):
        self.env = env

    def request(self, method, target, **more):
        reply = cgi.request(PROGRAM, method, target, env=self.env, **more)
        self.log += reply.log
        return reply


def both(function):
    """Runs with the program as plain CGI and as FastCGI, each with a home of its own."""
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path, prepared.Platform() as platform:
                home = prepared.Home(os.path.join(path, "home"))
                home.apply(prepared.document(platform))
                home.write = home.key("interviews:write")
                home.read = home.key("interviews:read")
                if way == "cgi":
                    server = Plain(home.env())
                    function(way, home, server, platform)
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env(FAIRLEAD_THREADS="32")) as server:
                        function(way, home, server, platform)
                    tap.equal(server.code, 0, f"{way}: it ended cleanly")
                for secret in (home.write, home.read, "accessToken", "made up",
                               *re.findall("/join/([a-z2-7]{26})", " ".join(home.links))):
                    tap.lacks(server.log, secret, f"{way}: the log keeps quiet")
    test.__name__ = function.__name__
    return test


def ask(home, server, method, target, body=b"", key="write", **headers):
    if key:
        headers["Authorization"] = "Bearer " + getattr(home, key, key)
    return server.request(method, target, body=body,
                          headers={n.replace("_", "-"): v for n, v in headers.items()})


def make(home, server, body=ORDER, **headers):
    reply = ask(home, server, "POST", BASE, body, **headers)
    if reply.status == 201:
        home.links.append(reply.json()["url"])
    return reply


def path_of(url):
    return url.replace("https://hire.example.org", "")


def problem(name, reply, status, part=None, pointer=None):
    tap.equal(reply.status, status, f"{name}: {status}")
    tap.equal(reply.headers.get("content-type"), "application/problem+json", f"{name}: a problem")
    value = reply.json()
    tap.equal((value["status"], value["title"]), (status, reply.reason), f"{name}: says the same")
    tap.ok(reply.headers.get("x-request-id", "?") in value["instance"], f"{name}: can be traced")
    if part is not None:
        tap.contains(value["detail"], part, f"{name}: helpful")
    if pointer is not None:
        tap.equal([e["pointer"] for e in value.get("errors", [])], [pointer], f"{name}: where")


def plain(reply):
    """A reply without what differs each time."""
    headers = {k: v for k, v in reply.headers.items() if k not in ("x-request-id",)}
    identity = reply.headers["x-request-id"].encode()
    return reply.status, headers, reply.body.replace(identity, b"")


@both
def test_wrong(way, home, server, platform):
    home.links = []
    problem(f"{way}: no key", ask(home, server, "POST", BASE, ORDER, key=None), 401, "Show a key")
    problem(f"{way}: half a key", ask(home, server, "POST", BASE, ORDER, key=home.write[:-1]), 401,
            "cut off or mistyped")
    problem(f"{way}: a key that reads", ask(home, server, "POST", BASE, ORDER, key="read"), 403,
            "scope")
    problem(f"{way}: a key that writes", ask(home, server, "GET", BASE + "/aaaaaaaaaaaaaaaa"), 403)
    with tap.directory() as path:
        other = prepared.Home(os.path.join(path, "home"))
        other.apply(prepared.document())
        stranger = other.key("interviews:write")
    unknown_key = ask(home, server, "POST", BASE, ORDER, key=stranger)
    unknown_org = ask(home, server, "POST", "/fairlead/interview-link/nobody", ORDER)
    problem(f"{way}: a key of another home", unknown_key, 401)
    tap.equal(plain(unknown_org), plain(unknown_key), f"{way}: unknown org as unknown key")
    tap.ok("www-authenticate" in unknown_key.headers, f"{way}: 401 says how")

    for name, body, status, part, pointer in (
            ("empty", b"", 400, None, None),
            ("half", b'{"candidate"', 400, None, None),
            ("not UTF-8", b'{"title":"\xff"}', 400, None, None),
            ("NUL", b'{"title":"a\\u0000b"}', 400, None, None),
            ("twice", b'{"title":"a","title":"b"}', 400, None, None),
            ("deep", b"[" * 10000, 400, None, None),
            ("a list", b"[]", 422, "must be a JSON object", None),
            ("nobody", b"{}", 422, "needs a name or an email", "#/candidate"),
            ("e-mail", b'{"candidate":{"email":"x"}}', 422, "no e-mail", "#/candidate/email"),
            ("unknown member", b'{"candidates":[]}', 422, "no such member", "#/candidates"),
            ("header in a title", b'{"candidate":{"name":"A"},"title":"a\\r\\nSet-Cookie: x"}', 422,
             "control character", "#/title"),
            ("time", b'{"candidate":{"name":"A"},"starts_at":"tomorrow"}', 422, "2026-11-25T",
             "#/starts_at"),
            ("platform", b'{"candidate":{"name":"A"},"platform":"gh"}', 422, "gives interviews",
             "#/platform"),
            ("ats", b'{"candidate":{"name":"A"},"ats":"cs","ats_interview":"1"}', 422, "cs",
             "#/ats"),
            ("large", b'{"title":"' + b"x" * 70000 + b'"}', 413, None, None)):
        problem(f"{way}: {name}", make(home, server, body), status, part, pointer)
    for name, value in (("empty", ""), ("long", "k" * 256)):
        problem(f"{way}: Idempotency-Key {name}", make(home, server, Idempotency_Key=value), 400,
                "1 to 255")
    for method, target in (("PUT", BASE), ("DELETE", BASE), ("POST", BASE + "/aaaaaaaaaaaaaaaa"),
                           ("BREW", BASE)):
        reply = ask(home, server, method, target)
        problem(f"{way}: {method}", reply, 405 if method != "BREW" else reply.status)
        tap.ok(reply.status in (405, 501), f"{way}: {method} is refused")
        if reply.status == 405:
            tap.ok(reply.headers.get("allow"), f"{way}: {method}: what is allowed")
    for target in ("/aaaaaaaaaaaaaaaa", "/AAAAAAAAAAAAAAAA", "/a", "/..%2f..%2fetc", "/%00"):
        for method, key in (("GET", "read"), ("PATCH", "write"), ("DELETE", "write")):
            reply = ask(home, server, method, BASE + target, b"{}" if method == "PATCH" else b"",
                        key=key)
            tap.equal(reply.status, 404, f"{way}: {method} {target} is not there")
    tap.equal(platform.calls, [], f"{way}: the platform heard nothing")


@both
def test_life(way, home, server, platform):
    home.links = []
    made = make(home, server, Idempotency_Key="flow-1")
    tap.equal(made.status, 201, f"{way}: made")
    view = made.json()
    tap.equal(made.headers["location"], view["self"], f"{way}: Location is its own address")
    tap.equal((view["state"], view["starts_at"], view["candidate"]["name"], view["sequence"]),
              ("ready", "2026-11-25T13:30:00Z", "Ada <b>L</b>", 0), f"{way}: as ordered, in UTC")
    again = make(home, server, Idempotency_Key="flow-1")
    tap.equal((again.status, again.json(), again.headers.get("idempotency-replayed")),
              (201, view, "true"), f"{way}: the same again")
    problem(f"{way}: the same key, another order",
            make(home, server, b'{"candidate":{"name":"Bob"}}', Idempotency_Key="flow-1"), 422,
            "another document")
    own = path_of(view["self"])
    tap.equal(ask(home, server, "GET", own, key="read").json(), view, f"{way}: shown")
    moved = ask(home, server, "PATCH", own, b'{"starts_at":null,"ends_at":null}')
    tap.equal((moved.status, moved.json()["sequence"], moved.json()["url"]), (200, 1, view["url"]),
              f"{way}: changed, same link")
    for body in (b"{}", b'{"starts_at":null,"ends_at":null}'):
        again = ask(home, server, "PATCH", own, body)
        tap.equal((again.status, again.json()), (200, moved.json()), f"{way}: no change is none: {body}")
    problem(f"{way}: change to nonsense", ask(home, server, "PATCH", own, b'{"title":1}'), 422,
            "title", "#/title")
    problem(f"{way}: change the platform", ask(home, server, "PATCH", own, b'{"platform":"cs"}'),
            422, "cannot be changed")
    problem(f"{way}: no time, no calendar",
            server.request("GET", path_of(view["calendar_url"])), 404, "no time yet")
    moved = ask(home, server, "PATCH", own, b'{"starts_at":"2026-11-26T10:00:00Z"}')
    tap.equal(moved.json()["starts_at"], "2026-11-26T10:00:00Z", f"{way}: moved")

    calendar = server.request("GET", path_of(view["calendar_url"]))
    tap.equal((calendar.status, calendar.headers["content-type"]),
              (200, "text/calendar; charset=utf-8"), f"{way}: calendar")
    tap.contains(calendar.text().replace("\r\n ", ""), "URL:" + view["url"] + "\r\n",
                 f"{way}: calendar leads here")
    tap.contains(calendar.text(), "SEQUENCE:2\r\n", f"{way}: calendar was moved twice")

    link = path_of(view["url"])
    lobby = server.request("GET", link, headers=HTML)
    tap.equal((lobby.status, lobby.headers["content-type"]), (200, "text/html; charset=utf-8"),
              f"{way}: lobby")
    tap.contains(lobby.text(), "Ada &lt;b&gt;L&lt;/b&gt;", f"{way}: lobby: names are escaped")
    tap.contains(lobby.text(), "Pairing &amp; more", f"{way}: lobby: title")
    tap.contains(lobby.text(), "Thursday 26 November 2026, 10:00 UTC", f"{way}: lobby: time")
    tap.contains(lobby.text(), 'method="post"', f"{way}: lobby: a button")
    tap.contains(lobby.headers["content-security-policy"], f"form-action 'self' {platform.base}",
                 f"{way}: lobby: browsers may follow Join")
    tap.contains(lobby.headers["cache-control"], "no-store", f"{way}: lobby: not kept")
    tap.equal(lobby.headers["referrer-policy"], "no-referrer", f"{way}: lobby: the link stays here")
    tap.lacks(lobby.text(), "ada@b.example", f"{way}: lobby: no address")
    server.request("HEAD", link)
    tap.equal(platform.calls, [], f"{way}: nothing happens on GET")

    joined = server.request("POST", link, headers=HTML)
    tap.equal((joined.status, joined.headers.get("location")),
              (303, platform.base + "/room/L1?accessToken=hush"), f"{way}: Join leads to the room")
    tap.equal(server.request("POST", link).headers.get("location"), joined.headers.get("location"),
              f"{way}: and again")
    tap.equal(platform.count("createLiveInterview"), 1, f"{way}: one room")
    tap.equal(platform.calls[0][1]["interviewFields"],
              {"candidateName": "Ada <b>L</b>", "candidateEmail": "ada@b.example"},
              f"{way}: made for the candidate")

    gone = ask(home, server, "DELETE", own)
    tap.equal((gone.status, gone.json()["state"]), (200, "cancelled"), f"{way}: cancelled")
    tap.equal(ask(home, server, "DELETE", own).json(), gone.json(), f"{way}: twice")
    problem(f"{way}: changing what is cancelled", ask(home, server, "PATCH", own, b"{}"), 409,
            "Make another")
    lobby = server.request("GET", link, headers=HTML)
    tap.contains(lobby.text(), "This interview was cancelled", f"{way}: the lobby says so")
    tap.lacks(lobby.text(), "<form", f"{way}: and has no button")
    refused = server.request("POST", link, headers=HTML)
    tap.equal((refused.status, "location" in refused.headers), (409, False),
              f"{way}: no joining any more")
    tap.contains(server.request("GET", path_of(view["calendar_url"])).text(), "STATUS:CANCELLED",
                 f"{way}: the calendar says so")
    home.must("tick")
    tap.equal(platform.count("deleteLiveInterview"), 1, f"{way}: the platform is told")


@both
def test_strangers(way, home, server, platform):
    home.links = []
    link = path_of(make(home, server).json()["url"])
    token = link.rpartition("/")[2]
    others = []
    for accept in (HTML, {}):
        for end in ("", ".ics"):
            wrong = [server.request("GET", f"/fairlead/interview-link/{org}/join/{text}{end}",
                                    headers=accept)
                     for org, text in (("acme", "a" * 26), ("nobody", "a" * 26), ("nobody", token),
                                       ("acme", token[:-1]), ("acme", token + "a"),
                                       ("acme", token.upper()))]
            tap.equal(wrong[0].status, 404, f"{way}: no such link{end}")
            tap.contains(wrong[0].text(), "Check that you copied", f"{way}: told what to do")
            tap.ok(all(plain(w) == plain(wrong[0]) for w in wrong),
                   f"{way}: unknown org, unknown token and half a token look the same{end}",
                   [plain(w) for w in wrong])
            others += wrong
    posted = server.request("POST", "/fairlead/interview-link/nobody/join/" + token)
    tap.equal(posted.status, 404, f"{way}: no joining elsewhere")
    tap.equal(server.request("PUT", link).status, 405, f"{way}: the lobby takes GET and POST")
    tap.ok(all(token.encode() not in w.body for w in others), f"{way}: pages repeat no token")
    tap.equal(platform.calls, [], f"{way}: nothing was made")


@both
def test_trouble(way, home, server, platform):
    home.links = []
    link = path_of(make(home, server, b'{"candidate":{"name":"Ada"}}').json()["url"])
    platform.room = "javascript:alert(1)//{}"
    reply = server.request("POST", link, headers=HTML)
    tap.equal((reply.status, "location" in reply.headers), (503, False),
              f"{way}: a room that is no address is not followed")
    tap.lacks(reply.text(), "javascript:", f"{way}: nor shown")

    link = path_of(make(home, server, b'{"candidate":{"name":"Ada"}}').json()["url"])
    platform.room = "https://rooms.example/{}"
    reply = server.request("POST", link, headers=HTML)
    tap.equal(reply.status, 200, f"{way}: a room elsewhere: a page")
    tap.contains(reply.text(), '<a class="button" href="https://rooms.example/L2"',
                 f"{way}: with a link")
    tap.lacks(reply.text(), "<form", f"{way}: and no form")

    link = path_of(make(home, server, b'{"candidate":{"name":"Ada"}}').json()["url"])
    platform.status = 500
    reply = server.request("POST", link, headers=HTML)
    tap.equal((reply.status, reply.headers.get("retry-after")), (503, "5"),
              f"{way}: the platform fails: come again")
    tap.contains(reply.text(), 'role="alert"', f"{way}: said on the lobby")
    tap.contains(reply.text(), "<form", f"{way}: with its button")
    for word in ("500", "Internal", "graphql", "127.0.0.1"):
        tap.lacks(reply.text(), word, f"{way}: no {word} on the page")


def at_once(count, what):
    replies, start = [None] * count, threading.Barrier(count)

    def one(i):
        start.wait()
        replies[i] = what(i)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return replies


@both
def test_at_once(way, home, server, platform):
    home.links = []
    replies = at_once(32, lambda _: make(home, server))
    tap.equal([r.status for r in replies], [201] * 32, f"{way}: 32 links at once")
    tap.equal(len({r.json()["id"] for r in replies}), 32, f"{way}: each its own")
    tap.equal(len({r.json()["url"] for r in replies}), 32, f"{way}: each its own token")
    replies = at_once(32, lambda _: make(home, server, Idempotency_Key="once"))
    tap.equal([r.status for r in replies], [201] * 32, f"{way}: 32 repetitions at once")
    tap.equal(len({r.body for r in replies}), 1, f"{way}: one interview")
    tap.equal(sum("idempotency-replayed" in r.headers for r in replies), 31,
              f"{way}: 31 are told that it was made before")
    link = path_of(replies[0].json()["url"])
    platform.delay = 0.2
    replies = at_once(16, lambda _: server.request("POST", link))
    tap.equal([r.status for r in replies], [303] * 16, f"{way}: 16 press Join at once")
    tap.equal(len({r.headers["location"] for r in replies}), 1, f"{way}: one room for all")
    tap.equal(platform.count("createLiveInterview"), 1, f"{way}: one room is made")


def test_ceiling():
    """A platform that hangs holds up those who join, not those who make links."""
    with tap.directory() as path, prepared.Platform() as platform:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document(platform))
        home.write, home.links = home.key("interviews:write"), []
        with fcgi_client.Server(PROGRAM, env=home.env(FAIRLEAD_THREADS="4")) as server:
            link = path_of(make(home, server).json()["url"])
            platform.delay = 3
            replies = []
            threads = [threading.Thread(
                target=lambda: replies.append(server.request("POST", link))) for _ in range(4)]
            for t in threads:
                t.start()
            turned_away = tap.wait_for(lambda: replies, 2, "one of four to be turned away")
            tap.ok(turned_away and turned_away[0].status == 503, "four threads: the fourth to join "
                   "is asked to come again")
            tap.equal(make(home, server).status, 201, "four threads: a link is made meanwhile")
            tap.equal(len(replies), 1, "four threads: while three wait")
            for t in threads:
                t.join()
            tap.equal(sorted(r.status for r in replies), [303, 303, 303, 503], "then they get in")
            tap.equal(platform.count("createLiveInterview"), 1, "into one room")


tap.run(test_wrong, test_life, test_strangers, test_trouble, test_at_once, test_ceiling)
