# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ashby stand-in: what the vendor would refuse is refused (wire/ashby.md 1, 2, 3, 5)."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/ashby"
KEY = "sandbox-ashby-key"
ID = "00000000-0000-4000-8000-0000000000"
JOB, PLAN, PLAN_B, USER, LEFT = ID + "b1", ID + "c1", ID + "c2", ID + "a1", ID + "a2"
SECRET = "token & more"

server = None


class Receiver:
    """An HTTP server on loopback that keeps what it is sent and answers as told."""

    def __init__(self):
        receiver = self
        self.requests, self.answers, self.lock = [], [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    receiver.requests.append((self.headers, body))
                    status, text = receiver.answers.pop(0) if receiver.answers else (200, b"")
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self):
        with self.lock:
            return [json.loads(body) for _, body in self.requests]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def basic(key=KEY, password=""):
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()


def ask(method, path, value=None, headers=None, body=None):
    data = body if body is not None else b"" if value is None else json.dumps(value).encode()
    return server.request(method, PREFIX + "/" + path, body=data,
                          headers={"Host": "sandbox.example", **(headers or {})})


def control(path, value=None, method="POST"):
    reply = ask(method, "control/" + path, value if value is not None else {},
                {"Content-Type": "application/json"})
    if reply.status not in (200, 201):
        tap.ok(False, f"control/{path} is taken", reply)
    return reply.json()


def raw(method, value, **headers):
    """Header names with '_' for '-'; None leaves one out."""
    all_of = {"Authorization": basic(), "Content-Type": "application/json", "User-Agent": "test/1",
              **{k.replace("_", "-"): v for k, v in headers.items()}}
    return ask("POST", "api/" + method, value, {k: v for k, v in all_of.items() if v is not None})


def call(method, **members):
    return raw(method, members).json()


def code(answer):
    return None if answer["success"] else answer["errorInfo"]["code"]


def someone(name="Ada Lovelace", **more):
    return control("add", {"name": name, "email": "ada@example.com", **more})


def stage(title, plan=PLAN):
    return [s["id"] for s in call("interviewStage.list", interviewPlanId=plan)["results"]
            if s["title"] == title][0]


def door():
    control("reset")
    for name, headers, status, text in (
            ("no User-Agent", {"User_Agent": None}, 403, "error code: 1010"),
            ("a library's User-Agent", {"User_Agent": "Python-urllib/3.11"}, 403, "error code: 1010"),
            ("no key", {"Authorization": None}, 401, ""),
            ("a wrong key", {"Authorization": basic("other")}, 403, "Forbidden"),
            ("the key with a password", {"Authorization": basic(KEY, "x")}, 403, "Forbidden"),
            ("the key as a bearer", {"Authorization": "Bearer " + KEY}, 403, "Forbidden")):
        got = raw("apiKey.info", {}, **headers)
        tap.ok(got.status == status and text in got.body.decode(), name, got)
    tap.equal(raw("apiKey.nothing", {}).status, 404, "an unknown method")
    tap.equal(code(raw("apiKey.info", {}, Content_Type="text/plain").json()), "invalid_input",
              "another Content-Type")
    tap.equal(ask("GET", "api/apiKey.info").status, 405, "reading is POST, too")
    control("settings", {"revoked": ["candidatesWrite"]})
    got = raw("candidateTag.list", {})
    tap.equal(got.status, 200, "a permission that is there")
    got = raw("candidate.createNote", {"candidateId": "x", "note": "y"})
    tap.equal((got.status, code(got.json())), (403, "missing_endpoint_permission"),
              "one that is not: 403 with a code")
    control("settings", {"revoked": []})
    a = someone()
    note = {"candidateId": a["candidate"], "note": "y"}
    tap.equal(raw("candidate.createNote", note, X_On_Behalf_Of=USER).status, 200, "for an active user")
    tap.equal(raw("candidate.createNote", note, X_On_Behalf_Of=LEFT).status, 403, "not for one who left")
    control("settings", {"no_behalf": True})
    tap.equal(raw("candidate.createNote", note, X_On_Behalf_Of=USER).status, 403,
              "nor without the key's switch")


