/*
 * median.c - the median of what streams by, in 18 bytes.
 *
 * The P2 algorithm (Jain and Chlamtac, 1985): five markers, of which the middle one is
 * pushed towards where half of all values lie below.  Up to five values it is exact.
 * Heights are 16 bits of a logarithm, so that any round trip is kept to a thousandth.
 */
#include "explain/work.h"

enum { MARKERS = 5, FLOAT_DROP = 13, MOST = 0xfffe };
#define FLOAT_ONE 0x3f800000u /* the bits of 1.0 */

/* The upper bits of a float: exponent and 10 bits of what follows, from 1.0 on. */
static uint16_t
packed(uint32_t ns)
{
	float value = ns > 0 ? (float)ns : 1;
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return (uint16_t)((bits - FLOAT_ONE) >> FLOAT_DROP);
}

static sw_ns
unpacked(uint16_t height)
{
	uint32_t bits = ((uint32_t)height << FLOAT_DROP) + (1u << (FLOAT_DROP - 1)) + FLOAT_ONE;
	float value;

	memcpy(&value, &bits, sizeof(value));
	return (sw_ns)value;
}

/* A marker one place up or down: a parabola through three of them, else a line. */
static uint16_t
moved(const struct median *m, const double place[MARKERS], int i, int step)
{
	double below = place[i] - place[i - 1], above = place[i + 1] - place[i];
	double up = m->height[i + 1] - m->height[i], down = m->height[i] - m->height[i - 1];
	double to =
	    m->height[i] +
	    step / (above + below) * ((below + step) * up / above + (above - step) * down / below);

	if (to <= m->height[i - 1] || to >= m->height[i + 1])
		to = m->height[i] + step * (step > 0 ? up / above : down / below);
	return (uint16_t)(to < 0 ? 0 : to > UINT16_MAX ? UINT16_MAX : to);
}

static void
first_five(struct median *m, uint16_t height)
{
	int i = m->count++;

	for (; i > 0 && m->height[i - 1] > height; i--)
		m->height[i] = m->height[i - 1];
	m->height[i] = height;
	for (i = 0; i < 3; i++)
		m->place[i] = (uint16_t)(i + 2);
}

void
ex_median_add(struct median *m, uint32_t ns)
{
	double place[MARKERS];
	uint16_t height = packed(ns);

	if (m->count < MARKERS) {
		first_five(m, height);
		return;
	}
	if (m->count >= MOST) { /* half as much weight to the past */
		m->count /= 2;
		for (int i = 0; i < 3; i++)
			m->place[i] = (uint16_t)(m->place[i] / 2);
	}
	m->count++;
	if (height < m->height[0])
		m->height[0] = height;
	if (height > m->height[4])
		m->height[4] = height;
	for (int i = 1; i < 4; i++)
		if (height < m->height[i])
			m->place[i - 1]++;
	place[0] = 1;
	place[4] = m->count;
	for (int i = 1; i < 4; i++)
		place[i] = m->place[i - 1];
	for (int i = 1; i < 4; i++) {
		double off = 1 + (m->count - 1) * i / 4.0 - place[i];
		int step = off >= 1 && place[i + 1] - place[i] > 1    ? 1
			   : off <= -1 && place[i] - place[i - 1] > 1 ? -1
								      : 0;

		if (step == 0)
			continue;
		m->height[i] = moved(m, place, i, step);
		place[i] += step;
		m->place[i - 1] = (uint16_t)place[i];
	}
}

sw_ns
ex_median(const struct median *m)
{
	if (m->count == 0)
		return 0;
	return unpacked(m->height[m->count < MARKERS ? (m->count - 1) / 2 : 2]);
}
