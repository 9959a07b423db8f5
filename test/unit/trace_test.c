/*
 * trace_test.c - packets as segments, and the ladder.
 */
#include "tap.h"
#include "world.h"

enum { PAPER = 1 << 18 };

struct drawn { /* a ladder on a temporary file */
	struct world *w;
	struct sw_ladder *ladder;
	FILE *file;
	char text[PAPER];
};

static void
on_trace(void *ctx, int host, const struct sw_trace *t)
{
	struct drawn *d = ctx;

	if (t->remote.port)
		sw_ladder_event(d->ladder, host, t);
}

static void
on_packet(void *ctx, const struct sw_sim_seen *p)
{
	struct drawn *d = ctx;
	struct sw_trace t;

	if (p->moment != SW_SIM_SENT || !sw_trace_packet(&t, p->data, p->len))
		return;
	t.at = p->at;
	sw_ladder_packet(d->ladder, p->from, &t, p->fate, p->arrives);
}

/* A world whose conversation is drawn. */
static struct drawn *
draw(enum sw_ladder_form form, enum sw_ladder_depth depth, bool absolute)
{
	struct sw_ladder_config cfg = {.bytes = sizeof(cfg),
				       .form = form,
				       .depth = depth,
				       .absolute = absolute,
				       .wire = true,
				       .left = "A 10.0.0.1:40000",
				       .right = "B 10.0.0.2:80"};
	struct drawn *d = calloc(1, sizeof(*d));
	struct world *w = world_new();

	if (!d)
		abort();
	d->w = w;
	d->file = cfg.out = tmpfile();
	d->ladder = sw_ladder_new(&cfg);
	ok(d->ladder != NULL);
	w->config[A].snd_buf = 100000;
	world_go(w);
	force_iss(w, A, 0xfffffff0);
	sw_sim_trace(w->sim, on_trace, d);
	sw_sim_tap(w->sim, on_packet, d);
	return d;
}

/* Plays it; what stands on the paper is d->text then. */
static void
play(struct drawn *d, uint32_t bytes)
{
	struct world *w = d->w;
	size_t n;

	listens(w, B);
	opens(w, A);
	run_for(w, 5 * SW_S);
	accepts(w, B);
	if (bytes)
		says(w, A, bytes);
	run_for(w, 500 * SW_MS);
	if (bytes)
		hears(w, B, bytes);
	closes(w, A);
	run_for(w, 100 * SW_MS);
	closes(w, B);
	run_for(w, 300 * SW_S);
	ok(sw_ladder_end(d->ladder));
	rewind(d->file);
	n = fread(d->text, 1, PAPER - 1, d->file);
	d->text[n] = '\0';
	fclose(d->file);
}

static void
undraw(struct drawn *d)
{
	world_end(d->w);
	free(d);
}

/* The longest line. */
static size_t
columns(const char *text)
{
	size_t most = 0;

	while (*text) {
		size_t n = strcspn(text, "\n");

		most = n > most ? n : most;
		text += n + (text[n] == '\n');
	}
	return most;
}

static void
test_brief(void)
{
	static const char golden[] =
	    "        time  A 10.0.0.1:40000                                      "
	    "                   B 10.0.0.2:80\n"
	    "    0.000000  SYN-SENT     --- SYN seq 0 win 65535 mss 1460 ws ";
	struct drawn *d = draw(SW_LADDER_TEXT, SW_LADDER_BRIEF, false);

	play(d, 0);
	ok(!strncmp(d->text, golden, strlen(golden)));
	ok(strstr(d->text, "-> SYN-RECEIVED\n"));
	ok(strstr(d->text, "ESTABLISHED  <-- SYN,ACK seq 0 ack 1 "));
	ok(strstr(d->text, "---> ESTABLISHED\n"));
	ok(strstr(d->text, "FIN-WAIT-1   --- FIN,ACK seq 1 ack 1 "));
	ok(strstr(d->text, "-> CLOSE-WAIT\n"));
	ok(strstr(d->text, "FIN-WAIT-2   <-- ACK seq 1 ack 2 "));
	ok(strstr(d->text, "TIME-WAIT    <-- FIN,ACK seq 1 ack 2 "));
	ok(strstr(d->text, "LAST-ACK\n"));
	ok(strstr(d->text, "-> CLOSED\n"));
	ok(strstr(d->text, "* 2MSL timer\n"));
	ok(columns(d->text) <= 100);
	undraw(d);
}

static void
test_folds(void)
{
	struct drawn *d = draw(SW_LADDER_TEXT, SW_LADDER_BRIEF, false);

	play(d, 50000);
	ok(strstr(d->text, " segments, 50,000 bytes A->B, "));
	ok(!strstr(d->text, "len 1448"));
	ok(columns(d->text) <= 100);
	undraw(d);
}

static void
test_full(void)
{
	struct drawn *d = draw(SW_LADDER_TEXT, SW_LADDER_FULL, true);

	loses(d->w, A, 3);
	play(d, 50000);
	ok(strstr(d->text, "SYN seq 4294967280 "));
	ok(strstr(d->text, "X dropped"));
	ok(strstr(d->text, "[again]"));
	ok(strstr(d->text, "sack "));
	ok(columns(d->text) <= 100);
	undraw(d);
}

static void
test_mermaid(void)
{
	struct drawn *d = draw(SW_LADDER_MERMAID, SW_LADDER_BRIEF, false);

	loses_ctl(d->w, B, SW_SYN);
	play(d, 5000);
	ok(!strncmp(d->text, "sequenceDiagram\n    participant A as A 10.0.0.1:40000\n", 53));
	ok(strstr(d->text, "    Note over A: SYN-SENT\n    A->>B: SYN seq 0 "));
	ok(strstr(d->text, "    B-xA: SYN,ACK seq 0 ack 1 "));
	ok(strstr(d->text, "    Note over B: * retransmission timer\n") ||
	   strstr(d->text, "    Note over A: * retransmission timer\n"));
	ok(!strchr(d->text, ';') && !strchr(d->text, '#'));
	undraw(d);
}

static void
test_packets(void)
{
	static uint8_t packet[65536];
	struct world *w = world_new();
	struct sw_trace t;
	char text[SW_CTL_TEXT];
	uint32_t n;

	world_go(w);
	n = world_forge(w, A, "SF.U 7:17(10) ack 3 win 9 <mss 1200,ws 3,sackOK,TS 5 6>", packet);
	ok(n > 0);
	ok(sw_trace_packet(&t, packet, n));
	ok(t.seq == 7 && t.ack == 3 && t.len == 10 && t.wnd == 9);
	ok(t.mss == 1200 && t.wscale == 3 && t.tsval == 5 && t.tsecr == 6);
	ok(!strcmp(sw_trace_ctl(t.ctl, text), "SYN,FIN,URG,ACK"));
	ok(!strcmp(sw_trace_ctl(0, text), "-"));
	ok(strlen(sw_trace_ctl(0xff, text)) < SW_CTL_TEXT);
	for (uint32_t cut = 0; cut < n; cut++)
		ok(!sw_trace_packet(&t, packet, cut));
	for (uint32_t i = 0; i < 20000; i++) { /* whatever the bytes are */
		packet[tap_below(n)] = (uint8_t)tap_random();
		sw_trace_packet(&t, packet, n);
	}
	world_end(w);
}

int
main(void)
{
	TEST("a packet is read as a segment", test_packets);
	TEST("a brief ladder shows opening and closing", test_brief);
	TEST("runs of data are folded", test_folds);
	TEST("a full ladder shows all, in 100 columns", test_full);
	TEST("Mermaid", test_mermaid);
	return plan_done();
}
