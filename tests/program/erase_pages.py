# SPDX-License-Identifier: GPL-3.0-or-later
"""Erasing on the admin's pages: counted first, then done once, and how long data is kept."""
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402
from visitor import Visitor, invite  # noqa: E402

EVIL = '<script>alert("1")</script>\'"&'
DAY = 86400000


def row(number, email, age=0, first="Ada", state="complete"):
    at = int(time.time() * 1000) - age * DAY
    return {"key": f"cs:s{number}", "report_url": "https://app.codesignal.com/x?accessToken=hush",
            "session": {"id": f"s{number}", "test_id": "T1", "test_title": "Coding",
                        "name": f"{first} L", "email": email, "state": state,
                        "created_ms": at, "finished_ms": 0 if state == "invited" else at},
            "application": {"key": f"gh:17{number}", "id": f"17{number}", "first_name": first,
                            "candidate_id": f"5{number}", "last_name": "L", "email": email,
                            "job_name": "Engineer", "stage_name": "Coding test"}}


def plant(home, *rows):
    done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant_session"), home.path, "acme"],
                          input=json.dumps(rows).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def with_admins(function):
    def test():
        with tap.directory() as path:
            home = prepared.Home(os.path.join(path, "home"))
            home.apply(prepared.document())
            with fcgi_client.Server("admin.fcgi", env=home.env()) as server:
                people = []
                for name, role in (("one", "admin"), ("two", "admin"), ("reader", "recruiter")):
                    v = Visitor(server, address=f"192.0.2.{len(people) + 1}")
                    v.join(invite(home, f"{name}@example.com", role=role))
                    people.append(v)
                function(home, *people)
            tap.equal(server.code, 0, "it ended cleanly")
            tap.lacks(server.log, "ada@x.example", "the log keeps quiet")
    test.__name__ = function.__name__
    return test


def facts(text):
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", text))


def audit(home, did):
    lines = home.must("audit", "export", "acme").out.splitlines()
    return [r for r in (json.loads(line.partition(" ")[2]) for line in lines) if r.get("did") == did]


def said(home):
    """What fairlead says of the candidate: its exit code."""
    return home.run("erase", "acme", "ada@x.example").code


