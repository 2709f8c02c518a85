# SPDX-License-Identifier: GPL-3.0-or-later
"""TAP from a Python test whose checks each list what is wrong; and the shell command that must succeed."""

import subprocess


class Tap:
    """The results of the tests of SUBJECT."""

    def __init__(self, subject):
        self.subject, self.count, self.failed = subject, 0, False

    def check(self, name, problems):
        """One result: it is well when there are no PROBLEMS, each of them a text."""
        self.count += 1
        problems = list(problems)
        for problem in problems:
            print(f"# {problem}")
        self.failed = self.failed or bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {self.subject}: {name}", flush=True)

    def end(self):
        """The plan; the exit code."""
        print(f"1..{self.count}")
        return int(self.failed)


def call(command, text=None):
    """What the shell COMMAND says, given TEXT; it raises when it fails."""
    return subprocess.run(command, shell=True, check=True, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
