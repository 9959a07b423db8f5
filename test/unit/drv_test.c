/*
 * drv_test.c - the link in memory, by itself and under two stacks.
 */
#include <errno.h>

#include <synwave/sw_drv.h>

#include "tap.h"

static const struct sw_iface plain = {.link = SW_LINK_IP, .mtu = 1500};

static void
test_order_and_depth(void)
{
	uint8_t bytes[8] = {0};
	struct sw_packet in[8], out = {.data = bytes, .len = 8, .seg_size = 7, .csum = 1};
	struct sw_drv *end[2];

	ok(sw_drv_memory(end, &plain, 4) == 0);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++) {
			bytes[0] = (uint8_t)(round * 4 + i);
			ok(sw_drv_send(end[0], &out, 1) == 1);
		}
		ok(sw_drv_send(end[0], &out, 1) == 0);	/* full */
		ok(sw_drv_receive(end[0], in, 8) == 0); /* the other way is empty */
		ok(sw_drv_receive(end[1], in, 3) == 3);
		ok(in[2].data[0] == round * 4 + 2 && in[2].len == 8 && in[2].seg_size == 7);
		ok(sw_drv_send(end[0], &out, 1) == 0); /* the receiver still looks at them */
		ok(sw_drv_receive(end[1], in, 8) == 1);
		ok(in[0].data[0] == round * 4 + 3);
		ok(sw_drv_receive(end[1], in, 8) == 0);
	}
	ok(sw_drv_fd(end[0]) == -1 && sw_drv_lost(end[0]) == 0);
	sw_drv_close(end[0]);
	sw_drv_close(end[1]);
}

static void
test_ethernet(void)
{
	const struct sw_iface kind = {.link = SW_LINK_ETHERNET, .mtu = 1500};
	struct sw_iface face[2];
	struct sw_drv *end[2];

	ok(sw_drv_memory(end, &kind, 1) == 0);
	sw_drv_iface(end[0], &face[0]);
	sw_drv_iface(end[1], &face[1]);
	ok((face[0].mac[0] & 3) == 2 && memcmp(face[0].mac, face[1].mac, 6) != 0);
	sw_drv_close(end[1]);
	sw_drv_close(end[0]);
}

struct side {
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
	struct sw_endpoint at;
};

static void
side_init(struct side *s, struct sw_drv *drv, uint8_t host)
{
	struct sw_config config;

	sw_config_init(&config);
	s->drv = drv;
	s->stack = sw_drv_stack(&config, &s->arena);
	s->at = (struct sw_endpoint){sw_addr4(10, 0, 0, host), 7};
	ok(s->stack != NULL && sw_drv_attach(drv, s->stack) == 0);
	ok(sw_address_add(s->stack, 0, &s->at.addr, 24) == 0);
}

static void
carry(const struct sw_iface *kind)
{
	enum { SIZE = 300000 };
	static uint8_t data[SIZE], got[SIZE];
	struct sw_drv *end[2];
	struct side a, b;
	sw_conn listener, from, to = 0;
	size_t sent = 0, have = 0;
	ptrdiff_t n;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)tap_random();
	ok(sw_drv_memory(end, kind, 8) == 0); /* so few that it is often full */
	side_init(&a, end[0], 1);
	side_init(&b, end[1], 2);
	ok(sw_open_passive(b.stack, sw_drv_now(), &b.at, 1, &listener) == 0);
	ok(sw_open_active(a.stack, sw_drv_now(), NULL, &b.at, &from) == 0);
	for (int i = 0; i < 100000 && have < SIZE; i++) {
		ok(sw_drv_turn(a.drv, 0, NULL, 0) == 0);
		ok(sw_drv_turn(b.drv, have == 0 ? 0 : SW_MS, NULL, 0) == 0);
		n = sw_send(a.stack, sw_drv_now(), from, data + sent, SIZE - sent, 0);
		sent += n > 0 ? (size_t)n : 0;
		if (to == 0)
			sw_accept(b.stack, sw_drv_now(), listener, &to);
		n = sw_receive(b.stack, sw_drv_now(), to, got + have, SIZE - have);
		have += n > 0 ? (size_t)n : 0;
	}
	ok(have == SIZE && memcmp(data, got, SIZE) == 0);
	ok(sw_drv_lost(a.drv) == 0 && sw_drv_lost(b.drv) == 0);
	sw_drv_close(end[0]);
	sw_drv_close(end[1]);
	free(a.arena);
	free(b.arena);
}

static void
test_stacks(void)
{
	const struct sw_iface ether = {.link = SW_LINK_ETHERNET, .mtu = 1500};
	const struct sw_iface big = {
	    .link = SW_LINK_IP, .mtu = 1500, .gso_max = 65535, .tx_csum = true};

	carry(&plain);
	carry(&ether);
	carry(&big);
}

static void
test_errors(void)
{
	struct sw_drv_error e;
	struct sw_drv *end[2];

	ok(sw_drv_tun("a-name-that-is-too-long", &e) == NULL);
	ok(e.code == ENAMETOOLONG && strstr(e.text, "15 characters") != NULL);
	ok(sw_drv_memory(end, &plain, 1) == 0);
	ok(sw_drv_turn(end[0], 0, NULL, 0) == -1 && errno == EINVAL); /* not attached */
	sw_drv_close(end[0]);
	sw_drv_close(end[1]);
	sw_drv_close(NULL);
}

int
main(void)
{
	TEST("packets come in order, and no more than there is room for", test_order_and_depth);
	TEST("ends of Ethernet have addresses of their own", test_ethernet);
	TEST("two stacks over a link in memory", test_stacks);
	TEST("errors have a text", test_errors);
	return plan_done();
}
