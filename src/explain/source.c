/*
 * source.c - see source.h.  Knows file descriptors, zlib and zstd; no capture.
 */
#define _GNU_SOURCE
#include "explain/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "explain/pool.h"
#include "explain/words.h"

enum packed { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };
enum { IN_BYTES = 1 << 16, PEEK = 16, GZIP_ANY = 15 + 32 };

struct source {
	int fd;
	bool ours;  /* fd is to be closed */
	FILE *kept; /* what was read of a pipe; NULL */
	bool from_kept;
	enum packed packed;
	z_stream z;
	ZSTD_DStream *zst;
	ZSTD_inBuffer zin;
	bool z_begun, at_end, inside; /* inside: of a gzip member or zstd frame */
	uint8_t peek[PEEK];
	size_t peeked, peek_at;
	uint64_t done, total;
	char why[SOURCE_WHY];
	uint8_t in[IN_BYTES];
};

const char *
ex_source_why(const struct source *s)
{
	return s->why;
}

/* Bytes as they lie in the file or pipe. */
static ssize_t
raw_read(struct source *s, void *to, size_t n)
{
	ssize_t got;

	if (s->from_kept) {
		got = (ssize_t)fread(to, 1, n, s->kept);
	} else {
		do
			got = read(s->fd, to, n);
		while (got < 0 && errno == EINTR);
	}
	if (got < 0)
		snprintf(s->why, sizeof(s->why), "%s", strerror(errno));
	if (got > 0 && s->kept && !s->from_kept &&
	    fwrite(to, 1, (size_t)got, s->kept) != (size_t)got) {
		snprintf(s->why, sizeof(s->why), _("cannot keep a copy: %s"), strerror(errno));
		return -1;
	}
	s->done += got > 0 ? (uint64_t)got : 0;
	return got;
}

/* ---- gzip --------------------------------------------------------------- */

static ssize_t
gzip_read(struct source *s, void *to, size_t n)
{
	s->z.next_out = to;
	s->z.avail_out = (uInt)n;
	while (s->z.avail_out == n) {
		int code;

		if (s->z.avail_in == 0) {
			ssize_t got = raw_read(s, s->in, sizeof(s->in));

			if (got <= 0 && s->inside && got == 0)
				snprintf(s->why, sizeof(s->why), _("the gzip data end too early"));
			if (got <= 0)
				return got < 0 || s->inside ? -1 : 0;
			s->z.next_in = s->in;
			s->z.avail_in = (uInt)got;
		}
		if (!s->inside && inflateReset(&s->z) != Z_OK)
			return -1;
		s->inside = true;
		code = inflate(&s->z, Z_NO_FLUSH);
		if (code == Z_STREAM_END) {
			s->inside = false;
		} else if (code != Z_OK && code != Z_BUF_ERROR) {
			snprintf(s->why, sizeof(s->why), _("the gzip data are corrupt%s%s"),
				 s->z.msg ? ": " : "", s->z.msg ? s->z.msg : "");
			return -1;
		}
	}
	return (ssize_t)(n - s->z.avail_out);
}

/* ---- zstd --------------------------------------------------------------- */

static ssize_t
zstd_read(struct source *s, void *to, size_t n)
{
	ZSTD_outBuffer out = {to, n, 0};

	while (out.pos == 0) {
		size_t code;

		if (s->zin.pos == s->zin.size) {
			ssize_t got = raw_read(s, s->in, sizeof(s->in));

			if (got == 0 && s->inside)
				snprintf(s->why, sizeof(s->why), _("the zstd data end too early"));
			if (got <= 0)
				return got < 0 || s->inside ? -1 : 0;
			s->zin = (ZSTD_inBuffer){s->in, (size_t)got, 0};
		}
		code = ZSTD_decompressStream(s->zst, &out, &s->zin);
		if (ZSTD_isError(code)) {
			snprintf(s->why, sizeof(s->why), _("the zstd data are corrupt: %s"),
				 ZSTD_getErrorName(code));
			return -1;
		}
		s->inside = code != 0;
	}
	return (ssize_t)out.pos;
}

/* ---- all of them -------------------------------------------------------- */