def bodies():
    control("reset")
    a = someone()
    for name, method, body, want in (
            ("candidateId where id is wanted", "candidate.info", {"candidateId": a["candidate"]},
             "invalid_input"),
            ("nobody", "candidate.info", {"id": ID + "00"}, "candidate_not_found"),
            ("no application", "application.info", {"applicationId": ID + "00"},
             "application_not_found"),
            ("a number for an id", "application.info", {"applicationId": 7}, "invalid_input"),
            ("null for an id", "application.info", {"applicationId": None}, "invalid_input"),
            ("a member that is not described", "job.info", {"id": JOB, "title": "x"}, "invalid_input"),
            ("stages of no plan", "interviewStage.list", {}, "invalid_input"),
            ("101 rows", "application.list", {"limit": 101}, "invalid_input"),
            ("a cursor that was not given", "application.list", {"cursor": "7"}, "invalid_input"),
            ("a note of another type", "candidate.createNote",
             {"candidateId": a["candidate"], "note": {"type": "text/rtf", "value": "x"}}, "invalid_input"),
            ("a tag by its name", "candidate.addTag", {"candidateId": a["candidate"], "tagId": "pass"},
             "candidate_tag_not_found"),
            ("a stage of another plan", "application.changeStage",
             {"applicationId": a["id"], "interviewStageId": stage("Offer", PLAN_B)},
             "interview_stage_not_found"),
            ("archived without a reason", "application.changeStage",
             {"applicationId": a["id"], "interviewStageId": stage("Archived")}, "invalid_input"),
            ("a reason without archiving", "application.changeStage",
             {"applicationId": a["id"], "interviewStageId": stage("Offer"), "archiveReasonId": "r"},
             "invalid_input"),
            ("a webhook without a secret", "webhook.create",
             {"webhookType": "candidateMerge", "requestUrl": "http://127.0.0.1:1/"}, "invalid_input"),
            ("a webhook that only the pages make", "webhook.create",
             {"webhookType": "jobCreate", "requestUrl": "http://127.0.0.1:1/", "secretToken": "s"},
             "invalid_input")):
        got = raw(method, body)
        tap.equal((got.status, code(got.json())), (200, want), f"refused with 200: {name}")
    for text in (b"", b"[]", b"{", b"null"):
        got = server.request("POST", PREFIX + "/api/apiKey.info", body=text,
                             headers={"Authorization": basic(), "User-Agent": "t/1",
                                      "Content-Type": "application/json"}).json()
        tap.equal(code(got), "invalid_input", f"no object: {text}")
    shapes = {}
    for shape in (0, 1, 2, 3):
        control("settings", {"shape": shape})
        got = call("job.info", id=ID + "00")
        shapes[shape] = (type(got["errors"][0]).__name__ if "errors" in got else None,
                         "errorInfo" in got)
    tap.equal(shapes, {0: ("str", True), 1: ("dict", False), 2: ("str", False), 3: (None, True)},
              "refusals in three shapes, and mixed")


def lists():
    control("reset")
    control("settings", {"page_most": 2})
    seen, cursor = [], {}
    while True:
        got = call("application.list", **cursor)
        seen += [r["id"] for r in got["results"]]
        if not got["moreDataAvailable"]:
            break
        tap.ok("syncToken" not in got and len(got["results"]) == 2, "no token before the last page")
        cursor = {"cursor": got["nextCursor"]}
    tap.ok(len(seen) == 3 and len(set(seen)) == 3 and "syncToken" in got, "all rows, once each", seen)
    order = [s["orderInInterviewPlan"] for s in call("interviewStage.list", interviewPlanId=PLAN)["results"]]
    tap.ok(order != sorted(order), "stages are in no order but that of their member", order)


