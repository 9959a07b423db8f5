/*
 * core.h - which core is driven: the one that ships, or its copy with a rule broken.
 *
 * The copy is made of the same sources with SW_BREAKS defined, and its names begin
 * with broken_ (Makefile).  Nothing of it is in the library.
 */
#ifndef SW_EXPLORE_CORE_H
#define SW_EXPLORE_CORE_H

#include <synwave/sw.h>
#include <synwave/sw_probe.h>

/* clang-format off */
#define EXPLORE_CALLS(X) \
	X(config_minimal) X(stack_bytes) X(stack_init) X(iface_add) X(address_add) \
	X(input) X(output) X(deadline) X(open_passive) X(open_passive_from) X(open_active) \
	X(accept) X(send) X(receive) X(close) X(release) X(status) X(counters) X(ready) \
	X(probe_check) X(probe_broken) X(probe_digest_still) X(probe_force_iss) \
	X(route_add) X(abort) X(trace)

struct explore_core {
#define EXPLORE_MEMBER(name) __typeof__(sw_##name) *name;
	EXPLORE_CALLS(EXPLORE_MEMBER)
#undef EXPLORE_MEMBER
};
/* clang-format on */

enum explore_break {
	EXPLORE_WHOLE,
	EXPLORE_TWO_WAY,
	EXPLORE_NO_TIME_WAIT,
	EXPLORE_SHORT_TIME_WAIT,
	EXPLORE_FIXED_ISS,
	EXPLORE_ACK_LESS_FIN,
	EXPLORE_NO_PAWS,
	EXPLORE_N_BREAKS
};

/* The core to drive from now on. */
const struct explore_core *explore_core(enum explore_break);
/* "two-way"; and back: EXPLORE_N_BREAKS if there is none of that name. */
const char *explore_break_name(enum explore_break);
enum explore_break explore_break_named(const char *);

#endif
