# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: what durability costs, as ratios beside programs that do nothing.

Everything is measured in one run and in pairs: a slice of the empty program, a slice of ours,
then the other way round, and so on.  Each ratio is the median of the ratios of its pairs, so
what else the machine does meets both alike; an absolute time is printed beside it and decides
nothing.  Output, one per ratio:

    bench NAME value goal ok|short
        what was run

Lines that start with # are about the run.  Exits 0 when it could measure, whatever the figures, 3
when it could not.  Sends traffic to loopback only, and removes what it made.

BENCH_SECONDS  what all of it may take at most, 90 by default
BENCH_DIR      where homes are made, on the disk that is to be measured; the build directory
BENCH_LOOKUP   1: also look-ups at 10,000 and 1,000,000 records (longer, and 500 MB of disk)
"""
import contextlib
import ctypes
import glob
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("FAIRLEAD_BUILD", os.getcwd())
SOURCE = os.environ.get("FAIRLEAD_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
SECONDS = float(os.environ.get("BENCH_SECONDS", "90"))
SECRET = "a hook secret for benches, made up"
CONNECTIONS = 32
PAIRS = 7
FLOW = 4             # connections of a busy scheduling flow
CGI_CONNECTIONS = 8  # each is a process
OVERHEAD = 25  # seconds of BENCH_SECONDS that are not slices: starting, preparing, probing
SLICES = PAIRS * (3 + 2 + 2 + 2) + 3 * 2  # intake with PHP, interview twice, plain CGI; a worker

DOCUMENT = {
    "org": "acme", "name": "Acme Ltd", "public_url": "https://hire.example.org/fairlead",
    "connections": [
        {"id": "gh", "kind": "greenhouse", "hook": "gh-hook-of-acme", "settings": {},
         "credentials": {"client_id": "id", "client_secret": "secret"},
         "webhook": {"secrets": [SECRET]}},
        {"id": "cs", "kind": "codesignal", "hook": "cs-hook-of-acme", "settings": {},
         "credentials": {"api_key": "key"}, "webhook": {"secrets": ["another one, made up"]}}],
    "rules": []}


class Unable(Exception):
    """It cannot be measured here, and why."""


def note(text):
    print("# " + text, flush=True)


def built(name):
    path = os.path.join(BUILD, name)
    if not os.path.exists(path):
        raise Unable(f"{path} is not there")
    return path


def find(*names):
    """A program of the system, also where only root usually looks."""
    for name in names:
        for folder in os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/usr/local/sbin"]:
            for path in sorted(glob.glob(os.path.join(folder or ".", name))):
                if os.access(path, os.X_OK):
                    return path
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Clock:
    """The time that is left; an alarm ends what hangs."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return max(1.0, self.end - time.monotonic())


class Run:
    """Directories, programs and what to end: one with statement around all of it."""

    def __init__(self):
        self.clock = Clock(SECONDS)
        self.stack = contextlib.ExitStack()
        self.serial = 1

    def __enter__(self):
        disk = os.environ.get("BENCH_DIR", BUILD)
        self.disk = self.directory(disk)  # what is measured lies here
        self.run = self.directory(None)   # sockets: their paths must be short
        return self

    def __exit__(self, *_):
        self.stack.close()

    def directory(self, where):
        path = tempfile.mkdtemp(prefix="bench-", dir=where)
        self.stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    def command(self, *words, stdin=None, env=None):
        done = subprocess.run(words, input=stdin, capture_output=True, check=False,
                              timeout=self.clock.left(), env=env)
        if done.returncode != 0:
            raise Unable(f"{os.path.basename(words[0])} says {done.returncode}: "
                         f"{done.stderr.decode(errors='replace').strip()[-2000:]}")
        return done.stdout.decode()

    def start(self, *words, env=None):
        """A server, ended with everything it started."""
        log = open(os.path.join(self.run, os.path.basename(words[0]) + ".log"), "ab")
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, env=env)
        process.log = log.name
        log.close()
        self.stack.callback(end, process)
        return process

    def wait_for(self, process, question, what):
        while not question():
            if process.poll() is not None or self.clock.left() <= 1.0:
                with open(process.log, "rb") as log:
                    raise Unable(f"{what} does not start: "
                                 f"{log.read().decode(errors='replace').strip()[-2000:]}")
            time.sleep(0.02)


