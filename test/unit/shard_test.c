/*
 * shard_test.c - several stacks behind one device: whose flow is whose, the link in
 * memory that steers, and sets of shards on threads of their own.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include <synwave/sw_shard.h>

#include "tap.h"

enum { SHARDS = 4, PORT = 7, PIECE = 64 };

static const struct sw_iface plain = {.link = SW_LINK_IP, .mtu = 1500};
static const struct sw_iface ether = {.link = SW_LINK_ETHERNET, .mtu = 1500};

static struct sw_endpoint
some_end(void)
{
	struct sw_endpoint e = {.port = (uint16_t)tap_random()};

	if (tap_random() & 1)
		for (int i = 0; i < 16; i++)
			e.addr.b[i] = (uint8_t)tap_random();
	else
		e.addr = sw_addr4(10, 0, (uint8_t)tap_random(), (uint8_t)tap_random());
	return e;
}

static void
test_steer(void)
{
	enum { FLOWS = 20000 };
	uint32_t to[SHARDS] = {0}, moved = 0;
	uint8_t secret[32] = {1}, other[32] = {2};
	struct sw_steer s, t;

	sw_steer_init(&s, secret, SHARDS);
	sw_steer_init(&t, other, SHARDS);
	for (int i = 0; i < FLOWS; i++) {
		struct sw_endpoint a = some_end(), b = some_end();
		uint32_t shard = sw_steer(&s, &a, &b);

		ok(shard < SHARDS && shard == sw_steer(&s, &b, &a));
		to[shard < SHARDS ? shard : 0]++;
		moved += shard != sw_steer(&t, &a, &b);
	}
	for (int i = 0; i < SHARDS; i++)
		ok(to[i] > FLOWS / SHARDS * 9 / 10 && to[i] < FLOWS / SHARDS * 11 / 10);
	ok(moved > FLOWS / 2); /* nobody knows without the secret */
}

/* Ports of one peer, one after another: the flows of an ordinary client. */
static void
test_steer_spread(void)
{
	struct sw_endpoint a = {sw_addr4(10, 0, 0, 1), 0}, b = {sw_addr4(10, 0, 0, 2), 80};
	struct sw_steer s;

	for (int key = 0; key < 1000; key++) {
		uint8_t secret[32] = {0};
		uint32_t to[SHARDS] = {0};

		secret[16] = (uint8_t)key, secret[17] = (uint8_t)(key >> 8);
		sw_steer_init(&s, secret, SHARDS);
		for (a.port = 32768; a.port < 33168; a.port++)
			to[sw_steer(&s, &a, &b)]++;
		for (int i = 0; i < SHARDS; i++)
			ok(to[i] > 40 && to[i] < 160); /* by chance: 100 +- 9 */
	}
}

static void
test_hub(void)
{
	uint8_t bytes[40] = {0x45};
	struct sw_packet in[8], out = {.data = bytes, .len = 40};
	struct sw_drv *one, *queue[SHARDS];

	ok(sw_drv_hub(&one, queue, 0, &plain, 4) == -1 && errno == EINVAL);
	ok(sw_drv_hub(&one, queue, SHARDS, &plain, 4) == 0);
	for (int i = 0; i < 4; i++) {
		bytes[1] = (uint8_t)i;
		ok(sw_drv_send(one, &out, 1) == 1); /* nobody steers: the first queue */
		ok(sw_drv_send(queue[i], &out, 1) == 1);
	}
	ok(sw_drv_send(one, &out, 1) == 0); /* full */
	ok(sw_drv_receive(queue[1], in, 8) == 0);
	ok(sw_drv_receive(queue[0], in, 3) == 3 && in[2].data[1] == 2 && in[2].len == 40);
	ok(sw_drv_send(one, &out, 1) == 0); /* the reader still looks at them */
	ok(sw_drv_receive(queue[0], in, 8) == 1 && in[0].data[1] == 3);
	ok(sw_drv_send(one, &out, 1) == 1);
	ok(sw_drv_receive(one, in, 8) == 4);
	for (int i = 0; i < 4; i++)
		ok(in[i].data[1] == i);
	sw_drv_close(queue[2]);
	sw_drv_close(one);
	for (int i = 0; i < SHARDS; i++)
		sw_drv_close(i == 2 ? NULL : queue[i]);
}

