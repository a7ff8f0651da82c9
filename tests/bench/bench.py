# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: what durability costs, as ratios beside programs that do nothing.

Everything is measured in one run and in pairs: a slice of the empty program, a slice of ours,
then the other way round, and so on.  Each ratio is the median of the ratios of its pairs, so
what else the machine does meets both alike; an absolute time is printed beside it and decides
nothing.  What a sync or a commit costs is probed before each pair, alone, and a p99 is compared
with p99s.  After the ratios come the design's other numbers.  Output, one for each:

    bench NAME value goal ok|short
        what was run

Lines that start with # are about the run.  Exits 0 when it could measure, whatever the figures, 3
when it could not.  Sends traffic to loopback only, and removes what it made.

BENCH_SECONDS  what all of it may take at most, 240 by default
BENCH_DIR      where homes are made, on the disk that is to be measured; the build directory
BENCH_LOOKUP   0: no look-ups at 10,000 and 1,000,000 records (they take 500 MB of disk)
"""
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import house
from rig import (CONNECTIONS, DOCUMENT, PAIRS, SECONDS, SECRET, SOURCE, Run, Target, Unable, adopt,
                 built, child, end, find, lighttpd, note, pair, prepare, private_mib, probe,
                 processor_seconds, ratios, say, shipped, spread)

FLOW = 4             # connections of a busy scheduling flow
CGI_CONNECTIONS = 8  # each is a process
OVERHEAD = 150  # seconds of BENCH_SECONDS that are not slices: starting, probing, what follows
SLICES = PAIRS * (3 + 2 + 2 + 2) + 3 * 2  # intake with PHP, interview twice, plain CGI; a worker


def say_rate(name, ours, other, goal, what, beside):
    values = ratios(ours, other, "rate")
    value = statistics.median(values)
    say(name, value, f">={goal}", value >= goal, what,
        f"{ours.median('rate'):.0f} requests/s, {beside} {other.median('rate'):.0f}; "
        f"{spread(values)}")


def say_p99(name, ours, other, probes, cost, what, beside):
    """ours over (2 x other + one sync or commit): 1 is the most that the goal allows."""
    alone = [p[f"{cost}_p99_us"] for p in probes]
    values = [a["p99"] / (2 * b["p99"] + c) for a, b, c in zip(ours.slices, other.slices, alone)]
    value = statistics.median(values)
    say(name, value, "<=1", value <= 1, what,
        f"p99 {ours.median('p99') / 1000:.2f} ms over 2 x {other.median('p99') / 1000:.2f} ms "
        f"({beside}) + {statistics.median(alone) / 1000:.2f} ms (one {cost}); {spread(values)}",
        f"p50 {ours.median('p50') / 1000:.2f} ms and {other.median('p50') / 1000:.2f} ms, one "
        f"{cost} {statistics.median(p[f'{cost}_us'] for p in probes) / 1000:.2f} ms")


def php(run):
    """The configuration for lighttpd of PHP-FPM with our script, or None and why."""
    program = find("php-fpm", "php-fpm[0-9]*")
    if program is None:
        return None, "there is no php-fpm here"
    modules = run.command(program, "-m").split()
    if "pdo_sqlite" not in modules:
        return None, "PHP has no pdo_sqlite"
    folder = os.path.join(run.disk, "php")
    os.mkdir(folder)
    database = os.path.join(folder, "inbox.sqlite")
    shutil.copy(os.path.join(SOURCE, "tests/bench/intake.php"), os.path.join(run.run, "intake.php"))
    conf = os.path.join(run.run, "php.conf")
    root = os.geteuid() == 0
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f"""[global]
daemonize = no
error_log = {run.run}/php.errors
[bench]
{'user = root' if root else ''}
{'group = root' if root else ''}
listen = {run.run}/php.sock
listen.backlog = 1024
pm = static
pm.max_children = 16
env[BENCH_SECRET] = "{SECRET}"
env[BENCH_DATABASE] = "{database}"
""")
    import sqlite3
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE inbox (id INTEGER PRIMARY KEY, event TEXT, at REAL, body BLOB)")
        db.commit()
    process = run.start(program, "-F", "-y", conf, *(["-R"] if root else []))
    run.wait_for(process, lambda: os.path.exists(f"{run.run}/php.sock"), "php-fpm")
    version = run.command(program, "-v").split()[1]
    return (f'fastcgi.server += ( ".php" => (( "socket" => "{run.run}/php.sock" )) )\n',
            f"PHP-FPM {version}, 16 processes, SQLite in WAL with synchronous=FULL")


EMPTY = """fastcgi.server += ( "/empty" => ((
    "socket" => var.fairlead_run + "/empty.sock",
    "bin-path" => var.fairlead_programs + "/empty.fcgi",
    "max-procs" => 1, "check-local" => "disable", "listen-backlog" => 1024, "kill-signal" => 15
)) )
"""
EMPTY_CGI = """$HTTP["url"] =~ "^/empty(/|$)" {
    alias.url = ( "/empty" => var.fairlead_programs + "/empty.fcgi" )
    cgi.assign = ( ".fcgi" => "" )
    cgi.execute-x-only = "enable"
}
"""
HOOK = "/fairlead/webhook/acme/gh-hook-of-acme"


def measure_fastcgi(run, seconds):
    php_conf, php_words = php(run)
    if php_conf is None:
        note("skipped intake-php: " + php_words)
    server, port = lighttpd(run, "fastcgi", ["mod_fastcgi"],
                            shipped("fairlead-spawned.conf") + EMPTY + (php_conf or ""))
    where = "behind the same lighttpd, spawned; 16 threads each"
    slices = f"{CONNECTIONS} connections, {PAIRS} pairs of slices of {seconds:.1f} s"

    empty, ours = Target(run, port, "/empty/x"), Target(run, port, HOOK)
    targets, memory = [empty, ours], []
    if php_conf:
        targets.append(Target(run, port, "/intake.php"))
    webhook = child(server, "webhook.fcgi")

    def weigh():
        if webhook is not None:
            memory.append(private_mib(webhook))
    probes = pair(targets, seconds, while_running=weigh)
    what = f"durable intake (Greenhouse, signed, 1 KB) beside an empty program {where}; {slices}"
    say_rate("intake-rate", ours, empty, 0.8, what, "empty")
    say_p99("intake-p99", ours, empty, probes, "fdatasync", what, "empty")
    if php_conf:
        say_rate("intake-over-php", ours, targets[2], 1.0,
                 f"durable intake beside {php_words}, behind the same lighttpd; {slices}", "PHP")
    kept = int(run.command(built("tests/bench/probe"), os.path.join(run.home, "inbox"), "kept"))
    sent = sum(int(s["requests"]) for s in ours.slices)
    if kept < sent:
        raise Unable(f"{sent} deliveries were acknowledged, the inbox has {kept}")
    note(f"acknowledged {sent} deliveries in the slices; the inbox holds {kept}")
    if memory:
        say("intake-memory", max(memory), "<=8", max(memory) <= 8,
            "private resident memory of webhook.fcgi in MiB, the most seen under that load")
    else:
        note("skipped intake-memory: /proc does not tell")
    measure_beside_worker(run, port, seconds)

    for name, connections in (("interview-p99", FLOW), (f"interview-p99-{CONNECTIONS}",
                                                        CONNECTIONS)):
        measure_interview(run, port, seconds, name, connections, where)
    end(server)


def measure_interview(run, port, seconds, name, connections, where):
    empty = Target(run, port, "/empty/x", "interview", connections=connections)
    ours = Target(run, port, "/fairlead/interview-link/acme", "interview", 201, connections)
    probes = pair([empty, ours], seconds)
    say_p99(name, ours, empty, probes, "commit",
            f"interview link created beside an empty program {where}; {connections} connections, "
            f"{PAIRS} pairs of slices of {seconds:.1f} s", "empty")
    note(f"interview links over {connections} connections: {ours.median('rate'):.0f} requests/s, "
         f"empty {empty.median('rate'):.0f}")


def measure_beside_worker(run, port, seconds):
    worker = run.start(built("fairlead"), "--home", run.home, "worker")
    empty, ours = Target(run, port, "/empty/x"), Target(run, port, HOOK)
    pair([empty, ours], seconds, 3)
    values = ratios(ours, empty, "rate")
    note(f"intake-rate while a worker takes the deliveries in as well: "
         f"{statistics.median(values):.2f} ({ours.median('rate'):.0f} requests/s, "
         f"empty {empty.median('rate'):.0f}; 3 {spread(values)})")
    end(worker)


def measure_cgi(run, seconds):
    server, port = lighttpd(run, "cgi", ["mod_alias", "mod_cgi", "mod_setenv"],
                            shipped("fairlead-cgi.conf") + EMPTY_CGI)
    empty = Target(run, port, "/empty", connections=CGI_CONNECTIONS)
    ours = Target(run, port, HOOK, connections=CGI_CONNECTIONS)
    pair([empty, ours], seconds)
    say_rate("cgi-intake-rate", ours, empty, 0.7,
             "durable intake as plain CGI, a process for each delivery, beside an empty CGI "
             f"program behind the same lighttpd; {CGI_CONNECTIONS} connections, {PAIRS} pairs of "
             f"slices of {seconds:.1f} s", "empty")
    end(server)


REPORT = 50 * 1024 * 1024
DOWNLOADS = 5  # pairs


def download(run, port, path):
    """Seconds that the file takes, by curl: it holds nothing, as a browser that writes to disk."""
    words = run.command(find("curl"), "-s", "-S", "-f", "-o", "/dev/null", "-w",
                        "%{size_download} %{time_total}", f"http://127.0.0.1:{port}{path}").split()
    if int(words[0]) != REPORT:
        raise Unable(f"{path} has {words[0]} bytes, not {REPORT}")
    return float(words[1])


def measure_report(run):
    """A report of 50 MB through report.fcgi beside the same one through the web server's proxy."""
    if find("curl") is None:
        note("skipped report-throughput: there is no curl here")
        return
    with open(os.path.join(run.disk, "report.pdf"), "wb") as f:
        for _ in range(REPORT // 65536):
            f.write(os.urandom(65536))
    _, vendor = lighttpd(run, "vendor", [], f"""server.document-root := "{run.disk}"
mimetype.assign = ( ".pdf" => "application/pdf" )
""")
    session = {"id": "s", "test_id": "t", "test_title": "Bench", "state": "complete",
               "verification": "verified",
               "score": {"value": 530, "least": 200, "most": 600, "version": "v", "label": ""}}
    planted = run.command(built("tests/tool/plant_session"), run.home, "acme", stdin=json.dumps(
        [{"key": "cs:s", "session": session,
          "report_url": f"http://127.0.0.1:{vendor}/report.pdf"}]).encode())
    server, port = lighttpd(run, "report", ["mod_fastcgi", "mod_proxy"],
                            shipped("fairlead-spawned.conf") + f"""
$HTTP["url"] =~ "^/report.pdf" {{
    server.stream-response-body = 1
    proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => {vendor} )) )
}}
""", env=dict(os.environ, FAIRLEAD_ALLOW_NETWORKS="127.0.0.0/8"))
    ours = f"/fairlead/report/acme/{planted.split()[1]}/file"
    times = []
    for turn in range(DOWNLOADS + 1):
        paths = (ours, "/report.pdf") if turn % 2 == 0 else ("/report.pdf", ours)
        took = {path: download(run, port, path) for path in paths}
        if turn > 0:  # the first fills caches
            times.append((took[ours], took["/report.pdf"]))
    values = [proxy / own for own, proxy in times]
    value = statistics.median(values)
    say("report-throughput", value, ">=0.9", value >= 0.9,
        "a report of 50 MB through report.fcgi beside the same through lighttpd's mod_proxy",
        f"{REPORT / 1e6 / statistics.median(t[0] for t in times):.0f} MB/s, mod_proxy "
        f"{REPORT / 1e6 / statistics.median(t[1] for t in times):.0f} MB/s; {spread(values)}")
    program = child(server, "report.fcgi")
    if program is not None:
        memory = private_mib(program)
        say("report-memory", memory, "<=8", memory <= 8,
            "private resident memory of report.fcgi in MiB after those")
    end(server)


def measure_lookup(run):
    if os.environ.get("BENCH_LOOKUP") == "0":
        note("skipped lookup: BENCH_LOOKUP=0")
        return
    with tempfile.TemporaryDirectory(dir=run.disk) as path:
        lines = run.command(built("tests/bench/probe"), path, "lookup").splitlines()
    got = {line.split()[0]: float(line.split()[1]) for line in lines}
    say("lookup", got["ratio"], "<=1.3", got["ratio"] <= 1.3,
        "a look-up at 1,000,000 records over one at 10,000, in pairs",
        f"{got['many_us']:.2f} us and {got['few_us']:.2f} us")


IDLE = 1000        # organisations
IDLE_SECONDS = 4.0


def plant(run, home, org):
    document = {**DOCUMENT, "org": org,
                "connections": [{k: v for k, v in c.items() if k != "hook"}
                                for c in DOCUMENT["connections"]]}
    run.command(built("tests/tool/plant"), home, stdin=json.dumps(document).encode())


def weigh_worker(run, home):
    """(private MiB, processor seconds in IDLE_SECONDS) of a worker that has nothing to do."""
    worker = run.start(built("fairlead"), "--home", home, "worker")
    spent, same = processor_seconds(worker.pid), 0
    while same < 5:  # it has looked at everybody once
        time.sleep(0.2)
        now = processor_seconds(worker.pid)
        same, spent = (same + 1 if now == spent else 0), now
        if worker.poll() is not None or run.clock.left() <= 1.0:
            raise Unable("the worker does not come to rest")
    time.sleep(IDLE_SECONDS)
    answer = private_mib(worker.pid), processor_seconds(worker.pid) - spent
    end(worker)
    return answer


def measure_idle(run):
    """A worker of a home with one org, and the same with a thousand more, all idle."""
    home = os.path.join(run.disk, "idle")
    plant(run, home, "first")
    lean, _ = weigh_worker(run, home)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:  # each waits for the disk
        list(pool.map(lambda i: plant(run, home, f"org{i}"), range(IDLE)))
    full, spent = weigh_worker(run, home)
    each = (full - lean) * (1 << 20) / IDLE
    say("idle-memory", each, "<=1000", each <= 1000,
        f"private memory in bytes that an idle org adds to the worker; {IDLE} orgs with "
        f"{len(DOCUMENT['connections'])} connections each",
        f"{lean:.2f} MiB with one org, {full:.2f} MiB with {IDLE + 1}")
    share = 100 * spent / IDLE_SECONDS
    say("idle-cpu", share, "<=0.1", share <= 0.1,
        f"per cent of one processor that the worker takes over {IDLE + 1} idle orgs",
        f"{1000 * spent:.2f} ms in {IDLE_SECONDS:.0f} s")


CANDIDATES = 15


def measure_finished():
    """From the candidate's last click to the note in the ATS, stand-ins without a delay."""
    spent = []
    with house.House(scale=1) as h:
        h.connect()
        for number in range(CANDIDATES):
            a = h.candidate(f"Ada{number}")
            h.move(a)
            session = h.session(a)
            h.step(session, "start")
            h.settle()
            time.sleep(1.0)  # the budget of calls to the platform is whole again
            began = time.monotonic()
            h.step(session, "finish")
            while not any("Assessment result" in n for n in h.notes(a)):
                if time.monotonic() - began > 10:
                    raise Unable("a result does not arrive in the ATS")
            spent.append(1000 * (time.monotonic() - began))
    value = statistics.median(spent)
    say("finished-to-score", value, "<100", value < 100,
        "median ms from a platform's \"finished\" to the score in the ATS: CodeSignal and Greenhouse "
        f"stand-ins that answer at once, behind lighttpd; {CANDIDATES} candidates",
        f"from {min(spent):.0f} to {max(spent):.0f} ms")


def load_average():
    return " ".join(f"{x:.2f}" for x in os.getloadavg())


def main():
    def stop(number, _):
        raise Unable(f"ended by {signal.Signals(number).name}")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS + 5)
    adopt()
    seconds = min(2.0, max(0.2, (SECONDS - OVERHEAD) / SLICES))
    try:
        with Run() as run:
            prepare(run)
            version = run.command(find("lighttpd") or "lighttpd", "-v").split()[0]
            cost = probe(run)
            note(f"{os.cpu_count()} processors, {version}, load average before: {load_average()}")
            note(f"the disk under {os.path.dirname(run.disk)}: one fdatasync "
                 f"{cost['fdatasync_us']:.0f} us, one commit {cost['commit_us']:.0f} us")
            measure_fastcgi(run, seconds)
            measure_cgi(run, seconds)
            measure_report(run)
            measure_idle(run)
            measure_lookup(run)
        measure_finished()
        note(f"load average after: {load_average()}")
    except (Unable, OSError, RuntimeError, subprocess.SubprocessError) as why:
        print(f"bench: cannot measure: {why}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
