"""Progress as lines and as server-sent events: what is told, when, and how it ends."""
import json
import time

import pytest

from sluice import MIB, PATIENCE, epoch, pattern, settled
from watching import Sending, Stream, check_story

EVENTS = ("Accept", "text/event-stream")


def events_of(data):
    """Server-sent events as dictionaries of their fields; comments alone are left out."""
    blocks = [block for block in data.split("\n\n") if block]
    found = [dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
             for block in blocks]
    return [fields for fields in found if fields]


def test_lines__throttled_upload__tell_rate_and_eta_to_the_end(sluice):
    upload = Sending(sluice, pattern(4 * MIB, "lines"))
    with Stream(sluice, upload.progress) as stream:
        assert stream.response.header("Content-Type") == "application/x-ndjson"
        assert stream.response.header("Cache-Control") == "no-store"
        assert stream.response.header("X-Accel-Buffering") == "no"
        assert stream.response.header("X-Content-Type-Options") == "nosniff"
        first = stream.line()
        assert first == {"link": upload.link, "state": "waiting", "received": 0, "stored": 0,
                         "size": 4 * MIB, "rate": 0, "eta": None, "expires": first["expires"]}
        assert 0 < epoch(first["expires"]) - time.time() <= 24 * 3600 + 60
        upload.send_in_background(seconds=3)
        began = time.monotonic()
        messages = [first, *stream.lines()]
        took = time.monotonic() - began
        upload.thread.join()
        check_story(messages, 4 * MIB)
        assert len(messages) > 8 and len(messages) <= took / 0.1 + 3, len(messages)
        rated = [message for message in messages if message["rate"]]
        assert len(rated) > 4
        rate = rated[len(rated) // 2]["rate"]
        assert 0.5 * MIB < rate < 3 * MIB, rate
        for message in rated:
            left = message["size"] - message["stored"]
            assert abs(message["eta"] - left / message["rate"]) <= 0.1, message
        assert stream.connection.request("GET", "/healthz").status == 200


def test_lines__first_message__comes_at_once(sluice):
    upload = Sending(sluice, pattern(1000))
    began = time.monotonic()
    with Stream(sluice, upload.progress) as stream:
        assert stream.line()["state"] == "waiting"
    assert time.monotonic() - began < 0.5 * PATIENCE


def test_lines__sender_goes_and_comes_back__waiting_between(sluice):
    upload = Sending(sluice, pattern(2 * MIB, "pause"))
    with Stream(sluice, upload.progress) as stream:
        assert stream.line()["state"] == "waiting"
        upload.send(stop=MIB)
        states = [stream.line()]
        while states[-1]["state"] != "waiting" or states[-1]["stored"] < MIB:
            states.append(stream.line())
        assert states[-1]["stored"] == states[-1]["received"] == MIB
        assert states[-1]["rate"] == 0 and states[-1]["eta"] is None
        upload.send()
        check_story([*states, *stream.lines()], 2 * MIB)


def test_lines__sender_falls_silent__its_rate_falls_as_well(sluice):
    upload = Sending(sluice, pattern(4 * MIB, "silent"))
    with Stream(sluice, upload.progress) as stream, upload.open() as sender:
        for at in range(40):
            sender.send(upload.body[at * 40_000:(at + 1) * 40_000])
            time.sleep(0.025)
        highest, message = 0, stream.line()
        end = time.monotonic() + 15 * PATIENCE
        while not highest or message["rate"] > highest / 2:
            assert time.monotonic() < end, message
            message = stream.line()
            highest = max(highest, message["rate"])
        assert message["state"] == "arriving"


def test_lines__size_not_known_yet__null_until_it_is(sluice):
    upload = Sending(sluice, pattern(100_000), size="later")
    with Stream(sluice, upload.progress) as stream:
        first = stream.line()
        assert first["size"] is None and first["eta"] is None
        with upload.open(None, ("Upload-Length", "100000")) as sender:
            sender.send(upload.body)
            assert sender.response().status == 204
        check_story([first, *stream.lines()], 100_000)


@pytest.mark.parametrize("fields", [(), (EVENTS,)])
def test_upload__taken_back__deleted_is_the_last_word(sluice, fields):
    upload = Sending(sluice, pattern(MIB))
    with Stream(sluice, upload.progress, *fields) as stream:
        stream.chunk()
        upload.remove()
        data = b"".join(iter(stream.chunk, b"")).decode()
        last = json.loads(data[data.rindex("{\"link"):])
        assert last["state"] == "deleted" and "reason" not in last
    assert sluice.get(upload.progress).status in (404, 410)


def test_link_that_is_ready__one_message_and_the_end(sluice):
    upload = sluice.put("ready.bin", b"x" * 1234)
    response = sluice.get(f"/api/files/{upload.link}/progress")
    assert response.status == 200 and response.chunked
    message = json.loads(response.text)
    assert message == {"link": upload.link, "state": "ready", "received": 1234, "stored": 1234,
                       "size": 1234, "rate": 0, "eta": None}
    response = sluice.get(f"/api/files/{upload.link}/progress", EVENTS)
    event, = [fields for fields in events_of(response.text) if "data" in fields]
    assert json.loads(event["data"]) == message


@pytest.mark.parametrize("accept", ["text/event-stream", "TEXT/Event-Stream;q=0.5",
                                    "text/html, text/event-stream, */*"])
def test_events__accept_names_them__ids_and_data(sluice, accept):
    upload = Sending(sluice, pattern(MIB))
    with Stream(sluice, upload.progress, ("Accept", accept)) as stream:
        assert stream.response.header("Content-Type") == "text/event-stream"
        assert stream.response.header("Cache-Control") == "no-store"
        upload.send_in_background(seconds=1)
        data = b"".join(iter(stream.chunk, b"")).decode()
        upload.thread.join()
    assert data.startswith("retry: 2000\n\n") and data.endswith("}\n\n")
    events = [fields for fields in events_of(data) if "data" in fields]
    check_story([json.loads(fields["data"]) for fields in events], MIB)
    ids = [fields["id"] for fields in events]
    assert ids[-1] == "end" and len(set(ids)) == len(ids) > 3
    versions = [int(number) for number in ids[:-1]]
    assert versions == sorted(versions)


def test_events__browser_that_has_had_the_last__204_stops_it(sluice):
    upload = sluice.put("done.bin", b"done")
    target = f"/api/files/{upload.link}/progress"
    assert sluice.get(target, EVENTS, ("Last-Event-ID", "end")).status == 204
    assert sluice.get(target, EVENTS, ("Last-Event-ID", "7")).status == 200


def test_lines__of_http_1_0__end_with_the_connection(sluice):
    upload = Sending(sluice, pattern(1000))
    with Stream(sluice, upload.progress, version="HTTP/1.0") as stream:
        assert not stream.is_chunked
        upload.send()
        messages = [json.loads(line) for line in stream.connection.rest(10).splitlines()]
        check_story(messages, 1000)


def test_head__of_an_arriving_link__only_the_head(sluice):
    upload = Sending(sluice, pattern(1000))
    with sluice.connect() as connection:
        response = connection.request("HEAD", upload.progress)
        assert response.status == 200
        assert response.header("Content-Type") == "application/x-ndjson"
        assert connection.is_silent()
        assert connection.request("GET", "/healthz").status == 200


def test_link__unknown_or_gone__the_usual_problem(start):
    server = start()
    assert server.get("/api/files/AAAAAAAAAAAAAAAAAAAAAA/progress").status == 404
    gone = server.put("gone.bin", b"gone", ("Max-Downloads", "1"))
    assert server.get(gone.target).body == b"gone"
    assert settled(lambda: server.get(f"/api/files/{gone.link}/progress").status == 410)
    brief = server.put("brief.bin", b"brief", ("Sluice-Expires", "1s"))
    assert settled(lambda: server.get(f"/api/files/{brief.link}/progress").status == 410)


def test_methods__other_than_reading__405(sluice):
    upload = Sending(sluice, pattern(10))
    for method in ("POST", "DELETE", "PATCH"):
        response = sluice.request(method, upload.progress, [("Content-Length", "0")])
        assert response.status == 405, response
        assert {"GET", "HEAD"} <= set(response.header("Allow").split(", "))


def test_server_goes_down__watchers_are_cut_and_hold_nothing_up(start):
    server = start("--grace", "20s")
    upload = Sending(server, pattern(1000))
    streams = [Stream(server, upload.progress), Stream(server, upload.progress, EVENTS)]
    for stream in streams:
        stream.chunk()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * PATIENCE
    for stream in streams:
        assert stream.was_cut()
        stream.connection.close()