/* ---- a set, and a client at the other end of the hub ------------------------------ */

struct field {
	struct sw_shards *set;
	struct sw_drv *one;
	struct sw_stack *client;
	void *arena;
	struct sw_endpoint server;
	uint32_t connects;	      /* each shard opens so many to the client */
	atomic_bool moves;	      /* after each echo a connection goes to the next shard */
	atomic_uint accepted[SHARDS]; /* by each shard */
	atomic_uint done, failed;     /* connections opened by shards */
};

/* A queue of the hub that does not say that it can steer. */
static ptrdiff_t
blind_receive(void *self, struct sw_packet *p, size_t n)
{
	return sw_drv_receive(self, p, n);
}

static ptrdiff_t
blind_send(void *self, const struct sw_packet *p, size_t n)
{
	return sw_drv_send(self, p, n);
}

static bool
blind_pending(void *self)
{
	(void)self;
	return true;
}

static void
blind_close(void *self)
{
	sw_drv_close(self);
}

static const struct sw_drv_ops blind_ops = {
    .receive = blind_receive, .send = blind_send, .pending = blind_pending, .close = blind_close};

static void
field_init(struct field *f, const struct sw_iface *kind, bool blind)
{
	struct sw_drv *queue[SHARDS];
	struct sw_drv_error e;
	struct sw_config config;
	struct sw_iface face;
	struct sw_endpoint client = {sw_addr4(10, 0, 0, 1), 0};
	sw_conn listener;

	memset(f, 0, sizeof *f);
	f->server = (struct sw_endpoint){sw_addr4(10, 0, 0, 2), PORT};
	sw_config_init(&config);
	config.conns = config.time_waits = config.half_opens = 3000;
	config.actives = 3000;
	config.chunks = 8000;
	config.msl = SW_S;
	ok(sw_drv_hub(&f->one, queue, SHARDS, kind, 256) == 0);
	sw_drv_iface(queue[0], &face);
	for (int i = 0; blind && i < SHARDS; i++)
		queue[i] = sw_drv_new(&blind_ops, queue[i], sw_drv_fd(queue[i]), "blind", &face);
	f->client = sw_drv_stack(&config, &f->arena);
	ok(f->client != NULL && sw_drv_attach(f->one, f->client) == 0);
	ok(sw_address_add(f->client, 0, &client.addr, 24) == 0);
	client.port = PORT;
	ok(sw_open_passive(f->client, 0, &client, 3000, &listener) == 0);
	f->set = sw_shards_new(queue, SHARDS, &config, &e);
	ok(f->set != NULL && sw_shards_count(f->set) == SHARDS);
	ok(sw_shards_steered(f->set) == !blind);
	for (unsigned i = 0; i < SHARDS; i++) {
		struct sw_stack *s = sw_shard_stack(sw_shards_at(f->set, i));

		ok(sw_address_add(s, 0, &f->server.addr, 24) == 0);
		ok(sw_open_passive(s, 0, &f->server, 3000, &listener) == 0);
	}
}

static void
field_end(struct field *f)
{
	sw_shards_stop(f->set);
	sw_shards_join(f->set);
	sw_shards_free(f->set);
	sw_drv_close(f->one);
	free(f->arena);
}

/* Whoever got a connection echoes, and closes when the peer has.  Was there something? */
static bool
echo(struct sw_stack *s, const struct sw_event *e)
{
	uint8_t piece[PIECE];
	ptrdiff_t n = sw_receive(s, sw_drv_now(), e->conn, piece, sizeof piece);

	if (n > 0)
		sw_send(s, sw_drv_now(), e->conn, piece, (size_t)n, 0);
	if (n == 0 || (n < 0 && n != SW_E_AGAIN))
		sw_release(s, sw_drv_now(), e->conn);
	return n > 0;
}

enum { MINE = 1, PIECES = 6 }; /* `user` of connections that we opened: and pieces sent */

