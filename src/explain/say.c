/*
 * say.c - templates become sentences, values become numbers with units.
 */
#define _GNU_SOURCE
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <synwave/sw_trace.h>

#include "explain/words.h"

const char *ex_template(const struct ex_finding *, enum ex_part);

/* ---- numbers ------------------------------------------------------------------- */

/* Three figures that mean something. */
static int
decimals(double value)
{
	double size = value < 0 ? -value : value;

	return size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
}

char *
ex_time_text(double s, const struct ex_style *style, char text[EX_NUMBER])
{
	double size = s < 0 ? -s : s;

	if (size == 0)
		snprintf(text, EX_NUMBER, "0 s");
	else if (size < 0.0009995)
		snprintf(text, EX_NUMBER, "%.*f %s", size < 9.95e-6 ? 1 : 0, s * 1e6,
			 style->ascii ? "us" : "\u00b5s");
	else if (size < 0.9995)
		snprintf(text, EX_NUMBER, "%.*f ms",
			 size < 0.00995	 ? 2
			 : size < 0.0995 ? 1
					 : 0,
			 s * 1e3);
	else if (size < 600)
		snprintf(text, EX_NUMBER, "%.*f s", decimals(s), s);
	else if (size < 36000)
		snprintf(text, EX_NUMBER, "%.0f min", s / 60);
	else
		snprintf(text, EX_NUMBER, "%.1f h", s / 3600);
	return text;
}

char *
ex_bytes_text(double bytes, char text[EX_NUMBER])
{
	static const char unit[][4] = {"kB", "MB", "GB", "TB"};
	int i = -1;

	if (bytes < 99999.5) {
		sw_text_count((uint64_t)(bytes + 0.5), text);
		strcat(text, " B");
		return text;
	}
	while (bytes >= 999.5 && i < 3) {
		bytes /= 1000;
		i++;
	}
	snprintf(text, EX_NUMBER, "%.*f %s", decimals(bytes), bytes, unit[i]);
	return text;
}

char *
ex_value_text(const struct ex_value *v, const struct ex_style *style, char text[EX_NUMBER])
{
	switch (ex_metric_unit(v->what)) {
	case EX_SECONDS:
		return ex_time_text(v->value, style, text);
	case EX_BYTES:
		return ex_bytes_text(v->value, text);
	case EX_PERCENT:
		snprintf(text, EX_NUMBER, "%.*f %%", v->value < 9.95 ? 1 : 0, v->value);
		return text;
	case EX_PLAIN:
		snprintf(text, EX_NUMBER, "%.0f", v->value);
		return text;
	default:
		return sw_text_count((uint64_t)(v->value + 0.5), text);
	}
}

/* ---- endpoints ------------------------------------------------------------------- */

static bool
resolved(const struct sw_addr *addr, char *text, size_t room)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	bool v4 = sw_addr_is4(addr);

	memcpy(&six.sin6_addr, addr->b, 16);
	memcpy(&four.sin_addr, addr->b + 12, 4);
	return getnameinfo(v4 ? (struct sockaddr *)&four : (struct sockaddr *)&six,
			   v4 ? sizeof(four) : sizeof(six), text, (socklen_t)room, NULL, 0,
			   NI_NAMEREQD) == 0;
}

char *
ex_end_text(const struct sw_endpoint *e, const struct ex_style *style, char text[EX_ENDPOINT])
{
	char addr[EX_ENDPOINT - 16];
	bool six = !sw_addr_is4(&e->addr);

	if (sw_addr_is_any(&e->addr)) {
		snprintf(text, EX_ENDPOINT, "*");
		return text;
	}
	if (!style->resolve || !resolved(&e->addr, addr, sizeof(addr)))
		sw_addr_format(&e->addr, addr);
	else
		six = false;
	if (e->port == 0)
		snprintf(text, EX_ENDPOINT, "%s", addr);
	else
		snprintf(text, EX_ENDPOINT, six ? "[%s]:%u" : "%s:%u", addr, e->port);
	return text;
}

size_t
ex_columns(const char *text)
{
	return (size_t)sw_text_columns(text);
}

/* ---- templates --------------------------------------------------------------------- */

struct saying {
	const struct ex_finding *f;
	const struct ex_style *style;
	char *to;
	size_t at, room;
	bool missing; /* something that was asked for is not there */
};

