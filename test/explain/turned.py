"""A capture that looks otherwise and says the same.

Each end has other sequence numbers, which go round soon; every packet is captured twice,
as on two devices, and has a VLAN tag.  Ethernet only, as our scenes are.
"""
import struct

from forms import records
from nets import checksum

HEAD = struct.pack("=IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1)
WRAP = (1 << 32) - 300  # sequence numbers begin there
SACK, END, NOP = 5, 0, 1
COPY_AFTER = 2000


def words(data, at):
    return struct.unpack(">II", data[at:at + 8])


def sacks(tcp):
    """Where the numbers of SACK blocks stand in a segment."""
    at, end = 20, (tcp[12] >> 4) * 4
    while at < end and tcp[at] != END:
        if tcp[at] == NOP:
            at += 1
            continue
        if tcp[at] == SACK:
            yield from range(at + 2, at + tcp[at + 1], 4)
        at += max(2, tcp[at + 1])


def move(tcp, here, there):
    """The segment with numbers moved by `here' and acknowledgements by `there'."""
    out = bytearray(tcp)
    seq, ack = words(tcp, 4)
    out[4:8] = struct.pack(">I", (seq + here) & 0xffffffff)
    if tcp[13] & 16:
        out[8:12] = struct.pack(">I", (ack + there) & 0xffffffff)
    for at in sacks(tcp):
        old = struct.unpack(">I", tcp[at:at + 4])[0]
        out[at:at + 4] = struct.pack(">I", (old + there) & 0xffffffff)
    return out


def parts(data):
    """(where TCP begins, its bytes, the pseudo-header) of a frame; None: it has none."""
    ip = data[14:]
    if data[12:14] == b"\x08\0" and ip[9] == 6 and not struct.unpack(">H", ip[6:8])[0] & 0x3fff:
        size = struct.unpack(">H", ip[2:4])[0] - 20
        return 34, size, ip[12:20] + struct.pack(">HH", 6, size)
    if data[12:14] == b"\x86\xdd" and ip[6] == 6:
        size = struct.unpack(">H", ip[4:6])[0]
        return 54, size, ip[8:40] + struct.pack(">II", size, 6)
    return None


def frame(data, moved):
    """The frame with its numbers moved; its checksum is as right as it was."""
    found = parts(data)
    if not found:
        return data
    at, size, pseudo = found
    tcp = data[at:at + size]
    half = 4 if at == 34 else 16
    here, there = (pseudo[:half], tcp[0:2]), (pseudo[half:2 * half], tcp[2:4])
    here, there = here + there, there + here
    seq, ack = words(tcp, 4)
    moved.setdefault(here, WRAP - seq)
    if tcp[13] & 16:
        moved.setdefault(there, WRAP - ack)
    out = move(tcp, moved[here], moved.get(there, 0))
    if len(tcp) == size and checksum(pseudo + tcp) == 0:
        out[16:18] = bytes(2)
        out[16:18] = struct.pack(">H", checksum(pseudo + bytes(out)))
    return data[:at] + bytes(out) + data[at + size:]


def turned(pcap):
    out, moved = HEAD, {}
    for s, ns, size, data in records(pcap):
        new = frame(data, moved)
        new = new[:12] + b"\x81\0\0\x05" + new[12:]
        for late in (0, COPY_AFTER):
            at = s * 10**9 + ns + late
            out += struct.pack("=IIII", at // 10**9, at % 10**9, len(new), size + 4) + new
    return out
