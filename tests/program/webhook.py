# SPDX-License-Identifier: GPL-3.0-or-later
"""Intake, driven as web servers drive it: what each sender hears, what is kept, what is not."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import planted  # noqa: E402
import tap  # noqa: E402

PROGRAM = "webhook.fcgi"
MIB = 1 << 20


class Plain:
    """The program as plain CGI, with the face of fcgi_client.Server."""

    def __init__(self, home):
        self.env = home.env()

    def request(self, method, target, **more):
        return cgi.request(PROGRAM, method, target, env=self.env, **more)


def both(function):
    """A test that runs twice: with the program as plain CGI, and as FastCGI."""
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path:
                home = planted.Home(os.path.join(path, "home"))
                if way == "cgi":
                    function(way, home, Plain(home))
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, home, server)
                    tap.equal(server.code, 0, f"{way}: it ended cleanly")
                    tap.lacks(server.log, "made up", f"{way}: no secret in the log")
    test.__name__ = function.__name__
    return test


def spoil(headers, body, name):
    """The same delivery with one bit of its signature turned."""
    headers = dict(headers)
    if name == "lv":
        event = json.loads(body)
        event["signature"] = ("0" if event["signature"][0] != "0" else "1") + event["signature"][1:]
        return headers, json.dumps(event).encode()
    key = {"gh": "Signature", "ab": "Ashby-Signature", "cs": "X-CodeSignal-Signature",
           "cb": "Authorization"}[name]
    last = headers[key][-2]
    headers[key] = headers[key][:-2] + ("0" if last != "0" else "1") + headers[key][-1]
    return headers, body


def golden(home):
    """name, connection, headers, body, status, what is written down, trust, reason."""
    rows = []
    trust = {"gh": "body", "ab": "body", "lv": "notice", "cs": "notice", "cb": "notice"}
    refusal = {"gh": 401, "lv": 401, "ab": 400, "cs": 401, "cb": 401}
    for c in home.hooks:
        headers, body = planted.signed(c, home=home)
        rows.append((f"{c}: signed", c, headers, body, 200, "event", trust[c], None))
        if c != "cb":
            headers, body = planted.signed(c, secret=planted.SECRETS[c][1], home=home)
            rows.append((f"{c}: signed with the older secret", c, headers, body, 200, "event",
                         trust[c], None))
        headers, body = spoil(*planted.signed(c, home=home), c)
        rows.append((f"{c}: one bit off", c, headers, body, refusal[c], "refused", "unsigned",
                     None))
    ping = {"action": "ping", "payload": {"web_hook_id": 1}}
    rows.append(("gh: ping", "gh", *planted.signed("gh", ping), 200, "probe", "body",
                 "ping, signed"))
    rows.append(("gh: ping, unsigned", "gh", {}, json.dumps(ping).encode(), 401, "refused",
                 "unsigned", "signature missing"))
    probe = {"triggeredAt": 1431458021951, "event": "candidateHired", "data": {}}
    rows.append(("lv: Verify connection", "lv", *planted.signed("lv", probe), 200, "probe",
                 "notice", "probe, signed"))
    rows.append(("lv: Verify connection, token not known", "lv",
                 *planted.signed("lv", probe, secret="another"), 200, "probe", "unsigned",
                 "probe, signature wrong"))
    rows.append(("lv: Verify connection, bare", "lv", {}, json.dumps(probe).encode(), 200, "probe",
                 "unsigned", "probe, not signed"))
    sample = b'{"event":"candidateStageChange","data":{"toStageId":"a" "fromStageId":"b",}}'
    rows.append(("lv: the documentation's sample", "lv", {}, sample, 400, "refused", "unsigned",
                 "body is not JSON"))
    ping = {"action": "ping", "data": {"webhookActionType": "ping"}}
    rows.append(("ab: ping", "ab", *planted.signed("ab", ping), 200, "probe", "body",
                 "ping, signed"))
    rows.append(("ab: ping, unsigned", "ab", {}, json.dumps(ping).encode(), 200, "probe",
                 "unsigned", "ping, not signed"))
    rows.append(("ab: ping, with much white space", "ab", {},
                 json.dumps(ping, indent=999).encode(), 200, "probe", "unsigned",
                 "ping, not signed"))
    rows.append(("ab: ping, signed wrong", "ab", *planted.signed("ab", ping, secret="another"),
                 200, "probe", "unsigned", "ping, signature wrong"))
    if "cs" in home.hooks:
        for body in (b"", b"{}", b"null"):
            rows.append((f"cs: test button {body!r}", "cs", {}, body, 200, "probe", "unsigned",
                         "probe, not signed"))
    return rows


@both
def test_golden(way, home, server):
    last = 0
    for name, c, headers, body, status, what, trust, reason in golden(home):
        reply = server.request("POST", home.target(c), body=body, headers=headers)
        tap.equal(reply.status, status, f"{way}: {name}: answer")
        tap.ok("x-request-id" in reply.headers, f"{way}: {name}: request id")
        records = home.inbox(last)
        if what != "event" and not records:
            # Probes and refusals are written down once in a while: this one was counted.
            tap.ok(any(r["what"] == what for r in home.inbox()), f"{way}: {name}: was counted")
            continue
        tap.equal([(r["what"], r["connection"], r["trust"]) for r in records], [(what, c, trust)],
                  f"{way}: {name}: written down")
        if not records:
            continue
        record = records[0]
        last = record["number"]
        tap.equal(record["id"], reply.headers["x-request-id"], f"{way}: {name}: same id")
        if reason is not None:
            tap.equal(record["reason"], reason, f"{way}: {name}: reason")
        if what == "event":
            tap.equal(record["body"], body, f"{way}: {name}: raw body")
            tap.ok(re.fullmatch("[0-9a-f]{12}", record["secret"] or ""),
                   f"{way}: {name}: who signed is remembered")
        kept = " ".join(record["headers"]).lower()
        tap.lacks(kept, "authorization", f"{way}: {name}: no credential is kept")
    tap.ok(last > 0, f"{way}: something was kept")
    events = [r for r in home.inbox() if r["what"] == "event" and r["connection"] == "gh"]
    tap.ok(events[0]["secret"] != events[1]["secret"], f"{way}: two secrets, two fingerprints")
    tap.equal(events[0]["headers"].get("Greenhouse-Event-ID"), "event-1",
              f"{way}: the header that matters is kept")


def nested(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


BODIES = {
    "empty": b"",
    "cut short": b'{"action":"candidate_stage_change","payload":{"appl',
    "not JSON": b"hello, world",
    "nested": nested(100000),
    "duplicate members": b'{"action":"ping2","action":"tea","action":"tea"}',
    "invalid UTF-8": b'{"action":"\xff\xfe\xc0\xaf"}',
    "NUL bytes": b'{"action":"a\x00b"}\x00\x00',
    "a large number": b'{"action":' + b"9" * 5000 + b"}",
    "1 MiB": b'"' + b"x" * (MIB - 2) + b'"',
}


@both
def test_bad_bodies(way, home, server):
    """A signature over the body vouches for whatever it is; without one nothing gets in."""
    last = 0
    for name, body in BODIES.items():
        headers, body = planted.signed("gh", body)
        reply = server.request("POST", home.target("gh"), body=body, headers=headers)
        tap.equal(reply.status, 200, f"{way}: gh, signed: {name}")
        records = home.inbox(last)
        tap.ok(len(records) == 1 and records[0]["body"] == body and
               records[0]["what"] == "event", f"{way}: gh, signed: {name} is kept whole")
        last = records[-1]["number"] if records else last
    for c in home.hooks:
        for name, body in BODIES.items():
            reply = server.request("POST", home.target(c), body=body)
            allowed = (200,) if c == "cs" and name == "empty" else (400, 401)
            tap.ok(reply.status in allowed, f"{way}: {c}, unsigned: {name}", reply)
    tap.equal([r for r in home.inbox(last) if r["what"] == "event"], [],
              f"{way}: nothing unsigned is kept as an event")


FLAWS = {
    "half a character": b'"Jo \\ud83d"', "NUL escaped": b'"Jo\\u0000"', "NUL raw": b'"Jo\0"',
    "invalid UTF-8": b'"\xff\xc0\xaf"', "a raw line break": b'"Jo\n"', "a large number": b"9" * 400,
    "nested": b"[" * 100000 + b"]" * 100000, "no JSON": b'{"a":1 "b":2,}', "cut short": None,
}


@both
def test_flawed(way, home, server):
    """Signed, but with a flaw in a member that nobody asked for, or further in no JSON at all: a
    refusal would block what comes behind it, so it is kept."""
    last = 0
    for c, name, id_ in (("cs", "payload", "testSessionId"), ("lv", "data", "opportunityId")):
        headers, body = planted.signed(c, home=home)
        head = {k: v for k, v in json.loads(body).items() if k != name}
        for flaw, value in FLAWS.items():
            text = json.dumps(head).encode()[:-1] + f', "{name}": {{"{id_}": "x", "n": '.encode()
            text += b'"J' if value is None else value + b"}}"
            reply = server.request("POST", home.target(c), body=text, headers=headers)
            tap.equal(reply.status, 200, f"{way}: {c}: {flaw}")
            records = home.inbox(last)
            tap.equal([(r["what"], r["trust"], r["body"]) for r in records],
                      [("event", "notice", text)], f"{way}: {c}: {flaw}: kept as it came")
            last = records[-1]["number"] if records else last
            wrong = spoil(headers, body, c)
            if c == "lv":
                text = text.replace(json.loads(body)["signature"].encode(),
                                    json.loads(wrong[1])["signature"].encode())
            reply = server.request("POST", home.target(c), body=text, headers=wrong[0])
            tap.equal(reply.status, 401, f"{way}: {c}: {flaw}, one bit off")
            last += len(home.inbox(last))
    tap.equal(len([r for r in home.inbox() if r["what"] == "event"]), 2 * len(FLAWS),
              f"{way}: nothing else was kept")


@both
def test_too_large(way, home, server):
    last = len(home.inbox())
    for name, size in (("a byte above 1 MiB", MIB + 1), ("100 MB", 100 * 1000 * 1000)):
        body = b"x" * size
        reply = server.request("POST", home.target("gh"), body=body)
        tap.equal(reply.status, 413, f"{way}: {name}")
        tap.equal(reply.headers["content-type"], "application/problem+json",
                  f"{way}: {name}: a problem")
    reply = server.request("POST", home.target("gh"), body=b"{}", length=100)
    tap.equal(reply.status, 400, f"{way}: shorter than announced")
    reply = server.request("POST", home.target("gh"), body=b"{}", length="",
                           headers={"Transfer-Encoding": "chunked"})
    tap.equal(reply.status, 411, f"{way}: chunked without a length")
    if way == "fastcgi":
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))
        tap.ok(peak < 32 * 1024, f"{way}: 100 MB cost no memory", f"peak {peak} KiB")
    tap.equal(len(home.inbox()), last, f"{way}: nothing was kept")


@both
def test_headers(way, home, server):
    headers, body = planted.signed("gh")
    big = dict(headers, **{"X-Big": "y" * 65536})
    tap.equal(server.request("POST", home.target("gh"), body=body, headers=big).status, 431,
              f"{way}: a header of 64 kB")
    big = dict(headers, **{"Content-Type": "y" * 65536})
    tap.equal(server.request("POST", home.target("gh"), body=body, headers=big).status, 431,
              f"{way}: a type of 64 kB")
    for c in home.hooks:
        headers, body = planted.signed(c, home=home)
        if c == "lv":
            continue  # its signature stands in the body
        bare = {"Content-Type": "application/json"}
        reply = server.request("POST", home.target(c), body=body, headers=bare)
        tap.ok(reply.status in (400, 401), f"{way}: {c}: no signature", reply)
        if way == "fastcgi":  # an environment has no two variables of one name
            pairs = list(headers.items())
            signature = [p for p in pairs if p[0] not in ("Content-Type", "Greenhouse-Event-ID")]
            for double in (pairs + signature, pairs + [(signature[0][0], "x")]):
                reply = server.request("POST", home.target(c), body=body, headers=double)
                tap.ok(reply.status in (400, 401), f"{way}: {c}: signature twice", reply)
    odd = dict(planted.signed("gh")[0], **{"User-Agent": "a\x7f\"\\\xe9"})
    reply = server.request("POST", home.target("gh"), body=planted.signed("gh")[1], headers=odd)
    tap.equal(reply.status, 200, f"{way}: an odd header is no reason to refuse")
    events = [r for r in home.inbox() if r["what"] == "event"]
    tap.equal(len(events), 1, f"{way}: and only that one was kept")


PATHS = ["", "acme", "acme/", "acme/{gh}/", "acme/{gh}/x", "acme//{gh}", "//acme/{gh}",
         "acme%2F{gh}", "acme/..%2f{gh}", "../acme/{gh}", "%2e%2e/acme/{gh}", "acme/%00",
         "acme/{gh}%00", "acme/%ff%fe", "acme/%c0%af", "acme/{gh}%0d%0aX:y", "acme/%zz", "acme/%",
         "Acme/{gh}", "acme/{GH}", "-acme/{gh}", "acme/{lv}x", "acm/{gh}", "orgs/{gh}",
         "a" * 41 + "/{gh}", "a" * 200 + "/{gh}", "a" * 300 + "/{gh}", "acme/" + "h" * 200,
         "acme/" + "h" * 2000, "acme/*", "acme/'%20or%201=1", "nobody/nothing"]


def anonymous(reply):
    """A reply without what belongs to one request."""
    text = reply.raw.decode()
    return text.replace(reply.headers["x-request-id"], "ID")


@both
def test_nothing_here(way, home, server):
    """Unknown org, unknown hook, impossible name: the same bytes."""
    headers, body = planted.signed("gh")
    want = None
    for path in PATHS:
        path = path.format(gh=home.hooks["gh"], GH=home.hooks["gh"].upper(), lv=home.hooks["lv"])
        reply = server.request("POST", "/fairlead/webhook/" + path, body=body, headers=headers)
        want = want or anonymous(reply)
        tap.equal(reply.status, 404, f"{way}: POST {path[:60]!r}")
        tap.equal(anonymous(reply), want, f"{way}: POST {path[:60]!r}: the same bytes")
    for path in ("acme/" + home.hooks["gh"], "acme/nothing", "nobody/nothing"):
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "BREW", "post", "X" * 300):
            reply = server.request(method, "/fairlead/webhook/" + path)
            tap.equal((reply.status, "POST" in reply.headers.get("allow", "")), (405, True),
                      f"{way}: {method[:10]} {path}")
    encoded = home.target("gh").replace("acme", "%61cm%65")
    reply = server.request("POST", encoded, body=body, headers=headers)
    tap.equal(reply.status, 200, f"{way}: a path that is only encoded is the same path")
    tap.equal(len(home.inbox()), 1, f"{way}: and only that was kept")


def test_time():
    """With a body whose digest takes longer than everything else, a path that left the check
    out would show."""
    body = b"x" * (512 * 1024)
    spent = {"org": [], "hook": []}
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            targets = {"org": "/fairlead/webhook/nobody/" + "h" * 32,
                       "hook": "/fairlead/webhook/acme/" + "h" * 32}
            for _ in range(150):
                for name in ("org", "hook", "hook", "org"):
                    started = time.perf_counter()
                    reply = server.request("POST", targets[name], body=body)
                    spent[name].append(time.perf_counter() - started)
            tap.equal(reply.status, 404, "both are not found")
    # The quiet half: other work on the machine only ever adds.
    quiet = {name: statistics.median(sorted(times)[:len(times) // 2])
             for name, times in spent.items()}
    tap.note(f"unknown org {quiet['org'] * 1e6:.0f} us, unknown hook {quiet['hook'] * 1e6:.0f} us")
    tap.ok(abs(quiet["org"] - quiet["hook"]) < 0.1 * max(quiet.values()),
           "an unknown org takes the time of an unknown hook")


def test_kill():
    """What was acknowledged is there, however the program ends."""
    headers, _ = planted.signed("gh")
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        acknowledged, number = set(), 0
        for round_ in range(5):
            server = fcgi_client.Server(PROGRAM, env=home.env())
            lock = threading.Lock()

            def post(first):
                for i in range(first, first + 1000):
                    body = json.dumps({"action": "tea", "n": i}).encode()
                    try:
                        reply = server.request("POST", home.target("gh"), body=body,
                                               headers=planted.signed("gh", body)[0])
                    except OSError:
                        return
                    if reply.status != 200:
                        return
                    with lock:
                        acknowledged.add(i)

            threads = [threading.Thread(target=post, args=(number + k * 1000,)) for k in range(4)]
            number += 4000
            before = len(acknowledged)
            for thread in threads:
                thread.start()
            tap.wait_for(lambda: len(acknowledged) >= before + 20 + 13 * round_)
            server.signal(signal.SIGKILL)
            for thread in threads:
                thread.join()
            server.stop(None)
        kept = [json.loads(r["body"])["n"] for r in home.inbox()]
        tap.ok(len(acknowledged) >= 100, "hundreds were acknowledged", len(acknowledged))
        tap.equal(acknowledged - set(kept), set(), "after five kills nothing of them is missing")
        tap.equal(len(kept), len(set(kept)), "and nothing is there twice")


def test_bounds():
    """A thousand refusals are a handful of records, and all of them are counted."""
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            for _ in range(1000):
                with server.connect() as connection:
                    connection.request("POST", home.target("gh"), body=b"{}")
        records = home.inbox()
        tap.ok(1 <= len(records) <= 6, "a thousand refusals make few records", len(records))
        for _ in range(30):
            cgi.request(PROGRAM, "POST", home.target("ab"), body=b"{}", env=home.env())
        more = home.inbox(len(records))
        tap.ok(1 <= len(more) <= 4, "and so do thirty in a process each", len(more))


def test_counts_come():
    """What was only counted is written down when its time has come, without another request."""
    with tap.directory() as path:
        clock = os.path.join(path, "clock")
        home = planted.Home(os.path.join(path, "home"))
        with fcgi_client.Server(PROGRAM, env=dict(home.env(), FAIRLEAD_TEST_CLOCK=clock)) as server:
            for _ in range(3):
                server.request("POST", home.target("gh"), body=b"{}")
            tap.equal([r["count"] for r in home.inbox()], [1], "the first is written down at once")
            tap.ok(tap.wait_for(lambda: len(home.inbox()) == 2, 25), "the others follow")
            tap.equal([r["count"] for r in home.inbox()], [1, 2], "with their count")
            tap.equal(home.inbox()[1]["reason"], "signature missing", "and the reason")


def test_modes():
    """A home that others can enter is not used; put right, it is, without a restart."""
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        headers, body = planted.signed("gh")
        for what, wrong in (("home", 0o755), ("secrets", 0o644), ("missing", None)):
            at = home.path if what == "home" else os.path.join(home.path, "secrets")
            right = os.stat(at).st_mode & 0o7777
            if wrong is None:
                os.rename(at, at + ".away")
            else:
                os.chmod(at, wrong)
            server = fcgi_client.Server(PROGRAM, env=home.env())
            for way, face in (("cgi", Plain(home)), ("fastcgi", server)):
                reply = face.request("POST", home.target("gh"), body=body, headers=headers)
                tap.equal(reply.status, 503, f"{way}: {what}: not possible now")
                tap.ok("retry-after" in reply.headers, f"{way}: {what}: come again")
                text = reply.raw.decode()
                tap.ok(home.path not in text and "0755" not in text and "secret" not in text,
                       f"{way}: {what}: no details", text)
            if wrong is None:
                os.rename(at + ".away", at)
            else:
                os.chmod(at, right)
            reply = server.request("POST", home.target("gh"), body=body, headers=headers)
            tap.equal(reply.status, 200, f"fastcgi: {what}: put right, it works without a restart")
            server.stop()


def test_no_home():
    with tap.directory() as path:
        env = {"FAIRLEAD_HOME": os.path.join(path, "none")}
        reply = cgi.request(PROGRAM, "POST", "/fairlead/webhook/acme/x", body=b"{}", env=env)
        tap.equal(reply.status, 503, "no home: not possible now")
        tap.lacks(reply.raw.decode(), path, "no home: no details")
        tap.contains(reply.log, "no home", "no home: the log says so")


class Disk:
    """A small file system of its own, or None where we may not mount."""

    def __init__(self, path, size):
        self.path = path
        os.mkdir(path, 0o700)
        self.mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", path],
            capture_output=True, check=False).returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self):
        with open(os.path.join(self.path, "filler"), "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))


def test_full_disk():
    with tap.directory() as path, Disk(os.path.join(path, "disk"), "64m") as disk:
        if not disk.mounted:
            tap.skip("a full disk", "needs root to mount a small file system")
            return
        home = planted.Home(os.path.join(disk.path, "home"))
        headers, body = planted.signed("gh", b'"' + b"x" * (MIB - 2) + b'"')
        kept = 0
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            disk.fill()
            for _ in range(40):
                reply = server.request("POST", home.target("gh"), body=body, headers=headers)
                if reply.status != 200:
                    break
                kept += 1
            tap.equal(reply.status, 503, "a full disk: come again")
            tap.ok("retry-after" in reply.headers, "a full disk: and when")
            for face in (server, Plain(home)):
                reply = face.request("POST", home.target("lv"), body=planted.signed("lv")[1] +
                                     b" " * MIB)
                tap.equal(reply.status, 413, "a full disk: other refusals are as ever")
            for face in (server, Plain(home)):
                lost = [anonymous(face.request("POST", f"/fairlead/webhook/{path}", body=b"{}"))
                        for path in ("nobody/nothing", "acme/nothing")]
                tap.equal(lost[0], lost[1], "a full disk: what is not there looks alike")
                tap.contains(lost[0], "Status: 404", "a full disk: and is not there")
            plain = Plain(home).request("POST", home.target("gh"), body=body, headers=headers)
            tap.equal(plain.status, 503, "a full disk: as plain CGI too")
            disk.empty()
            reply = server.request("POST", home.target("gh"), body=body, headers=headers)
            tap.equal(reply.status, 200, "with room again it works without a restart")
        records = home.inbox()
        tap.equal(len([r for r in records if r["what"] == "event"]), kept + 1,
                  "all that was acknowledged is there, and no more")
        tap.ok(all(r["body"] == body for r in records), "byte for byte")


def test_replay():
    """The same delivery again, as retries and people do it: taken, and left to the worker."""
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        headers, body = planted.signed("lv")
        lying = dict(json.loads(body), data={"opportunityId": "somebody else"})
        clock = os.path.join(path, "clock")
        with fcgi_client.Server(PROGRAM, env=dict(home.env(), FAIRLEAD_TEST_CLOCK=clock)) as server:
            for days in (0, 30):
                with open(clock, "w", encoding="ascii") as file:
                    file.write(str(days * 86400000))
                for text in (body, body, json.dumps(lying).encode()):
                    reply = server.request("POST", home.target("lv"), body=text, headers=headers)
                    tap.equal(reply.status, 200, f"after {days} days: 200")
        trusts = {r["trust"] for r in home.inbox()}
        tap.equal(trusts, {"notice"}, "a valid signature with a lying body is a notice, no more")


def test_stuck():
    """Who stops in the middle of a request does not keep the others out."""
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        headers, body = planted.signed("gh", home=home)
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            held = []
            for part in (0, 1, 0, 1, 0):
                c = server.connect()
                c.begin()
                if part:
                    c.params([("REQUEST_METHOD", "POST"), ("REQUEST_URI", home.target("gh")),
                              ("CONTENT_LENGTH", "100")])
                    c.stdin(b"some")
                held.append(c)
            begun = time.monotonic()
            for i in range(10):
                reply = server.request("POST", home.target("gh"), body=body, headers=headers)
                tap.equal(reply.status, 200, f"delivery {i} is taken while others dawdle")
            tap.ok(time.monotonic() - begun < 20, "long before those are given up")
            for c in held:
                c.close()
        tap.equal(server.code, 0, "and it ends cleanly")


def test_threads():
    """Many at once: every one is answered and kept."""
    with tap.directory() as path:
        home = planted.Home(os.path.join(path, "home"))
        wrong = []
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            def post(k):
                for i in range(50):
                    c = list(home.hooks)[(i + k) % len(home.hooks)]
                    headers, body = planted.signed(c, home=home)
                    if server.request("POST", home.target(c), body=body,
                                      headers=headers).status != 200:
                        wrong.append((k, i))
            threads = [threading.Thread(target=post, args=(k,)) for k in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        tap.equal(wrong, [], "sixteen senders at once are all answered 200")
        tap.equal(len(home.inbox()), 16 * 50, "and all is kept")


tap.run(test_golden, test_bad_bodies, test_flawed, test_too_large, test_headers,
        test_nothing_here, test_time, test_kill, test_bounds, test_counts_come, test_modes,
        test_no_home, test_full_disk, test_replay, test_stuck, test_threads)
