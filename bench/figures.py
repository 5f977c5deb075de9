"""The figures: what is measured side by side, and the aim each has to reach.

A figure fills a Report with series (the repeats of one value) and aims (a ratio, its bound). Its
competitors are measured in turn, each repeat in another order, so that a disk or a neighbour that
is slow for a while is slow for all of them. Without a Sluice (--peers-only) the aims fall away and
the peers' values remain.
"""

import os
import subprocess
import time

import resumable
from measure import (GIB, KIB, MIB, MemoryWatch, Series, Trouble, cached_share, direct_write, evict,
                     in_turn, memory_bytes, raise_descriptor_limit, ratio, reset_peak, settle,
                     sync_file, warm)
from report import Report, megabytes_per_s

ROOMY = ("--connections", "20000", "--connections-per-address", "20000",
         "--uploads-per-address", "20000")
FILE_CACHE = "open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s;"
LARGE_BUFFER = "512k"  # of nginx's uploads: its default of 16 KiB makes 32 times as many calls
SMALL_BYTES = 4 * KIB
MEMORY_AIM_BYTES = 16 * MIB
SLOW_AIM_KIB = 17
SLOW_GET_AIM_MS = 50


def upload(bench):
    """One large PUT until 201: against the machine's limit, and nginx with the sync it omits."""
    size = bench.large_bytes
    report = Report(f"upload: one PUT of {size / GIB:g} GiB until 201, durable")

    def count(name, seconds, cpu):
        report.add(name, "MB/s", megabytes_per_s(size, seconds))
        report.add(f"{name} CPU", "s/GiB", cpu * GIB / size)

    def limit():
        settle()
        path = os.path.join(bench.folder, "limit.bin")
        process, port = bench.tools.begin_limit("receive", file=path, bytes=size)
        seen = bench.tools.load("put", port=port, path="/limit", bytes=size)
        used = bench.tools.end_load(process)
        os.unlink(path)
        count("raw limit", seen["seconds"], used["cpu_seconds"])

    def sluice(server):
        settle()
        seen = server.put(bench.tools, "upload.bin", size)
        server.delete(seen, size)
        count("sluice", seen["seconds"], seen["cpu"])
        report.add("sluice, last byte to 201", "ms", seen["tail_seconds"] * 1e3)

    def nginx(server, name):
        settle()
        seen = server.put(bench.tools, "upload.bin", size)
        before = server.cpu_seconds()
        synced = sync_file(os.path.join(server.data, "upload.bin"))
        seen["cpu"] += server.cpu_seconds() - before
        server.delete(seen, size)
        count(name, seen["seconds"] + synced, seen["cpu"])
        report.add(f"{name}, the sync alone", "ms", synced * 1e3)

    with bench.peers() as peers:
        plain = peers.nginx()
        large = peers.nginx(body_buffer=LARGE_BUFFER)
        measures = [limit, lambda: nginx(plain, "nginx + sync"),
                    lambda: nginx(large, f"nginx ({LARGE_BUFFER} buffer) + sync")]
        if bench.has_sluice:
            one = peers.sluice()
            measures.insert(1, lambda: sluice(one))
        in_turn(bench.rounds, measures)
    report.compare("speed, sluice to the raw limit", "sluice", "raw limit", least=0.85)
    report.compare("speed, sluice to nginx + sync", "sluice", "nginx + sync", least=1.5)
    report.compare(f"speed, sluice to nginx ({LARGE_BUFFER} buffer) + sync (to compare)", "sluice",
                   f"nginx ({LARGE_BUFFER} buffer) + sync")
    return report


def download(bench):
    """One large GET, from the page cache and from the disk, of one and the same file."""
    size = bench.large_bytes
    report = Report(f"download: one GET of {size / GIB:g} GiB, warm and cold")

    def count(name, seconds, cpu):
        report.add(name, "MB/s", megabytes_per_s(size, seconds))
        report.add(f"{name} CPU", "s/GiB", cpu * GIB / size)

    def limit():
        process, port = bench.tools.begin_limit("send", bytes=size)
        seen = bench.tools.load("get", port=port, path="/")
        used = bench.tools.end_load(process)
        count("raw limit (memory)", seen["seconds"], used["cpu_seconds"])

    def one_get(server, path, file, state):
        if state == "warm":
            warm(file)
        else:
            evict(file)
        share = cached_share(file)
        if (share < 0.99) if state == "warm" else (share > 0.01):
            report.notes.append(f"before a {state} GET {share:.0%} of the file was in the cache")
        seen = server.get(bench.tools, path)
        if seen["bytes"] != size:
            raise Trouble(f"{server.name} sent {seen['bytes']} bytes instead of {size}")
        count(f"{server.name} {state}", seen["seconds"], seen["cpu"])

    with bench.peers() as peers:
        nginx = peers.nginx()
        paths = {nginx: "/download.bin"}
        if bench.has_sluice:
            sluice = peers.sluice()
            paths[sluice] = sluice.put(bench.tools, "download.bin", size)["path"]
            file = sluice.stored_file(size)
            if file is None:
                raise Trouble("sluice stores the file in no file of its size: nothing to share")
            # The same blocks of the disk and the same pages of the cache for both.
            os.link(file, os.path.join(nginx.data, "download.bin"))
        else:
            nginx.put(bench.tools, "download.bin", size)
            file = os.path.join(nginx.data, "download.bin")
        for state in ("warm", "cold"):
            measures = [lambda server=server, path=path, state=state:
                        one_get(server, path, file, state) for server, path in paths.items()]
            if state == "warm":
                # Short and noisy, so twice as often.
                in_turn(2 * bench.rounds, measures + [limit])
            else:
                in_turn(bench.rounds, measures)
    report.compare("warm speed, sluice to nginx", "sluice warm", "nginx warm", least=1)
    report.compare("warm CPU, sluice to nginx", "sluice warm CPU", "nginx warm CPU", most=1)
    report.compare("cold speed, sluice to nginx", "sluice cold", "nginx cold", least=1)
    report.compare("cold CPU, sluice to nginx (to compare)", "sluice cold CPU", "nginx cold CPU")
    report.compare("warm speed, sluice to the memory's limit (to compare)", "sluice warm",
                   "raw limit (memory)")
    return report


