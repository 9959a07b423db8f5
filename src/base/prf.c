/*
 * prf.c - SipHash-2-4 and -1-3 (Aumasson and Bernstein 2012, section 2).
 */
#include "base/prf.h"

struct prf_state {
	uint64_t a, b, c, d;
};

/* As prf_load(), of fewer bytes. */
static inline uint64_t
prf_load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static inline uint64_t
prf_rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void
prf_round(struct prf_state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = prf_rotate(s->b, 13) ^ s->a;
	s->d = prf_rotate(s->d, 16) ^ s->c;
	s->a = prf_rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = prf_rotate(s->b, 17) ^ s->c;
	s->d = prf_rotate(s->d, 21) ^ s->a;
	s->c = prf_rotate(s->c, 32);
}

static inline void
prf_word(struct prf_state *s, uint64_t w)
{
	s->d ^= w;
	prf_round(s);
	prf_round(s);
	s->a ^= w;
}

static inline void
prf_begin(struct prf_state *s, const uint8_t key[16])
{
	uint64_t k0 = prf_load(key), k1 = prf_load(key + 8);

	*s = (struct prf_state){k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
				k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
}

/* The last word is in; what it gives. */
static inline uint64_t
prf_end(struct prf_state *s)
{
	s->c ^= 0xff;
	for (int i = 0; i < 4; i++)
		prf_round(s);
	return s->a ^ s->b ^ s->c ^ s->d;
}

static inline uint64_t
prf_of_words(const uint8_t key[16], const uint64_t *w, size_t n, uint64_t last)
{
	struct prf_state s;

	prf_begin(&s, key);
	for (size_t i = 0; i < n; i++)
		prf_word(&s, w[i]);
	prf_word(&s, last);
	return prf_end(&s);
}

/* The keyed hash of n words. */
uint64_t
prf_words(const uint8_t key[16], const uint64_t *w, size_t n)
{
	return prf_of_words(key, w, n, (uint64_t)n << 59);
}

/* The same with 4 bytes behind them, the first one lowest in `last`. */
uint64_t
prf_words_and(const uint8_t key[16], const uint64_t *w, size_t n, uint32_t last)
{
	return prf_of_words(key, w, n, ((uint64_t)n * 8 + 4) << 56 | last);
}

/* The keyed hash of n bytes. */
uint64_t
prf(const uint8_t key[16], const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t last = (uint64_t)n << 56;
	struct prf_state s;

	prf_begin(&s, key);
	for (; n >= 8; p += 8, n -= 8)
		prf_word(&s, prf_load(p));
	prf_word(&s, last | prf_load_tail(p, n));
	return prf_end(&s);
}

/* The shorter one of n words: a round each, and three. */
uint64_t
prf_short(const uint8_t key[16], const uint64_t *w, size_t n)
{
	struct prf_state s;

	prf_begin(&s, key);
	for (size_t i = 0; i < n; i++) {
		s.d ^= w[i];
		prf_round(&s);
		s.a ^= w[i];
	}
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		prf_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
