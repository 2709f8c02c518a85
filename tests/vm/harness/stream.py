"""A virtio-serial port of the guest, as a stream of JSON lines that outlives the guest's reboots."""

import json
import socket
import threading

CHUNK = 1 << 18


class Stream:
    """Connects to QEMU's socket and gives every object that arrives to `take`, in order.

    A guest that is reset in the middle of a line leaves half of it; the next boot's first byte is
    a newline, so only that half is lost, and it is skipped.
    """

    def __init__(self, path, take, closed):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._lock = threading.Lock()
        self._take, self._closed = take, closed
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, message):
        with self._lock:
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def close(self):
        self._socket.close()

    def _read(self):
        rest = b""
        while True:
            try:
                chunk = self._socket.recv(CHUNK)
            except OSError:
                chunk = b""
            if not chunk:
                self._closed()
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                self._take(message)
