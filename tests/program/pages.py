# SPDX-License-Identifier: GPL-3.0-or-later
"""What the admin's pages do: connections and all that hangs on them, in the hands of good and bad."""
import html
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import planted  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402
from visitor import Visitor, invite  # noqa: E402

PROGRAM = "admin.fcgi"
EVIL = '<script>alert("1")</script>\'"&'
SECRETS = list(prepared.CREDENTIALS.values())


def with_people(function):
    def test():
        with tap.directory() as path, prepared.Platform() as platform:
            home = prepared.Home(os.path.join(path, "home"))
            home.platform = platform
            home.apply(prepared.document(platform))
            with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                people = []
                for name in ("ada", "bob"):
                    v = Visitor(server, address=f"192.0.2.{len(people) + 1}")
                    tap.equal(v.join(invite(home, f"{name}@example.com")).status, 303, f"{name} joins")
                    people.append(v)
                home.reader = Visitor(server, address="192.0.2.9")
                tap.equal(home.reader.join(invite(home, "r@example.com", role="recruiter")).status, 303,
                          "a recruiter joins")
                function(home, *people)
            tap.equal(server.code, 0, "it ended cleanly")
            for secret in SECRETS:
                tap.lacks(server.log, secret, "the log keeps quiet")
    test.__name__ = function.__name__
    return test


def quiet(text, name, scripts=0):
    for secret in SECRETS:
        tap.lacks(text, secret, f"{name}: no secret")
    tap.equal(text.count("<script"), scripts, f"{name}: no script but ours")
    tap.lacks(text, "{{", f"{name}: no template left")


FORM = {"id": "cs2", "settings.base_url": "https://app.codesignal.com/graphql",
        "settings.signature_mode": "url+event+time", "settings.bad_signature": "refuse",
        "credentials.api_key": "another key, made up"}


@with_people
def test_connections(home, ada, bob):
    page = ada.get("").text()
    quiet(page, "overview")
    for part in ("Set a rule", "Greenhouse", "CodeSignal", "<svg", "No event has arrived"):
        tap.contains(page, part, f"overview: {part}")
    quiet(ada.get("connections").text(), "connections")
    page = ada.get("connections/gh").text()
    quiet(page, "card", scripts=1)
    for part in ("harvest:applications:list", "webhook/acme/", "Waiting for the first one",
                 "Dev Center"):
        tap.contains(page, part, f"card: {part}")
    tap.equal(ada.get("connections/nothing").status, 404, "one that is not there")
    tap.equal(ada.get("connections/add/nothing").status, 404, "a kind that is not there")

    ada.get("connections/add/codesignal")
    for name, change, fault in (
            ("no name", {"id": ""}, "id-fault"), ("an odd name", {"id": EVIL}, "id-fault"),
            ("an overlong name", {"id": "x" * 41}, "id-fault"),
            ("a name that is taken", {"id": "cs"}, "id-fault"),
            ("no URL", {"settings.base_url": EVIL}, "h-settings.base_url"),
            ("another scheme", {"settings.base_url": "ftp://example.com/"}, "h-settings.base_url"),
            ("a choice there is not", {"settings.bad_signature": EVIL}, "alert"),
            ("no credential", {"credentials.api_key": ""}, "h-credentials.api_key")):
        reply = ada.post("connections/add/codesignal", **{**FORM, **change})
        tap.ok(reply.status in (409, 422), f"{name}: refused", reply.status)
        tap.contains(reply.text(), fault, f"{name}: says so at the field")
        tap.lacks(reply.text(), "This not", f"{name}: in a sentence")
        for value in change.values():
            if value and "settings.bad_signature" not in change:
                tap.contains(reply.text(), html.escape(value).replace("&#x27;", "&#39;"),
                             f"{name}: what was typed stands there")
        tap.lacks(reply.text(), FORM["credentials.api_key"], f"{name}: but no secret")
        quiet(reply.text(), name)
    consumer = {"id": "hook", "settings.url": "https://example.org/hook",
                "settings.signing": "standard", "settings.events": "*"}
    ada.get("connections/add/consumer")
    for name, lines, word in (("a reserved header", "Host: x", "sets itself"),
                              ("no value", "nonsense", "needs a value"),
                              ("another alphabet", "X-A: \u00e4", "cannot carry"),
                              ("no name", ": x", "no name of a header"),
                              ("a tab", "X-A: a\tb", "cannot carry"),
                              ("twice in other capitals", "X-A: 1\r\nx-a: 2", "twice"),
                              ("twice the same", "X-A: 1\r\nX-A: 2", "each name once")):
        reply = ada.post("connections/add/consumer", **{**consumer, "settings.headers": lines})
        tap.equal(reply.status, 422, f"headers, {name}: refused")
        tap.contains(reply.text(), word, f"headers, {name}: in words")
    form = {**FORM, "settings.base_url": home.platform.base}
    ada.get("connections/add/codesignal")
    reply = ada.post("connections/add/codesignal", **form)
    tap.equal(reply.status, 200, "connected")
    secret = re.search(r'shown only now:</strong> <code class="long all" id="secret-text">([a-z2-7]{40})<', reply.text())
    tap.ok(secret, "the webhook secret is shown")
    tap.lacks(ada.get("connections/cs2").text(), secret.group(1), "once")
    tap.lacks(ada.last.text(), FORM["credentials.api_key"], "the credential never")
    ada.get("connections/add/codesignal")
    tap.equal(ada.post("connections/add/codesignal", **form).status, 409, "a second press makes no other")

    first, second = (v.get("connections/cs2/change") for v in (ada, bob))
    tap.lacks(first.text(), FORM["credentials.api_key"], "the form has no secret")
    change = {"settings.base_url": home.platform.base + "/eu", "credentials.api_key": "",
              "settings.signature_mode": "url+time", "settings.no_email": "yes"}
    reply = ada.post("connections/cs2/change", **change)
    tap.equal(reply.status, 200, "changed")
    tap.contains(reply.text(), "Works", "and tried at once")
    tap.contains(reply.text(), "brought by ada@example.com", "whose credential it is")
    reply = bob.post("connections/cs2/change", **{**change, "settings.base_url": home.platform.base + "/us"})
    tap.equal(reply.status, 409, "another admin with an older page does not overwrite")
    tap.contains(reply.text(), home.platform.base + "/us", "and keeps what he typed")
    tap.equal(bob.post("connections/cs2/change", **{**change, "settings.base_url":
                                                    home.platform.base + "/us"}).status, 200,
              "he saves again, knowing")
    page = ada.get("connections/cs2/change").text()
    tap.contains(page, home.platform.base + "/us", "that stands")
    tap.contains(page, 'name="settings.no_email" value="yes" checked', "a box")
    tap.equal(second.status, 200, "the form")
    home.platform.status = 500
    reply = ada.post("connections/cs2/change", **{**change, "credentials.api_key": "a wrong one"})
    home.platform.status = 200
    tap.equal(reply.status, 200, "what does not work is stored all the same")
    tap.contains(reply.text(), "Fails", "and said")
    ada.get("connections/cs2/change")
    for name, fields in (("its own credential", {"webhook.webhook_secret": "a wrong one"}),
                         ("that of another connection",
                          {"webhook.webhook_secret": prepared.CREDENTIALS["client_secret"]}),
                         ("another's webhook secret as a credential",
                          {"credentials.api_key": prepared.CREDENTIALS["hook"]})):
        reply = ada.post("connections/cs2/change", **{**change, **fields})
        tap.equal(reply.status, 422, f"a webhook secret is no credential: {name}")
        tap.contains(reply.text(), 'class="fault"', f"{name}: at its field")
        for value in fields.values():
            tap.lacks(reply.text(), value, f"{name}: and not shown")

    ada.get("connections/cs")
    reply = ada.post("connections/cs/test")
    tap.equal(reply.status, 200, "tested")
    tap.contains(reply.text(), "Works", "with what works")
    quiet(reply.text(), "test", scripts=1)
    home.platform.status = 500
    reply = ada.post("connections/cs/test")
    tap.contains(reply.text(), "Fails", "or what does not")
    home.platform.status = 200
    reply = ada.post("connections/cs/secret")
    made = re.search(r'<code class="long all" id="secret-text">([a-z2-7]{40})<', reply.text()).group(1)
    names = re.findall(r"secrets/([0-9a-f]{12})/drop", reply.text())
    tap.equal(len(names), 2, "a second secret, both valid")
    tap.lacks(ada.get("connections/cs").text(), made, "shown once")
    for path in (f"connections/cs/secrets/{names[1]}/drop", "connections/cs/secret"):
        tap.equal(ada.post(path, stamp="0" * 16).headers.get("location"),
                  "/fairlead/admin/acme/connections/cs?said=moved", "a stale page changes no secret")
    tap.equal(ada.post(f"connections/cs/secrets/{names[1]}/drop").status, 303, "the old one goes")
    ada.get("connections/cs")
    tap.equal(ada.post(f"connections/cs/secrets/{names[0]}/drop").status, 409, "the last one stays")
    log = ada.get("log").text()
    for words in ("added a connection", "changed a connection", "tested a connection",
                  "added a webhook secret", "dropped a webhook secret"):
        tap.contains(log, words, f"the log: {words}")
    quiet(log, "log")


