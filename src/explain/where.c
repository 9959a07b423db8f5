/*
 * where.c - see where.h.  A text becomes a list in which operators stand behind what
 * they join; a connection is held against it with a stack of bits.
 */
#include "explain/where.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "explain/pool.h"
#include "explain/words.h"

enum { ITEMS = 64, WORD = 80 };
enum field {
	STATE,
	STATE_0,
	STATE_1,
	OUTCOME,
	CLOSED_BY,
	ADDR,
	ADDR_0,
	ADDR_1,
	PORT,
	CONN,
	PACKETS,
	BYTES,
	AGAIN,
	DURATION,
	N_FIELDS
};
enum op { LESS = 1, SAME = 2, MORE = 4, DIFFERS = LESS | MORE };
enum kind { TERM, NOT, AND, OR, OPEN }; /* in order of how they bind */

struct item {
	enum kind kind;
	enum field field;
	unsigned op;
	double number;
	struct sw_endpoint end; /* port 0: any */
	bool any_addr;
};

struct ex_where {
	struct item item[ITEMS];
	int n;
};

struct reader {
	const char *at;
	char word[WORD];
	enum kind held[ITEMS];
	int holds, depth; /* depth: values that the list leaves */
	struct ex_where *where;
	char *why;
};

static bool
wrong(struct reader *r, const char *what, const char *word)
{
	if (!*r->why)
		snprintf(r->why, EX_WHERE_WHY, "%s '%s'", what, word);
	return false;
}

/* The next word, parenthesis or operator; false: no more. */
static bool
next_word(struct reader *r)
{
	static const char stops[] = "()<>=!";
	size_t n;

	while (isspace((unsigned char)*r->at))
		r->at++;
	if (*r->at == '(' || *r->at == ')')
		n = 1;
	else if (*r->at && strchr("<>=!", *r->at))
		n = strspn(r->at, "<>=!");
	else
		for (n = 0;
		     r->at[n] && !isspace((unsigned char)r->at[n]) && !strchr(stops, r->at[n]);)
			n++;
	if (n >= WORD)
		n = WORD - 1;
	memcpy(r->word, r->at, n);
	r->word[n] = '\0';
	r->at += n;
	return n > 0;
}

/* ---- values ---------------------------------------------------------------- */

static bool
value_number(const char *word, enum field field, double *number)
{
	static const struct {
		char name[4];
		double times;
	} unit[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}},
	  size[] = {{"k", 1e3}, {"M", 1e6}, {"G", 1e9}};
	char *end;

	*number = strtod(word, &end);
	if (end == word || *number < 0)
		return false;
	for (size_t i = 0; field == DURATION && i < sizeof(unit) / sizeof(unit[0]); i++)
		if (!strcmp(end, unit[i].name)) {
			*number *= unit[i].times;
			return true;
		}
	for (size_t i = 0; field == BYTES && i < sizeof(size) / sizeof(size[0]); i++)
		if (!strcmp(end, size[i].name)) {
			*number *= size[i].times;
			return true;
		}
	return !*end;
}

static bool
value_addr(const char *word, struct item *item)
{
	struct sw_addr *addr = &item->end.addr;
	char text[WORD], *port = NULL, *end;
	unsigned long number;

	snprintf(text, sizeof(text), "%s", word);
	if (*text == '[' && (end = strchr(text, ']'))) {
		*end = '\0';
		port = end[1] == ':' ? end + 2 : NULL;
		memmove(text, text + 1, strlen(text));
	} else if (strchr(text, ':') == strrchr(text, ':') && (port = strchr(text, ':'))) {
		*port++ = '\0';
	}
	if (port) {
		number = strtoul(port, &end, 10);
		if (!*port || *end || number == 0 || number > 65535)
			return false;
		item->end.port = (uint16_t)number;
	}
	item->any_addr = !*text;
	if (!*text)
		return port != NULL;
	if (inet_pton(AF_INET6, text, addr->b) == 1)
		return true;
	if (inet_pton(AF_INET, text, addr->b) != 1)
		return false;
	*addr = sw_addr4(addr->b[0], addr->b[1], addr->b[2], addr->b[3]);
	return true;
}

