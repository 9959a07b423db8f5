/*
 * page.h - HTML pages that need nothing but themselves.
 */
#ifndef SW_CLI_PAGE_H
#define SW_CLI_PAGE_H

#include <stdio.h>

/* Everything up to the first words of the body; no script runs, nothing is fetched. */
void page_begin(FILE *, const char *title);
/* The same for a page with a script in it, and with more style. */
void page_begin_live(FILE *, const char *title, const char *style_more);
void page_end(FILE *);
/* A text as HTML. */
void page_text(FILE *, const char *);
/* The same, with `words' as code, or as a link if link() says that there is such a place. */
void page_prose(FILE *, const char *, int (*link)(const char *name));

#endif