def plant(home, *rows):
    """Sessions with their applications, as the worker would have them."""
    done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant_session"), home.path, "acme"],
                          input=json.dumps(rows).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def row(number, state, first="Ada", last="Lovelace", **session):
    now = int(time.time() * 1000)
    return {"key": f"cs:s{number}", "report_url": "https://app.codesignal.com/x?accessToken=hush-hush",
            "session": {"id": f"s{number}", "test_id": "T1", "test_title": "General <Coding>",
                        "name": f"{first} {last}", "email": f"c{number}@example.com", "state": state,
                        "created_ms": now - 86400000, **session},
            "application": {"key": f"gh:17{number}", "id": f"17{number}", "candidate_id": f"5{number}",
                            "first_name": first, "last_name": last, "email": f"c{number}@example.com",
                            "job_name": "Engineer & more", "stage_name": "Coding test",
                            "status": "active", "url": "javascript:alert(1)"}}


@with_people
def test_candidates(home, ada, bob):
    page = ada.get("candidates").text()
    tap.contains(page, "Nobody is here yet", "empty: says what comes")
    now = int(time.time() * 1000)
    over = {"started_ms": now - 7200000, "finished_ms": now - 3600000}
    plant(home, row(1, "invited"), row(2, "complete", EVIL, "Hopper", verification="verified",
                                       score={"value": 530, "least": 200, "most": 600,
                                              "version": "codingScore2023", "label": ""}, **over),
          row(3, "in_review", "Grace", score={"value": 531, "least": 200, "most": 600,
                                              "version": "codingScore2023", "label": ""},
              verification="pending", **over),
          *[row(n, "expired", f"Person{n}") for n in range(10, 50)])
    page = ada.get("candidates").text()
    quiet(page, "candidates")
    tap.equal(page.count("<tr><th scope=\"row\">"), 30, "a page of them, newest first")
    older = re.search(r'href="/fairlead/admin/acme/(candidates\?before=[^"]+)">Older', page)
    page = ada.get(html.unescape(older.group(1))).text()
    tap.equal((page.count("<tr><th scope=\"row\">"), "Older" in page), (13, False), "and the rest")
    for name, query, count in (
            ("a part of a name", "q=hopper", 1), ("an address", "q=c3@example.com", 1),
            ("an application", "q=171", 1), ("a candidate's id", "q=52", 1), ("a session", "q=s3", 1),
            ("a key", "q=gh:171", 1), ("a job", "q=engineer", 30), ("a state", "state=invited", 1),
            ("a state and a name", "state=invited&q=grace", 0), ("nobody", "q=" + "z" * 500, 0),
            ("script", "q=%3Cscript%3E", 1), ("a state there is not", "state=%3Cb%3E", 0),
            ("a week", "days=7&q=hopper", 1), ("odd numbers", "days=-1&before=x", 30)):
        page = ada.get("candidates?" + query).text()
        tap.equal(page.count("<tr><th scope=\"row\">"), count, f"found by {name}")
        quiet(page, f"found by {name}")
    page = ada.get("candidates/gh%3A172").text()
    quiet(page, "timeline")
    for part in ("&lt;script&gt;", "530 of 600", "Verified", "No", "gap"):
        tap.contains(page, part, f"timeline: {part}")
    for part in ("javascript:", "hush-hush"):
        tap.lacks(page, part, f"timeline: no {part}")
    page = ada.get("candidates/gh%3A173").text()
    tap.lacks_word(page, "531", "a score that is not released is not shown")
    tap.contains(page, "The platform is looking at it", "what it waits for")
    tap.equal(ada.get("candidates/gh%3A9999").status, 404, "one that is not there")
    ada.get("candidates/gh%3A172")
    for name, session, status in (("this one's", "cs:s2", 303), ("none", "", 303),
                                  ("another's", "cs:s1", 404), ("nobody's", "cs:x", 404)):
        tap.equal(ada.post("candidates/gh%3A172/look", session=session).status, status,
                  f"look again at {name}")
    kinds = sorted(a["kind"] for a in home.must("actions", "acme", "--json").json())
    tap.equal(kinds, ["look_application", "look_session"], "ordered, once each")
    log = ada.get("log").text()
    tap.equal(log.count("candidate gh:172"), 3, "who looked is in the log, once an hour")


