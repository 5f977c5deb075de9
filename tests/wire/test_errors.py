"""How errors are told: a problem document to programs, a sentence to curl, a page to browsers."""
import json
import re

import pytest

from rawhttp import head_bytes
from sluice import pattern

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CAUSES = [("GET", "/AAAAAAAAAAAAAAAAAAAAAA/gone.txt", [], 404),
          ("GET", "/no/such/page", [], 404),
          ("POST", "/healthz", [], 405),
          ("PUT", "/a.txt", [("Max-Downloads", "many")], 400),
          ("PUT", "/a%0Ab", [], 400),
          ("DELETE", "/LINK", [], 401),
          ("DELETE", "/LINK", [("Authorization", "Bearer wrong")], 403),
          ("GET", "/LINK", [("If-Match", '"other"')], 412),
          ("GET", "/LINK", [("Range", "bytes=999999-")], 416)]


def ask(server, document, cause, accept):
    method, target, fields, status = cause
    fields = fields + ([("Accept", accept)] if accept is not None else [])
    response = server.request(method, target.replace("LINK", document[0].link), fields, b"")
    assert response.status == status
    return response


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json",
                                    "application/json, text/plain, */*"])
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause[3]} {cause[1]}")
def test_error__to_a_program__is_a_problem_document(sluice, document, cause, accept):
    response = ask(sluice, document, cause, accept)
    assert response.header("Content-Type").split(";")[0] == "application/problem+json"
    problem = json.loads(response.text)
    assert problem["status"] == response.status
    assert isinstance(problem["title"], str) and problem["title"]
    assert isinstance(problem.get("detail", ""), str)
    assert isinstance(problem.get("type", "about:blank"), str)


@pytest.mark.parametrize("accept", ["*/*", None, "text/plain"])
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause[3]} {cause[1]}")
def test_error__to_curl__is_one_plain_sentence_and_a_newline(sluice, document, cause, accept):
    response = ask(sluice, document, cause, accept)
    assert response.header("Content-Type").split(";")[0] == "text/plain"
    assert re.fullmatch(r"[A-Z0-9\"'/][^\n]{8,}[.!]\n", response.text), response.text
    assert "<" not in response.text and "{" not in response.text


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: f"{cause[3]} {cause[1]}")
def test_error__to_a_browser__is_a_page(sluice, document, cause):
    response = ask(sluice, document, cause, BROWSER)
    assert response.header("Content-Type").split(";")[0] == "text/html"
    assert re.search(r"<(html|!doctype html)", response.text, re.IGNORECASE)
    assert "</" in response.text


def test_error__page__never_repeats_the_request_as_markup(sluice):
    for target in ("/%3Cscript%3Ealert(1)%3C/script%3E", "/<script>alert(1)</script>"):
        response = sluice.get(target, ("Accept", BROWSER))
        assert response.status in (400, 404)
        assert "<script>alert" not in response.text


def test_error__plain_and_json__never_broken_by_the_request(sluice):
    response = sluice.get("/a%22b%5Cc%0Ad", ("Accept", "application/json"))
    assert response.status in (400, 404)
    json.loads(response.text)
    plain = sluice.get("/a%0Ab", ("Accept", "*/*"))
    assert plain.text.count("\n") == 1


def test_error__to_head__same_fields_and_no_body(sluice):
    with sluice.connect() as connection:
        connection.send_request("HEAD", "/AAAAAAAAAAAAAAAAAAAAAA")
        assert connection.response("HEAD").status == 404
        assert connection.is_silent(0.1)
        assert connection.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("request_bytes, status", [
    (b"nonsense\r\n\r\n", 400), (head_bytes("GET", "/healthz"), 400),
    (head_bytes("GET", "/", [("Host", "x"), ("X", "y" * 500_000)]), 431),
])
def test_error__before_the_request_is_understood__is_plain_text(sluice, request_bytes, status):
    with sluice.connect() as connection:
        connection.send_until_answered(request_bytes)
        response = connection.response()
        assert response.status == status
        assert response.header("Content-Type").split(";")[0] == "text/plain"
        assert re.fullmatch(r"[^\n]{9,}\n", response.text)


def test_error__method_not_allowed__names_the_allowed_ones_in_words(sluice):
    response = sluice.request("POST", "/healthz")
    assert "GET" in response.header("Allow")


def test_error__too_large__names_the_limit(start):
    server = start("--max-size", "1MiB")
    response = server.request("PUT", "/big", [], pattern(1024 * 1024 + 1))
    assert response.status == 413
    assert re.search(r"1 ?MiB|1,?048,?576", response.text)


def test_curl__error__goes_to_the_user_as_a_sentence(sluice, curl):
    done = curl("-w", "%{http_code}", sluice.url("/AAAAAAAAAAAAAAAAAAAAAA"))
    sentence, _, status = done.stdout.decode().rpartition("\n")
    assert status == "404" and sentence.endswith(".")
    assert curl("-f", sluice.url("/AAAAAAAAAAAAAAAAAAAAAA")).returncode == 22
