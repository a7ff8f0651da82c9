# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes made for tests, and the signatures of our senders.

    home = planted.Home(path)              made by tests/tool/plant from planted.DOCUMENT
    home.target("gh")                      the path of that connection's webhook
    home.inbox(after=3)                    records with a number above 3: list of dicts with what,
                                           connection, trust, secret, reason, count, headers,
                                           body (bytes), number, id, at
    headers, body = planted.signed("gh", body)     as that sender signs; secret= for another one,
                                                   home= for CodeSignal, which signs the address
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess

import tap

PUBLIC_URL = "https://hire.example.org/fairlead"
SECRETS = {name: [f"{name} secret, made up", f"{name} older secret, made up"]
           for name in ("gh", "lv", "ab", "cs")}
CODERBYTE_KEY = "coderbyte API key, made up"
KINDS = {"gh": "greenhouse", "lv": "lever", "ab": "ashby", "cs": "codesignal", "cb": "coderbyte"}
TOKEN = "657fd5a0759c87d35660b096dbc388d1d31058869f08ce3f"


def document(org="acme"):
    connections = []
    for name, kind in KINDS.items():
        credentials = {"api_key": CODERBYTE_KEY if name == "cb" else "key"}
        if kind == "greenhouse":
            credentials = {"client_id": "id", "client_secret": "secret"}
        connections.append({
            "id": name, "kind": kind, "hook": f"{name}-hook-of-{org}",
            "settings": {"organization": "acmeengineering"} if name == "cb" else {},
            "credentials": credentials, "webhook": {"secrets": SECRETS.get(name, [])}})
    return {"org": org, "name": "Acme Ltd", "public_url": PUBLIC_URL, "connections": connections,
            "rules": []}


class Home:
    def __init__(self, path, text=None):
        self.path = path
        text = document() if text is None else text
        done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant"), path],
                              input=json.dumps(text).encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError("plant: " + done.stderr.decode())
        self.hooks, self.urls, self.org = {}, {}, text["org"]
        for line in done.stdout.decode().splitlines():
            name, _, hook, url = line.split(" ")
            self.hooks[name], self.urls[name] = hook, url

    def target(self, name):
        return f"/fairlead/webhook/{self.org}/{self.hooks[name]}"

    def env(self):
        return {"FAIRLEAD_HOME": self.path}

    def inbox(self, after=0):
        done = subprocess.run([os.path.join(tap.build(), "tests/tool/delivered"), self.path,
                               str(after + 1)], capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError("delivered: " + done.stderr.decode())
        records = [json.loads(line) for line in done.stdout.splitlines()]
        for record in records:
            record["body"] = bytes.fromhex(record["body"])
        return records


def digest(secret, message):
    if isinstance(message, str):
        message = message.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def jwt(secret, claims, head=None):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    text = part(json.dumps(head or {"alg": "HS256", "typ": "JWT"}).encode()) + b"." + \
        part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


def signed(name, body=None, secret=None, home=None):
    """(headers, body) as the sender makes them; body None is one of its usual events."""
    usual = {
        "gh": {"action": "candidate_stage_change", "payload": {"application": {"id": 17}}},
        "lv": {"triggeredAt": 1431454330072, "event": "candidateStageChange",
               "data": {"opportunityId": "opp-1", "toStageId": "applicant-new"}},
        "ab": {"webhookActionId": "w-1", "action": "candidateStageChange",
               "data": {"application": {"id": "a-1"}}},
        "cs": {"event": "companyTestSessionFinished", "triggeredOn": 1795370094283,
               "payload": {"testSessionId": "s-1"}},
        "cb": {"operation": "candidate_joined", "organization_id": "acmeengineering",
               "email": "ada@example.org", "assessment_id": "t-1"},
    }
    secret = secret or (CODERBYTE_KEY if name == "cb" else SECRETS[name][0])
    event = usual[name] if body is None else body
    if name == "lv" and isinstance(event, dict):
        event = dict(event, token=TOKEN)
        event["signature"] = digest(secret, f"{TOKEN}{event['triggeredAt']}")
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = {"Content-Type": "application/json"}
    if name == "gh":
        headers["Signature"] = "sha256 " + digest(secret, raw)
        headers["Greenhouse-Event-ID"] = "event-1"
    elif name == "ab":
        headers["Ashby-Signature"] = "sha256=" + digest(secret, raw)
    elif name == "cs":
        event = json.loads(raw) if raw else {}
        headers["X-CodeSignal-Signature"] = digest(
            secret, home.urls["cs"] + event.get("event", "") + str(event.get("triggeredOn", "")))
    elif name == "cb":
        headers["Authorization"] = "Bearer " + jwt(secret, {"iss": "acmeengineering"})
    elif name == "lv":
        headers["User-Agent"] = "Lever-Webhooks"
    return headers, raw
