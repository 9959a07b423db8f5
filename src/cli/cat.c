/*
 * cat.c - the verb `cat`: its options, and a device with a stack on it.  What
 * happens then stands in cat_run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cat.h"

enum { KEY_SOURCE = 0x100, KEY_LINGER, KEY_TIMEOUT, KEY_FASTOPEN, KEY_PCAP };

enum { CAT_CHUNK = 4096, CAT_CHUNKS = 12288 };

/* clang-format off */
static const struct argp_option options[] = {
	{"listen", 'l', 0, 0, "wait for one connection on PORT (of our address HOST)", 0},
	{"source-port", KEY_SOURCE, "N", 0, "connect from this port", 0},
	{"linger", KEY_LINGER, "SECONDS", 0, "answer so long in TIME-WAIT before leaving (1)", 0},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "give up when there is no connection by then", 0},
	{"fastopen", KEY_FASTOPEN, "FILE", 0, "TCP Fast Open (RFC 7413): the first bytes ride on the SYN; "
		"cookies and the secret of our own are kept in FILE", 0},
	{"pcap", KEY_PCAP, "OUT", 0, "write a capture of the device as pcapng, with the reason of each packet as its comment", 0},
	{"verbose", 'v', 0, 0, "show the handshake and the close on standard error", 0},
	{0}
};

static const char doc[] =
	"netcat over a TCP of our own on a TUN or TAP device: standard input goes to the peer, "
	"what the peer sends to standard output.  At the end of input our direction is closed, "
	"receiving goes on until the peer closes too."
	"\v"
	"Connect to a server of the kernel's, over a device that is made for it:\n"
	"  synwave cat --tun tun9 --addr 10.9.0.2/24 --via 10.9.0.1 10.9.0.1 80\n"
	"Be the server:\n"
	"  synwave cat -l --tun tun9 --addr 10.9.0.2/24 --via 10.9.0.1 8080\n"
	"\n"
	"HOST is a numeric IPv4 or IPv6 address; there is no resolver here.\n"
	"\n"
	"Exit status: 0 both sides have closed and everything was acknowledged; "
	"1 refused, reset, unreachable, timed out, interrupted; 2 usage.";
/* clang-format on */

/* "1.5" as nanoseconds. */
static bool
seconds(const char *text, sw_ns *t)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != 0 || !(s >= 0 && s <= 1e6))
		return false;
	*t = (sw_ns)(s * 1e9);
	return true;
}

static void
host(struct cat *c, const char *arg, struct argp_state *state)
{
	struct sw_endpoint *e = c->listen ? &c->local : &c->remote;

	if (sw_addr_parse(&e->addr, arg) != SW_OK)
		argp_error(state, "'%s' is not a numeric IP address, and names are not looked up",
			   arg);
}

/* All arguments are there: what they mean together. */
static void
check(struct cat *c, struct argp_state *state, char *const *args)
{
	struct sw_endpoint *e = c->listen ? &c->local : &c->remote;
	int n = args[0] == NULL ? 0 : args[1] == NULL ? 1 : 2;
	uint32_t port;

	if (n == 0 || (n == 1 && !c->listen))
		argp_error(state, n == 0 ? "HOST and PORT are missing" : "PORT is missing");
	if (!net_number(args[n - 1], 1, 65535, &port))
		argp_error(state, "'%s' is not a port from 1 to 65535", args[n - 1]);
	if (n == 2)
		host(c, args[0], state);
	if (c->listen && c->local.port != 0)
		argp_error(state, "--source-port does not go with --listen");
	e->port = (uint16_t)port;
	if (!c->net.has_addr)
		return; /* the device's options complain */
	if (c->listen && !sw_addr_is_any(&c->local.addr) &&
	    !sw_addr_same(&c->local.addr, &c->net.addr))
		argp_error(state, "'%s' is not our address (--addr)", args[0]);
	if (!c->listen && sw_addr_is_any(&c->remote.addr))
		argp_error(state, "'%s' is not the address of a host", args[0]);
	if (!c->listen && sw_addr_is4(&c->remote.addr) != sw_addr_is4(&c->net.addr))
		argp_error(state, "HOST and --addr are not of one family");
}

struct input {
	struct cat *cat;
	char *args[3];
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;
	struct cat *c = in->cat;
	uint32_t n;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &c->net;
		state->child_inputs[1] = &c->control;
		return 0;
	case 'l':
		c->listen = true;
		return 0;
	case 'v':
		c->say.on = true;
		return 0;
	case KEY_SOURCE:
		if (!net_number(arg, 1, 65535, &n))
			argp_error(state, "--source-port: '%s' is not a port", arg);
		c->local.port = (uint16_t)n;
		return 0;
	case KEY_PCAP:
		c->pcap = arg;
		return 0;
	case KEY_LINGER:
	case KEY_TIMEOUT:
		if (!seconds(arg, key == KEY_LINGER ? &c->linger : &c->timeout))
			argp_error(state, "'%s' is not a number of seconds", arg);
		return 0;
	case KEY_FASTOPEN:
		c->fast.path = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num >= 2)
			argp_error(state, "too many arguments: '%s'", arg);
		in->args[state->arg_num] = arg;
		return 0;
	case ARGP_KEY_END:
		check(c, state, in->args);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A stack for one connection with much in flight. */
static void
configure(struct sw_config *config, const struct cat *c)
{
	sw_config_init(config);
	config->conns = 64;
	config->half_opens = 64;
	config->time_waits = 64;
	config->actives = 8;
	config->listeners = 2;
	config->ifaces = 1;
	config->chunk_bytes = CAT_CHUNK;
	config->chunks = CAT_CHUNKS;
	config->traces = 8192; /* for --verbose, --pcap and probes */
	fast_config(&c->fast, config);
}

int
verb_cat(int argc, char **argv)
{
	static const struct argp_child children[] = {
	    {&net_argp, 0, NULL, 0}, {&control_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {options, parse, "HOST PORT\n-l [HOST] PORT", doc, children,
					 NULL,	  NULL};
	struct cat *c = calloc(1, sizeof *c);
	struct input in = {.cat = c};
	struct sw_config config;
	int code;

	if (c == NULL) {
		fprintf(stderr, "synwave: no memory\n");
		return 1;
	}
	io_guard();
	c->linger = SW_S;
	argp_err_exit_status = 2;
	if (argp_parse(&argp, argc, argv, 0, NULL, &in) != 0) {
		free(c);
		return 2;
	}
	if (c->fast.path != NULL && !fast_read(&c->fast)) {
		free(c);
		return 2;
	}
	configure(&config, c);
	code = net_open(&c->on, &c->net, &config);
	if (code == 0) {
		fast_remember(&c->fast, c->on.stack);
		code = cat_watch(c);
		if (code == 0)
			code = cat_run(c);
		if (!cat_unwatch(c) && code == 0)
			code = 1;
		net_close(&c->on);
	}
	free(c);
	return code;
}
