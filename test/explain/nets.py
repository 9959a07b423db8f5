"""Two hosts in network namespaces, joined by a wire, and a capture of it.

Nothing outside is touched; what is made has the name swx-PID-N.
"""
import contextlib
import ctypes
import fcntl
import os
import queue
import select
import socket
import struct
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
SIOCETHTOOL = 0x8946
OFFLOADS = (0x15, 0x17, 0x1f, 0x24, 0x2c)  # ETHTOOL_SRXCSUM STXCSUM STSO SGSO SGRO
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
AF4, STREAM = socket.AF_INET, socket.SOCK_STREAM


def command(*words):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(map(str, words))}: {done.stdout.strip()}")


class Factory:
    """A thread that stays in a namespace and makes sockets."""

    def __init__(self, host):
        self.wanted, self.made = queue.Queue(), queue.Queue()

        def work():
            with open(f"/run/netns/{host.name}") as file:
                LIBC.setns(file.fileno(), CLONE_NEWNET)
            while self.wanted.get():
                self.made.put(socket.socket())
        threading.Thread(target=work, daemon=True).start()

    def socket(self):
        self.wanted.put(True)
        return self.made.get()


class Host:
    """A namespace with one address of each family."""

    def __init__(self, name, number, side):
        self.name, self.side, self.factory = name, side, None
        self.device = "wire0"
        self.v4 = f"10.{90 + number // 200}.{number % 200}.{1 + side}"
        self.v6 = f"fd00:9:{number:x}::{1 + side}"
        command("ip", "netns", "add", name)
        command("ip", "-n", name, "link", "set", "lo", "up")

    def address(self, family=AF4):
        return self.v4 if family == socket.AF_INET else self.v6

    def inside(self, function):
        """What the function gives, called in the namespace."""
        result, failure = [], []

        def work():
            try:
                with open(f"/run/netns/{self.name}") as file:
                    if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                result.append(function())
            except OSError as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failure:
            raise failure[0]
        return result[0]

    def socket(self, family=AF4, kind=STREAM, protocol=0):
        one = self.inside(lambda: socket.socket(family, kind, protocol))
        one.settimeout(10)
        return one

    def socket_here(self):
        """The same, without a thread each: for many."""
        if self.factory is None:
            self.factory = Factory(self)
        return self.factory.socket()

    def listen(self, port=80, backlog=64, family=AF4, **options):
        one = self.socket(family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for name, value in options.items():
            level = socket.IPPROTO_TCP if name.startswith("TCP") else socket.SOL_SOCKET
            one.setsockopt(level, getattr(socket, name), value)
        one.bind((self.address(family), port))
        one.listen(backlog)
        return one

    def sysctl(self, name, value):
        command("ip", "netns", "exec", self.name, "sysctl", "-qw", f"{name}={value}")

    def rule(self, text, hook="input"):
        """A rule of nft's; what takes it away again."""
        table = f"t{time.monotonic_ns()}"
        command("ip", "netns", "exec", self.name, "nft",
                f"table inet {table} {{\nchain c {{\ntype filter hook {hook} priority 0;\n{text}\n}}\n}}")

        def away():
            command("ip", "netns", "exec", self.name, "nft", f"delete table inet {table}")
        return away

    def offloads(self, on):
        def switch():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                for what in OFFLOADS:
                    value = ctypes.create_string_buffer(struct.pack("II", what, int(on)))
                    request = struct.pack("16sQ", self.device.encode(), ctypes.addressof(value))
                    with contextlib.suppress(OSError):
                        fcntl.ioctl(one, SIOCETHTOOL, request)
        self.inside(lambda: switch())

    def destroy(self):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)


class Capture:
    """What passes a host's device, as a pcap file with nanoseconds."""

    def __init__(self, host):
        def opened():
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            one.bind((host.device, 0))
            return one
        self.socket = host.inside(opened)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE
                               if hasattr(socket, "SO_RCVBUFFORCE") else 33, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.packets, self.stopping = [], False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while True:
            ready, _, _ = select.select([self.socket], [], [], 0.05)
            if not ready:
                if self.stopping:
                    return
                continue
            data, extra, _, _ = self.socket.recvmsg(70000, 64)
            at = next((struct.unpack("qq", part[:16]) for _, kind, part in extra
                       if kind == SO_TIMESTAMPNS), (0, 0))
            self.packets.append((at, data))

    def stop(self):
        time.sleep(0.02)
        self.stopping = True
        self.thread.join()
        self.socket.close()

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1))
            for (s, ns), data in self.packets:
                file.write(struct.pack("IIII", s, ns, len(data), len(data)) + data)


