"""Runs the tests beside it and ends with a line 'N passed, N failed' (', N skipped' may follow)."""

import os
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True


class Counting(unittest.TextTestResult):
    def startTestRun(self):
        super().startTestRun()
        self.passed = 0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.stream.writeln(f"    {time.monotonic() - self.began:.1f} s")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


loader = unittest.TestLoader()
names = sys.argv[1:]
suite = loader.loadTestsFromNames(names) if names else loader.discover(str(HERE), top_level_dir=str(HERE))
result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Counting).run(suite)
for test, reason in result.skipped:
    print(f"skipped: {test}: {reason}")
failed = len({test.id() for test, _ in result.failures + result.errors})
skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
print(f"{result.passed} passed, {failed} failed{skipped}")
sys.stdout.flush()
# Not sys.exit: what dask's threads print while the interpreter goes down would come after that line.
os._exit(0 if result.wasSuccessful() and result.testsRun else 1)
