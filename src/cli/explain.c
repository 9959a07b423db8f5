/*
 * explain.c - the verb `explain': its options.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "explain.h"
#include "lang.h"
#include "units.h"

enum {
	KEY_TOP = 0x100,
	KEY_FAIL,
	KEY_WHERE,
	KEY_DIFF,
	KEY_CLOSE_WAIT,
	KEY_FIN_WAIT,
	KEY_TIMEOUT,
	KEY_ZERO,
	KEY_FLOOD,
	KEY_TIME_WAIT,
	KEY_LOSS,
	KEY_SHARE,
	KEY_MSS,
	KEY_KEEP,
	KEY_LAST
};

/* clang-format off */
static const struct argp_option options[] = {
	{0, 0, 0, 0, N_("What is read:"), 1},
	{"read", 'r', "FILE", 0, N_("a capture: pcap or pcapng, gzip or zstd or neither; - is standard input"), 1},
	{"interface", 'i', "DEVICE", 0, N_("capture live, until Ctrl-C"), 1},
	{"count", 'c', "N", 0, N_("stop after N packets"), 1},
	{"connection", 'C', "N", 0, N_("of connection N only, and its ladder with the states of both ends"), 1},
	{"where", KEY_WHERE, "EXPR", 0, N_("of those connections only that fit, as 'state=CLOSE-WAIT and not port=443'"), 1},
	{"diff", KEY_DIFF, 0, 0, N_("two captures of the same traffic, taken at two places: which packets died between (text or json)"), 1},
	{0, 0, 0, 0, N_("What is shown:"), 2},
	{"output", 'o', "FORM", 0, N_("text, json, ndjson, csv, tsv; html: one page; of one connection mermaid, svg (text)"), 2},
	{"top", KEY_TOP, "N", 0, N_("the N worst findings only"), 2},
	{"write", 'w', "FILE", 0, N_("write a capture of the packets of those connections (all)"), 2},
	{"quiet", 'q', 0, 0, N_("one line a finding"), 2},
	{"verbose", 'v', 0, 0, N_("remarks in full, and where the capture was taken"), 2},
	{"resolve", 'N', 0, 0, N_("names for addresses"), 2},
	{"numeric", 'n', 0, OPTION_HIDDEN, 0, 2},
	{0, 0, 0, 0, N_("From when on it is a finding:"), 3},
	{"close-wait", KEY_CLOSE_WAIT, "TIME", 0, N_("in CLOSE-WAIT without a word (5s)"), 3},
	{"fin-wait-2", KEY_FIN_WAIT, "TIME", 0, N_("in FIN-WAIT-2 (60s)"), 3},
	{"connect-timeout", KEY_TIMEOUT, "TIME", 0, N_("of SYNs without an answer (1s)"), 3},
	{"zero-window", KEY_ZERO, "TIME", 0, N_("of a closed window (200ms)"), 3},
	{"syn-flood", KEY_FLOOD, "N", 0, N_("half-open at one listener at once (100)"), 3},
	{"time-wait", KEY_TIME_WAIT, "N", 0, N_("of one client towards one server at once (1000)"), 3},
	{"loss", KEY_LOSS, "PERCENT", 0, N_("of segments sent again: below it is a remark (1%)"), 3},
	{"window-share", KEY_SHARE, "PERCENT", 0, N_("of the time that a small window was the limit (25%)"), 3},
	{"small-mss", KEY_MSS, "BYTES", 0, N_("a smaller MSS (536)"), 3},
	{"keep-alives", KEY_KEEP, "N", 0, N_("without an answer before a RST (2)"), 3},
	{"fail-on", KEY_FAIL, "error|warn", 0, N_("exit status 1 from this severity on (warn)"), 3},
	{0}
};

static const char doc[] = N_(
	"Says what went wrong in a capture, on whose side, with the proof and what to do next.  "
	"Both ends of each connection are run as machines of RFC 9293: the sender makes its step when its "
	"segment is seen, the receiver when something proves that it came.");