static bool
value_word(const char *word, struct item *item)
{
	static const char *const who[] = {"client", "server", "nobody"};
	const char *name;

	for (int i = 0; i < 16; i++) {
		if (item->field == OUTCOME)
			name = i < EX_N_OUTCOMES ? ex_outcome_word((enum ex_outcome)i) : NULL;
		else if (item->field == CLOSED_BY)
			name = i < 3 ? who[i] : NULL;
		else
			name = i < SW_N_STATES ? sw_state_name((enum sw_state)i) : NULL;
		item->number = i;
		if (name && !strcasecmp(name, word))
			return true;
	}
	return false;
}

/* ---- reading --------------------------------------------------------------- */

static bool
comparison(struct reader *r, struct item *item)
{
	static const char *const name[N_FIELDS] = {
	    "state",   "client.state", "server.state",	  "outcome", "closed-by",
	    "addr",    "client",       "server",	  "port",    "conn",
	    "packets", "bytes",	       "retransmissions", "duration"};
	static const struct {
		char text[3];
		uint8_t op;
	} ops[] = {{"=", SAME}, {"==", SAME},	     {"!=", DIFFERS},	 {"<", LESS},
		   {">", MORE}, {"<=", LESS | SAME}, {">=", MORE | SAME}};
	char field[WORD];
	bool good;

	memcpy(field, r->word, WORD);
	for (int i = 0; i < N_FIELDS; i++)
		if (!strcasecmp(field, name[i]))
			item->op = 8, item->field = (enum field)i;
	if (!item->op)
		return wrong(r, _("there is no field"), field);
	if (!next_word(r))
		return wrong(r, _("no comparison behind"), field);
	item->op = 0;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(r->word, ops[i].text))
			item->op = ops[i].op;
	if (!item->op || (item->field < PORT && item->op != SAME && item->op != DIFFERS))
		return wrong(r, _("not a comparison for this field:"), r->word);
	if (!next_word(r))
		return wrong(r, _("no value behind"), field);
	if (item->field >= PORT)
		good = value_number(r->word, item->field, &item->number);
	else if (item->field >= ADDR)
		good = value_addr(r->word, item);
	else
		good = value_word(r->word, item);
	return good ? true : wrong(r, _("not a value for this field:"), r->word);
}

static bool
add(struct reader *r, const struct item *item)
{
	if (r->where->n == ITEMS)
		return wrong(r, _("too long at"), r->word);
	r->where->item[r->where->n++] = *item;
	r->depth += item->kind == TERM ? 1 : item->kind == NOT ? 0 : -1;
	return r->depth > 0 ? true : wrong(r, _("something is missing at"), r->word);
}

/* What is held and binds at least so much goes to the list. */
static bool
let_go(struct reader *r, enum kind kind)
{
	while (r->holds > 0 && r->held[r->holds - 1] <= kind) {
		struct item item = {.kind = r->held[--r->holds]};

		if (!add(r, &item))
			return false;
	}
	return true;
}

static bool
hold(struct reader *r, enum kind kind)
{
	if (r->holds == ITEMS)
		return wrong(r, _("too long at"), r->word);
	r->held[r->holds++] = kind;
	return true;
}

/* A word where a comparison may begin; *more: still one may. */
static bool
operand(struct reader *r, bool *more)
{
	struct item item = {.kind = TERM};

	if (!strcasecmp(r->word, "not") || !strcmp(r->word, "!"))
		return hold(r, NOT);
	if (!strcmp(r->word, "("))
		return hold(r, OPEN);
	*more = false;
	return comparison(r, &item) && add(r, &item);
}

