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

/* ---- rows of any origin ---------------------------------------------------- */

struct paper { /* a ladder fed with rows, as from a capture */
	struct sw_ladder *ladder;
	FILE *file;
	char text[PAPER];
};

static void
paper_begin(struct paper *p, struct sw_ladder_config cfg)
{
	cfg.bytes = sizeof(cfg);
	cfg.left = "10.9.0.1:33882";
	cfg.right = "10.9.0.2:80";
	cfg.out = p->file = tmpfile();
	p->ladder = sw_ladder_new(&cfg);
	ok(p->ladder != NULL);
}

static const char *
paper_end(struct paper *p)
{
	size_t n;

	ok(sw_ladder_end(p->ladder));
	rewind(p->file);
	n = fread(p->text, 1, PAPER - 1, p->file);
	p->text[n] = '\0';
	fclose(p->file);
	return p->text;
}

/* A segment that was seen; states NULL: it changes none. */
static void
seen(struct paper *p, int side, sw_ns at, const struct sw_trace *t, uint64_t packet)
{
	struct sw_row row;

	sw_row_init(&row, SW_ROW_SEGMENT, side, at);
	row.arrives = at + SW_MS;
	row.segment = t;
	row.packet = packet;
	sw_ladder_row(p->ladder, &row);
}

static void
state(struct paper *p, int side, sw_ns at, enum sw_state s, bool guess)
{
	struct sw_row row;

	sw_row_init(&row, SW_ROW_STATE, side, at);
	row.state[side] = s;
	row.guess[side] = guess;
	row.why[side] = "so it was proven";
	sw_ladder_row(p->ladder, &row);
}

/* A handshake, 8 segments of data, a pause, a FIN: as a capture's reader would tell it. */
static void
a_capture(struct paper *p)
{
	struct sw_trace t = {.ctl = SW_SYN, .seq = 1000, .wnd = 64240};

	seen(p, 0, 0, &t, 1);
	state(p, 0, 0, SW_SYN_SENT, false);
	state(p, 1, SW_MS, SW_SYN_RECEIVED, true);
	t = (struct sw_trace){.ctl = SW_SYN | SW_ACK, .seq = 77, .ack = 1001, .wnd = 65535};
	seen(p, 1, SW_MS, &t, 2);
	state(p, 0, 2 * SW_MS, SW_ESTABLISHED, false);
	t = (struct sw_trace){.ctl = SW_ACK, .seq = 1001, .ack = 78, .wnd = 64240};
	seen(p, 0, 2 * SW_MS, &t, 3);
	state(p, 1, 3 * SW_MS, SW_ESTABLISHED, false);
	for (uint32_t i = 0; i < 8; i++) {
		t = (struct sw_trace){
		    .ctl = SW_ACK, .seq = 1001 + 100 * i, .ack = 78, .wnd = 64240, .len = 100};
		seen(p, 0, 4 * SW_MS + i * SW_US, &t, 4 + i);
	}
	t = (struct sw_trace){.ctl = SW_FIN | SW_ACK, .seq = 1801, .ack = 78, .wnd = 64240};
	seen(p, 0, 3 * SW_S, &t, 12);
	state(p, 0, 3 * SW_S, SW_FIN_WAIT_1, false);
}

static void
test_rows(void)
{
	static struct paper p;
	const char *said;

	paper_begin(&p, (struct sw_ladder_config){
			    .numbers = true, .delta = true, .why = true, .gap = 200 * SW_MS});
	a_capture(&p);
	said = paper_end(&p);
	ok(strstr(said, " SYN-SENT     --- SYN seq 0 win 64240 "));
	ok(strstr(said, "> SYN-RECEIVED? #1\n"));
	ok(strstr(said, "    0.001000  +1000us  ESTABLISHED  <-- SYN,ACK seq 0 ack 1 win 65535 "));
	ok(strstr(said, "> ESTABLISHED  #3\n"));
	ok(strstr(said, "... 8 segments, 800 bytes A->B ..."));
	ok(strstr(said, " #4-11\n"));
	ok(strstr(said, ": 2.994 s: 10.9.0.1:33882 waits for an acknowledgement\n"));
	ok(strstr(said, "FIN-WAIT-1   --- FIN,ACK seq 801 ack 1 "));
	ok(strstr(said, "so it was proven\n"));
	ok(columns(said) <= 100);
}

