"""Takes pictures with a video device, one every so many seconds, as PNG files; a JSON line for each.

What `send --camera` runs. A video file in the device's place is played frame by frame, for trying things out.
It ends with the program that started it.
"""

import argparse
import json
import os
import pathlib
import sys
import time

import cv2

from said import Failure, Teller, ending


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="/dev/video0", help="a video device, or a video file")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between pictures")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the pictures")
    asked = parser.parse_args()

    def work():
        if not os.path.exists(asked.device):
            raise Failure(
                "port-not-found", f"there is no video device {asked.device}",
                "Plug a camera in, or name another one with --device; `ls /dev/video*` lists them.")
        source = cv2.VideoCapture(asked.device)
        if not source.isOpened():
            raise Failure("port-busy", f"{asked.device} gives no pictures", "Close what else uses the camera.")
        asked.out.mkdir(parents=True, exist_ok=True)
        index, starter = 0, os.getppid()
        while os.getppid() == starter:
            time.sleep(asked.every if index else 0)
            # A camera's queue holds old frames: the newest is wanted.
            for _ in range(4 if asked.device.startswith("/dev/") else 0):
                source.grab()
            there, frame = source.read()
            if not there:
                break
            path = asked.out / f"frame_{index:05}.png"
            if not cv2.imwrite(str(path), frame):
                raise Failure("output-unwritable", f"cannot write {path}", "Check the folder and the disk.")
            print(json.dumps({"event": "frame", "file": str(path)}), flush=True)
            index += 1

    return ending(Teller(True), work)


if __name__ == "__main__":
    sys.exit(main())
