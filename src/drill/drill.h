/*
 * drill.h - runs scripts in the language of packetdrill against our own stack,
 * in virtual time.
 *
 * The script is the network and the program: it makes system calls, puts packets
 * on the wire and says which packets have to come and when.  Nothing waits for a
 * real clock, so that hours of TCP take microseconds.
 */
#ifndef SW_DRILL_DRILL_H
#define SW_DRILL_DRILL_H

#include <stdbool.h>
#include <stdio.h>

#include <synwave/sw.h>

#include "profile.h"

enum drill_verdict { DRILL_PASSED = 0, DRILL_FAILED = 1, DRILL_SYNTAX = 2 };

enum { DRILL_OPTIONS = 64 };

struct drill_settings {
	enum drill_profile profile;
	const char
	    *option[DRILL_OPTIONS]; /* "name=value" as after -- in a script; win over its own */
	int options;
	bool ladder; /* print it even if the script passes */
	bool twin;   /* over IPv6, on a link 20 bytes wider: segments have the same sizes */
	FILE *out;   /* what went wrong is said here */
};

/*
 * Runs one script.  What did not match, with its line and the ladder so far,
 * goes to settings->out, and so does a mistake of the script's grammar.
 */
enum drill_verdict drill_file(const char *path, const struct drill_settings *);
/* The same for a text in memory; `path` is only what messages call it. */
enum drill_verdict drill_text(const char *path, const char *text, size_t n,
			      const struct drill_settings *);

#endif
