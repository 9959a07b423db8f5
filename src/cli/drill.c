/*
 * drill.c - the verb `drill`: its options, and which scripts are meant.  How
 * several run at once stands in drill_jobs.c, what a script is in src/drill/.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "drill.h"

enum {
	KEY_TAP = 0x100,
	KEY_LADDER,
	KEY_TWINS,
	KEY_KERNEL,
	KEY_LONGEST,
	KEY_SO,
	KEY_SO_FLAGS,
	KEY_SET,
	KEY_SET_LAST = KEY_SET + 8
};

enum { LONGEST_S = 20 }; /* of real time, for one script */

/* clang-format off */
static const struct argp_option options[] = {
	{"profile", 'p', "rfc|linux|freebsd", 0,
	 "settings of the stack: its defaults, or what scripts for these systems expect", 0},
	{"jobs", 'j', "N", 0, "run N scripts at once (as many as there are processors)", 0},
	{"ladder", KEY_LADDER, 0, 0, "print the ladder of scripts that pass, too", 0},
	{"tap", KEY_TAP, 0, 0, "one line of TAP for each script", 0},
	{"twins", KEY_TWINS, 0, 0,
	 "run each script over IPv6 too, on a link 20 bytes wider, so that segments have the "
	 "same sizes; not if it names its --ip_version", 0},
	{"verbose", 'v', 0, 0, "one line for each script that passes", 0},
	{0, 0, 0, 0, "Against something else than our stack in virtual time:", 1},
	{"kernel", KEY_KERNEL, 0, 0,
	 "the Linux kernel, in real time, in a network namespace for each script", 1},
	{"kernel-longest", KEY_LONGEST, "SECONDS", 0,
	 "with --kernel skip scripts in which more time passes (20; 0: none)", 1},
	{"so_filename", KEY_SO, "FILE", 0,
	 "a shared object with packetdrill's table; the clock is its own", 1},
	{"so_flags", KEY_SO_FLAGS, "TEXT", 0, "what it is given at its beginning", 1},
	{0, 0, 0, 0, "As in the original, and they win over the script's own:", 2},
	{"ip_version", KEY_SET, "ipv4|ipv6|ipv4-mapped-ipv6", 0, "what goes on the wire", 2},
	{"local_ip", KEY_SET + 1, "ADDRESS", 0, "the stack's", 2},
	{"remote_ip", KEY_SET + 2, "ADDRESS", 0, "the script's", 2},
	{"connect_port", KEY_SET + 3, "PORT", 0, "where connect(..., ..., ...) goes (8080)", 2},
	{"bind_port", KEY_SET + 4, "PORT", 0, "where bind(..., ..., ...) listens (8080)", 2},
	{"tolerance_usecs", KEY_SET + 5, "N", 0, "how early or late is still right (4000)", 2},
	{"tcp_ts_tick_usecs", KEY_SET + 6, "N", 0, "check our timestamps against this clock", 2},
	{"mtu", KEY_SET + 7, "BYTES", 0, "of the link (1500)", 2},
	{"define", KEY_SET + 8, "NAME=VALUE", 0, "replace this word in scripts", 2},
	{0}
};

static const char doc[] =
	"Runs scripts in the language of packetdrill against our own stack, in virtual time: hours "
	"of TCP take microseconds, and the same script always gives the same verdict.  A directory "
	"stands for all *.pkt in it."
	"\v"
	"A script gives times, system calls, packets in (<) and packets that must come out (>):\n"
	"\n"
	"  0     socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	"  0...0.050 connect(3, ..., ...) = 0\n"
	"  +0    > S  0:0(0) <...>\n"
	"  +.05  < S. 0:0(0) ack 1 win 65535 <mss 1460>\n"
	"  +0    > .  1:1(0) ack 1\n"
	"\n"
	"Lines after //: are ours; the original takes them for comments:\n"
	"\n"
	"  //: profile linux            settings of the stack for this script\n"
	"  //: iss 4294967295           our initial sequence number\n"
	"  //: req MUST-13              which requirement it shows\n"
	"  //: path CLOSED SYN-SENT ... the states passed, all of them, checked at the end;\n"
	"                               `path 4 ...' is of the connection behind descriptor 4\n"
	"  //: +1 state 3 TIME-WAIT     the state behind descriptor 3, also after close\n"
	"  //: +1 silent                nothing was sent that the script has not asked for\n"
	"  //: +0 iss 4 1000~2000       our number in the SYN of 4 is so much more than that in the\n"
	"                               SYN sent before\n"
	"  //: +0 trouble 4             our program is told of trouble (R1, a soft ICMP error); no-trouble\n"
	"  //: +0 reboot                our stack forgets everything, and has another secret\n"
	"  //: +0 maybe > . 1:1(0) ack 1  may come, need not (an optional ACK)\n"
	"  //: or > F. 1:1(0) ack 2     the packet of the line before, or this one\n"
	"  //: batch 3                  the next three packets arrive in one call\n"
	"  //: +0 < [bad-sum] . 1:1(0) ack 1    an event as above, and in it:\n"
	"      [bad-sum] [from ADDR] [to ADDR] [ip-options HEX] <raw HEX>\n"
	"      (over IPv6 the options stand in a destination options header)\n"
	"  //: kernel WHY               with --kernel the script is allowed to fail, for this\n"
	"                               reason (-v says it, and how)\n"
	"\n"
	"With --kernel and --so_filename nobody can look inside: `path' is not checked, `state' "
	"only while the descriptor is open, `iss' and `profile' do nothing.\n"
	"\n"
	"`sysctl ...` lines set what our stack has a setting for, `ip addr add ADDR/LEN ...` gives it "
	"another address; other shell lines do nothing.  "
	"%{ assert tcpi_... }% blocks are evaluated without Python.\n"
	"\n"
	"Exit status: 0 all passed; 1 some did not, with line, difference and ladder; "
	"2 usage, or an error in a script.";