def memory(bench):
    """How much the process grows while a very large file goes up and comes down."""
    size = bench.huge_bytes
    report = Report(f"memory: growth over an upload and a download of {size / GIB:g} GiB")

    def grow(server):
        server.get(bench.tools, server.put_bytes("first", b"x" * SMALL_BYTES))
        pids = server.pids()
        reset_peak(pids)
        before = memory_bytes(pids, "VmRSS")
        anonymous = memory_bytes(pids, "RssAnon")
        with MemoryWatch(pids) as watch:
            seen = server.put(bench.tools, "huge.bin", size)
            server.get(bench.tools, seen["path"])
        report.add(f"{server.name} before", "MiB", before / MIB)
        report.add(f"{server.name} peak growth", "MiB",
                   (memory_bytes(pids, "VmHWM") - before) / MIB)
        report.add(f"{server.name} anonymous growth, sampled", "MiB",
                   (max(watch.samples) - anonymous) / MIB)

    with bench.peers() as peers:
        grow(peers.sluice() if bench.has_sluice else peers.nginx())
    if "sluice peak growth" in report:
        bound = Series("MiB")
        bound.add(MEMORY_AIM_BYTES / MIB)
        report.aim("peak growth to the 16 MiB allowed",
                   ratio(report["sluice peak growth"], bound), most=1)
    return report


def small(bench):
    """Server CPU for each small GET over keep-alive connections."""
    report = Report("small: GETs of a 4 KiB file over 64 keep-alive connections")

    def requests(server, name, path, seconds):
        before = server.cpu_seconds()
        seen = bench.tools.load("requests", port=server.port, path=path, connections=64,
                                seconds=seconds)
        cpu = server.cpu_seconds() - before
        if seen["refused"] > 0:
            raise Trouble(f"{name} refused {seen['refused']} of {seen['requests']} requests")
        if seconds == bench.small_s:
            report.add(f"{name} CPU", "us/request", cpu * 1e6 / seen["requests"])
            report.add(name, "requests/s", seen["requests"] / seen["seconds"])
            for percentile in ("p50", "p99", "p999"):
                report.add(f"{name} {percentile}", "us", seen[f"{percentile}_us"])

    with bench.peers() as peers:
        servers = {"nginx": peers.nginx(), "nginx (file cache)": peers.nginx(extra=FILE_CACHE)}
        if bench.has_sluice:
            servers["sluice"] = peers.sluice()
        measures = []
        for name, server in servers.items():
            path = server.put_bytes("small.bin", b"x" * SMALL_BYTES)
            requests(server, name, path, 1)
            measures.append(lambda server=server, name=name, path=path:
                            requests(server, name, path, bench.small_s))
        in_turn(bench.rounds, measures)
    report.compare("CPU a request, sluice to nginx", "sluice CPU", "nginx CPU", most=1)
    report.compare("CPU a request, sluice to nginx with its file cache on (to compare)",
                   "sluice CPU", "nginx (file cache) CPU")
    report.compare("requests/s, sluice to nginx (to compare)", "sluice", "nginx")
    return report


