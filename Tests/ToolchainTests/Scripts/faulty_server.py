"""A web server on 127.0.0.1 that misbehaves as it is told.

usage: faulty_server.py FOLDER PLAN LOG

PLAN is a JSON object: a path, and the list of steps that its requests get, one after the other; the last one stays.
A path that is not in it is served as it should be. Each request is a JSON line in LOG, written when its answer is over;
an empty line is written when it comes, so that a reader knows whether there is more to wait for. The first line on
standard output is the port.
"""

import gzip
import http.server
import json
import pathlib
import socket
import sys
import threading
import time

folder, plan_file, log_file = (pathlib.Path(word) for word in sys.argv[1:4])
plan = json.loads(plan_file.read_text())
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_CONNECT(self):
        self.do_GET()

    def do_GET(self):
        # A proxy is asked for whole URLs.
        path = self.path
        proxied = path.startswith("http://")
        if proxied:
            path = "/" + path.split("/", 3)[3]
        with lock:
            steps = plan.get(path, [{}])
            step = steps.pop(0) if len(steps) > 1 else steps[0]
            with log_file.open("a") as log:
                log.write("\n")
        asked = self.headers.get("Range")
        self.note = {"path": path, "range": asked, "if_range": self.headers.get("If-Range"), "proxied": proxied,
                     "fault": step.get("fault", "none"), "sent": 0}
        self.close_connection = True
        try:
            self.answer(path, step, asked)
        except (BrokenPipeError, ConnectionResetError):
            pass
        with lock, log_file.open("a") as log:
            log.write(json.dumps(self.note) + "\n")

    def answer(self, path, step, asked):
        fault = step.get("fault", "none")
        if fault == "status":
            return self.error(step["status"], step.get("headers", {}))
        if fault == "mute":
            return self.wait()
        if fault == "endless-404":
            self.send_response(404)
            self.send_header("Connection", "close")
            self.end_headers()
            while self.note["sent"] < 64 << 20:
                self.wfile.write(b"no " * 20000)
                self.note["sent"] += 60000
            return None
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", step["to"])
            self.send_header("Connection", "close")
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"moved")
            return None
        file = folder / path.lstrip("/")
        if not file.is_file():
            return self.error(404, {})
        data = file.read_bytes()
        if fault == "other-bytes":
            data = bytes([data[0] ^ 1]) + data[1:]
        if fault == "longer":
            data += b"x" * 5000
        encoding = None
        if fault == "gzip" or fault == "gzip-if-taken" and self.headers.get("Accept-Encoding") != "identity":
            data = gzip.compress(data)
            encoding = "gzip"
        if fault == "called-gzip":
            encoding = "gzip"
        etag = step.get("etag", '"one"')
        start = 0
        condition = self.headers.get("If-Range")
        ranged = asked and fault not in ("no-range", "cut-no-range") and condition in (None, etag)
        if ranged:
            start = int(asked.split("=")[1].split("-")[0])
            if start >= len(data) or fault in ("416", "cut-416"):
                return self.error(416, {"Content-Range": f"bytes */{len(data)}"})
        body = data[start:]
        self.send_response(206 if ranged else 200)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        if not step.get("no_etag"):
            self.send_header("ETag", etag)
        if ranged:
            first = 0 if fault == "lying-range" else start
            total = len(data) + (1 if fault == "other-total" else 0)
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{total}")
        if fault == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 1000):
                piece = body[at:at + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.note["sent"] += len(piece)
            self.wfile.write(b"0\r\n\r\n")
            return None
        if fault == "short-length":
            body = body[:-100]
        if fault not in ("no-length", "longer"):
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        cuts = fault in ("cut", "cut-no-range", "cut-416")
        limit = step.get("after", len(body)) if cuts or fault == "stall" else len(body)
        step_bytes = 40000 if fault == "trickle" else 16384
        for at in range(0, limit, step_bytes):
            if fault == "trickle" and at:
                time.sleep(0.4)
            piece = body[at:min(at + step_bytes, limit)]
            self.wfile.write(piece)
            self.wfile.flush()
            self.note["sent"] += len(piece)
        if cuts:
            self.connection.shutdown(socket.SHUT_RDWR)
        if fault == "stall":
            self.wait()
        return None

    def wait(self):
        """Says nothing until the client has had enough."""
        self.connection.settimeout(30)
        try:
            while self.connection.recv(1000):
                pass
        except OSError:
            pass

    def error(self, status, headers):
        body = b"<html>no</html>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
