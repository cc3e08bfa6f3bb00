"""What the Python servers share: a free port of the loopback, and an end when the test ends."""

import os
import socket
import sys
import threading


def listen():
    """A listening socket on a free port, which is told to the test as the first line of output."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def announce(port):
    """Tells the port and leaves when the test closes our input."""
    print(port, flush=True)
    threading.Thread(target=_leave_with_input, daemon=True).start()


def _leave_with_input():
    sys.stdin.buffer.read()
    os._exit(0)
