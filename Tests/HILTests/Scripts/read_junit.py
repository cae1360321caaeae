"""Judges a JUnit file: lxml holds it against the schema beside this script, junitparser reads it as CI systems do. Prints
a line per test case: name, verdict, seconds, the number of attempts that were tried again, and its log's first line.
Argument: the file."""

import sys
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

path = sys.argv[1]
schema = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("surefire.xsd"))))
document = etree.parse(path)
if not schema.validate(document):
    sys.exit("\n".join(str(entry) for entry in schema.error_log))

totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
for suite in JUnitXml.fromfile(path):
    for key in totals:
        totals[key] += getattr(suite, key)
    for case in suite:
        verdicts = [type(result).__name__ for result in case.result if isinstance(result, (Failure, Error, Skipped))]
        again = [child.tag for child in case._elem if child.tag[:5] in ("rerun", "flaky")]
        print(case.name, verdicts[0] if verdicts else "Passed", case.time, ",".join(again), sep="\t")

root = document.getroot()
for key, value in totals.items():
    if int(root.get(key)) != value:
        sys.exit(f"the suites have {value} {key}, the root says {root.get(key)}")
