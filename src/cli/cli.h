/*
 * cli.h - the program `synwave`: one file (or family of files) a verb.
 */
#ifndef SW_CLI_CLI_H
#define SW_CLI_CLI_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Each is main() of a verb: argv[0] is "synwave VERB"; gives the exit code. */
int verb_sim(int argc, char **argv);
int verb_cat(int argc, char **argv);
int verb_states(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_drill(int argc, char **argv);
int verb_req(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_ss(int argc, char **argv);
int verb_top(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_bench(int argc, char **argv);

#endif
