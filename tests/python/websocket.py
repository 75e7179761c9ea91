"""A WebSocket client over TLS (RFC 6455), no more than a game needs: whole binary messages, pings answered, the close code told.

Never here: what is in the messages (see client.py).
"""

import base64
import os
import socket
import ssl
from urllib.parse import urlsplit

BINARY, CLOSE, PING = 2, 8, 9


class Closed(Exception):
    """The server has ended it: a close code and its reason, 1006 where it said nothing."""

    @property
    def code(self) -> int:
        return self.args[0]


class WebSocket:
    def __init__(self, url: str, protocol: str, ca: str | None):
        at = urlsplit(url)
        host, port = at.hostname or "", at.port or (443 if at.scheme == "wss" else 80)
        line = socket.create_connection((host, port), timeout=10)
        tls = ssl.create_default_context(cafile=ca)
        self.line = tls.wrap_socket(line, server_hostname=host) if at.scheme == "wss" else line
        key = base64.b64encode(os.urandom(16)).decode()
        self.line.sendall(
            f"GET {at.path.rstrip('/') or '/play'}{'?' * bool(at.query)}{at.query} HTTP/1.1\r\nHost: {at.netloc}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        self.bytes = self.line.makefile("rb")
        head = list(iter(self.bytes.readline, b"\r\n"))
        if b" 101 " not in head[0]:
            raise ConnectionError(f"refused: {head[0].decode().strip()} {self.bytes.read1().decode(errors='replace')}")

    def cut(self) -> None:
        """Without a word, as a path that is gone."""
        self.bytes.close()
        self.line.close()

    def send(self, message: bytes, kind: int = BINARY) -> None:
        size = len(message)
        length = bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big")
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(message))
        self.line.sendall(bytes([0x80 | kind]) + length + mask + masked)

    def receive(self) -> bytes:
        message = b""
        while True:
            first, size = self.take(2)
            if size >= 126:
                size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
            if size > 262_144:
                raise ConnectionError(f"a message of {size} bytes is too large")
            piece, kind = self.take(size), first & 15
            if kind == CLOSE:
                raise Closed(int.from_bytes(piece[:2], "big") or 1005, piece[2:].decode(errors="replace"))
            if kind == PING:
                self.send(piece, 10)
            elif kind < CLOSE:
                message += piece
                if first & 0x80:
                    return message

    def take(self, count: int) -> bytes:
        taken = self.bytes.read(count)
        if len(taken) < count:
            raise Closed(1006, "cut off without a word")
        return taken
