"""The figures of uploads that can be resumed: against our own plain PUT, and against tusd.

tusd is no package of Debian; when no tusd is on the PATH (or in --tools) its series are absent.
"""

import http.client
import os
import shutil
import threading
import time
import urllib.parse

from measure import (GIB, KIB, MIB, Series, Trouble, in_turn, memory_bytes, ratio, settle,
                     sync_file)
from report import Report, megabytes_per_s
from servers import Tusd

PIECE_BYTES = 8 * MIB
TAIL_AIM_MS = 20
RESENT_AIM_BYTES = 8 * MIB
OPEN_AIM_BYTES = KIB
PARTS = 4


def path_of(url):
    return urllib.parse.urlsplit(url).path


def find_tusd(bench):
    return shutil.which("tusd", path=os.pathsep.join(
        filter(None, (bench.options.tools, os.environ.get("PATH")))))


def tus(bench):
    """One large upload by tus, in one PATCH and in many, beside a plain PUT."""
    size = bench.large_bytes
    report = Report(f"tus: one upload of {size / GIB:g} GiB until its last answer, durable")

    def count(name, seconds, cpu):
        report.add(name, "MB/s", megabytes_per_s(size, seconds))
        report.add(f"{name} CPU", "s/GiB", cpu * GIB / size)

    def put(server):
        settle()
        seen = server.put(bench.tools, "upload.bin", size)
        server.delete(seen, size)
        count("PUT", seen["seconds"], seen["cpu"])

    def upload(server, name, **piece):
        settle()
        before = server.cpu_seconds()
        seen = bench.tools.load("tus", port=server.port, path="/files/", bytes=size, **piece)
        file = server.stored_file(size)
        synced = 0 if server.name == "sluice" else sync_file(file)
        cpu = server.cpu_seconds() - before
        server.terminate(path_of(seen["location"]), size)
        count(name, seen["seconds"] + synced, cpu)

    with bench.peers() as peers:
        sluice = peers.sluice()
        measures = [lambda: put(sluice), lambda: upload(sluice, "tus, one PATCH"),
                    lambda: upload(sluice, "tus, PATCHes of 8 MiB", piece=PIECE_BYTES)]
        tusd = find_tusd(bench)
        if tusd:
            peer = peers.make(Tusd, tusd)
            measures += [lambda: upload(peer, "tusd, one PATCH, + sync"),
                         lambda: upload(peer, "tusd, PATCHes of 8 MiB, + sync",
                                        piece=PIECE_BYTES)]
        else:
            report.notes.append("there is no tusd on the PATH")
        in_turn(bench.rounds, measures)
    report.compare("speed, one PATCH to a plain PUT", "tus, one PATCH", "PUT", least=0.95)
    report.compare("speed, PATCHes of 8 MiB to a plain PUT", "tus, PATCHes of 8 MiB", "PUT",
                   least=0.8)
    report.compare("speed, one PATCH to tusd + sync", "tus, one PATCH", "tusd, one PATCH, + sync",
                   least=1.5)
    report.compare("speed, PATCHes of 8 MiB to tusd + sync", "tus, PATCHes of 8 MiB",
                   "tusd, PATCHes of 8 MiB, + sync", least=1.5)
    return report


