/*
 * top.c - the verb `top`: connections of running programs, again and again.
 *
 * The screen is the terminal's other one, with plain ANSI sequences; it is given back
 * whatever ends the program.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "lang.h"
#include "top.h"

enum { KEY_CONTROL = 0x100 };

/* clang-format off */
static const struct argp_option options[] = {
	{"delay", 'd', "SECONDS", 0, N_("between two looks, 0.1 to 3600 (1)"), 1},
	{"times", 'n', "N", 0, N_("so many looks, then the end"), 1},
	{"batch", 'b', 0, 0, N_("print one look below the other: for pipes and files"), 1},
	{"sort", 's', "KEY", 0, N_("in, out, rtt, cwnd, queue, retrans, state or port (in)"), 1},
	{"all", 'a', 0, 0, N_("listeners, half-open ones and TIME-WAIT too"), 1},
	{"control", KEY_CONTROL, "SOCKET", 0, N_("of this program alone (all of this user's)"), 1},
	{0}
};

static const char doc[] = N_(
	"Shows the connections of running `synwave' programs, the busiest first, and looks again every "
	"second.  FILTER is that of `synwave ss'."
	"\v"
	"Keys: q ends; s takes the next order; i o r c sort by bytes in, bytes out, round trip, congestion "
	"window; a shows all; space looks at once.\n"
	"\n"
	"Exit status: 0 done; 1 nobody to ask; 2 usage.");
/* clang-format on */

enum { WORDS = 128 };

struct input {
	struct top top;
	char *word[WORDS];
	int words;
};

static void
read_number(struct top *t, int key, const char *arg, struct argp_state *state)
{
	char *end;
	double v = strtod(arg, &end);

	if (key == 'd' && !*end && end != arg && v >= 0.1 && v <= 3600)
		t->every = v;
	else if (key == 'n' && !*end && end != arg && v >= 1 && v <= 1e9)
		t->times = (uint32_t)v;
	else
		argp_error(state, _("-%c cannot be '%s'"), key, arg);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;
	struct top *t = &in->top;
	char error[200];
	int sort;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &t->args.look;
		return 0;
	case 'd':
	case 'n':
		read_number(t, key, arg, state);
		return 0;
	case 'b':
		t->batch = true;
		return 0;
	case 'a':
		t->args.all = true;
		return 0;
	case 's':
		sort = top_key_named(arg);
		if (sort < 0)
			argp_error(state, _("--sort cannot be '%s'"), arg);
		t->key = (enum top_key)sort;
		return 0;
	case KEY_CONTROL:
		t->args.control = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (in->words == WORDS)
			argp_error(state, _("the filter is too long%s"), "");
		in->word[in->words++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!ss_filter_read(&t->args.filter, in->word, in->words, error))
			argp_error(state, "%s", error);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- looking -------------------------------------------------------------------- */

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Asks all programs; false: nobody answers, and that was said. */
static bool
look(struct top *t)
{
	static char path[LIVE_PROGRAMS][LIVE_NAME];
	int n = live_find(&t->args, path);
	char error[200] = "";

	ss_free(&t->before.list);
	t->before = t->now;
	t->now = (struct top_look){.at = seconds()};
	for (int i = 0; i < n; i++)
		t->now.programs += live_records(path[i], &t->now.list, error);
	if (n > 0 && t->now.programs == 0)
		fprintf(stderr, "synwave top: %s\n", error);
	return t->now.programs > 0;
}

/* ---- the terminal --------------------------------------------------------------- */

static struct termios as_it_was;
static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void
screen_end(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &as_it_was);
}

/* Keys come one by one, and unseen; the screen is a fresh one. */
static bool
screen_begin(void)
{
	struct termios raw;
	struct sigaction act = {.sa_handler = on_signal};

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &as_it_was) != 0)
		return false;
	raw = as_it_was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs("\033[?1049h\033[?25l", stdout);
	return true;
}

static void
draw(const struct top *t)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs("\033[H", stdout);
	top_print(t, size.ws_row - 1, size.ws_col, "\033[K\n");
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* What a key asks for; false: the end. */
static bool
key_pressed(struct top *t, char key)
{
	static const char direct[] = "iorc";
	const char *at = strchr(direct, key);

	if (key == 'q' || key == 3)
		return false;
	if (key == 's')
		t->key = (enum top_key)((t->key + 1) % N_TOP_KEYS);
	else if (key == 'a')
		t->args.all = !t->args.all;
	else if (at && key)
		t->key = (enum top_key)(at - direct);
	return true;
}

/* Until the next look is due, or a key was pressed; false: the end. */
static bool
wait_for(struct top *t, double until)
{
	while (!stop) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		double left = until - seconds();
		char key;

		if (left <= 0)
			return true;
		if (poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 || !key_pressed(t, key))
			return false;
		if (key == ' ')
			return true;
		draw(t);
	}
	return false;
}

static int
on_screen(struct top *t)
{
	int code = EXIT_DONE;

	for (uint32_t i = 0; t->times == 0 || i < t->times; i++) {
		if (!look(t)) {
			code = EXIT_FAILED;
			break;
		}
		draw(t);
		if (!wait_for(t, t->now.at + t->every))
			break;
	}
	return code;
}

static int
in_batch(struct top *t)
{
	for (uint32_t i = 0; t->times == 0 || i < t->times; i++) {
		struct timespec pause = {.tv_sec = (time_t)t->every,
					 .tv_nsec =
					     (long)((t->every - (double)(time_t)t->every) * 1e9)};

		if (i > 0)
			nanosleep(&pause, NULL);
		if (!look(t))
			return EXIT_FAILED;
		printf("%s", i ? "\n" : "");
		top_print(t, INT16_MAX, look_columns(&t->args.look), "\n");
		if (fflush(stdout) != 0)
			return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int
verb_top(int argc, char **argv)
{
	static const struct argp_child children[] = {{&look_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {options,  parse, N_("[FILTER]"), doc,
					 children, NULL,  LANG_DOMAIN};
	static struct input in = {.top = {.every = 1}};
	struct top *t = &in.top;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &in);
	if (t->batch) {
		code = in_batch(t);
	} else if (screen_begin()) {
		/* what goes wrong is said when the screen is given back */
		code = on_screen(t);
		screen_end();
		if (code == EXIT_FAILED)
			look(t);
	} else {
		fprintf(stderr, _("synwave top: this is no terminal; --batch needs none\n"));
		code = EXIT_USAGE;
	}
	ss_free(&t->now.list);
	ss_free(&t->before.list);
	return code;
}
