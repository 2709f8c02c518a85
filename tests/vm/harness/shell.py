"""Commands in the guest, through the agent that answers on the port bed.agent."""

import base64
import itertools
import threading
from dataclasses import dataclass

from .host import BedError
from .stream import Stream

RUN_TIMEOUT = 60        # seconds a command may take when its caller names no limit
LAST_LINES = 15         # of a command's output that a failed check shows


class CommandFailed(AssertionError):
    """A command ended otherwise than the check said it must."""


def shortened(said):
    """The last lines of what was SAID: there stands why it ended."""
    lines = said.splitlines()
    if len(lines) <= LAST_LINES:
        return said
    return "\n".join([f"[{len(lines) - LAST_LINES} lines]", *lines[-LAST_LINES:]])


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it said."""
    command: str
    code: int
    out: str
    err: str

    def __str__(self):
        said = "; ".join(part.strip() for part in (self.out, self.err) if part.strip())
        return f"`{self.command}` ended with {self.code}: {shortened(said) or 'no output'}"


class Job:
    """A command that runs in the guest. `wait()` for its end, or for a line it writes."""

    def __init__(self, shell, number, command):
        self._shell, self._number, self.command = shell, number, command
        self.output = {"out": b"", "err": b""}
        self.code = None
        self.lost = False

    def take(self, message):
        for name in self.output:
            if name in message:
                self.output[name] += base64.b64decode(message[name])
        if "code" in message:
            self.code = message["code"]

    def result(self):
        texts = {name: data.decode(errors="replace") for name, data in self.output.items()}
        return Result(self.command, self.code, **texts)

    def wait(self, timeout=RUN_TIMEOUT):
        """The Result; raises when there is none within TIMEOUT seconds, and kills the command."""
        if not self._shell.wait_for(lambda: self.code is not None or self.lost, timeout):
            self.kill()
            raise CommandFailed(f"`{self.command}` did not end within {timeout} s: {self.result().out.strip()}")
        if self.lost:
            raise BedError(f"the guest went away under `{self.command}`")
        return self.result()

    def wait_output(self, text, timeout=RUN_TIMEOUT):
        """Wait until the command has written TEXT to its standard output."""
        wanted = text.encode()
        self._shell.wait_for(lambda: wanted in self.output["out"] or self.code is not None or self.lost, timeout)
        if wanted not in self.output["out"]:
            raise CommandFailed(f"did not write {text!r} within {timeout} s: {self.result()}")

    def kill(self):
        self._shell.send({"id": self._number, "kill": True})


class Shell:
    """The line to the guest's agent. Jobs of different threads run side by side."""

    def __init__(self, path):
        self._numbers = itertools.count(1)
        self._jobs = {}
        self._changed = threading.Condition()
        self.boot_id = None
        self._stream = Stream(path, self._take, self._closed)

    def start(self, command, user="root", data=b""):
        """Start COMMAND with bash as USER, DATA on its standard input; returns a Job at once."""
        number = next(self._numbers)
        job = Job(self, number, command)
        with self._changed:
            self._jobs[number] = job
        self.send({"id": number, "run": command, "user": user, "input": base64.b64encode(data).decode()})
        return job

    def run(self, command, user="root", timeout=RUN_TIMEOUT, check=True, data=b""):
        """Run COMMAND to its end. With CHECK, another exit code than 0 fails the check."""
        result = self.start(command, user, data).wait(timeout)
        if check and result.code != 0:
            raise CommandFailed(str(result))
        return result

    def wait_boot(self, other_than, timeout):
        """Wait for the agent of a boot OTHER_THAN the given one; True when it is there."""
        return self.wait_for(lambda: self.boot_id not in (None, other_than), timeout)

    def wait_for(self, condition, timeout):
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def send(self, message):
        try:
            self._stream.send(message)
        except OSError as error:
            raise BedError(f"the guest is gone: {error}") from error

    def close(self):
        self._stream.close()

    def _take(self, message):
        with self._changed:
            if "hello" in message:
                self.boot_id = message["hello"]
                self._lose_jobs()
            elif message["id"] in self._jobs:
                job = self._jobs[message["id"]]
                job.take(message)
                if job.code is not None:
                    del self._jobs[message["id"]]
            self._changed.notify_all()

    def _closed(self):
        with self._changed:
            self._lose_jobs()
            self._changed.notify_all()

    def _lose_jobs(self):
        """A command of an earlier boot, or of a guest that is gone, gets no answer any more."""
        for job in self._jobs.values():
            job.lost = True
        self._jobs.clear()
