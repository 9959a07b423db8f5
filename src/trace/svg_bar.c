/*
 * svg_bar.c - how long each end was in each state, as bars whose lengths are times; the
 * style of all drawings.
 */
#include "trace/svg.h"

#include <string.h>

enum { BAR_HIGH = 16, BAR_FROM = 60, BAR_TO = SVG_WIDTH - 20, BAR_LEAST = 1 };

void
svg_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text == JOIN[0] ? ' ' : *text, out);
	}
}

char *
svg_duration(sw_ns d, char text[32])
{
	if (d < SW_MS)
		snprintf(text, 32, "%llu µs", (unsigned long long)(d / SW_US));
	else if (d < SW_S)
		snprintf(text, 32, "%llu ms", (unsigned long long)(d / SW_MS));
	else if (d < 100 * SW_S)
		snprintf(text, 32, "%llu.%02llu s", (unsigned long long)(d / SW_S),
			 (unsigned long long)(d % SW_S / (10 * SW_MS)));
	else
		snprintf(text, 32, "%llu s", (unsigned long long)(d / SW_S));
	return text;
}

/* The length of a time, when all of `whole` is the whole bar. */
static int
length(sw_ns d, sw_ns whole)
{
	return (int)((double)(d < whole ? d : whole) / (double)whole * (BAR_TO - BAR_FROM));
}

/* One state of a bar. */
static void
bar_piece(const struct svg *s, const struct svg_span *p, sw_ns until, sw_ns whole, int y)
{
	const char *name = sw_state_name(p->state);
	int x = BAR_FROM + length(p->at - s->first, whole);
	int w = BAR_FROM + length(until - s->first, whole) - x;
	char how_long[32];

	w = w < BAR_LEAST ? BAR_LEAST : w;
	fprintf(s->out,
		"<g><title>%s, %s</title><rect class=\"s%u\" x=\"%d\" y=\"%d\" width=\"%d\" "
		"height=\"%d\"/>",
		name, svg_duration(until - p->at, how_long), p->state, x, y, w, BAR_HIGH);
	if (w > 7 * (int)strlen(name))
		fprintf(s->out, "<text class=\"in\" x=\"%d\" y=\"%d\">%s</text>", x + 4,
			y + BAR_HIGH - 4, name);
	fprintf(s->out, "</g>\n");
}

static void
bar(const struct svg *s, int side, sw_ns whole, int y)
{
	const struct svg_span *p = s->span[side];

	fprintf(s->out, "<text class=\"t\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", BAR_FROM - 8,
		y + BAR_HIGH - 4);
	fprintf(s->out, "%c</text>\n", 'A' + side);
	for (size_t i = 0; i < s->spans[side]; i++) {
		sw_ns until = i + 1 < s->spans[side] ? p[i + 1].at : s->last;

		if (p[i].at - s->first <= whole && (until > p[i].at || i + 1 < s->spans[side]))
			bar_piece(s, &p[i], until, whole, y);
	}
}

/* Both bars below a line that says how long all of it is. */
static int
bars(const struct svg *s, sw_ns whole, const char *words, int y)
{
	char how_long[32];

	if (s->out) {
		fprintf(s->out, "<text class=\"t\" x=\"%d\" y=\"%d\">", BAR_FROM, y);
		svg_text(s->out, ladder_say(s->l, words));
		fprintf(s->out, " %s</text>\n", svg_duration(whole, how_long));
		bar(s, 0, whole, y + 6);
		bar(s, 1, whole, y + 6 + BAR_HIGH + 4);
	}
	return y + 2 * BAR_HIGH + 34;
}

/* When the last state but the end's began: what comes before is worth a closer look. */
static sw_ns
busy(const struct svg *s)
{
	sw_ns most = 0;

	for (int side = 0; side < 2; side++) {
		size_t n = s->spans[side];
		sw_ns at = n >= 2 ? s->span[side][n - 2].at : 0;

		at = n >= 2 && s->span[side][n - 2].state != SW_TIME_WAIT ? s->span[side][n - 1].at
									  : at;
		most = at > most ? at : most;
	}
	return most > s->first ? most - s->first : 0;
}

int
svg_bars(const struct svg *s, int y)
{
	sw_ns whole = s->last - s->first, part = busy(s);

	if (whole == 0)
		return y;
	y = bars(s, whole, N_("time in each state, of"), y);
	if (part > 0 && part < whole / 4)
		y = bars(s, part, N_("the same, its first"), y);
	return y;
}

/* clang-format off */
void
sw_ladder_style(FILE *out)
{
	fputs(
	".sw { --paper: #fff; --ink: #1d2429; --soft: #5d6b75; --line: #41505b; --bad: #c21f1f;\n"
	"  --warn: #9a5b00; --in: #10181d;\n"
	"  --s0: #cfd8dc; --s1: #b3c3cd; --s2: #90caf9; --s3: #64b5f6; --s4: #81c784; --s5: #ffcc80;\n"
	"  --s6: #ffb74d; --s7: #f48fb1; --s8: #ce93d8; --s9: #bcaaa4; --s10: #fff176;\n"
	"  font: 12px system-ui, 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif; max-width: 100%; height: auto }\n"
	"@media (prefers-color-scheme: dark) { .sw { --paper: #14191d; --ink: #e4e9ec; --soft: #9fb0bb;\n"
	"  --line: #a9bac5; --bad: #ff7b72; --warn: #f0b45a; --in: #0b1013;\n"
	"  --s0: #607078; --s1: #8198a5; --s2: #6fb1ea; --s3: #4593d6; --s4: #5fae66; --s5: #e0a955;\n"
	"  --s6: #d98e2b; --s7: #dd6f97; --s8: #b072bd; --s9: #a08a82; --s10: #d9c94a } }\n"
	".sw text { fill: var(--ink) } .sw .paper { fill: var(--paper) }\n"
	".sw .head { font-weight: 600; font-size: 14px } .sw .state { font-weight: 600 }\n"
	".sw .t, .sw .why, .sw .more { fill: var(--soft); font-size: 11px }\n"
	".sw .in { fill: var(--in); font-size: 11px }\n"
	".sw .word { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round }\n"
	".sw .timer { fill: var(--warn) } .sw .bad text.word { fill: var(--bad) }\n"
	".sw .arrow { stroke: var(--line); stroke-width: 1.5; fill: none } .sw .tip { fill: var(--line) }\n"
	".sw .bad .arrow { stroke: var(--bad); stroke-dasharray: 6 3 } .sw .bad .tip { fill: var(--bad) }\n"
	".sw .pause { stroke: var(--soft); stroke-dasharray: 2 4; fill: none }\n"
	".sw .s0 { fill: var(--s0) } .sw .s1 { fill: var(--s1) } .sw .s2 { fill: var(--s2) }\n"
	".sw .s3 { fill: var(--s3) } .sw .s4 { fill: var(--s4) } .sw .s5 { fill: var(--s5) }\n"
	".sw .s6 { fill: var(--s6) } .sw .s7 { fill: var(--s7) } .sw .s8 { fill: var(--s8) }\n"
	".sw .s9 { fill: var(--s9) } .sw .s10 { fill: var(--s10) }\n", out);
}
/* clang-format on */
