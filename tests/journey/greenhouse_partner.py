# SPDX-License-Identifier: GPL-3.0-or-later
"""Assessments sent from within Greenhouse: the partner's four calls, and the completion."""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

PROCTORED = "mZ8vLf5QjY3kGa6"
RAW = "pW4xBc7RdT2nHs9"
PRE, TECH = "CodeSignal Pre-Screen", "CodeSignal Tech Screen"
PRE_KEY, TECH_KEY = "pre-screen key, made up", "tech screen key, made up"


def document(h, **more):
    text = h.document([{"id": "back", "when": {"result": "final"}, "then": [{"write_result": {}}]}])
    gh = text["connections"][0]
    gh["settings"].update({"prescreen_assessments": ["label:proctored"], "techscreen_platform": "cs",
                           "techscreen_assessments": [RAW], **more})
    gh["credentials"].update({"prescreen_key": PRE_KEY, "techscreen_key": TECH_KEY})
    return text


def set_up(h):
    h.apply(document(h))
    h.connect()
    url = h.base + "/assessment/acme/greenhouse"
    for name, key in ((PRE, PRE_KEY), (TECH, TECH_KEY)):
        h.gh("partner", {"name": name, "key": key, "url": url})
    return url


def offered(h, name):
    """Ids of list_tests; waits for the first reading of the list."""
    got = tap.wait_for(lambda: [g for g in [h.gh("partner/tests", {"name": name})]
                                if g["status"] == 200], 20, "a list of tests")
    tap.equal(got[0]["errors"] if got else None, [], f"{name}: Greenhouse can read the list")
    return [t["partner_test_id"] for t in got[0]["body"]] if got else []


def send(h, a, test, name=TECH, **more):
    return h.gh("partner/send", {"name": name, "application_id": a["id"], "test": test, **more})


def test_of(h, sent):
    return [t for t in h.gh("state")["take_home_tests"] if t["id"] == sent["id"]][0]


def patches(h, sent):
    return test_of(h, sent)["patches"]


def told(h, sent, times=1, seconds=20):
    return tap.wait_for(lambda: patches(h, sent) >= times or None, seconds, "the completion")


def whole(variant):
    with house.House(variant, rules=[]) as h:
        url = set_up(h)
        tap.equal(offered(h, TECH), [RAW], f"{variant}: a key offers what was chosen by id")
        chosen = offered(h, PRE)
        tap.ok(RAW not in chosen and PROCTORED in chosen, f"{variant}: the other one, by label", chosen)
        a = h.candidate("Whole")
        sent = send(h, a, RAW)
        tap.equal((sent["status"], sent["errors"]), (200, []), f"{variant}: send_test is understood")
        s = h.session(a)
        tap.ok(s, f"{variant}: the candidate is invited")
        again = send(h, a, RAW, again=sent["id"])
        tap.equal(again["body"], sent["body"], f"{variant}: a double click has the same answer")
        h.settle()
        tap.equal(len(h.sessions(a)), 1, f"{variant}: and sends nothing")
        tap.equal(h.gh("partner/poll", {"id": sent["id"]})["body"]["partner_status"], "invited",
                  f"{variant}: polled before it is over")
        h.step(s, "finish", scores=[20, 10, 0])
        tap.ok(told(h, sent), f"{variant}: Greenhouse is told that it is over")
        answer = tap.wait_for(lambda: test_of(h, sent).get("answer", {}).get("metadata") and
                              test_of(h, sent)["status"] == "received" and
                              test_of(h, sent)["answer"], 10) or {}
        tap.equal(answer.get("partner_score"), 30, f"{variant}: the score is a number")
        tap.ok(not isinstance(answer.get("partner_score"), str), f"{variant}: and no text")
        facts = answer.get("metadata", {})
        tap.contains(facts.get("Result", ""), "30 of 60", f"{variant}: with its scale in words")
        tap.contains(facts, "Verification", f"{variant}: and its verification")
        tap.ok(any(k.startswith("1. ") for k in facts), f"{variant}: task by task", facts)
        page = h.http("GET", answer.get("partner_profile_url", "none"))
        tap.equal(page.status, 200, f"{variant}: the report opens")
        tap.lacks(str(answer), "accessToken", f"{variant}: it is ours, not the platform's")
        h.settle()
        tap.equal(patches(h, sent), 1, f"{variant}: told once")
        for _ in range(3):
            tap.equal(h.gh("partner/poll", {"id": sent["id"]})["body"], answer,
                      f"{variant}: asked again, the same answer")
        tap.equal(len([n for n in h.notes(a) if "/report/" in n]), 1, f"{variant}: the rule's note too")
        tap.lacks("\n".join(h.log(n) for n in os.listdir(h.logs)), TECH_KEY,
                  f"{variant}: no key in a log")
        tap.lacks("\n".join(h.log(n) for n in os.listdir(h.logs)), "take_home_tests/",
                  f"{variant}: nor the address of a completion")
        return url


