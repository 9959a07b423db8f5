"""A capture in its other forms."""
import gzip
import shutil
import struct
import subprocess


def records_ng(pcapng):
    """The same of a pcapng file with nanoseconds, as ours are."""
    at = 0
    while at < len(pcapng):
        kind, size = struct.unpack("=II", pcapng[at:at + 8])
        if kind == 6:
            high, low, kept, wire = struct.unpack("=IIII", pcapng[at + 12:at + 28])
            ns = high << 32 | low
            yield ns // 10**9, ns % 10**9, wire, pcapng[at + 28:at + 28 + kept]
        at += size


def records(pcap):
    """(seconds, nanoseconds, bytes on the wire, data) of each packet of a capture of ours."""
    if pcap[:4] == b"\x0a\x0d\x0d\x0a":
        yield from records_ng(pcap)
        return
    at = 24
    while at < len(pcap):
        s, ns, kept, size = struct.unpack("=IIII", pcap[at:at + 16])
        yield s, ns, size, pcap[at + 16:at + 16 + kept]
        at += 16 + kept


def later(path, seconds):
    """The packets of a capture, so much later, without its header."""
    return b"".join(struct.pack("=IIII", s + seconds, ns, len(data), size) + data
                    for s, ns, size, data in records(path.read_bytes()))


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("=I", len(body) + 12)
    return struct.pack("=I", kind) + size + body + size


def pcapng(pcap):
    """The same as pcapng, with nanoseconds (if_tsresol 9)."""
    link = struct.unpack("=I", pcap[20:24])[0]
    out = block(0x0a0d0d0a, struct.pack("=IHHq", 0x1a2b3c4d, 1, 0, -1))
    out += block(1, struct.pack("=HHI", link, 0, 262144) + struct.pack("=HHB3xHH", 9, 1, 9, 0, 0))
    for s, ns, size, data in records(pcap):
        at = s * 10**9 + ns
        out += block(6, struct.pack("=IIIII", 0, at >> 32, at & 0xffffffff, len(data), size) + data)
    return out


def zstd(pcap):
    """None: there is no zstd here."""
    if not shutil.which("zstd"):
        return None
    return subprocess.run(["zstd", "-qc"], input=pcap, stdout=subprocess.PIPE, check=True).stdout


def all_forms(pcap):
    return {"pcapng": pcapng(pcap), "gzip": gzip.compress(pcap), "zstd": zstd(pcap),
            "pcapng.gz": gzip.compress(pcapng(pcap)),
            "two gzips": gzip.compress(pcap[:200]) + gzip.compress(pcap[200:])}