class Net:
    """A client and a server, and the capture at one of them."""

    made = 0
    lock = threading.Lock()

    def __init__(self, at="client", offloads=False):
        with Net.lock:
            Net.made += 1
            number = Net.made
        self.hosts = []
        for side in (0, 1):
            self.hosts.append(Host(f"swx-{os.getpid()}-{number}{'cs'[side]}", number, side))
        self.client, self.server = self.hosts
        a, b = self.client.name, self.server.name
        command("ip", "-n", a, "link", "add", "wire0", "type", "veth", "peer", "name", "wire0",
                "netns", b)
        for host in self.hosts:
            host.offloads(offloads)
            command("ip", "-n", host.name, "addr", "add", f"{host.v4}/24", "dev", "wire0")
            command("ip", "-n", host.name, "-6", "addr", "add", f"{host.v6}/64", "dev", "wire0",
                    "nodad")
            command("ip", "-n", host.name, "link", "set", "wire0", "up")
        time.sleep(0.05)
        self.capture = Capture(self.client if at == "client" else self.server)

    def pair(self, port=80, family=AF4, listener=None, **options):
        """A connection: the client's socket and the server's."""
        listener = listener or self.server.listen(port, family=family)
        one = self.client.socket(family)
        for name, value in options.items():
            level = socket.IPPROTO_TCP if name.startswith("TCP") else socket.SOL_SOCKET
            one.setsockopt(level, getattr(socket, name), value)
        one.connect((self.server.address(family), port))
        other, _ = listener.accept()
        other.settimeout(10)
        return one, other

    def mark(self):
        """A packet of something else: so late it is."""
        self.client.socket(kind=socket.SOCK_DGRAM).sendto(b"now", (self.server.v4, 9))
        time.sleep(0.05)

    def segments(self):
        """IPv4 TCP segments captured so far: (src, dst, sport, dport, seq, ack, flags, payload)."""
        found = []
        for _, data in list(self.capture.packets):
            if data[12:14] != b"\x08\0" or data[23] != 6:
                continue
            ip = data[14:]
            head = (ip[0] & 15) * 4
            tcp = ip[head:struct.unpack(">H", ip[2:4])[0]]
            sport, dport, seq, ack = struct.unpack(">HHII", tcp[:12])
            found.append((ip[12:16], ip[16:20], sport, dport, seq, ack, tcp[13],
                          tcp[(tcp[12] >> 4) * 4:]))
        return found

    def destroy(self):
        with contextlib.suppress(Exception):
            if not self.capture.stopping:
                self.capture.stop()
        for host in self.hosts:
            host.destroy()


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def forged(src, dst, sport, dport, seq, ack, flags, ttl=64, window=1000, payload=b"", options=b""):
    """An IPv4 packet with a TCP segment that nobody sent."""
    size = 20 + len(options)
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                      size // 4 << 4, flags, window, 0, 0) + options + payload
    a, b = socket.inet_aton(src), socket.inet_aton(dst)
    sum_ = checksum(a + b + struct.pack(">HH", 6, len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack(">H", sum_) + tcp[18:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), (seq ^ sport) & 0xffff, 0x4000, ttl,
                     6, 0, a, b)
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + tcp


def sweep():
    """Namespaces of runs that were killed."""
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        words = name.split("-")
        if words[0] == "swx" and not os.path.exists(f"/proc/{words[1]}"):
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)


def obstacle():
    """Why there can be no namespaces here, or None."""
    if os.geteuid() != 0:
        return "needs root (network namespaces)"
    for program, package in (("ip", "iproute2"), ("nft", "nftables")):
        if subprocess.run(["sh", "-c", f"command -v {program}"], stdout=subprocess.DEVNULL).returncode:
            return f"needs {program} (Debian package {package})"
    net = None
    try:
        net = Net()
        net.server.rule("tcp dport 1 drop")
    except OSError as error:
        return f"no network namespaces here: {error}"
    finally:
        if net:
            net.destroy()
    return None
