/*
 * explain_page.c - `synwave explain -o html': the report as one page that needs nothing
 * but itself.
 *
 * The verdicts, the table of connections, and some of them drawn: an example of each
 * finding, then the first ones.  The packets are gone through once more for that, as by
 * explain_ladder.c.  What a page cannot hold it says.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_trace.h>

#include "explain.h"
#include "explain/pool.h"
#include "lang.h"
#include "page.h"

enum { ROWS = 2000, VIEWS = 24, LADDER_ROWS = 400 };

struct view { /* a connection that is drawn */
	const struct ex_conn *conn;
	struct drawing ladder[2]; /* each moment alike; as long as it lasted */
	FILE *out[2];
	char *text[2];
	size_t size[2];
	struct plot plot;
};

struct sheet {
	struct ex_conn *conn; /* the rows */
	size_t n, spare;      /* rows before `spare` have findings */
	uint64_t left_out;
	struct view view[VIEWS];
	unsigned views;
};

/* clang-format off */
static const char looks[] =
	"body { max-width: 1240px } h1, h2, p, figcaption { overflow-wrap: anywhere }\n"
	".card { border-left: 6px solid var(--link) }\n"
	".card.error { border-left-color: #d03a3a } .card.warning { border-left-color: #c98a00 }\n"
	".card p { margin: .3rem 0 } .table { overflow-x: auto; max-height: 34rem }\n"
	"table { border-collapse: collapse; font-size: 14px; width: 100% }\n"
	"th, td { padding: .2rem .5rem; border-bottom: 1px solid var(--edge); text-align: left; white-space: nowrap }\n"
	"th { position: sticky; top: 0; background: var(--card) } td.n { text-align: right }\n"
	"th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: .1rem; cursor: pointer }\n"
	"th[aria-sort=ascending] button::after { content: ' \\25b2' } th[aria-sort=descending] button::after { content: ' \\25bc' }\n"
	"button:focus-visible, .table:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }\n"
	"input[type=search] { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--dim);\n"
	"  border-radius: 6px; padding: .2rem .5rem; width: 22rem; max-width: 100% }\n"
	".plot { margin: 1rem 0 0 } .plot svg { width: 100%; height: auto; font: 13px system-ui, sans-serif }\n"
	".plot text { fill: var(--dim) } .plot path { fill: none; stroke-width: 1.5 } .axis { stroke: var(--dim) }\n"
	".plot .data { stroke: var(--link); stroke-width: 2.5 } .plot .acks { stroke: #2c9a53 }\n"
	".plot .again { stroke: #d03a3a } .plot .trips { stroke: var(--link); stroke-width: 4; stroke-linecap: round }\n";

static const char script[] =
	"'use strict';\n"
	"const table = document.getElementById('connections'), body = table.tBodies[0];\n"
	"const search = document.getElementById('search'), count = document.getElementById('count');\n"
	"const heads = [...table.tHead.rows[0].cells];\n"
	"function value(row, i) {\n"
	"  const cell = row.cells[i];\n"
	"  return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);\n"
	"}\n"
	"function sort(i) {\n"
	"  const up = heads[i].getAttribute('aria-sort') !== 'ascending';\n"
	"  heads.forEach(h => h.removeAttribute('aria-sort'));\n"
	"  heads[i].setAttribute('aria-sort', up ? 'ascending' : 'descending');\n"
	"  const rows = [...body.rows].sort((a, b) => {\n"
	"    const x = value(a, i), y = value(b, i);\n"
	"    return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);\n"
	"  });\n"
	"  body.append(...rows);\n"
	"}\n"
	"function find() {\n"
	"  const words = search.value.toLowerCase().split(/\\s+/);\n"
	"  let n = 0;\n"
	"  for (const row of body.rows) {\n"
	"    const text = row.textContent.toLowerCase();\n"
	"    row.hidden = !words.every(w => text.includes(w));\n"
	"    n += !row.hidden;\n"
	"  }\n"
	"  count.textContent = n + ' / ' + body.rows.length;\n"
	"}\n"
	"heads.forEach((h, i) => h.firstChild.addEventListener('click', () => sort(i)));\n"
	"search.addEventListener('input', find);\n"
	"document.addEventListener('keydown', e => {\n"
	"  if (e.key === '/' && document.activeElement !== search) {\n"
	"    e.preventDefault();\n"
	"    search.focus();\n"
	"  } else if (e.key === 'Escape' && document.activeElement === search) {\n"
	"    search.value = '';\n"
	"    find();\n"
	"  }\n"
	"});\n"
	"find();\n";
