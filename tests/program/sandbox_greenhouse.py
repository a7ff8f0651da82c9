# SPDX-License-Identifier: GPL-3.0-or-later
"""The Greenhouse stand-in: what the vendor would refuse is refused (wire/greenhouse.md 3, 4)."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/greenhouse"
ADMIN, RECRUITER, JOB, STAGE = 5414812002, 5414812003, 4298418002, 71416000001
CLIENT, SECRET = "sandbox-greenhouse-client", "sandbox-greenhouse-secret"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOOK_SECRET = "hook <secret> & more"

server = None
bearer = None


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
                    status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def ask(method, path, value=None, headers=None, body=None):
    data = body if body is not None else b"" if value is None else json.dumps(value).encode()
    reply = server.request(method, PREFIX + "/" + path, body=data,
                           headers={"Host": "sandbox.example", **(headers or {})})
    record(method, path, reply)
    return reply


def record(method, path, reply):
    """Keeps an answer of the vendor's face for tests/schema, without what was ordered broken."""
    name = os.environ.get("FAIRLEAD_RECORD_ANSWERS")
    if not name or not (path.startswith("v3/") or path == "token"):
        return
    try:
        body = json.loads(reply.body) if reply.body else None
    except ValueError:
        return
    with open(name, "a", encoding="utf-8") as out:
        out.write(json.dumps({"method": method, "path": "/" + path, "status": reply.status,
                              "body": body}) + "\n")


def control(path, value=None):
    reply = ask("POST", "control/" + path, value if value is not None else {}, JSON)
    if reply.status not in (200, 201):
        tap.ok(False, f"control/{path} is taken", reply)
    return reply.json()


def token(user=ADMIN, client=CLIENT, secret=SECRET, grant="client_credentials", headers=None):
    pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
    form = {"grant_type": grant}
    if user is not None:
        form["sub"] = user
    if headers is None:
        headers = {"Authorization": "Basic " + pair}
    return ask("POST", "token", headers={**FORM, **headers},
               body=urllib.parse.urlencode(form).encode())


def call(method, path, value=None, headers=None, body=None):
    more = {"Authorization": "Bearer " + bearer, **(JSON if value is not None else {}),
            **(headers or {})}
    return ask(method, "v3/" + path, value, more, body)


def fresh():
    global bearer
    control("reset")
    bearer = token().json()["access_token"]


def table(name):
    return ask("GET", "control/state").json()[name]


def test_token():
    fresh()
    reply = token()
    tap.equal(reply.status, 200, "a token")
    tap.equal(sorted(reply.json()), ["access_token", "expires_at", "token_type"],
              "expires_at and no expires_in, as recorded")
    tap.ok(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", reply.json()["expires_at"]),
           "in whole seconds")
    tap.equal("x-ratelimit-limit" in reply.headers, True, "rate headers here, too")
    rows = [
        ("no credential", token(headers={}), 401, "Unauthorized"),
        ("an unknown client", token(client="nobody"), 400,
         "client_id=nobody does not contain a valid client ID suffix"),
        ("a wrong secret", token(secret="x"), 401, "invalid_client"),
        ("another grant", token(grant="password"), 400, "please use one of: client_credentials"),
        ("an unknown user", token(user=1), 400, "sub"),
        ("a user that is no number", token(user="x"), 400, "sub"),
    ]
    for name, reply, status, text in rows:
        tap.equal(reply.status, status, f"token: {name}")
        tap.contains(reply.text(), text, f"token: {name} says why")
    tap.equal(token(user=None).status, 200, "without a user: the credential's own")


def test_bearer():
    fresh()
    for name, headers in [("none", {"Authorization": ""}), ("another", {"Authorization": "Bearer x"}),
                          ("Basic", {"Authorization": "Basic " + bearer})]:
        reply = call("GET", "jobs", headers=headers)
        tap.equal(reply.status, 401, f"bearer: {name}")
        tap.equal(reply.json(), {"message": "Unauthorized",
                                 "errors": ["Token could not be decoded."]}, f"body: {name}")
    tap.equal(call("GET", "jobs").status, 200, "bearer: the right one")
    control("tokens/expire")
    tap.equal(call("GET", "jobs").status, 401, "bearer: expired to order")
    fresh()
    control("settings", {"token_life_ms": -1})
    stale = token().json()["access_token"]
    tap.equal(call("GET", "jobs", headers={"Authorization": "Bearer " + stale}).status, 401,
              "bearer: past its time")


