# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page in a real browser: accessibility, HTML, phone width, dark, keyboard, no JavaScript."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path[:0] = [os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", d) for d in ("lib", "browser")]
import admin_pages
import first_day
import select_pages
import house
import tap

TESTS = os.path.join(tap.source(), "tests")
PROCTORED = "mZ8vLf5QjY3kGa6"
CHROMIUM = admin_pages.CHROMIUM


def reports(h):
    """Links to reports of sessions in several states."""
    found = {}
    for name, steps in (("verified", ["start", "finish", "verify"]),
                        ("not verified", ["start", "finish", "reject"])):
        a = h.candidate("Maximiliane-Alexandra " + name.capitalize().replace(" ", "-"),
                        "von und zu Hohenlohe-Waldenburg-Schillingsfürst", f"{name[:3]}@example.com")
        h.move(a)
        session = h.session(a)
        for step in steps:
            h.step(session, step, reason="Somebody else was in the room")
        h.settle()
        for note in h.notes(a):
            link = re.search(r"http\S+/report/\S+", note)
            if link:
                found[name] = link.group()
    return found


def pages():
    """(name, url, what to expect)"""
    rules = [{"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
              "then": [{"send_assessment": {"platform": "cs", "assessment": PROCTORED}}]},
             {"id": "back", "when": {"result": "any"}, "then": [{"write_result": {}}]}]
    with house.House(scale=1000000, rules=rules,
                     stand_ins=house.STAND_INS + ["ashby", "coderbyte"]) as h:
        h.connect()
        found = []

        def page(name, url, status=200, **more):
            found.append({"name": name, "url": url, "status": status, **more})

        for name, link in reports(h).items():
            page(f"report, {name}", link)
        bearer = {"Authorization": f"Bearer {h.key('interviews:write')}"}
        wish = {"candidate": {"name": "Ada Lindqvist", "email": "ada@example.com"},
                "title": "Systems design with the platform team",
                "starts_at": "2027-01-11T14:00:00Z", "ends_at": "2027-01-11T15:00:00Z"}
        lobby = h.http("POST", "interview-link/acme", wish, bearer).json()
        page("lobby", lobby["url"], button="Join", leads="/live-interview/")
        gone = h.http("POST", "interview-link/acme", wish, bearer).json()
        h.http("DELETE", f"interview-link/acme/{gone['id']}", None, bearer)
        page("lobby, cancelled", gone["url"])
        page("front", f"{h.base}/admin", button="Sign in")
        page("report that is not there", f"{h.base}/report/acme/nothing", 404)
        # Something parked, so that the status page has its button.
        h.fail("codesignal", "createCompanyTestSession", "status", status=500, times=100000)
        a = h.candidate("Parked")
        h.move(a)
        tap.ok(tap.wait_for(lambda: h.actions("--parked"), 20), "something is parked")
        page("status", f"{h.base}/admin/acme", headers=h.basic(h.key("status:read", "actions:write")),
             button="Retry")
        page("Greenhouse stand-in", f"{h.vendors}/greenhouse")
        page("Greenhouse stand-in, candidate",
             f"{h.vendors}/greenhouse/candidates/{a['candidate_id']}")
        page("Greenhouse stand-in, webhooks", f"{h.vendors}/greenhouse/webhooks")
        page("CodeSignal stand-in", f"{h.vendors}/codesignal")
        session = h.cs("sessions")[0]
        page("CodeSignal stand-in, the test", f"{h.vendors}/codesignal/take/{session['id']}")
        page("CodeSignal stand-in, review", f"{h.vendors}/codesignal/review/{session['id']}")
        page("CodeSignal stand-in, webhooks", f"{h.vendors}/codesignal/webhooks")
        for name, step in (("joined", "join"), ("graded", "finish")):
            row = h.vendor("coderbyte", "invite", {"email": f"{name}@example.com"})
            h.vendor("coderbyte", f"attempts/{row['_id']}", {"do": step})
            if step == "join":
                page("Coderbyte stand-in, the test", f"{h.vendors}/coderbyte/sl/{row['_id']}")
        h.vendor("coderbyte", "interviews", {"email": "ada@example.com"})
        page("Coderbyte stand-in", f"{h.vendors}/coderbyte")
        page("Coderbyte stand-in, report", f"{h.vendors}/coderbyte/report/{row['_id']}")
        page("Coderbyte stand-in, webhooks", f"{h.vendors}/coderbyte/webhooks")
        page("Data consumer stand-in", f"{h.vendors}/consumer")
        results = [s["result"]["url"] for s in h.cs("sessions") if (s.get("result") or {}).get("url")]
        tap.ok(results, "a session has a result")
        page("CodeSignal stand-in, result", results[0])
        h.http("POST", lobby["url"], b"", {"Content-Type": "application/x-www-form-urlencoded"})
        tap.ok(h.cs("interviews"), "an interview was begun")
        page("CodeSignal stand-in, interview",
             f"{h.vendors}/codesignal/live-interview/{h.cs('interviews')[0]['id']}")
        application = h.vendor("ashby", "add", {"name": "Maximiliane-Alexandra von und zu " * 3,
                                                "email": "max@example.com"})
        page("Ashby stand-in", f"{h.vendors}/ashby")
        page("Ashby stand-in, candidate", f"{h.vendors}/ashby/applications/{application['id']}")
        page("Ashby stand-in, webhooks", f"{h.vendors}/ashby/webhooks")
        look(h, found)


def look(h, found):
    pictures = os.path.join(tap.build(), "pictures")
    os.makedirs(pictures, exist_ok=True)
    listed = h.write("pages.json", json.dumps(found))
    done = subprocess.run(["node", f"{TESTS}/browser/look.mjs", listed, pictures], cwd=TESTS,
                          capture_output=True, text=True, timeout=900, check=False,
                          env={**os.environ, "CHROMIUM": CHROMIUM, "HOME": h.dir})
    for line in done.stdout.splitlines():
        result = json.loads(line)
        tap.ok(result["ok"], result["name"], result["detail"])
    tap.equal(done.returncode, 0, "every page was looked at") or tap.note(done.stderr[-3000:])


if not CHROMIUM:
    tap.skip_all("chromium is not installed")
if not shutil.which("node") or not os.path.isdir(f"{TESTS}/node_modules/playwright-core"):
    tap.skip_all("node or tests/node_modules is missing: run npm ci in tests")
if house.available("lighttpd-spawned"):
    tap.skip_all(house.available("lighttpd-spawned"))
tap.run(first_day.first_day, pages, admin_pages.pages, select_pages.pages)