/* clang-format on */

/* ---- what is kept of the first way through ------------------------------------- */

struct sheet *
sheet_new(void)
{
	struct sheet *s = ex_alloc(sizeof(*s));

	s->conn = ex_alloc(ROWS * sizeof(*s->conn));
	return s;
}

/* A connection with a finding takes the place of one without. */
void
sheet_conn(struct sheet *s, const struct ex_conn *c)
{
	if (s->n < ROWS) {
		s->conn[s->n++] = *c;
		return;
	}
	s->left_out++;
	if (!c->findings)
		return;
	while (s->spare < ROWS && s->conn[s->spare].findings)
		s->spare++;
	if (s->spare < ROWS)
		s->conn[s->spare] = *c;
}

static void
view_free(struct view *v)
{
	for (int i = 0; i < 2; i++) {
		if (v->ladder[i].ladder)
			sw_ladder_end(v->ladder[i].ladder);
		if (v->out[i])
			fclose(v->out[i]);
		free(v->text[i]);
	}
	plot_free(&v->plot);
}

void
sheet_free(struct sheet *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->views; i++)
		view_free(&s->view[i]);
	free(s->conn);
	free(s);
}

/* ---- the second way through: drawings -------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	const struct ex_conn *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct view *
view_of(struct sheet *s, uint64_t conn)
{
	for (unsigned i = 0; i < s->views; i++)
		if (s->view[i].conn->id == conn)
			return &s->view[i];
	return NULL;
}

static void
view_add(struct sheet *s, uint64_t conn)
{
	const struct ex_conn key = {.id = conn};
	const struct ex_conn *c = bsearch(&key, s->conn, s->n, sizeof(*s->conn), by_number);

	if (c && s->views < VIEWS && !view_of(s, conn))
		s->view[s->views++].conn = c;
}

static void
choose(struct sheet *s, const struct ex_report *r)
{
	qsort(s->conn, s->n, sizeof(*s->conn), by_number);
	for (size_t i = 0; i < r->findings; i++)
		if (r->finding[i].conns > 0)
			view_add(s, r->finding[i].conn[0]);
	for (size_t i = 0; i < s->n && s->views < VIEWS; i++)
		view_add(s, s->conn[i].id);
}

static void
on_seen(void *ctx, const struct ex_seen *seen)
{
	struct view *v = view_of(ctx, seen->conn);

	if (!v)
		return;
	for (int i = 0; i < 2; i++)
		ladder_seen(&v->ladder[i], seen);
	plot_seen(&v->plot, seen);
}

static bool
view_begin(struct view *v, const struct explain_args *a)
{
	for (int i = 0; i < 2; i++) {
		struct sw_ladder_config form = {
		    .form = SW_LADDER_SVG, .part = true, .by_time = i, .most = LADDER_ROWS};

		v->out[i] = form.out = open_memstream(&v->text[i], &v->size[i]);
		if (!form.out || !ladder_begin(&v->ladder[i], a, v->conn, &form))
			return false;
	}
	return true;
}

/* Both drawings are finished texts after it. */
static bool
view_end(struct view *v)
{
	bool good = true;

	for (int i = 0; i < 2; i++) {
		good = ladder_end(&v->ladder[i]) && good;
		good = fclose(v->out[i]) == 0 && good;
		v->out[i] = NULL;
	}
	return good;
}

static bool
draw(struct sheet *s, const struct explain_args *a, struct ex_file *file, char why[EX_WHY])
{
	struct ex_watch watch = {.ctx = s, .seen = on_seen};
	bool good = true;

	if (s->views == 0)
		return true;
	if (!ex_file_again(file)) {
		snprintf(why, EX_WHY, "%s", ex_file_why(file));
		return false;
	}
	for (unsigned i = 0; i < s->views; i++)
		good = view_begin(&s->view[i], a) && good;
	if (good)
		pick_again(a, file, &watch);
	for (unsigned i = 0; good && i < s->views; i++)
		good = view_end(&s->view[i]);
	if (!good)
		snprintf(why, EX_WHY, _("out of memory"));
	return good;
}

/* ---- the page: verdicts ------------------------------------------------------------- */

static void
part(const struct ex_report *r, const struct ex_finding *f, enum ex_part which, const char *head)
{
	char text[EX_SENTENCE];

	ex_say(f, which, &r->style, text);
	if (!*text)
		return;
	printf("<p>");
	if (head)
		printf("<strong>%s:</strong> ", head);
	page_text(stdout, text);
	printf("</p>\n");
}

