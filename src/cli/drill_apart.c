/*
 * drill_apart.c - a script in a process of its own, for the ends that cannot do
 * without: it may go into a namespace, load a library that ends the process, or
 * hang in a system call for ever.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "drill.h"

#include "drill/end_kernel.h"

enum { PATIENCE_S = 60, CODES = 64 };

struct apart {
	pid_t pid;
	int fd; /* what it says, on standard error too */
	struct drill_where *where;
};

static _Noreturn void
apart_run(const struct drill_job *job, const struct drill_item *item, const struct apart *a,
	  int out)
{
	struct drill_settings settings = job->settings;
	enum drill_verdict verdict;

	dup2(out, STDERR_FILENO);
	settings.out = fdopen(out, "w");
	settings.where = a->where;
	settings.twin = item->twin;
	if (!settings.out)
		_exit(EXIT_FAILED);
	verdict = drill_file(item->path, &settings);
	fflush(settings.out);
	_exit(CODES + (int)verdict);
}

static bool
apart_start(const struct drill_job *job, const struct drill_item *item, struct apart *a)
{
	int ends[2];

	a->where = mmap(NULL, sizeof(*a->where), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (a->where == MAP_FAILED || pipe(ends) < 0)
		return false;
	fflush(NULL);
	a->pid = fork();
	if (a->pid == 0) {
		close(ends[0]);
		apart_run(job, item, a, ends[1]);
	}
	close(ends[1]);
	a->fd = ends[0];
	return a->pid > 0;
}

/* All that it says, until it ends or its time is over; false: it is. */
static bool
apart_listen(const struct apart *a, FILE *out, time_t seconds)
{
	struct pollfd p = {.fd = a->fd, .events = POLLIN};
	time_t end = time(NULL) + seconds;
	char text[4096];
	ssize_t n = 1;

	while (n > 0 || (n < 0 && errno == EINTR)) {
		time_t left = end - time(NULL);

		if (poll(&p, 1, left > 0 ? (int)left * 1000 : 0) == 0)
			return false;
		n = read(a->fd, text, sizeof(text));
		if (n > 0)
			fwrite(text, 1, (size_t)n, out);
	}
	return true;
}

void
drill_apart(const struct drill_job *job, const struct drill_item *item, struct drill_said *said)
{
	const char *path = item->path;
	struct apart a = {.fd = -1};
	FILE *out = open_memstream(&said->text, &said->n);
	time_t patience = (time_t)(job->longest ? job->longest : 3600) + PATIENCE_S;
	int status = 0;

	if (!out)
		return;
	if (!apart_start(job, item, &a)) {
		fprintf(out, "%s: no process could be started: %s\n", path, strerror(errno));
	} else {
		if (!apart_listen(&a, out, patience))
			kill(a.pid, SIGKILL);
		waitpid(a.pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) >= CODES)
			said->verdict = (uint32_t)(WEXITSTATUS(status) - CODES);
		else
			fprintf(
			    out, "%s:%d: it ended here%s\n    in: %.150s\n", path, a.where->line,
			    WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? ": it hung" : "",
			    a.where->text);
	}
	fclose(out);
	if (a.fd >= 0)
		close(a.fd);
	if (a.where && a.where != MAP_FAILED)
		munmap(a.where, sizeof(*a.where));
}

const char *
drill_apart_cannot(void)
{
	static char why[200];
	const char *said;
	int ends[2];
	ssize_t n = 0;
	pid_t pid;

	if (pipe(ends) < 0)
		return "no pipe";
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		said = drill_kernel_enter();
		if (!said && access("/dev/net/tun", R_OK | W_OK) != 0)
			said = "/dev/net/tun is not there, or not ours";
		if (said && write(ends[1], said, strlen(said)) < 0)
			_exit(EXIT_FAILED);
		_exit(EXIT_DONE);
	}
	close(ends[1]);
	if (pid > 0)
		n = read(ends[0], why, sizeof(why) - 1);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return n > 0 ? why : NULL;
}