def test_permissions():
    global bearer
    fresh()
    control("settings", {"revoked": ["harvest:notes:list", "harvest:applications:move"]})
    tap.equal(call("GET", "notes").status, 403, "a revoked scope")
    tap.equal(call("GET", "notes").json(), {"message": "Forbidden"}, "in the vendor's words")
    tap.equal(call("GET", "jobs").status, 200, "the others stay")
    tap.equal(call("POST", "applications/1/move", {"from_stage_id": 1}).status, 403,
              "a revoked write")
    fresh()
    bearer = token(user=RECRUITER).json()["access_token"]
    tap.equal(call("GET", "candidates").status, 403, "lists want a Site Admin")
    fresh()
    tap.equal(call("GET", "jobs", headers={"On-Behalf-Of": "1"}).status, 422,
              "On-Behalf-Of is of v1")
    tap.equal(call("GET", "jobs", headers=JSON, body=b"{}").status, 403, "a GET with a body")


def test_routing():
    fresh()
    for method, path in [("GET", "candidates/5300000001"), ("GET", "applications/1"),
                         ("GET", "nonsense"), ("POST", "candidates"), ("POST", "jobs"),
                         ("PATCH", "notes/1"), ("GET", "applications/1/move"),
                         ("POST", "applications/x/move"), ("DELETE", "interviews/1"),
                         ("POST", "candidates/1/activity_feed")]:
        reply = ask(method, "v3/" + path, headers=JSON)
        tap.equal((reply.status, reply.json()), (404, {"message": "Resource not found"}),
                  f"{method} {path} is 404, even without a token")


def test_queries():
    fresh()
    ids = ",".join(str(n) for n in range(1, 52))
    for name, query in [
            ("an unknown parameter", "id=1"), ("per_page 0", "per_page=0"),
            ("per_page 501", "per_page=501"), ("per_page x", "per_page=x"),
            ("51 ids", "ids=" + ids), ("an id that is none", "ids=1,x"), ("no id", "ids="),
            ("a status of the rows", "status=in_process"), ("an odd status", "status=dead"),
            ("an odd boolean", "prospect=1"), ("an odd time", "updated_at=2026-01-01"),
            ("an odd operator", "updated_at=eq%7C2026-01-01T00:00:00Z"),
            ("a cursor in company", "cursor=eyJ9&per_page=5"), ("an odd cursor", "cursor=x"),
            ("a parameter twice", "ids=1&ids=2")]:
        reply = call("GET", "applications?" + query)
        tap.equal(reply.status, 422, f"refused: {name}")
        tap.ok(reply.json().get("message") and reply.json().get("errors"), f"says why: {name}")
    tap.equal(call("GET", "applications?per_page=600").json()["errors"],
              [{"per_page": "`600` number is greater than: 500"}], "in the vendor's words")
    tap.equal(call("GET", "applications?cursor=a&per_page=1").json()["errors"],
              ["When passing a cursor, do not include other query params."],
              "the cursor rule in the vendor's words")


def test_lists():
    fresh()
    rows = call("GET", "applications").json()
    tap.equal(len(rows), 3, "three applications")
    tap.equal([r["id"] for r in rows], sorted((r["id"] for r in rows), reverse=True),
              "newest id first")
    tap.ok(all(r["id"] > 1 << 32 and r["candidate_id"] > 1 << 32 for r in rows),
           "ids beyond 32 bits")
    tap.equal({r["status"] for r in rows}, {"in_process"}, "rows say in_process")
    tap.equal(len(call("GET", "applications?status=active").json()), 3, "the query says active")
    tap.equal(call("GET", "applications?status=hired").json(), [], "nobody is hired")
    one = rows[1]
    tap.equal(call("GET", f"applications?ids={one['id']},1").json(), [one], "ids")
    tap.equal(call("GET", "applications?ids=1").json(), [], "an unknown id is an empty list")
    tap.ok(one["stage_id"] != one["job_interview_stage_id"], "the instance is not the stage")
    history = call("GET", f"application_stages?application_ids={one['id']}&current=true").json()
    tap.equal([(h["id"], h["job_interview_stage_id"]) for h in history],
              [(one["stage_id"], one["job_interview_stage_id"])], "the history joins both")
    control("settings", {"hide_stage": True})
    tap.ok("job_interview_stage_id" not in call("GET", "applications").json()[0],
           "the stage's id can be missing")
    tap.equal([u["id"] for u in call("GET", "users").json()], [RECRUITER],
              "service users are hidden")
    tap.equal(len(call("GET", "users?show_service_accounts=true").json()), 2, "unless asked for")
    tap.equal(len(call("GET", "candidates?email=JANE.doe@example.com").json()), 1,
              "e-mail regardless of case")
    tap.equal(len(call("GET", f"job_interview_stages?job_ids={JOB}&active=true").json()), 4, "stages")
    tap.equal(call("GET", "jobs?fields=id,name").json(), [{"id": JOB, "name": "Software Engineer"}],
              "fields")
    tap.equal(len(call("GET", "jobs?created_at=gte%7C2020-01-01T00:00:00Z").json()), 1, "since")
    tap.equal(call("GET", "jobs?created_at=lt%7C2020-01-01T00:00:00Z").json(), [], "before")
    tap.equal([i["scheduling_type"] for i in
               call("GET", f"job_interviews?job_ids={JOB}&scheduling_type=take_home_test").json()],
              ["take_home_test"], "interviews of a stage")
    candidate = one["candidate_id"]
    control("set", {"table": "candidates", "id": candidate, "members": {"(processing)": "wait"}})
    tap.equal(call("GET", f"candidates?ids={candidate}").json(), [{"message": "wait"}],
              "a candidate in the making")
    control("set", {"table": "candidates", "id": candidate, "members": {"(hidden)": True}})
    tap.equal(call("GET", f"candidates?ids={candidate}").json(), [], "a candidate not to be seen")


