"""What Linux kernels do to each other: captures for `synwave explain', made now.

Each case is a function of a Net; its docstring names the findings that are expected, and
after `may' those that are not wrong either.  `near' says which finding it must not be
taken for.
"""
import contextlib
import os
import random
import socket
import struct
import threading
import time

from nets import AF4, Net, forged

AF6 = socket.AF_INET6
CASES = []
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def case(expect="", near="", may="", args="", **how):
    def add(function):
        CASES.append({"name": function.__name__.replace("_", "-"), "make": function,
                      "expect": expect.split(), "near": near.split(), "may": may.split(),
                      "args": args.split(), "how": how})
        return function
    return add


def take(one, n=1 << 30):
    got = b""
    with contextlib.suppress(OSError):
        while len(got) < n and (part := one.recv(1 << 16)):
            got += part
    return got


def started(function, *args):
    def work():
        with contextlib.suppress(OSError):
            function(*args)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def linger(one):
    """Closing is a RST."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def talk(net, port=80, family=AF4, answer=3000, listener=None):
    """GET, answer, the server closes first."""
    a, b = net.pair(port, family, listener)
    a.sendall(b"GET /\n")
    b.recv(100)
    b.sendall(b"x" * answer)
    b.close()
    take(a)
    a.close()


def last_of(net, src, payload=None):
    """(seq after it, ack, sport, dport) of the last segment from this address."""
    want = socket.inet_aton(src)
    for s in reversed(net.segments()):
        if s[0] == want and (payload is None or bool(s[7]) == payload):
            return s[4] + len(s[7]) + bool(s[6] & (FIN | SYN)), s[5], s[2], s[3]
    raise OSError("nothing captured")


def inject(host, packets):
    raw = host.socket(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW)
    for packet in packets:
        raw.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
    raw.close()


# ---- opening ---------------------------------------------------------------------


@case()
def normal(net):
    talk(net)


@case()
def normal_ipv6(net):
    talk(net, family=AF6)


@case(at="server")
def normal_at_the_server(net):
    for _ in range(3):
        talk(net, listener=net.server.listen(8000 + _), port=8000 + _)


@case("refused")
def refused(net):
    with contextlib.suppress(OSError):
        net.client.socket().connect((net.server.v4, 81))


@case("refused")
def refused_ipv6(net):
    with contextlib.suppress(OSError):
        net.client.socket(AF6).connect((net.server.v6, 81))


@case("connect-timeout")
def syn_timeout(net):
    net.server.rule("tcp dport 81 drop")
    one = net.client.socket()
    one.settimeout(3.3)
    with contextlib.suppress(OSError):
        one.connect((net.server.v4, 81))
    one.close()


@case(near="connect-timeout", may="retransmission")
def one_syn_and_the_end(net):
    """The capture ends before anybody could tell."""
    net.server.rule("tcp dport 81 drop")
    one = net.client.socket()
    one.settimeout(0.3)
    with contextlib.suppress(OSError):
        one.connect((net.server.v4, 81))
    net.capture.stop()
    one.close()


@case("rejected-by-policy", near="refused unreachable")
def rejected(net):
    net.server.rule("tcp dport 82 reject with icmp admin-prohibited")
    with contextlib.suppress(OSError):
        net.client.socket().connect((net.server.v4, 82))


@case("rejected-by-policy")
def rejected_ipv6(net):
    net.server.rule("tcp dport 82 reject with icmpv6 admin-prohibited")
    with contextlib.suppress(OSError):
        net.client.socket(AF6).connect((net.server.v6, 82))


@case("unreachable", near="rejected-by-policy refused")
def host_unreachable(net):
    net.server.rule("tcp dport 83 reject with icmp host-unreachable")
    one = net.client.socket()
    one.settimeout(1.5)
    with contextlib.suppress(OSError):
        one.connect((net.server.v4, 83))


@case("unreachable")
def port_unreachable(net):
    net.server.rule("tcp dport 83 reject")
    with contextlib.suppress(OSError):
        net.client.socket().connect((net.server.v4, 83))


@case("unreachable")
def no_route_ipv6(net):
    net.server.rule("tcp dport 83 reject with icmpv6 no-route")
    one = net.client.socket(AF6)
    one.settimeout(1.5)
    with contextlib.suppress(OSError):
        one.connect((net.server.v6, 83))


@case("retransmission", near="connect-timeout accept-queue-full")
def lost_syn(net):
    listener = net.server.listen()
    away = net.server.rule("tcp flags & (syn | ack) == syn drop")
    threading.Timer(0.5, away).start()
    a, b = net.pair(listener=listener)
    a.close()
    b.close()


@case("retransmission", near="accept-queue-full half-open")
def lost_syn_ack(net):
    listener = net.server.listen()
    away = net.client.rule("tcp flags & (syn | ack) == syn | ack drop")
    threading.Timer(0.5, away).start()
    a, b = net.pair(listener=listener)
    a.close()
    b.close()


@case("simultaneous-open", may="retransmission")
def simultaneous_open(net):
    """SYNs of both are held up until both are in SYN-SENT."""
    ways = [host.rule("tcp flags & (syn | ack) == syn drop") for host in net.hosts]
    ends = []
    for host, other in (net.hosts, net.hosts[::-1]):
        one = host.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host.v4, 5000))
        ends.append((one, (other.v4, 5000)))
    threads = [started(one.connect, to) for one, to in ends]
    time.sleep(0.4)
    for away in ways:
        away()
    for thread in threads:
        thread.join(5)
    ends[0][0].sendall(b"hello")
    ends[1][0].recv(10)
    for one, _ in ends:
        one.close()


@case("accept-queue-full", near="connect-timeout syn-flood")
def accept_queue(net):
    """Nobody accepts: backlog 1, eight clients."""
    listener = net.server.listen(backlog=1)
    waiting = clients(net, 8)
    time.sleep(3.4)
    net.capture.stop()
    listener.close()
    del waiting


def clients(net, n, port=80):
    """So many that connect at once, without waiting."""
    found = []
    for _ in range(n):
        one = net.client.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect((net.server.v4, port))
        found.append(one)
    return found


@case("accept-queue-full", near="half-open reset-unread-data", may="retransmission")
def accept_queue_resets(net):
    """The ACKs of five handshakes come late and at once; there is room for one."""
    net.server.sysctl("net.ipv4.tcp_abort_on_overflow", 1)
    listener = net.server.listen(backlog=8)
    away = net.server.rule("tcp dport 80 tcp flags & (syn | ack) == ack drop")
    waiting = clients(net, 5)
    time.sleep(0.2)
    listener.listen(0)
    away()
    time.sleep(1.3)
    net.capture.stop()
    listener.close()
    del waiting


@case(near="accept-queue-full connect-timeout syn-flood")
def busy_server(net):
    """Two hundred connections at once, all of them let in."""
    listener = net.server.listen(backlog=256)
    waiting = clients(net, 200)
    for _ in waiting:
        listener.accept()[0].close()
    for one in waiting:
        one.close()


def flood(net, count, cookies):
    net.server.sysctl("net.ipv4.tcp_syncookies", cookies)
    net.server.sysctl("net.ipv4.tcp_max_syn_backlog", 64)
    listener = net.server.listen(backlog=5)
    # answers to nowhere must leave the server's device
    net.server.inside(lambda: os.system(
        f"ip route add default via {net.client.v4} dev wire0; "
        f"ip neigh replace {net.client.v4} lladdr 02:00:00:00:00:99 dev wire0"))
    raw = net.client.socket(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_RAW)
    sources = random.Random(7)
    real = net.client.socket()
    real.setblocking(False)
    for i in range(count):
        src = f"198.{sources.randrange(18, 20)}.{sources.randrange(256)}.{sources.randrange(1, 255)}"
        raw.sendto(forged(src, net.server.v4, sources.randrange(1024, 65536), 80,
                          sources.randrange(1 << 32), 0, SYN, ttl=60, options=b"\x02\x04\x05\xb4"),
                   (net.server.v4, 0))
        if i == count // 4:
            with contextlib.suppress(BlockingIOError):
                real.connect((net.server.v4, 80))
        time.sleep(0.0005)
    time.sleep(1.5)
    net.capture.stop()
    listener.close()


@case("syn-flood", near="connect-timeout accept-queue-full")
def syn_flood(net):
    flood(net, 2000, 0)


@case(near="syn-flood connect-timeout", may="retransmission accept-queue-full")
def syn_flood_and_cookies(net):
    flood(net, 1000, 2)


@case("port-reuse", near="stale-syn")
def port_reuse(net):
    """The server closes first; the client comes again from the same port."""
    listener = net.server.listen()
    for _ in range(2):
        one = net.client.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((net.client.v4, 40000))
        one.connect((net.server.v4, 80))
        other, _ = listener.accept()
        other.close()
        take(one)
        one.close()
        time.sleep(0.05)


@case(near="port-reuse")
def same_port_other_server(net):
    listeners = [net.server.listen(80), net.server.listen(8080)]
    for listener, port in zip(listeners, (80, 8080)):
        one = net.client.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((net.client.v4, 40000))
        one.connect((net.server.v4, port))
        other, _ = listener.accept()
        other.close()
        take(one)
        one.close()


# ---- closing ---------------------------------------------------------------------


@case("half-close", near="close-wait-leak")
def half_close(net):
    a, b = net.pair()
    a.sendall(b"question")
    a.shutdown(socket.SHUT_WR)
    take(b)
    time.sleep(0.5)
    b.sendall(b"x" * 5000)
    b.close()
    take(a)
    a.close()


@case(near="half-close close-wait-leak")
def slow_close(net):
    """The server closes 2 s after the client, without a word."""
    a, b = net.pair()
    a.close()
    time.sleep(2)
    b.close()


@case("simultaneous-close", may="fin-retransmission")
def simultaneous_close(net):
    """The client's FIN is lost once, and the server closes meanwhile."""
    a, b = net.pair()
    a.sendall(b"hello")
    b.recv(10)
    away = net.server.rule("tcp flags & fin == fin drop")
    time.sleep(0.1)
    a.shutdown(socket.SHUT_WR)
    time.sleep(0.02)
    b.shutdown(socket.SHUT_WR)
    time.sleep(0.02)
    away()
    time.sleep(0.5)


