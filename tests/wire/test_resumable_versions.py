"""Resumable Uploads for HTTP: what clients of older drafts see, and what none of them may see."""
import pytest

from resumable import LAST, MORE, ask, upload_target
from sluice import pattern, uploaded


def version(number):
    return ("Upload-Draft-Interop-Version", str(number))


@pytest.mark.parametrize("number", [5, 6, 8, 9])
def test_version__known__104_echoes_it(sluice, number):
    response = sluice.request("PUT", "/v.bin", [LAST, version(number)], b"abc")
    assert [interim.status for interim in response.interim] == [104]
    assert response.interim[0].header("Upload-Draft-Interop-Version") == str(number)
    assert uploaded(response)


@pytest.mark.parametrize("number, limit", [
    (5, None), (6, "expires="), (8, "max-age="), (9, "max-age=")])
def test_version__limits__told_in_its_words(sluice, number, limit):
    response = sluice.request("PUT", "/v.bin", [MORE, version(number)], b"abc")
    target = upload_target(response)
    told = [response, response.interim[0], ask(sluice, target, version(number))[2]]
    for answer in told:
        field = answer.header("Upload-Limit")
        assert field is None if limit is None else field.startswith(limit), answer


@pytest.mark.parametrize("number", [5, 6, 8, 9])
def test_version__length__told_since_6(sluice, number):
    fields = [MORE, version(number), ("Upload-Length", "10")]
    target = upload_target(sluice.request("PUT", "/v.bin", fields, b"abc"))
    expected = None if number == 5 else "10"
    assert ask(sluice, target, version(number))[2].header("Upload-Length") == expected


@pytest.mark.parametrize("number, kind, status", [
    (5, None, 201), (5, "application/octet-stream", 201), (5, "application/partial-upload", 201),
    (6, None, 415), (8, "application/octet-stream", 415), (9, None, 415),
    (6, "application/partial-upload", 201), (9, "application/partial-upload", 201)])
def test_version__append__has_a_type_since_6(sluice, number, kind, status):
    target = upload_target(sluice.request("PUT", "/v.bin", [MORE, version(number)], b"abc"))
    fields = [version(number), LAST, ("Upload-Offset", "3")]
    if kind is not None:
        fields.append(("Content-Type", kind))
    assert sluice.request("PATCH", target, fields, b"def").status == status


@pytest.mark.parametrize("number", [5, 6, 8, 9])
def test_version__whole_upload_in_pieces__comes_back_equal(sluice, number):
    body = pattern(200_000, number)
    fields = [version(number), MORE]
    target = upload_target(sluice.request("POST", "/files/", fields))
    for at, end in ((0, 70_000), (70_000, 150_000), (150_000, 200_000)):
        complete = LAST if end == 200_000 else MORE
        done = sluice.request("PATCH", target, [
            version(number), complete, ("Upload-Offset", str(at)),
            ("Content-Type", "application/partial-upload")], body[at:end])
        assert done.header("Upload-Offset") == str(end)
    assert sluice.get(uploaded(done).target).body == body


def test_version__in_appends__no_104_with_a_location(sluice):
    target = upload_target(sluice.request("PUT", "/v.bin", [MORE, version(9)], b"abc"))
    done = sluice.request("PATCH", target, [
        version(9), LAST, ("Upload-Offset", "3"),
        ("Content-Type", "application/partial-upload")], b"def")
    assert all(interim.header("Location") is None for interim in done.interim)


def test_upload_metadata__of_tus_clients__names_the_file(sluice):
    fields = [LAST, ("Upload-Metadata", "filename ZmlsbS5ta3Y=,filetype dmlkZW8vbXA0")]
    assert uploaded(sluice.request("POST", "/files/", fields, b"film")).name == "film.mkv"
    named = [*fields, ("Content-Disposition", 'inline; filename="other.bin"')]
    assert uploaded(sluice.request("POST", "/files/", named, b"film")).name == "other.bin"


def test_first_request__that_calls_itself_a_part__file_has_another_type(sluice):
    fields = [LAST, ("Content-Type", "application/partial-upload")]
    upload = uploaded(sluice.request("PUT", "/film.mp4", fields, b"film"))
    assert sluice.info(upload.link)["type"] == "video/mp4"


@pytest.mark.parametrize("target", ["/", "/files/", "/some-name.bin"])
def test_options__where_something_can_be_made__has_the_limit(start, target):
    server = start("--max-size", "1GiB")
    assert "max-size=1073741824" in server.request("OPTIONS", target).header("Upload-Limit")
