/*
 * bench_world.c - two stacks in one thread, each with its own piece of memory, and
 * a link between them that hands frames over: what one stack wrote, the other reads.
 *
 * Knows no connection.  The clock is the measurement's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <synwave/sw_simd.h>

#include "bench.h"

enum {
	STAGGER = 1024 + 64, /* frames never begin where a stack's buffers do */
	BATCH_SUPER = 4,     /* super-packets that are under way at once: the cache's share */
	BACKLOG = 1 << 16,
	MTU = 1500
};

double
bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool
bench_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		cpu = sched_getcpu();
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

bool
bench_namespace(void)
{
	char map[64];
	int fd, n;
	bool good;

	snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)getuid());
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	n = (int)strlen(map);
	good = fd >= 0 && write(fd, map, (size_t)n) == n;
	if (fd >= 0)
		close(fd);
	return good;
}

uint64_t
world_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*s %llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

bool
bench_room(struct bench_figure *f, double bytes)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	double kib = -1;

	while (file != NULL && kib < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kib = strtod(line + 13, NULL);
	if (file != NULL)
		fclose(file);
	return kib < 0 || bytes < kib * 1024 * 0.9 ||
	       figure_wrong(f, "%.1f GB of memory are needed, %.1f are free", bytes / 1e9,
			    kib * 1024 / 1e9);
}

void
world_config(struct sw_config *c)
{
	sw_config_init(c);
	c->copy_sum = sw_simd_copy_sum(sw_simd_best());
	c->sum = sw_simd_sum(sw_simd_best());
	memset(c->secret, 0x5a, sizeof(c->secret));
}

/* Memory that costs nothing until it is touched. */
static void *
arena_map(size_t bytes, bool huge)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

static bool
end_make(struct bench_end *e, const struct sw_config *like, const struct sw_iface *kind, bool huge,
	 uint8_t which)
{
	struct sw_config c = *like;

	c.secret[0] ^= which;
	e->room = sw_stack_bytes(&c);
	e->arena = e->room > 0 ? arena_map(e->room, huge) : NULL;
	e->addr4 = sw_addr4(10, 0, 0, (uint8_t)(which + 1));
	sw_addr_parse(&e->addr6, which ? "fd00::2" : "fd00::1");
	return e->arena != NULL && sw_stack_init(&e->stack, &c, e->arena, e->room) == SW_OK &&
	       sw_iface_add(e->stack, kind) == 0 &&
	       sw_address_add(e->stack, 0, &e->addr4, 24) == SW_OK &&
	       sw_address_add(e->stack, 0, &e->addr6, 64) == SW_OK;
}

bool
world_make(struct bench_world *w, const struct sw_config *c, const struct sw_iface *kind, bool huge)
{
	struct sw_endpoint any = {.port = 0};
	sw_conn listener;
	bool super = kind->gso_max > 0;

	memset(w, 0, sizeof(*w));
	w->now = SW_S;
	w->batch = super ? BATCH_SUPER : WORLD_BATCH;
	w->frame = (super ? kind->gso_max + 64 : 2048) + STAGGER;
	w->frames = aligned_alloc(4096, ((size_t)w->frame * WORLD_BATCH + 4095) / 4096 * 4096);
	if (w->frames == NULL || !end_make(&w->end[END_A], c, kind, huge, END_A) ||
	    !end_make(&w->end[END_B], c, kind, huge, END_B))
		return false;
	for (uint32_t i = 0; i < WORLD_BATCH; i++) {
		w->packet[i].data = w->frames + (size_t)i * w->frame + STAGGER / 2;
		w->packet[i].cap = w->frame - STAGGER / 2;
	}
	return sw_open_passive(w->end[END_B].stack, w->now, &any, BACKLOG, &listener) == SW_OK;
}

void
world_free(struct bench_world *w)
{
	for (int i = END_A; i <= END_B; i++)
		if (w->end[i].arena != NULL)
			munmap(w->end[i].arena, w->end[i].room);
	free(w->frames);
	memset(w, 0, sizeof(*w));
}

/* What a device does with a partial checksum, so that the other end can verify it. */
static void
packet_complete(struct sw_packet *p, sw_simd_summer *sum)
{
	uint8_t *at = p->data + p->csum_start;
	uint16_t word = (uint16_t)~sum(at, p->len - p->csum_start);

	memcpy(at + p->csum_offset, &word, sizeof(word));
	p->csum = SW_CSUM_NONE;
}

static struct control *shown_by;

void
bench_shown_by(struct control *c)
{
	shown_by = c;
}

void
bench_look(const struct sw_stack *one, const struct sw_stack *other, sw_ns now)
{
	struct live_stacks stacks = {{one, other}};
	struct live_view view;

	if (shown_by == NULL || !control_due(shown_by))
		return;
	view = live_view_of(&stacks, now);
	control_turn(shown_by, &view);
}

/* The packets that `from` may write to, and how many: of the link, or what B has lent. */
static struct sw_packet *
carry_room(struct bench_world *w, int from, size_t *n)
{
	*n = w->batch;
	if (from != END_A || !w->lends)
		return w->packet;
	if (w->lent_at == w->lent_end) {
		w->lent_at = 0;
		w->lent_end = (uint32_t)sw_input_room(w->end[END_B].stack, w->lent, w->batch, MTU);
	}
	*n = w->lent_end - w->lent_at;
	return w->lent + w->lent_at;
}

size_t
world_carry(struct bench_world *w, int from)
{
	struct sw_stack *to = w->end[!from].stack;
	size_t n, most, all = 0;
	struct sw_packet *p;

	bench_look(w->end[END_A].stack, w->end[END_B].stack, w->now);
	do {
		p = carry_room(w, from, &most);
		n = sw_output(w->end[from].stack, w->now, 0, p, most);
		for (size_t i = 0; w->sum != NULL && i < n; i++)
			if (p[i].csum == SW_CSUM_PARTIAL)
				packet_complete(&p[i], w->sum);
		if (p == w->packet) {
			sw_input(to, w->now, p, n);
		} else {
			sw_input_lent(to, w->now, p, n);
			w->lent_at += (uint32_t)n;
		}
		all += n;
	} while (n > 0 && n == most);
	return all;
}
