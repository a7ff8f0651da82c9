# SPDX-License-Identifier: GPL-3.0-or-later
"""The CodeSignal stand-in: what the vendor would refuse is refused (wire/codesignal.md 1-3)."""
import hashlib
import hmac
import http.server
import json
import os
import re
import sys
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/codesignal"
KEY = "sandbox-codesignal-key"
TEST, RAW, PROCTORED = "qTM9mK3GnM6XkQ7", "pW4xBc7RdT2nHs9", "mZ8vLf5QjY3kGa6"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {"Accept": "text/html"}
HOOK_SECRET = "hook <secret> & more"

server = None


class Receiver:
    """An HTTP server on loopback that keeps what it is sent and answers as told."""

    def __init__(self):
        receiver = self
        self.requests, self.answers, self.lock = [], [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
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

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def events(self):
        with self.lock:
            return [json.loads(body)["event"] for _, body in self.requests if body]


def ask(method, path, value=None, headers=None, body=None):
    data = body if body is not None else b"" if value is None else json.dumps(value).encode()
    return server.request(method, PREFIX + "/" + path, body=data,
                          headers={"Host": "sandbox.example", **(headers or {})})


def control(path, value=None, want=200):
    reply = ask("POST", "control/" + path, value if value is not None else {}, JSON)
    if reply.status != want:
        tap.ok(False, f"control/{path} answers {want}", reply)
    return reply.json()


def rows(name):
    return ask("GET", "control/" + name).json()


def fresh(rate=0):
    control("reset")
    control("settings", {"rate": rate})


def graphql(query, variables=None, headers=None, body=None):
    return ask("POST", "graphql", {"query": query, "variables": variables or {}},
               {**JSON, "Authorization": "Bearer " + KEY, **(headers or {})}, body)


def data(query, variables=None):
    reply = graphql(query, variables)
    answer = reply.json()
    if reply.status != 200 or "errors" in answer:
        tap.ok(False, "an answer without errors", reply)
    return answer["data"]


def document(name):
    with open(os.path.join(tap.source(), "data", "codesignal", name + ".graphql"),
              encoding="utf-8") as file:
        return file.read()


def invite(test=TEST, email="jane@example.org", **more):
    fields = {"testId": test, "candidateEmail": email, "candidateFirstName": "Jane",
              "candidateLastName": "Doe", "preferExisting": True, **more}
    return data(document("invite"), {"sessionFields": fields})["createCompanyTestSession"]


def read(session):
    return data(document("read_session"), {"id": session})["companyTestSession"]


def test_door():
    fresh()
    query = "{ company { id } }"
    cases = [
        ("no key", {"Authorization": ""}, None, 401, "Unauthorized"),
        ("another key", {"Authorization": "Bearer x"}, None, 401, "Unauthorized"),
        ("the key as user name", {"Authorization": "Basic eDp5"}, None, 401, "Unauthorized"),
        ("no JSON type", {"Content-Type": "text/plain"}, None, 400, "application/json"),
        ("no JSON", {}, b"{", 400, "not a JSON object"),
        ("an array", {}, b"[]", 400, "not a JSON object"),
        ("no query", {}, b"{}", 400, "Must provide query string"),
        ("variables that are no object", {}, b'{"query":"{company{id}}","variables":[1]}', 400,
         "Must provide"),
        ("nested deeply", {}, b'{"query":' + b"[" * 100, 400, "not a JSON object"),
    ]
    for name, headers, body, status, text in cases:
        reply = graphql(query, headers=headers, body=body)
        tap.equal(reply.status, status, f"door: {name}")
        tap.contains(reply.json()["errors"][0]["message"], text, f"door: {name} says why")
    tap.equal(ask("GET", "graphql").status, 405, "door: GET is no way in")
    tap.equal(data(query), {"company": {"id": "cAcme000000000001"}}, "door: the key opens it")


REFUSED = [
    ("syntax", "{ company { id }", None, "Syntax Error: line 1"),
    ("an unknown field", "{ company { size } }", None,
     'Cannot query field "size" on type "Company".'),
    ("an unknown root", "{ sessions { id } }", None,
     'Cannot query field "sessions" on type "Query".'),
    ("externalId is not readable", '{ companyTestSession(id: "x") { externalId } }', None,
     'Cannot query field "externalId" on type "CompanyTestSession".'),
    ("a mutation as query", '{ deleteLiveInterview(id: "x") }', None, "Cannot query field"),
    ("an unknown argument", '{ companyTest(id: "x", name: "y") { id } }', None,
     'Unknown argument "name" on field "Query.companyTest".'),
    ("a missing argument", "{ companyTest { id } }", None,
     'Field "companyTest" argument "id" of type "ID!" is required, but it was not provided.'),
    ("a missing first", "{ companyTests { totalCount } }", None, 'argument "first"'),
    ("no selection", '{ companyTest(id: "x") }', None,
     'Field "companyTest" of type "CompanyTest" must have a selection of subfields.'),
    ("a selection on a scalar", "{ company { id { x } } }", None,
     'Field "id" must not have a selection since type "ID!" has no subfields.'),
    ("an argument of another type", '{ companyTests(first: "20") { totalCount } }', None,
     "Int cannot represent it"),
    ("an undefined variable", "query Q { companyTest(id: $id) { id } }", None,
     'Variable "$id" is not defined by operation "Q".'),
    ("an unused variable", "query Q($id: ID!) { company { id } }", {"id": "x"},
     'Variable "$id" is never used in operation "Q".'),
    ("a variable of another type", "query Q($id: String) { companyTest(id: $id) { id } }",
     {"id": "x"}, 'Variable "$id" of type "String" used in position expecting type "ID!".'),
    ("a list where one is wanted", "query Q($id: [ID!]!) { companyTest(id: $id) { id } }",
     {"id": ["x"]}, "used in position expecting"),
    ("a variable not given", "query Q($id: ID!) { companyTest(id: $id) { id } }", None,
     'Variable "$id" of required type "ID!" was not provided.'),
    ("a variable that is null", "query Q($id: ID!) { companyTest(id: $id) { id } }", {"id": None},
     "got invalid value null"),
    ("a member unknown", document_invite := "mutation M($f: TestSessionInput!) "
     "{ createCompanyTestSession(sessionFields: $f) { id } }",
     {"f": {"testId": "x", "greenhouseId": "1"}},
     'Field "greenhouseId" is not defined by type "TestSessionInput".'),
    ("a member missing", document_invite, {"f": {"candidateEmail": "a@b.example"}},
     'Field "testId" of required type "ID!" was not provided.'),
    ("a member of another type", document_invite, {"f": {"testId": "x", "preferExisting": "yes"}},
     "Boolean cannot represent it"),
    ("an integer beyond 32 bits", "mutation M { createLiveInterview(interviewFields: "
     "{expirationTime: 4294967296}) { id } }", None, "Int cannot represent it"),
    ("an enum's unknown value", "{ companyTests(first: 1, sortBy: age) { totalCount } }", None,
     "CompanyTestSortBy cannot represent it"),
    ("an unknown type", "{ company { ... on Firm { id } } }", None, 'Unknown type "Firm".'),
    ("an impossible type", "{ company { ... on User { id } } }", None,
     "can never be of type"),
    ("an unknown fragment", "{ company { ...F } }", None, 'Unknown fragment "F".'),
    ("too much", "{ companyTests(first: 10001) { totalCount } }", None,
     "The query exceeds the maximum cost of 10000. Actual cost is 10001"),
    ("too deep", '{ companyTestSession(id: "x") ' + "{ retakeSession " * 11 + "{ id }" + "}" * 12,
     None, "exceeds maximum operation depth of 10"),
    ("a directive", "{ company { id @live } }", None, 'Unknown directive "@live".'),
    ("two operations", "query A { company { id } } query B { company { id } }", None,
     "several and none is named"),
]


def test_refused():
    fresh()
    for name, query, variables, text in REFUSED:
        reply = graphql(query, variables)
        tap.equal(reply.status, 400, f"refused: {name}")
        messages = [error["message"] for error in reply.json()["errors"]]
        tap.ok(any(text in message for message in messages), f"refused: {name} says why", messages)
        tap.ok("data" not in reply.json(), f"refused: {name}, and nothing is run")
    tap.equal(rows("sessions"), [], "nobody was invited by any of it")


def test_understood():
    fresh()
    answer = data("query Q($n: Int = 2) { a: companyTests(first: $n) { ...T } __typename } "
                  "fragment T on CompanyTests { total: totalCount tests { id "
                  "m: scoringModel { __typename type ... on RawScoringModel { r: scoreRange "
                  "{ min max } } } } pageInfo { hasNextPage } }")
    tap.equal(answer["__typename"], "Query", "__typename at the root")
    tap.equal(answer["a"]["total"], 3, "aliases and fragments")
    tap.equal(answer["a"]["pageInfo"], {"hasNextPage": True}, "a page of two has another behind it")
    models = {test["id"]: test["m"] for test in answer["a"]["tests"]}
    tap.equal(models[RAW], {"__typename": "RawScoringModel", "type": "raw",
                            "r": {"min": 0, "max": 60}}, "a type condition that holds")
    tap.equal(models[PROCTORED], {"__typename": "CodingScore2023ScoringModel",
                                  "type": "codingScore2023"}, "and one that does not")
    reply = graphql('{ companyTestSession(id: "nobody") { id } }')
    tap.equal(reply.json(), {"data": {"companyTestSession": None}}, "an unknown session is null")


def test_sessions():
    fresh()
    first = invite(externalId="ours-1")
    tap.ok(re.fullmatch(r"[A-Za-z0-9]{14,17}", first["id"]), "an id like the vendor's", first["id"])
    tap.equal((first["status"], first["result"], first["maxScore"]), ("pending", None, 1000),
              "invited")
    tap.equal(invite(email="JANE@example.org")["id"], first["id"], "preferExisting finds it")
    tap.ok(invite(preferExisting=False)["id"] != first["id"], "without it there is a second")
    tap.ok(invite(test=RAW)["id"] != first["id"], "another assessment is another session")
    for name, fields, text in [("an unknown assessment", {"testId": "none"}, "Test not found"),
                               ("no address", {"testId": TEST, "candidateEmail": "jane"}, "email")]:
        reply = graphql(document("invite"), {"sessionFields": fields})
        tap.equal(reply.status, 200, f"{name}: 200 with errors")
        tap.contains(reply.json()["errors"][0]["message"], text, f"{name}: says why")
        tap.equal(reply.json()["data"], {"createCompanyTestSession": None}, f"{name}: null")
    control(f"sessions/{first['id']}", {"do": "verify"}, 409)
    control(f"sessions/{first['id']}", {"do": "start"})
    tap.equal(read(first["id"])["status"], "active", "started")
    control(f"sessions/{first['id']}", {"do": "finish", "scores": [300, 300, 200, 0]})
    done = read(first["id"])
    tap.equal((done["status"], done["verificationStatus"], done["result"]["score"]),
              ("over", None, 800), "finished")
    tap.equal(done["result"]["versionedCodingScore"], {"version": "codingScore2023", "value": 520},
              "with a coding score")
    tap.equal([t["score"] for t in done["result"]["taskResults"]], [300, 300, 200, 0], "per task")
    tap.ok(invite()["id"] != first["id"], "a finished session is no existing invitation")
    edit = ("mutation E($id: ID!, $to: Timestamp!) { editCompanyTestSessionExpiration(id: $id, "
            "expirationDate: $to) { expirationDate } }")
    other = invite(email="joe@example.org")
    tap.contains(graphql(edit, {"id": other["id"], "to": 5}).json()["errors"][0]["message"],
                 "not possible", "an expiry is extended only")
    later = other["expirationDate"] + 1000
    tap.equal(data(edit, {"id": other["id"], "to": later}),
              {"editCompanyTestSessionExpiration": {"expirationDate": later}}, "and then moves")
    again = data('mutation R($id: ID!) { reactivateCompanyTestSession(id: $id) { id } }',
                 {"id": first["id"]})["reactivateCompanyTestSession"]["id"]
    tap.equal(read(first["id"])["reactivatedSession"], {"newSessionId": again},
              "a reactivation is another session")
    tap.equal(data("mutation D($id: ID!) { deleteCompanyTestSession(id: $id) }", {"id": again}),
              {"deleteCompanyTestSession": again}, "deleted")
    tap.equal(read(again)["status"], "deleted", "and said to be")
    control(f"sessions/{first['id']}", {"do": "erase"})
    tap.equal((read(first["id"])["status"], read(first["id"])["testTaker"]),
              ("deletedForPii", {"email": None, "firstName": None, "lastName": None}), "erased")


def test_proctored():
    fresh()
    session = invite(PROCTORED)["id"]
    control(f"sessions/{session}", {"do": "finish"})
    tap.equal(read(session)["verificationStatus"], "pending", "proctored: in review")
    control(f"sessions/{session}", {"do": "fault", "reason": "The camera failed."})
    row = read(session)
    tap.equal(row["verificationStatus"], "notVerified", "proctored: a fault")
    tap.equal(row["verificationRejectionReasons"],
              [{"name": "technicalIssue", "description": "The camera failed."}], "with its reason")
    tap.equal(read(row["retakeSession"]["id"])["status"], "pending", "grants a retake")
    control(f"sessions/{session}", {"do": "verify"})
    tap.equal(read(session)["verificationStatus"], "verified", "verified after all")


def test_lists():
    fresh()
    ids = [invite(email=f"c{i}@example.org")["id"] for i in range(9)]
    answer = data(document("read_sessions"),
                  {"companyTestId": TEST, "ids": [ids[0], ids[5], "none"], "first": 20})
    tap.equal({row["id"] for row in answer["companyTestSessions"]}, {ids[0], ids[5]},
              "sessions by their ids")
    reply = graphql(document("read_sessions"), {"companyTestId": TEST, "ids": ids, "first": 21})
    tap.contains(reply.json()["errors"][0]["message"], "at most 20", "a page of 21 is refused")
    made = [data(document("create_interview"), {"interviewFields": {
        "candidateEmail": email, "candidateName": "J"}})["createLiveInterview"]
        for email in ("a@example.org", "b@example.org")]
    tap.equal([row["id"] for row in data(document("find_interview"), {
        "candidateEmail": "B@example.org", "first": 20})["liveInterviews"]], [made[1]["id"]],
        "interviews of one candidate")
    edited = data(document("edit_interview"), {"id": made[0]["id"], "interviewFields": {
        "candidateName": "Jane", "expirationTime": 7200000}})["editLiveInterview"]
    tap.equal(edited, made[0], "an edited interview keeps id and link")
    reply = graphql(document("edit_interview"), {"id": made[0]["id"],
                                                 "interviewFields": {"expirationTime": 1}})
    tap.contains(reply.json()["errors"][0]["message"], "336 hours", "a life of a millisecond")
    data(document("delete_interview"), {"id": made[0]["id"]})
    reply = graphql(document("delete_interview"), {"id": made[0]["id"]})
    tap.contains(reply.json()["errors"][0]["message"], "not found", "deleted once")


def test_limits():
    fresh(10)
    answers = [graphql("{ companyRate: company { id } }").json() for _ in range(25)]
    refused = [a for a in answers if "errors" in a]
    tap.ok(refused and "too often" in refused[0]["errors"][0]["message"],
           "more than ten a second are too often")
    control("permissions", {"denied": ["liveInterview.company.write"]})
    reply = graphql(document("create_interview"), {"interviewFields": {}})
    tap.equal(reply.json(), {"data": {"createLiveInterview": None},
                             "errors": [{"message": "Access Denied",
                                         "path": ["createLiveInterview"]}]}, "a permission lacks")
    tap.equal(data(document("test_interviews")), {"liveInterviews": []}, "reading is another")


def test_failures():
    fresh()
    query = document("list_tests")
    variables = {"first": 20, "offset": 0}
    control("failures", [{"what": "companyTests", "kind": "status", "status": 503,
                          "retry_after": 7},
                         {"what": "companyTests", "kind": "garbage"},
                         {"what": "companyTests", "kind": "empty"},
                         {"what": "companyTests", "kind": "errors",
                          "body": '{"errors":[{"message":"too often"}]}'},
                         {"what": "companyTests", "kind": "huge", "bytes": 300000},
                         {"what": "companyTests", "kind": "slow", "delay_ms": 50}])
    reply = graphql(query, variables)
    tap.equal((reply.status, reply.headers.get("retry-after")), (503, "7"), "a status to order")
    tap.ok(b"not JSON" in graphql(query, variables).body, "garbage to order")
    tap.equal(graphql(query, variables).body, b"", "nothing to order")
    tap.contains(graphql(query, variables).text(), "too often", "errors to order")
    tap.equal(len(graphql(query, variables).body), 300000, "a long answer to order")
    tap.equal(graphql(query, variables).status, 200, "a slow one is right in the end")
    tap.equal(graphql(query, variables).status, 200, "and then all is well")
    control("failures", {"what": "createLiveInterview", "kind": "status", "after": True})
    reply = graphql(document("create_interview"), {"interviewFields": {}})
    tap.equal((reply.status, len(rows("interviews"))), (500, 1), "a lost answer hides a deed")
    tap.equal(ask("POST", "control/failures", {"kind": "magic"}, JSON).status, 422,
              "a failure that is none")
    tap.equal(rows("requests")[-1]["what"], "createLiveInterview", "requests are recorded")
    tap.ok(rows("counters")["companyTests"] >= 2, "and counted")


def signature(url, body):
    event = json.loads(body) if body else {"event": "", "triggeredOn": ""}
    text = url + event["event"] + str(event["triggeredOn"])
    return hmac.new(HOOK_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_webhook():
    fresh()
    with Receiver() as receiver:
        answer = control("webhook", {"url": receiver.url, "secret": HOOK_SECRET,
                                     "headers": {"X-Token": "let me in"}})
        tap.equal(answer, {"status": 200}, "saving sends a probe")
        tap.equal(receiver.requests[0][1], b"", "that is empty")
        receiver.answers = [500, 204, 404]
        session = invite(PROCTORED, externalId="ours-1")["id"]
        for step in ("start", "finish", "reject", "verify", "flag"):
            control(f"sessions/{session}", {"do": step})
        tap.ok(control("idle", {"timeout_ms": 20000})["idle"], "all are delivered in the end")
        events = receiver.events()
        tap.equal(events, ["companyTestSessionCreated"] * 4 + [
            "companyTestSessionStarted", "preScreenResultVerificationPending",
            "preScreenResultNotVerified", "preScreenResultVerified",
            "preScreenIntegrityReviewUpdated"],
            "one at a time, in order; 500, 204 and 404 are all no 200")
        tap.ok(all(h["X-CodeSignal-Signature"] == signature(receiver.url, body)
                   for h, body in receiver.requests), "each is signed as documented")
        tap.ok(all(h["X-Token"] == "let me in" for h, _ in receiver.requests), "with the header")
        bodies = [json.loads(body) for _, body in receiver.requests if body]
        tap.ok(all(b["payload"]["externalId"] == "ours-1" for b in bodies), "and our id")
        tap.equal(len({b["triggeredOn"] for b in bodies}), 6, "each event has its own time")
        pending = next(b for b in bodies if "Pending" in b["event"])
        tap.ok("url" not in pending["payload"], "no report link before the review")
        log = [e["attempt"] for e in rows("webhook")["log"] if e["event"].endswith("Created")]
        tap.equal(log, [4, 3, 2, 1], "the log tells the attempts")
        check_lost(receiver)
    control("webhook", {"url": ""})
    tap.equal(rows("webhook")["state"], "off", "no URL, no webhook")


def check_lost(receiver):
    before = len(receiver.requests)
    control("lose", {"count": 1})
    invite(email="lost@example.org")
    invite(email="kept@example.org")
    tap.ok(control("idle", {"timeout_ms": 20000})["idle"], "nothing waits")
    tap.equal((len(receiver.requests) - before, rows("webhook")["lost"]), (1, 1),
              "one event vanished to order")
    with receiver.lock:
        receiver.answers = [500] * 100
    invite(email="never@example.org")
    tap.ok(tap.wait_for(lambda: rows("webhook")["state"] == "disabled", 30),
           "after 25 failures it is disabled")
    report = rows("webhook")
    tap.equal((report["queued"], report["log"][0]["attempt"]), (0, 25), "and its queue is cleared")
    with receiver.lock:
        receiver.answers = []
    tap.equal(control("webhook", {"url": receiver.url, "secret": HOOK_SECRET})["status"], 200,
              "saved again")
    tap.equal(rows("webhook")["state"], "healthy", "it is healthy again")


def form(path, values):
    return ask("POST", path, headers={**FORM, **BROWSER},
               body=urllib.parse.urlencode(values).encode())


def page(path):
    return ask("GET", path, headers=BROWSER)


def test_people():
    fresh()
    env = page("")
    tap.equal(env.status, 200, "the page of assessments")
    tap.contains(env.text(), TEST, "names the main one")
    tap.equal(form(f"tests/{PROCTORED}/invite", {"first": "<b>", "last": "O'X", "email": "x@y.example"})
              .status, 303, "a person invites")
    tap.equal(form(f"tests/{TEST}/invite", {"email": "nobody"}).status, 422, "not without address")
    session = rows("sessions")[0]["id"]
    text = page(f"take/{session}").text()
    tap.lacks(text, "<b> ", "names are escaped")
    tap.contains(text, "Decline", "the candidate may decline")
    tap.equal(form(f"take/{session}/start", {}).status, 303, "or start")
    tap.contains(page(f"take/{session}").text(), "score-3", "then there are tasks")
    tap.equal(form(f"take/{session}/start", {}).status, 409, "once")
    tap.equal(form(f"take/{session}/finish", {"score-0": "100", "score-1": "x"}).status, 303,
              "and submit")
    tap.equal(rows("sessions")[0]["result"]["score"], 800, "points as typed, else the most")
    tap.contains(page(f"review/{session}").text(), "Technical fault", "the reviewer may decide")
    tap.equal(form(f"review/{session}/verify", {"back": "review"}).headers["location"],
              f"{PREFIX}/review/{session}", "verified, and back to the reviewer")
    url = rows("sessions")[0]["result"]["url"]
    path = url.split("/sandbox/codesignal/")[1]
    tap.ok(url.startswith("http://sandbox.example/"), "links lead to where it was asked", url)
    tap.contains(page(path).text(), "520", "the report with its token")
    tap.equal(page(path[:-1] + "_").status, 404, "not with another")
    tap.equal(page(path.split("?")[0]).status, 404, "not without")
    made = data(document("create_interview"), {"interviewFields": {"candidateName": "Joe"}})
    interview = made["createLiveInterview"]["id"]
    for step in ("start", "finish", "feedback"):
        tap.equal(form(f"live-interview/{interview}/{step}", {"notes": "<i>"}).status, 303,
                  f"an interview: {step}")
    tap.lacks(page(f"live-interview/{interview}").text(), "<i>", "notes are escaped")
    with Receiver() as receiver:
        receiver.answers = [201]
        text = form("webhooks/save", {"url": receiver.url, "secret": "s", "header": "X-T",
                                      "value": "v"}).text()
        tap.contains(text, "only 200 counts", "the page says that the test failed")
        tap.contains(form("webhooks/test", {}).text(), "answered with 200", "or that it worked")
        tap.equal(receiver.requests[1][0]["X-T"], "v", "with the custom header")
        tap.equal(form("webhooks/save", {"url": ""}).status, 200, "and it can be removed")
    tap.equal(page("take/nobody").status, 404, "no such session")


def test_schema():
    """Our table of fields says what the vendor's schema says."""
    shared = tap.shared()
    if shared is None:
        tap.ok(True, "the vendor's schema is not there # SKIP")
        return
    with open(os.path.join(shared, "specs", "codesignal-schema.graphql"), encoding="utf-8") as file:
        schema = re.sub(r"#.*", "", file.read())
    with open(os.path.join(tap.source(), "sandbox", "codesignal_schema.c"),
              encoding="utf-8") as file:
        source = file.read()
    names = dict(re.findall(r'#define (\w+) "(\w+)"', source))
    table = re.search(r"cs_field fields\[\] = \{(.*?)\n\};", source, re.S).group(1)
    for macro, value in names.items():
        table = re.sub(rf"\b{macro}\b(?=[ ,])", f'"{value}"', table)
    table = re.sub(r'"\s+"', "", table)
    wrong, count = [], 0
    for type_, name, returns, arguments in re.findall(
            r'\{\s*"(\w+)",\s*"(\w+)",\s*"([^"]*)",\s*"([^"]*)"', table):
        count += 1
        body = re.search(rf"\n(?:type|interface) {type_}\b[^{{]*\{{(.*?)\n\}}", schema, re.S)
        field = body and re.search(rf"\n\s*{name}(?:\(([^)]*)\))?\s*:\s*([\[\]!\w]+)", body.group(1))
        if not field:
            wrong.append(f"{type_}.{name} is not there")
            continue
        theirs = set(re.findall(r"(\w+)\s*:\s*([\[\]!\w]+)", field.group(1) or ""))
        ours = set(re.findall(r"(\w+): ([\[\]!\w]+)", arguments))
        if field.group(2) != returns or ours != theirs:
            wrong.append(f"{type_}.{name}: {returns} {ours} is {field.group(2)} {theirs}")
    tap.equal(wrong, [], f"{count} fields as the vendor's schema has them")
    tap.ok(count > 100, "and the table was read")


def test_end():
    code = server.stop()
    tap.equal(code, 0, "it ends cleanly")
    tap.lacks(server.log, "ERROR", "and had nothing to complain of")


def main():
    global server
    env = {"FAIRLEAD_ALLOW_NETWORKS": "127.0.0.0/8", "FAIRLEAD_RETRY_SCALE": "1000000",
           "FAIRLEAD_THREADS": "4",
           "FAIRLEAD_TEMPLATES": os.path.join(tap.source(), "templates")}
    with fcgi_client.Server("sandbox/codesignal.fcgi", env=env) as running:
        server = running
        try:
            tap.run(test_door, test_refused, test_understood, test_sessions, test_proctored,
                    test_lists, test_limits, test_failures, test_webhook, test_people, test_schema,
                    test_end)
        finally:
            server.stop()


main()
