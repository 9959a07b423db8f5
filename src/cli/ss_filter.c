/*
 * ss_filter.c - ss(8)'s filters: a state, and an expression over ends.
 *
 * The expression is put into steps with operators behind their operands (Dijkstra's
 * shunting yard), so that nothing here calls itself.
 */
#include "ss.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lang.h"

#define BIT(state) (1u << (state))

enum {
	ALL = (1u << SW_N_STATES) - 1,
	CONNECTED = ALL & ~(1u << SW_LISTEN) & ~(1u << SW_CLOSED),
	BUCKET = 1u << SW_TIME_WAIT | 1u << SW_SYN_RECEIVED
};

static const struct {
	char name[16];
	uint32_t states;
} state_names[] = {
    {"all", ALL},
    {"connected", CONNECTED},
    {"synchronized", CONNECTED & ~BIT(SW_SYN_SENT)},
    {"bucket", BUCKET},
    {"big", ALL & ~BUCKET},
    {"established", BIT(SW_ESTABLISHED)},
    {"estab", BIT(SW_ESTABLISHED)},
    {"syn-sent", BIT(SW_SYN_SENT)},
    {"syn-recv", BIT(SW_SYN_RECEIVED)},
    {"syn-received", BIT(SW_SYN_RECEIVED)},
    {"fin-wait-1", BIT(SW_FIN_WAIT_1)},
    {"fin-wait-2", BIT(SW_FIN_WAIT_2)},
    {"time-wait", BIT(SW_TIME_WAIT)},
    {"closed", BIT(SW_CLOSED)},
    {"close-wait", BIT(SW_CLOSE_WAIT)},
    {"last-ack", BIT(SW_LAST_ACK)},
    {"listening", BIT(SW_LISTEN)},
    {"listen", BIT(SW_LISTEN)},
    {"closing", BIT(SW_CLOSING)},
};

/* A state's name in any case; 0: it is none. */
static uint32_t
states_named(const char *name)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++)
		if (!strcasecmp(name, state_names[i].name))
			return state_names[i].states;
	return 0;
}

/* ---- words ---------------------------------------------------------------- */

enum { WORDS = 4 * FILTER_STEPS, WORD = 64 };

struct words {
	char word[WORDS][WORD];
	int n, at;
};

static bool
is_sign(char c)
{
	return c == '(' || c == ')' || c == '!' || c == '=' || c == '<' || c == '>' || c == '&' ||
	       c == '|';
}

/* Cuts at blanks and where signs begin and end; false: too much. */
static bool
cut(struct words *w, const char *text)
{
	while (*text) {
		size_t n = 0;

		if (*text == ' ' || *text == '\t') {
			text++;
			continue;
		}
		if (*text == '(' || *text == ')')
			n = 1;
		else if (is_sign(*text))
			while (is_sign(text[n]) && text[n] != '(' && text[n] != ')')
				n++;
		else
			while (text[n] && text[n] != ' ' && text[n] != '\t' && !is_sign(text[n]))
				n++;
		if (w->n == WORDS || n >= WORD)
			return false;
		snprintf(w->word[w->n++], WORD, "%.*s", (int)n, text);
		text += n;
	}
	return true;
}

static const char *
word(const struct words *w)
{
	return w->at < w->n ? w->word[w->at] : "";
}

static bool
word_is(struct words *w, const char *a, const char *b, const char *c)
{
	if (strcmp(word(w), a) && strcmp(word(w), b) && strcmp(word(w), c))
		return false;
	w->at++;
	return true;
}

/* ---- tests ------------------------------------------------------------------ */

static bool
read_port(const char *text, struct ss_step *s)
{
	char *end;
	unsigned long n;

	if (!strcmp(text, "*") || *text == '\0')
		return true;
	n = strtoul(text, &end, 10);
	if (*end || end == text || n > 65535)
		return false;
	s->has_port = true;
	s->port = (uint16_t)n;
	return true;
}

static bool
read_addr(char *text, struct ss_step *s)
{
	char *slash = strchr(text, '/'), *end;
	unsigned long n;
	bool v4;

	if (!strcmp(text, "*") || *text == '\0')
		return true;
	if (slash)
		*slash = '\0';
	if (*text == '[' && text[strlen(text) - 1] == ']') {
		text[strlen(text) - 1] = '\0';
		text++;
	}
	if (sw_addr_parse(&s->addr, text) != SW_OK)
		return false;
	v4 = sw_addr_is4(&s->addr);
	s->has_addr = true;
	s->prefix = 128;
	if (!slash)
		return true;
	n = strtoul(slash + 1, &end, 10);
	if (*end || end == slash + 1 || n > (v4 ? 32u : 128u))
		return false;
	s->prefix = (unsigned)n + (v4 ? 96 : 0);
	return true;
}

