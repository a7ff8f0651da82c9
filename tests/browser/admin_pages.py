# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin's pages in a real browser, with something on each of them and with nothing.

pages.py runs this.  By itself, for some of the pages (a regular expression over their names):

    FAIRLEAD_TEST_PAGES='candidate|event' python3 tests/browser/admin_pages.py
"""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap
import text_browser
from visitor import Visitor, totp

TESTS = os.path.join(tap.source(), "tests")
# The shell without windows draws the same pages in a third of the time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
EVIL = '<script>alert("1")</script>\'"& and a name that is long enough to need two lines on a phone'


class Server:
    """What a Visitor speaks to: the web server of a house."""

    def __init__(self, h):
        self.h = h

    def request(self, method, path, headers=None, body=b"", extra=None):
        reply = self.h.http(method, self.h.base[:-len("/fairlead")] + path, body or None, headers)
        return reply


def member(h, email, role, org="acme"):
    v = Visitor(Server(h), org)
    link = h.fairlead("admin", "invite", org, email, *(["--role", role] if role else []))
    tap.equal(v.join(link).status, 303, f"{email} joins")
    return v


def pages():
    with house.House(scale=1000000, rules=[]) as h:
        found = []
        link = h.fairlead("admin", "invite", "acme", "later@example.com")

        def page(name, v, path, status=200, **more):
            cookie = "; ".join(f"{k}={w}" for k, w in v.cookies.items()) if v else ""
            found.append({"name": name, "url": f"{h.base}/admin/{path}", "status": status,
                          "headers": {"Cookie": cookie} if cookie else {},
                          "looks": ["desktop", "phone dark", "zoomed"], **more})

        ada = member(h, "ada@example.com", "admin")
        op = member(h, "op@example.com", "operator", "-")
        aud = member(h, "aud@example.com", "auditor")
        page("sign in", None, "acme/sign-in", button="Sign in")
        page("invitation", None, "acme/invitation/" + link.strip().rsplit("/", 1)[1],
             button="Make my account")
        page("host", op, "-")
        page("people", ada, "acme/people", button="Make the invitation")
        page("account", ada, "acme/account", button="Sign out everywhere")
        made = h.ask("key", "issue", "acme", "--scope", "status:read")["id"]
        page("keys", ada, "acme/keys", button="Issue the key")
        page("key", ada, f"acme/keys/{made}", button="Revoke")
        page("key, change", ada, f"acme/keys/{made}/change", button="Save")
        rotated = h.ask("key", "issue", "acme", "--scope", "results:read", "--jobs", "17",
                        "--from", "192.0.2.0/24")["id"]
        h.ask("key", "rotate", "acme", rotated, "--overlap", "7d")
        page("key, rotated", ada, f"acme/keys/{rotated}", button="Finish: revoke the old one")
        ident = re.search(r'people/([a-z2-7]{10})"', ada.get("people").text()).group(1)
        page("person", ada, f"acme/people/{ident}", button="Save")
        page("person, remove", ada, f"acme/people/{ident}/remove", button="Remove")
        page("log", aud, "acme/log", button="Export all of it")
        page("refused", aud, "acme/people", 403)
        page("overview, empty", ada, "acme")
        for path in ("candidates", "events", "actions", "rules"):
            page(f"{path}, empty", ada, f"acme/{path}")
        for kind in ("send", "schedule", "write", "tag", "move"):
            page(f"rule, {kind}", ada, f"acme/rules/add/{kind}", button="Save")
        page("connections", ada, "acme/connections")
        for kind in ("greenhouse", "lever", "ashby", "codesignal", "coderbyte", "consumer"):
            page(f"connect {kind}", ada, f"acme/connections/add/{kind}", button="Connect")
        page("connection", ada, "acme/connections/gh", button="Test it now")
        page("connection, change", ada, "acme/connections/cs/change", button="Save")
        look(h, found)  # before anything happens
        issue_and_copy(h, ada)
        found.clear()
        happen(h)
        for path in ("", "connections", "candidates", "events", "actions", "rules", "log"):
            page(path or "overview", ada, f"acme/{path}".rstrip("/"))
        key = re.findall(r'candidates/(gh[^"/?]+)"', ada.get("candidates").text())
        ada.get(f"candidates/{key[-1]}/erase")
        tap.equal(ada.post(f"candidates/{key[-1]}/erase").status, 303, "one of them is erased")
        for n, one in enumerate(key[:3]):
            page(f"candidate {n + 1}", ada, f"acme/candidates/{one}")
        page("candidate, erase", ada, f"acme/candidates/{key[0]}/erase", button="Erase it")
        page("candidate, erased", ada, f"acme/candidates/{key[-1]}/erased")
        for n, path in (("", ""), (", counted", "?days=30"), (", for ever", "?days=0")):
            page("retention" + n, ada, "acme/retention" + path, button="See first what goes")
        page("retention, wrong", ada, "acme/retention?days=soon", 422)
        numbers = re.findall(r'events/(\d+)"', ada.get("events").text())
        page("event", ada, f"acme/events/{numbers[0]}", button="Replay it")
        page("replay, counted", ada, f"acme/replay?from=1&to={numbers[0]}")
        number = re.search(r'actions/(\d+)"', ada.get("actions?state=parked").text()).group(1)
        page("actions, parked", ada, "acme/actions?state=parked")
        tap.contains(ada.get(f"actions/{number}").text(), " earlier attempts</summary>",
                     "many attempts do not fill the page")
        page("action, parked", ada, f"acme/actions/{number}", button="Try again")
        for rule, button in (("send", "Save"), ("back", "Save"), ("tags", "Save")):
            page(f"rule, change {rule}", ada, f"acme/rules/{rule}/change", button=button)
        page("rule without a form", ada, "acme/rules/tags/change?step=9", button="Back to the rules")
        page("rule, remove", ada, "acme/rules/back/remove", button="Remove")
        answers(h, ada, page)
        look(h, found)


def answers(h, ada, page):
    """What forms are answered with: faults beside fields, things shown once, conflicts."""
    def shot(name, reply, status):
        page(name, None, "", status, html=reply.text())
        tap.equal(reply.status, status, f"{name} is answered {status}")

    stranger = Visitor(Server(h))
    shot("sign in, refused", stranger.sign_in("ada@example.com", "not this one at all"), 422)
    ada.get("account")
    page1 = ada.post("account/totp")
    shot("second factor", page1, 200)
    key = re.search(r"secret=([A-Z2-7]+)|<code[^>]*>([A-Z2-7 ]{16,})</code>", page1.text())
    key = (key.group(1) or key.group(2)).replace(" ", "")
    shot("second factor, wrong code", ada.post("account/totp/confirm", code="12"), 422)
    shot("recovery codes", ada.post("account/totp/confirm", code=totp(key)), 200)
    ada.get("account")
    shot("account, odd zone", ada.post("account", name="Ada", zone="Mars/Olympus"), 422)
    ada.get("people")
    shot("people, odd address", ada.post("people", email="nobody", role="recruiter"), 422)
    ada.get("connections/add/greenhouse")
    shot("connect, a fault", ada.post("connections/add/greenhouse", id="gh2", **{
        "settings.base_url": "ftp://" + EVIL, "credentials.client_id": "x"}), 422)
    ada.get("connections/add/codesignal")
    shot("connected", ada.post("connections/add/codesignal", id="cs2", **{
        "settings.base_url": f"{h.vendors}/codesignal/graphql", "settings.bad_signature": "refuse",
        "settings.signature_mode": "url+event+time",
        "credentials.api_key": "sandbox-codesignal-key"}), 200)
    ada.get("connections/gh")
    shot("tested", ada.post("connections/gh/test"), 200)
    rule = {"id": "send", "ats": "gh", "stage": EVIL, "job": "*", "platform": "cs", "assessment": "T"}
    ada.get("rules/add/send")
    shot("rule, rehearsed", ada.post("rules/add/send", do="rehearse", **rule), 200)
    shot("rule, lists asked for", ada.post("rules/add/send", do="refresh", **rule), 200)
    shot("rule, scheduled, rehearsed", ada.post("rules/add/schedule", do="rehearse", **{**rule, "title": "*"}), 200)
    shot("rule, tags, a fault", ada.post("rules/add/tag", do="save", id="t", **{"pass": "7o", "fail": "", "tag_pass": EVIL}), 422)
    shot("rule, a fault", ada.post("rules/add/send", do="save", **{**rule, "stage": ""}), 422)
    shot("rule, stale", ada.post("rules/add/send", do="save", stamp="0" * 16, **rule), 409)
    ada.get("rules/back/change")
    shot("rule, change rehearsed", ada.post("rules/back/change", result="final", do="rehearse"), 200)
    shot("rule, change stale", ada.post("rules/back/change", stamp="0" * 16, result="final"), 409)
    ada.get("keys")
    shot("key, a fault", ada.post("keys", label="x", networks="here"), 422)
    shot("moves, another's name", ada.post("moves", moves="on", name="bob@example.com"), 422)
    shot("forgery", ada.post("rules/add/send", csrf="x" * 20, do="save", **rule), 403)


def issue_and_copy(h, v):
    """The key on its way from the page to whoever will use it; and the line beside it works."""
    pictures = os.path.join(tap.build(), "pictures")
    os.makedirs(pictures, exist_ok=True)
    cookie = "; ".join(f"{k}={w}" for k, w in v.cookies.items())
    done = subprocess.run(["node", f"{TESTS}/browser/copy.mjs", f"{h.base}/admin/acme/keys", cookie,
                           pictures], cwd=TESTS, capture_output=True, text=True, timeout=120,
                          check=False, env={**os.environ, "CHROMIUM": CHROMIUM, "HOME": h.dir})
    made = {}
    for line in done.stdout.splitlines():
        result = json.loads(line)
        if "ok" in result:
            tap.ok(result["ok"], result["name"], result["detail"])
        else:
            made = result
    tap.equal(done.returncode, 0, "a key was issued and copied") or tap.note(done.stderr[-3000:])
    ran = subprocess.run(["sh", "-c", made.get("line", "false") + " -s -f"], capture_output=True,
                         text=True, timeout=30, check=False)
    tap.equal(ran.returncode, 0, "the line, as it stands in the page, works")
    tap.contains(ran.stdout, "/interview-link/acme/join/", "and does what it says")


def happen(h):
    """Candidates in several states, one of them with an odd name, and something parked."""
    h.connect()
    h.apply(h.document([
        {"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
         "then": [{"send_assessment": {"platform": "cs", "assessment": house.TEST}}]},
        {"id": "back", "when": {"result": "any"}, "then": [
            {"write_result": {"file": "text"}}, {"tag_result": {"pass_at_least": 70}},
            {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]},
        {"id": "tags", "when": {"result": "final"}, "then": [{"tag_result": {"pass_at_least": 70}}]}]))
    for n, (first, steps) in enumerate((("Gone", []), (EVIL, ["start", "finish"]),
                                        ("Grace", ["start"]), ("Ada", []))):
        a = h.candidate(first, "Lovelace", f"c{n}@example.com")
        h.move(a)
        session = h.session(a)
        for step in steps:
            h.step(session, step)
        h.settle()
    h.fail("codesignal", "createCompanyTestSession", "status", status=500, times=100000)
    a = h.candidate("Parked")
    h.move(a)
    tap.ok(tap.wait_for(lambda: h.actions("--parked"), 30), "something is parked")


def read(h, found, prefix):
    """Every page once more, in a text browser."""
    if text_browser.W3M is None:
        tap.skip("every page in a text browser", "w3m is not installed")
        return
    bad = text_browser.missing("<h1>One</h1><p><input id=x></p><h2>Two</h2>")
    tap.contains(bad, "field x has no label", "the text browser's check finds faults where there are some")
    for page in found:
        text = page.get("html")
        if text is None:
            headers = {"Accept": "text/html", **page.get("headers", {})}
            text = h.http("GET", page["url"], None, headers).text()
        why = text_browser.missing(text)
        tap.equal(why, "", f"{prefix}{page['name']}: read in a text browser")


def look(h, found, prefix="admin "):
    pictures = os.path.join(tap.build(), "pictures")
    os.makedirs(pictures, exist_ok=True)
    only = os.environ.get("FAIRLEAD_TEST_PAGES")
    if only:
        found = [p for p in found if re.search(only, p["name"])]
    read(h, found, prefix)
    listed = h.write("pages.json", json.dumps([{**p, "name": prefix + p["name"]} for p in found]))
    done = subprocess.run(["node", f"{TESTS}/browser/look.mjs", listed, pictures], cwd=TESTS,
                          capture_output=True, text=True, timeout=1200, check=False,
                          env={**os.environ, "CHROMIUM": CHROMIUM, "HOME": h.dir})
    for line in done.stdout.splitlines():
        result = json.loads(line)
        tap.ok(result["ok"], result["name"], result["detail"])
    tap.equal(done.returncode, 0, "every page was looked at") or tap.note(done.stderr[-3000:])


if __name__ == "__main__":
    tap.run(pages)
