"""What the figures are made of: repeats taken in turn, their medians, and what a process used."""

import ctypes
import json
import mmap
import os
import resource
import statistics
import subprocess
import threading
import time

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """A measurement that cannot be trusted or made; the sentence says why."""


class Series:
    """The repeats of one measured value."""

    def __init__(self, unit):
        self.unit = unit
        self.values = []

    def add(self, value):
        self.values.append(value)

    @property
    def median(self):
        return statistics.median(self.values)

    def as_dict(self):
        return {"unit": self.unit, "median": self.median, "min": min(self.values),
                "max": max(self.values), "values": self.values}

    def __str__(self):
        return (f"{number(self.median):>8} {self.unit:<12} "
                f"{number(min(self.values))} .. {number(max(self.values))}")


def number(value):
    """A value with three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def ratio(above, below, unit="times"):
    """The ratios of two series, repeat by repeat: both of a pair saw the same state of the disk."""
    series = Series(unit)
    for one, other in zip(above.values, below.values):
        series.add(one / other if other else float("inf"))
    return series


def in_turn(rounds, measures):
    """Calls all measures in each round, each time another one first: A B, B A, A B, ..."""
    measures = list(measures)
    for index in range(rounds):
        first = index % len(measures)
        for measure in measures[first:] + measures[:first]:
            measure()


def settle():
    """Lets the disk finish what earlier measurements left to it."""
    os.sync()
    time.sleep(0.3)


def cpu_seconds(pids):
    """Processor time of all threads of the processes, kernel workers of their rings included."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S


def memory_bytes(pids, name):
    """The sum of VmRSS, VmHWM or RssAnon over the processes."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(name + ":"):
                    total += int(line.split()[1]) * KIB
    return total


def reset_peak(pids):
    for pid in pids:
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")


class MemoryWatch:
    """Samples a kind of memory of processes while it is open."""

    def __init__(self, pids, name="RssAnon", every_s=0.05):
        self.pids, self.name, self.every_s = pids, name, every_s
        self.samples = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.stopped.is_set():
            self.samples.append(memory_bytes(self.pids, self.name))
            self.stopped.wait(self.every_s)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def go_first():
    """Before exec, of a client that measures latency: it must not itself wait for a processor
    that bulk transfers keep busy. Without the right to ask for that, it does wait."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass


class Tools:
    """The C programs, as functions."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("loadgen", "rawlimit"):
            if not os.access(self.path(name), os.X_OK):
                raise Trouble(f"{self.path(name)} is missing: build first (./run --build-only)")

    def path(self, name):
        return os.path.join(self.folder, name)

    def begin_load(self, kind, *, realtime=False, **options):
        command = [self.path("loadgen"), kind]
        for name, value in options.items():
            command.append("--" + name.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                preexec_fn=go_first if realtime else None)

    @staticmethod
    def end_load(process):
        """Closes its standard input, waits for its end and returns what it saw."""
        process.stdin.close()
        lines = process.stdout.read().splitlines()
        if process.wait() != 0:
            raise Trouble(f"{' '.join(process.args)} failed")
        return json.loads(lines[-1])

    def load(self, kind, **options):
        return self.end_load(self.begin_load(kind, **options))

    def begin_limit(self, kind, **options):
        """Returns a rawlimit that waits for its one connection, and its port."""
        command = [self.path("rawlimit"), kind]
        for name, value in options.items():
            command += ["--" + name, str(value)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        line = process.stdout.readline()
        if not line:
            raise Trouble(f"{' '.join(command)} failed")
        return process, int(line)


def direct_write(path, bytes_count):
    """The command that writes as much as an upload, by the same road but without a server."""
    return ["dd", "if=/dev/zero", f"of={path}", "bs=512K", f"count={bytes_count // (512 * KIB)}",
            "oflag=direct", "status=none"]


def sync_file(path):
    """Seconds that fsync takes."""
    fd = os.open(path, os.O_RDONLY)
    try:
        begun = time.monotonic()
        os.fsync(fd)
        return time.monotonic() - begun
    finally:
        os.close(fd)


def cached_share(path):
    """How much of a file is in the page cache, 0 to 1."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = os.path.getsize(path)
    pages = -(-size // mmap.PAGESIZE)
    states = (ctypes.c_ubyte * pages)()
    access = mmap.PROT_READ | mmap.PROT_WRITE  # ctypes takes addresses of writable areas only
    with open(path, "rb") as file, mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, access) as area:
        address = ctypes.addressof(ctypes.c_char.from_buffer(area))
        if libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), states) != 0:
            raise Trouble(f"mincore: {os.strerror(ctypes.get_errno())}")
    return bytes(states).count(b"\1") / pages


def warm(path):
    """Reads a file into the page cache."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(MIB)
        while file.readinto(buffer):
            pass


def evict(path):
    """Drops a file from the page cache."""
    sync_file(path)
    fd = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)
