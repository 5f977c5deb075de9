"""The page of the tests: documents that show which values the server puts in, and collections."""
import html
import json
import re

from sluice import LINK_PATH

BROWSER = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8")
PLACES = ("base", "name", "title", "size", "state", "download", "facts")
DOCUMENT = "<!doctype html>\n" + "\n".join(f'<p class="{name}" title="{{{{{name}}}}}">'
                                           for name in PLACES) + "\n{{other}}\n"


def make_page(folder):
    """A folder as web/build.mjs makes it."""
    (folder / "assets").mkdir(parents=True)
    (folder / "home.html").write_text("<!doctype html><p>home at {{base}}/</p>\n")
    (folder / "link.html").write_text(DOCUMENT)
    (folder / "assets" / "home-0123.js").write_text("document.title = 'home'\n")
    (folder / "assets" / "style-0123.css").write_text("p { color: red }\n")
    return folder


def values(response):
    """What stands in the places of link.html, unescaped."""
    assert response.status == 200, response
    assert response.header("Content-Type") == "text/html; charset=utf-8", response
    found = dict(re.findall(r'<p class="(\w+)" title="([^"<>]*)">', response.text))
    assert set(found) == set(PLACES), response.text
    assert "{{other}}" in response.text
    return {name: html.unescape(value) for name, value in found.items()}


def policy(response):
    """The directives of the answer's Content-Security-Policy."""
    words = [part.split() for part in response.header("Content-Security-Policy").split(";")]
    return {name: sources for name, *sources in words}


def post_collection(server, body, *fields):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if not any(name == "Content-Type" for name, _ in fields):
        fields = [("Content-Type", "application/json"), *fields]
    return server.request("POST", "/api/collections", list(fields), body)


class Collection:
    """A link to the files of `uploads`, each with a link and a key."""

    def __init__(self, server, uploads, name="photos", *fields):
        files = [{"link": upload.link, "key": upload.key} for upload in uploads]
        response = post_collection(server, {"files": files, "name": name}, *fields)
        assert response.status == 201, response
        made = json.loads(response.text)
        assert set(made) == {"link", "url", "key"}
        assert response.header("Location") == made["url"]
        assert response.header("Sluice-Key") == made["key"]
        assert made["url"].endswith("/" + made["link"]) and not LINK_PATH.search(made["url"])
        self.server = server
        self.link, self.url, self.key = made["link"], made["url"], made["key"]
        self.target = "/" + self.link

    def lines(self):
        """The addresses that curl gets."""
        response = self.server.get(self.target)
        assert response.status == 200, response
        assert response.header("Content-Type") == "text/plain; charset=utf-8"
        return response.text.splitlines()

    def info(self):
        return self.server.info(self.link)

    def get(self, position, *fields):
        return self.server.get(f"{self.target}/{position}/any", *fields)

    def request(self, method, *fields, body=None):
        return self.server.request(method, f"/api/files/{self.link}",
                                   [("Authorization", f"Bearer {self.key}"), *fields], body)

    def patch(self, change):
        return self.request("PATCH", ("Content-Type", "application/json"),
                            body=json.dumps(change).encode())