@case("fin-retransmission", near="close-wait-leak retransmission")
def fin_again(net):
    a, b = net.pair()
    a.sendall(b"hello")
    b.recv(10)
    away = net.server.rule("tcp flags & fin == fin drop")
    time.sleep(0.1)
    a.close()
    time.sleep(0.7)
    away()
    take(b)
    time.sleep(0.3)
    b.close()


@case("close-wait-leak", may="fin-wait-2-stuck")
def close_wait(net):
    """Five clients close, the server's program never does."""
    listener = net.server.listen()
    pairs = [net.pair(listener=listener) for _ in range(5)]
    for a, _ in pairs:
        a.sendall(b"bye")
        a.close()
    time.sleep(5.4)
    net.mark()
    net.capture.stop()


@case("close-wait-leak fin-wait-2-stuck", args="--close-wait 2s")
def close_wait_then_reset(net):
    """The server closes when the client has given up: a RST answers its FIN."""
    net.client.sysctl("net.ipv4.tcp_fin_timeout", 2)
    a, b = net.pair()
    a.sendall(b"bye")
    time.sleep(0.1)
    a.close()
    take(b)
    time.sleep(3.5)
    b.close()
    time.sleep(0.1)


@case("fin-wait-2-stuck close-wait-leak", args="--fin-wait-2 2s --close-wait 2s")
def fin_wait(net):
    a, b = net.pair()
    a.shutdown(socket.SHUT_WR)
    time.sleep(2.4)
    net.mark()
    net.capture.stop()
    b.close()


