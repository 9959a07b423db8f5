/*
 * explain_run.c - goes through a capture and prints what came of it, in the form that
 * was asked for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "explain.h"
#include "lang.h"
#include "explain/pool.h"

enum { LOOK_EVERY = 1 << 15, BATCH = 32, BAR = 40, TOLD_EVERY_MS = 100 };

struct place { /* of a connection in the spool */
	uint64_t id;
	off_t at;
	size_t len;
};

struct run {
	const struct explain_args *args;
	const char *name;
	struct ex_file *file;
	struct ex_joiner *joiner;
	struct ex_engine *engine;
	struct pick pick;
	struct ex_conn chosen;	    /* by -C */
	struct ex_finding *finding; /* those of what was picked */
	FILE *spool; /* JSON of connections, until the findings are there to stand before them */
	struct place *place;
	size_t places, room;
	struct sheet *sheet; /* -o html */
	uint64_t packets, look_at;
	char why[EX_WHY];
	bool failed, told;
	struct timespec begin, last_told;
	struct explain_live live;
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static double
seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* ---- how far it is ------------------------------------------------------------ */

static void
progress(struct run *r)
{
	uint64_t done, total;
	double seconds;
	int full;

	r->look_at = r->packets + LOOK_EVERY;
	if (!isatty(STDERR_FILENO) || seconds_since(&r->last_told) * 1000 < TOLD_EVERY_MS)
		return;
	clock_gettime(CLOCK_MONOTONIC, &r->last_told);
	ex_file_place(r->file, &done, &total);
	seconds = seconds_since(&r->begin);
	full = total ? (int)(done * BAR / total) : 0;
	if (total)
		fprintf(stderr, "\r[%.*s%*s] %3.0f %%  ", full > BAR ? BAR : full,
			"########################################", BAR - full, "",
			(double)done * 100 / (double)total);
	else
		fprintf(stderr, "\r");
	fprintf(stderr, "%llu packets, %.1f million a second\033[K", (unsigned long long)r->packets,
		seconds > 0 ? (double)r->packets / seconds / 1e6 : 0);
	r->told = true;
}

static void
progress_end(struct run *r)
{
	if (r->told)
		fprintf(stderr, "\r\033[K");
	r->told = false;
}

/* ---- connections as they are over ------------------------------------------------ */

/* Kept until the end, with its place, so that they can be printed by number. */
static void
spool(struct run *r, const struct ex_conn *c)
{
	off_t from = ftello(r->spool);

	ex_json_conn(r->spool, c);
	if (r->places == r->room) {
		struct place *more;

		r->room = r->room ? 2 * r->room : 256;
		more = realloc(r->place, r->room * sizeof(*more));
		if (!more) {
			snprintf(r->why, sizeof(r->why), _("out of memory"));
			r->failed = true;
			stop = 1;
			return;
		}
		r->place = more;
	}
	r->place[r->places++] = (struct place){c->id, from, (size_t)(ftello(r->spool) - from)};
}

static void
on_conn(void *ctx, const struct ex_conn *c)
{
	struct run *r = ctx;

	if (!pick_conn(&r->pick, c))
		return;
	r->chosen = *c;
	switch (r->args->out) {
	case AS_JSON:
		spool(r, c);
		break;
	case AS_NDJSON:
		fputs("{\"type\":\"connection\",\"connection\":", stdout);
		ex_json_conn(stdout, c);
		fputs("}\n", stdout);
		break;
	case AS_HTML:
		sheet_conn(r->sheet, c);
		break;
	case AS_CSV:
		ex_csv_conn(stdout, c, ',');
		break;
	case AS_TSV:
		ex_csv_conn(stdout, c, '\t');
		break;
	default:
		break;
	}
}

static bool
wanted(void *ctx, const struct ex_conn *c)
{
	struct run *r = ctx;

	return pick_conn(&r->pick, c);
}

/* ---- what is printed at the end ----------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The connections of the spool, by number. */
static bool
unspool(struct run *r)
{
	char *text = NULL;
	size_t most = 0;

	if (r->places > 0)
		qsort(r->place, r->places, sizeof(*r->place), by_id);
	for (size_t i = 0; i < r->places; i++)
		most = r->place[i].len > most ? r->place[i].len : most;
	text = malloc(most + 1);
	if (!text || fflush(r->spool) != 0)
		return false;
	for (size_t i = 0; i < r->places; i++) {
		const struct place *p = &r->place[i];

		if (pread(fileno(r->spool), text, p->len, p->at) != (ssize_t)p->len)
			break;
		if (i > 0)
			fputs(",\n", stdout);
		fwrite(text, 1, p->len, stdout);
	}
	free(text);
	return true;
}

static void
print_json(struct run *r, const struct ex_report *report)
{
	fputc('{', stdout);
	ex_json_summary(stdout, report);
	fputs(",\n\"findings\":[", stdout);
	for (size_t i = 0; i < report->findings; i++) {
		fputs(i > 0 ? ",\n" : "", stdout);
		ex_json_finding(stdout, report, &report->finding[i]);
	}
	fputs("],\n\"connections\":[", stdout);
	if (!unspool(r))
		fprintf(stderr, _("synwave explain: connections are missing: %s\n"),
			strerror(errno));
	fputs("]}\n", stdout);
}

static void
print_ndjson(const struct ex_report *report)
{
	for (size_t i = 0; i < report->findings; i++) {
		fputs("{\"type\":\"finding\",\"finding\":", stdout);
		ex_json_finding(stdout, report, &report->finding[i]);
		fputs("}\n", stdout);
	}
	fputs("{\"type\":\"summary\",\"summary\":{", stdout);
	ex_json_summary(stdout, report);
	fputs("}}\n", stdout);
}

/* The findings about what was picked; how many. */
static size_t
findings(struct run *r)
{
	const struct ex_finding *all;
	size_t n = ex_engine_findings(r->engine, &all), kept = 0;

	r->finding = ex_alloc(n * sizeof(*r->finding));
	for (size_t i = 0; i < n; i++)
		if (pick_finding(&r->pick, &all[i]))
			r->finding[kept++] = all[i];
	return kept;
}

/* A page that cannot be made is the run's failure. */
static void
sheet(struct run *r, const struct ex_report *report)
{
	char why[EX_WHY];

	if (sheet_print(r->sheet, r->args, report, r->file, why) || r->failed)
		return;
	memcpy(r->why, why, sizeof(why));
	r->failed = true;
}

static int
print(struct run *r)
{
	struct ex_summary sum;
	struct ex_report report = {.file = r->name,
				   .sum = &sum,
				   .style = {r->args->ascii, r->args->resolve},
				   .width = r->args->width,
				   .colour = r->args->colour,
				   .quiet = r->args->quiet,
				   .verbose = r->args->verbose,
				   .top = r->args->top,
				   .trouble = r->failed ? r->why : NULL};
	int code = EXIT_DONE;

	ex_engine_summary(r->engine, &sum);
	report.findings = findings(r);
	report.finding = r->finding;
	report.seconds = seconds_since(&r->begin);
	if (r->args->out == AS_TEXT) {
		ex_text_report(stdout, &report);
		if (r->args->conn && r->pick.picked && r->args->device)
			ex_text_conn(stdout, &report, &r->chosen);
	} else if (r->args->out == AS_JSON)
		print_json(r, &report);
	else if (r->args->out == AS_NDJSON)
		print_ndjson(&report);
	else if (r->args->out == AS_HTML)
		sheet(r, &report);
	for (size_t i = 0; i < report.findings; i++)
		if (report.finding[i].severity >= r->args->fail_on)
			code = EXIT_FAILED;
	return code;
}

/* ---- the way through ------------------------------------------------------------------ */

static void
complain(const struct run *r, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "synwave explain: %s%s%s\n", r->name ? r->name : "",
		r->name && *r->name ? ": " : "", why);
}

