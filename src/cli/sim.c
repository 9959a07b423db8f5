/*
 * sim.c - the verb `sim`: its options.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "lang.h"
#include "sim.h"

enum {
	KEY_RTT = 0x100,
	KEY_RATE,
	KEY_JITTER,
	KEY_QUEUE,
	KEY_LOSS,
	KEY_BURST,
	KEY_MASK,
	KEY_REORDER,
	KEY_DUP,
	KEY_CORRUPT,
	KEY_MTU,
	KEY_PATH_MTU,
	KEY_BLACK_HOLE,
	KEY_SEED,
	KEY_PCAP,
	KEY_LADDER,
	KEY_WHY,
	KEY_ABSOLUTE,
	KEY_BOTH,
	KEY_CLOSE,
	KEY_LIMIT,
	KEY_OFFLOAD,
	KEY_FLOWS,
	KEY_AQM,
	KEY_CC,
	KEY_TRACE,
	KEY_PLOT,
	KEY_LAST
};

/* clang-format off */
static const struct argp_option options[] = {
	{0, 0, 0, 0, "The path (each direction alike):", 1},
	{"rtt", KEY_RTT, "TIME", 0, "there and back, without queues (20ms)", 1},
	{"rate", KEY_RATE, "RATE", 0, "bits of IP packets in a second (100mbit)", 1},
	{"jitter", KEY_JITTER, "TIME", 0, "up to this much more for each packet, in order (0)", 1},
	{"queue", KEY_QUEUE, "BYTES|Nbdp", 0, "room before the rate: bytes, or bandwidth-delay products (1bdp, at least 1 packet)", 1},
	{"aqm", KEY_AQM, "none|codel|ecn", 0, "what manages the queue: CoDel drops; or marks, and both hosts ask for ECN (none)", 1},
	{"mtu", KEY_MTU, "BYTES", 0, "longest IP packet of both hosts and the path, 128 to 65535 (1500)", 1},
	{"path-mtu", KEY_PATH_MTU, "BYTES", 0, "longest IP packet of the path alone: longer ones are answered by ICMP", 1},
	{"black-hole", KEY_BLACK_HOLE, 0, 0, "with --path-mtu: longer ones vanish, and nobody says so", 1},
	{0, 0, 0, 0, "Faults, acting on each packet before the queue:", 2},
	{"loss", KEY_LOSS, "PERCENT", 0, "lost at random", 2},
	{"burst-loss", KEY_BURST, "PERCENT[,LEN]", 0, "lost in bursts of LEN (5) packets on the average", 2},
	{"loss-mask", KEY_MASK, "BITS", 0, "bit i set: the i-th packet of each direction is lost (0x...)", 2},
	{"reorder", KEY_REORDER, "PERCENT", 0, "held back so that later ones overtake", 2},
	{"dup", KEY_DUP, "PERCENT", 0, "come twice", 2},
	{"corrupt", KEY_CORRUPT, "PERCENT", 0, "one bit flipped, anywhere in the IP packet", 2},
	{0, 0, 0, 0, "The run:", 3},
	{"seed", KEY_SEED, "N", 0, "the same seed gives the same run, byte for byte (1)", 3},
	{"ipv6", '6', 0, 0, "IPv6 in place of IPv4", 3},
	{"both", KEY_BOTH, 0, 0, "FILE goes from B to A too, at the same time", 3},
	{"close", KEY_CLOSE, "a|b|both", 0, "who closes first; both: at the same instant (a)", 3},
	{"flows", KEY_FLOWS, "N", 0, "so many connections at once, 1 to 64, each with a FILE; the ladder is the first one's (1)", 3},
	{"cc", KEY_CC, "cubic|reno|bbr|bbr1", 0, "congestion control of both hosts (cubic)", 3},
	{"offload", KEY_OFFLOAD, 0, 0, "the stacks hand super-packets and partial checksums to the wire", 3},
	{"limit", KEY_LIMIT, "TIME", 0, "virtual time after which it counts as failed (chosen, and printed)", 3},
	{0, 0, 0, 0, "What is shown:", 4},
	{"ladder", KEY_LADDER, "full|brief|none", 0, "every segment; opening and closing, with data folded (default); nothing", 4},
	{"why", KEY_WHY, 0, 0, "say below each line of the ladder by which rule it came about", 4},
	{"absolute", KEY_ABSOLUTE, 0, 0, "sequence numbers as on the wire, not from the ISS", 4},
	{"output", 'o', "text|mermaid|json|svg", 0, "ladder and summary; a Mermaid sequenceDiagram; the summary as "
		"one JSON object on one line; the ladder as a drawing", 4},
	{"pcap", KEY_PCAP, "OUT", 0, "write a capture, taken on the wire at A: what A sent before the faults, "
		"what came to A after them", 4},
	{"trace", KEY_TRACE, "OUT", 0, "write windows, round trip and bytes delivered over time, as CSV", 4},
	{"plot", KEY_PLOT, "OUT.svg", 0, "draw them, with losses and retransmissions marked", 4},
	{0}
};