def lighttpd():
    whole("lighttpd-spawned")


def apache():
    why = house.available("apache-cgi")
    if why:
        tap.skip("apache-cgi", why)
    else:
        whole("apache-cgi")


def lives():
    """Verified later, not verified, expired, not sent, sent at once from two windows."""
    with house.House(rules=[]) as h:
        set_up(h)
        offered(h, PRE)
        offered(h, TECH)
        a = h.candidate("Proctored")
        sent = send(h, a, PROCTORED, PRE)
        s = h.session(a)
        h.step(s, "finish")
        h.settle()
        got = h.gh("partner/poll", {"id": sent["id"]})
        tap.equal((got["body"]["partner_status"], "partner_score" in got["body"], got["errors"]),
                  ("in review", False, []), "pending verification: not complete, no score")
        tap.equal(patches(h, sent), 0, "and nobody is told that it is over")
        h.step(s, "verify")
        tap.ok(told(h, sent), "verified: Greenhouse is told")
        tap.ok(tap.wait_for(lambda: test_of(h, sent)["status"] == "received", 10), "and has the score")

        b = h.candidate("Rejected")
        other = send(h, b, PROCTORED, PRE)
        s = h.session(b)
        h.step(s, "finish")
        h.settle()
        h.step(s, "reject", reason="Somebody else was in the room")
        tap.ok(told(h, other), "not verified: it is over, too")
        answer = tap.wait_for(lambda: test_of(h, other)["status"] == "received" and
                              test_of(h, other)["answer"], 10) or {"nothing": "came"}
        tap.ok("partner_score" not in answer and "not verified" in str(answer).lower(),
               "without a score, and it says why", answer)

        c = h.candidate("Expired")
        late = send(h, c, RAW)
        s = h.session(c)
        h.step(s, "expire")
        h.settle()
        got = h.gh("partner/poll", {"id": late["id"]})
        tap.equal((got["body"]["partner_status"], got["errors"], patches(h, late)),
                  ("expired", [], 0), "expired is not complete")
        h.step(s, "reactivate")
        again = tap.wait_for(lambda: [x for x in h.sessions(c) if x["id"] != s["id"]], 10)
        h.settle()
        h.step(again[0], "finish", scores=[20, 20, 20])
        tap.ok(told(h, late), "reactivated at the platform and finished: told")
        tap.ok(tap.wait_for(lambda: test_of(h, late)["answer"].get("partner_score") == 60, 10),
               "the new session's score")

        d = h.candidate("Two", "Windows")
        results = []
        threads = [threading.Thread(target=lambda: results.append(send(h, d, RAW))) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        s = h.session(d)
        h.settle()
        tap.equal(len(h.sessions(d)), 1, "sent from two windows: one invitation serves both")
        h.step(s, "finish", scores=[20, 0, 0])
        for r in results:
            tap.ok(told(h, r), "and both are told")
        h.settle()
        tap.equal([patches(h, r) for r in results], [1, 1], "once each")

        h.cs("failures", [{"what": "createCompanyTestSession", "kind": "errors", "times": 50, "body":
             '{"data":null,"errors":[{"message":"Test not found","extensions":{"code":"NOT_FOUND"}}]}'}])
        e = h.candidate("Refused")
        lost = send(h, e, RAW)
        h.settle()
        h.cs("failures", [])
        got = h.gh("partner/poll", {"id": lost["id"]})
        tap.equal(got["errors"], [], "not sent: still an answer that Greenhouse understands")
        tap.ok(got["body"]["partner_status"] in ("not sent", "sending"), "which says so", got["body"])


def refusals():
    """Bad keys, bad ids, bad bodies; a completion that fails; errors that Greenhouse reports."""
    with house.House(rules=[]) as h:
        url = set_up(h)
        offered(h, TECH)
        a = h.candidate("Strict")
        good = send(h, a, RAW)
        s = h.session(a)
        basic = h.basic(TECH_KEY)
        body = {"partner_test_id": RAW, "candidate": {"first_name": "A", "last_name": "B", "email":
                "x@example.com", "greenhouse_profile_url":
                "https://app.greenhouse.io/people/1?application_id=2"},
                "url": "https://app.greenhouse.io/integrations/testing_partners/take_home_tests/1"}
        rows = (
            ("no key", "GET", "list_tests", None, {}, 401),
            ("a wrong key", "GET", "list_tests", None, h.basic("nonsense"), 401),
            ("a key of another kind", "GET", "list_tests", None, h.basic(h.key("status:read")), 401),
            ("another method", "POST", "list_tests", {}, basic, 405),
            ("no such call", "GET", "list_testz", None, basic, 404),
            ("no interview", "GET", "test_status", None, basic, 404),
            ("an interview that is none", "GET", "test_status?partner_interview_id=../x", None, basic,
             404),
            ("another desk's interview", "GET", "test_status?partner_interview_id=" +
             good["body"]["partner_interview_id"], None, h.basic(PRE_KEY), 404),
            ("no JSON", "POST", "send_test", b"{", basic, 400),
            ("a list", "POST", "send_test", [], basic, 422),
            ("another desk's test", "POST", "send_test", {**body, "partner_test_id": PROCTORED}, basic,
             404),
            ("nobody's test", "POST", "send_test", {**body, "partner_test_id": "none"}, basic, 404),
            ("no address", "POST", "send_test", {**body, "candidate": {"first_name": "A"}}, basic, 422),
            ("an evil address to tell", "POST", "send_test", {**body, "url": "https://evil.example/"},
             basic, 422),
            ("an inner address to tell", "POST", "send_test",
             {**body, "url": "https://169.254.169.254/greenhouse.io"}, basic, 422),
        )
        for name, method, path, asked, headers, want in rows:
            got = h.http(method, f"{url}/{path}", asked, headers)
            tap.equal(got.status, want, f"{name}: {want}")
            tap.lacks(got.text(), TECH_KEY, f"{name}: says no secret")
        tap.equal(h.http("GET", h.base + "/assessment/nobody/greenhouse/list_tests", None,
                         basic).status, 401, "an organisation that is none: as a wrong key")
        for path in ("send_test", "response_error"):
            tap.equal(h.http("GET", f"{url}/{path}", None, basic).status, 405, f"GET {path} does nothing")

        h.fail("greenhouse", "PATCH take_home_tests", "status", status=503, times=2)
        h.fail("greenhouse", "PATCH take_home_tests", "status", status=500, times=1, after=True)
        h.step(s, "finish", scores=[20, 20, 20])
        tap.ok(told(h, good), "a completion that fails is told again")
        h.settle()
        tap.equal(test_of(h, good)["status"], "received", "until Greenhouse has it")

        b = h.candidate("Hired")
        gone = send(h, b, RAW)
        s = h.session(b)
        h.gh("set", {"table": "applications", "id": b["id"], "members": {"status": "hired"}})
        h.step(s, "finish", scores=[20, 20, 20])
        h.settle()
        rows = [r for r in h.actions() if r["kind"] == "tell_partner" and r["state"] == "refused"]
        tap.equal(len(rows), 1, "hired meanwhile: Greenhouse takes no result, and that is the end")
        tap.equal(h.gh("partner/poll", {"id": gone["id"]})["body"]["partner_status"], "complete",
                  "asked, it is answered all the same")

        tap.equal(rows and rows[0]["attempts"], 1, "at the first time: it stays so")

        c = h.candidate("Other", "Key")
        send(h, c, RAW)
        s = h.session(c)
        h.fail("greenhouse", "PATCH take_home_tests", "status", status=401)
        h.step(s, "finish", scores=[20, 20, 20])
        parked = tap.wait_for(lambda: h.actions("--parked"), 10, "parked") or [{}]
        tap.equal((parked[0].get("kind"), parked[0].get("attempts")), ("tell_partner", 1),
                  "their end does not know the key: an admin reads it at once")
        tap.contains(parked[0].get("sentence", ""), "assessment API key", "in words")

        got = h.http("POST", f"{url}/response_error", {
            "api_call": "test_status", "errors": ["partner_score is not a number"],
            "candidate_email": "ada@example.com", "partner_interview_id": None}, basic)
        tap.equal((got.status, got.json()), (200, {"status": 200}), "an error they report is taken")
        for call in ("list_tests", None):
            h.http("POST", f"{url}/response_error", {"api_call": call, "errors": ["so so"]}, basic)
        page = h.http("GET", "admin/acme", headers={"Accept": "text/html",
                                                    **h.basic(h.key("status:read"))}).text()
        tap.contains(page, "partner_score is not a number", "and shown to admins")
        tap.contains(page, "list_tests: so so", "beside one about another call")
        tap.lacks(page, "ada@example.com", "without the candidate")
        tap.contains(h.log("web") + "".join(h.log(n) for n in os.listdir(h.logs)),
                     "greenhouse could not use an answer", "and logged")


def erased():
    with house.House(rules=[]) as h:
        set_up(h)
        offered(h, TECH)
        a = h.candidate("Gone")
        sent = send(h, a, RAW)
        s = h.session(a)
        h.settle()
        h.gh("event", {"action": "candidate_anonymized", "payload": {
            "candidate_id": a["candidate_id"], "anonymized_fields": ["full_name", "email_addresses"]}})
        h.settle()
        got = h.gh("partner/poll", {"id": sent["id"]})
        tap.equal((got["status"], got["body"]), (200, {"partner_status": "removed"}),
                  "erased: asked, it says no more than that")
        h.step(s, "finish", scores=[20, 20, 20])
        h.settle()
        tap.equal(patches(h, sent), 0, "and Greenhouse is not told of a result")


def kept_of(h, *words):
    """Events that still say one of the words, in their list or in their bytes."""
    found = []
    for event in h.events("--last", "1000"):
        text = json.dumps(event) + h.command("events", "acme", "--body", str(event["number"]))[1]
        if any(word in text for word in words):
            found.append((event["name"], event["state"], event.get("reason")))
    return found


def bytes_go():
    """What events said goes with the candidate: also those that no rule waited for, and late ones."""
    with house.House(rules=[]) as h:
        h.connect()
        for name, farewell in (
                ("deleted", lambda a, c: ("delete_candidate", {"person": {**c, "deleted_application_ids": [a["id"]]}})),
                ("anonymized", lambda a, c: ("candidate_anonymized", {"candidate_id": c["id"], "anonymized_fields": ["full_name"]})),
                ("the application deleted", lambda a, c: ("delete_application", {"application": {"id": a["id"], "candidate": c}}))):
            first = name.title().replace(" ", "")
            a = h.candidate(first)
            c = {"id": a["candidate_id"], "first_name": first, "last_name": "Lindqvist",
                 "email_addresses": [{"value": f"{first}.lindqvist@example.com".lower(), "type": "work"}]}
            words = (first, c["email_addresses"][0]["value"])
            one = {"application": {"id": a["id"], "candidate": c}}
            h.move(a, "On-site interview")
            for action in ("hire_candidate", "new_candidate_application", "something_new"):
                h.gh("event", {"action": action, "payload": one})
            h.settle()
            tap.equal(len(kept_of(h, *words)), 4, f"{name}: what came is kept")
            action, payload = farewell(a, c)
            h.gh("event", {"action": action, "payload": payload})
            h.settle()
            tap.equal(kept_of(h, *words), [], f"{name}: and gone with the candidate")
            h.gh("event", {"action": "reject_candidate", "payload": one})
            h.move(a, "Offer")
            h.settle()
            tap.equal(kept_of(h, *words), [], f"{name}: what comes late is kept without what it says")
        a, b = h.candidate("Merging"), h.candidate("Staying")
        person = {"id": a["candidate_id"], "first_name": "Merging", "new_candidate_id": b["candidate_id"]}
        h.move(a, "On-site interview")
        h.settle()  # a delivery may overtake another
        h.gh("event", {"action": "merge_candidate", "payload": {"person": person}})
        h.settle()
        tap.equal(len(kept_of(h, "Merging")), 2, "merged: it is somebody's")
        h.gh("event", {"action": "candidate_anonymized", "payload": {"candidate_id": b["candidate_id"]}})
        h.settle()
        tap.equal(kept_of(h, "Merging"), [], "and goes with that one")


def merged():
    """Two candidates become one: what comes later goes to the one that stays."""
    with house.House(rules=[{"id": "back", "when": {"result": "final"}, "then": [{"write_result": {}}]}]) as h:
        set_up(h)
        offered(h, TECH)
        a, b = h.candidate("Twice"), h.candidate("Once")
        sent = send(h, a, RAW)
        s = h.session(a)
        h.settle()
        h.gh("set", {"table": "applications", "id": a["id"],
                     "members": {"candidate_id": b["candidate_id"]}})
        h.gh("event", {"action": "merge_candidate", "payload": {"person": {
            "id": a["candidate_id"], "new_candidate_id": b["candidate_id"]}}})
        h.settle()
        h.step(s, "finish", scores=[20, 20, 20])
        tap.ok(told(h, sent), "merged: the result is still told")
        tap.ok(tap.wait_for(lambda: [n for n in h.gh("state")["notes"] if "/report/" in n["body"] and
                                     n["candidate_id"] == b["candidate_id"]], 20),
               "and its note stands at the candidate who stays")
        h.gh("event", {"action": "delete_application", "payload": {"application": {
            "id": a["id"], "candidate_id": b["candidate_id"]}}})
        h.settle()
        tap.equal(h.gh("partner/poll", {"id": sent["id"]})["body"], {"partner_status": "removed"},
                  "the application is deleted: what we held of it is gone")


tap.run(lighttpd, apache, lives, refusals, erased, bytes_go, merged)