/* A word behind a comparison. */
static bool
joint(struct reader *r, bool *more)
{
	enum kind kind = strcasecmp(r->word, "or") ? AND : OR;

	if (!strcmp(r->word, ")")) {
		if (!let_go(r, OR))
			return false;
		if (r->holds == 0)
			return wrong(r, _("nothing was opened before"), r->word);
		r->holds--;
		return true;
	}
	if (kind == AND && strcasecmp(r->word, "and"))
		return wrong(r, _("neither and nor or:"), r->word);
	*more = true;
	return let_go(r, kind) && hold(r, kind);
}

struct ex_where *
ex_where_new(const char *text, char why[EX_WHERE_WHY])
{
	struct ex_where *w = ex_zeroed(sizeof(*w));
	struct reader r = {.at = text, .where = w, .why = why};
	bool good = true, more = true;

	*why = '\0';
	while (good && next_word(&r))
		good = more ? operand(&r, &more) : joint(&r, &more);
	if (good && more)
		good = wrong(&r, _("something is missing at the end of"), text);
	good = good && let_go(&r, OR);
	if (good && r.holds > 0)
		good = wrong(&r, _("a parenthesis stays open in"), text);
	if (good)
		return w;
	free(w);
	return NULL;
}

void
ex_where_free(struct ex_where *w)
{
	free(w);
}

/* ---- a connection ---------------------------------------------------------- */

static bool
compare(double a, double b, unsigned op)
{
	return op & (a < b ? LESS : a > b ? MORE : SAME);
}

static bool
end_fits(const struct ex_conn *c, int side, const struct item *item)
{
	const struct ex_end *end = &c->end[side];
	unsigned last = end->steps, op = item->op == DIFFERS ? SAME : item->op;

	switch (item->field) {
	case STATE:
	case STATE_0:
	case STATE_1:
		return last > 0 && (double)end->step[last - 1].state == item->number;
	case PORT:
		return compare(end->at.port, item->number, op);
	default:
		return (item->any_addr || sw_addr_same(&end->at.addr, &item->end.addr)) &&
		       (item->end.port == 0 || item->end.port == end->at.port);
	}
}

static double
number_of(const struct ex_conn *c, enum field field)
{
	const struct ex_end *a = &c->end[0], *b = &c->end[1];

	switch (field) {
	case OUTCOME:
		return c->outcome;
	case CLOSED_BY:
		return c->closed_by;
	case CONN:
		return (double)c->id;
	case PACKETS:
		return (double)(a->packets + b->packets);
	case BYTES:
		return (double)(a->bytes + b->bytes);
	case AGAIN:
		return a->again + b->again;
	default:
		return c->last > c->start ? (double)(c->last - c->start) / SW_S : 0;
	}
}

static bool
term_fits(const struct item *item, const struct ex_conn *c)
{
	bool one_end = item->field == STATE_0 || item->field == ADDR_0;
	bool other = item->field == STATE_1 || item->field == ADDR_1, fits;

	if (item->field == OUTCOME || item->field == CLOSED_BY || item->field >= CONN)
		return compare(number_of(c, item->field), item->number, item->op);
	fits =
	    (!other && end_fits(c, EX_CLIENT, item)) || (!one_end && end_fits(c, EX_SERVER, item));
	return item->op == DIFFERS ? !fits : fits;
}

bool
ex_where_fits(const struct ex_where *w, const struct ex_conn *c)
{
	bool stack[ITEMS + 1];
	int n = 0;

	for (int i = 0; i < w->n; i++) {
		const struct item *item = &w->item[i];

		if (item->kind == TERM)
			stack[n++] = term_fits(item, c);
		else if (item->kind == NOT)
			stack[n - 1] = !stack[n - 1];
		else if (item->kind == AND)
			n--, stack[n - 1] = stack[n - 1] && stack[n];
		else
			n--, stack[n - 1] = stack[n - 1] || stack[n];
	}
	return n > 0 && stack[0];
}