def deliver(home, number, body, signed=True):
    """A webhook of Greenhouse's, through the intake."""
    document = {k: v for k, v in prepared.document(home.platform).items() if k != "rules"}
    target = next(c for c in home.apply(document)["connections"]
                  if c["id"] == "gh")["webhook_url"].replace("https://hire.example.org", "")
    secret = prepared.CREDENTIALS["hook"] if signed else "wrong"
    return cgi.request("webhook.fcgi", "POST", target, body=body, env=home.env(), headers={
        "Signature": "sha256 " + planted.digest(secret, body),
        "Greenhouse-Event-ID": f"event-{number}"}).status


@with_people
def test_events(home, ada, bob):
    tap.contains(ada.get("events").text(), "No event has arrived yet", "empty: says what comes")
    for i in range(1, 46):
        body = json.dumps({"action": EVIL if i == 45 else "made_up", "payload": {"n": i, "x": EVIL}})
        tap.equal(deliver(home, i, body.encode()), 200, f"delivery {i}") if i in (1, 45) else \
            deliver(home, i, body.encode())
    home.must("tick")
    page = ada.get("events").text()
    quiet(page, "events")
    tap.equal(page.count('class="number"><a '), 40, "a page of them")
    tap.equal(ada.get("events?before=6").text().count('class="number"><a '), 5, "and the rest")
    for query, count in (("connection=gh&state=unknown", 40), ("connection=cs", 0), ("state=done", 0),
                         ("q=%3Cscript", 1), ("q=" + "z" * 500, 0), ("before=x&state=%22", 0)):
        page = ada.get("events?" + query).text()
        tap.equal(page.count('class="number"><a '), count, f"found: {query[:40]}")
        quiet(page, f"found: {query[:40]}")
    page = ada.get("events/45").text()
    quiet(page, "event")
    for part in ("&lt;script&gt;", "may be believed", "secret <code>", "Greenhouse-Event-Id", "event-45",
                 "Replay it"):
        tap.ok(part.lower() in page.lower(), f"event: {part}") or tap.note(page[-3000:])
    raw = ada.get("events/45/body")
    tap.equal((json.loads(raw.body)["payload"]["n"], raw.headers["content-type"],
               raw.headers["x-content-type-options"]), (45, "application/octet-stream", "nosniff"),
              "its bytes, as a file")
    for path in ("events/0", "events/99999", "events/x", "events/99999/body"):
        tap.equal(ada.get(path).status, 404, f"{path} is not there")
    ada.get("events/45")
    reply = ada.post("events/45/replay")
    tap.equal(reply.headers.get("location"), "/fairlead/admin/acme/events/45?said=replayed", "replayed")
    tap.contains(ada.follow(reply).text(), "read again now", "and says so")
    page = ada.get("replay?from=3&to=12").text()
    tap.contains(page, "10 events can be replayed", "counted first")
    for query in ("from=12&to=3", "from=1&to=99999", "from=x&to=3", "from=&to=", "from=%3Cb%3E&to=1",
                  "from=1&to=9999999999999999999"):
        reply = ada.get("replay?" + query)
        tap.equal(reply.status, 422, f"no range: {query}")
        tap.lacks(reply.text(), "<b>", f"no range: {query}: escaped")
    ada.get("replay?from=3&to=12")
    tap.equal(ada.post("replay", **{"from": "12", "to": "3"}).status, 422, "nor posted")
    tap.equal(ada.post("replay", **{"from": "3", "to": "12"}).status, 303, "the range is replayed")
    for number, words in ((2, None), (3, "1 times"), (12, "1 times"), (45, "1 times")):
        page = ada.get(f"events/{number}").text()
        tap.equal("<dt>Replayed</dt>" in page, words is not None, f"event {number}: replayed or not")
        if words:
            tap.contains(page, words, f"event {number}: once")
    log = ada.get("log").text()
    for words in ("looked at raw bytes", "replayed an event", "events 3 to 12, 10 of them"):
        tap.contains(log, words, f"the log: {words}")