@case("time-wait-pile-up")
def time_wait(net):
    listener = net.server.listen()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                one, _ = listener.accept()
                take(one)
                one.close()
    started(serve)
    for _ in range(1200):
        one = net.client.socket_here()
        one.connect((net.server.v4, 80))
        one.close()
    time.sleep(0.2)
    listener.close()


@case(near="time-wait-pile-up")
def time_wait_of_the_server(net):
    listener = net.server.listen()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                one, _ = listener.accept()
                one.close()
    started(serve)
    for _ in range(600):
        one = net.client.socket_here()
        one.connect((net.server.v4, 80))
        take(one)
        one.close()
    time.sleep(0.2)
    listener.close()


@case(near="reset-unread-data half-open close-wait-leak")
def data_after_close(net):
    """The client goes on sending to a server that has closed."""
    a, b = net.pair()
    b.close()
    time.sleep(0.1)
    a.sendall(b"more")
    time.sleep(0.1)
    with contextlib.suppress(OSError):
        a.sendall(b"more")
    a.close()


# ---- resets ----------------------------------------------------------------------


@case("reset-unread-data")
def unread(net):
    a, b = net.pair()
    a.sendall(b"x" * 50001)
    time.sleep(0.2)
    b.close()
    time.sleep(0.1)


@case("reset-unread-data")
def unread_request(net):
    """A small request that is never read."""
    a, b = net.pair()
    a.sendall(b"GET / HTTP/1.0\r\n\r\n" + b"x" * 200)
    time.sleep(0.2)
    b.close()
    time.sleep(0.1)