/* Whoever opened one sends a piece, waits for it, and so on, and closes. */
static void
ask(struct sw_stack *s, const struct sw_event *e, uint32_t pieces, atomic_uint *done,
    atomic_uint *failed)
{
	uint8_t piece[PIECE] = {1};
	bool next = e->user == MINE && (e->ready & SW_OPENED);

	if (e->ready & SW_FAILED)
		atomic_fetch_add(failed, 1);
	if (e->ready & SW_FAILED || sw_receive(s, sw_drv_now(), e->conn, piece, 1) == 0) {
		sw_release(s, sw_drv_now(), e->conn);
		return;
	}
	if (e->ready & SW_READABLE && sw_receive(s, sw_drv_now(), e->conn, piece, PIECE) > 0) {
		next = e->user < MINE + pieces;
		if (!next) {
			atomic_fetch_add(done, 1);
			sw_close(s, sw_drv_now(), e->conn);
		}
	}
	if (next) {
		sw_send(s, sw_drv_now(), e->conn, piece, sizeof piece, 0);
		sw_set(s, sw_drv_now(), e->conn, SW_OPT_USER, e->user + 1);
	}
}

struct sums {
	atomic_uint *accepted, *done, *failed;
	uint32_t pieces;
	struct sw_shard *moves; /* from there; or NULL */
};

static void
news(struct sw_stack *s, const struct sums *n)
{
	struct sw_event e;
	sw_conn c;

	while (sw_event(s, &e)) {
		if (e.ready & SW_ACCEPTABLE) {
			while (sw_accept(s, sw_drv_now(), e.conn, &c) == 0)
				atomic_fetch_add(n->accepted, 1);
		} else if (e.user >= MINE) {
			ask(s, &e, n->pieces, n->done, n->failed);
		} else if (echo(s, &e) && n->moves != NULL) {
			sw_shard_move(n->moves, e.conn, (sw_shard_number(n->moves) + 1) % SHARDS);
		}
	}
}

static void
open_some(struct sw_stack *s, const struct sw_endpoint *to, uint32_t n)
{
	sw_conn c;

	for (uint32_t i = 0; i < n; i++) { /* in a shard's thread, too: no ok() */
		if (sw_open_active(s, sw_drv_now(), NULL, to, &c) != 0)
			abort();
		sw_set(s, sw_drv_now(), c, SW_OPT_USER, MINE);
	}
}

static void
work(struct sw_shard *me, void *ctx)
{
	struct field *f = ctx;
	struct sw_endpoint client = {sw_addr4(10, 0, 0, 1), PORT};
	unsigned i = sw_shard_number(me);

	open_some(sw_shard_stack(me), &client, f->connects);
	while (sw_shard_turn(me, SW_NEVER, NULL, 0) == 0)
		news(sw_shard_stack(me), &(struct sums){&f->accepted[i], &f->done, &f->failed, 1,
							f->moves ? me : NULL});
}

/* The client goes on with what it has. */
static void
client_turn(struct field *f)
{
	atomic_uint none = 0;

	sw_drv_turn(f->one, SW_MS, NULL, 0);
	news(f->client, &(struct sums){&none, &none, &none, 1, NULL});
}

/* The client's side until `count` of its connections are done, or time is over. */
static void
client_run(struct field *f, uint32_t count, uint32_t of_shards)
{
	atomic_uint done = 0, failed = 0, accepted = 0;
	struct sums sums = {&accepted, &done, &failed, f->moves ? PIECES : 1, NULL};
	sw_ns until = sw_drv_now() + 60 * SW_S;

	open_some(f->client, &f->server, count);
	while ((done + failed < count || f->done + f->failed < of_shards) && sw_drv_now() < until) {
		sw_drv_turn(f->one, 10 * SW_MS, NULL, 0);
		news(f->client, &sums);
	}
	ok(done == count && failed == 0);
	ok(f->done == of_shards && f->failed == 0 && accepted == of_shards);
}

static struct sw_counters
counted(struct field *f)
{
	struct sw_counters n = {.bytes = sizeof n};

	ok(sw_shards_counters(f->set, &n) == SW_OK);
	return n;
}