def beside(bench):
    """How long small GETs take while something large goes on, at a steady 1,000 a second."""
    size = bench.large_bytes
    report = Report(f"beside: 1,000 small GETs/s beside an upload of {size / GIB:g} GiB")
    target = os.path.join(bench.folder, "direct.bin")

    def idle(_server):
        time.sleep(bench.idle_s)

    def direct(_server):
        try:
            subprocess.run(direct_write(target, size), check=True)
        finally:
            if os.path.exists(target):
                os.unlink(target)

    def put(server):
        return server.put(bench.tools, "beside.bin", size)

    def gets(server, path, situation, what):
        settle()
        load = bench.tools.begin_load("requests", realtime=True, port=server.port, path=path,
                                      connections=64, rate=1000, until_eof=True)
        try:
            stored = what(server)
        finally:
            seen = bench.tools.end_load(load)
        if stored:
            server.delete(stored, size)
        for percentile in ("p50", "p99", "p999"):
            report.add(f"{server.name} {situation} {percentile}", "us", seen[f"{percentile}_us"])

    with bench.peers() as peers:
        servers = [peers.nginx(body_buffer=LARGE_BUFFER)]
        if bench.has_sluice:
            servers.insert(0, peers.sluice())
        measures = []
        for server in servers:
            path = server.put_bytes("small.bin", b"x" * SMALL_BYTES)
            for situation, what in (("idle", idle), ("dd", direct), ("upload", put)):
                measures.append(lambda server=server, path=path, situation=situation, what=what:
                                gets(server, path, situation, what))
        in_turn(bench.rounds, measures)
    for server in servers:
        allowed = f"{server.name} allowed"
        for alone, disk in zip(report[f"{server.name} idle p99"].values,
                               report[f"{server.name} dd p99"].values):
            report.add(allowed, "us", 2 * alone + max(0, disk - alone))
        bound = {"most": 1} if server.name == "sluice" else {}
        report.compare(f"{server.name}: p99 beside the upload to twice idle + what the disk adds" +
                       ("" if bound else " (to compare)"),
                       f"{server.name} upload p99", allowed, **bound)
    return report


def slow(bench):
    """Thousands of uploads at 1 KiB/s each, and the GETs of somebody else beside them."""
    count = bench.slow_connections
    report = Report(f"slow: {count:,} uploads at 1 KiB/s each")
    if raise_descriptor_limit() < count + 100:
        raise Trouble(f"the hard limit of descriptors is too low for {count} connections")

    def serve(server):
        settle()
        path = server.put_bytes("small.bin", b"x" * SMALL_BYTES)
        server.get(bench.tools, path)
        pids = server.pids()
        before = memory_bytes(pids, "VmRSS")
        load = bench.tools.begin_load("slow", port=server.port, path="/slow", connections=count,
                                      rate=KIB, bytes=bench.slow_s * KIB, addresses=16,
                                      seconds=bench.slow_open_s)
        load.stdout.readline()
        cpu = server.cpu_seconds()
        gets = bench.tools.begin_load("requests", realtime=True, port=server.port, path=path,
                                      connections=8, rate=100, until_eof=True, reconnect=True)
        # The first to open are the first to end: until then all are under way.
        steady_s = bench.slow_s - bench.slow_open_s - 2
        with MemoryWatch(pids, "VmRSS", 0.25) as watch:
            time.sleep(steady_s)
        cpu = server.cpu_seconds() - cpu
        seen_gets = bench.tools.end_load(gets)
        seen = bench.tools.end_load(load)
        name = server.name
        report.add(f"{name} served", "uploads", seen["created"])
        report.add(f"{name} memory", "KiB/conn", (max(watch.samples) - before) / KIB / count)
        report.add(f"{name} CPU", "cores", cpu / steady_s)
        report.add(f"{name} GET p50", "ms", seen_gets["p50_us"] / 1e3)
        report.add(f"{name} GET p99", "ms", seen_gets["p99_us"] / 1e3)
        report.add(f"{name} last byte to 201, p50", "ms", seen["answer_p50_us"] / 1e3)
        report.add(f"{name} last byte to 201, p99", "ms", seen["answer_p99_us"] / 1e3)
        if seen["created"] != count:
            report.notes.append(f"{name}: {seen['refused']} refused (the last with "
                                f"{seen['last_refusal']}), {seen['unanswered']} unanswered")

    if bench.has_sluice:
        with bench.peers() as peers:
            serve(peers.sluice(*ROOMY))
    with bench.peers() as peers:
        serve(peers.nginx())
    if bench.has_sluice:
        for what, name, unit, bound, side in (
                ("served, to all", "sluice served", "uploads", count, "least"),
                (f"memory a connection, to {SLOW_AIM_KIB} KiB", "sluice memory", "KiB/conn",
                 SLOW_AIM_KIB, "most"),
                (f"median GET, to {SLOW_GET_AIM_MS} ms", "sluice GET p50", "ms", SLOW_GET_AIM_MS,
                 "most")):
            allowed = Series(unit)
            allowed.add(bound)
            report.aim(what, ratio(report[name], allowed), **{side: 1})
        report.compare("memory a connection, sluice to nginx (to compare)", "sluice memory",
                       "nginx memory")
    return report


FIGURES = {"upload": upload, "download": download, "memory": memory, "small": small,
           "beside": beside, "slow": slow, "tus": resumable.tus, "tail": resumable.tail,
           "killed": resumable.killed, "idle": resumable.idle, "watchers": resumable.watchers}