@with_people
def test_actions(home, ada, bob):
    tap.contains(ada.get("actions").text(), "Nothing was ordered yet", "empty: says what comes")
    tap.contains(ada.get("actions?state=parked").text(), "Nothing is parked", "and when nobody has to look")
    plant(home, row(1, "invited"))
    ada.get("candidates/gh%3A171")
    ada.post("candidates/gh%3A171/look", session="cs:s1")
    page = ada.get("actions").text()
    quiet(page, "actions")
    tap.contains(page, "Read the result", "an action, in words")
    number = re.search(r"actions/(\d+)\">Read", page).group(1)
    page = ada.get(f"actions/{number}").text()
    quiet(page, "action")
    tap.contains(page, "due now", "when it is tried")
    reply = ada.post(f"actions/{number}/park")
    tap.equal(reply.status, 303, "parked")
    page = ada.follow(reply).text()
    tap.contains(page, "Parked by ada@example.com.", "by whom")
    tap.equal(ada.post(f"actions/{number}/park").status, 409, "once")
    tap.contains(ada.get("actions?state=parked").text(), "somebody has to look", "the list of them")
    ada.get(f"actions/{number}")
    tap.equal(ada.post(f"actions/{number}/retry").headers.get("location"),
              f"/fairlead/admin/acme/actions/{number}?said=retried", "tried again")
    tap.equal(ada.post(f"actions/{number}/retry").status, 409, "once")
    home.platform.status = 500
    home.platform.trouble = f"no such luck {EVIL} {SECRETS[0]} {home.platform.base}/x?accessToken=hush"
    home.must("tick")
    page = ada.get(f"actions/{number}").text()
    tap.contains(page, "Every attempt", "its attempts")
    tap.contains(page, "500", "with their status")
    tap.contains(page, "What was answered", "and what was answered")
    tap.contains(page, "POST 127.0.0.1", "to which call")
    tap.contains(page, "no such luck", "in the words of the other side")
    tap.contains(page, home.platform.base + "/…", "of addresses the host")
    tap.lacks(page, "accessToken", "not what opens them")
    tap.contains(page, "It is tried again in", "when it is tried again")
    quiet(page, "tried")
    tap.contains(ada.get("log").text(), "action.viewed", "who looked stands in the log")
    for path in ("actions/0", "actions/999", "actions/x"):
        tap.equal(ada.get(path).status, 404, f"{path} is not there")
    for query in ("state=%3Cscript%3E", "connection=%22%3E%3Cb%3E", "before=-1", "state=done"):
        page = ada.get("actions?" + query)
        tap.equal(page.status, 200, f"filter {query}")
        quiet(page.text(), f"filter {query}")


def stage_change(number, stage):
    """Greenhouse's word that candidate NUMBER entered a stage (wire/greenhouse.md 4)."""
    return json.dumps({"action": "candidate_stage_change", "payload": {"application": {
        "id": number, "status": "active", "prospect": False,
        "current_stage": {"id": 71416, "name": stage},
        "candidate": {"id": number + 100, "first_name": "Ada", "last_name": f"Example{number}",
                      "email_addresses": [{"value": f"ada{number}@example.com", "type": "personal"}]},
        "jobs": [{"id": 3485, "name": "Engineer"}]}}}).encode()


SEND = {"id": "send", "ats": "gh", "stage": "Coding test", "job": "*", "platform": "cs",
        "assessment": "qTM9mK3GnM6XkQ7", "do": "save"}


@with_people
def test_rules(home, ada, bob):
    page = ada.get("rules").text()
    quiet(page, "rules")
    tap.contains(page, "When a result is final: write it into the hiring system.", "a rule as a sentence")
    tap.equal(ada.get("rules/add/nothing").status, 404, "a kind that is not there")
    for kind in ("send", "select", "interview", "schedule", "write", "tag", "move"):
        quiet(ada.get(f"rules/add/{kind}").text(), f"form of {kind}")
    ada.get("rules/add/send")
    for name, change, fault in (("no stage", {"stage": ""}, "stage-hint"), ("no name", {"id": ""}, "id-fault"),
                                ("an odd name", {"id": EVIL}, "id-fault"),
                                ("a name that is taken", {"id": "back"}, "id-fault"),
                                ("a system there is not", {"ats": "nope"}, "fault"),
                                ("a platform there is not", {"platform": EVIL}, "fault"),
                                ("a system for a platform", {"platform": "gh"}, "fault"),
                                ("no assessment", {"assessment": ""}, "assessment-hint"),
                                ("an overlong stage", {"stage": "x" * 5000}, "stage-hint")):
        reply = ada.post("rules/add/send", **{**SEND, **change})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.contains(reply.text(), fault, f"{name}: at its field")
        tap.contains(reply.text(), 'value="qTM9mK3GnM6XkQ7"' if "assessment" not in change else
                     'value="Coding test"', f"{name}: the rest is kept")
        tap.lacks(reply.text(), "This another", f"{name}: in a sentence")
        tap.lacks(reply.text(), "This no ", f"{name}: in a sentence")
        quiet(reply.text(), name)
    tap.equal(len(stage_rules(home)), 0, "nothing was stored")
    for number, stage in ((1, "Coding test"), (2, "Coding test"), (3, "Offer")):
        tap.equal(deliver(home, number, stage_change(number, stage)), 200, f"{stage} was entered")
    home.must("tick")
    ada.get("rules/add/send")
    reply = ada.post("rules/add/send", **{**SEND, "do": "rehearse"})
    tap.contains(reply.text(), "would have fitted 2 times", "rehearsed")
    tap.contains(reply.text(), "Ada Example1", "with who it was")
    tap.equal(len(stage_rules(home)), 0, "and nothing stored")
    reply = ada.post("rules/add/send", **{**SEND, "stage": "Nowhere", "do": "rehearse"})
    tap.contains(reply.text(), "would have fitted 0 times", "another stage")
    ada.get("rules/add/send")
    bob.get("rules/add/send")
    tap.equal(ada.post("rules/add/send", **SEND).status, 303, "saved")
    tap.equal(stage_rules(home), ["send"], "it stands")
    reply = bob.post("rules/add/send", **{**SEND, "id": "send2", "stage": "Typed by Bob"})
    tap.equal(reply.status, 409, "another admin with an older page does not overwrite")
    tap.contains(reply.text(), "Typed by Bob", "and keeps what he typed")
    tap.equal(bob.post("rules/add/send", **{**SEND, "id": "send2"}).status, 303, "he saves again, knowing")
    tap.equal(stage_rules(home), ["send", "send2"], "both stand")

    move = {"id": "up", "percent": "70", "to": "next", "do": "save"}
    ada.get("rules/add/move")
    tap.equal(ada.post("rules/add/move", **move).status, 409, "moving on scores is off")
    tap.equal(ada.post("rules/add/move", **{**move, "percent": "101"}).status, 422, "a number that is none")
    now = int(time.time() * 1000)
    for number, value in ((8, 600), (9, 210)):
        plant(home, row(number, "complete", finished_ms=now, verification="verified", score={
            "value": value, "least": 200, "most": 600, "version": "codingScore2023", "label": ""}))
    reply = ada.post("rules/add/move", **{**move, "do": "rehearse"})
    tap.contains(reply.text(), "would have fitted 1 times", "rehearsed: the one above")
    ada.get("rules")
    tap.equal(ada.post("moves", moves="on", name="bob@example.com").status, 422, "not by another's name")
    tap.equal(ada.post("moves", moves="on", name="Ada@Example.com").status, 303, "switched on by name")
    tap.contains(ada.get("rules").text(), "ada@example.com switched it on", "which stands there")
    ada.get("rules/add/move")
    tap.equal(ada.post("rules/add/move", **move).status, 303, "now it can be saved")
    ada.get("rules")
    ada.post("moves", moves="off")
    tap.contains(ada.get("rules").text(), "its move is switched off", "switched off, it does nothing")
    ada.get("rules/send2/remove")
    tap.equal(ada.post("rules/send2/remove", stamp="0" * 16).headers["location"],
              "/fairlead/admin/acme/rules?said=moved", "an old page removes nothing")
    ada.get("rules/send2/remove")
    tap.equal(ada.post("rules/send2/remove").status, 303, "removed")
    tap.equal(ada.post("rules/send2/remove").status, 404, "twice: it says so")
    tap.equal(stage_rules(home), ["send"], "the other stands")
    ada.get("rules/add/send")
    page = ada.post("rules/add/send", id="third", stage="Typed before", do="refresh")
    tap.equal(page.status, 200, "lists are read again")
    tap.contains(page.text(), "are being read from the systems", "which takes a moment")
    tap.contains(page.text(), 'value="Typed before"', "what was typed stays")
    tap.contains(page.text(), "<li>Coding test</li>", "stages that are known are offered meanwhile")
    tap.equal(stage_rules(home), ["send"], "nothing is saved by that")
    log = ada.get("log").text()
    for words in ("added a rule", "removed a rule", "switched moving on scores on"):
        tap.contains(log, words, f"the log: {words}")


