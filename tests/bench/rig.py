# SPDX-License-Identifier: GPL-3.0-or-later
"""What make bench measures with: directories, servers, load in pairs of slices, and how a figure is
said.  bench.py has the figures."""
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
import tempfile
import time

BUILD = os.environ.get("FAIRLEAD_BUILD", os.getcwd())
SOURCE = os.environ.get("FAIRLEAD_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
SECONDS = float(os.environ.get("BENCH_SECONDS", "240"))
SECRET = "a hook secret for benches, made up"
CONNECTIONS = 32
PAIRS = 7

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
    """{"fdatasync_us": ..., "fdatasync_p99_us": ..., the same of "commit"} of the disk under the
    home, at this moment."""
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
    """Slices of all targets in turn, each time the other way round; what was probed before each."""
    probes = []
    for turn in range(pairs):
        probes.append(probe(targets[0].run))
        for target in targets if turn % 2 == 0 else targets[::-1]:
            target.slice(seconds, while_running if target is targets[1] else None)
    return probes


def ratios(ours, other, name):
    return [a[name] / b[name] for a, b in zip(ours.slices, other.slices)]


def say(name, value, goal, good, *lines):
    print(f"bench {name} {value:.2f} {goal} {'ok' if good else 'short'}")
    print("\n".join("    " + line for line in lines), flush=True)


def spread(values):
    return f"pairs from {min(values):.2f} to {max(values):.2f}"


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


def processor_seconds(pid):
    """Spent by all threads that live (schedstat counts in ns, stat in ticks of 10 ms)."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9
