/*
 * sim_source.c - where the bytes come from: a file, standard input, or made up
 * from the seed.  A file is never held as a whole.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sim.h"

void
source_close(struct source *s)
{
	if (s->file && s->file != stdin)
		fclose(s->file);
	s->file = NULL;
}

bool
source_open(struct source *s, const struct sim_args *args, int flow, int host)
{
	const char *name = args->file;
	struct stat st;

	sha256_init(&s->sha);
	if (host == HOST_B && !args->both) {
		s->end = true;
		return true;
	}
	if (!name) {
		s->key = sw_sim_random(args->seed, 1000 + (uint64_t)flow * 65536 + (uint64_t)host);
		s->left = MADE_BYTES;
		return true;
	}
	if (args->both && (stat(name, &st) == 0 && !S_ISREG(st.st_mode))) {
		fprintf(stderr, "synwave sim: --both reads FILE twice: '%s' is no file\n", name);
		return false;
	}
	s->file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
	/* a directory opens, but the first byte cannot be read */
	if (!s->file ||
	    (s->file != stdin && ungetc(getc(s->file), s->file) == EOF && ferror(s->file))) {
		fprintf(stderr, "synwave sim: %s: %s\n", name, strerror(errno));
		source_close(s);
		return false;
	}
	return true;
}

static size_t
make_bytes(struct source *s)
{
	size_t n = s->left < sizeof(s->buf) ? (size_t)s->left : sizeof(s->buf);

	for (size_t i = 0; i < n; i += 8) {
		uint64_t r = sw_sim_random(s->key, s->made++);

		for (size_t k = 0; k < 8 && i + k < n; k++)
			s->buf[i + k] = (uint8_t)(r >> (8 * k));
	}
	s->left -= n;
	return n;
}

bool
source_fill(struct source *s)
{
	if (s->at < s->have)
		return true;
	if (s->end)
		return false;
	s->at = 0;
	s->have = s->file ? fread(s->buf, 1, sizeof(s->buf), s->file) : make_bytes(s);
	if (s->file && s->have == 0 && ferror(s->file)) {
		fprintf(stderr, "synwave sim: cannot read: %s\n", strerror(errno));
		s->failed = true;
	}
	sha256_update(&s->sha, s->have, s->buf);
	s->end = s->have == 0;
	return !s->end;
}
