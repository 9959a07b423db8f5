/*
 * states.h - what the files of `synwave states` share.
 */
#ifndef SW_CLI_STATES_H
#define SW_CLI_STATES_H

#include <synwave/sw_probe.h>

/* Figure 5 as a drawing, on standard output. */
void states_svg(const struct sw_edge *, size_t n);

#endif
