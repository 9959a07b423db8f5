"""A capture in its other forms."""
import gzip
import shutil
import struct
import subprocess


def records(pcap):
    """(seconds, nanoseconds, bytes on the wire, data) of each packet of a plain capture of ours."""
    at = 24
    while at < len(pcap):
        s, ns, kept, size = struct.unpack("=IIII", pcap[at:at + 16])
        yield s, ns, size, pcap[at + 16:at + 16 + kept]
        at += 16 + kept


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
