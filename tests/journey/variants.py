# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole journey behind each of the seven web-server set-ups, by the examples as they stand."""
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap


def assessment(h, v):
    """From the stage to the note; returns the link to the report."""
    a = h.candidate("Ada")
    h.move(a)
    session = h.session(a)
    if not tap.ok(session, f"{v}: moving the candidate makes a session at CodeSignal"):
        return None
    tap.ok(h.note(a, "Assessment sent"), f"{v}: a note says that the assessment was sent")
    h.step(session, "start")
    h.step(session, "finish", scores=[300, 270, 140, 0])
    finished = time.monotonic()
    note = h.note(a, "/report/")
    tap.note(f"{v}: finished to note {1000 * (time.monotonic() - finished):.0f} ms")
    if not tap.ok(note, f"{v}: the result comes to stand in Greenhouse"):
        return None
    tap.contains(note, "(200-600): 484 of 600", f"{v}: the note has score and scale")
    tap.contains(note, "2. Matrix walk: 270 of 300", f"{v}: the note has the parts")
    tap.ok(h.settle(), f"{v}: everything is done")
    tap.equal(sum("/report/" in n for n in h.notes(a)), 1, f"{v}: there is one result note")
    tap.equal(len(h.sessions(a)), 1, f"{v}: there is one session")
    link = re.search(r"http\S+/report/\S+", note).group()
    tap.ok(link.startswith(h.base + "/report/acme/"), f"{v}: the link leads to our report", link)
    return link


def report(h, v, link):
    page = h.http("GET", link, headers={"Accept": "text/html"})
    tap.equal(page.status, 200, f"{v}: the report opens")
    tap.contains(page.text(), "Ada Lindqvist", f"{v}: it names the candidate")
    tap.contains(page.text(), '<svg class="score"', f"{v}: it draws the score")
    tap.lacks(page.text(), "accessToken", f"{v}: it gives no key away")
    tap.contains(page.headers.get("content-security-policy", ""), "default-src 'none'",
                 f"{v}: it comes with a strict policy")
    way = re.search(r'href="([^"]+/file)"', page.text())
    if tap.ok(way, f"{v}: it leads to the platform's file"):
        file = h.http("GET", link.rsplit("/", 1)[0] + "/" + way.group(1))
        tap.equal((file.status, file.headers.get("content-type"), file.body[:8], file.body[-6:]),
                  (200, "application/pdf", b"%PDF-1.4", b"%%EOF\n"), f"{v}: the file comes through")
        tap.contains(file.headers.get("content-disposition", ""), "attachment",
                     f"{v}: the file is for keeping, not for running here")
        tap.lacks(str(file.headers) + file.body.decode("latin-1"), "accessToken",
                  f"{v}: the file gives no key away")
    other = h.http("GET", link[:-1] + ("A" if link[-1] != "A" else "B"))
    tap.equal(other.status, 404, f"{v}: a changed link opens nothing")


FILE = b"%PDF-1.7\n" + bytes(range(256)) * 4000


