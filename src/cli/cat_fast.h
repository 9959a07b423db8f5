/*
 * cat_fast.h - what `synwave cat --fastopen FILE` remembers from one run to the next.
 */
#ifndef SW_CLI_CAT_FAST_H
#define SW_CLI_CAT_FAST_H

#include <synwave/sw.h>

enum { FAST_COOKIES = 64 };

struct fast_cookie {
	struct sw_addr local, remote;
	struct sw_cookie cookie;
};

struct fast_file {
	const char *path; /* NULL: Fast Open is not asked for */
	uint8_t secret[32];
	struct fast_cookie cookie[FAST_COOKIES]; /* the last used first */
	int cookies;
};

/* Reads it, if it is there; false: it cannot be read, or is no such file: said. */
bool fast_read(struct fast_file *);
void fast_config(const struct fast_file *, struct sw_config *);
/* To the stack, and from it back into the file if the peer gave another one. */
void fast_remember(const struct fast_file *, struct sw_stack *);
bool fast_keep(struct fast_file *, const struct sw_stack *, const struct sw_status *);

#endif
