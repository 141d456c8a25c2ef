# on_terminal.py COLUMNS ROWS PROGRAM [ARGUMENT...]: runs a program on a terminal of that
# size, copies what it writes to stdout as it comes, and ends with its code. What
# stands on stdin is typed at once; with TYPE_WHEN_ASKED=1 a line each time that
# something ends with a colon and a blank.
# SIGTERM and SIGINT go on to the program.
import fcntl
import os
import pty
import signal
import struct
import sys
import termios

columns, rows = int(sys.argv[1]), int(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[3], sys.argv[3:])
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: os.kill(pid, number))
typed = sys.stdin.buffer.read().splitlines(True)
asks = os.environ.get("TYPE_WHEN_ASKED")
said = b""  # since something was typed: a question may come in pieces
if not asks:
    os.write(terminal, b"".join(typed))
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if not data:
        break
    os.write(1, data)
    said += data
    if asks and typed and said.endswith(b": "):
        said = b""
        os.write(terminal, typed.pop(0))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
