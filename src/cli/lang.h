/*
 * lang.h - the reader's language: gettext's catalogues, by LANG or --lang.
 */
#ifndef SW_CLI_LANG_H
#define SW_CLI_LANG_H

#include <libintl.h>
#include <stdbool.h>

#define LANG_DOMAIN "synwave"
#define _(english) gettext(english)
#define N_(english) english /* translated where it is printed */

/*
 * Chooses the language of all that is printed from now on: the one after --lang in
 * argv, else LANGUAGE's, LC_ALL's, LC_MESSAGES' or LANG's.  Numbers stay as they are.
 */
void lang_begin(int argc, char **argv);
/* The language's tag: "en", "zh". */
const char *lang_tag(void);
/* Is there a catalogue for this one ("zh", "zh_CN.UTF-8")?  "en" needs none. */
bool lang_known(const char *);
/* gettext(), as a function to hand over; the empty text stays empty. */
const char *lang_say(const char *english);

#endif