@with_admins
def test_erase(home, one, two, reader):
    plant(home, row(1, "ada@x.example", first=EVIL), row(2, "ADA@x.example", state="invited"),
          row(3, "bob@x.example"))
    here = "candidates/gh%3A171"
    one.get(here)
    one.post(here + "/look")  # something still to do for him
    tap.contains(one.get(here).text(), f"/{here}/erase\"", "the candidate's page leads there")
    tap.lacks(reader.get(here).text(), "/erase\"", "a recruiter's does not")
    page = one.get(here + "/erase")
    tap.equal(page.status, 200, "the page that asks")
    shown = facts(page.text())
    tap.equal([shown.get(n) for n in ("Applications", "Assessments", "Results of them", "Interviews",
                                      "Events, with their bytes", "Notes not yet written",
                                      "Other things still to do",
                                      "Results written in the hiring system")],
              ["2", "2", "1", "0", "0", "0", "1", "0"], "what goes, in numbers")
    for part in ("application 171 in gh", "application 172 in gh", "What stays", "&lt;script&gt;"):
        tap.contains(page.text(), part, f"it says {part}")
    tap.lacks(page.text(), "<script", "safely")
    tap.lacks(page.text(), "173", "and of nobody else")
    for key in ("gh%3A9", EVIL.replace("/", ""), "x" * 300):
        path = "candidates/" + re.sub(r"[^A-Za-z0-9%]", "", key)
        tap.equal(one.get(path + "/erase").status, 404, f"nobody to erase: {key[:20]}")
        one.get(here + "/erase")
        tap.equal(one.post(path + "/erase").status, 404, f"nor when pressed: {key[:20]}")
        tap.equal(one.get(path + "/erased").status, 404, f"and nobody was erased: {key[:20]}")
    tap.equal(one.follow(one.get(here + "/erased")).status, 200, "not erased: back to the candidate")

    one.get(here + "/erase")
    two.get(here + "/erase")
    for name, fields, status in (("no token", {"csrf": None}, 403),
                                 ("a forged token", {"csrf": "0" * 32}, 403),
                                 ("another's token", {"csrf": two.hidden["csrf"]}, 403),
                                 ("no stamp", {"stamp": None}, 409),
                                 ("a forged stamp", {"stamp": "0" * 16}, 409)):
        csrf, stamp = one.hidden["csrf"], one.hidden["stamp"]
        reply = one.post(here + "/erase", **{"csrf": csrf, "stamp": stamp, **fields})
        tap.equal((reply.status, said(home)), (status, 0), f"{name}: nothing goes")
    tap.equal(one.post(here + "/erase", headers={"Origin": "https://evil.example"}).status, 403,
              "nor from another site")
    reader.get("account")
    tap.equal((reader.post(here + "/erase").status, reader.get(here + "/erase").status, said(home)),
              (403, 403, 0), "nor for a recruiter")

    one.get(here + "/erase")
    plant(home, row(4, "ada@x.example"))
    reply = one.post(here + "/erase")
    tap.equal((reply.status, said(home)), (409, 0), "more came meanwhile: it asks again")
    tap.contains(reply.text(), "Something changed since you opened the page", "and says why")
    tap.equal(facts(reply.text()).get("Applications"), "3", "with the new numbers")
    two.get(here + "/erase")
    reply = one.post(here + "/erase")
    tap.equal((reply.status, reply.headers.get("location")),
              (303, f"/fairlead/admin/acme/{here}/erased"), "pressed again, it goes")
    page = one.follow(reply)
    tap.contains(page.text(), "are taken out by the worker now", "done but for the last traces")
    for name, v in (("a second press", one), ("another admin's older page", two)):
        again = v.post(here + "/erase")
        tap.equal((again.status, again.headers.get("location")),
                  (303, f"/fairlead/admin/acme/{here}/erased"), f"{name} finds it done")
    tap.equal(said(home), 1, "nothing is held of her")
    tap.equal(home.run("erase", "acme", "bob@x.example").code, 0, "others stay")
    log = audit(home, "candidate.erased")
    tap.equal([(r["who"], r["about"], r["from"], r["detail"]["applications"]) for r in log],
              [("one@example.com", "candidate gh:171", "192.0.2.1", 3)], "logged once, with who and how much")
    tap.lacks(json.dumps(log), "x.example", "and not whose")
    home.must("tick")
    page = one.get(here + "/erased")
    tap.equal(page.status, 200, "the page, once the worker was there")
    tap.contains(page.text(), "Nothing is known here of the candidate of application 171", "nothing is known")
    tap.lacks(page.text(), "ada@x.example", "not even the address")
    tap.equal(one.get(here).status, 410, "the candidate's page says the same")
    tap.equal(one.get("candidates/gh%3A172").status, 410, "so does that of the same address")
    tap.lacks(one.get("candidates").text(), "ada@x.example", "the list has her no more")
    tap.contains(one.get("log").text(), "erased a candidate&#39;s data", "the log has words for it")