/* All packets; false: it could not be read to its end. */
static bool
all_packets(struct run *r)
{
	struct ex_packet p[BATCH];
	enum ex_read got = EX_READ_NONE;
	bool enough = false;

	while (!stop && !enough && got < EX_READ_END) {
		size_t n = 0;

		do {
			got = ex_file_next(r->file, &p[n]);
			if (got != EX_READ_PACKET)
				break;
			ex_link_read(ex_file_link(r->file), r->joiner, &p[n++]);
			enough = ++r->packets == r->args->packets;
		} while (!enough && n < BATCH && ex_file_ready(r->file));
		ex_engine_packets(r->engine, p, n);
		if (control_due(&r->live.control) ||
		    (got == EX_READ_NONE && r->live.control.verb != NULL))
			explain_live_turn(&r->live, r->engine, r->packets);
		if (r->packets >= r->look_at || got == EX_READ_NONE)
			progress(r);
	}
	progress_end(r);
	return stop || enough || got == EX_READ_END;
}

/* Is what is printed no data for a program? */
static bool
for_people(const struct run *r)
{
	return r->args->out == AS_TEXT || r->args->out >= AS_MERMAID;
}

/* The connection of -C: is it there?  If a ladder is asked for, it is drawn. */
static void
one(struct run *r)
{
	char why[EX_WHY];

	if (r->pick.picked == 0) {
		snprintf(why, sizeof(why), _("there is no connection %llu"),
			 (unsigned long long)r->args->conn);
	} else if (r->args->device || !for_people(r) || r->args->out == AS_HTML) {
		return;
	} else {
		if (r->args->out == AS_TEXT)
			fputc('\n', stdout);
		if (ladder_draw(r->args, &r->chosen, r->file, why))
			return;
	}
	if (!r->failed)
		memcpy(r->why, why, sizeof(why));
	r->failed = true;
}