def writes():
    control("reset")
    a = someone()
    note = call("candidate.createNote", candidateId=a["candidate"],
                note={"type": "text/plain", "value": "a\nb"}, sendNotifications=True)["results"]
    tap.equal((note["content"], note["isPrivate"]), ("a\nb", False), "a note as it stands")
    call("candidate.createNote", candidateId=a["candidate"], note="a\nb")
    tap.equal(len(call("candidate.listNotes", candidateId=a["candidate"])["results"]), 2,
              "repeated, it is a second one")
    tag = call("candidateTag.create", title="pass")["results"]
    tap.equal(call("candidateTag.create", title="pass")["results"]["id"], tag["id"],
              "a tag that is there is given again")
    for _ in range(2):
        got = call("candidate.addTag", candidateId=a["candidate"], tagId=tag["id"])["results"]
    tap.equal([t["title"] for t in got["tags"]], ["pass"], "a tag once")
    got = call("candidate.removeTag", candidateId=a["candidate"], tagId=tag["id"])["results"]
    tap.equal(got["tags"], [], "and off")
    moved = call("application.changeStage", applicationId=a["id"], interviewStageId=stage("Offer"))
    tap.equal(moved["results"]["currentInterviewStage"]["title"], "Offer", "moved, and shown so")


def form(fields, data, last=True, boundary="xyz"):
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
             for k, v in fields.items()]
    file = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="r.txt"\r\n'
            "Content-Type: text/plain\r\n\r\n").encode() + data + b"\r\n"
    parts = parts + [file] if last else [file] + parts
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def files():
    control("reset")
    a = someone()

    def handle():
        return call("file.createFileUploadHandle", fileUploadContext="CandidateFiles", filename="r.txt",
                    contentType="text/plain", contentLength=5)["results"]

    def upload(h, body, **headers):
        return ask("POST", "store/" + h["handle"], body=body, headers={
            "Content-Type": "multipart/form-data; boundary=xyz",
            **{k.replace("_", "-"): v for k, v in headers.items()}}).status
    h = handle()
    tap.ok(h["url"].endswith("/store/" + h["handle"]), "an address of its own", h)
    tap.equal(code(call("candidate.uploadFile", candidateId=a["candidate"], fileHandle=h["handle"])),
              "invalid_input", "a handle whose bytes did not come")
    for name, body, headers in (
            ("a field missing", form({"key": h["handle"]}, b"hello"), {}),
            ("the file first", form(h["fields"], b"hello", last=False), {}),
            ("another length", form(h["fields"], b"hello!"), {}),
            ("our key", form(h["fields"], b"hello"), {"Authorization": basic()}),
            ("no form", b"hello", {"Content_Type": "text/plain"})):
        tap.equal(upload(h, body, **headers), 403, f"the store refuses {name}")
    tap.equal(upload(h, form(h["fields"], b"hello")), 204, "all as it should be")
    got = call("candidate.uploadFile", candidateId=a["candidate"], fileHandle=h["handle"])["results"]
    tap.equal([f["name"] for f in got["fileHandles"]], ["r.txt"], "given to the candidate")
    tap.equal(upload({"handle": ID + "00"}, form(h["fields"], b"hello")), 403, "an address that is none")


