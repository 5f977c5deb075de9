"""Many watchers of one upload, and those that don't read: nobody else notices."""
import contextlib
import json
import re
import select
import threading
import time

import pytest

from sluice import MIB, PATIENCE, pattern, settled
from watching import Sending, Stream
from websocket import PONG, TEXT, WebSocket, frame, handshake

pytestmark = pytest.mark.workers
STATE = re.compile(rb'"state":"(\w+)"')


def metric(server, name):
    line, = [line for line in server.metrics().splitlines() if line.startswith(f"sluice_{name} ")]
    return int(line.split()[1])


def ends(data, is_websocket):
    """Whether a watcher's bytes are at their end: a close of 1000, or the last chunk."""
    return data.endswith(b"\x88\x02\x03\xE8") if is_websocket else data.endswith(b"0\r\n\r\n")


@contextlib.contextmanager
def crowd(server, target, count):
    """Watchers of all forms in turn, none of which has been read."""
    connections = []
    try:
        for number in range(count):
            connection = server.connect()
            fields = (handshake(), [("Accept", "text/event-stream")], [])[number % 3]
            connection.send_head("GET", target, fields)
            connections.append(connection)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def read_all(connections, within):
    """Reads all of them to their ends; returns what each got."""
    received = {connection.sock: bytearray() for connection in connections}
    kinds = {connection.sock: number % 3 == 0 for number, connection in enumerate(connections)}
    poll = select.poll()
    sockets = {sock.fileno(): sock for sock in received}
    for number in sockets:
        poll.register(number, select.POLLIN)
    left, end = set(sockets), time.monotonic() + within * PATIENCE
    while left:
        assert time.monotonic() < end, f"{len(left)} watchers are not at their end"
        for number, _ in poll.poll(500):
            sock = sockets[number]
            data = sock.recv(65536)
            received[sock] += data
            if not data or ends(received[sock], kinds[sock]):
                assert data, f"ended after {bytes(received[sock][-200:])}"
                poll.unregister(number)
                left.discard(number)
    return [bytes(received[connection.sock]) for connection in connections]


def test_watchers__1000_of_one_upload__all_are_told_and_it_ends_in_time(start):
    server = start("--connections-per-address", "2000")
    upload = Sending(server, pattern(8 * MIB, "crowd"))
    with crowd(server, upload.progress, 1000) as connections:
        assert settled(lambda: metric(server, "progress_watchers") == 1000)
        assert metric(server, "chunks_taken") < 20
        began = time.monotonic()
        upload.send_in_background(seconds=4)
        stories = read_all(connections, 20)
        upload.thread.join()
        took = time.monotonic() - began
    assert took < 10 * PATIENCE, took
    for story in stories:
        states = [state.decode() for state in STATE.findall(story)]
        assert states[-1] == "ready" and states.count("ready") == 1, states
        assert "arriving" in states and 3 <= len(states) <= 60, states
    assert settled(lambda: metric(server, "progress_watchers") == 0)
    assert server.get("/healthz").status == 200


def test_watcher__that_does_not_read__costs_one_state_and_holds_nobody_up(start):
    server = start()
    upload = Sending(server, pattern(2 * MIB, "deaf"))
    with contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(server.connect(receive_buffer=4096)) for _ in range(20)]
        for number, connection in enumerate(deaf):
            connection.send_head("GET", upload.progress, handshake() if number % 2 else [])
        watcher = stack.enter_context(Stream(server, upload.progress))
        upload.send_in_background(seconds=3)
        messages = watcher.lines()
        upload.thread.join()
        assert messages[-1]["state"] == "ready" and len(messages) > 10
        for connection in deaf[1::2]:
            data = connection.rest(10)
            last = json.loads(data[data.rindex(b'{"link"'):data.rindex(b"}") + 1])
            assert last["state"] == "ready"


def test_watcher__stuck_while_the_upload_goes_on__then_told_only_the_newest(start):
    server = start()
    upload = Sending(server, pattern(2 * MIB, "stuck"))
    with WebSocket(server, upload.progress, receive_buffer=4096) as watcher:
        assert json.loads(watcher.read_until(TEXT)[0])["state"] == "waiting"
        sock = watcher.connection.sock
        pings, sent = frame(9, b"x" * 125) * 10000, 0
        sock.setblocking(False)
        while select.select([], [sock], [], 1)[1]:  # until the server reads no more
            sent += sock.send(pings[sent % len(pings):][:65536])
        sock.settimeout(20 * PATIENCE)
        with Stream(server, upload.progress) as other:
            upload.send_in_background(seconds=3)
            assert len(other.lines()) > 15
        upload.thread.join()
        messages, pongs = [], 0
        while not messages or messages[-1]["state"] != "ready":
            came = watcher.read_frame()
            pongs += came.opcode == PONG
            messages += [json.loads(came.payload)] if came.opcode == TEXT else []
        assert pongs > 1000 and len(messages) <= 2, messages


def test_watcher__floods_with_pings_and_reads_nothing__is_given_up(start):
    server = start("--send-idle", "1s")
    upload = Sending(server, pattern(1000))
    with WebSocket(server, upload.progress, receive_buffer=4096) as watcher:
        watcher.connection.sock.settimeout(5 * PATIENCE)
        pings = frame(9, b"x" * 125) * 500
        with pytest.raises(OSError):
            for _ in range(2000):
                watcher.send(pings)
    assert settled(lambda: metric(server, "progress_watchers") == 0)
    assert metric(server, "chunks_taken") < 10


def test_server_goes_down__watcher_that_does_not_read__is_not_waited_for(start):
    server = start("--grace", "20s")
    upload = Sending(server, pattern(1000))
    stop = threading.Event()
    with WebSocket(server, upload.progress, receive_buffer=4096) as watcher:
        watcher.read_until(TEXT)

        def flood():
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    watcher.send(frame(9, b"x" * 125) * 100)

        thread = threading.Thread(target=flood)
        thread.start()
        time.sleep(1.5)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 6 * PATIENCE
        stop.set()
    thread.join()
