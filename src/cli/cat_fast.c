/*
 * cat_fast.c - the file of `synwave cat --fastopen FILE`: as a server the secret that its
 * cookies are made from, as a client the cookies that it got (RFC 7413 4.1.2, 4.1.3).
 *
 *	secret 64 digits
 *	cookie LOCAL REMOTE MSS digits
 *
 * Nobody else may read it: who knows the secret makes cookies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <synwave/sw_drv.h>

#include "cat_fast.h"
#include "net_args.h"

enum { LINE = 256, SECRET = 32 };

/* Bytes in hexadecimal; how many, -1: it is something else. */
static int
hex_in(const char *text, uint8_t *to, size_t room)
{
	size_t n = strlen(text) / 2;
	unsigned byte;

	if (n > room || strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
		return -1;
	for (size_t i = 0; i < n && sscanf(text + 2 * i, "%2x", &byte) == 1; i++)
		to[i] = (uint8_t)byte;
	return (int)n;
}

static void
hex_out(FILE *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", bytes[i]);
	fputc('\n', out);
}

static bool
cookie_line(struct fast_file *f, char *words[5])
{
	struct fast_cookie c = {.cookie = {.len = 0}};
	uint32_t mss;
	int n = words[4] == NULL ? -1 : hex_in(words[4], c.cookie.bytes, sizeof(c.cookie.bytes));

	if (n < 4 || n % 2 != 0 || sw_addr_parse(&c.local, words[1]) != SW_OK ||
	    sw_addr_parse(&c.remote, words[2]) != SW_OK || !net_number(words[3], 0, 65535, &mss))
		return false;
	c.cookie.len = (uint8_t)n;
	c.cookie.mss = (uint16_t)mss;
	if (f->cookies < FAST_COOKIES)
		f->cookie[f->cookies++] = c;
	return true;
}

static bool
file_line(struct fast_file *f, char *line)
{
	char *words[5] = {NULL}, *rest = line;

	for (int i = 0; i < 5; i++)
		words[i] = strtok_r(rest, " \t\n", &rest);
	if (words[0] == NULL || *words[0] == '#')
		return true;
	if (!strcmp(words[0], "secret") && words[1] != NULL)
		return hex_in(words[1], f->secret, SECRET) == SECRET;
	return !strcmp(words[0], "cookie") && cookie_line(f, words);
}

/* Reads it; one that is not there is empty, with a secret of its own. */
bool
fast_read(struct fast_file *f)
{
	char line[LINE];
	bool good = true;
	FILE *in;
	int n = 0;

	if (sw_drv_secret(f->secret) != 0) {
		fprintf(stderr, "synwave: no random bytes: %s\n", strerror(errno));
		return false;
	}
	in = fopen(f->path, "re");
	if (in == NULL && errno == ENOENT)
		return true;
	if (in == NULL) {
		fprintf(stderr, "synwave: %s: %s\n", f->path, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), in) != NULL) {
		n++;
		good = file_line(f, line);
	}
	fclose(in);
	if (!good)
		fprintf(stderr, "synwave: %s:%d: neither a secret nor a cookie\n", f->path, n);
	return good;
}

static bool
file_write(const struct fast_file *f, FILE *out)
{
	char local[SW_ADDR_TEXT], remote[SW_ADDR_TEXT];

	fputs("# synwave cat --fastopen: not for others to read\nsecret ", out);
	hex_out(out, f->secret, SECRET);
	for (int i = 0; i < f->cookies; i++) {
		const struct fast_cookie *c = &f->cookie[i];

		fprintf(out, "cookie %s %s %u ", sw_addr_format(&c->local, local),
			sw_addr_format(&c->remote, remote), c->cookie.mss);
		hex_out(out, c->cookie.bytes, c->cookie.len);
	}
	return fflush(out) == 0 && ferror(out) == 0;
}

/* The file is there whole, as it was or as it shall be. */
static bool
fast_write(const struct fast_file *f)
{
	char *part = NULL;
	FILE *out;
	int fd;
	bool good;

	if (asprintf(&part, "%s.%ld", f->path, (long)getpid()) < 0)
		return false;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	good = out != NULL && file_write(f, out);
	if (out != NULL)
		good = fclose(out) == 0 && good;
	good = good && rename(part, f->path) == 0;
	if (!good)
		fprintf(stderr, "synwave: %s: %s\n", f->path, strerror(errno));
	if (!good && fd >= 0)
		unlink(part);
	free(part);
	return good;
}

void
fast_config(const struct fast_file *f, struct sw_config *config)
{
	if (f->path != NULL)
		memcpy(config->cookie_secret, f->secret, SECRET);
}

void
fast_remember(const struct fast_file *f, struct sw_stack *stack)
{
	for (int i = f->cookies - 1; i >= 0; i--)
		(void)sw_fastopen_remember(stack, &f->cookie[i].local, &f->cookie[i].remote,
					   &f->cookie[i].cookie);
}

/* The cookie of that connection goes to the front. */
static void
cookie_put(struct fast_file *f, const struct fast_cookie *c)
{
	int i = 0;

	while (i < f->cookies && !(sw_addr_same(&f->cookie[i].local, &c->local) &&
				   sw_addr_same(&f->cookie[i].remote, &c->remote)))
		i++;
	if (i == f->cookies && f->cookies < FAST_COOKIES)
		f->cookies++;
	if (i == FAST_COOKIES)
		i--;
	memmove(&f->cookie[1], &f->cookie[0], (size_t)i * sizeof(f->cookie[0]));
	f->cookie[0] = *c;
}

/* What this run has learnt is in the file. */
bool
fast_keep(struct fast_file *f, const struct sw_stack *stack, const struct sw_status *st)
{
	struct fast_cookie c = {.local = st->local.addr, .remote = st->remote.addr};

	if (f->path == NULL)
		return true;
	if (sw_fastopen_cookie(stack, &c.local, &c.remote, &c.cookie) == SW_OK)
		cookie_put(f, &c);
	return fast_write(f);
}