@with_people
def test_keys(home, ada, bob):
    tap.contains(ada.get("keys").text(), "No key was issued yet", "empty")
    for name, fields in (("no scope", {"label": EVIL}), ("no label", {"scope.status:read": "yes"}),
                         ("odd networks", {"label": "x", "scope.status:read": "yes", "networks": EVIL})):
        reply = ada.post("keys", days="90", **fields)
        tap.equal(reply.status, 422, f"{name}: refused")
        quiet(reply.text(), name)
    reply = ada.post("keys", label="Scheduler " + EVIL, days="90", **{"scope.status:read": "yes"})
    key = re.search(r"fl_live_[a-z2-7]{46}", reply.text()).group()
    quiet(reply.text(), "issued", scripts=1)
    tap.contains(reply.text(), "curl -H", "with a line to try it")
    tap.lacks(ada.get("keys").text(), key, "shown once")
    asked = ada.server.request("GET", "/fairlead/admin/acme", headers={
        "Authorization": "Bearer " + key, "Accept": "application/json"})
    tap.equal(asked.status, 200, "it works")
    page = ada.get(f"keys/{key[8:16]}").text()
    quiet(page, "one key")
    reply = ada.post(f"keys/{key[8:16]}/rotate", hours="24")
    fresh = re.search(r"fl_live_[a-z2-7]{46}", reply.text()).group()
    tap.ok(fresh != key, "rotated: a new one")
    page = ada.get(f"keys/{key[8:16]}").text()
    tap.contains(page, "old: last seen", "its page says who has switched")
    tap.contains(page, "nobody has switched yet", "in words")
    tap.contains(page, "Finish: revoke the old one", "and how to finish")
    tap.equal(ada.post(f"keys/{key[8:16]}/revoke").status, 303, "revoked")
    tap.contains(ada.get(f"keys/{key[8:16]}").text(), "the old one is refused", "then it is over")
    asked = ada.server.request("GET", "/fairlead/admin/acme", headers={
        "Authorization": "Bearer " + key, "Accept": "application/json"})
    tap.equal(asked.status, 401, "and refused at once")
    tap.equal(ada.get("keys/nothing").status, 404, "one that is not there")
    log = ada.get("log").text()
    for words in ("issued a key", "rotated a key", "revoked a key"):
        tap.contains(log, words, f"the log: {words}")
    for text in (key, fresh):
        tap.lacks(log, text, "the log has no key")