static const char doc[] =
	"Two hosts in one process open a connection, move FILE from A (the client) to B (the server) "
	"over a simulated path in virtual time, close, and wait until both ends are CLOSED.  "
	"Without FILE 1 MiB is made up from the seed; `-' is standard input."
	"\v"
	"TIME is 100us, 20ms, 1s; RATE is 500kbit, 100mbit, 1gbit; PERCENT is 1%, 0.1% or 0.1; "
	"BYTES may end in k, m or g.\n"
	"\n"
	"Goodput is payload bits from the first SYN to the last byte delivered.  The run goes on "
	"through TIME-WAIT, 240 s of virtual time.\n"
	"\n"
	"Examples:\n"
	"  synwave sim\n"
	"  synwave sim --loss 5% --reorder 5% --dup 2% --corrupt 1% --seed 7 --both FILE\n"
	"  synwave sim --ladder full --absolute --close both --pcap out.pcap FILE\n"
	"\n"
	"Exit status: 0 every byte arrived intact and both ends went to CLOSED through states of "
	"RFC 9293's Figure 5; 1 not so, or interrupted; 2 usage.";
/* clang-format on */

/* One of `words` ("a|b|c"): its number; -1: none of them. */
static int
one_of(const char *arg, const char *words)
{
	size_t n = strlen(arg);

	for (int i = 0; *words; i++) {
		size_t len = strcspn(words, "|");

		if (len == n && !memcmp(arg, words, n))
			return i;
		words += len + (words[len] == '|');
	}
	return -1;
}

static bool
set_mtu(const char *arg, uint32_t *mtu)
{
	uint64_t n;

	if (!unit_number(arg, 65535, &n) || n < 128)
		return false;
	*mtu = (uint32_t)n;
	return true;
}

static bool
set_word(int key, const char *arg, struct sim_args *a)
{
	int n;

	if (key == KEY_LADDER) {
		n = one_of(arg, "full|brief|none");
		a->show = (enum sim_show)(n + SHOW_FULL);
	} else if (key == KEY_CLOSE) {
		n = one_of(arg, "a|b|both");
		a->close = (enum sim_close)n;
	} else if (key == KEY_AQM) {
		n = one_of(arg, "none|codel|ecn");
		a->aqm = (enum sw_sim_aqm)n;
	} else {
		n = one_of(arg, "text|mermaid|json|svg");
		a->out = (enum sim_out)n;
	}
	return n >= 0;
}

/* The options that have a value; false: it is none. */
static bool
set_value(int key, const char *arg, struct sim_args *a)
{
	switch (key) {
	case KEY_RTT:
		return unit_time(arg, &a->rtt) && a->rtt <= 3600 * SW_S;
	case KEY_RATE:
		return unit_rate(arg, &a->rate);
	case KEY_JITTER:
		return unit_time(arg, &a->jitter) && a->jitter <= 3600 * SW_S;
	case KEY_QUEUE:
		a->queue = a->queue_bdp = 0;
		if (unit_bdp(arg, &a->queue_bdp))
			return true;
		a->queue_bdp = 0;
		return unit_bytes(arg, &a->queue);
	case KEY_LOSS:
		return unit_percent(arg, &a->loss);
	case KEY_BURST:
		return unit_burst(arg, &a->burst_enter, &a->burst_leave);
	case KEY_MASK:
		return unit_number(arg, UINT64_MAX, &a->loss_mask);
	case KEY_REORDER:
		return unit_percent(arg, &a->reorder);
	case KEY_DUP:
		return unit_percent(arg, &a->duplicate);
	case KEY_CORRUPT:
		return unit_percent(arg, &a->corrupt);
	case KEY_MTU:
		return set_mtu(arg, &a->mtu);
	case KEY_PATH_MTU:
		return set_mtu(arg, &a->path_mtu);
	case KEY_SEED:
		return unit_number(arg, INT64_MAX, &a->seed);
	case KEY_CC:
		a->cc = sw_cc_named(arg);
		return a->cc >= 0;
	case KEY_FLOWS:
		return unit_number(arg, FLOWS_MAX, &a->flows) && a->flows > 0;
	case KEY_LIMIT:
		return unit_time(arg, &a->limit) && a->limit > 0;
	default:
		return set_word(key, arg, a);
	}
}

