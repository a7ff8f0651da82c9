# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that reads over a platform's all-powerful one: what goes out, what never does."""
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "report.fcgi"
PATH = "/fairlead/report/acme/platform/cs"
SESSION = {"id": "s1", "result": {"score": 7, "url": "https://p.example/test-result/s1?accessToken=hush"}}
READ = "query Past($id: ID!) { companyTestSession(id: $id) { id result { score url } } }"


class Vendor:
    """A platform that does what it is told, and remembers."""

    def __init__(self):
        self.asked, self.status, self.body, self.headers = [], 200, None, {}
        vendor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                vendor.asked.append((self.headers["Authorization"], asked))
                body = vendor.body
                if body is None:
                    body = json.dumps({"data": {"companyTestSession": SESSION}}).encode()
                self.send_response(vendor.status)
                for name, value in vendor.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Plain:
    def __init__(self, home):
        self.env = home.env()

    def request(self, method, target, **more):
        return cgi.request(PROGRAM, method, target, env=self.env, **more)


def ways(function):
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path, Vendor() as vendor:
                home = prepared.Home(os.path.join(path, "home"))
                home.apply(prepared.document(vendor))
                key = home.key("platform:read")

                def ask(question, server, key=key, path=PATH):
                    body = question if isinstance(question, bytes) else json.dumps(question).encode()
                    return server.request("POST", path, body=body,
                                          headers={"Authorization": "Bearer " + key})
                if way == "cgi":
                    function(way, home, vendor, lambda q, **m: ask(q, Plain(home), **m))
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, home, vendor, lambda q, **m: ask(q, server, **m))
                    tap.lacks(server.log, prepared.CREDENTIALS["api_key"], f"{way}: no key in the log")
    test.__name__ = function.__name__
    return test


@ways
def test_reading(way, home, vendor, ask):
    reply = ask({"query": READ, "variables": {"id": "s1"}, "operationName": "Past"})
    tap.equal(reply.status, 200, f"{way}: a question is answered")
    got = reply.json()["data"]["companyTestSession"]
    tap.equal((got["id"], got["result"]["score"]), ("s1", 7), f"{way}: as the platform says it")
    tap.equal(got["result"]["url"], "https://p.example/test-result/s1", f"{way}: but for the token")
    authorization, asked = vendor.asked[-1]
    tap.equal(authorization, "Bearer " + prepared.CREDENTIALS["api_key"], f"{way}: our key asks")
    tap.equal(asked, {"query": READ, "variables": {"id": "s1"}, "operationName": "Past"},
              f"{way}: word by word")
    tap.contains(home.must("audit", "export", "acme").out, "platform.read", f"{way}: it is in the log")
    vendor.body = json.dumps({"errors": [{"message": "no such field"}]}).encode()
    vendor.status = 400
    reply = ask({"query": "{nope}"})
    tap.equal((reply.status, reply.json()["errors"][0]["message"]), (400, "no such field"),
              f"{way}: its errors, too")
    vendor.status, vendor.headers = 429, {"Retry-After": "7"}
    reply = ask({"query": "{nope}"})
    tap.equal((reply.status, reply.headers["retry-after"]), (429, "7"), f"{way}: and its patience")


@ways
def test_writing(way, home, vendor, ask):
    """Nothing but queries goes out, however it is dressed."""
    rows = [
        ("a mutation", "mutation { deleteCompanyTestSession(id: \"s1\") }"),
        ("one with a name", "mutation M($id: ID!) { deleteCompanyTestSession(id: $id) }"),
        ("behind a query", "query A { companyTests(first: 1) { tests { id } } } "
                           "mutation B { deleteCompanyTestSession(id: \"s1\") }"),
        ("before a query", "mutation B { deleteCompanyTestSession(id: \"s1\") } "
                           "query A { companyTests(first: 1) { tests { id } } }"),
        ("after a comment", "# query {\nmutation { deleteCompanyTestSession(id: \"s1\") }"),
        ("behind a mark of byte order", "\ufeffmutation { deleteCompanyTestSession(id: \"s1\") }"),
        ("among commas", ",,,mutation,{,deleteCompanyTestSession(id:\"s1\"),}"),
        ("a subscription", "subscription { companyTestSessionFinished { id } }"),
        ("an invitation", "{ companyTestSession(id: \"s1\") { id invitationUrl } }"),
        ("an invitation by another name", "{ companyTestSession(id: \"s1\") { x: invitationUrl } }"),
        ("an invitation in a fragment", "{ companyTestSession(id: \"s1\") { ...F } } "
                                        "fragment F on CompanyTestSession { invitationUrl }"),
    ]
    for name, query in rows:
        for more in ({}, {"operationName": "A"}, {"operationName": "B"}):
            reply = ask({"query": query, **more})
            tap.ok(reply.status in (400, 403), f"{way}: {name}: refused", reply.status)
            tap.equal(reply.headers["content-type"], "application/problem+json", f"{way}: {name}: in words")
    for name, body in (
            ("nothing", b""), ("not JSON", b"{"), ("a list of questions", json.dumps([{"query": READ}]).encode()),
            ("no query", b"{}"), ("a number", b'{"query": 1}'), ("not GraphQL", b'{"query": "{"}'),
            ("only a fragment", b'{"query": "fragment F on X { id }"}'),
            ("another member", json.dumps({"query": READ, "extensions": {"persistedQuery": {}}}).encode()),
            ("variables that are none", json.dumps({"query": READ, "variables": []}).encode()),
            ("two questions in one", b'{"query": "{a}", "query": "mutation {b}"}'),
            ("too deep", json.dumps({"query": "{a" * 200 + "}" * 200}).encode())):
        tap.equal(ask(body).status, 400, f"{way}: {name}")
    tap.equal(ask(b"x" * 70000).status, 413, f"{way}: too long")
    tap.equal(vendor.asked, [], f"{way}: the platform heard nothing of all that")
    for key, status in ((home.key("results:read"), 403), (home.key("interviews:write"), 403),
                        ("fl_live_nonsense", 401)):
        tap.equal(ask({"query": READ}, key=key).status, status, f"{way}: another key: {status}")
    reader = home.key("platform:read")
    for path in (PATH.replace("/cs", "/gh"), PATH.replace("/cs", "/nope")):
        tap.equal(ask({"query": READ}, path=path, key=reader).status, 404, f"{way}: {path}")
    tap.equal(vendor.asked, [], f"{way}: nor of these")


@ways
def test_trouble(way, home, vendor, ask):
    for status, body in ((401, b'{"errors": [{"message": "codesignal API key, made up"}]}'), (403, b""),
                         (500, b"<html>"), (200, b"not JSON"), (200, b"[]"), (302, b"")):
        vendor.status, vendor.body = status, body
        reply = ask({"query": READ})
        tap.equal((reply.status, reply.headers["content-type"]), (502, "application/problem+json"),
                  f"{way}: {status} {body}")
        tap.lacks(reply.text(), prepared.CREDENTIALS["api_key"], f"{way}: and no credential")
    vendor.status = 200
    vendor.body = json.dumps({"data": {"x": "codesignal API key, made up"}}).encode()
    tap.lacks(ask({"query": READ}).text(), prepared.CREDENTIALS["api_key"],
              f"{way}: a platform that repeats the credential does not get it through")
    vendor.server.shutdown()
    vendor.server.server_close()
    tap.equal(ask({"query": READ}).status, 502, f"{way}: a platform that is not there")


tap.run(test_reading, test_writing, test_trouble)
