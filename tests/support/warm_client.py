"""``interop`` for a transcript: has the warm interpreter run the command, ends as that one ended.

It runs once for each command, with ``-I -S``, and imports only what is compiled into Python
(``_socket`` and not ``socket``): to start in a hundredth of a second is the point of it.
"""

import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SHUT_WR, SOL_SOCKET, socket

address, *args = map(os.fsencode, sys.argv[1:])
words = [os.getcwdb(), b"interop", b"", b"", b"", b"%d" % len(args), *args]  # noqa: PTH109
words += [name + b"=" + value for name, value in os.environb.items()]
request = b"\0".join(words)
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))

server = socket(AF_UNIX)
server.connect(address)
sent = server.sendmsg([request], [(SOL_SOCKET, SCM_RIGHTS, streams)])
server.sendall(request[sent:])
server.shutdown(SHUT_WR)
server.recv(4)  # the number of the process
answer = server.recv(4)
if not answer:
    sys.exit("interop ended without an exit code")
code = int.from_bytes(answer, sys.byteorder, signed=True)
os._exit(code if code >= 0 else 128 - code)  # as a shell says it
