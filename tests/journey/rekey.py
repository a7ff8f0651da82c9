# SPDX-License-Identifier: GPL-3.0-or-later
"""The master key is rotated while a candidate is on his way, behind a real web server; and a
consumer reads at the platform with a key that can write nothing."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap


def test_rekey():
    with house.House(scale=1000) as h:
        h.connect()
        a = h.candidate("Ada", "Lovelace", "ada@example.com")
        turned = [h.ask("rekey")]
        h.move(a)
        session = h.session(a)
        turned.append(h.ask("rekey"))
        h.step(session, "start")
        h.step(session, "finish")
        turned.append(h.ask("rekey"))
        h.settle()
        tap.equal(len({t["to"] for t in turned}), 3, "three keys, one after the other")
        tap.ok(all(t["sealed"] > 0 and t["lost"] == 0 for t in turned), "all is sealed anew", turned)
        done = [x for x in h.ask("actions", "acme")
                if x["kind"] == "write_note" and x["with"]["what"] == "result"]
        tap.equal([x["state"] for x in done], ["done"],
                  "programs and worker went on: the result stands in the ATS, once")
        read(h, session if isinstance(session, str) else session["id"])


def read(h, session):
    key = h.fairlead("key", "issue", "acme", "--scope", "platform:read").strip()

    def ask(question, **variables):
        reply = h.http("POST", h.base + "/report/acme/platform/cs",
                       json.dumps({"query": question, "variables": variables}).encode(),
                       {"Authorization": "Bearer " + key})
        return reply.status, json.loads(reply.text())

    question = "query($id: ID!) { companyTestSession(id: $id) { id status result { score url } } }"
    status, got = ask(question, id=session)
    tap.equal(status, 200, "the platform is asked through us, with the credential sealed anew")
    row = got["data"]["companyTestSession"]
    tap.equal((row["id"], row["status"]), (session, "over"), "and answers")
    tap.lacks(json.dumps(got), "accessToken", "without the token of its report")
    status, got = ask("mutation($id: ID!) { deleteCompanyTestSession(id: $id) }", id=session)
    tap.equal(status, 403, "but nothing is changed there")
    tap.equal(ask(question, id=session)[1]["data"]["companyTestSession"]["id"], session,
              "the session is still there")


tap.run(test_rekey)