static void
echo_over(const struct sw_iface *kind, uint32_t count, bool blind)
{
	struct sw_counters n;
	struct field f;
	uint32_t all = 0;

	field_init(&f, kind, blind);
	ok(sw_shards_start(f.set, work, &f, SW_SHARDS_PIN) == 0);
	client_run(&f, count, 0);
	n = counted(&f); /* while they run */
	ok(n.verdict[SW_V_OPENED] == count && n.verdict[SW_V_OTHER_SHARD] == 0);
	ok(n.verdict[SW_V_NOBODY] == 0 && n.bytes_in == (uint64_t)count * PIECE);
	for (int i = 0; i < SHARDS; i++) {
		all += f.accepted[i];
		ok(f.accepted[i] > count / SHARDS / 2);
	}
	ok(all == count);
	if (blind)
		ok(sw_shards_crossed(f.set) > count); /* three in four packets */
	else
		ok(sw_shards_crossed(f.set) == 0);
	field_end(&f);
}

static void
test_echo(void)
{
	echo_over(&plain, 2500, false);
}

/* Answers of ARP come to one queue, and are for all. */
static void
test_ethernet(void)
{
	struct field f;

	field_init(&f, &ether, false);
	f.connects = 50;
	ok(sw_shards_start(f.set, work, &f, 0) == 0);
	client_run(&f, 400, SHARDS * 50);
	ok(sw_shards_crossed(f.set) == 0 && counted(&f).verdict[SW_V_OTHER_SHARD] == 0);
	field_end(&f);
}

static void
test_blind(void)
{
	echo_over(&plain, 400, true);
}

/* Replies to what a shard opened come to its own queue: it chose the port so. */
static void
test_connect(void)
{
	struct field f;

	field_init(&f, &plain, false);
	f.connects = 500;
	ok(sw_shards_start(f.set, work, &f, 0) == 0);
	client_run(&f, 0, SHARDS * 500);
	ok(sw_shards_crossed(f.set) == 0 && counted(&f).verdict[SW_V_OTHER_SHARD] == 0);
	field_end(&f);
}

/* Connections that go from shard to shard while they are used; then all is as before. */
static void
test_move(void)
{
	struct sw_counters n = {.bytes = sizeof n};
	struct field f;
	sw_ns until = sw_drv_now() + 10 * SW_S;

	field_init(&f, &plain,
		   false); /* what a connection leaves lasts 2 MSL: for a slow machine */
	f.moves = true;
	ok(sw_shards_start(f.set, work, &f, 0) == 0);
	client_run(&f, 300, 0);
	ok(sw_shards_crossed(f.set) > 300);
	n = counted(&f);
	ok(n.resets_out == 0 && n.bytes_in == 300ull * PIECES * PIECE);
	/* when they are over, their flows are where they belong again */
	while (n.pool_used[SW_POOL_CONNS] > 0 && sw_drv_now() < until) {
		client_turn(&f);
		n = counted(&f);
	}
	ok(n.pool_used[SW_POOL_CONNS] == 0);
	f.moves = false;
	client_run(&f, 300, 0);
	field_end(&f);
}

/* A port that was named must be the shard's own; what comes for another is left alone. */
static void
test_strangers(void)
{
	struct sw_counters n = {.bytes = sizeof n};
	struct sw_stack *s;
	struct field f;
	sw_conn c;
	int good = 0, refused = 0, error;

	field_init(&f, &plain, false);
	s = sw_shard_stack(sw_shards_at(f.set, 0));
	for (uint16_t port = 1000; port < 1100; port++) {
		struct sw_endpoint local = {f.server.addr, port};
		struct sw_endpoint remote = {sw_addr4(10, 0, 0, 1), PORT};

		error = sw_open_active(s, 0, &local, &remote, &c);
		good += error == 0;
		refused += error == SW_E_NO_ROUTE;
	}
	ok(good + refused == 100 && good > 5 && refused > 50);
	/* the device stops steering behind our back: all comes to the first */
	ok(sw_drv_steer(f.one, &(struct sw_steer){.shards = 0}) == 0);
	open_some(f.client, &f.server, 100);
	for (int i = 0; i < 10; i++) {
		sw_drv_turn(f.one, 0, NULL, 0);
		sw_drv_turn(sw_shard_drv(sw_shards_at(f.set, 0)), 0, NULL, 0);
	}
	sw_counters(s, &n);
	ok(n.verdict[SW_V_OTHER_SHARD] > 50 && n.verdict[SW_V_SYN_TAKEN] > 5);
	ok(n.resets_out == 0); /* it is somebody's, and not to be reset */
	field_end(&f);
}