def webhooks():
    receiver = Receiver()
    try:
        control("reset")
        made = call("webhook.create", webhookType="candidateStageChange", requestUrl=receiver.url,
                    secretToken=SECRET)["results"]
        tap.ok(made["enabled"], "a ping that is answered enables", made)
        ping = receiver.requests[0][1]
        tap.equal(json.loads(ping), {"action": "ping", "data": {"webhookActionType": "ping"}}, "the ping")
        got = call("webhook.create", webhookType="candidateStageChange", requestUrl=receiver.url,
                   secretToken=SECRET)
        tap.ok("Duplicate" in got["errorInfo"]["message"], "the same again is a duplicate", got)
        receiver.answers = [(500, b"")]
        off = call("webhook.create", webhookType="applicationUpdate", requestUrl=receiver.url,
                   secretToken=SECRET)["results"]
        tap.equal(off["enabled"], False, "a ping that is not: saved, disabled")
        info = call("webhook.info", webhookId=off["id"])["results"]
        tap.ok("secretToken" not in info and not info["enabled"], "its secret is not shown again", info)
        on = call("webhook.update", webhookId=off["id"], enabled=True)["results"]
        tap.ok(on["enabled"], "enabled again by a new ping")
        before = len(receiver.requests)
        a = someone()
        control("move", {"application_id": a["id"], "stage": "Coding test"})
        tap.ok(control("deliveries", {"idle_ms": 10000})["idle"], "delivered")
        events = receiver.events()[before:]
        tap.equal(sorted(e["action"] for e in events), ["applicationUpdate", "candidateStageChange"],
                  "two events of one act")
        tap.equal(len({e["webhookActionId"] for e in events}), 1, "with one id")
        headers, body = receiver.requests[-1]
        tap.equal(headers["Ashby-Signature"],
                  "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
                  "signed over the bytes")
        receiver.answers = [(404, b"")]
        before = len(receiver.requests)
        control("event", {"action": "candidateStageChange", "data": {}})
        control("deliveries", {"idle_ms": 10000})
        tap.equal(len(receiver.requests) - before, 1, "after a 404 it never comes again")
        receiver.answers = [(500, b"")]
        before = len(receiver.requests)
        control("event", {"action": "candidateStageChange", "data": {}})
        control("deliveries", {"idle_ms": 20000})
        tap.equal(len(receiver.requests) - before, 2, "after a 500 it does")
        tap.equal(call("webhook.delete", webhookId=made["id"])["results"], {"webhookId": made["id"]},
                  "deleted")
        tap.equal(code(call("webhook.info", webhookId=made["id"])), "webhook_not_found", "and gone")
    finally:
        receiver.close()


def schedules():
    control("reset")
    a = someone()
    ours = control("schedule", {"application_id": a["id"], "by_key": True})
    theirs = control("schedule", {"application_id": a["id"], "by_key": False})
    got = call("interviewSchedule.list", applicationId=a["id"])["results"]
    tap.ok(len(got) == 2 and not any(k.startswith("(") for s in got for k in s), "both are listed", got)
    event = call("interviewEvent.list", interviewScheduleId=ours["id"], expand=["interview"])["results"][0]
    tap.equal(event["interview"]["title"], "Live coding", "an event with its interview")

    def change(schedule, **more):
        e = schedule["interviewEvents"][0]
        return call("interviewSchedule.update", interviewScheduleId=schedule["id"], interviewEvent={
            "interviewEventId": e["id"], "startTime": e["startTime"], "endTime": e["endTime"],
            "interviewers": [{"email": "robin@acme.example"}], **more})
    tap.equal(change(ours, extraData={"x": "y"})["results"]["interviewEvents"][0]["extraData"], {"x": "y"},
              "a schedule of this key")
    tap.equal(change(ours)["results"]["interviewEvents"][0]["extraData"], {},
              "what is not repeated is lost")
    tap.equal(code(change(theirs)), "invalid_input", "not one of another key")
    tap.equal(code(change(ours, interviewers=[{"userId": USER}])), "invalid_input",
              "interviewers are named by their address")


def updates():
    receiver = Receiver()
    try:
        control("reset")
        a = someone()
        uuid = ID + "77"
        control("partner", {"url": receiver.url, "key": "k"})
        receiver.answers = [(200, json.dumps({"success": True,
                                              "results": {"assessment_id": uuid}}).encode())]
        started = control("partner/start", {"application_id": a["id"], "type": ID + "78"})
        tap.equal(started["status"], 200, "a partner is asked to start one")
        headers, body = receiver.requests[0]
        body = json.loads(body)
        tap.equal((headers["Authorization"], body["candidate"]["first_name"], body["candidate"]["last_name"]),
                  (basic("k"), "Ada", "Lovelace"), "with his key, and both names apart")

        def blob(identifier, value, kind="string"):
            return {"identifier": identifier, "label": identifier, "type": kind, "value": value}

        def update(stamp, **more):
            return call("assessment.update", assessment_id=uuid, timestamp=stamp, **more)
        status = blob("status", "Started")
        tap.equal(update(10, assessment_status=status), {"success": True}, "an update, without results")
        for name, stamp, more in (
                ("the same time again", 10, {"assessment_status": status}),
                ("an earlier one", 9, {"assessment_status": status}),
                ("no status", 20, {}),
                ("a result without a page", 20,
                 {"assessment_status": status, "assessment_result": blob("score", 5, "numeric_score")}),
                ("a number as text", 20,
                 {"assessment_status": status, "metadata": [blob("max", "5", "numeric_score")]}),
                ("an identifier twice", 20, {"assessment_status": status, "metadata": [status]}),
                ("an identifier that changes its type", 20,
                 {"assessment_status": blob("status", 1, "numeric_score")}),
                ("another case", 20, {"assessmentStatus": status}),
                ("a page that is no url", 20,
                 {"assessment_status": status, "assessment_profile_url": blob("u", "x")})):
            tap.equal(code(update(stamp, **more)), "invalid_input", f"refused: {name}")
        tap.equal(code(call("assessment.update", assessment_id=ID + "00", timestamp=1,
                            assessment_status=status)), "assessment_not_found", "nobody's assessment")
        row = control("state", method="GET")["assessments"][0]
        tap.equal((row["status"], row["started_ms"], len(row["updates"])), ("Started", 10, 1),
                  "what was refused changed nothing")
    finally:
        receiver.close()


