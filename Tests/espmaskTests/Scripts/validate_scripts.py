"""Holds scripts against the JSON Schema: those of the project must pass, wrong ones must not.

Usage: validate_scripts.py --available | SCHEMA FOLDER.
"""

import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError:
    sys.exit(3)

WRONG = {
    "no name": "steps: [reset]",
    "no steps": "name: a",
    "an unknown key": "name: a\nskteh: b\nsteps: [reset]",
    "an unknown step": "name: a\nsteps: [buld]",
    "an unknown key of a step": "name: a\nsteps: [{expect: {text: a, withn: 5}}]",
    "a bare step that wants more": "name: a\nsteps: [expect]",
    "two steps in one": "name: a\nsteps: [{expect: {text: a}, reset: }]",
    "text and regex": "name: a\nsteps: [{expect: {text: a, regex: b}}]",
    "a number that is a text": "name: a\ntimeout: soon\nsteps: [reset]",
    "no seconds": "name: a\ntimeout: 0\nsteps: [reset]",
    "half a prediction": "name: a\nsteps: [{expect-prediction: {count: 1.5}}]",
    "an unknown diagnosis": "name: a\nsteps: [{expect-diagnosis: arena-to-small}]",
    "an unknown chip": "name: a\nboard: {chip: esp23}\nsteps: [reset]",
    "a limit that is a number": "name: a\nsteps: [{measure: {arena: 2000}}]",
    "a wrong step inside": "name: a\nsteps: [{repeat: {times: 2, steps: [rest]}}]",
    "no times": "name: a\nsteps: [{repeat: {steps: [reset]}}]",
}


def main():
    if sys.argv[1] == "--available":
        return
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = []
    scripts = sorted(pathlib.Path(sys.argv[2]).glob("*.yaml"))
    for path in scripts:
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            bad.append(f"{path.name}: {error.message}")
    for name, text in WRONG.items():
        if validator.is_valid(yaml.safe_load(text)):
            bad.append(f"accepted: {name}")
    print(f"{len(scripts)} right scripts, {len(WRONG)} wrong ones")
    if bad or len(scripts) < 10:
        sys.exit("\n".join(bad) or "too few scripts")


main()