@case(near="reset-unread-data half-open keepalive-abort")
def aborted_with_nothing_unread(net):
    a, b = net.pair()
    a.sendall(b"question")
    b.recv(100)
    b.sendall(b"answer")
    a.recv(100)
    time.sleep(0.1)
    linger(b)
    b.close()
    time.sleep(0.1)


def keep_alive(net):
    return net.pair(SO_KEEPALIVE=1, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1, TCP_KEEPCNT=3)


@case("keepalive-abort", near="half-open reset-unread-data")
def keepalive_abort(net):
    a, b = keep_alive(net)
    a.sendall(b"hello")
    b.recv(10)
    time.sleep(0.1)
    net.server.rule("tcp dport 80 drop")
    time.sleep(4.6)


@case("keepalive-abort")
def keepalive_abort_by_a_local_filter(net):
    """The answers are in the capture, but do not come to the socket."""
    a, b = keep_alive(net)
    a.sendall(b"hello")
    b.recv(10)
    time.sleep(0.1)
    net.client.rule("tcp sport 80 drop")
    time.sleep(4.6)


@case(near="keepalive-abort retransmission")
def keepalive_answered(net):
    a, b = keep_alive(net)
    a.sendall(b"hello")
    b.recv(10)
    time.sleep(3.5)
    b.close()
    take(a)
    a.close()


@case("half-open", near="reset-unread-data refused")
def half_open(net):
    """The server's host forgets the connection without a word."""
    a, b = net.pair()
    a.sendall(b"hello")
    b.recv(10)
    time.sleep(1.2)
    away = net.server.rule("tcp flags & (rst | fin) != 0 drop", hook="output")
    linger(b)
    b.close()
    time.sleep(0.1)
    away()
    a.sendall(b"still there?")
    time.sleep(0.3)


@case("half-open", near="stale-syn")
def half_open_new_syn(net):
    """The client's host forgets, and comes again from the same port."""
    listener = net.server.listen()

    def bound():
        one = net.client.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((net.client.v4, 40001))
        return one
    a = bound()
    a.connect((net.server.v4, 80))
    b, _ = listener.accept()
    a.sendall(b"hello")
    b.recv(10)
    away = net.client.rule("tcp flags & (rst | fin) != 0 drop", hook="output")
    linger(a)
    a.close()
    time.sleep(0.1)
    away()
    time.sleep(1)
    again = bound()
    again.connect((net.server.v4, 80))
    listener.accept()
    again.close()


@case("blind-reset", near="middle-box reset-unread-data")
def blind_reset(net):
    """A stranger's RSTs fall into the window and miss its edge."""
    a, b = net.pair()
    a.sendall(b"hello")
    b.recv(10)
    time.sleep(0.1)
    seq, ack, sport, dport = last_of(net, net.client.v4)
    inject(net.client, [forged(net.client.v4, net.server.v4, sport, dport, seq + off, 0, RST, ttl=200)
                        for off in (1000, 9000, 20000)])
    time.sleep(0.2)
    a.sendall(b"alive")
    b.recv(10)
    a.close()
    take(b)
    b.close()


@case("middle-box", near="half-open reset-unread-data blind-reset")
def injected_reset(net):
    """A box between resets at exactly the right number; its TTL gives it away."""
    a, b = net.pair()
    a.sendall(b"forbidden word")
    b.recv(100)
    time.sleep(0.1)
    seq, ack, sport, dport = last_of(net, net.client.v4)
    inject(net.client, [forged(net.client.v4, net.server.v4, sport, dport, seq, ack, RST | ACK,
                               ttl=200)])
    time.sleep(0.2)