/* ---- what a set hands on ------------------------------------------------------------ */

static uint16_t
sum_of(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* "Port unreachable", about the packet p. */
static size_t
unreachable(uint8_t to[128], const struct sw_packet *p)
{
	size_t quoted = 28, all = 28 + quoted;
	uint16_t sum;

	memset(to, 0, 128);
	to[0] = 0x45, to[3] = (uint8_t)all, to[8] = 64, to[9] = 1;
	memcpy(to + 12, p->data + 16, 4);
	memcpy(to + 16, p->data + 12, 4);
	sum = sum_of(to, 20);
	to[10] = (uint8_t)(sum >> 8), to[11] = (uint8_t)sum;
	to[20] = 3, to[21] = 3;
	memcpy(to + 28, p->data, quoted);
	sum = sum_of(to + 20, 8 + quoted);
	to[22] = (uint8_t)(sum >> 8), to[23] = (uint8_t)sum;
	return all;
}

/* An ICMP error comes to the first queue, and ends the connection that it is about. */
static void
test_icmp(void)
{
	struct sw_packet in[64], out = {0};
	struct field f;
	uint8_t bytes[128];
	sw_ns until = sw_drv_now() + 20 * SW_S;
	uint32_t seen = 0;

	field_init(&f, &plain, false);
	f.connects = 10;
	ok(sw_shards_start(f.set, work, &f, 0) == 0);
	while (f.failed < SHARDS * 10 && sw_drv_now() < until) {
		ptrdiff_t n = sw_drv_receive(f.one, in, 32);

		for (ptrdiff_t i = 0; i < n; i++, seen++) {
			out.data = bytes;
			out.len = out.cap = (uint32_t)unreachable(bytes, &in[i]);
			while (sw_drv_send(f.one, &out, 1) == 0)
				continue;
		}
	}
	ok(f.failed == SHARDS * 10 && seen >= SHARDS * 10);
	ok(sw_shards_crossed(f.set) >= (SHARDS - 1) * 10);
	field_end(&f);
}

static void
nothing(struct sw_shard *me, void *ctx)
{
	(void)ctx;
	while (sw_shard_turn(me, SW_NEVER, NULL, 0) == 0)
		continue;
}

static void
test_stop(void)
{
	struct sw_counters n = {.bytes = sizeof n};
	struct sw_config config;
	struct sw_drv_error e;
	struct field f;

	field_init(&f, &plain, false);
	for (int i = 0; i < 20; i++) {
		ok(sw_shards_start(f.set, nothing, NULL, 0) == 0);
		if (i % 2 == 0)
			ok(sw_shards_counters(f.set, &n) == SW_OK && n.packets_in == 0);
		sw_shards_stop(f.set);
		sw_shards_join(f.set);
		ok(sw_shards_counters(f.set, &n) == SW_OK);
	}
	n.bytes = 1;
	ok(sw_shards_counters(f.set, &n) == SW_E_INVALID);
	field_end(&f);
	sw_shards_free(NULL);
	sw_config_init(&config);
	ok(sw_shards_new(NULL, 0, &config, &e) == NULL && errno == EINVAL);
	config.shards = 2;
	config.shard = 2;
	ok(sw_stack_bytes(&config) == 0);
}

int
main(void)
{
	TEST("a flow is one shard's, both ways, and nobody foresees whose", test_steer);
	TEST("neighbouring ports are spread", test_steer_spread);
	TEST("a link in memory with many queues", test_hub);
	TEST("echo over four shards: each connection lands on its own", test_echo);
	TEST("on Ethernet, too: all shards learn who their neighbours are", test_ethernet);
	TEST("a device that does not steer: what came to another is handed on", test_blind);
	TEST("what a shard opens comes back to it", test_connect);
	TEST("connections move from shard to shard while they are used", test_move);
	TEST("a shard leaves alone what is another's", test_strangers);
	TEST("an ICMP error goes to the shard of its connection", test_icmp);
	TEST("start, stop and join", test_stop);
	return plan_done();
}