static const char more[] = N_(
	"Words behind the files are a filter of libpcap's, as tcpdump takes them.  "
	"Packets are numbered as Wireshark does, connections as its tcp.stream plus 1.  "
	"TIME is 200ms, 5s, 2min.\n"
	"\n"
	"EXPR joins comparisons with and, or, not, (): FIELD OP VALUE with = != < <= > >=.  Fields: "
	"state, client.state, server.state, outcome, closed-by, addr, client, server, port, conn, "
	"packets, bytes, retransmissions, duration.  A state is the last one of an end; of two ends, "
	"either may fit.\n"
	"\n"
	"Examples:\n"
	"  synwave explain incident.pcap\n"
	"  synwave explain -o json incident.pcapng.gz | jq .findings\n"
	"  tcpdump -i eth0 -w - tcp | synwave explain -\n"
	"\n"
	"Exit status: 0 nothing worse than a remark; 1 a finding of severity warning or error; "
	"2 it could not be read, or usage.");
/* clang-format on */

/* The text below the options. */
static char *
help(int key, const char *text, void *input)
{
	(void)input;
	return key == ARGP_KEY_HELP_POST_DOC ? strdup(_(more)) : (char *)(uintptr_t)text;
}

/* One line, and out. */
static void __attribute__((noreturn)) usage(const char *what, const char *arg)
{
	fprintf(stderr, _("synwave explain: %s%s%s%s; try `synwave explain --help'\n"), what,
		arg ? " '" : "", arg ? arg : "", arg ? "'" : "");
	exit(EXIT_USAGE);
}

static bool
word(const char *arg, const char *const *words, int *n)
{
	for (*n = 0; words[*n]; ++*n)
		if (!strcmp(arg, words[*n]))
			return true;
	return false;
}

static bool
set_out(const char *arg, struct explain_args *a)
{
	static const char *const words[] = {"text",    "json", "ndjson", "csv", "tsv",
					    "mermaid", "svg",  "html",	 NULL};
	int n;
	bool good = word(arg, words, &n);

	a->out = (enum explain_out)n;
	return good;
}

static bool
set_count(const char *arg, uint64_t most, uint32_t *n)
{
	uint64_t value;

	if (!unit_number(arg, most, &value) || value == 0)
		return false;
	*n = (uint32_t)value;
	return true;
}

static bool
set_percent(const char *arg, double *percent)
{
	uint32_t ppm;

	if (!unit_percent(arg, &ppm))
		return false;
	*percent = ppm / 10000.0;
	return true;
}

/* Thresholds; false: not such a value. */
static bool
set_limit(int key, const char *arg, struct explain_args *a)
{
	struct ex_limits *l = &a->limits;

	switch (key) {
	case KEY_CLOSE_WAIT:
		return unit_time(arg, &l->close_wait);
	case KEY_FIN_WAIT:
		return unit_time(arg, &l->fin_wait);
	case KEY_TIMEOUT:
		return unit_time(arg, &l->timeout);
	case KEY_ZERO:
		return unit_time(arg, &l->zero_window);
	case KEY_FLOOD:
		return set_count(arg, 1 << 30, &l->flood);
	case KEY_TIME_WAIT:
		return set_count(arg, 1 << 30, &l->time_wait);
	case KEY_LOSS:
		return set_percent(arg, &l->loss);
	case KEY_SHARE:
		return set_percent(arg, &l->share);
	case KEY_MSS:
		return set_count(arg, 65535, &l->mss);
	default:
		return set_count(arg, 1000, &l->keep_alives);
	}
}

/* Options with a value; false: not such a value. */
static bool
set_value(int key, const char *arg, struct explain_args *a)
{
	char why[EX_WHERE_WHY];

	switch (key) {
	case 'C':
		return unit_number(arg, INT64_MAX, &a->conn) && a->conn > 0;
	case KEY_WHERE:
		a->where = ex_where_new(arg, why);
		if (!a->where)
			usage(why, NULL);
		return true;
	case 'c':
		return unit_number(arg, INT64_MAX, &a->packets) && a->packets > 0;
	case 'o':
		return set_out(arg, a);
	case KEY_TOP:
		return set_count(arg, 1 << 30, &a->top);
	case KEY_FAIL:
		a->fail_on = strcmp(arg, "error") ? EX_WARNING : EX_ERROR;
		return !strcmp(arg, "error") || !strcmp(arg, "warn") || !strcmp(arg, "warning");
	default:
		return set_limit(key, arg, a);
	}
}

static bool
set_flag(int key, const char *arg, struct explain_args *a)
{
	switch (key) {
	case 'r':
		if (a->files == FILES_MOST)
			usage(_("too many files:"), arg);
		a->file[a->files++] = arg;
		return true;
	case 'i':
		a->device = arg;
		return true;
	case 'w':
		a->write = arg;
		return true;
	case 'q':
		a->quiet = true;
		return true;
	case 'v':
		a->verbose = true;
		return true;
	case 'N':
		a->resolve = true;
		return true;
	case 'n':
		a->resolve = false;
		return true;
	case KEY_DIFF:
		a->diff = true;
		return true;
	default:
		return false;
	}
}

