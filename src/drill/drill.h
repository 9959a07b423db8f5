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

enum drill_verdict {
	DRILL_PASSED = 0,
	DRILL_FAILED = 1,
	DRILL_SYNTAX = 2,
	DRILL_DIFFERS = 3, /* a kernel, as the script says in writing */
	DRILL_SKIPPED = 4,
	DRILL_VERDICTS
};

enum { DRILL_OPTIONS = 64 };

struct drill_end;

extern const struct drill_end drill_end_own;	/* our stack in virtual time */
extern const struct drill_end drill_end_kernel; /* the kernel's, in a namespace made for it */
extern const struct drill_end drill_end_so;	/* a shared object with packetdrill's table */

struct drill_where { /* how far a script has come, for one who outlives it */
	int line;
	char text[160];
};

struct drill_settings {
	const struct drill_end *end; /* NULL: drill_end_own */
	const char *so_filename, *so_flags;
	sw_ns longest;		   /* scripts with more time in them are skipped; 0: none is */
	bool verbose;		   /* say what a kernel does otherwise, as a script has foreseen */
	struct drill_where *where; /* NULL: nobody asks */
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
