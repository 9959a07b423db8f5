/*
 * bytes.h - the one way to look at packet bytes: a view that knows its end.
 * Asking past the end gives NULL (or false), never a read.
 */
#ifndef SW_BASE_BYTES_H
#define SW_BASE_BYTES_H

#include "base/base.h"

struct view {
	const uint8_t *p;
	uint32_t len;
};

/* n bytes at `at`, or NULL if they are not all there. */
static inline const uint8_t *
view_at(struct view v, uint32_t at, uint32_t n)
{
	return at <= v.len && n <= v.len - at ? v.p + at : NULL;
}

/* What begins at `at`, at most n bytes long. */
static inline struct view
view_part(struct view v, uint32_t at, uint32_t n)
{
	uint32_t left = at <= v.len ? v.len - at : 0;

	return (struct view){left ? v.p + at : v.p, min_u32(left, n)};
}

static inline uint16_t
get_16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get_32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
put_16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put_32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

#endif