/* clang-format on */

static void
list_add(struct drill_list *list, const char *path, bool twin)
{
	if (list->n == list->cap) {
		list->cap = 2 * list->cap + 64;
		list->item = realloc(list->item, list->cap * sizeof(*list->item));
	}
	if (list->item)
		list->item[list->n++] = (struct drill_item){strdup(path), twin};
	if (!list->item || !list->item[list->n - 1].path) {
		fprintf(stderr, "synwave drill: no memory\n");
		exit(EXIT_USAGE);
	}
}

static int
list_order(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* A file as it is; below a directory everything that ends in .pkt. */
static void
list_walk(struct drill_list *list, char *path)
{
	char *const roots[2] = {path, NULL};
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, list_order);
	FTSENT *e;

	while (walk && (e = fts_read(walk))) {
		bool script =
		    e->fts_namelen > 4 && !strcmp(e->fts_name + e->fts_namelen - 4, ".pkt");

		if (e->fts_level == 0 ? e->fts_info != FTS_D && e->fts_info != FTS_DP
				      : e->fts_info == FTS_F && script)
			list_add(list, e->fts_path, false);
	}
	if (walk)
		fts_close(walk);
}

/* Does the script say over which IP it goes? */
static bool
script_has_family(const char *path)
{
	static const char option[] = "--ip_version=";
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	while (file && !found && getline(&line, &cap, file) >= 0)
		found = !strncmp(line, option, sizeof(option) - 1);
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* Behind all scripts, those that can go over IPv6 again. */
static void
list_twins(struct drill_list *list)
{
	size_t n = list->n;

	for (size_t i = 0; i < n; i++)
		if (!script_has_family(list->item[i].path))
			list_add(list, list->item[i].path, true);
}

struct drill_args {
	struct drill_job *job;
	bool twins;
	struct drill_list list;
	char *setting[DRILL_OPTIONS]; /* "name=value" */
};

/* An option of the original, kept as it is for the scripts. */
static void
setting_add(struct drill_args *a, int which, const char *value, struct argp_state *state)
{
	struct drill_settings *s = &a->job->settings;
	const char *name = "";

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].key == KEY_SET + which)
			name = options[i].name;
	if (s->options == DRILL_OPTIONS ||
	    asprintf(&a->setting[s->options], "%s=%s", name, value) < 0)
		argp_error(state, "too many settings");
	s->option[s->options] = a->setting[s->options];
	s->options++;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct drill_args *a = state->input;
	struct drill_job *job = a->job;
	char *end;

	switch (key) {
	case 'p':
		job->settings.profile = drill_profile_named(arg);
		if (job->settings.profile == DRILL_N_PROFILES)
			argp_error(state, "there is no profile '%s'", arg);
		return 0;
	case 'j':
		job->jobs = (int)strtol(arg, &end, 10);
		if (*end || end == arg || job->jobs < 1 || job->jobs > 1024)
			argp_error(state, "'%s' is no number of jobs", arg);
		return 0;
	case 'v':
		job->verbose = job->settings.verbose = true;
		return 0;
	case KEY_TWINS:
		a->twins = true;
		return 0;
	case KEY_TAP:
		job->tap = true;
		return 0;
	case KEY_LADDER:
		job->settings.ladder = true;
		return 0;
	case KEY_KERNEL:
		job->settings.end = &drill_end_kernel;
		return 0;
	case KEY_LONGEST:
		job->longest = strtoul(arg, &end, 10);
		if (*end || end == arg)
			argp_error(state, "'%s' is no number of seconds", arg);
		return 0;
	case KEY_SO:
		job->settings.end = &drill_end_so;
		job->settings.so_filename = arg;
		return 0;
	case KEY_SO_FLAGS:
		job->settings.so_flags = arg;
		return 0;
	case ARGP_KEY_ARG:
		list_walk(&a->list, arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which script?");
		return 0;
	default:
		if (key < KEY_SET || key > KEY_SET_LAST)
			return ARGP_ERR_UNKNOWN;
		setting_add(a, key - KEY_SET, arg, state);
		return 0;
	}
}

/* false: there can be no namespace, and that was said. */
static bool
kernel_ready(struct drill_job *job)
{
	const char *why;

	if (job->settings.end != &drill_end_kernel)
		return true;
	job->settings.longest = job->longest * SW_S;
	why = drill_apart_cannot();
	if (why && job->tap)
		printf("1..0 # SKIP %s\n", why);
	else if (why)
		fprintf(stderr, "synwave drill: --kernel: %s\n", why);
	return !why;
}

int
verb_drill(int argc, char **argv)
{
	const struct argp argp = {options, parse, "SCRIPT|DIR...", doc, NULL, NULL, NULL};
	struct drill_job job = {.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), .longest = LONGEST_S};
	struct drill_args a = {.job = &job};
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.list.n == 0) {
		fprintf(stderr, "synwave drill: no scripts there\n");
		return EXIT_USAGE;
	}
	if (a.twins)
		list_twins(&a.list);
	job.list = &a.list;
	code = kernel_ready(&job) ? drill_jobs(&job) : job.tap ? EXIT_DONE : EXIT_FAILED;
	for (size_t i = 0; i < a.list.n; i++)
		free(a.list.item[i].path);
	free(a.list.item);
	while (job.settings.options > 0)
		free(a.setting[--job.settings.options]);
	return code;
}