/* "HOST", "HOST/LEN:PORT", ":PORT", "[::1]:PORT", a bare port where one is asked for. */
static bool
read_end(const char *text, bool port, struct ss_step *s)
{
	char host[WORD];
	const char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');

	if (port)
		return read_port(colon ? colon + 1 : text, s);
	if (bracket && colon && colon < bracket)
		colon = NULL;
	if (colon && !bracket && colon != text && strchr(text, ':') != colon)
		colon = NULL; /* an IPv6 address without brackets */
	snprintf(host, sizeof(host), "%.*s", colon ? (int)(colon - text) : WORD - 1, text);
	return read_addr(host, s) && (!colon || read_port(colon + 1, s));
}

static enum ss_compare
read_compare(struct words *w)
{
	static const char signs[][3][4] = {{"=", "==", "eq"}, {"!=", "ne", "neq"},
					   {"<", "lt", "lt"}, {"<=", "le", "leq"},
					   {">", "gt", "gt"}, {">=", "ge", "geq"}};

	for (int i = 0; i < 6; i++)
		if (word_is(w, signs[i][0], signs[i][1], signs[i][2]))
			return (enum ss_compare)i;
	return SS_EQ;
}

/* ---- the yard ---------------------------------------------------------------- */

enum mark { MARK_OPEN, MARK_OR, MARK_AND, MARK_NOT }; /* by how strongly they bind */

struct yard {
	struct ss_filter *f;
	enum mark wait[FILTER_STEPS];
	int waits;
	bool operand; /* the last thing was one: `and` may be left out */
	char *error;
};

static bool
wrong(struct yard *y, const char *what, const char *text)
{
	snprintf(y->error, 200, _(what), text);
	return false;
}

static bool
step_add(struct yard *y, const struct ss_step *s)
{
	if (y->f->steps == FILTER_STEPS)
		return wrong(y, N_("the filter is too long%s"), "");
	y->f->step[y->f->steps++] = *s;
	return true;
}

/* What waits and binds at least as strongly goes to the steps. */
static bool
release(struct yard *y, enum mark least)
{
	static const enum ss_op op[] = {SS_TEST, SS_OR, SS_AND, SS_NOT};

	while (y->waits > 0 && y->wait[y->waits - 1] != MARK_OPEN &&
	       y->wait[y->waits - 1] >= least) {
		struct ss_step s = {.op = op[y->wait[--y->waits]]};

		if (!step_add(y, &s))
			return false;
	}
	return true;
}

static bool
hold(struct yard *y, enum mark m)
{
	if (y->waits == FILTER_STEPS)
		return wrong(y, N_("the filter is too long%s"), "");
	y->wait[y->waits++] = m;
	y->operand = false;
	return true;
}

static bool
read_test(struct yard *y, struct words *w)
{
	bool sport = word_is(w, "sport", "sport", "sport"), src = word_is(w, "src", "src", "src");
	bool dport = word_is(w, "dport", "dport", "dport"), dst = word_is(w, "dst", "dst", "dst");
	struct ss_step s = {.op = SS_TEST, .remote = dport || dst};

	if (!sport && !src && !dport && !dst)
		return wrong(y, N_("a filter has no '%s'; it has state, sport, dport, src, dst"),
			     word(w));
	if (y->operand && !(release(y, MARK_AND) && hold(y, MARK_AND)))
		return false;
	s.compare = read_compare(w);
	if (w->at == w->n || !read_end(word(w), sport || dport, &s))
		return wrong(y, sport || dport ? N_("'%s' is no port") : N_("'%s' is no address"),
			     word(w));
	w->at++;
	y->operand = true;
	return step_add(y, &s);
}

static bool
read_state(struct yard *y, struct words *w, bool exclude)
{
	uint32_t states = states_named(word(w));

	if (states == 0)
		return wrong(y, N_("there is no state '%s'"), word(w));
	if (!y->f->has_states)
		y->f->states = exclude ? ALL : 0;
	y->f->has_states = true;
	if (!y->operand && y->waits > 0 && y->wait[y->waits - 1] == MARK_AND) {
		y->waits--; /* "sport = :80 and state X": states are asked anyway */
		y->operand = true;
	}
	if (exclude)
		y->f->states &= ~states;
	else
		y->f->states |= states;
	w->at++;
	return true;
}