@with_people
def test_key_forms(home, ada, bob):
    """What a key may be limited to, set and changed in forms."""
    def state(ident):
        return {k["id"]: k for k in home.must("key", "list", "--json").json()}[ident]

    narrow = {"label": "Consumer", "scope.results:read": "yes", "jobs": "17, 18",
              "networks": "192.0.2.0/24 2001:db8::/32", "starts": "2027-01-31", "days": "365"}
    ada.get("keys")
    for name, fields, field in (
            ("jobs of what has none", {"scope.status:read": "yes"}, "jobs-hint"),
            ("an odd network", {"networks": "10.0.0.1/8"}, "networks-hint"),
            ("an odd day", {"starts": "31.1.2027"}, "starts-hint"),
            ("no label", {"label": ""}, "label-fault")):
        reply = ada.post("keys", **{**narrow, **fields})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.ok(re.search(f'<p class="fault" id="{field}">', reply.text()), f"{name}: at its field")
        tap.contains(reply.text(), 'value="17, 18"', f"{name}: what was typed is kept")
        tap.contains(reply.text(), 'name="scope.results:read" value="yes" checked', f"{name}: ticks, too")
    reply = ada.post("keys", **narrow)
    key = re.search(r"fl_live_[a-z2-7]{46}", reply.text()).group()
    ident = key[8:16]
    tap.ok("/fairlead/report/acme/results</code>" in reply.text(), "a line that fits what it may")
    policy = reply.headers["content-security-policy"]
    tap.ok(re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'", policy),
           "one script may run there", policy)
    tap.lacks(ada.get("keys").headers["content-security-policy"], "script-src", "and elsewhere none")
    made = state(ident)
    tap.equal([made[n] for n in ("jobs", "networks", "not_before_ms", "state")],
              [["17", "18"], ["192.0.2.0/24", "2001:db8::/32"], 1801353600000, "early"], "as asked")
    page = ada.get(f"keys/{ident}/change")
    for value in ('value="Consumer"', 'value="17 18"', 'value="192.0.2.0/24 2001:db8::/32"',
                  'value="2027-01-31"', 'name="scope.results:read" value="yes" checked',
                  '<option value="" selected>'):
        tap.contains(page.text(), value, f"the form has {value}")
    reply = ada.post(f"keys/{ident}/change", label="Consumer " + EVIL, days="", networks="", jobs="17",
                     starts="", **{"scope.results:read": "yes"})
    tap.equal(reply.status, 303, "changed")
    quiet(ada.follow(reply).text(), "its page")
    now = state(ident)
    tap.equal([now[n] for n in ("label", "jobs", "networks", "not_before_ms", "expires_ms", "state")],
              ["Consumer " + EVIL, ["17"], [], 0, made["expires_ms"], "live"], "as asked, and its end stays")
    tap.equal(ada.post(f"keys/{ident}/change", label="x", jobs="17",
                       **{"scope.keys:read": "yes"}).status, 422, "the same rules as for new ones")
    ada.get(f"keys/{ident}/change")
    stale = ada.hidden["stamp"]
    home.must("key", "change", ident, "--label", "changed meanwhile")
    late = ada.post(f"keys/{ident}/change", label="late", days="", stamp=stale,
                    **{"scope.results:read": "yes"})
    tap.equal(late.status, 409, "two who change at once: the second is told")
    tap.contains(late.text(), 'value="late"', "with what was typed")
    tap.equal(state(ident)["label"], "changed meanwhile", "and nothing is lost")
    tap.equal(ada.post(f"keys/{ident}/change", label="late", days="0",
                       **{"scope.results:read": "yes"}).status, 303, "saved again, it is so")
    tap.equal((state(ident)["label"], state(ident)["expires_ms"]), ("late", 0), "it is")
    ada.get(f"keys/{ident}")
    tap.equal(ada.post(f"keys/{ident}/switch").status, 303, "switched off")
    tap.equal(state(ident)["state"], "disabled", "it is off")
    page = ada.get(f"keys/{ident}").text()
    tap.contains(page, "Switch it on again", "its page says how to go back")
    tap.equal(ada.post(f"keys/{ident}/switch", on="yes").status, 303, "on again")
    tap.equal(state(ident)["state"], "live", "it is on")
    tap.equal(ada.post(f"keys/{ident}/rotate", hours="99999").status, 422, "an overlap within bounds")


ASHBY = {"id": "ab", "kind": "ashby", "credentials": {"api_key": "ashby key, made up"},
         "webhook": {"secrets": ["ashby hook secret, made up"]}}
SCHEDULE = {"id": "live", "ats": "ab", "title": "*", "job": "*", "platform": "cs"}


@with_people
def test_rule_schedule(home, ada, bob):
    """A rule that waits for scheduled interviews; what it would have done, from what was told."""
    bare = ada.get("rules/add/schedule").text()
    tap.contains(bare, 'value="gh"', "Greenhouse says what is scheduled")
    document = {k: v for k, v in prepared.document(home.platform).items() if k != "rules"}
    document["connections"] = document["connections"] + [ASHBY, {
        "id": "lv", "kind": "lever", "credentials": {"api_key": "lever key, made up"}}]
    target = next(c for c in home.apply(document)["connections"]
                  if c["id"] == "ab")["webhook_url"].replace("https://hire.example.org", "")

    def deliver_schedule(number, schedule, application, status, starts="2027-01-11T14:00:00Z", action="Create"):
        body = json.dumps({"webhookActionId": f"w-{number}", "action": f"interviewSchedule{action}", "data": {
            "interviewSchedule": {"id": schedule, "applicationId": application, "status": status, "interviewEvents":
                                  [{"startTime": starts}] if starts else []}}}).encode()
        tap.equal(cgi.request("webhook.fcgi", "POST", target, body=body, env=home.env(), headers={
            "Ashby-Signature": "sha256=" + planted.digest("ashby hook secret, made up", body)}).status, 200,
            f"schedule {schedule} is {status}")

    page = ada.get("rules/add/schedule").text()
    tap.contains(page, 'value="ab"', "so does Ashby")
    tap.lacks(page, 'value="lv"', "Lever does not, and is not offered")
    tap.contains(page, 'id="title"', "it has a field for the title")
    tap.contains(ada.get("rules/add/send").text(), 'value="lv"', "where it is no matter, Lever is")
    deliver_schedule(1, "s-1", "a-1", "Scheduled")
    deliver_schedule(2, "s-1", "a-1", "Scheduled", action="Update")
    deliver_schedule(3, "s-2", "a-2", "Scheduled")
    deliver_schedule(4, "s-2", "a-2", "Cancelled", action="Update")
    deliver_schedule(5, "s-3", "a-3", "NeedsScheduling", starts=None)
    deliver_schedule(6, "s-4", "a-4", "Scheduled")
    home.must("tick")
    ada.get("rules/add/schedule")

    def rehearsed(**change):
        return ada.post("rules/add/schedule", **{**SCHEDULE, "do": "rehearse", **change}).text()

    page = rehearsed()
    tap.contains(page, "would have fitted 2 times", "each schedule once, not what was cancelled or has no time")
    tap.contains(page, "application a-1", "with which it was")
    tap.lacks(page, "only when it is asked", "Ashby tells by itself")
    page = rehearsed(title="Pairing")
    tap.contains(page, "would have fitted 0 times", "of a title")
    tap.contains(page, "2 events of that time do not say which job or title", "nothing can be said")
    tap.contains(rehearsed(job="17"), "2 events of that time do not say which job or title", "nor of a job")
    page = rehearsed(ats="gh")
    tap.contains(page, "only when it is asked", "Greenhouse has to be asked")
    tap.lacks(page, "would have fitted", "so no number is made up")
    for name, change, fault in (("a system there is not", {"ats": "nope"}, "fault"),
                                ("an overlong title", {"title": "x" * 5000}, "title-hint"),
                                ("a platform there is not", {"platform": EVIL}, "fault")):
        reply = ada.post("rules/add/schedule", **{**SCHEDULE, "do": "save", **change})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.contains(reply.text(), f'class="fault" id="{fault}"' if "-" in fault else 'class="fault"', f"{name}: at its field")
        quiet(reply.text(), name)
    tap.equal(ada.post("rules/add/schedule", **SCHEDULE, do="save").status, 303, "saved")
    tap.contains(html.unescape(ada.get("rules").text()),
                 "When an interview is scheduled in ab: make a live interview on cs.", "it stands")


