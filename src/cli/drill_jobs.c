/*
 * drill_jobs.c - many scripts, on several processors: each worker is a process of
 * its own, so that one that dies takes one script with it, no more.
 *
 * Workers take the next script by a shared counter and write what it said, with
 * its number, to a pipe; the parent prints everything in the order of the list.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "drill.h"

enum { JOBS_MAX = 1024, VERDICT_NONE = DRILL_VERDICTS };

struct jobs_pipe {
	pid_t pid;
	int fd;
};

/* Runs one script; what it says lies in *said, to be freed. */
static void
job_run(const struct drill_job *job, size_t i, struct drill_said *said)
{
	struct drill_settings settings = job->settings;

	said->number = (uint32_t)i;
	said->verdict = DRILL_FAILED;
	said->text = NULL;
	said->n = 0;
	settings.twin = job->list->item[i].twin;
	if (settings.end) {
		drill_apart(job, &job->list->item[i], said);
		return;
	}
	settings.out = open_memstream(&said->text, &said->n);
	if (!settings.out)
		return;
	said->verdict = drill_file(job->list->item[i].path, &settings);
	fclose(settings.out);
}

static bool
job_failed(uint32_t verdict)
{
	return verdict == DRILL_FAILED || verdict == DRILL_SYNTAX;
}

/* The last line. */
static void
job_sums(const struct drill_job *job)
{
	const size_t *n = job->count;

	printf("%zu passed, %zu failed", n[DRILL_PASSED] + n[DRILL_DIFFERS],
	       n[DRILL_FAILED] + n[DRILL_SYNTAX]);
	if (n[DRILL_SKIPPED])
		printf(", %zu skipped", n[DRILL_SKIPPED]);
	if (n[DRILL_DIFFERS])
		printf(" (%zu differ as written)", n[DRILL_DIFFERS]);
	putchar('\n');
}

/* "path: skipped: why" */
static const char *
job_why(const struct drill_said *said)
{
	const char *why = said->text ? strstr(said->text, "skipped: ") : NULL;

	return why ? why + strlen("skipped: ") : "";
}

static void
job_report(struct drill_job *job, const struct drill_said *said)
{
	const char *path = job->list->item[said->number].path;
	const char *over = job->list->item[said->number].twin ? " over IPv6" : "";
	uint32_t verdict = said->verdict == VERDICT_NONE ? DRILL_FAILED : said->verdict;

	job->count[verdict]++;
	if (job->tap)
		printf("%sok %u - %s%s%s%.*s\n", job_failed(verdict) ? "not " : "",
		       said->number + 1, path, over, verdict == DRILL_SKIPPED ? " # SKIP " : "",
		       verdict == DRILL_SKIPPED ? (int)strcspn(job_why(said), "\n") : 0,
		       job_why(said));
	else if (job->verbose && !job_failed(verdict) && verdict != DRILL_SKIPPED)
		printf("passed %s%s\n", path, over);
	if (said->verdict == VERDICT_NONE)
		printf("%s%s: the program died of it\n", job->tap ? "# " : "", path);
	if (verdict && *over)
		printf("%s%s%s:\n", job->tap ? "# " : "", path, over);
	for (const char *p = said->text, *end = p ? p + said->n : p; p < end;) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);

		printf("%s%.*s\n", job->tap ? "# " : "", (int)n, p);
		p += n + 1;
	}
}

static bool
jobs_write(int fd, const void *data, size_t n)
{
	for (const char *p = data; n > 0;) {
		ssize_t wrote = write(fd, p, n);

		if (wrote < 0 && errno != EINTR)
			return false;
		if (wrote > 0) {
			p += wrote;
			n -= (size_t)wrote;
		}
	}
	return true;
}

static bool
jobs_read(int fd, void *data, size_t n)
{
	for (char *p = data; n > 0;) {
		ssize_t got = read(fd, p, n);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
	return true;
}

/* A worker's life. */
static _Noreturn void
jobs_work(const struct drill_job *job, atomic_size_t *next, int fd)
{
	size_t i;

	while ((i = atomic_fetch_add(next, 1)) < job->list->n) {
		struct drill_said said;

		job_run(job, i, &said);
		if (!jobs_write(fd, &said, sizeof(said)) || !jobs_write(fd, said.text, said.n))
			_exit(EXIT_FAILED);
		free(said.text);
	}
	_exit(EXIT_DONE);
}

static int
jobs_start(const struct drill_job *job, atomic_size_t *next, struct jobs_pipe *pipes)
{
	int n = 0;

	fflush(stdout);
	for (; n < job->jobs; n++) {
		int ends[2];

		if (pipe(ends) < 0)
			break;
		pipes[n].pid = fork();
		if (pipes[n].pid == 0) {
			/* a worker that never ends does not outlive who would end it */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(ends[0]);
			jobs_work(job, next, ends[1]);
		}
		close(ends[1]);
		pipes[n].fd = ends[0];
		if (pipes[n].pid < 0) {
			close(ends[0]);
			break;
		}
	}
	return n;
}

/* What one worker has to say, until it has nothing more; false: it has ended. */
static bool
jobs_take(int fd, struct drill_said *all, size_t n)
{
	struct drill_said said;

	if (!jobs_read(fd, &said, sizeof(said)) || said.number >= n)
		return false;
	said.text = malloc(said.n + 1);
	if (!said.text || !jobs_read(fd, said.text, said.n)) {
		free(said.text);
		return false;
	}
	said.text[said.n] = '\0';
	all[said.number] = said;
	return true;
}

/* Listens to all workers until the last one has ended. */
static void
jobs_listen(struct jobs_pipe *pipes, int n, struct drill_said *all, size_t scripts)
{
	struct pollfd fds[JOBS_MAX];
	int open = n;

	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = pipes[i].fd, .events = POLLIN};
	while (open > 0 && (poll(fds, (nfds_t)n, -1) >= 0 || errno == EINTR)) {
		for (int i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents || jobs_take(fds[i].fd, all, scripts))
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
			open--;
		}
	}
	for (int i = 0; i < n; i++)
		waitpid(pipes[i].pid, NULL, 0);
}

/* All scripts by workers; false: none could be started. */
static bool
jobs_spread(struct drill_job *job, struct drill_said *all)
{
	atomic_size_t *next =
	    mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct jobs_pipe pipes[JOBS_MAX];
	int n;

	if (next == MAP_FAILED)
		return false;
	atomic_init(next, 0);
	n = jobs_start(job, next, pipes);
	jobs_listen(pipes, n, all, job->list->n);
	munmap(next, sizeof(*next));
	return n > 0;
}

int
drill_jobs(struct drill_job *job)
{
	size_t n = job->list->n;
	struct drill_said *all = calloc(n, sizeof(*all));

	if (!all)
		return EXIT_FAILED;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct drill_said){.number = (uint32_t)i, .verdict = VERDICT_NONE};
	if ((size_t)job->jobs > n)
		job->jobs = (int)n;
	if (job->jobs == 1 || !jobs_spread(job, all))
		for (size_t i = 0; i < n; i++)
			job_run(job, i, &all[i]);
	for (size_t i = 0; i < n; i++) {
		job_report(job, &all[i]);
		free(all[i].text);
	}
	free(all);
	if (job->tap)
		printf("1..%zu\n# ", n);
	job_sums(job);
	if (job->count[DRILL_SYNTAX])
		return EXIT_USAGE;
	return job->count[DRILL_FAILED] ? EXIT_FAILED : EXIT_DONE;
}