static void
put(struct saying *s, const char *text)
{
	size_t n = strlen(text);

	if (n > s->room - 1 - s->at)
		n = s->room - 1 - s->at;
	memcpy(s->to + s->at, text, n);
	s->at += n;
	s->to[s->at] = '\0';
}

static void
put_end(struct saying *s, const struct sw_endpoint *e)
{
	char text[EX_ENDPOINT];

	if (sw_addr_is_any(&e->addr))
		s->missing = true;
	put(s, ex_end_text(e, s->style, text));
}

/* The number that a plural goes by, and its text. */
static bool
value_named(const struct saying *s, const char *name, struct ex_value *v)
{
	for (int i = 0; i < s->f->values; i++) {
		if (strcmp(ex_metric_word(s->f->value[i].what), name))
			continue;
		*v = s->f->value[i];
		return true;
	}
	return false;
}

static void
put_frame(struct saying *s, int i)
{
	char text[EX_NUMBER];

	if (i < 0 || i >= s->f->proofs || s->f->proof[i] == 0) {
		s->missing = true;
		return;
	}
	snprintf(text, sizeof(text), "#%llu", (unsigned long long)s->f->proof[i]);
	put(s, text);
}

static void
put_name(struct saying *s, const char *name)
{
	bool client = s->f->role == EX_CLIENT;
	char text[EX_NUMBER];
	struct ex_value v;

	if (!strcmp(name, "side")) {
		put_end(s, &s->f->side);
	} else if (!strcmp(name, "peer")) {
		put_end(s, &s->f->peer);
	} else if (!strcmp(name, "role")) {
		put(s, ex_word(client ? EX_W_CLIENT : EX_W_SERVER));
	} else if (!strcmp(name, "other")) {
		put(s, ex_word(client ? EX_W_SERVER : EX_W_CLIENT));
	} else if (!strcmp(name, "n")) {
		put(s, sw_text_count(s->f->count, text));
	} else if (!strcmp(name, "port")) {
		snprintf(text, sizeof(text), "%u", s->f->side.port);
		put(s, s->f->side.port ? text : "?");
	} else if (name[0] == 'f' && name[1] >= '1' && name[1] <= '6' && !name[2]) {
		put_frame(s, name[1] - '1');
	} else if (value_named(s, name, &v)) {
		s->missing = s->missing || (v.value == 0 && ex_metric_unit(v.what) != EX_PLAIN);
		put(s, ex_value_text(&v, s->style, text));
	} else {
		s->missing = true;
	}
}

/* "name:one|many" */
static void
put_plural(struct saying *s, char *field)
{
	char *one = strchr(field, ':'), *many = strchr(field, '|');
	struct ex_value v = {.value = (double)s->f->count};

	*one++ = '\0';
	*many++ = '\0';
	if (strcmp(field, "n") && !value_named(s, field, &v))
		s->missing = true;
	put(s, v.value > 0.5 && v.value < 1.5 ? one : many);
}

static const char *
put_field(struct saying *s, const char *at)
{
	const char *end = strchr(at, '}');
	char field[64];
	size_t n = (size_t)(end - at);

	if (n >= sizeof(field))
		n = sizeof(field) - 1;
	memcpy(field, at, n);
	field[n] = '\0';
	if (strchr(field, ':'))
		put_plural(s, field);
	else
		put_name(s, field);
	return end + 1;
}

char *
ex_say(const struct ex_finding *f, enum ex_part part, const struct ex_style *style,
       char text[EX_SENTENCE])
{
	struct saying s = {.f = f, .style = style, .to = text, .room = EX_SENTENCE};
	size_t group = 0;

	*text = '\0';
	for (const char *at = ex_template(f, part); *at;) {
		char one[8] = {*at};

		switch (*at) {
		case '{':
			at = put_field(&s, at + 1);
			break;
		case '[':
			group = s.at;
			s.missing = false;
			at++;
			break;
		case ']':
			if (s.missing)
				s.to[s.at = group] = '\0';
			s.missing = false;
			at++;
			break;
		case '-':
			if (at[1] == '>' && !style->ascii) {
				put(&s, "\u2192");
				at += 2;
				break;
			}
			/* fall through */
		default:
			put(&s, one);
			at++;
		}
	}
	return text;
}
