# SPDX-License-Identifier: GPL-3.0-or-later
"""Anything killed at any moment, workers in pairs, ticks instead, restarts under load."""
import hashlib
import hmac
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

SCORES = [300, 270, 140, 0]
SECRET = b"greenhouse hook secret"


def ends_well(h, people, name, seconds=90):
    def done():
        return all(any("/report/" in n for n in h.notes(a)) for a in people)

    tap.ok(tap.wait_for(done, seconds), f"{name}: every result stands in Greenhouse")
    tap.ok(h.settle(seconds), f"{name}: everything comes to rest")
    tap.equal([(len(h.sessions(a)), sum("/report/" in n for n in h.notes(a))) for a in people],
              [(1, 1)] * len(people), f"{name}: one session and one result note each")
    code, out, err = h.command("check")
    tap.equal(code, 0, f"{name}: the state is whole") or tap.note(out + err)


def worker_killed():
    with house.House(scale=600) as h:
        h.connect()
        people = [h.candidate(f"K{i}") for i in range(4)]
        chance = random.Random(5)
        for round_, a in enumerate(people):
            h.move(a)
            for _ in range(3):
                time.sleep(chance.uniform(0, 0.015))  # somewhere in the middle of the work
                h.stop("worker", signal.SIGKILL)
                h.start_worker()
            s = h.session(a, 20)
            tap.ok(s, f"worker killed, round {round_}: the candidate is invited")
            h.step(s, "finish", scores=SCORES)
            for _ in range(3):
                time.sleep(chance.uniform(0, 0.015))
                h.stop("worker", signal.SIGKILL)
                h.start_worker()
        ends_well(h, people, "worker killed")


def programs_killed():
    with house.House("lighttpd-external", scale=600) as h:
        h.connect()
        people = [h.candidate(f"P{i}") for i in range(3)]
        for a in people:
            h.move(a)
            h.stop("webhook", signal.SIGKILL)
            try:
                os.unlink(f"{h.run}/webhook.sock")
            except FileNotFoundError:
                pass
            h.start_program("webhook")
            h.gh("deliveries", {"flush": True})
            s = h.session(a, 20)
            h.step(s, "finish", scores=SCORES)
            h.stop("webhook", signal.SIGKILL)
            h.start_program("webhook")
            h.cs("flush", {})
        ends_well(h, people, "program killed")


def server_killed():
    for variant in ("lighttpd-spawned", "apache-proxy", "apache-fcgid"):
        if house.available(variant):
            tap.skip(variant, house.available(variant))
            continue
        with house.House(variant, scale=600) as h:
            h.connect()
            a = h.candidate("Server")
            h.move(a)
            h.restart_web(signal.SIGKILL)
            h.gh("deliveries", {"flush": True})
            s = h.session(a, 20)
            if not tap.ok(s, f"{variant} killed: the journey goes on"):
                continue
            h.restart_web(signal.SIGKILL)
            h.step(s, "finish", scores=SCORES)
            h.cs("flush", {})
            ends_well(h, [a], f"{variant} killed")


def ticks():
    """cron instead of a worker; two at once do no harm."""
    with house.House(worker=False) as h:
        h.connect()
        a = h.candidate("Tick")
        h.move(a)
        h.gh("deliveries", {"idle_ms": 5000})
        for _ in range(4):
            first = threading.Thread(target=h.command, args=("tick",))
            first.start()
            h.fairlead("tick")
            first.join()
        s = h.session(a, 5)
        tap.ok(s, "ticks invite")
        h.step(s, "finish", scores=SCORES)
        h.cs("idle", {"timeout_ms": 5000})
        for _ in range(4):
            h.fairlead("tick")
        ends_well(h, [a], "ticks", 10)


def two_workers():
    with house.House() as h:
        h.connect()
        code, _, err = h.command("worker")
        tap.ok(code in (1, 3), "a second worker says no", (code, err))
        tap.ok(len(err.strip()) > 10, "and why", err)
        h.start_worker("second", "--wait")
        tick = h.command("tick")
        tap.equal(tick[0], 0, "a tick beside a worker is no fault") or tap.note(tick)
        h.stop("worker")
        a = h.candidate("Heir")
        h.move(a)
        s = h.session(a)
        tap.ok(s, "the waiting one takes over")
        h.step(s, "finish", scores=SCORES)
        ends_well(h, [a], "two workers")


def restart_under_load():
    """Every program is stopped and started again and again: no request fails, none is lost."""
    with house.House("lighttpd-external", worker=False) as h:
        h.connect()
        refused, sent, lock, over = [], [0], threading.Lock(), threading.Event()

        def send(number):
            count = 0
            while not over.is_set():
                count += 1
                body = json.dumps({"action": "candidate_hired", "payload": {"n": f"{number}-{count}"}})
                mark = hmac.new(SECRET, body.encode(), hashlib.sha256).hexdigest()
                try:
                    got = h.http("POST", h.hooks["gh"], body.encode(), {"Signature": f"sha256 {mark}"})
                    if got.status != 200:
                        refused.append(got.status)
                except OSError as e:
                    refused.append(repr(e))
                with lock:
                    sent[0] += 1

        # The service manager holds the socket, as systemd does: what waits in its queue waits for
        # the next process.
        door = h.open_door("webhook")
        before = h.metric("fairlead_deliveries_total")
        threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        ended = []
        try:
            for _ in range(8):
                until = sent[0] + 40
                tap.wait_for(lambda: sent[0] >= until, 10)
                old = h.processes["webhook"]
                h.start_activated("webhook", door)
                old.send_signal(signal.SIGTERM)
                ended.append(old.wait(20))
        finally:
            over.set()
            for t in threads:
                t.join()
            door.close()
        taken = h.metric("fairlead_deliveries_total") - before
        tap.equal(ended, [0] * 8, "each ended cleanly")
        tap.note(f"{sent[0]} requests over 8 restarts")
        tap.equal(refused[:5], [], "no request failed")
        tap.equal(taken, sent[0], "each was kept")


tap.run(worker_killed, programs_killed, server_killed, ticks, two_workers, restart_under_load)