@case("middle-box", near="refused")
def refused_by_a_box(net):
    """A RST for the SYN, with another TTL than the server has."""
    talk(net)
    net.server.rule("tcp dport 84 drop")
    one = net.client.socket()
    one.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        one.connect((net.server.v4, 84))
    time.sleep(0.1)
    seq, _, sport, dport = last_of(net, net.client.v4)
    inject(net.server, [forged(net.server.v4, net.client.v4, dport, sport, 0, seq, RST | ACK,
                               ttl=250)])
    time.sleep(0.2)


# ---- data ------------------------------------------------------------------------


@case("zero-window", near="keepalive-abort retransmission small-window")
def zero_window(net):
    a, b = net.pair()
    a.settimeout(5)
    started(a.sendall, b"x" * 8000000)
    time.sleep(2)
    take(b, 8000000)
    b.close()
    a.close()


@case(near="zero-window", may="small-window")
def short_pauses(net):
    """A reader that pauses for a moment: its window closes, and opens soon."""
    listener = net.server.listen(SO_RCVBUF=16384)
    a, b = net.pair(listener=listener)
    started(lambda: (a.sendall(b"x" * 200000), a.close()))
    while b.recv(8192):
        time.sleep(0.004)
    b.close()


def lossy(net, percent, size):
    listener = net.server.listen()
    net.server.rule(f"tcp dport 80 ip length > 500 numgen random mod 1000 < {percent * 10} drop")
    a, b = net.pair(listener=listener)
    reader = started(take, b)
    a.sendall(b"x" * size)
    a.close()
    reader.join(20)
    b.close()
    time.sleep(0.1)


@case("retransmission", near="pmtu-black-hole", may="fin-retransmission small-window")
def loss(net):
    lossy(net, 3, 2000000)


@case("retransmission", near="pmtu-black-hole", may="fin-retransmission small-window",
      at="server")
def loss_seen_at_the_receiver(net):
    lossy(net, 2, 1000000)


@case("retransmission", may="fin-retransmission")
def tail_loss(net):
    """The last segment of a request is lost."""
    a, b = net.pair()
    a.sendall(b"x" * 1000)
    b.recv(2000)
    away = net.server.rule("tcp dport 80 ip length > 100 drop")
    threading.Timer(0.1, away).start()
    a.sendall(b"y" * 1000)
    b.recv(2000)
    a.close()
    take(b)
    b.close()


@case("pmtu-black-hole", near="retransmission")
def black_hole(net):
    """What is longer than 1400 bytes does not arrive."""
    net.server.rule("tcp dport 80 ip length > 1400 drop")
    a, b = net.pair()
    a.sendall(b"small")
    b.recv(10)
    a.settimeout(4)
    with contextlib.suppress(OSError):
        a.sendall(b"x" * 15000)
    time.sleep(3)


@case("retransmission", near="pmtu-black-hole", may="connect-timeout")
def peer_dies(net):
    """Everything is lost, short or long."""
    a, b = net.pair()
    started(take, b)
    a.sendall(b"x" * 30000)
    time.sleep(0.2)
    net.server.rule("tcp dport 80 drop")
    a.sendall(b"x" * 5000)
    time.sleep(2.5)


@case("small-window")
def small_buffer(net):
    listener = net.server.listen(SO_RCVBUF=2048)
    a, b = net.pair(listener=listener)
    started(lambda: (a.sendall(b"x" * 100000), a.close()))
    take(b)
    b.close()


@case("small-window")
def no_window_scaling(net):
    net.server.sysctl("net.ipv4.tcp_window_scaling", 0)
    listener = net.server.listen()
    a, b = net.pair(listener=listener)
    started(lambda: (a.sendall(b"x" * 2000000), a.close()))
    take(b)
    b.close()


@case(near="small-window")
def no_window_scaling_no_matter(net):
    net.server.sysctl("net.ipv4.tcp_window_scaling", 0)
    talk(net)


@case("small-window")
def tiny_segments(net):
    a, b = net.pair(TCP_MAXSEG=200)
    b.sendall(b"x" * 5000)
    take(a, 5000)
    b.close()
    a.close()


@case(near="zero-window small-window retransmission")
def bulk(net):
    a, b = net.pair()
    started(lambda: (a.sendall(b"x" * 20000000), a.close()))
    take(b)
    b.close()


@case("capture-fault", offloads=True, may="retransmission")
def offloads(net):
    a, b = net.pair()
    started(lambda: (a.sendall(b"x" * 1000000), a.close()))
    take(b)
    b.close()