static int
with_file(struct run *r)
{
	struct ex_watch watch = {
	    .ctx = r, .conn = on_conn, .wanted = pick_all(r->args) ? NULL : wanted};

	if (*r->args->filter && !ex_file_filter(r->file, r->args->filter)) {
		complain(r, ex_file_why(r->file));
		return EXIT_USAGE;
	}
	r->joiner = ex_joiner_new();
	r->engine = ex_engine_new(&r->args->limits, &watch);
	if (r->args->out == AS_CSV || r->args->out == AS_TSV)
		ex_csv_head(stdout, r->args->out == AS_CSV ? ',' : '\t');
	if (r->args->out == AS_HTML)
		r->sheet = sheet_new();
	if (r->args->out == AS_JSON && !(r->spool = tmpfile())) {
		complain(r, strerror(errno));
		return EXIT_USAGE;
	}
	if (!all_packets(r)) {
		snprintf(r->why, sizeof(r->why), "%s", ex_file_why(r->file));
		r->failed = true;
	} else if (r->packets == 0 && !*r->args->filter && !stop) {
		snprintf(r->why, sizeof(r->why), _("no packets in it"));
		r->failed = true;
	}
	if (r->failed && r->packets == 0 && for_people(r)) {
		complain(r, r->why);
		return EXIT_USAGE;
	}
	ex_engine_end(r->engine, r->failed && ex_file_cut(r->file));
	int code = print(r);

	if (r->args->conn)
		one(r);
	if (!r->failed && r->args->write && !pick_write(&r->pick, r->file, r->why))
		r->failed = true;
	if (!r->failed)
		return code;
	complain(r, r->why);
	return EXIT_USAGE;
}

int
explain_run(const struct explain_args *args, const char *file)
{
	struct run r = {.args = args, .name = file ? file : args->device, .pick = {.args = args}};
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	int code = EXIT_USAGE;

	if (explain_live_begin(&r.live, &args->control) != 0)
		return EXIT_USAGE;
	sigaction(SIGINT, &act, NULL);
	clock_gettime(CLOCK_MONOTONIC, &r.begin);
	r.file = file ? ex_file_open(file, args->write || args->conn || args->out == AS_HTML, r.why)
		      : ex_file_device(args->device, r.why);
	if (r.file)
		code = with_file(&r);
	else
		complain(&r, r.why);
	explain_live_end(&r.live);
	sheet_free(r.sheet);
	ex_engine_free(r.engine);
	ex_joiner_free(r.joiner);
	ex_file_close(r.file);
	if (r.spool)
		fclose(r.spool);
	free(r.place);
	free(r.finding);
	free(r.pick.bits);
	return code;
}