def adopt():
    """Programs whose web server ended before them become our children, so that we see them end
    (prctl PR_SET_CHILD_SUBREAPER); where there is no such thing, init does."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def end(process):
    """Asks first, then insists; what it started is in its process group."""
    if getattr(process, "ended", False):
        return
    process.ended = True
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(ChildProcessError):
        while True:  # until the whole group is gone
            os.waitpid(-process.pid, 0)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def lighttpd(run, name, modules, text, env=None):
    """Starts one with this configuration behind the usual preamble; returns (process, port)."""
    program = find("lighttpd")
    if program is None:
        raise Unable("there is no lighttpd here")
    port = free_port()
    path = os.path.join(run.run, name + ".conf")
    quoted = ", ".join(f'"{m}"' for m in modules)
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(f"""server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{run.run}"
server.errorlog = "{run.run}/{name}.errors"
server.max-keep-alive-requests = 50000
server.max-fds = 4096
server.modules = ( {quoted} )
var.fairlead_programs = "{run.run}/programs"
var.fairlead_home = "{run.home}"
var.fairlead_run = "{run.run}"
{text}""")
    process = run.start(program, "-D", "-f", path, env=env)
    run.wait_for(process, lambda: accepts(port), "lighttpd")
    return process, port


def shipped(name):
    with open(os.path.join(SOURCE, "lighttpd", name), encoding="utf-8") as conf:
        return conf.read()


def prepare(run):
    """A home with one org and a key, and the programs beside one another."""
    run.home = os.path.join(run.disk, "home")
    run.command(built("tests/tool/plant"), run.home, stdin=json.dumps(DOCUMENT).encode())
    with open(os.path.join(run.home, "settings"), "w", encoding="utf-8") as settings:
        settings.write(f"FAIRLEAD_TEMPLATES = {SOURCE}/templates\nFAIRLEAD_DATA = {SOURCE}/data\n")
    os.mkdir(os.path.join(run.run, "programs"))
    for name in ("webhook", "interview-link", "report", "assessment", "keys", "admin"):
        os.symlink(built(name + ".fcgi"), os.path.join(run.run, "programs", name + ".fcgi"))
    os.symlink(built("tests/bench/empty.fcgi"), os.path.join(run.run, "programs", "empty.fcgi"))
    answer = run.command(built("fairlead"), "--home", run.home, "--json", "key", "issue", "acme",
                         "--scope", "interviews:write")
    run.key = json.loads(answer)["key"]


def probe(run):
    """{"fdatasync_us": ..., "commit_us": ...} of the disk under the home, at this moment."""
    with tempfile.TemporaryDirectory(dir=run.disk) as path:
        lines = run.command(built("tests/bench/probe"), path).splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines}


class Target:
    """Where load goes, and what has come back: one dict for each slice."""

    def __init__(self, run, port, path, kind="intake", status=200, connections=CONNECTIONS):
        self.run, self.port, self.path, self.kind = run, port, path, kind
        self.status, self.connections, self.slices = status, connections, []

    def slice(self, seconds, while_running=None):
        env = dict(os.environ, BENCH_SECRET=self.run.key if self.kind == "interview" else SECRET)
        words = [built("tests/bench/load"), str(self.port), self.path, self.kind,
                 str(self.connections), f"{seconds:.2f}", str(self.status), str(self.run.serial)]
        with subprocess.Popen(words, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as load:
            try:
                out, err = load.communicate(timeout=seconds / 2 if while_running else
                                            self.run.clock.left())
            except subprocess.TimeoutExpired:
                if while_running:
                    while_running()
                try:
                    out, err = load.communicate(timeout=self.run.clock.left())
                except subprocess.TimeoutExpired:
                    load.kill()
                    raise
        if load.returncode != 0:
            raise Unable(f"load on {self.path}: {err.decode(errors='replace').strip()}")
        words = out.decode().split()
        got = {words[i]: float(words[i + 1]) for i in range(0, len(words), 2)}
        self.run.serial = int(got["next"])
        self.slices.append(got)

    def median(self, name):
        return statistics.median(s[name] for s in self.slices)


def pair(targets, seconds, pairs=PAIRS, while_running=None):
    """Slices of all targets in turn, each time the other way round."""
    for turn in range(pairs):
        for target in targets if turn % 2 == 0 else targets[::-1]:
            target.slice(seconds, while_running if target is targets[1] else None)


def ratios(ours, other, name, add=0.0, times=1.0):
    return [a[name] / (times * b[name] + add) for a, b in zip(ours.slices, other.slices)]


def say(name, value, goal, good, *lines):
    print(f"bench {name} {value:.2f} {goal} {'ok' if good else 'short'}")
    for line in lines:
        print("    " + line)
    sys.stdout.flush()


def spread(values):
    return f"pairs from {min(values):.2f} to {max(values):.2f}"


def say_rate(name, ours, other, goal, what, beside):
    values = ratios(ours, other, "rate")
    value = statistics.median(values)
    say(name, value, f">={goal}", value >= goal, what,
        f"{ours.median('rate'):.0f} requests/s, {beside} {other.median('rate'):.0f}; "
        f"{spread(values)}")


def say_p99(name, ours, other, cost_us, cost, what, beside):
    """ours over (2 x other + cost): 1 is the most that the goal allows."""
    values = ratios(ours, other, "p99", add=cost_us, times=2.0)
    value = statistics.median(values)
    say(name, value, "<=1", value <= 1, what,
        f"p99 {ours.median('p99') / 1000:.2f} ms over 2 x {other.median('p99') / 1000:.2f} ms "
        f"({beside}) + {cost_us / 1000:.2f} ms ({cost}); {spread(values)}",
        f"p50 {ours.median('p50') / 1000:.2f} ms and {other.median('p50') / 1000:.2f} ms")


def child(process, name):
    """The pid of that program among those the process started, or None."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as f:
            for pid in f.read().split():
                with contextlib.suppress(OSError):
                    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                        if comm.read().strip() == name[:15]:
                            return int(pid)
    return None


