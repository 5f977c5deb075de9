"""What is known of an arriving link, and what its key can do to it."""
import json

import pytest

from live import Live
from sluice import epoch, pattern, settled

BODY = pattern(100_000, "live links")


def owner(upload):
    return ("Authorization", f"Bearer {upload.key}")


def edit(server, upload, key=None, **members):
    return server.request("PATCH", f"/api/files/{upload.link}",
                          [("Content-Type", "application/json"),
                           owner(upload) if key is None else ("Authorization", f"Bearer {key}")],
                          json.dumps(members).encode())


@pytest.mark.parametrize("known", [True, False])
def test_json__tells_how_far_it_has_got(sluice, known):
    live = Live(sluice, BODY, known=known, name="späte Datei.bin", media_type="image/png")
    info = sluice.info(live.link)
    assert info["state"] == "waiting" and info["received"] == info["stored"] == 0
    assert info["size"] == (len(BODY) if known else None)
    assert info["name"] == "späte Datei.bin" and info["type"] == "image/png"
    assert info["link"] == live.link and info["url"].endswith(live.target)
    assert info["digest"] == {} and info["downloads"] == 0 and info["downloads_max"] is None
    live.append(40_000)
    info = sluice.info(live.link)
    assert (info["received"], info["stored"]) == (40_000, 40_000)
    sender = live.connect()
    live.send(sender, 10_000)
    assert settled(lambda: sluice.info(live.link)["received"] == 50_000)
    assert sluice.info(live.link)["state"] == "arriving"
    live.settle()
    live.finish()
    info = sluice.info(live.link)
    assert info["state"] == "ready"
    assert info["size"] == info["received"] == info["stored"] == 100_000


def test_json__stored_follows_received_while_one_request_sends(sluice):
    live = Live(sluice, BODY)
    sender = live.connect()
    live.send(sender, 60_000)
    assert settled(lambda: sluice.info(live.link)["received"] == 60_000)
    live.send(sender, 5_000)
    assert settled(lambda: sluice.info(live.link)["received"] == 65_000)
    info = sluice.info(live.link)
    assert 0 <= info["stored"] <= info["received"] and info["state"] == "arriving"
    sender.close()
    assert settled(lambda: sluice.info(live.link)["state"] == "waiting")


def test_edit__of_an_arriving_link__holds_before_and_after(sluice):
    live = Live(sluice, BODY)
    live.append(10)
    answer = edit(sluice, live, name="other.txt", expires="2d", max_downloads=3)
    assert answer.status == 200
    told = json.loads(answer.text)
    assert told["name"] == "other.txt" and told["state"] == "waiting" and told["size"] == 100_000
    assert "other.txt" in sluice.get(live.target, ("Range", "bytes=0-3")).header(
        "Content-Disposition")
    live.finish()
    info = sluice.info(live.link)
    assert info["name"] == "other.txt" and info["downloads_max"] == 3
    assert info["expires"] == told["expires"] and epoch(info["expires"]) > epoch(info["created"])


def test_key__wrong_or_missing__changes_nothing(sluice):
    live = Live(sluice, BODY)
    assert edit(sluice, live, key="x" * 22, name="other").status == 403
    for target in (f"/api/files/{live.link}", live.target):
        assert sluice.request("DELETE", target).status == 401
        assert sluice.request("DELETE", target, [("Authorization", "Bearer no")]).status == 403
    live.finish()
    assert sluice.get(live.target).body == BODY


def test_delete__of_an_arriving_link__ends_its_upload_and_removes_its_bytes(fresh):
    live = Live(fresh, BODY)
    live.append(50_000)
    sender = live.connect()
    assert fresh.request("DELETE", live.target, [owner(live)]).status == 204
    assert fresh.get(f"/api/files/{live.link}").status == 404
    assert fresh.request("HEAD", live.path, [("Tus-Resumable", "1.0.0")]).status in (404, 410)
    assert sender.is_closed()
    assert settled(lambda: fresh.stored() == {})
    assert fresh.request("DELETE", live.target, [owner(live)]).status == 404


def test_name_of_an_upload__is_no_link(sluice):
    live = Live(sluice, BODY)
    live.append(10)
    upload = live.path.rpartition("/")[2]
    assert sluice.get(f"/{upload}").status == 404
    assert sluice.get(f"/api/files/{upload}").status == 404


# ---- Max-Downloads ----

@pytest.mark.parametrize("known", [True, False])
def test_limit__counts_who_got_the_last_byte(sluice, known):
    live = Live(sluice, BODY, ("Max-Downloads", "2"), known=known)
    readers = [live.follow(), live.follow()]
    for reader in readers:
        assert reader.head().status == 200
    busy = live.follow()
    assert busy.head().status == 503
    live.finish()
    for reader in readers:
        assert reader.take(len(BODY)) == BODY and reader.ends()
    assert settled(lambda: sluice.get(live.target).status == 410)


@pytest.mark.parametrize("known", [True, False])
def test_limit__a_reader_that_breaks_off__uses_nothing_up(sluice, known):
    live = Live(sluice, BODY, ("Max-Downloads", "1"), known=known)
    live.append(50_000)
    reader = live.follow()
    tag = reader.head().header("ETag")
    assert reader.take(50_000) == BODY[:50_000]
    reader.connection.reset()
    live.append(1000)
    live.finish()
    assert settled(lambda: sluice.info(live.link)["state"] == "ready")
    rest = sluice.get(live.target, ("Range", "bytes=50000-"), ("If-Range", tag))
    assert rest.status == 206 and rest.body == BODY[50_000:]
    with sluice.connect(source="127.0.0.2") as other:
        assert settled(lambda: other.request("GET", live.target).status == 410)


def test_limit__ranges_before_the_size_is_known__use_nothing_up(sluice):
    live = Live(sluice, BODY, ("Max-Downloads", "1"), known=False)
    live.append(50_000)
    with sluice.connect() as connection:
        for _ in range(3):
            assert connection.request("GET", live.target, [("Range", "bytes=0-99")]).status == 206
        live.finish()
        assert connection.request("GET", live.target).body == BODY
        assert connection.request("GET", live.target).status == 410
