"""Have the fork server run a script, or become its Python: client.py SOCKET PYTHON SCRIPT …

It comes before every job, so it imports next to nothing: `socket` and `signal` would double its
time.
"""

import _signal
import _socket
import os
import sys

TAKEN, KILLED = b"y", 137  # 128 + SIGKILL, a shell's word for it


def ask(server: _socket.socket, address: str, command: list[str]) -> bytes:
    """Return `TAKEN`, or another answer or none, after which the script has not begun.

    Raises:
        OSError: no server is there.
    """
    variables = [f"{name}={value}" for name, value in os.environ.items()]
    words = [os.getcwd(), str(len(command)), *command, *variables]
    request = "\0".join(words).encode(errors="surrogateescape")
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    server.connect(address)
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
    server.sendmsg([len(request).to_bytes(4, "big")], rights)
    server.sendall(request)
    return server.recv(1)


def say(line: str) -> None:
    """Print one line, in one piece, where errors go."""
    os.write(2, f"relearn: {line}\n".encode())


def main(address: str, command: list[str]) -> int:
    """Return the script's exit status, unless this process becomes the command."""
    interruptible = _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN
    if interruptible:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    server = _socket.socket(_socket.AF_UNIX)
    try:
        answer = ask(server, address, command)
    except OSError as error:
        say(f"the fork server is gone, this job starts by itself: {error}")
        answer = b""
    if answer != TAKEN:
        os.execv(command[0], command)
    if interruptible:  # Ctrl-C reaches the script too, and it is the script's to answer
        _signal.signal(_signal.SIGINT, lambda *_: None)
    if status := server.recv(1):
        return status[0]
    say("a job ended without a word: it was killed, maybe for want of memory, or left by os._exit")
    return KILLED


if __name__ == "__main__":
    os._exit(main(sys.argv[1], sys.argv[2:]))