@with_people
def test_rule_write(home, ada, bob):
    typed = {"id": "write", "result": "any", "file": "pdf", "do": "save"}
    ada.get("rules/add/write")
    for name, change in (("an odd result", {"result": "xyz"}), ("an odd file", {"file": "exe"})):
        reply = ada.post("rules/add/write", **{**typed, **change})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.contains(reply.text(), 'class="fault">This must be', f"{name}: and why")
    tap.equal(ada.post("rules/add/write", **typed).status, 303, "saved")
    ada.get("rules/write/change")
    page = ada.post("rules/write/change", result="final", do="rehearse").text()
    tap.contains(page, 'value="pdf" selected', "an older page knows nothing of the file: the next one does")


TAG = {"id": "tags", "result": "any", "pass": "70", "fail": "40", "tag_pass": "Assessment: pass",
       "tag_review": "Ask <b>us</b>", "tag_fail": "Assessment: fail"}


@with_people
def test_rule_tag(home, ada, bob):
    page = ada.get("rules/add/tag").text()
    tap.contains(page, 'value="Assessment: needs review"', "the usual names stand in it")
    for name, change, fault in (("no number", {"pass": ""}, "pass-fault"), ("an odd one", {"pass": "1e1"}, "pass-fault"),
                                ("an odd second one", {"fail": "-1"}, "fail-fault"),
                                ("fails above what passes", {"fail": "71"}, "fail-fault"),
                                ("two tags alike", {"tag_fail": "ASSESSMENT: pass"}, "tag-fail-fault"),
                                ("an overlong tag", {"tag_review": "x" * 5000}, "tag-review-hint")):
        reply = ada.post("rules/add/tag", **{**TAG, **change, "do": "save"})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.contains(reply.text(), f'class="fault" id="{fault}"', f"{name}: at its field")
        tap.contains(html.unescape(reply.text()), "Ask <b>us</b>" if "tag_review" not in change else 'value="40"',
                     f"{name}: the rest is kept")
        quiet(reply.text(), name)
        if "number" in name or "odd" in name:
            tap.equal(ada.post("rules/add/tag", **{**TAG, **change, "do": "rehearse"}).status, 422, f"{name}: nor rehearsed")
    tap.contains(ada.post("rules/add/tag", **TAG, do="rehearse").text(), "would have fitted", "rehearsed")
    tap.equal(ada.post("rules/add/tag", **{**TAG, "pass": "70.5"}, do="save").status, 303, "saved, with no switch")
    tap.contains(html.unescape(ada.get("rules").text()),
                 "tag the candidate “Assessment: pass” from 70.5 %, “Assessment: fail” below 40 %, otherwise “Ask <b>us</b>”",
                 "it stands")
    ada.get("rules/tags/change")
    tap.equal(ada.post("rules/tags/change", **{**TAG, "pass": "70.5", "fail": "", "tag_review": ""}, do="save").status, 303,
              "changed")
    tap.contains(html.unescape(ada.get("rules").text()),
                 "tag the candidate “Assessment: pass” from 70.5 %, otherwise “Assessment: needs review”.", "the usual name again")


TYPED = ("ats", "stage", "title", "job", "platform", "assessment", "result", "file", "to", "percent", "pass", "fail",
         "tag_pass", "tag_review", "tag_fail")