def tail(bench):
    """From the last byte to the answer: small and large, in one and in parallel parts."""
    large = 10 * GIB if bench.options.deep else bench.large_bytes
    report = Report("tail: from the last byte of an upload to its answer")
    probe = os.path.join(bench.folder, "probe.bin")

    def one(server, name, size):
        settle()
        seen = bench.tools.load("tus", port=server.port, path="/files/", bytes=size)
        server.terminate(path_of(seen["location"]), size)
        report.add(name, "ms", seen["tail_seconds"] * 1e3)

    def parts(server, size):
        settle()
        loads = [bench.tools.begin_load("tus", port=server.port, path="/files/", partial=True,
                                        bytes=size // PARTS) for _ in range(PARTS)]
        made = [bench.tools.end_load(load)["location"] for load in loads]
        begun = time.monotonic()
        status, headers, _ = server.request("POST", "/files/", headers={
            "Tus-Resumable": "1.0.0", "Upload-Concat": "final;" + " ".join(made)})
        report.add(f"{PARTS} parts put together", "ms", (time.monotonic() - begun) * 1e3)
        if status != 201:
            raise Trouble(f"{server.name} answers {status} to the final of {PARTS} parts")
        for url in [headers["Location"], *made]:
            server.request("DELETE", path_of(url), headers={"Tus-Resumable": "1.0.0"})

    def sync():
        settle()
        with open(probe, "wb") as file:
            file.write(os.urandom(MIB))
        report.add("fdatasync of 1 MiB", "ms", sync_file(probe) * 1e3)
        os.unlink(probe)

    with bench.peers() as peers:
        server = peers.sluice()
        in_turn(bench.rounds, [
            sync, lambda: one(server, "10 MB", 10 * 1000 * 1000),
            lambda: one(server, f"{large / GIB:g} GiB", large),
            lambda: parts(server, large)])
    for name in ("10 MB", f"{large / GIB:g} GiB", f"{PARTS} parts put together"):
        over = Series("ms")
        for value, base in zip(report[name].values, report["fdatasync of 1 MiB"].values):
            over.add(max(0, value - base) / TAIL_AIM_MS)
        report.aim(f"{name}: beyond one sync, to {TAIL_AIM_MS} ms", over, most=1)
    return report


def killed(bench):
    """kill -9 in the middle of an upload at full speed: how much has to be sent again."""
    size = bench.large_bytes // 2
    report = Report(f"killed: kill -9 in the middle of {size / GIB:g} GiB")

    def one(server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/files/", headers={"Tus-Resumable": "1.0.0",
                                                       "Upload-Length": str(size)})
        answer = connection.getresponse()
        answer.read()
        path = path_of(answer.headers["Location"])
        sent = 0
        piece = os.urandom(MIB)
        connection.putrequest("PATCH", path)
        for name, value in (("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"),
                            ("Content-Type", "application/offset+octet-stream"),
                            ("Content-Length", str(size))):
            connection.putheader(name, value)
        connection.endheaders()
        try:
            while sent < size:
                connection.sock.sendall(piece)
                sent += len(piece)
                if sent == size // 2:
                    threading.Thread(target=server.process.kill).start()
        except OSError:
            pass
        server.process.wait()
        server.restart()
        _, headers, _ = server.request("HEAD", path, headers={"Tus-Resumable": "1.0.0"})
        report.add("sent", "MiB", sent / MIB)
        report.add("sent and not stored", "MiB", (sent - int(headers["Upload-Offset"])) / MIB)
        server.terminate(path, size)

    with bench.peers() as peers:
        server = peers.sluice()
        for _ in range(bench.rounds):
            one(server)
    bound = Series("MiB")
    bound.add(RESENT_AIM_BYTES / MIB)
    worst = Series("MiB")
    worst.add(max(report["sent and not stored"].values))
    report.aim("most that was sent again, to 8 MiB", ratio(worst, bound), most=1)
    return report


def idle(bench):
    """Thousands of uploads that are begun, partly sent, and left."""
    count = bench.slow_connections
    report = Report(f"idle: {count:,} uploads, 64 KiB of each sent, their connections gone")

    def one(connection, content):
        connection.request("POST", "/files/", content, {
            "Tus-Resumable": "1.0.0", "Upload-Length": str(MIB),
            "Content-Type": "application/offset+octet-stream"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise Trouble(f"a creation is answered {answer.status}")

    def some(server, number):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(number):
            one(connection, b"x" * (64 * KIB))
        connection.close()

    with bench.peers() as peers:
        server = peers.sluice()
        some(server, 200)
        time.sleep(2)
        pids = server.pids()
        before = memory_bytes(pids, "RssAnon")
        some(server, count)
        time.sleep(2)
        grown = memory_bytes(pids, "RssAnon") - before
        report.add("memory an upload", "bytes", grown / count)
    bound = Series("bytes")
    bound.add(OPEN_AIM_BYTES)
    report.aim("memory an upload, to 1 KiB", ratio(report["memory an upload"], bound), most=1)
    return report


def watchers(bench):
    """An upload beside a thousand watchers of it, and without."""
    size = bench.large_bytes
    watching = 200 if bench.options.quick else 1000
    report = Report(f"watchers: one upload of {size / GIB:g} GiB, watched by {watching:,}")

    def upload(server, number):
        settle()
        status, headers, _ = server.request("POST", "/files/", headers={
            "Tus-Resumable": "1.0.0", "Upload-Length": str(size)})
        if status != 201:
            raise Trouble(f"a creation is answered {status}")
        link = path_of(headers["Sluice-Link"]).split("/")[1]
        crowd = bench.tools.begin_load("watch", port=server.port, connections=number,
                                       path=f"/api/files/{link}/progress") if number else None
        if crowd:
            crowd.stdout.readline()
        before = server.cpu_seconds()
        seen = bench.tools.load("tus", append=True, port=server.port, bytes=size,
                                path=path_of(headers["Location"]))
        name = f"{number:,} watchers" if number else "alone"
        report.add(name, "MB/s", megabytes_per_s(size, seen["seconds"]))
        report.add(f"{name} CPU", "s/GiB", (server.cpu_seconds() - before) * GIB / size)
        if crowd:
            told = bench.tools.end_load(crowd)
            report.add("messages", "a second", told["messages"] / seen["seconds"])
            if told["ready"] != number:
                report.notes.append(f"{told['ready']} of {number} watchers saw the end")
        server.terminate(path_of(headers["Location"]), size)

    with bench.peers() as peers:
        server = peers.sluice("--connections-per-address", "20000")
        in_turn(bench.rounds, [lambda: upload(server, 0), lambda: upload(server, watching)])
    report.compare("speed, watched to alone", f"{watching:,} watchers", "alone", least=0.95)
    return report
