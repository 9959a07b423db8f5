/*
 * explain_scenes - captures of which the truth is known, because they are written segment
 * by segment: explain_scenes DIR makes DIR/NAME.pcap and prints, for each,
 *
 *	NAME | findings expected | findings it must not be taken for | may be there | options
 */
#include <stdarg.h>
#include <sys/stat.h>

#include <synwave/sw_wire.h>

#include "explain_play.h"

struct scene {
	const char *name, *expect, *near, *may, *args;
	void (*play)(struct play *);
};

#include "explain_ends.h"

/* ---- data --------------------------------------------------------------------- */

static void
sent_again(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_wait(p, 50);
	play_data(p, CLIENT, 500);
	play_data(p, CLIENT, 500);
	play_wait(p, 300);
	play_again(p, CLIENT, 1000, 500);
	play_again(p, CLIENT, 500, 500);
	play_wait(p, 20);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

static void
sent_again_fast(struct play *p)
{
	play_open(p);
	for (int i = 0; i < 8; i++)
		play_data(p, CLIENT, 1000);
	play_wait(p, 20);
	for (int i = 0; i < 4; i++)
		play_dup_ack(p, SERVER, 8000, 4000 + 1000 * i);
	play_again(p, CLIENT, 8000, 1000);
	play_wait(p, 20);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

/* The receiver had it: it says so with a D-SACK. */
static void
sent_again_needlessly(struct play *p)
{
	struct sw_wire w;

	play_open(p);
	play_data(p, CLIENT, 1000);
	play_data(p, CLIENT, 1000);
	play_wait(p, 400);
	play_again(p, CLIENT, 2000, 1000);
	play_wait(p, 10);
	w = play_segment(p, SERVER, SW_ACK, 0);
	play_put(p, SERVER, &w);
	w.has |= SW_HAS_SACK;
	w.sacks = 1;
	w.sack[0][0] = p->end[CLIENT].nxt - 2000;
	w.sack[0][1] = p->end[CLIENT].nxt - 1000;
	play_put(p, SERVER, &w);
	play_close(p, CLIENT);
}

/* Overtaken by two, and soon there. */
static void
reordered(struct play *p)
{
	struct sw_wire late;

	play_open(p);
	for (int i = 0; i < 20; i++) {
		late = play_segment(p, CLIENT, SW_ACK, 1000);
		late.id = p->end[CLIENT].id++;
		p->end[CLIENT].nxt += 1000;
		play_data(p, CLIENT, 1000);
		play_data(p, CLIENT, 1000);
		p->end[CLIENT].id--;
		play_put_as(p, CLIENT, &late, late.id);
		p->end[CLIENT].id++;
		play_wait(p, 20);
		play_ack(p, SERVER);
	}
	play_close(p, CLIENT);
}

static void
zero_window(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 1000);
	p->end[SERVER].wnd = 0;
	play_ack(p, SERVER);
	for (int i = 0; i < 4; i++) {
		play_wait(p, 200 << i);
		play_probe(p, CLIENT);
		play_ack(p, SERVER);
	}
	p->end[SERVER].wnd = 500;
	play_ack(p, SERVER);
	play_data(p, CLIENT, 1000);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

static void
window_blip(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 1000);
	p->end[SERVER].wnd = 0;
	play_ack(p, SERVER);
	play_wait(p, 50);
	p->end[SERVER].wnd = 500;
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

static void
keep_alives(struct play *p, int n, bool answered)
{
	play_open(p);
	play_data(p, CLIENT, 10);
	play_ack(p, SERVER);
	for (int i = 0; i < n; i++) {
		play_wait(p, 1000);
		play_probe(p, CLIENT);
		if (answered)
			play_ack(p, SERVER);
	}
	play_wait(p, 1000);
}

static void
keep_alive_abort(struct play *p)
{
	keep_alives(p, 3, false);
	play_rst(p, CLIENT, true);
}

static void
keep_alive_good(struct play *p)
{
	keep_alives(p, 5, true);
	play_data(p, CLIENT, 10);
	play_ack(p, SERVER);
	play_close(p, SERVER);
}

static void
black_hole(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_data(p, CLIENT, 1460);
	play_data(p, CLIENT, 1460);
	play_data(p, CLIENT, 200);
	play_dup_ack(p, SERVER, 3120, 200);
	for (int i = 0; i < 5; i++) {
		play_wait(p, 300 << i);
		play_again(p, CLIENT, 3120, 1460);
	}
	play_wait(p, 1000);
	play_dup_ack(p, SERVER, 3120, 200);
}

static void
black_hole_found(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_data(p, CLIENT, 1460);
	for (int i = 0; i < 3; i++) {
		play_wait(p, 300 << i);
		play_again(p, CLIENT, 1460, 1460);
	}
	for (int i = 0; i < 3; i++) {
		play_wait(p, 300);
		play_again(p, CLIENT, (uint32_t)(1460 - 512 * i), i < 2 ? 512 : 436);
		play_wait(p, 10);
		play_part_ack(p, SERVER, (uint32_t)(i < 2 ? 1460 - 512 * (i + 1) : 0));
	}
	play_close(p, CLIENT);
}

/* Large ones are lost, and come through at the second try. */
static void
large_losses(struct play *p)
{
	play_open(p);
	for (int i = 0; i < 5; i++) {
		play_data(p, CLIENT, 1460);
		play_wait(p, 300);
		play_again(p, CLIENT, 1460, 1460);
		play_wait(p, 20);
		play_ack(p, SERVER);
	}
	play_close(p, CLIENT);
}

/* A sender that is held back by a window of 4 kB. */
static void
small_window(struct play *p)
{
	p->end[SERVER].wnd = 4096;
	p->end[SERVER].scale = p->end[CLIENT].scale = -1;
	play_open(p);
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < 4; k++)
			play_data(p, CLIENT, 1024);
		play_wait(p, 20);
		play_ack(p, SERVER);
	}
	play_close(p, CLIENT);
}

