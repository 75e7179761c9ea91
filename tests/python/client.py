#!/usr/bin/env python3
"""A Tickwire client, written from shared/PROTOCOL.md alone: it plays any game, holds its world and checks every frame's digest.

    client.py golden FOLDER                                     reads the examples of tests/golden
    client.py play wss://HOST[/play/ROOM] [--ca FILE] [--seconds 10] [--cuts 3]

Prints a line of JSON; exit code 1 if anything was wrong. `--cuts N` cuts its own line so often: it comes back to its seat where the server
keeps one, else as somebody new. `--break PREDICTOR` forgets how that one moves, to see that it is noticed.
Each neighbour is a chapter of the page: bits.py, schema.py, guessing.py, held.py, greeting.py; playing.py plays; websocket.py is the standard's.
"""

import argparse
import json
import pathlib
import sys

from bits import Bits, Tables
from greeting import Welcome
from guessing import Part, signed
from held import KIND, U32, Held, play_through
from playing import Player
from schema import Schema

PIECES, LEAVES, DEMOTIONS, RECORDS = 0, 2, 4, 6  # contexts


class Replica:
    """All that is held, and whether it is what the server says: "State frames"."""

    def __init__(self, welcome):
        self.schema = Schema(welcome.schema, welcome.slot_bits)
        self.tables = [Tables(welcome.tables, self.schema.context_count)]
        self.tick, self.features, self.slot_bits = welcome.tick, welcome.features, welcome.slot_bits
        self.slots, self.heard, self.lost = {}, self.tick, False
        self.frames = self.checked = self.mismatches = 0

    def take_tables(self, message):
        since = int.from_bytes(message[1:5], "little")
        self.tables = [Tables(message[5:], self.schema.context_count, since), *self.tables[:5]]

    def tables_at(self, tick):
        return next(tables for tables in self.tables if tables.since <= tick)

    def of(self, section, fresh=False):
        return [slot for slot, held in sorted(self.slots.items()) if held.facet.section == section and held.fresh >= fresh]

    def take(self, message):
        """Takes a frame in; false: a resync is to be asked for."""
        bits, is_step, covered, is_full = Bits(message), message[0] >= 128, 1, False
        self.frames += 1
        if is_step:
            tick = self.heard - 15 + (bits.u(5) - self.heard + 15) % 32
            is_ordinary, epoch, _ = bits.u(1), bits.u(1), bits.u(1)
            covered = 1 if is_ordinary else bits.u(4) + 1
            bits.u(0 if is_ordinary else covered)
        else:
            _, is_full, tick = bits.u(8), bits.u(2) == 1, self.heard + signed(bits.u(16) - self.heard & 0xFFFF, 16)
            epoch = bits.u(8) if is_full else 0
        self.heard = tick
        if not is_step and not is_full:
            return True
        tables = self.tables_at(tick)
        if epoch != (tables.epoch & 1 if is_step else tables.epoch):
            raise ValueError("a frame in other tables")
        bits.codes = tables.codes
        leaves, sections, has_events = self.read_header(bits, is_step)
        digest = [bits.u(32), bits.u(32)] if self.features & 1 else bits.u(16)
        bits.align()
        bits.bytes(bits.u(16) if has_events else 0)
        if self.lost and is_step:
            return True
        self.lost = is_step and tick - covered != self.tick
        if self.lost:
            return False
        self.tick, self.slots = tick, self.slots if is_step else {}
        for section in leaves:
            for slot in bits.positions(LEAVES, self.of(section)):
                del self.slots[slot]
            bits.align()
        for section in range(4):
            ticks = range(tick - covered + 1, tick + 1) if is_step else ()
            self.take_section(bits, section, section in sections, ticks)
        bits.align(at_the_end=True)
        lanes = [sum(lane) & U32 for lane in zip((0, 0), *(held.hash(slot) for slot, held in self.slots.items()))]
        self.lost = digest != (lanes if self.features & 1 else (lanes[0] ^ lanes[1]) & 0xFFFF)
        self.checked, self.mismatches = self.checked + 1, self.mismatches + self.lost
        return not self.lost

    def read_header(self, bits, is_step):
        """From how early the newest input came to the events' flag: whose leaves follow, which sections, whether events."""
        if not bits.u(1):
            bits.u(5)
        elif bits.u(1):
            bits.u(8)
        if bits.u(1):
            return [0] if is_step and bits.u(1) else [], [0], False
        bits.u(16 if bits.u(1) else 0)  # our own entity
        bits.u(1)  # complete
        return bits.flags(4) if is_step else [], bits.flags(4), bits.u(1)

    def take_section(self, bits, section, is_there, ticks):
        fresh, frame_codes = self.of(section, fresh=True), bits.codes
        for tick in ticks:
            bits.codes = self.tables_at(tick).codes
            changed = bits.positions(PIECES, fresh) if is_there else []
            for slot in changed:
                self.slots[slot].read_piece(bits)
            for slot in set(fresh) - set(changed):
                self.slots[slot].advance()
        bits.codes = frame_codes
        if not is_there:
            return
        for slot in bits.positions(DEMOTIONS, fresh) if ticks else ():
            self.slots[slot].fresh = False
        for _ in range(bits.number(RECORDS)):
            is_new, kind, slot = bits.u(1), bits.symbol(KIND), bits.u(self.slot_bits)
            facet = self.schema.facets[kind]
            anchor = slot if facet.is_anchor else bits.u(self.slot_bits)
            if is_new == (slot in self.slots) or (not facet.is_anchor and anchor not in self.slots):
                raise ValueError("a record out of place")
            self.slots[slot] = Held(kind, facet, anchor).read_record(bits)
        bits.align()


def read_golden(folder):
    def read(name):
        lines = (folder / f"{name}.hex").read_text().splitlines()
        return bytes.fromhex("".join(line for line in lines if not line.startswith("#")))

    replica = Replica(Welcome(read("welcome")))
    for name in ("state_full", "state_step", "state_events_lost", "state_ordinary", "state_keep_alive"):
        replica.take(read(name))
    replica.features |= 1
    replica.take(read("state_full_digest"))
    for game in json.loads((folder / "pieces.json").read_text()):
        replica.mismatches += play_through(game)
    return replica


def main():
    line = argparse.ArgumentParser(description="A Tickwire client in Python that checks every digest.")
    line.add_argument("what", choices=("golden", "play"))
    line.add_argument("where", help="a folder of golden files, or a server's wss address")
    line.add_argument("--ca", help="the authority to trust, as PEM")
    line.add_argument("--seconds", type=float, default=10)
    line.add_argument("--break", dest="broken", help="a predictor to forget")
    line.add_argument("--cuts", type=int, default=0, help="how often it cuts its own line")
    asked = line.parse_args()
    Part.broken = asked.broken
    if asked.what == "golden":
        replicas, told = [read_golden(pathlib.Path(asked.where))], {}
    else:
        player = Player(asked.where, asked.ca, Replica)
        player.play(asked.seconds, asked.cuts)
        replicas, told = player.replicas, player.told
    counts = [("frames", "frames"), ("digests_checked", "checked"), ("mismatches", "mismatches")]
    sums = {name: sum(getattr(replica, count) for replica in replicas) for name, count in counts}
    last = replicas[-1]
    print(json.dumps({"game": last.schema.game, "tick": last.tick, "held": len(last.slots), **sums, **told}))
    sys.exit(1 if sums["mismatches"] or not sums["digests_checked"] else 0)


main()
