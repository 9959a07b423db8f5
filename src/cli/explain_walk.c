/*
 * explain_walk.c - a whole capture, for verbs beside `explain': every packet to a new
 * engine, whose watchers are told.
 */
#include "cli.h"
#include "explain.h"
#include "lang.h"

/* False: why. */
static bool
packets(struct ex_file *file, const struct ex_watch *watch, sw_ns *first, char why[EX_WHY])
{
	struct ex_joiner *joiner = ex_joiner_new();
	struct ex_limits limits;
	struct ex_engine *engine;
	struct ex_packet p;
	enum ex_read got;
	uint64_t n = 0;

	ex_limits_init(&limits);
	engine = ex_engine_new(&limits, watch);
	while ((got = ex_file_next(file, &p)) == EX_READ_PACKET) {
		if (n++ == 0)
			*first = p.at;
		ex_link_read(ex_file_link(file), joiner, &p);
		ex_engine_packets(engine, &p, 1);
	}
	ex_engine_end(engine, ex_file_cut(file));
	ex_engine_free(engine);
	ex_joiner_free(joiner);
	if (got == EX_READ_FAILED)
		snprintf(why, EX_WHY, "%s", ex_file_why(file));
	else if (n == 0)
		snprintf(why, EX_WHY, _("no packets in it"));
	return got != EX_READ_FAILED && n > 0;
}

int
explain_walk(const char *verb, const char *path, const struct ex_watch *watch, sw_ns *first)
{
	char why[EX_WHY];
	struct ex_file *file = ex_file_open(path, false, why);
	bool good = file && packets(file, watch, first, why);

	if (!good)
		fprintf(stderr, "synwave %s: %s: %s\n", verb, path, why);
	if (file)
		ex_file_close(file);
	return good ? EXIT_DONE : EXIT_USAGE;
}
