/*
 * page.c - HTML pages that need nothing but themselves: head, style, text.
 */
#include "page.h"

#include <string.h>

#include <synwave/sw_trace.h>

#include "lang.h"

enum { NAME = 40 };

/* clang-format off */
static const char style[] =
	":root { color-scheme: light dark; --back: #f6f7f8; --card: #fff; --text: #1d2429; --dim: #5d6b75;\n"
	"  --edge: #d9dfe3; --link: #0b57a4 }\n"
	"@media (prefers-color-scheme: dark) { :root { --back: #0d1114; --card: #14191d; --text: #e4e9ec;\n"
	"  --dim: #9fb0bb; --edge: #2c363d; --link: #7cc0ff } }\n"
	"* { box-sizing: border-box }\n"
	"body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 1100px; background: var(--back);\n"
	"  color: var(--text); font: 16px/1.5 system-ui, 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif }\n"
	"h1 { font-size: 1.7rem; margin: 0 0 .3rem } h2 { font-size: 1.25rem; margin: 0 0 .5rem }\n"
	"h3 { font-size: 1rem; margin: 1rem 0 .3rem } a { color: var(--link) } .dim { color: var(--dim) }\n"
	"a:focus-visible, input:focus-visible, summary:focus-visible { outline: 3px solid var(--link);\n"
	"  outline-offset: 2px }\n"
	"code, pre { font-family: ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace }\n"
	"code { font-size: .92em } pre { overflow-x: auto; font-size: 13px; line-height: 1.35 }\n"
	"section, nav { background: var(--card); border: 1px solid var(--edge); border-radius: 10px;\n"
	"  padding: 1rem 1.2rem; margin: 1.2rem 0 }\n"
	"nav ul { list-style: none; margin: 0; padding: 0; columns: 26rem }\n"
	"nav li { break-inside: avoid; margin: .15rem 0 }\n"
	"nav h2 { font-size: 1rem; margin: .8rem 0 .2rem; color: var(--dim) }\n"
	".ladder { overflow-x: auto } .ladder.time { display: none }\n"
	"input.by-time:checked ~ .ladder.time { display: block }\n"
	"input.by-time:checked ~ .ladder.step { display: none }\n";
/* clang-format on */

void
page_text(FILE *out, const char *text)
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
			fputc(*text, out);
	}
}

/* What stands between ` and '. */
static void
put_name(FILE *out, const char *name, int (*link)(const char *))
{
	const char *tag = link && link(name) ? "a" : "code";

	fprintf(out, *tag == 'a' ? "<a href=\"#%s\">" : "<code>", name);
	page_text(out, name);
	fprintf(out, "</%s>", tag);
}

void
page_prose(FILE *out, const char *text, int (*link)(const char *name))
{
	while (*text) {
		size_t n = strcspn(text, "`"), len;
		char name[NAME], plain[2] = {0, 0};

		for (size_t i = 0; i < n; i++) {
			plain[0] = text[i];
			page_text(out, plain);
		}
		text += n;
		if (!*text)
			return;
		len = strcspn(++text, "'");
		if (text[len] != '\'' || len >= NAME)
			return;
		snprintf(name, sizeof(name), "%.*s", (int)len, text);
		put_name(out, name, link);
		text += len + 1;
	}
}

/* Nothing may be fetched from anywhere; `script` is the policy for those in the page. */
static void
begin(FILE *out, const char *title, const char *script, const char *more)
{
	fprintf(out,
		"<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'%s\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
		strcmp(lang_tag(), "zh") ? "en" : "zh-CN", script);
	page_text(out, title);
	fprintf(out, "</title>\n<style>\n%s", style);
	sw_ladder_style(out);
	fprintf(out, "%s</style>\n</head>\n<body>\n", more);
}

void
page_begin(FILE *out, const char *title)
{
	begin(out, title, "", "");
}

void
page_begin_live(FILE *out, const char *title, const char *style_more)
{
	begin(out, title, "; script-src 'unsafe-inline'", style_more);
}

void
page_end(FILE *out)
{
	fprintf(out, "</body>\n</html>\n");
}