static void
no_scale_little(struct play *p)
{
	p->end[SERVER].scale = p->end[CLIENT].scale = -1;
	ordinary(p);
}

static void
tiny_mss(struct play *p)
{
	p->end[SERVER].mss = 88;
	play_open(p);
	for (int i = 0; i < 20; i++) {
		play_data(p, CLIENT, 88);
		play_ack(p, SERVER);
	}
	play_close(p, CLIENT);
}

/* ---- resets --------------------------------------------------------------------- */

static void
unread(struct play *p)
{
	play_open(p);
	for (int i = 0; i < 10; i++) {
		play_data(p, CLIENT, 1280);
		p->end[SERVER].wnd -= 10;
		play_ack(p, SERVER);
	}
	play_wait(p, 100);
	play_rst(p, SERVER, true);
}

static void
aborted(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_data(p, SERVER, 100);
	play_ack(p, CLIENT);
	play_wait(p, 100);
	play_rst(p, SERVER, true);
}

static void
half_open(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_wait(p, 60000);
	play_data(p, CLIENT, 100);
	play_wait(p, 1);
	play_rst(p, SERVER, false);
}

static void
half_open_mid(struct play *p)
{
	play_skip_open(p);
	play_data(p, CLIENT, 100);
	play_wait(p, 1);
	play_rst(p, SERVER, false);
}

static void
rst_after_close(struct play *p)
{
	play_open(p);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
	play_wait(p, 2000);
	play_data(p, CLIENT, 100);
	play_rst(p, SERVER, false);
}

