# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers as an admin meets them: applied, tried, rotated; and what stands in a delivery."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import prepared  # noqa: E402
import tap  # noqa: E402
import webhooks  # noqa: E402

SECRET = "shared secret, made up"


def document(url, settings=None, credentials=None):
    # No platform: nothing of the past is asked for.
    return {"org": "acme", "name": "Acme Ltd", "public_url": prepared.PUBLIC_URL, "connections": [
        {"id": "endorsed", "kind": "consumer",
         "settings": {"url": url, **(settings or {})}, "credentials": credentials or {}}]}


def home_of(path):
    return prepared.Home(os.path.join(path, "home"))


def sample(home, *more, code=0):
    done = home.run("consumer", "test", "acme", "endorsed", "--json", *more)
    tap.equal(done.code, code, f"consumer test {' '.join(more)}")
    return done.json()


def test_codesignal():
    with tap.directory() as path, webhooks.Receiver() as receiver:
        home = home_of(path)
        # As the design document has it.
        settings = {"signing": "codesignal", "events": ["*"],
                    "headers": {"x-endorsed-organization-id": "42", "X-MiXeD-case": "kept"},
                    "alert_email": ["team@acme.example"]}
        first = home.apply(document(receiver.url, settings, {"secret": SECRET}))
        tap.equal(first["connections"][0]["state"], "created", "the document is taken")
        tap.equal(home.apply(document(receiver.url, settings, {"secret": SECRET}))["changed"], False,
                  "twice changes nothing")
        answer = sample(home)
        tap.equal((answer["ok"], answer["status"], answer["event"]),
                  (True, 200, "companyTestSessionFinished"), "a sample is accepted")
        got = receiver.got[-1]
        names = [n for n, _ in got.headers]
        tap.ok("x-endorsed-organization-id" in names and "X-MiXeD-case" in names,
               "headers come exactly as they were written", names)
        tap.equal(got.header("x-endorsed-organization-id"), "42", "with their values")
        tap.ok(webhooks.codesignal(SECRET, receiver.url, got), "signed as CodeSignal signs")
        tap.equal(got.json()["payload"]["candidateName"], "Sample Candidate", "of nobody")
        tap.lacks(got.body.decode(), "accessToken", "with no key of the platform's")
        said = webhooks.judge([(None, got)])
        if said is None:
            tap.skip("CodeSignal's schema", "node or its modules are missing")
        else:
            tap.equal(said, [""], "as CodeSignal's schema has it")
        sample(home, "--probe")
        tap.equal(receiver.got[-1].body, b"", "a probe is empty, as CodeSignal's")
        tap.ok(webhooks.codesignal(SECRET, receiver.url, receiver.got[-1]), "and signed")
        home.run("test", "acme", "endorsed")
        tap.equal(receiver.got[-1].body, b"", "fairlead test sends a probe, not a sample")


def test_standard():
    with tap.directory() as path, webhooks.Receiver() as receiver:
        home = home_of(path)
        for body in ("thin", "full"):
            text = document(receiver.url, {"signing": "standard", "body": body})
            first = home.apply(text)
            row = first["connections"][0]
            if body == "thin":
                secret = row["webhook_secret"]
                tap.ok(secret.startswith("whsec_"), "a secret is made and shown")
            tap.lacks(json.dumps(home.apply(text)), "whsec_", f"{body}: never again")
            sample(home)
            got = receiver.got[-1]
            tap.equal(got.json()["type"], "result.completed", f"{body}: a sample")
            tap.equal("score" in got.json()["data"], body == "full", f"{body}: the score or not")
            said = webhooks.judge([(secret, got)])
            if said is None:
                tap.skip(f"{body}: the reference library", "node or its modules are missing")
                continue
            tap.equal(said, [""], f"{body}: the reference library accepts it")
            bent = webhooks.Delivery(got.path, got.headers, got.body + b" ")
            tap.ok(webhooks.judge([(secret, bent)]) != [""], f"{body}: and refuses another body")
        rotated = home.must("consumer", "rotate", "acme", "endorsed", "--json").json()["secret"]
        tap.equal(home.apply(text)["changed"], False, "a rotation is not undone by applying")
        sample(home)
        got = receiver.got[-1]
        tap.equal(len(got.header("webhook-signature").split(" ")), 2, "rotating: two signatures")
        if said is not None:
            tap.equal(webhooks.judge([(secret, got), (rotated, got)]), ["", ""],
                      "the library accepts it with either secret")
        tap.equal(home.run("consumer", "rotate", "acme", "endorsed").code, 1, "one at a time")
        home.must("consumer", "rotate", "acme", "endorsed", "--finish")
        sample(home)
        got = receiver.got[-1]
        tap.equal(len(got.header("webhook-signature").split(" ")), 1, "ended: one signature")
        if said is not None:
            tap.equal([s == "" for s in webhooks.judge([(secret, got), (rotated, got)])],
                      [False, True], "the former secret is worth nothing")


def test_answers():
    """Everything but 2xx is a failure, told in words; a redirect leads nowhere."""
    with tap.directory() as path, webhooks.Receiver() as receiver, webhooks.Receiver() as trap:
        home = home_of(path)
        home.apply(document(receiver.url, None, {"secret": SECRET}))
        for status, headers, word in ((500, {}, "trouble"), (302, {"Location": trap.url}, "redirect"),
                                      (307, {"Location": trap.url}, "redirect"),
                                      (401, {}, "secret"), (404, {}, "not known"),
                                      (410, {}, "no more"), (429, {"Retry-After": "5"}, "fewer")):
            receiver.status, receiver.headers = status, headers
            answer = sample(home, code=1)
            tap.equal(answer["status"], status, f"{status}: told")
            tap.contains(answer["sentence"], word, f"{status}: in words")
        tap.equal(trap.got, [], "no redirect was followed")
        receiver.status = 204
        tap.contains(sample(home, code=1)["sentence"], "did not answer with 200",
                     "204: as at CodeSignal, only 200 counts")
        rows = home.must("consumer", "list", "acme", "--json").json()
        tap.equal((rows[0]["state"], rows[0]["failures"]), ("active", 0), "trying counts for nothing")