static const char *
option_name(int key)
{
	for (const struct argp_option *o = options; o->name || o->doc; o++)
		if (o->name && o->key == key)
			return o->name;
	return "?";
}

static bool
set_flag(int key, const char *arg, struct sim_args *a)
{
	switch (key) {
	case '6':
		a->v6 = true;
		return true;
	case KEY_BOTH:
		a->both = true;
		return true;
	case KEY_ABSOLUTE:
		a->absolute = true;
		return true;
	case KEY_WHY:
		a->why = true;
		return true;
	case KEY_OFFLOAD:
		a->offload = true;
		return true;
	case KEY_BLACK_HOLE:
		a->black_hole = true;
		return true;
	case KEY_PCAP:
		a->pcap = arg;
		return true;
	case KEY_TRACE:
		a->trace = arg;
		return true;
	case KEY_PLOT:
		a->plot = arg;
		return true;
	default:
		return false;
	}
}

/* One line, and out. */
static void __attribute__((noreturn)) usage(const char *what, const char *arg)
{
	fprintf(stderr, "synwave sim: %s%s%s%s; try `synwave sim --help'\n", what, arg ? " '" : "",
		arg ? arg : "", arg ? "'" : "");
	exit(EXIT_USAGE);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct sim_args *a = state->input;
	char what[64];

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = &a->look;
		state->child_inputs[1] = &a->control;
		return 0;
	}
	if (key == ARGP_KEY_ARG) {
		if (a->file)
			usage("more than one FILE:", arg);
		a->file = arg;
		return 0;
	}
	if (key == ARGP_KEY_END) {
		if (a->v6 && (a->mtu < 1280 || (a->path_mtu && a->path_mtu < 1280)))
			usage("IPv6 needs an MTU of at least 1280", NULL);
		if (a->black_hole && !a->path_mtu)
			usage("--black-hole needs --path-mtu", NULL);
		if (a->both && a->file && !strcmp(a->file, "-"))
			usage("--both reads FILE twice: it cannot be standard input", NULL);
		if (a->flows > 1 && a->file && !strcmp(a->file, "-"))
			usage("--flows reads FILE several times: it cannot be standard input",
			      NULL);
		return 0;
	}
	if (set_flag(key, arg, a))
		return 0;
	if (key != 'o' && (key < KEY_RTT || key >= KEY_LAST))
		return ARGP_ERR_UNKNOWN;
	snprintf(what, sizeof(what), "--%s cannot be", option_name(key));
	if (!set_value(key, arg, a))
		usage(what, arg);
	return 0;
}

int
verb_sim(int argc, char **argv)
{
	static const struct argp_child children[] = {
	    {&look_argp, 0, NULL, 0}, {&control_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {options, parse, "[FILE]", doc, children, NULL, LANG_DOMAIN};
	struct sim_args args = {
	    .rtt = 20 * SW_MS, .rate = 100000000, .mtu = 1500, .seed = 1, .flows = 1};
	struct run run;
	char why[256];
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	code = control_begin(&args.control, "sim");
	if (code != EXIT_DONE)
		return code;
	code = run_begin(&run, &args);
	if (code == EXIT_DONE) {
		run_go(&run, &args.control);
		report(&run);
		code = report_good(&run, why, sizeof(why)) ? EXIT_DONE : EXIT_FAILED;
	}
	run_end(&run);
	control_end(&args.control);
	return code;
}