def receives():
    control("reset")
    event = {"event": "companyTestSessionFinished", "triggeredOn": 1700000000000, "payload": {}}
    url = f"http://sandbox.example{PREFIX}/codesignal_webhook"

    def post(key=KEY, secret="cs key", at=url):
        sign = hmac.new(secret.encode(), f"{at}{event['event']}{event['triggeredOn']}".encode(),
                        hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-CodeSignal-Signature": sign}
        if key is not None:
            headers["X-Ashby-Api-Key"] = key
        return ask("POST", "codesignal_webhook", event, headers).status
    tap.equal(post(), 401, "nothing is received before it is set up")
    control("settings", {"relay": {"secret": "cs key"}})
    tap.equal(post(), 200, "the header, and a signature for this URL")
    tap.equal(post(key=None), 401, "no header")
    tap.equal(post(key="other"), 401, "another key")
    tap.equal(post(secret="other"), 401, "another secret")
    tap.equal(post(at="https://hire.example/fairlead/webhook/acme/x"), 401, "a signature for another URL")
    tap.equal(len(control("state", method="GET")["received"]), 1, "one was kept")


def pages():
    control("reset")
    html = {"Accept": "text/html"}
    front = ask("GET", "", headers=html).body.decode()
    tap.ok("Jane van der Doe" in front and "<form" in front, "a page with the candidates")
    a = someone("<b>Bold</b>")
    page = ask("GET", "applications/" + a["id"], headers=html).body.decode()
    tap.ok("&lt;b&gt;Bold" in page and "<b>Bold" not in page, "names are text")
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    moved = ask("POST", f"applications/{a['id']}/move", headers=form_type,
                body=f"stage={stage('Offer')}".encode())
    tap.equal(moved.status, 303, "moved by a button")
    tap.equal(ask("POST", f"applications/{a['id']}/schedule", headers=form_type,
                  body=b"interview=Live+coding").status, 303, "scheduled by a button")
    page = ask("GET", "applications/" + a["id"], headers=html).body.decode()
    tap.ok("Scheduled" in page and "Cancel" in page, "which the page shows", page)
    tap.equal(ask("GET", "webhooks", headers=html).status, 200, "a page of webhooks")
    tap.equal(ask("GET", "applications/x", headers=html).status, 404, "nobody")


def test_end():
    tap.equal(server.stop(), 0, "it ends cleanly")
    tap.lacks(server.log, "ERROR", "and had nothing to complain of")


def main():
    global server
    env = {"FAIRLEAD_MOUNT": "/sandbox", "FAIRLEAD_ALLOW_NETWORKS": "127.0.0.0/8",
           "FAIRLEAD_RETRY_SCALE": "1000", "FAIRLEAD_THREADS": "4"}
    with fcgi_client.Server("sandbox/ashby.fcgi", env=env) as running:
        server = running
        try:
            tap.run(door, bodies, lists, writes, files, webhooks, schedules, updates, receives, pages,
                    test_end)
        finally:
            server.stop()


main()
