/*
 * explain_diff.c - `synwave explain --diff A B': which packets died between two places.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "cli.h"
#include "explain.h"
#include "lang.h"
#include "explain/diff.h"

struct report {
	const struct explain_args *args;
	struct ex_style style;
	uint64_t died, missed, ways; /* missed: at the place before, which must have had them */
};

static int
complain(const char *name, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "synwave explain: %s: %s\n", name, why);
	return EXIT_USAGE;
}

/* One of the two captures; false: it said why. */
static bool
read_place(const struct explain_args *a, struct ex_diff *d, int place)
{
	char why[EX_WHY];
	struct ex_file *f = ex_file_open(a->file[place], false, why);
	struct ex_joiner *joiner;
	enum ex_read got = EX_READ_END;
	struct ex_packet p;
	uint64_t n = 0;

	if (!f) {
		complain(a->file[place], why);
		return false;
	}
	joiner = ex_joiner_new();
	if (*a->filter && !ex_file_filter(f, a->filter))
		got = EX_READ_FAILED;
	while (got != EX_READ_FAILED && (a->packets == 0 || n < a->packets) &&
	       (got = ex_file_next(f, &p)) == EX_READ_PACKET) {
		ex_link_read(ex_file_link(f), joiner, &p);
		ex_diff_packet(d, place, &p);
		n++;
	}
	if (got == EX_READ_FAILED)
		complain(a->file[place], ex_file_why(f));
	ex_joiner_free(joiner);
	ex_file_close(f);
	return got != EX_READ_FAILED;
}

/* ---- what is printed -------------------------------------------------------- */

static void
frames_text(const struct ex_diff_way *w, int place)
{
	for (uint64_t i = 0; i < w->alone[place] && i < EX_DIFF_SHOWN; i++)
		printf(" #%llu", (unsigned long long)w->frame[place][i]);
	if (w->alone[place] > EX_DIFF_SHOWN)
		printf(" ...");
	printf("\n");
}

static void
way_text(const struct report *r, const struct ex_diff_way *w)
{
	static const char name[2] = {'A', 'B'};
	char from[EX_ENDPOINT], to[EX_ENDPOINT], number[2][EX_NUMBER];

	printf(_(" %s %s %s: %s packets at A, %s at B"), ex_end_text(&w->from, &r->style, from),
	       r->style.ascii ? "->" : "\u2192", ex_end_text(&w->to, &r->style, to),
	       sw_text_count(w->seen[0], number[0]), sw_text_count(w->seen[1], number[1]));
	printf("%s\n", w->nearer == 0	 ? _("; A is nearer to the sender")
		       : w->nearer == 1 ? _("; B is nearer to the sender")
					: "");
	for (int place = 0; place < 2; place++) {
		if (w->alone[place] == 0)
			continue;
		printf(_("   %s at %c only"), sw_text_count(w->alone[place], number[0]),
		       name[place]);
		printf("%s:", w->nearer < 0	    ? ""
			      : w->nearer == place ? _(", died between")
						   : _(", missed by the capture before"));
		frames_text(w, place);
	}
}

static void
way_json(const struct report *r, const struct ex_diff_way *w)
{
	const struct ex_style plain = {.ascii = true};
	char from[EX_ENDPOINT], to[EX_ENDPOINT];

	printf("%s{\"from\":\"%s\",\"to\":\"%s\",\"nearer\":%s", r->ways > 1 ? ",\n" : "",
	       ex_end_text(&w->from, &plain, from), ex_end_text(&w->to, &plain, to),
	       w->nearer == 0	? "\"a\""
	       : w->nearer == 1 ? "\"b\""
				: "null");
	for (int place = 0; place < 2; place++) {
		printf(",\"%c\":{\"packets\":%llu,\"only_here\":%llu,\"frames\":[", "ab"[place],
		       (unsigned long long)w -> seen[place], (unsigned long long)w -> alone[place]);
		for (uint64_t i = 0; i < w->alone[place] && i < EX_DIFF_SHOWN; i++)
			printf("%s%llu", i ? "," : "", (unsigned long long)w->frame[place][i]);
		printf("]}");
	}
	printf("}");
}

static void
way(void *ctx, const struct ex_diff_way *w)
{
	struct report *r = ctx;

	r->ways++;
	r->died += w->nearer < 0 ? w->alone[0] + w->alone[1] : w->alone[w->nearer];
	r->missed += w->nearer < 0 ? 0 : w->alone[!w->nearer];
	if (r->args->out == AS_JSON)
		way_json(r, w);
	else if (!r->args->quiet && w->alone[0] + w->alone[1] > 0)
		way_text(r, w);
}

static void
sum_text(const struct report *r, uint64_t common, int64_t offset)
{
	char died[EX_NUMBER], missed[EX_NUMBER], both[EX_NUMBER], clock[EX_NUMBER];
	double apart = (double)(offset < 0 ? -offset : offset) / 1e9;

	printf(_("A %s, B %s: %s packets in both, %s died between, %s missed by a capture;"),
	       r->args->file[0], r->args->file[1], sw_text_count(common, both),
	       sw_text_count(r->died, died), sw_text_count(r->missed, missed));
	printf(_(" clocks %s apart\n"), ex_time_text(apart, &r->style, clock));
}

int
explain_diff(const struct explain_args *a)
{
	struct report r = {.args = a, .style = {a->ascii, a->resolve}};
	struct ex_diff *d = ex_diff_new();
	uint64_t common = 0;
	bool good = read_place(a, d, 0) && read_place(a, d, 1);

	if (good) {
		if (a->out == AS_JSON)
			printf("{\"synwave\":%d,\"ways\":[", EX_JSON_VERSION);
		common = ex_diff_end(d, way, &r);
		if (a->out == AS_JSON)
			printf("],\n\"common\":%llu,\"died\":%llu,\"missed\":%llu,\"clock_ns\":%"
			       "lld}\n",
			       (unsigned long long)common, (unsigned long long)r.died,
			       (unsigned long long)r.missed, (long long)ex_diff_offset(d));
		else if (common > 0)
			sum_text(&r, common, ex_diff_offset(d));
	}
	ex_diff_free(d);
	if (good && common == 0)
		return complain(a->file[1], _("no packet of the first capture is in it"));
	if (!good)
		return EXIT_USAGE;
	return r.died > 0 ? EXIT_FAILED : EXIT_DONE;
}
