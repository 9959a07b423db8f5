/*
 * ident.c - numbers that a stranger must not guess: ISS, ports, timestamp
 * offsets, IP identifications.  Each is a keyed hash of what it belongs to; the
 * keys come from the one secret of the configuration.
 *
 * RFC 6528, RFC 6056 3.3.4, RFC 7323 5.4, RFC 6864.
 */
#include "net/net.h"

enum { TUPLE_BYTES = 36, ISS_CLOCK_NS = 4000 };

/* The addresses of a tuple as words, the same on every machine. */
void
ident_words(const struct tuple *t, uint64_t w[4])
{
	w[0] = prf_load(t->remote.b);
	w[1] = prf_load(t->remote.b + 8);
	w[2] = prf_load(t->local.b);
	w[3] = prf_load(t->local.b + 8);
}

/* Its ports as a number. */
uint32_t
ident_ports(const struct tuple *t)
{
	return (uint32_t)t->remote_port << 16 | t->local_port;
}

/* The keyed hash of a tuple. */
static uint64_t
tuple_prf(const uint8_t key[16], const struct tuple *t)
{
	uint64_t w[4];

	ident_words(t, w);
	return prf_words_and(key, w, 4, (uint32_t)prf_pair(ident_ports(t), 0));
}

/* A key of 16 bytes from both halves of the secret, one for each purpose. */
static void
ident_key(const uint8_t secret[32], uint8_t key[16], uint8_t purpose)
{
	uint8_t label[17];
	uint64_t word;

	memcpy(label, secret + 16, 16);
	for (int half = 0; half < 2; half++) {
		label[16] = (uint8_t)(purpose * 2 + half);
		word = prf(secret, label, sizeof(label));
		put_32(key + half * 8, (uint32_t)(word >> 32));
		put_32(key + half * 8 + 4, (uint32_t)word);
	}
}

/* Derives the keys. */
void
ident_init(struct sw_stack *s)
{
	static const uint8_t none[32];
	bool own = memcmp(s->conf.cookie_secret, none, sizeof(none)) == 0;
	const uint8_t *shared = own ? s->conf.secret : s->conf.cookie_secret;

	s->cookies_shared = !own;
	ident_key(s->conf.secret, s->key_iss, 0);
	ident_key(s->conf.secret, s->key_table, 1);
	ident_key(s->conf.secret, s->key_port, 2);
	ident_key(s->conf.secret, s->key_ts, 3);
	ident_key(shared, s->key_fast, 4);
	ident_key(shared, s->key_cookie, 5);
}

/* The initial send sequence number for a tuple at this time. */
seq
ident_iss(const struct sw_stack *s, const struct tuple *t, sw_ns now)
{
	uint32_t f;

	/*= RFC 9293 3.4.1 MUST-8: the clock of the ISS ticks about every 4 microseconds */
	/*= RFC 9293 3.4.1 SHLD-1, MUST-9: ISN = M + F(tuple, secret); RFC 6528 3 */
	if (s->iss_forced)
		return seq_at(s->iss_force);
	f = (uint32_t)tuple_prf(s->key_iss, t);
	return seq_at((uint32_t)(now / ISS_CLOCK_NS) + f);
}

/* What is added to the timestamp clock for a tuple (RFC 7323 5.4). */
uint32_t
ident_ts_offset(const struct sw_stack *s, const struct tuple *t)
{
	return (uint32_t)tuple_prf(s->key_ts, t);
}

static uint64_t
ident_word(const uint8_t *high, const uint8_t *low)
{
	return (uint64_t)get_32(high) << 32 | get_32(low);
}

/* Where two addresses stand in a table, and what goes with them.  Of IPv4 what all have is
 * left out. */
uint32_t
ident_place(const struct sw_stack *s, const struct sw_addr *remote, const struct sw_addr *local,
	    uint32_t with)
{
	uint64_t w[5] = {with, ident_word(remote->b + 12, local->b + 12)};

	if (sw_addr_is4(remote) && sw_addr_is4(local))
		return (uint32_t)prf_short(s->key_table, w, 2);
	w[2] = ident_word(remote->b + 8, local->b + 8);
	w[3] = ident_word(remote->b + 4, local->b + 4);
	w[4] = ident_word(remote->b, local->b);
	return (uint32_t)prf_short(s->key_table, w, 5);
}

/* Where a tuple stands in the connection table. */
uint32_t
conn_hash(const struct sw_stack *s, const struct tuple *t)
{
	return ident_place(s, &t->remote, &t->local, ident_ports(t));
}

/* An ephemeral port for a tuple whose local port is not known yet; 0: none free.
 * Double hash (RFC 6056 3.3.4): the first hash gives where to begin for this
 * peer, the second which of the counters goes on. */
uint16_t
ident_port(struct sw_stack *s, const struct tuple *t)
{
	uint32_t n = (uint32_t)s->conf.port_high - s->conf.port_low + 1, i;
	struct tuple try = *t;
	uint16_t *counter;
	uint32_t hash;
	uint64_t f;

	/*= RFC 6056 3.3.4: port = min + (F(tuple) + counter[G(tuple)]++) mod n */
	try.local_port = 0;
	f = tuple_prf(s->key_port, &try);
	counter = &s->port_counter[(f >> 32) % N_OF(s->port_counter)];
	for (i = 0; i < n; i++) {
		try.local_port =
		    (uint16_t)(s->conf.port_low + ((uint32_t)f % n + (*counter)++) % n);
		hash = conn_hash(s, &try);
		if (!steer_is_ours(s, &try) || conn_find_at(s, &try, hash) != NONE)
			continue;
		conn_know(s, &try, hash);
		return try.local_port;
	}
	return 0;
}

/* An IPv4 identification that says nothing about other traffic.  It need not be
 * unique where DF is set (RFC 6864 4.1), which is everywhere but in replies. */
uint16_t
ident_ip_id(struct sw_stack *s, const struct sw_addr *src, const struct sw_addr *dst)
{
	uint8_t key[TUPLE_BYTES];

	memcpy(key, src->b, 16);
	memcpy(key + 16, dst->b, 16);
	put_32(key + 32, s->ip_id++);
	return (uint16_t)prf(s->key_port, key, sizeof(key));
}
