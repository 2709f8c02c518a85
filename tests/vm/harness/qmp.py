"""QEMU's machine protocol: commands in, answers and events out, over a unix socket."""

import itertools
import json
import socket
import threading

from .host import BedError

ANSWER_TIMEOUT = 60     # seconds; every command used here answers at once on an idle host
CHUNK = 65536


class QmpError(BedError):
    """QEMU refused a command; `kind` is its error class."""

    def __init__(self, command, error):
        super().__init__(f"QEMU refused {command}: {error['desc']}")
        self.kind = error["class"]


class Qmp:
    """One connection to QEMU; may be used by several threads."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._answers = {}
        self._events = []
        self._open = True
        threading.Thread(target=self._read, daemon=True).start()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """Give COMMAND to QEMU and return its answer; `_` in argument names stands for `-`."""
        number = next(self._numbers)
        arguments = {name.replace("_", "-"): value for name, value in arguments.items() if value is not None}
        message = {"execute": command, "arguments": arguments, "id": number}
        with self._changed:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
            done = self._changed.wait_for(lambda: number in self._answers or not self._open, ANSWER_TIMEOUT)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise BedError(f"QEMU ended before it answered {command}" if done else f"QEMU does not answer {command}")
        if "error" in answer:
            raise QmpError(command, answer["error"])
        return answer["return"]

    def mark(self):
        """A place in the stream of events: what comes later counts as `since` it."""
        with self._changed:
            return len(self._events)

    def wait_event(self, name, since, timeout, **data):
        """The first event NAME after the mark SINCE whose data has the values in DATA."""
        def found():
            for event in self._events[since:]:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    return event
            return None

        with self._changed:
            self._changed.wait_for(lambda: found() or not self._open, timeout)
            event = found()
        if event is None:
            raise BedError(f"QEMU did not report {name} {data} within {timeout} s")
        return event

    def close(self):
        self._socket.close()

    def _read(self):
        rest = b""
        while True:
            try:
                chunk = self._socket.recv(CHUNK)
            except OSError:
                chunk = b""
            *lines, rest = (rest + chunk).split(b"\n")
            with self._changed:
                for line in filter(None, lines):
                    self._take(json.loads(line))
                self._open = bool(chunk)
                self._changed.notify_all()
            if not chunk:
                return

    def _take(self, message):
        if "event" in message:
            self._events.append(message)
        elif "id" in message:
            self._answers[message["id"]] = message
