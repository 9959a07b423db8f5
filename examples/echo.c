/* An echo server: cc echo.c $(pkg-config --cflags --libs synwave) -o echo
 *	sudo ./echo tun9 10.9.0.2 10.9.0.1 7 &    nc -N 10.9.0.2 7 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <synwave/sw.h>
#include <synwave/sw_drv.h>

struct client { /* what came and could not yet be sent back */
	size_t at, n;
	char bytes[16384];
};

/* Give back what comes; when the peer has closed and has everything, so do we. */
static void
serve(struct sw_stack *s, sw_conn conn, struct client *c)
{
	sw_ns now = sw_drv_now();
	ptrdiff_t n;

	if (c == NULL && (c = calloc(1, sizeof *c)) != NULL) /* a new one */
		sw_set(s, now, conn, SW_OPT_USER, (uintptr_t)c);
	n = c != NULL;
	while (n > 0)
		if (c->at == c->n) {
			n = sw_receive(s, now, conn, c->bytes, sizeof c->bytes);
			c->at = 0, c->n = n > 0 ? (size_t)n : 0;
		} else if ((n = sw_send(s, now, conn, c->bytes + c->at, c->n - c->at, 0)) > 0)
			c->at += (size_t)n;
	if (n != SW_E_AGAIN) /* 0: the peer has closed; or an error */
		sw_release(s, now, conn), free(c);
}

int
main(int argc, char **argv)
{
	struct sw_endpoint at = {.port = (uint16_t)(argc > 4 ? atoi(argv[4]) : 7)};
	struct sw_drv_error error = {0, "usage: echo DEVICE OUR-ADDRESS KERNEL-ADDRESS [PORT]"};
	struct sw_drv *dev = argc > 3 ? sw_drv_tun(argv[1], &error) : NULL;
	unsigned prefix = argc > 3 && strchr(argv[3], ':') != NULL ? 64 : 24;
	struct sw_config config;
	struct sw_addr kernel;
	struct sw_stack *s;
	struct sw_event e;
	sw_conn listener, conn;
	sw_config_init(&config);
	if (dev == NULL || sw_addr_parse(&at.addr, argv[2]) || sw_addr_parse(&kernel, argv[3]) ||
	    (sw_drv_made(dev) && sw_drv_up(dev, &kernel, prefix, 0, &error)) ||
	    (s = sw_drv_stack(&config, NULL)) == NULL || sw_drv_attach(dev, s) < 0 ||
	    sw_address_add(s, 0, &at.addr, prefix) || sw_open_passive(s, 0, &at, 64, &listener))
		return fprintf(stderr, "echo: %s\n", error.text), 1;
	while (sw_drv_turn(dev, SW_NEVER, NULL, 0) == 0)
		while (sw_event(s, &e)) {
			while (sw_accept(s, sw_drv_now(), listener, &conn) == 0)
				continue; /* it has news, and comes as an event */
			if (e.conn != listener)
				serve(s, e.conn, (struct client *)(uintptr_t)e.user);
		}
}
