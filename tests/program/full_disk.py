# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full while the worker works: nothing is lost, doubled or damaged."""
import contextlib
import os
import subprocess
import sys
import json

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import planted  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

DELIVERIES = 300
SECRET = prepared.CREDENTIALS["hook"]


def fill(disk, leave):
    """Takes all of the room but so many KiB."""
    with open(os.path.join(disk, "filler"), "wb", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        filler.truncate(max(0, os.fstat(filler.fileno()).st_size - leave * 1024))


def deliver(home, first):
    target = home.answer["connections"][0]["webhook_url"].replace("https://hire.example.org", "")
    with fcgi_client.Server("webhook.fcgi", env=home.env()) as server:
        for number in range(first, first + DELIVERIES):
            body = json.dumps({"action": "candidate_stage_change", "payload": {
                "application": {"id": number, "note": "x" * 2000}}}).encode()
            reply = server.request("POST", target, body=body, headers={
                "Signature": "sha256 " + planted.digest(SECRET, body),
                "Greenhouse-Event-ID": f"event-{number}"})
            if reply.status != 200:
                tap.note(reply)
                return False
    return True


def events(home):
    return home.must("events", "acme", "--last", "1000", "--json").json()


def test_worker():
    with tap.directory() as path, prepared.small_disk(os.path.join(path, "disk")) as disk:
        if disk is None:
            tap.skip("a full disk under the worker", "needs root to mount a small file system")
            return
        home = prepared.Home(os.path.join(disk, "home"))
        home.answer = home.apply(prepared.document())
        home.must("tick")
        known = len(events(home))
        for turn, leave in enumerate((0, 48, 256)):
            tap.ok(deliver(home, turn * DELIVERIES), f"{leave} KiB left: deliveries are taken")
            fill(disk, leave)
            before = len(events(home))
            done = home.run("tick")
            after = len(events(home))
            tap.ok(before <= after <= before + DELIVERIES,
                   f"{leave} KiB left: {after - before} are worked on, exit status {done.code}")
            tap.ok(after - before < DELIVERIES, f"{leave} KiB left: and then there is no room")
            checked = home.run("check")
            tap.equal(checked.code, 3, f"{leave} KiB left: what cannot be checked is not called bad")
            tap.lacks(checked.out + checked.err, "restore", f"{leave} KiB left: and needs no backup")
            os.unlink(os.path.join(disk, "filler"))
            tap.equal(home.run("check").code, 0, f"{leave} KiB left: nothing is damaged")
            home.must("tick")
            known += DELIVERIES
            tap.equal(len(events(home)), known, f"{leave} KiB left: with room again all are there")
        tap.equal(home.run("check").code, 0, "and all of it is sound")
        found = events(home)
        names = [e.get("number") for e in found]
        tap.equal(len(set(names)), len(names), "each once")
        tap.ok(all(e.get("state") != "broken" for e in found), "and whole")


tap.run(test_worker)