def in_form(page):
    """What a browser would send of this page as it stands."""
    page = re.sub(r"<datalist.*?</datalist>", "", page, flags=re.S)
    sent = {n: html.unescape(v) for n, v in re.findall(r'<input id="[a-z_]+" name="([a-z_]+)"[^>]* value="([^"]*)"', page)}
    for name, options in re.findall(r'<select id="[a-z]+" name="([a-z]+)">(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        sent[name] = html.unescape(chosen.group(1))
    radio = re.search(r'name="result" value="([a-z]+)" checked', page)
    if radio:
        sent["result"] = radio.group(1)
    return {n: v for n, v in sent.items() if n in TYPED}


MANY = [
    {"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
     "then": [{"send_assessment": {"platform": "cs", "assessment": "T1"}},
              {"create_interview": {"platform": "cs", "schedule": {"in_hours": 24}}}]},
    {"id": "back", "when": {"result": "any"},
     "then": [{"write_result": {"file": "pdf", "score": [{"percent_at_least": 90, "score": 4}]}},
              {"tag_result": {"pass_at_least": 70}},
              {"move_stage": {"to": "next", "if": {"percent_at_least": 70.5}}}]},
    {"id": "tags", "when": {"result": "final"}, "then": [{"tag_result": {"pass_at_least": 70}}]},
    {"id": "live", "when": {"interview_scheduled": {"ats": "gh", "title": "Code"}},
     "then": [{"create_interview": {"platform": "cs"}}]},
    {"id": "add", "when": {"result": "final"}, "then": [{"write_result": {}}]},
]


@with_people
def test_rule_change(home, ada, bob):
    document = {**prepared.document(home.platform), "rules": MANY}

    def stands(want, name):
        """Applying the document finds nothing to change when the rules are these."""
        tap.equal(home.apply({**document, "rules": want})["changed"], False, f"{name}: so they stand")

    home.apply(document)
    page = ada.get("rules").text()
    tap.contains(page, "rules/send/change", "each can be changed")
    tap.lacks(home.reader.get("rules").text(), "/change", "by admins")
    tap.equal(ada.get("rules/none/change").status, 404, "one that is not there")
    tap.equal(ada.post("rules/none/change", do="save").status, 404, "nor can it be saved")
    for path in ("send", "send/change?step=1", "back", "back/change?step=1", "back/change?step=2", "tags",
                 "live", "add"):
        path = f"rules/{path}" if "/" in path else f"rules/{path}/change"
        page = ada.get(path).text()
        quiet(page, path)
        reply = ada.post(path, **in_form(page), do="save")
        if "step=2" in path:
            tap.equal(reply.status, 409, f"{path}: moving is off")
        else:
            tap.equal(reply.headers.get("location"), "/fairlead/admin/acme/rules?said=unchanged",
                      f"{path}: sent as it was, nothing is changed") or tap.note(reply.text())
        stands(MANY, path)
    for path, status in (("send/change?step=7", 200), ("send/change?step=x", 200)):
        page = ada.get(f"rules/{path}")
        tap.equal(page.status, status, f"{path}: is told")
        tap.contains(page.text(), "The form has no fields for what this rule does", "in a sentence")
        tap.equal(ada.post(f"rules/{path}", do="save", stage="x", result="any").status, 409, "and not saved")
    page = ada.get("rules/send/change").text()
    tap.contains(page, "make a live interview on cs", "the other step is told of")
    tap.contains(page, 'rules/send/change?step=1"', "and can be changed instead")
    tap.contains(ada.get("rules/back/change").text(), "the note gives a score: 4 from 90 %", "so is what has no field")
    tap.contains(ada.get("rules/back/change").text(), 'value="pdf" selected', "the file has one")
    stands(MANY, "after looking")

    typed = {"ats": "gh", "stage": "Coding test", "job": "*", "platform": "cs", "assessment": "T1", "do": "save"}
    ada.get("rules/send/change")
    for name, change, fault in (("no stage", {"stage": ""}, "stage-hint"), ("an odd system", {"ats": EVIL}, "fault"),
                                ("a system for a platform", {"platform": "gh"}, "fault"),
                                ("no assessment", {"assessment": ""}, "assessment-hint"),
                                ("an overlong stage", {"stage": "x" * 5000}, "stage-hint")):
        reply = ada.post("rules/send/change", **{**typed, "job": "Typed " + EVIL, **change})
        tap.equal(reply.status, 422, f"{name}: refused")
        tap.contains(reply.text(), f'class="fault" id="{fault}"' if "-" in fault else 'class="fault"', f"{name}: at its field")
        tap.contains(reply.text(), 'value="Typed &lt;script', f"{name}: the rest is kept")
        quiet(reply.text(), name)
    tap.equal(ada.post("rules/send/change", **{**typed, "stage": "X", "csrf": "no"}).status, 403, "a forged form")
    stands(MANY, "after all that")

    for number, stage in ((1, "Coding test"), (2, "Coding test"), (3, "Offer")):
        tap.equal(deliver(home, number, stage_change(number, stage)), 200, f"{stage} was entered")
    home.must("tick")
    ada.get("rules/send/change")
    page = ada.post("rules/send/change", **{**typed, "stage": "Offer", "do": "rehearse"}).text()
    tap.contains(page, "would have fitted 1 times", "rehearsed, one step at a time")
    tap.contains(page, "As the rule stands it fitted 2 times", "beside the rule that stands")
    tap.contains(page, 'value="Offer"', "what was typed is kept")
    page = ada.post("rules/send/change", **{**typed, "stage": "Typed before", "do": "refresh"}).text()
    tap.contains(page, 'value="Typed before"', "also when the lists are read again")
    stands(MANY, "rehearsed")

    ada.get("rules/send/change")
    bob.get("rules/send/change")
    changed = json.loads(json.dumps(MANY))
    changed[0]["when"]["entered_stage"]["stage"] = "Offer"
    tap.equal(ada.post("rules/send/change", **{**typed, "stage": "Offer"}).headers.get("location"),
              "/fairlead/admin/acme/rules?said=saved", "changed")
    stands(changed, "the stage, and nothing else")
    reply = bob.post("rules/send/change", **{**typed, "stage": "Typed by Bob"})
    tap.equal(reply.status, 409, "another admin with an older page does not overwrite")
    tap.contains(reply.text(), "When a candidate enters “Offer” in gh", "but sees how it stands")
    tap.contains(reply.text(), 'value="Typed by Bob"', "and keeps what he typed")
    stands(changed, "nothing was overwritten")
    tap.equal(bob.post("rules/send/change", **{**typed, "stage": "Typed by Bob"}).status, 303, "saved again, knowing")
    changed[0]["when"]["entered_stage"]["stage"] = "Typed by Bob"
    stands(changed, "his")
    bob.get("rules/back/change")
    ada.get("rules/send/change")
    tap.equal(ada.post("rules/send/change", **{**typed, "stage": "Test 3"}).status, 303, "one rule")
    tap.equal(bob.post("rules/back/change", result="final", do="save").status, 303, "and another are no conflict")
    changed[0]["when"]["entered_stage"]["stage"] = "Test 3"
    changed[1]["when"]["result"] = "final"
    stands(changed, "both")
    ada.get("rules/send/change")
    bob.get("rules/send/remove")
    tap.equal(bob.post("rules/send/remove").status, 303, "removed meanwhile")
    tap.equal(ada.post("rules/send/change", **{**typed, "stage": "X"}).status, 404, "it does not come back")
    del changed[0]
    stands(changed, "without it")

    move = "rules/back/change?step=2"
    ada.get(move)
    tap.equal(ada.post(move, to="Offer", percent="70.5", do="save").status, 409, "moves are off")
    stands(changed, "no move")
    ada.get("rules")
    tap.equal(ada.post("moves", moves="on", name="ada@example.com").status, 303, "switched on by name")
    ada.get(move)
    for percent in ("", "101", "70,5", "x"):
        tap.equal(ada.post(move, to="Offer", percent=percent, do="save").status, 422, f"“{percent}” is no number")
    tap.equal(ada.post(move, to="Offer", percent="70.5", do="save").status, 303, "the stage alone")
    changed[0]["then"][2]["move_stage"]["to"] = "Offer"
    stands(changed, "the number is left to the letter")
    log = html.unescape(ada.get("log").text())
    tap.contains(log, "changed a rule", "the log tells")
    tap.contains(log, '"stage":{"is":"Offer","was":"Coding test"}', "what was changed")


def stage_rules(home):
    """Ids of the rules that wait for a stage, as pages show them."""
    v = home.reader
    return re.findall(r"<strong>([a-z0-9]+)</strong><br>When a candidate enters", v.get("rules").text())


tap.run(test_connections, test_candidates, test_events, test_actions, test_rules, test_rule_schedule,
        test_rule_write, test_rule_tag, test_rule_change,
        test_keys, test_key_forms)