static ssize_t
unpacked_read(struct source *s, void *to, size_t n)
{
	switch (s->packed) {
	case PACKED_GZIP:
		return gzip_read(s, to, n);
	case PACKED_ZSTD:
		return zstd_read(s, to, n);
	default:
		return raw_read(s, to, n);
	}
}

ssize_t
ex_source_read(struct source *s, void *to, size_t n)
{
	size_t left = s->peeked - s->peek_at;

	if (left == 0)
		return unpacked_read(s, to, n);
	if (n > left)
		n = left;
	memcpy(to, s->peek + s->peek_at, n);
	s->peek_at += n;
	return (ssize_t)n;
}

/* Reads ahead as long as something comes and there is room. */
static bool
peek_fill(struct source *s, size_t most)
{
	while (s->peeked < most) {
		ssize_t got = unpacked_read(s, s->peek + s->peeked, most - s->peeked);

		if (got < 0)
			return false;
		if (got == 0)
			break;
		s->peeked += (size_t)got;
	}
	return true;
}

size_t
ex_source_peek(struct source *s, const uint8_t **to)
{
	*to = s->peek;
	return s->peeked;
}

/* The first bytes tell how the rest is packed. */
static bool
packed_begin(struct source *s)
{
	static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	size_t n;

	if (!peek_fill(s, sizeof(zstd)))
		return false;
	n = s->peeked;
	if (n >= sizeof(gzip) && !memcmp(s->peek, gzip, sizeof(gzip)))
		s->packed = PACKED_GZIP;
	else if (n == sizeof(zstd) && !memcmp(s->peek, zstd, sizeof(zstd)))
		s->packed = PACKED_ZSTD;
	else
		return peek_fill(s, PEEK);
	memcpy(s->in, s->peek, n);
	s->peeked = s->peek_at = 0;
	if (s->packed == PACKED_GZIP) {
		if (!s->z_begun && inflateInit2(&s->z, GZIP_ANY) != Z_OK)
			return false;
		s->z_begun = true;
		s->z.next_in = s->in;
		s->z.avail_in = (uInt)n;
	} else {
		if (!s->zst && !(s->zst = ZSTD_createDStream()))
			return false;
		ZSTD_initDStream(s->zst);
		s->zin = (ZSTD_inBuffer){s->in, n, 0};
	}
	s->inside = false;
	return peek_fill(s, PEEK);
}

struct source *
ex_source_open(const char *path, bool keep, char why[SOURCE_WHY])
{
	struct source *s = ex_zeroed(sizeof(*s));
	struct stat st;

	s->ours = strcmp(path, "-") != 0;
	s->fd = s->ours ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (s->fd < 0 || fstat(s->fd, &st) != 0) {
		snprintf(s->why, sizeof(s->why), "%s", strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		snprintf(s->why, sizeof(s->why), _("it is a directory"));
	} else {
		s->total = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
		s->kept = keep && !S_ISREG(st.st_mode) ? tmpfile() : NULL;
		if (packed_begin(s))
			return s;
	}
	snprintf(why, SOURCE_WHY, "%s", *s->why ? s->why : _("out of memory"));
	ex_source_close(s);
	return NULL;
}

void
ex_source_close(struct source *s)
{
	if (!s)
		return;
	if (s->ours && s->fd >= 0)
		close(s->fd);
	if (s->kept)
		fclose(s->kept);
	if (s->z_begun)
		inflateEnd(&s->z);
	ZSTD_freeDStream(s->zst);
	free(s);
}

bool
ex_source_again(struct source *s)
{
	if (s->kept) {
		rewind(s->kept);
		s->from_kept = true;
	} else if (lseek(s->fd, 0, SEEK_SET) != 0) {
		snprintf(s->why, sizeof(s->why), _("it cannot be read a second time"));
		return false;
	}
	s->peeked = s->peek_at = 0;
	s->packed = PACKED_NOT;
	s->done = 0;
	return packed_begin(s);
}

static ssize_t
stream_read(void *cookie, char *to, size_t n)
{
	return ex_source_read(cookie, to, n);
}

FILE *
ex_source_stream(struct source *s)
{
	return fopencookie(s, "rb", (cookie_io_functions_t){.read = stream_read});
}

void
ex_source_place(const struct source *s, uint64_t *done, uint64_t *total)
{
	*done = s->done;
	*total = s->total;
}