/* Its severity in words, for whom the colour is nothing; and links to what is drawn. */
static void
card(struct sheet *s, const struct ex_report *r, const struct ex_finding *f)
{
	char text[EX_SENTENCE], number[EX_NUMBER];

	printf("<section class=\"card %s\">\n<h2>", ex_severity_word(f->severity));
	page_text(stdout, ex_say(f, EX_TITLE, &r->style, text));
	printf("</h2>\n<p class=\"dim\"><code>%s</code> &#183; %s &#183; %s", ex_id_word(f->id),
	       ex_severity_word(f->severity), ex_certainty_word(f->certainty));
	if (f->count)
		printf(" &#183; %s %s", sw_text_count(f->count, number),
		       ex_word(f->count == 1 ? EX_W_CONN : EX_W_CONNS));
	printf("</p>\n");
	part(r, f, EX_WHAT, NULL);
	part(r, f, EX_WHOSE, NULL);
	part(r, f, EX_PROOF, ex_word(EX_W_PROOF));
	part(r, f, EX_NEXT, ex_word(EX_W_NEXT));
	for (unsigned i = 0; i < f->conns; i++)
		if (view_of(s, f->conn[i]))
			printf("<a href=\"#c%llu\">%s %llu</a>\n", (unsigned long long)f->conn[i],
			       ex_word(EX_W_CONN), (unsigned long long)f->conn[i]);
	printf("</section>\n");
}

static void
head(const struct ex_report *r)
{
	const struct ex_summary *sum = r->sum;
	char packets[EX_NUMBER], conns[EX_NUMBER], span[EX_NUMBER];

	page_begin_live(stdout, r->file, looks);
	printf("<header><h1>");
	page_text(stdout, r->file);
	printf("</h1>\n<p>%s %s, %s TCP %s, %s</p>\n", sw_text_count(sum->packets, packets),
	       ex_word(EX_W_PACKETS), sw_text_count(sum->conns, conns),
	       ex_word(sum->conns == 1 ? EX_W_CONN : EX_W_CONNS),
	       ex_time_text((double)(sum->last - sum->first) / 1e9, &r->style, span));
	if (r->trouble) {
		printf("<p><strong>");
		page_text(stdout, r->trouble);
		printf("</strong></p>\n");
	}
	printf("</header>\n");
}

/* ---- the page: connections ------------------------------------------------------------ */

static const char *const columns[] = {
    N_("No."),	   N_("Client"),    N_("Server"),	N_("Begins"),	    N_("Lasts"),
    N_("Outcome"), N_("Closed by"), N_("Client state"), N_("Server state"), N_("Round trip"),
    N_("Packets"), N_("Bytes"),	    N_("Sent again"),	N_("Findings")};

static void
cell(const char *text)
{
	printf("<td>");
	page_text(stdout, text);
	printf("</td>");
}

/* Sorted by the number, read as the text. */
static void
cell_number(double value, const char *text)
{
	printf("<td class=\"n\" data-v=\"%.10g\">%s</td>", value, text);
}

static void
cell_time(sw_ns ns)
{
	const struct ex_style style = {0};
	char text[EX_NUMBER];

	cell_number((double)ns, ns ? ex_time_text((double)ns / 1e9, &style, text) : "0");
}

static void
cell_count(uint64_t n)
{
	char text[EX_NUMBER];

	cell_number((double)n, sw_text_count(n, text));
}

static void
cell_state(const struct ex_end *e)
{
	const struct ex_step *s = e->steps ? &e->step[e->steps - 1] : NULL;

	printf("<td>%s%s</td>", s ? sw_state_name(s->state) : "", s && s->inferred ? "?" : "");
}

static void
row(struct sheet *s, const struct ex_report *r, const struct ex_conn *c)
{
	const struct ex_end *a = &c->end[EX_CLIENT], *b = &c->end[EX_SERVER];
	const char *who[3] = {ex_word(EX_W_CLIENT), ex_word(EX_W_SERVER), ""};
	unsigned long long id = c->id;
	char text[EX_ENDPOINT];

	printf(view_of(s, c->id)
		   ? "<tr><td class=\"n\" data-v=\"%llu\"><a href=\"#c%llu\">%llu</a></td>"
		   : "<tr><td class=\"n\" data-v=\"%llu\">%llu</td>",
	       id, id, id);
	cell(ex_end_text(&a->at, &r->style, text));
	cell(ex_end_text(&b->at, &r->style, text));
	cell_time(c->start > r->sum->first ? c->start - r->sum->first : 0);
	cell_time(c->last > c->start ? c->last - c->start : 0);
	cell(ex_outcome_word(c->outcome));
	cell(who[c->closed_by]);
	cell_state(a);
	cell_state(b);
	cell_time(a->rtt_min > b->rtt_min ? a->rtt_min : b->rtt_min);
	cell_count(a->packets + b->packets);
	cell_count(a->bytes + b->bytes);
	cell_count(a->again + b->again);
	printf("<td>");
	for (int i = 0; i < EX_N_FINDINGS; i++)
		if (c->findings >> i & 1)
			printf("%s ", ex_id_word((enum ex_id)i));
	printf("</td></tr>\n");
}

