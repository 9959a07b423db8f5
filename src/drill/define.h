/*
 * define.h - words of a script replaced by others.
 */
#ifndef SW_DRILL_DEFINE_H
#define SW_DRILL_DEFINE_H

#include "drill.h"

/*
 * The text with every defined word replaced, and its length; NULL: nothing is
 * defined.  The caller frees it.
 */
char *drill_defined(const char *text, size_t *len, const struct drill_settings *);

#endif
