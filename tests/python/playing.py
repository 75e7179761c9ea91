"""Plays: confirms each frame by an input, and comes back to its seat when the line is cut ("Coming back").

    enter ─► Welcome ─► frames, inputs ─► cut ─► enter at /play/ROOM?resume, with the secret of that Welcome ─► …

Of a connection before nothing goes on but the seat, what the Welcome settled, and the ticks that inputs are named by: the world is empty.
Never here: what is in a frame (see client.py), what is in a Hello (see greeting.py).
"""

import random
import time
from urllib.parse import urlsplit

from bits import pack
from greeting import Welcome, hello
from schema import parts_of
from websocket import Closed, WebSocket

AHEAD = 3  # ticks that an input is ahead of the newest frame
COME_AGAIN = {1001, 1005, 1006, 1011, 1013, *range(4003, 4010)}  # "Close codes": those that say yes, and no word at all
TRIES = 8  # in a row; between them it waits up to 0.25 s, 0.5 s, … 5 s


class Player:
    def __init__(self, url, ca, replica_of):
        self.url, self.ca, self.replica_of = url, ca, replica_of
        self.welcome, self.replicas, self.next_input = None, [], 0
        self.told = {"cuts": 0, "resumed": 0, "seats_gone": 0, "back_ms_max": 0, "welcome_bytes_last": 0}

    def play(self, seconds, cuts):
        begun = time.monotonic()
        ends = [begun + seconds * (part + 1) / (cuts + 1) for part in range(cuts + 1)]
        tries, lost = 0, None
        while ends:
            try:
                socket = self.enter()
                if lost is not None:
                    self.told["back_ms_max"] = max(self.told["back_ms_max"], round(1000 * (time.monotonic() - lost)))
                tries, lost = 0, None
                self.stay(socket, ends[0])
                ends.pop(0)
                if not ends:
                    return leave(socket)
                self.told["cuts"] += 1
                lost = time.monotonic()
                socket.cut()
            except (Closed, OSError) as ending:
                tries, lost = tries + 1, lost or time.monotonic()
                if tries > TRIES or (isinstance(ending, Closed) and ending.code not in COME_AGAIN):
                    raise
                time.sleep(random.uniform(0, min(0.25 * 2 ** (tries - 1), 5)))

    def enter(self):
        """Another connection: to the seat that is kept, if one is."""
        before, at = self.welcome, urlsplit(self.url)
        has_seat = before is not None and before.secret is not None
        url = f"{at.scheme}://{at.netloc}/play/{before.room}?resume" if has_seat else self.url
        socket = WebSocket(url, "tickwire.v1", self.ca)
        socket.send(hello("Python", before))
        self.welcome = Welcome(socket.receive(), before)
        is_back = has_seat and self.welcome.is_seat_of(before)
        self.told["resumed"] += is_back
        self.told["seats_gone"] += has_seat and not is_back
        self.told["welcome_bytes_last"] = self.welcome.size
        self.next_input = self.next_input if is_back else 0
        self.replicas.append(self.replica_of(self.welcome))
        return socket

    def stay(self, socket, until):
        replica, values = self.replicas[-1], [(0, 1)]
        for field in replica.schema.input:
            neutral = [(min(part.zero, part.codes - 1), part.bits) for part in parts_of(field)]
            values += [(0, 1)] if field["kind"] == "reference" else neutral
        while time.monotonic() < until:
            message = socket.receive()
            if message[0] == 6:
                replica.take_tables(message)
                # What is held now has another fingerprint, which nobody has said: the next Welcome brings the tables anew.
                self.welcome.tables_print = 0
            elif message[0] == 2 or message[0] >= 128:
                if not replica.take(message):
                    socket.send(pack((5, 8), (replica.heard, 16)))
                newest = (replica.heard, 16)
                self.next_input = max(self.next_input, replica.heard + AHEAD)
                socket.send(pack((2, 8), (self.next_input, 16), newest, newest, (0, 5 + 9), *values))
                self.next_input += 1
                values = [(1, 1)]
            elif message[0] not in (3, 4, 8):
                raise ValueError(f"a message of kind {message[0]}")


def leave(socket):
    """Says goodbye, and hears it: who hangs up first may not be heard."""
    socket.send(bytes([8]))
    try:
        while True:
            socket.receive()
    except Closed:
        socket.cut()