/* A closing bracket: up to the open one. */
static bool
close_bracket(struct yard *y)
{
	if (!release(y, MARK_OR))
		return false;
	if (y->waits == 0)
		return wrong(y, N_("there is a bracket too many%s"), "");
	y->waits--;
	y->operand = true;
	return true;
}

static bool
read_one(struct yard *y, struct words *w)
{
	if (word_is(w, "state", "state", "state"))
		return read_state(y, w, false);
	if (word_is(w, "exclude", "exclude", "exclude"))
		return read_state(y, w, true);
	if (word_is(w, "or", "|", "||"))
		return release(y, MARK_OR) && hold(y, MARK_OR);
	if (word_is(w, "and", "&", "&&"))
		return release(y, MARK_AND) && hold(y, MARK_AND);
	if (word_is(w, "not", "!", "!") || word_is(w, "(", "(", "(")) {
		enum mark m = !strcmp(w->word[w->at - 1], "(") ? MARK_OPEN : MARK_NOT;

		if (y->operand && !(release(y, MARK_AND) && hold(y, MARK_AND)))
			return false;
		return hold(y, m);
	}
	if (word_is(w, ")", ")", ")"))
		return close_bracket(y);
	return read_test(y, w);
}

/* Has every operator its operands? */
static bool
complete(const struct ss_filter *f)
{
	int depth = 0;

	for (int i = 0; i < f->steps; i++) {
		enum ss_op op = f->step[i].op;

		depth += op == SS_TEST ? 1 : op == SS_NOT ? 0 : -1;
		if (depth < 1)
			return false;
	}
	return f->steps == 0 || depth == 1;
}

bool
ss_filter_read(struct ss_filter *f, char *const *text, int n, char error[200])
{
	struct yard y = {.f = f, .error = error};
	struct words *w = calloc(1, sizeof(*w));
	bool good = w != NULL;

	for (int i = 0; good && i < n; i++)
		if (!cut(w, text[i]))
			good = wrong(&y, N_("the filter is too long%s"), "");
	while (good && w->at < w->n)
		good = read_one(&y, w);
	good = good && release(&y, MARK_OR);
	if (good && (y.waits > 0 || !complete(f)))
		good = wrong(&y, N_("the filter is not complete%s"), "");
	free(w);
	return good;
}

bool
ss_filter_begins(const char *text)
{
	static const char first[][8] = {"state", "exclude", "sport", "dport", "src", "dst", "not"};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		size_t n = strlen(first[i]);

		if (!strncmp(text, first[i], n) &&
		    (text[n] == '\0' || text[n] == ' ' || is_sign(text[n])))
			return true;
	}
	return *text == '(' || *text == '!';
}

/* ---- asking ------------------------------------------------------------------ */

static bool
in_net(const struct sw_addr *a, const struct ss_step *s)
{
	unsigned bits = s->prefix;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	return memcmp(a->b, s->addr.b, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((a->b[bits / 8] ^ s->addr.b[bits / 8]) & mask) == 0);
}

static bool
test(const struct ss_step *s, const struct ss_record *r)
{
	const struct sw_endpoint *e = s->remote ? &r->remote : &r->local;
	bool addr = !s->has_addr || in_net(&e->addr, s);

	switch (s->compare) {
	case SS_EQ:
		return addr && (!s->has_port || e->port == s->port);
	case SS_NE:
		return !(addr && (!s->has_port || e->port == s->port));
	case SS_LT:
		return addr && e->port < s->port;
	case SS_LE:
		return addr && e->port <= s->port;
	case SS_GT:
		return addr && e->port > s->port;
	default:
		return addr && e->port >= s->port;
	}
}

bool
ss_filter_takes(const struct ss_filter *f, const struct ss_record *r)
{
	bool value[FILTER_STEPS + 1];
	int n = 0;

	if (f->has_states && !(f->states & BIT(r->state)))
		return false;
	for (int i = 0; i < f->steps; i++) {
		const struct ss_step *s = &f->step[i];

		if (s->op == SS_TEST) {
			value[n++] = test(s, r);
		} else if (s->op == SS_NOT) {
			value[n - 1] = !value[n - 1];
		} else {
			n--;
			value[n - 1] =
			    s->op == SS_AND ? value[n - 1] && value[n] : value[n - 1] || value[n];
		}
	}
	return n == 0 || value[0];
}