def test_refused():
    """What a document may not say, and where one may not send."""
    with tap.directory() as path, webhooks.Receiver() as receiver:
        home = home_of(path)
        for settings, word in (({"headers": {"Host": "x"}}, "sets itself"),
                               ({"headers": {"x-a": "b\r\nx-c: d"}}, "line break"),
                               ({"headers": {"x-a\n": "b"}}, "no name of a header"),
                               ({"events": ["nope"]}, "no event"),
                               ({"signing": "none"}, "one of"),
                               ({"hidden": 1}, "no such member")):
            done = home.run("apply", "--no-test", "-",
                            stdin=json.dumps(document(receiver.url, settings,
                                                      {"secret": SECRET})).encode())
            tap.equal(done.code, 2, f"refused: {settings}")
            tap.contains(done.err, word, f"and why: {word}")
            tap.contains(done.err, "connections.0.settings", "and where")
        port = receiver.url.split(":")[2].split("/")[0]
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:7f00:1]",
                     "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "169.254.169.254", "10.0.0.1",
                     "[fd00::1]", "0.0.0.0", "user@example.com"):
            done = home.run("apply", "--no-test", "-",
                            stdin=json.dumps(document(f"https://{host}:{port}/", None,
                                                      {"secret": SECRET})).encode(),
                            env={"FAIRLEAD_ALLOW_NETWORKS": ""})
            tap.equal(done.code, 2, f"an address inside is refused: {host}")
        tap.equal(receiver.got, [], "nothing was sent")
        # A name can be judged only when it is called.
        text = document(f"https://localhost:{port}/", None, {"secret": SECRET})
        home.apply(text)
        done = home.run("consumer", "test", "acme", "endorsed", "--json",
                        env={"FAIRLEAD_ALLOW_NETWORKS": ""})
        tap.equal((done.code, done.json()["status"]), (1, 0), "a name that leads inside, likewise")
        tap.contains(done.json()["checks"][0]["sentence"], "refused", "and says so")


def test_command():
    with tap.directory() as path, webhooks.Receiver() as receiver:
        home = home_of(path)
        text = document(receiver.url + "?token=hush", {"relay": "cs"},
                        {"secret": SECRET, "secret_headers": "X-Ashby-Api-Key: hush-hush"})
        done = home.run("apply", "--no-test", "-", stdin=json.dumps(text).encode())
        tap.equal(done.code, 2, "a relay of a connection that is not there is refused")
        tap.contains(done.err, "connections.0.settings.relay", "and named")
        text["connections"].append({"id": "cs", "kind": "codesignal",
                                    "credentials": {"api_key": "k"}})
        home.apply(text)
        listed = home.must("consumer", "list")
        tap.contains(listed.out, "endorsed", "the consumer is listed")
        tap.lacks(listed.out, "hush", "without what its address and headers hold")
        sample(home)
        tap.equal(receiver.got[-1].header("X-Ashby-Api-Key"), "hush-hush", "a sealed header is sent")
        for name in os.listdir(os.path.join(home.path, "orgs", "acme")):
            with open(os.path.join(home.path, "orgs", "acme", name), "rb") as f:
                tap.ok(b"hush-hush" not in f.read(), f"and stands nowhere in the clear: {name}")
        for words, code in ((("pause",), 0), (("resume",), 0), (("send",), 0), (("drop",), 0),
                            (("send", "--from", "yesterday"), 2), (("explode",), 2)):
            done = home.run("consumer", words[0], "acme", "endorsed", *words[1:])
            tap.equal(done.code, code, f"consumer {' '.join(words)}")
        tap.equal(home.run("consumer", "test", "acme", "nobody").code, 1, "no such consumer")
        tap.equal(home.run("consumer").code, 2, "say what")
        tap.equal(home.must("consumer", "pause", "acme", "endorsed", "--json").json()["changed"],
                  True, "paused")
        tap.equal(home.must("consumer", "list", "--json").json()[0]["state"], "paused", "is listed")
        doctor = home.run("doctor", "--offline")
        tap.contains(doctor.out, "paused, 0 deliveries are held", "and the doctor knows")
        past = home.must("backfill", "acme", "--json").json()
        tap.equal([(r["platform"], r["state"]) for r in past], [("cs", "running")],
                  "the past is being read since there is a consumer")
        home.must("backfill", "acme", "--stop", "cs")
        tap.equal(home.must("backfill", "acme", "--json").json()[0]["state"], "stopped",
                  "until somebody stops it")
        tap.equal(home.run("backfill", "acme", "--start", "endorsed").code, 2, "nor of a consumer")
        secret_file = os.path.join(path, "secret")
        with open(secret_file, "w", encoding="utf-8") as f:
            f.write("a given one\n")
        done = home.must("consumer", "rotate", "acme", "endorsed", "--secret-file", secret_file)
        tap.lacks(done.out + done.err, "a given one", "a given secret is not repeated")
        sample(home)
        tap.ok(webhooks.codesignal("a given one", receiver.url + "?token=hush", receiver.got[-1]),
               "and signs")


tap.run(test_codesignal, test_standard, test_answers, test_refused, test_command)
