"""Judges a page of `espmask test`: its elements are closed in order, it needs nothing but itself, its links lead somewhere,
and the only thing that can run in it is the one script that its policy names. Prints what it holds as JSON: title, ids of
the tests, and each picture as its size and the SHA-256 of its pixels. Argument: the file."""

import base64
import hashlib
import io
import json
import sys
from html.parser import HTMLParser

from PIL import Image

VOID = {"meta", "link", "img", "input", "br", "hr"}
faults, found = [], {"title": "", "tests": [], "scripts": 0, "pictures": [], "vectors": 0, "policy": "", "text": ""}


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.script = [], [], [], ""

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name.startswith("on"):
                faults.append(f"{tag} has {name}")
            if name in ("src", "href", "action", "srcset") and not (value or "").startswith(("data:image/", "#")):
                faults.append(f"{tag} {name} leads to {value}")
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"][1:])
        if tag == "details" and "test" in values.get("class", "").split():
            found["tests"].append([values["id"], values["data-verdict"]])
        if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy":
            found["policy"] = values["content"]
        if tag == "script":
            found["scripts"] += 1
        if tag == "img":
            self.picture(values["src"])
        if tag in ("iframe", "object", "embed", "base", "form"):
            faults.append(f"there is an element {tag}")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            faults.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        if inside == "title":
            found["title"] += data
        elif inside == "script":
            self.script += data
        elif inside != "style":
            found["text"] += data

    def picture(self, source):
        kind, data = source.split(";base64,")
        data = base64.b64decode(data, validate=True)
        if kind == "data:image/svg+xml":
            found["vectors"] += 1
            return
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            found["pictures"].append([*image.size, image.mode, hashlib.sha256(image.tobytes()).hexdigest()])


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    page.feed(file.read())
page.close()
if page.open:
    faults.append(f"never closed: {page.open}")
if len(page.ids) != len(set(page.ids)):
    faults.append("an id occurs twice")
faults += [f"no #{link}" for link in page.links if link not in page.ids]
digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
if f"script-src 'sha256-{digest}'" not in found["policy"] or "default-src 'none'" not in found["policy"]:
    faults.append("the policy does not name the script")
if faults:
    sys.exit("\n".join(faults))
print(json.dumps(found))
