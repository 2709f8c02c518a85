# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives everything back, whatever ends the demo.

A process of its own, out of reach of the terminal's Ctrl-C, that reads a pipe of which the demo has the only other end. What
is to be undone is told it before it is done, and the demo waits for its "yes". When the pipe ends, because the demo has
ended or was killed, it undoes all that, the latest first.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys

END_SECONDS = 10        # a process that is asked to end has that long


class Guardian:
    """The demo's side."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1, start_new_session=True)

    def undo(self, what, *arguments):
        """From now on `what` is undone at the end: see deeds below."""
        self.process.stdin.write(json.dumps([what, *map(str, arguments)]) + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "yes\n":
            sys.exit("The guardian does not answer; nothing more is done.")

    def end(self):
        """Everything is given back when this returns. True: without a complaint."""
        if self.process.stdin.closed:
            return self.process.returncode == 0
        self.process.stdin.close()
        return self.process.wait() == 0


def stop(pid, start):
    """End the process with that pid, unless the pid is another's by now."""
    try:
        descriptor = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return
    try:
        if start_of(pid) != start:
            return
        for sig in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(descriptor, sig)
            if select.select([descriptor], [], [], END_SECONDS)[0]:
                return
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)


def start_of(pid):
    """When a process started, in ticks since boot: tells it from a later one of the same pid."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[19]
    except OSError:
        return ""


def remove(path):
    """A file or a directory with all in it, if it is still there."""
    path = pathlib.Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_empty(path):
    """A directory that was made for the demo, if nobody else put something there."""
    try:
        pathlib.Path(path).rmdir()
    except OSError:
        pass


def run(*command):
    """A command that must succeed. What it says goes through us: when the terminal is gone, it must not die of that."""
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    for line in done.stdout.splitlines():
        say("  " + line)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}")


def attempt(*command):
    """A command that may fail."""
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def say(text):
    """To whoever is still there to read it."""
    try:
        os.write(sys.stderr.fileno(), (text + "\n").encode())
    except OSError:
        pass


def same(path, text):
    """A file of the kernel's is as it was."""
    found = pathlib.Path(path).read_text(encoding="ascii").strip()
    if found != text:
        raise RuntimeError(f"{path} is {found} and was {text}")


DEEDS = {deed.__name__: deed for deed in (stop, remove, remove_empty, run, attempt, say, same)}


def main():
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
        signal.signal(sig, signal.SIG_IGN)
    todo = []
    for line in sys.stdin:
        try:
            what, *arguments = json.loads(line)
            todo.append((DEEDS[what], arguments))
        except (ValueError, KeyError):      # the demo died in the middle of a line: it did not do it either
            continue
        try:
            print("yes", flush=True)
        except OSError:
            pass
    failed = False
    for deed, arguments in reversed(todo):
        try:
            deed(*arguments)
        except Exception as problem:        # pylint: disable=broad-except
            failed = True
            say(f"Could not be given back: {deed.__name__} {' '.join(arguments)}: {problem}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