def test_pages():
    fresh()
    seen, path = [], "applications?per_page=2&status=active"
    for _ in range(5):
        reply = call("GET", path)
        seen += [r["id"] for r in reply.json()]
        tap.ok("link" in reply.headers, "the Link header is always there")
        if reply.headers["link"] == "":
            break
        url = re.fullmatch(r'<http://sandbox\.example/sandbox/greenhouse/v3/(.*)>; rel="next"',
                           reply.headers["link"])
        tap.ok(url and url[1].endswith("%3D"), "the cursor keeps its padding encoded",
               reply.headers["link"])
        path = url[1]
    tap.equal(len(seen), 3, "all rows in two pages")
    tap.equal(len(set(seen)), 3, "none twice")
    tap.equal(call("GET", path.replace("%3D", "")).status, 422, "a cursor without its padding")
    tap.equal(call("GET", path.replace("applications", "notes")).status, 422,
              "a cursor of another list")


def test_rate():
    fresh()
    control("settings", {"rate_limit": 3, "rate_window_ms": 3600000})
    control("tokens/expire")
    fresh_bearer()
    statuses = [call("GET", "jobs") for _ in range(5)]
    limited = [r for r in statuses if r.status == 429]
    tap.ok(limited, "the window closes")
    tap.equal(limited[0].json(), {"message": "Too Many Requests"}, "429")
    tap.ok(int(limited[0].headers["retry-after"]) > 0, "with Retry-After")
    tap.equal(limited[0].headers["x-ratelimit-remaining"], "0", "and nothing remaining")
    tap.ok(int(limited[0].headers["x-ratelimit-reset"]) > time.time() - 1, "and a reset to come")


def fresh_bearer():
    global bearer
    bearer = token().json()["access_token"]


def test_notes():
    fresh()
    application = table("applications")[0]
    good = {"candidate_id": application["candidate_id"], "application_id": application["id"],
            "body": "a\nb <c>", "visibility": "private", "note_type": "NOTE"}
    reply = call("POST", "notes", good)
    tap.equal(reply.status, 201, "a note")
    note = reply.json()
    tap.equal((note["type"], note["visibility"], note["body"], note["user_id"]),
              ("NOTE", "privately_visible", "a\nb <c>", ADMIN), "in the words of the answer")
    tap.equal(call("GET", f"notes?candidate_ids={good['candidate_id']}&per_page=500").json(), [note],
              "and it is found")
    for name, change, status in [
            ("a member more", {"type": "NOTE"}, 422), ("an id as text", {"candidate_id": "1"}, 422),
            ("another visibility", {"visibility": "publicly_visible"}, 422),
            ("another type", {"note_type": "note"}, 422), ("an empty body", {"body": ""}, 422),
            ("a body that is null", {"body": None}, 422),
            ("e-mail of a note", {"email_to": ["a@b.example"]}, 422),
            ("an e-mail without addresses", {"note_type": "EMAIL"}, 422),
            ("another's application", {"application_id": table("applications")[1]["id"]}, 422),
            ("an unknown candidate", {"candidate_id": 1}, 404),
            ("an unknown author", {"user_id": 1}, 404)]:
        tap.equal(call("POST", "notes", {**good, **change}).status, status, f"note: {name}")
    for name in ("candidate_id", "body", "visibility", "note_type"):
        reply = call("POST", "notes", {k: v for k, v in good.items() if k != name})
        tap.equal(reply.status, 422, f"note without {name}")
        tap.contains(reply.text(), f"Missing required field: {name}", f"says: {name}")
    tap.equal(call("POST", "notes", body=b"{", headers=JSON).status, 422, "note: not JSON")
    tap.equal(call("POST", "notes", body=json.dumps(good).encode(),
                   headers={"Content-Type": "text/plain"}).status, 422, "note: as plain text")
    tap.equal(len(table("notes")), 1, "only one was kept")