/* Notes, pauses and calls of the caller's own words; what is too much is counted. */
static void
test_words_and_bounds(void)
{
	static struct paper p;
	struct sw_row row;
	const char *said;

	paper_begin(&p, (struct sw_ladder_config){.most = 4, .gap = SW_MS, .columns = 72});
	for (int i = 0; i < 10; i++) {
		sw_row_init(&row, i % 2 ? SW_ROW_CALL : SW_ROW_NOTE, i % 3 - 1, (sw_ns)i * SW_US);
		row.text =
		    "something of note, which is longer than a line of this paper has room for";
		sw_ladder_row(p.ladder, &row);
	}
	row.bytes = 1; /* of another compiler: not looked at */
	sw_ladder_row(p.ladder, &row);
	said = paper_end(&p);
	ok(strstr(said, "\n    0.000009               6 rows more\n"));
	ok(columns(said) <= 72);
	paper_begin(&p, (struct sw_ladder_config){.gap = SW_MS});
	sw_row_init(&row, SW_ROW_GAP, -1, 0);
	row.text = "66 s: server thinking";
	sw_ladder_row(p.ladder, &row);
	ok(strstr(paper_end(&p), ": 66 s: server thinking\n"));
}

/* The same rows as a drawing: two bars, real text, nothing that XML forbids. */
static void
test_svg(void)
{
	static struct paper p;
	struct sw_row row;
	const char *said;

	paper_begin(&p, (struct sw_ladder_config){.form = SW_LADDER_SVG, .title = "a < b & \"c\""});
	a_capture(&p);
	sw_row_init(&row, SW_ROW_NOTE, 1, 4 * SW_S);
	row.text = "<script>alert(1)</script>";
	sw_ladder_row(p.ladder, &row);
	said = paper_end(&p);
	ok(!strncmp(said, "<?xml", 5) && strstr(said, "</svg>\n"));
	ok(strstr(said, "<title>a &lt; b &amp; &quot;c&quot;</title>"));
	ok(!strstr(said, "<script") && strstr(said, "&lt;script&gt;"));
	ok(strstr(said, "prefers-color-scheme: dark") && !strstr(said, "http://www.w3.org/1999"));
	ok(strstr(said, ">SYN-RECEIVED?<tspan class=\"t\"> 2 ms</tspan>"));
	ok(strstr(said, "#2 SYN,ACK seq 0 ack 1"));
	paper_begin(
	    &p, (struct sw_ladder_config){.form = SW_LADDER_SVG, .part = true, .by_time = true});
	a_capture(&p);
	said = paper_end(&p);
	ok(!strncmp(said, "<svg ", 5) && !strstr(said, "<style>"));
	paper_begin(&p, (struct sw_ladder_config){.form = SW_LADDER_SVG}); /* nothing at all */
	ok(strstr(paper_end(&p), "</svg>\n"));
}

static int rows_seen;

static void
on_row(void *ctx, const struct sw_row *row)
{
	(void)ctx;
	ok(row->bytes == sizeof(*row) && !strchr(row->text ? row->text : "", 1));
	rows_seen++;
}

static void
test_configuration(void)
{
	struct sw_ladder_config c = {.bytes = sizeof(c), .out = stdout};
	struct sw_ladder *l;

	ok(sw_ladder_new(NULL) == NULL);
	c.columns = 71;
	ok(sw_ladder_new(&c) == NULL);
	c.columns = 401;
	ok(sw_ladder_new(&c) == NULL);
	c.columns = 0;
	c.bytes--;
	ok(sw_ladder_new(&c) == NULL);
	c = (struct sw_ladder_config){.bytes = sizeof(c), .form = SW_LADDER_ROWS};
	ok(sw_ladder_new(&c) == NULL);
	c.row = on_row;
	l = sw_ladder_new(&c);
	ok(l != NULL);
	rows_seen = 0;
	a_capture(&(struct paper){.ladder = l});
	ok(sw_ladder_end(l) && rows_seen == 5);
}

/* ---- texts on a terminal ----------------------------------------------------- */