static bool
is_there(const char *name)
{
	struct stat st;

	return !strcmp(name, "-") || stat(name, &st) == 0;
}

/* A bare word: a file, as long as there are such; then it begins a filter. */
static void
bare(const char *arg, struct explain_args *a, bool *named)
{
	bool first = a->files == 0 && !a->device;

	if (!*named && !*a->filter && (first || is_there(arg))) {
		if (a->files == FILES_MOST)
			usage(_("too many files:"), arg);
		a->file[a->files++] = arg;
		return;
	}
	if (strlen(a->filter) + strlen(arg) + 2 > sizeof(a->filter))
		usage(_("the filter is too long"), NULL);
	if (*a->filter)
		strcat(a->filter, " ");
	strcat(a->filter, arg);
}

/* -w goes through one file twice, and must not write over what it reads. */
static void
check_write(const struct explain_args *a)
{
	struct stat in, out;

	if (a->device || a->files != 1)
		usage(_("-w needs one file, no device"), NULL);
	if (!strcmp(a->write, "-"))
		usage(_("-w cannot write to"), a->write);
	if (stat(a->write, &out) == 0 && stat(a->file[0], &in) == 0 && in.st_dev == out.st_dev &&
	    in.st_ino == out.st_ino)
		usage(_("-w would write over"), a->write);
}

/* For a drawing the packets are gone through twice. */
static void
check_paper(const struct explain_args *a)
{
	if (a->device || a->files != 1)
		usage(_("a drawing needs one file, no device"), NULL);
	if (!a->conn && a->out != AS_HTML)
		usage(_("-o mermaid and -o svg are of one connection: -C"), NULL);
}

struct line {
	struct explain_args *args;
	bool named; /* files came by -r: bare words are a filter */
};

static const char *
option_name(int key)
{
	for (const struct argp_option *o = options; o->name || o->doc; o++)
		if (o->name && o->key == key)
			return o->name;
	return "?";
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct line *line = state->input;
	struct explain_args *a = line->args;
	char what[64];

	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = &a->look;
		state->child_inputs[1] = &a->control;
		return 0;
	}
	if (key == ARGP_KEY_ARG) {
		bare(arg, a, &line->named);
		return 0;
	}
	if (key == ARGP_KEY_END) {
		if (a->files == 0 && !a->device)
			usage(_("no capture"), NULL);
		if (a->write)
			check_write(a);
		if (a->out >= AS_MERMAID)
			check_paper(a);
		if (a->diff && (a->files != 2 || a->device || a->write || a->conn || a->where))
			usage(_("--diff needs two files, no -i, -w, -C or --where"), NULL);
		if (a->diff && a->out > AS_JSON)
			usage(_("--diff has text and json only"), NULL);
		return 0;
	}
	if (key == 'r')
		line->named = true;
	if (set_flag(key, arg, a))
		return 0;
	if (!strchr("cCo", key) && (key < KEY_TOP || key >= KEY_LAST))
		return ARGP_ERR_UNKNOWN;
	snprintf(what, sizeof(what), _("--%s cannot be"), option_name(key));
	if (!set_value(key, arg, a))
		usage(what, arg);
	return 0;
}

int
verb_explain(int argc, char **argv)
{
	static const struct argp_child children[] = {
	    {&look_argp, 0, NULL, 0}, {&control_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {options, parse,      N_("FILE... [FILTER]"), doc, children,
				  help,	   LANG_DOMAIN};
	static struct explain_args args = {.fail_on = EX_WARNING};
	struct line line = {.args = &args};
	int worst = EXIT_DONE;

	ex_limits_init(&args.limits);
	argp_parse(&argp, argc, argv, 0, NULL, &line);
	args.colour = look_colour(&args.look);
	args.ascii = !look_unicode(&args.look);
	args.width = (unsigned)look_columns(&args.look);
	if (args.diff)
		return explain_diff(&args);
	if (args.device)
		return explain_run(&args, NULL);
	for (int i = 0; i < args.files; i++) {
		int code = explain_run(&args, args.file[i]);

		if (code > worst)
			worst = code;
	}
	return worst;
}