def test_move():
    fresh()
    row = table("applications")[0]
    path = f"applications/{row['id']}/move"
    good = {"from_stage_id": STAGE, "to_stage_id": STAGE + 1}
    for name, body in [("a guard that is wrong", {**good, "from_stage_id": STAGE + 1}),
                       ("the instance as guard", {**good, "from_stage_id": row["stage_id"]}),
                       ("no guard", {"to_stage_id": STAGE + 1}),
                       ("a member more", {**good, "note": "x"}),
                       ("an unknown stage", {**good, "to_stage_id": 1}),
                       ("a stage as text", {**good, "to_stage_id": str(STAGE + 1)})]:
        tap.equal(call("POST", path, body).status, 422, f"move: {name}")
    tap.equal(table("applications")[0]["stage_name"], "Application Review", "nothing moved yet")
    reply = call("POST", path, good)
    tap.equal((reply.status, reply.body), (204, b""), "a move is 204 without a body")
    now = table("applications")[0]
    tap.equal((now["stage_name"], now["job_interview_stage_id"]), ("Coding test", STAGE + 1), "moved")
    tap.ok(now["stage_id"] != row["stage_id"], "the instance is a new one")
    tap.equal(call("POST", path, good).status, 422, "the same again meets the guard")
    control("settings", {"guard_instance": True})
    tap.equal(call("POST", path, {"from_stage_id": STAGE + 1, "to_stage_id": STAGE + 2}).status, 422,
              "with the other guard the stage is wrong")
    tap.equal(call("POST", path, {"from_stage_id": now["stage_id"]}).status, 204,
              "and the instance right; without a target it advances")
    tap.equal(table("applications")[0]["stage_name"], "On-site interview", "by one")
    control("set", {"table": "applications", "id": row["id"], "members": {"status": "rejected"}})
    tap.equal(call("POST", path, {"from_stage_id": table("applications")[0]["stage_id"]}).status, 422,
              "the rejected are not moved")
    tap.equal(call("POST", "applications/1/move", good).status, 404, "an unknown application")


def test_interviews():
    fresh()
    row = table("interviews")[0]
    path = f"interviews/{row['id']}"
    reply = call("PATCH", path, {"location": "https://hire.example.org/x"})
    tap.equal((reply.status, reply.json()["location"]), (200, "https://hire.example.org/x"),
              "a location")
    tap.equal(call("GET", f"interviews?application_ids={row['application_id']}&status=scheduled")
              .json()[0]["location"], "https://hire.example.org/x", "stays")
    for name, body in [("256 characters", {"location": "x" * 256}), ("a number", {"location": 1}),
                       ("no URI", {"video_conferencing_url": "x"}), ("a member more", {"status": "x"}),
                       ("no time", {"starts_at": "tomorrow"})]:
        tap.equal(call("PATCH", path, body).status, 422, f"interview: {name}")
    tap.equal(call("PATCH", path, {"location": "é" * 255}).status, 200, "255 characters")
    tap.equal(call("PATCH", "interviews/1", {"location": "x"}).status, 404, "an unknown interview")


