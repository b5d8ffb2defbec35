"""The shared part of the benchmarks: commands that take turns, and the engines to compare with."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("DOCKLINGS", CHECKOUT / "target/release/docklings"))
BUDGET = float(os.environ.get("SECONDS_PER_ROW", "4"))
MOST = 60
ROOT = os.geteuid() == 0
WORK = Path(tempfile.mkdtemp(prefix="bench.", dir=os.environ.get("TMPDIR", "/var/tmp")))
DEV_NULL = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
ENVIRONMENT = dict(os.environ, DOCKLINGS_HOME=str(WORK / "home"), DOCKER_BUILDKIT="0", BUILDKIT_PROGRESS="plain")


def run(words, check=True):
    """Runs a command without measuring it, and returns its output."""
    done = subprocess.run([str(w) for w in words], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Taken:
    """The cost of one run of a command. A daemon's work is only in the time. The memory is that of the largest process, and
    never less than this script's own, which each process has for a moment before its exec."""

    def __init__(self, words, environment=ENVIRONMENT):
        program = shutil.which(words[0]) or words[0]
        began = time.perf_counter_ns()
        pid = os.posix_spawn(program, words, environment, file_actions=DEV_NULL)
        _, status, used = os.wait4(pid, 0)
        self.time = (time.perf_counter_ns() - began) / 1e6
        self.cpu = (used.ru_utime + used.ru_stime) * 1e3
        self.peak = used.ru_maxrss / 1024
        self.code = os.waitstatus_to_exitcode(status)


class Row:
    """A command, with a command that is run before each measurement."""

    def __init__(self, name, *words, before=None, code=0):
        self.name, self.words, self.before, self.code = name, [str(w) for w in words], before, code
        self.taken, self.spent = [], 0.0

    def once(self, counts):
        if self.before:
            run(self.before, check=False)
        taken = Taken(self.words)
        if counts:
            self.taken.append(taken)
            self.spent += taken.time / 1e3

    def wants_more(self, least):
        return len(self.taken) < least or (self.spent < BUDGET and len(self.taken) < MOST)

    def middle(self, figure):
        ordered = sorted(getattr(taken, figure) for taken in self.taken)
        return ordered[len(ordered) // 2]

    def late(self):
        ordered = sorted(taken.time for taken in self.taken)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]

    def failed(self):
        return sum(taken.code != self.code for taken in self.taken)


def measure(title, rows, warm=True):
    """Prints one table: medians, and their ratios to the first row. Without `warm`, for commands of several seconds, two runs are enough."""
    rows = [row for row in rows if row]
    least = 3 if warm else 2
    if warm:
        for row in rows:
            row.once(False)
    while wanting := [row for row in rows if row.wants_more(least)]:
        for row in wanting:
            row.once(True)
    print(f"\n### {title}\n\n| what | p50 ms | p95 ms | ratio | own cpu ms | peak MiB | runs | failed |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    first = rows[0].middle("time")
    for row in rows:
        middle = row.middle("time")
        print(f"| {row.name} | {middle:.1f} | {row.late():.1f} | {middle / first:.1f} | {row.middle('cpu'):.1f}"
              f" | {row.middle('peak'):.0f} | {len(row.taken)} | {row.failed()} |", flush=True)


class Docker:
    """A Docker Engine that answers, and how to stop it if it is ours."""

    def __init__(self):
        self.daemon, self.words = None, None
        client = next((c for c in shutil_all("docker") if "docklings" not in str(Path(c).resolve())), None)
        if not client:
            return
        if ROOT and shutil.which("dockerd"):
            folder = WORK / "dockerd"
            socket = f"unix://{folder}/sock"
            folder.mkdir()
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid", "-H", socket,
                 "--bridge=none", "--iptables=false", "--ip6tables=false"],
                stdin=subprocess.DEVNULL, stdout=open(folder / "log", "w"), stderr=subprocess.STDOUT)
            ENVIRONMENT["DOCKER_HOST"] = socket
        for _ in range(40 if self.daemon else 1):
            if subprocess.run([client, "info"], env=ENVIRONMENT, capture_output=True).returncode == 0:
                self.words = [client]
                return
            time.sleep(0.5)
        print("Docker Engine does not answer here", file=sys.stderr)

    def end(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()


def shutil_all(name):
    """All programs named `name` on the PATH."""
    places = [Path(folder) / name for folder in os.environ.get("PATH", "").split(":")]
    return [str(place) for place in places if os.access(place, os.X_OK)]


def find_podman():
    if not shutil.which("podman"):
        return None
    runtime = next((r for r in ("runc", "crun") if shutil.which(r)), None)
    words = ["podman", "--root", WORK / "podman/root", "--runroot", WORK / "podman/run", "--cgroup-manager", "cgroupfs"]
    return [*words, "--runtime", runtime] if runtime else words
