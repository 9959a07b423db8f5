/*
 * scene.h - every scenario is played on both families, with ISS and IRS at the
 * four places where arithmetic breaks.
 */
#ifndef SW_TEST_SCENE_H
#define SW_TEST_SCENE_H

#include "tap.h"
#include "world.h"

struct scene {
	bool v6;
	uint32_t iss[2];
};

static struct scene scene_now;

static const uint32_t scene_iss[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};

/* The ISS-s of the scene: of a host that starts, or starts again. */
static inline void
scene_iss_set(struct world *w)
{
	force_iss(w, A, scene_now.iss[A]);
	force_iss(w, B, scene_now.iss[B]);
}

/* Two hosts, nobody listens yet. */
static inline struct world *
scene_new(void)
{
	struct world *w = world_new();

	w->v6 = scene_now.v6;
	return w;
}

static inline void
scene_go(struct world *w)
{
	world_go(w);
	scene_iss_set(w);
}

static inline struct world *
scene_start(void)
{
	struct world *w = scene_new();

	scene_go(w);
	return w;
}

/* Two hosts with an open connection; the wire so far is forgotten. */
static inline struct world *
scene_established(void)
{
	struct world *w = scene_start();

	established(w);
	return w;
}

/* A passive OPEN that names its peer: the connection itself is in LISTEN. */
static inline void
waits_for(struct world *w, int host)
{
	ok(sw_open_passive_from(w->stack[host], now(w), &w->end[host], &w->end[!host],
				&w->conn[host]) == SW_OK);
}

/* Plays `play` eight times. */
static inline void
scene_each(void (*play)(void))
{
	for (unsigned i = 0; i < 8; i++) {
		scene_now.v6 = i & 1;
		scene_now.iss[A] = scene_iss[i / 2];
		scene_now.iss[B] = scene_iss[(i / 2 + i) % 4];
		play();
	}
}

#define SCENE(play)                    \
	static void play##_each(void)  \
	{                              \
		scene_each(play);      \
	}
#define PLAY(name, play) TEST(name, play##_each)

#endif