def test_failures():
    fresh()
    control("failures", [{"what": "GET jobs", "kind": "status", "status": 500},
                         {"what": "GET jobs", "kind": "garbage"},
                         {"what": "POST token", "kind": "status", "status": 503, "retry_after": 5},
                         {"what": "POST notes", "kind": "status", "status": 502, "after": True}])
    tap.equal(call("GET", "users").status, 200, "what is not meant goes on")
    tap.equal(call("GET", "jobs").status, 500, "a failure to order")
    tap.contains(call("GET", "jobs").body, b"not JSON", "garbage to order")
    tap.equal(call("GET", "jobs").status, 200, "and over")
    reply = token()
    tap.equal((reply.status, reply.headers["retry-after"]), (503, "5"), "the token fails, too")
    note = {"candidate_id": table("candidates")[0]["id"], "body": "b", "visibility": "public",
            "note_type": "NOTE"}
    tap.equal(call("POST", "notes", note).status, 502, "an answer that is lost")
    tap.equal(len(table("notes")), 1, "although the work was done")
    asked = ask("GET", "control/counters").json()
    requests = ask("GET", "control/requests").json()
    rows = requests if isinstance(requests, list) else requests["requests"]
    tap.equal([(r["what"], r["status"]) for r in rows if r["what"] in ("GET jobs", "POST notes")],
              [("GET jobs", 500), ("GET jobs", 200), ("GET jobs", 200), ("POST notes", 502)],
              "every request is kept with its answer's status")
    tap.equal(rows[-1]["body"], note, "and with its body")
    tap.ok(asked.get("GET jobs") == 3 and asked.get("POST notes") == 1, "all is counted", asked)


def deliveries(receiver, count, name):
    tap.ok(tap.wait_for(lambda: len(receiver.requests) >= count), name,
           ask("GET", "control/webhook").text())
    with receiver.lock:
        return list(receiver.requests)


def signed(headers, body):
    want = hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return headers["Signature"] == "sha256 " + want


def test_webhook():
    fresh()
    receiver = Receiver()
    try:
        receiver.answers = [401]
        answer = control("webhook", {"url": receiver.url, "secret": HOOK_SECRET})
        tap.equal(answer, {"ping": 401, "active": False}, "a failed ping disables the hook")
        control("move", {"application_id": table("applications")[1]["id"], "stage": "Coding test"})
        tap.ok(control("deliveries", {"idle_ms": 1000})["idle"], "nothing is queued")
        tap.equal(len(receiver.requests), 1, "a disabled hook tells nobody")
        answer = control("webhook", {"url": receiver.url, "secret": HOOK_SECRET, "user": "u",
                                     "password": "p"})
        tap.equal(answer, {"ping": 200, "active": True}, "saved again, it works")
        headers, body = receiver.requests[1]
        ping = json.loads(body)
        tap.ok(signed(headers, body), "the ping is signed")
        tap.equal((ping["action"], ping["payload"]["endpoint_url"]), ("ping", receiver.url), "ping")
        tap.equal(headers["Authorization"], "Basic " + base64.b64encode(b"u:p").decode(),
                  "Basic authentication of the hook")
        row = table("applications")[1]
        receiver.answers = [500, 202, 200]
        control("move", {"application_id": row["id"], "stage": "Offer"})
        got = deliveries(receiver, 5, "a change is told, and again until the answer is 200")
        tap.ok(control("deliveries", {"idle_ms": 5000})["idle"], "then it is over")
        tap.equal(len(receiver.requests), 5, "a 202 does not count, a 200 does")
        tap.equal(len({body for _, body in got[2:]}), 1, "the same bytes each time")
        tap.equal(len({headers["Greenhouse-Event-ID"] for headers, _ in got[2:]}), 1, "the same id")
        headers, body = got[4]
        tap.ok(signed(headers, body), "signed over the bytes as sent")
        tap.contains(body, b"O'Brien \\u003cOps \\u0026 QA\\u003e", "escaped as Rails does")
        tap.lacks(body, b"<", "and nowhere else")
        event = json.loads(body)
        tap.equal(sorted(event), ["action", "organization_id", "organization_name", "payload"],
                  "the root holds the organization")
        application = event["payload"]["application"]
        tap.equal((application["id"], application["status"], application["current_stage"]["id"],
                   application["current_stage"]["name"], application["jobs"][0]["id"]),
                  (row["id"], "active", STAGE + 3, "Offer", JOB), "what it says")
        tap.equal(application["candidate"]["first_name"], "Zoë", "about whom")
        receiver.answers = [500] * 7
        control("move", {"application_id": row["id"], "stage": "Coding test"})
        deliveries(receiver, 12, "seven attempts")
        tap.ok(control("deliveries", {"idle_ms": 5000})["idle"], "then it is given up")
        tap.equal(len(receiver.requests), 12, "and no eighth")
        control("settings", {"fresh_event_id": True})
        receiver.answers = [500, 200]
        call("POST", f"applications/{row['id']}/move", {"from_stage_id": STAGE + 1})
        got = deliveries(receiver, 14, "a move over the API is told, too")
        tap.equal(len({headers["Greenhouse-Event-ID"] for headers, _ in got[12:]}), 2,
                  "with another id for each attempt, if so ordered")
        control("deliveries", {"lose": 1})
        control("move", {"application_id": row["id"], "stage": "Offer"})
        control("event", {"action": "candidate_anonymized", "payload": {"candidate_id": 1}})
        got = deliveries(receiver, 15, "any event can be sent")
        tap.equal(json.loads(got[14][1])["action"], "candidate_anonymized", "and one was lost")
        # what the receiver has is not yet what the sender has written down
        tap.ok(control("deliveries", {"idle_ms": 5000})["idle"], "all is sent")
        log = ask("GET", "control/webhook").json()["log"]
        tap.equal(log[0]["status"], 200, "the log shows the newest first")
        control("webhook", {"url": ""})
        tap.equal(ask("GET", "control/webhook").json()["state"], "off", "and it can be removed")
    finally:
        receiver.close()