class Files(http.server.BaseHTTPRequestHandler):
    """A platform that gives out a file of a megabyte: with its length or in chunks, whole or cut."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        way = self.path.split("/")[1]
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf")
        self.send_header(*(("Transfer-Encoding", "chunked") if "chunks" in way else
                           ("Content-Length", str(len(FILE)))))
        self.end_headers()
        given = FILE[:400000] if "cut" in way else FILE
        for at in range(0, len(given), 50000):
            piece = given[at:at + 50000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if "chunks" in way else piece)
        if way == "chunks":
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = "cut" in way

    def log_message(self, *_):
        pass


def files(h, v):
    """What comes through is whole, or the reader sees that it is not."""
    ways = ("length", "chunks", "cut-length", "cut-chunks")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as vendor:
        vendor.daemon_threads = True
        threading.Thread(target=vendor.serve_forever, daemon=True).start()
        rows = [{"key": f"cs:{way}", "report_url": f"http://127.0.0.1:{vendor.server_port}/{way}", "session": {
            "id": way, "test_id": "T", "test_title": "Coding", "state": "complete", "verification": "verified",
            "score": {"value": 530, "least": 200, "most": 600, "version": "v", "label": ""}}} for way in ways]
        done = subprocess.run([f"{tap.build()}/tests/tool/plant_session", h.home, "acme"], capture_output=True,
                              input=json.dumps(rows).encode(), check=True, env=h.environment(), **h._identity())
        links = [line.split()[1] for line in done.stdout.decode().splitlines()]
        tap.equal(len(links), len(ways), f"{v}: reports of four kinds")
        for way, token in zip(ways, links):
            try:
                got = h.http("GET", f"report/acme/{token}/file")
                what = "whole" if got.body == FILE else f"{got.status}, {len(got.body)} bytes"
            except (http.client.HTTPException, OSError) as e:
                what = type(e).__name__
            if "cut" in way:
                tap.ok(what in ("IncompleteRead", "RemoteDisconnected", "ConnectionResetError") or
                       what.startswith("50"), f"{v}: a file that breaks off ({way}) is not taken for whole", what)
            else:
                tap.equal(what, "whole", f"{v}: a file of a megabyte ({way}) comes through")
        vendor.shutdown()


def interview(h, v):
    key = h.key("interviews:write", "interviews:read")
    wish = {"candidate": {"name": "Ada Lindqvist", "email": "ada.lindqvist@example.com"},
            "starts_at": "2027-01-11T14:00:00Z", "ends_at": "2027-01-11T15:00:00Z"}
    bearer = {"Authorization": f"Bearer {key}", "Idempotency-Key": "meeting-1"}
    tap.equal(h.http("POST", "interview-link/acme", wish).status, 401, f"{v}: no key, no link")
    made = h.http("POST", "interview-link/acme", wish, bearer)
    if not tap.equal(made.status, 201, f"{v}: a key passes the web server and makes a link"):
        tap.note(made)
        return
    again = h.http("POST", "interview-link/acme", wish, bearer)
    tap.equal(again.json()["url"], made.json()["url"], f"{v}: asked again, the same link")
    lobby = made.json()["url"]
    page = h.http("GET", lobby, headers={"Accept": "text/html"})
    tap.equal(page.status, 200, f"{v}: the lobby opens")
    tap.contains(page.text(), "Join", f"{v}: it has a button")
    for _ in range(3):
        h.http("GET", lobby)
        h.http("HEAD", lobby)
    tap.equal(h.cs("interviews"), [], f"{v}: looking makes nothing")
    joined = h.http("POST", lobby, b"", {"Accept": "text/html",
                                         "Content-Type": "application/x-www-form-urlencoded"})
    tap.equal(joined.status, 303, f"{v}: Join leads on")
    rooms = h.cs("interviews")
    tap.equal([r["url"] for r in rooms], [joined.headers.get("location")],
              f"{v}: to the one live interview that was made")
    joined = h.http("POST", lobby, b"", {"Content-Type": "application/x-www-form-urlencoded"})
    tap.equal(len(h.cs("interviews")), 1, f"{v}: Join again leads to the same one")
    calendar = h.http("GET", made.json()["calendar_url"])
    tap.contains(calendar.text(), "BEGIN:VCALENDAR", f"{v}: the calendar file comes")
    moved = h.http("PATCH", f"interview-link/acme/{made.json()['id']}",
                   {"starts_at": "2027-01-12T14:00:00Z", "ends_at": "2027-01-12T15:00:00Z"}, bearer)
    tap.equal((moved.status, moved.json().get("url")), (200, lobby), f"{v}: PATCH moves it")
    tap.equal(h.http("DELETE", f"interview-link/acme/{made.json()['id']}", None, bearer).status in
              (200, 204), True, f"{v}: DELETE cancels it")
    gone = h.http("POST", lobby, b"", {"Content-Type": "application/x-www-form-urlencoded"})
    tap.ok(gone.status >= 400, f"{v}: nobody joins what was cancelled", gone)


def status(h, v):
    page = h.http("GET", "admin/acme", headers={"Accept": "text/html"})
    tap.equal(page.status, 303, f"{v}: the status page wants a person")
    tap.contains(page.headers.get("location", ""), "sign-in", f"{v}: who signs in")
    tap.equal(h.http("GET", "admin/acme").status, 401, f"{v}: or a program's key")
    key = h.key("status:read")
    page = h.http("GET", "admin/acme", headers={"Accept": "text/html", **h.basic(key)})
    tap.equal(page.status, 200, f"{v}: with a key it opens")
    tap.contains(page.text(), "candidate_stage_change", f"{v}: it shows the last events")
    code, out, err = h.command("doctor")
    tap.equal(code, 0, f"{v}: doctor finds no fault") or tap.note(out + err)
    tap.contains(out, "passes Authorization", f"{v}: doctor saw Authorization pass")


def registry(h, v):
    """Keys are issued, changed and refused over the web, with every method on the way."""
    mine = {"Authorization": "Bearer " + h.key("keys:*"), "Content-Type": "application/json"}
    made = h.http("POST", "keys/acme", b'{"label": "flow", "scopes": ["keys:read"]}', mine)
    tap.equal(made.status, 201, f"{v}: a key is issued over the web")
    row = made.json()
    theirs = {"Authorization": "Bearer " + row["key"]}
    tap.equal(h.http("GET", "keys/acme", headers=theirs).status, 200, f"{v}: it works")
    path = "keys/acme/" + row["id"]
    changed = h.http("PATCH", path, b'{"label": "other"}', {**mine, "If-Match": made.headers["etag"]})
    tap.equal((changed.status, changed.json().get("label")), (200, "other"), f"{v}: it is changed")
    late = h.http("PATCH", path, b'{"label": "late"}', {**mine, "If-Match": made.headers["etag"]})
    tap.equal(late.status, 412, f"{v}: who comes late hears so")
    used = h.http("GET", path, headers=mine).json()["used"]
    tap.ok(used["count"] == 1 and used["from"], f"{v}: its use was noted", used)
    tap.equal(h.http("DELETE", path, headers=mine).status, 200, f"{v}: it is revoked")
    tap.equal(h.http("GET", "keys/acme", headers=theirs).status, 401, f"{v}: and refused")


def restarted(h, v):
    """The web server stops and starts; what comes afterwards goes its way."""
    h.restart_web()
    a = h.candidate("Bo")
    h.move(a)
    tap.ok(h.session(a), f"{v}: after a restart the journey begins again")
    tap.ok(h.settle(), f"{v}: and comes to rest")


def journey(variant):
    why = house.available(variant)
    if why:
        tap.skip(variant, why)
        return
    with house.House(variant) as h:
        tests = [c.get("test") for c in h.applied["connections"]]
        tap.ok(all(t and t["ok"] for t in tests), f"{variant}: apply tried both connections", tests)
        tap.equal(h.connect(), (200, 200), f"{variant}: both vendors' tests of the webhook pass")
        link = assessment(h, variant)
        if link:
            report(h, variant, link)
        files(h, variant)
        interview(h, variant)
        status(h, variant)
        registry(h, variant)
        restarted(h, variant)
        code, out, err = h.command("check")
        tap.equal(code, 0, f"{variant}: fairlead check finds the state whole") or tap.note(out + err)


def named(variant):
    def run():
        journey(variant)
    run.__name__ = variant
    return run


tap.run(*[named(v) for v in house.VARIANTS])
