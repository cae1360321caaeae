"""What the scripts tell: lines for a person, or one JSON object to a line for the program that started them.

A failure carries the code of the command line, what happened, and what to do next.
"""

import json
import sys


class Failure(Exception):
    """Something that ends the work: a code of the command line, what happened, what to do next."""

    def __init__(self, code, message, hint):
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Teller:
    """Tells progress and results on stdout."""

    def __init__(self, events):
        self.events = events

    def progress(self, phase, done, total, label=""):
        """So much of a phase is through."""
        if self.events:
            self._line({"event": "progress", "phase": phase, "done": int(done), "total": int(total), "label": label})
        elif done == total:
            print(f"{phase}: {label or total}", flush=True)

    def note(self, text):
        """A sentence for the person."""
        if self.events:
            self._line({"event": "note", "text": text})
        else:
            print(text, flush=True)

    def result(self, **values):
        """What came out."""
        if self.events:
            self._line({"event": "result"} | values)

    def failure(self, failure):
        """Tells a failure; the script ends with it."""
        if self.events:
            told = {"code": failure.code, "message": failure.message, "hint": failure.hint}
            self._line({"event": "error"} | told)
        else:
            print(f"error: {failure.message} [{failure.code}]\n  hint: {failure.hint}", file=sys.stderr)

    def _line(self, value):
        print(json.dumps(value), flush=True)


def ending(teller, work):
    """Runs the work; returns the exit code of it: 0, or 1 after a failure was told."""
    try:
        work()
    except Failure as failure:
        teller.failure(failure)
        return 1
    except OSError as error:
        full = error.errno == 28  # ENOSPC
        code = "disk-full" if full else "output-unwritable"
        hint = "Make room on the disk." if full else "Check the path and its permissions."
        teller.failure(Failure(code, f"{error.filename or 'a file'}: {error.strerror or error}", hint))
        return 1
    return 0