def form(path, fields):
    return ask("POST", path, headers=FORM, body=urllib.parse.urlencode(fields).encode())


def test_people():
    fresh()
    front = ask("GET", "")
    if front.status == 500 and "page" in server.read_log():
        tap.skip("pages", "the skeleton has no templates yet")
        return
    tap.equal(front.status, 200, "the front page")
    tap.contains(front.text(), "O&#39;Brien &lt;Ops &amp; QA&gt;", "names are escaped")
    reply = form("candidates", {"first_name": "No", "last_name": "Mail", "email": ""})
    tap.equal(reply.status, 303, "a candidate is added")
    path = reply.headers["location"][len(PREFIX) + 1:]
    tap.equal(table("candidates")[-1]["email_addresses"], [], "without an e-mail address")
    tap.equal(form("candidates", {"first_name": ""}).status, 422, "but not without a name")
    reply = form(path + "/move", {"stage": STAGE + 2})
    tap.equal(reply.status, 303, "and moved")
    text = ask("GET", path).text()
    tap.contains(text, "On-site interview", "his page shows the stage")
    tap.contains(text, "scheduled", "and an interview")
    application = table("applications")[-1]
    for body in ("older\nof two lines", 'see https://hire.example.org/fairlead/report/acme/tok"x and '
                 "javascript:alert(1)//report/ http://evil.example/ <b>"):
        call("POST", "notes", {"candidate_id": application["candidate_id"], "body": body,
                               "visibility": "public", "note_type": "NOTE"})
    text = ask("GET", path).text()
    tap.contains(text, '<a href="https://hire.example.org/fairlead/report/acme/tok">',
                 "our report link can be clicked")
    tap.lacks(text, 'href="http://evil', "others cannot")
    tap.lacks(text, 'href="javascript', "least of all scripts")
    tap.lacks(text, "<b>", "and markup is text")
    tap.contains(text, "older<br>of two lines", "lines stay lines")
    tap.ok(text.index("tok") < text.index("older"), "the newest note stands first")
    interview = table("interviews")[-1]["id"]
    tap.equal(form(f"interviews/{interview}", {"location": "https://x.example/"}).status, 303,
              "a location is typed")
    tap.equal(table("interviews")[-1]["location"], "https://x.example/", "and kept")
    receiver = Receiver()
    try:
        receiver.answers = [503]
        form("webhooks", {"url": receiver.url, "secret": "s"})
        tap.contains(ask("GET", "webhooks").text(), "Disabled: the ping was answered with 503",
                     "the page says that the ping failed")
        form("webhooks", {"url": receiver.url, "secret": "s"})
        tap.contains(ask("GET", "webhooks").text(), "Active.", "or that it worked")
    finally:
        receiver.close()
    tap.equal(ask("GET", "candidates/1").status, 404, "nobody of that number")
    control("webhook", {"url": ""})


def main():
    global server
    env = {"FAIRLEAD_ALLOW_NETWORKS": "127.0.0.0/8", "FAIRLEAD_RETRY_SCALE": "30000",
           "FAIRLEAD_THREADS": "4"}
    with fcgi_client.Server("sandbox/greenhouse.fcgi", env=env) as running:
        server = running
        try:
            tap.run(test_token, test_bearer, test_permissions, test_routing, test_queries,
                    test_lists, test_pages, test_rate, test_notes, test_move, test_interviews,
                    test_failures, test_webhook, test_people, test_end)
        finally:
            server.stop()


def test_end():
    code = server.stop()
    tap.equal(code, 0, "it ends cleanly")
    tap.lacks(server.log, "ERROR", "and had nothing to complain of")


main()
