"""Counts a test run: prints `PASSED FAILED` on standard output, and what failed, was skipped or runs only on demand (explicit tests), by name, on standard error."""
import sys
import xml.etree.ElementTree as ET

NS = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
passed = failed = 0
root = ET.parse(sys.argv[1]).getroot()
for result in root.findall(".//t:UnitTestResult", NS):
    outcome, name = result.get("outcome"), result.get("testName")
    if outcome == "Passed":
        passed += 1
    elif outcome == "NotExecuted":
        why = result.find(".//t:Message", NS)
        print(f"skipped: {name}: {(why.text if why is not None else '') or ''}".strip(), file=sys.stderr)
    elif outcome == "NotRunnable":
        print(f"only on demand: {name}", file=sys.stderr)
    else:
        failed += 1
        print(f"FAILED: {name}", file=sys.stderr)
summary = root.find("t:ResultSummary", NS)
if summary is not None and summary.get("outcome") in ("Failed", "Aborted", "Error") and failed == 0:
    failed = 1
    print("FAILED: the test host did not end well", file=sys.stderr)
print(passed, failed)