static void
test_text(void)
{
	char out[200] = "";
	FILE *f = tmpfile();

	ok(sw_text_columns("") == 0 && sw_text_columns("abc") == 3);
	ok(sw_text_columns("三次") == 4 && sw_text_columns("─▶µ") == 3);
	ok(sw_text_columns("\xff\xc3") == 2); /* what is no UTF-8 counts, and ends */
	ok(sw_text_cut("one two", 3) == 3 && sw_text_cut("one two", 6) == 4);
	ok(sw_text_cut("one two", 7) == 7 && sw_text_cut("unbreakable", 4) == 4);
	ok(sw_text_cut("三次握手", 5) == 6);   /* between wide characters */
	ok(sw_text_cut("三次，握手", 4) == 3); /* but not before a comma */
	ok(sw_text_cut("见（三次）", 4) == 3); /* nor behind a bracket */
	sw_text_wrap(f, "one two three\n\nfour", 2, 10);
	rewind(f);
	ok(fread(out, 1, sizeof(out) - 1, f) > 0);
	ok(!strcmp(out, "  one two\n  three\n\n  four\n"));
	fclose(f);
	for (int i = 0; i < 2000; i++) { /* whatever the bytes are, it goes on and ends */
		char text[40] = "";
		size_t at = 0, n;

		for (int k = 0; k < 39; k++)
			text[k] = (char)(1 + tap_below(255));
		for (int k = 0; k < 50 && text[at]; k++) {
			n = sw_text_cut(text + at, 1 + (int)tap_below(8));
			ok((n > 0 && n <= strlen(text + at)) || text[at] == '\n');
			at += n ? n : 1;
		}
		ok(text[at] == '\0');
	}
}

/* ---- captures ------------------------------------------------------------------ */

static uint32_t
little(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Each block says its length twice; how many there are. */
static int
blocks(const uint8_t *p, size_t n)
{
	int found = 0;
	size_t at = 0;

	for (; at + 12 <= n; found++) {
		uint32_t len = little(p + at + 4);

		if (!ok(len % 4 == 0 && len >= 12 && len <= n - at &&
			little(p + at + len - 4) == len))
			return -1;
		at += len;
	}
	ok(at == n);
	return found;
}

/* A batch comes in and is decided later; what nobody spoke of has no comment. */
static void
test_capture(void)
{
	static uint8_t packet[65536], text[PAPER];
	struct world *w = world_new();
	FILE *f = tmpfile();
	struct sw_capture *c = sw_capture_new(f, SW_LINK_IP, SW_S);
	struct sw_trace t;
	uint32_t len;
	size_t n;

	ok(c != NULL && sw_capture_new(f, (enum sw_link)9, 0) == NULL);
	world_go(w);
	for (uint32_t i = 0; i < 3; i++) { /* odd lengths are padded */
		char line[40];

		snprintf(line, sizeof(line), ". %u:%u(%u) ack 5", 10 + i, 10 + 2 * i + 1, i + 1);
		len = world_forge(w, A, line, packet);
		sw_capture_in(c, SW_MS, packet, len);
	}
	for (uint32_t i = 0; i < 2; i++) {
		t = (struct sw_trace){.kind = SW_T_IN,
				      .local = w->end[B],
				      .remote = w->end[A],
				      .verdict = i ? SW_V_DUPLICATE : SW_V_OUT_OF_ORDER,
				      .from = SW_ESTABLISHED,
				      .to = SW_ESTABLISHED,
				      .ctl = SW_ACK,
				      .seq = 10 + i,
				      .len = i + 1,
				      .ack = 5};
		sw_capture_event(c, &t);
	}
	sw_capture_out(c, 2 * SW_MS, "no packet", 9);
	ok(sw_capture_end(c));
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	ok(little(text) == 0x0a0d0d0a && blocks(text, n) == 2 + 4);
	for (size_t i = 0; i < n; i++) /* so that strstr() sees all of it */
		text[i] = text[i] ? text[i] : ' ';
	ok(strstr((char *)text, "verdict out-of-order: ahead of RCV.NXT"));
	ok(strstr((char *)text, "verdict duplicate: holds nothing new"));
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
	TEST("rows of any origin", test_rows);
	TEST("words of the caller's, and bounds", test_words_and_bounds);
	TEST("SVG", test_svg);
	TEST("configurations", test_configuration);
	TEST("texts on a terminal", test_text);
	TEST("captures", test_capture);
	return plan_done();
}
