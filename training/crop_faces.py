"""Says where the face is in pictures: one JSON line per file. What `predict` and `send` ask before they resize."""

import argparse
import json
import pathlib
import sys

import crop
import photos
from said import Failure, Teller, ending


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    asked = parser.parse_args()

    def work():
        for path in asked.files:
            try:
                pixels = photos.decoded(path.read_bytes())
            except ValueError as error:
                raise Failure("bad-inputs", f"{path} cannot be read as a picture: {error}", "Save it as PNG or JPEG.")
            left, top, width, height, how = crop.box(pixels)
            box = {"left": left, "top": top, "width": width, "height": height}
            print(json.dumps({"event": "crop", "file": str(path), "how": how} | box), flush=True)

    return ending(Teller(True), work)


if __name__ == "__main__":
    sys.exit(main())