@with_admins
def test_retention(home, one, two, reader):
    plant(home, row(1, "ada@x.example"), row(2, "bob@x.example"))
    old = row(5, "old@x.example")
    del old["application"]
    old["session"].update(created_ms=1600000000000, finished_ms=1600003600000)
    plant(home, old)
    page = one.get("candidates").text()
    tap.contains(page, "Until somebody erases it", "the candidates' page says how long")
    tap.contains(page, "/fairlead/admin/acme/retention", "and leads there")
    tap.lacks(reader.get("candidates").text(), "/retention", "not a recruiter")
    page = one.get("retention").text()
    tap.contains(page, 'value="0"', "0 stands: never")
    for wrong in ("", "-1", "3651", "soon", "1.5", "9" * 30, "1e3", EVIL, "x" * 3000):
        one.get("retention")
        for reply in (one.get("retention?days=" + urllib.parse.quote(wrong)),
                      one.post("retention", days=wrong, stamp="0")):
            tap.equal(reply.status, 422, f"{wrong[:20]!r} is refused")
            tap.contains(reply.text(), 'aria-describedby="days-hint days-fault"', "at its field")
            tap.lacks(reply.text(), "<script", "safely")
    page = one.get("retention?days=%20365%20").text()
    shown = facts(page)
    tap.equal([shown.get(n) for n in ("Applications", "Assessments", "Results of them")],
              ["0", "1", "1"], "what would go today, in numbers")
    tap.contains(page, 'name="days" value="365"', "and the button for just that")
    tap.equal(facts(one.get("retention?days=3650").text()).get("Assessments"), "0",
              "nothing is as old as that")
    tap.contains(one.get("candidates").text(), "Until somebody", "nothing is stored by looking")
    one.get("retention?days=365")
    two.get("account")
    for name, fields, status in (("without a token", {"csrf": None}, 403),
                                 ("with a forged one", {"csrf": "0" * 32}, 403),
                                 ("with another's", {"csrf": two.hidden["csrf"]}, 403),
                                 ("without a stamp", {"stamp": None}, 409),
                                 ("with a forged stamp", {"stamp": "30"}, 409)):
        csrf = one.hidden["csrf"]
        reply = one.post("retention", **{"days": "365", "csrf": csrf, "stamp": "0", **fields})
        tap.equal(reply.status, status, f"not {name}")
    reader.get("account")
    tap.equal((reader.post("retention", days="365", stamp="0").status,
               reader.get("retention").status), (403, 403), "nor by a recruiter")
    tap.equal(audit(home, "retention.changed"), [], "so far nothing changed")

    one.get("retention?days=365")
    two.get("retention?days=30")
    for press in ("once", "twice"):
        reply = one.post("retention", days="365", stamp="0")
        tap.equal((reply.status, reply.headers.get("location")),
                  (303, "/fairlead/admin/acme/retention?said=saved"), f"saved, pressed {press}")
    page = one.follow(reply).text()
    tap.contains(page, "goes 365 days after the last word", "it stands")
    tap.contains(page, "Saved.", "and says so")
    reply = two.post("retention", days="30")
    tap.equal(reply.status, 409, "an older form is told")
    tap.contains(reply.text(), "Somebody else changed this", "in words")
    tap.ok(re.search(r'<input id="days"[^>]* value="30"', reply.text()), "with what was typed")
    tap.equal(facts(reply.text()).get("Assessments"), "1", "and what that would erase")
    tap.contains(one.get("candidates").text(), "365 days", "and changed nothing")
    tap.equal(two.post("retention", days="30").status, 303, "pressed again, it is so")
    document = prepared.document()
    document["retention_days"] = 30
    tap.equal(home.apply(document)["changed"], False, "the document's setting is the same one")
    home.must("tick")
    tap.equal((home.run("erase", "acme", "old@x.example").code, said(home)), (1, 0),
              "the worker erased what was too old, and nothing else")
    tap.contains(one.get("retention?days=0").text(), "Nothing would go by itself",
                 "0 says that nothing goes")
    tap.equal(one.post("retention", days="0").status, 303, "0 ends it")
    tap.contains(one.get("retention").text(), "kept until somebody erases it", "it is ended")
    tap.equal([(r["who"], r["detail"]["before"], r["detail"]["retention_days"])
               for r in audit(home, "retention.changed")],
              [("one@example.com", 0, 365), ("two@example.com", 365, 30), ("one@example.com", 30, 0)],
              "each change is logged once")
    tap.contains(one.get("log").text(), "changed how long candidates&#39; data is kept", "in words")


tap.run(test_erase, test_retention)
