/*
 * where.h - which connections: "state=CLOSE-WAIT and not port=443".
 *
 * A comparison is FIELD OP VALUE; and, or, not and parentheses join them, `and' before
 * `or'.  Fields: those in comparison() of where.c.  Of a field that both ends have, either may fit.
 */
#ifndef SW_EXPLAIN_WHERE_H
#define SW_EXPLAIN_WHERE_H

#include "explain/explain.h"

struct ex_where;

enum { EX_WHERE_WHY = 160 };
/* NULL: why. */
struct ex_where *ex_where_new(const char *text, char why[EX_WHERE_WHY]);
void ex_where_free(struct ex_where *);
bool ex_where_fits(const struct ex_where *, const struct ex_conn *);

#endif