def private_mib(pid):
    """Resident and in no file: statm, which is readable when smaps is not."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        _, resident, shared = (int(word) for word in f.read().split()[:3])
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


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

    cost = probe(run)
    empty, ours = Target(run, port, "/empty/x"), Target(run, port, HOOK)
    targets, memory = [empty, ours], []
    if php_conf:
        targets.append(Target(run, port, "/intake.php"))
    webhook = child(server, "webhook.fcgi")

    def weigh():
        if webhook is not None:
            memory.append(private_mib(webhook))
    pair(targets, seconds, while_running=weigh)
    what = f"durable intake (Greenhouse, signed, 1 KB) beside an empty program {where}; {slices}"
    say_rate("intake-rate", ours, empty, 0.8, what, "empty")
    say_p99("intake-p99", ours, empty, cost["fdatasync_us"], "one fdatasync", what, "empty")
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
    cost = probe(run)
    empty = Target(run, port, "/empty/x", "interview", connections=connections)
    ours = Target(run, port, "/fairlead/interview-link/acme", "interview", 201, connections)
    pair([empty, ours], seconds)
    say_p99(name, ours, empty, cost["commit_us"], "one commit",
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
    if os.environ.get("BENCH_LOOKUP") != "1":
        note("skipped lookup: BENCH_LOOKUP=1 asks for it")
        return
    with tempfile.TemporaryDirectory(dir=run.disk) as path:
        lines = run.command(built("tests/bench/probe"), path, "lookup").splitlines()
    got = {line.split()[0]: float(line.split()[1]) for line in lines}
    say("lookup", got["ratio"], "<=1.3", got["ratio"] <= 1.3,
        "a look-up at 1,000,000 records over one at 10,000, in pairs",
        f"{got['many_us']:.2f} us and {got['few_us']:.2f} us")


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
            measure_lookup(run)
            note(f"load average after: {load_average()}")
    except (Unable, OSError, subprocess.TimeoutExpired) as why:
        print(f"bench: cannot measure: {why}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