static void
rows(struct sheet *s, const struct ex_report *r)
{
	char number[EX_NUMBER];

	printf("<section>\n<h2>%s</h2>\n<p><label>%s <input type=\"search\" id=\"search\" "
	       "autocomplete=\"off\"></label> <span id=\"count\" role=\"status\" "
	       "class=\"dim\"></span> "
	       "<span class=\"dim\">%s</span></p>\n",
	       _("Connections"), _("Search"), _("/ goes there, Escape empties it"));
	printf("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n"
	       "<table id=\"connections\"><thead><tr>",
	       _("Connections"));
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		printf("<th scope=\"col\"><button type=\"button\">%s</button></th>", _(columns[i]));
	printf("</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < s->n; i++)
		row(s, r, &s->conn[i]);
	printf("</tbody></table></div>\n");
	if (s->left_out) {
		printf("<p class=\"dim\">");
		printf(_("%s more are not on this page: --where chooses, -o csv has all."),
		       sw_text_count(s->left_out, number));
		printf("</p>\n");
	}
	printf("</section>\n");
}

/* ---- the page: drawings ------------------------------------------------------------------ */

static void
view(const struct ex_report *r, const struct view *v)
{
	const struct ex_conn *c = v->conn;
	unsigned long long id = c->id;
	char text[EX_ENDPOINT];

	printf("<section id=\"c%llu\">\n<h2>%s %llu <span class=\"dim\">", id, ex_word(EX_W_CONN),
	       id);
	page_text(stdout, ex_end_text(&c->end[EX_CLIENT].at, &r->style, text));
	printf(" &#8594; ");
	page_text(stdout, ex_end_text(&c->end[EX_SERVER].at, &r->style, text));
	printf(" &#183; %s</span></h2>\n<div class=\"choice\" role=\"group\" aria-label=\"%s\">\n",
	       ex_outcome_word(c->outcome), _("Heights"));
	printf("<input type=\"radio\" name=\"h-%llu\" id=\"step-%llu\" checked><label "
	       "for=\"step-%llu\"> %s</label>\n",
	       id, id, id, _("each moment alike"));
	printf("<input class=\"by-time\" type=\"radio\" name=\"h-%llu\" id=\"time-%llu\"><label "
	       "for=\"time-%llu\"> %s</label>\n",
	       id, id, id, _("as long as it lasted"));
	for (int i = 0; i < 2; i++)
		printf("<div class=\"ladder %s\">\n%s</div>\n", i ? "time" : "step", v->text[i]);
	printf("</div>\n");
	plot_draw(&v->plot, c, &r->style);
	printf("</section>\n");
}

static void
drawings(const struct sheet *s, const struct ex_report *r)
{
	char number[EX_NUMBER];
	uint64_t others = s->n + s->left_out - s->views;

	for (unsigned i = 0; i < s->views; i++)
		view(r, &s->view[i]);
	if (others == 0)
		return;
	printf("<p class=\"dim\">");
	printf(_("%s connections are not drawn: -C N draws connection N."),
	       sw_text_count(others, number));
	printf("</p>\n");
}

bool
sheet_print(struct sheet *s, const struct explain_args *a, const struct ex_report *r,
	    struct ex_file *file, char why[EX_WHY])
{
	size_t shown = r->top && r->top < r->findings ? r->top : r->findings;

	choose(s, r);
	if (!draw(s, a, file, why))
		return false;
	head(r);
	printf("<main>\n");
	for (size_t i = 0; i < shown; i++)
		card(s, r, &r->finding[i]);
	if (r->findings == 0)
		printf("<section class=\"card\"><p>%s</p></section>\n", _("Nothing was found."));
	rows(s, r);
	drawings(s, r);
	printf("</main>\n<script>\n%s</script>\n", script);
	page_end(stdout);
	return true;
}
