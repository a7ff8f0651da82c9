# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for consumers: strict about signatures, and in trouble when told to be."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import tap  # noqa: E402

SECRET = b"sandbox-consumer-secret"
KEY = b"sandbox consumer secret of 32!"
PREFIX = "/sandbox/consumer"
URL = "http://consumer.test" + PREFIX + "/hook/"
BODY = json.dumps({"event": "preScreenExpired", "triggeredOn": 17, "payload": {}}).encode()


def codesignal(name, secret=SECRET, url=None, text="preScreenExpired17"):
    value = hmac.new(secret, ((url or URL + name) + text).encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Host": "consumer.test",
            "X-CodeSignal-Signature": value}


def standard(body, key=KEY, name="msg_1", at=None):
    at = str(int(time.time()) if at is None else at)
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"Content-Type": "application/json", "webhook-id": name, "webhook-timestamp": at,
            "webhook-signature": "v1,bm9uZQ== v1," + base64.b64encode(digest).decode()}


def post(server, path, body=b"", headers=None):
    return server.request("POST", f"{PREFIX}/{path}", body=body, headers=headers or {})


def control(server, name, **what):
    reply = post(server, f"control/consumers/{name}", json.dumps(what).encode(),
                 {"Content-Type": "application/json"})
    tap.equal(reply.status, 200, f"{name} is told {what}")


def log(server):
    return server.request("GET", f"{PREFIX}/control/deliveries").json()


def test_strict(server):
    org = {"x-endorsed-organization-id": "42"}
    for name, headers, body, want in (
            ("good", {**codesignal("endorsed"), **org}, BODY, 200),
            ("a probe", {**codesignal("endorsed", text=""), **org}, b"", 200),
            ("another secret", {**codesignal("endorsed", b"x"), **org}, BODY, 401),
            ("another address", {**codesignal("endorsed", url=URL + "x"), **org}, BODY, 401),
            ("another event", {**codesignal("endorsed", text="x17"), **org}, BODY, 401),
            ("no header", codesignal("endorsed"), BODY, 401),
            ("another organization", {**codesignal("endorsed"), "x-endorsed-organization-id": "7"},
             BODY, 401),
            ("no JSON", {**codesignal("endorsed"), **org}, b"{", 400),
            ("not announced", {**codesignal("endorsed"), **org, "Content-Type": "text/plain"}, BODY,
             401)):
        tap.equal(post(server, "hook/endorsed", body, headers).status, want, f"codesignal: {name}")
    now = int(time.time())
    for name, headers, want in (
            ("good", standard(BODY), 200),
            ("another key", standard(BODY, b"x" * 32), 401),
            ("another body", standard(BODY + b" "), 401),
            ("too old", standard(BODY, at=now - 400), 401),
            ("too new", standard(BODY, at=now + 400), 401),
            ("no time", standard(BODY, at="soon"), 401),
            ("no id", {k: v for k, v in standard(BODY).items() if k != "webhook-id"}, 401)):
        tap.equal(post(server, "hook/standard", BODY, headers).status, want, f"standard: {name}")
    tap.equal(post(server, "hook/nobody", BODY, standard(BODY)).status, 404, "nobody is there")


def test_repeated(server):
    for _ in range(2):
        post(server, "hook/standard", BODY, standard(BODY, name="msg_again"))
    tap.equal([d["repeated"] for d in log(server)[-2:]], [False, True], "it knows what it has seen")


def test_trouble(server):
    for word, status in (("error", 500), ("busy", 429), ("gone", 410), ("redirect", 302),
                         ("refused", 401), ("ok", 200)):
        control(server, "standard", answer=word, retry_after=7)
        reply = post(server, "hook/standard", BODY, standard(BODY, name=f"msg_{word}"))
        tap.equal(reply.status, status, f"told to answer {word}")
        if word == "busy":
            tap.equal(reply.headers.get("retry-after"), "7", "and when to come again")
        if word == "redirect":
            tap.equal(reply.headers.get("location"), PREFIX + "/hook/trap", "and where to")
    control(server, "standard", answer="error", times=2)
    got = [post(server, "hook/standard", BODY, standard(BODY, name=f"msg_{i}")).status
           for i in range(3)]
    tap.equal(got, [500, 500, 200], "two times only")
    reply = post(server, "control/consumers/standard", b'{"answer":"explode"}',
                 {"Content-Type": "application/json"})
    tap.equal(reply.status, 422, "no such answer")


def test_page(server):
    page = server.request("GET", PREFIX, headers={"Accept": "text/html"})
    tap.equal(page.status, 200, "a page")
    for part in ("endorsed", "preScreenExpired", "x-endorsed-organization-id"):
        tap.contains(page.text(), part, f"it shows {part}")
    tap.lacks(page.text(), "sandbox-consumer-secret", "and no secret")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    tap.equal(post(server, "answer/standard", b"answer=gone", form).status, 303, "a button pressed")
    tap.equal(post(server, "hook/standard", BODY, standard(BODY, name="msg_g")).status, 410,
              "does what it says")
    tap.equal(post(server, "control/reset").status, 200, "reset")
    tap.equal(log(server), [], "forgets all")


def test_all():
    with tap.directory() as path:
        env = {"FAIRLEAD_HOME": path, "FAIRLEAD_MOUNT": "/sandbox",
               "FAIRLEAD_TEMPLATES": os.path.join(tap.source(), "templates")}
        with fcgi_client.Server("sandbox/consumer.fcgi", env=env) as server:
            for step in (test_strict, test_repeated, test_trouble, test_page):
                step(server)


tap.run(test_all)