static void
blind(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	for (int i = 0; i < 5; i++) {
		struct sw_wire w = play_segment(p, CLIENT, SW_RST, 0);

		w.seq += 1000u * (uint32_t)(i + 1);
		w.ttl = 120;
		play_put(p, CLIENT, &w);
	}
	play_ack(p, SERVER);
	play_wait(p, 50);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

static void
box_resets(struct play *p)
{
	struct sw_wire w;

	play_open(p);
	play_data(p, CLIENT, 100);
	w = play_segment(p, SERVER, SW_RST | SW_ACK, 0);
	w.ttl = 200;
	play_put(p, SERVER, &w);
	play_wait(p, 10);
	play_data(p, SERVER, 1000);
	play_data(p, SERVER, 1000);
	play_rst(p, CLIENT, false);
}

static void
proxy(struct play *p)
{
	play_syn(p);
	p->end[SERVER].ttl = 255;
	play_syn_ack(p);
	p->end[SERVER].ttl = 52;
	play_ack(p, CLIENT);
	play_data(p, CLIENT, 100);
	for (int i = 0; i < 5; i++) {
		play_data(p, SERVER, 1000);
		play_ack(p, CLIENT);
	}
	play_close(p, SERVER);
}

static void
ttl_flaps(struct play *p)
{
	play_open(p);
	for (int i = 0; i < 10; i++) {
		p->end[SERVER].ttl = (uint8_t)(52 + i % 2);
		play_data(p, SERVER, 1000);
		play_ack(p, CLIENT);
	}
	play_close(p, SERVER);
}

static void
rewritten(struct play *p)
{
	struct sw_wire w;

	play_syn(p);
	w = play_segment(p, SERVER, SW_SYN | SW_ACK, 0);
	w.seq = p->end[SERVER].iss;
	w.ack = 0x77777777;
	play_put(p, SERVER, &w);
	p->end[SERVER].nxt = p->end[SERVER].iss + 1;
	play_ack(p, CLIENT);
	play_data(p, CLIENT, 100);
}

/* ---- the capture ------------------------------------------------------------------ */

static void
transfer(struct play *p, int n)
{
	play_open(p);
	for (int i = 0; i < n; i++) {
		play_data(p, SERVER, 1000);
		play_data(p, SERVER, 1000);
		play_ack(p, CLIENT);
	}
	play_close(p, SERVER);
}

static void
dropped(struct play *p)
{
	p->lose_every = 13;
	transfer(p, 50);
}

static void
snaplen(struct play *p)
{
	p->snap = 96;
	transfer(p, 20);
}

static void
one_way(struct play *p)
{
	p->only = CLIENT;
	transfer(p, 20);
	play_next(p);
	silence(p);
}

static void
copies(struct play *p)
{
	p->copies = true;
	transfer(p, 30);
}

static void
clock_back(struct play *p)
{
	play_open(p);
	play_data(p, SERVER, 1000);
	p->now -= 500000000;
	play_ack(p, CLIENT);
	play_data(p, SERVER, 1000);
	play_ack(p, CLIENT);
	play_close(p, SERVER);
}

static void
supers(struct play *p)
{
	play_open(p);
	for (int i = 0; i < 10; i++) {
		play_data(p, SERVER, 14600);
		play_ack(p, CLIENT);
	}
	play_close(p, SERVER);
}

static void
partial_sums(struct play *p)
{
	p->partial = CLIENT;
	transfer(p, 20);
}

static void
mid(struct play *p)
{
	play_skip_open(p);
	for (int i = 0; i < 10; i++) {
		play_data(p, SERVER, 1000);
		play_ack(p, CLIENT);
	}
	play_close(p, SERVER);
}

static void
in_pieces(struct play *p)
{
	p->pieces = 400;
	transfer(p, 5);
}

static void
in_pieces_v6(struct play *p)
{
	play_v6(p);
	p->pieces = 400;
	transfer(p, 5);
}

static void
damaged(struct play *p)
{
	transfer(p, 50);
	play_next(p);
	play_open(p);
	p->damage = 1;
	play_data(p, SERVER, 1000);
	play_wait(p, 250);
	play_again(p, SERVER, 1000, 1000);
	play_ack(p, CLIENT);
	play_close(p, SERVER);
}

#include "explain_views.h"

#include "explain_list.h"

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "explain_scenes: a directory\n");
		return 2;
	}
	mkdir(argv[1], 0777);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct scene *s = &scenes[i];
		struct play p;

		if (!play_begin(&p, argv[1], s->name)) {
			fprintf(stderr, "explain_scenes: %s/%s.pcap cannot be written\n", argv[1],
				s->name);
			return 1;
		}
		s->play(&p);
		play_end(&p);
		printf("%s|%s|%s|%s|%s\n", s->name, s->expect, s->near, s->may, s->args);
	}
	/* the same connection on every link layer */
	for (int link = 0; link < PLAY_LINKS; link++) {
		struct play p;
		char name[128];

		snprintf(name, sizeof(name), "link-%s", play_link_name(link));
		play_begin(&p, argv[1], name);
		play_link(&p, link);
		refused(&p);
		play_end(&p);
		printf("%s|refused|||\n", name);
	}
	return 0;
}
