/*
 * epoll.c - epoll over the host's descriptors.
 *
 * As in Linux, an epoll has a list of those that may be ready.  News puts a
 * watch on it; epoll_wait() asks each what is true, and keeps those that are
 * level-triggered and were.  So an edge is news, not a change of level: more
 * bytes for a reader who left some unread are an edge too.
 */
#include "sock/sock.h"

#define MODES (EPOLLET | EPOLLONESHOT | (uint32_t)EPOLLWAKEUP | EPOLLEXCLUSIVE)

static void
ready_push(struct sock_watch *w)
{
	struct sock *e = w->epoll;

	if (w->ready)
		return;
	w->ready = true;
	w->next_ready = NULL;
	if (e->ready_tail != NULL)
		e->ready_tail->next_ready = w;
	else
		e->ready_head = w;
	e->ready_tail = w;
}

static struct sock_watch *
ready_pop(struct sock *e)
{
	struct sock_watch *w = e->ready_head;

	if (w == NULL)
		return NULL;
	e->ready_head = w->next_ready;
	if (e->ready_head == NULL)
		e->ready_tail = NULL;
	w->ready = false;
	return w;
}

static void
ready_remove(struct sock_watch *w)
{
	struct sock *e = w->epoll;
	struct sock_watch **at = &e->ready_head, *last = NULL;

	if (!w->ready)
		return;
	while (*at != w) {
		last = *at;
		at = &last->next_ready;
	}
	*at = w->next_ready;
	if (e->ready_tail == w)
		e->ready_tail = last;
	w->ready = false;
}

/* Tells the watchers that there may be news of these events. */
void
sock_wake(struct sock *s, unsigned events)
{
	for (struct sock_watch *w = s->watches; w != NULL; w = w->next_of_sock) {
		uint32_t want = w->want.events & ~(uint32_t)MODES;

		/* one that has fired once wants nothing, not even errors */
		if (want != 0 && ((want | EPOLLERR | EPOLLHUP) & events))
			ready_push(w);
	}
}

static void
watch_free(struct sock_watch *w)
{
	struct sock_watch **at;

	ready_remove(w);
	for (at = &w->sock->watches; *at != w; at = &(*at)->next_of_sock)
		;
	*at = w->next_of_sock;
	for (at = &w->epoll->mine; *at != w; at = &(*at)->next_mine)
		;
	*at = w->next_mine;
	free(w);
}

/* Nobody watches it, it watches nobody. */
void
sock_unwatch(struct sock *s)
{
	while (s->watches != NULL)
		watch_free(s->watches);
	while (s->mine != NULL)
		watch_free(s->mine);
}

/* ---- news --------------------------------------------------------------- */

static unsigned
news_listener(struct sock *s, const struct sw_status *st)
{
	unsigned events = st->backlog > s->seen_waiting ? EPOLLIN | EPOLLRDNORM : 0;

	s->seen_waiting = st->backlog;
	return events;
}

static unsigned
news_conn(struct sock *s, const struct sw_status *st, unsigned ready)
{
	unsigned events = 0;

	if (st->state != s->seen_state) /* a change of state wakes everybody */
		events = ~0u;
	if (st->rcv_nxt != s->seen_nxt)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLPRI;
	/* room is news to those only who were told that there is none */
	if (s->no_space && (ready & SW_WRITABLE)) {
		events |= EPOLLOUT | EPOLLWRNORM;
		s->no_space = false;
	}
	s->seen_state = st->state;
	s->seen_nxt = st->rcv_nxt;
	return events;
}

/* What the stack tells goes to the watchers. */
void
sock_events(struct sw_sock_host *h)
{
	struct sw_event ev;
	struct sw_status st;
	unsigned events;

	while (sw_event(h->stack, &ev)) { /* each stands in the list once */
		struct sock *s = sock_at(h, (int)(ev.user - 1));

		if (s == NULL || s->conn != ev.conn)
			continue;
		(void)sock_state(h, s, &st);
		if (s->listening) {
			events = news_listener(s, &st);
		} else {
			(void)sock_look(h, s);
			events = news_conn(s, &st, ev.ready);
		}
		if (events != 0)
			sock_wake(s, events);
	}
}

/* ---- epoll_create, epoll_ctl -------------------------------------------- */

int
sw_sock_epoll_create1(struct sw_sock_host *h, int flags)
{
	struct sock *s;

	if (flags & ~EPOLL_CLOEXEC)
		return sock_fail(EINVAL);
	s = sock_new(h, SOCK_KIND_EPOLL);
	return s != NULL ? s->fd : -1;
}

int
sw_sock_epoll_create(struct sw_sock_host *h, int size)
{
	return size <= 0 ? sock_fail(EINVAL) : sw_sock_epoll_create1(h, 0);
}

static struct sock *
epoll_find(const struct sw_sock_host *h, int fd)
{
	struct sock *s = sock_find(h, fd);

	if (s == NULL || s->kind == SOCK_KIND_EPOLL)
		return s;
	errno = EINVAL;
	return NULL;
}

static struct sock_watch *
watch_find(const struct sock *e, const struct sock *s)
{
	struct sock_watch *w = s->watches;

	while (w != NULL && w->epoll != e)
		w = w->next_of_sock;
	return w;
}

static struct sock_watch *
watch_new(struct sock *e, struct sock *s)
{
	struct sock_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->epoll = e;
	w->sock = s;
	w->next_of_sock = s->watches;
	s->watches = w;
	w->next_mine = e->mine;
	e->mine = w;
	return w;
}

/* What is wanted from now on; what is true already is news. */
static void
watch_set(const struct sw_sock_host *h, struct sock_watch *w, const struct epoll_event *want)
{
	w->want = *want;
	if (sock_poll(h, w->sock) & (want->events | EPOLLERR | EPOLLHUP))
		ready_push(w);
}

/* Changes the list of interest. */
int
sw_sock_epoll_ctl(struct sw_sock_host *h, int epfd, int op, int fd, struct epoll_event *want)
{
	struct sock *e = sock_find(h, epfd), *s = sock_find(h, fd);
	struct sock_watch *w;

	if (e == NULL || s == NULL)
		return -1;
	if (e == s || epoll_find(h, epfd) == NULL)
		return sock_fail(EINVAL);
	if (s->kind == SOCK_KIND_EPOLL)
		return sock_fail(ELOOP);
	if (op != EPOLL_CTL_DEL && want == NULL)
		return sock_fail(EFAULT);
	sock_events(h); /* what was before is no news */
	w = watch_find(e, s);
	switch (op) {
	case EPOLL_CTL_ADD:
		if (w != NULL)
			return sock_fail(EEXIST);
		w = watch_new(e, s);
		if (w == NULL)
			return sock_fail(ENOMEM);
		watch_set(h, w, want);
		return 0;
	case EPOLL_CTL_MOD:
		if (w == NULL)
			return sock_fail(ENOENT);
		watch_set(h, w, want);
		return 0;
	case EPOLL_CTL_DEL:
		if (w == NULL)
			return sock_fail(ENOENT);
		watch_free(w);
		return 0;
	default:
		return sock_fail(EINVAL);
	}
}

/* ---- epoll_wait --------------------------------------------------------- */

/* What a watch that may be ready has to say; 0: nothing after all. */
static uint32_t
watch_ask(const struct sw_sock_host *h, const struct sock_watch *w)
{
	uint32_t want = w->want.events & ~(uint32_t)MODES;

	if (want == 0)
		return 0;
	return sock_poll(h, w->sock) & (want | EPOLLERR | EPOLLHUP);
}

/* Would epoll_wait() give anything? */
bool
sock_epoll_any(const struct sw_sock_host *h, struct sock *e)
{
	for (const struct sock_watch *w = e->ready_head; w != NULL; w = w->next_ready) {
		if (watch_ask(h, w) != 0)
			return true;
	}
	return false;
}

static int
epoll_once(const struct sw_sock_host *h, struct sock *e, struct epoll_event *to, int max)
{
	struct sock_watch *w, *stop = e->ready_tail;
	bool last = stop == NULL;
	int n = 0;

	while (!last && n < max && (w = ready_pop(e)) != NULL) { /* each once */
		uint32_t events = watch_ask(h, w);

		last = w == stop;
		if (events == 0)
			continue;
		to[n].events = events;
		to[n++].data = w->want.data;
		if (w->want.events & EPOLLONESHOT)
			w->want.events &= MODES;
		else if (!(w->want.events & EPOLLET))
			ready_push(w);
	}
	return n;
}

/* Waits for one of the list. */
int
sw_sock_epoll_wait(struct sw_sock_host *h, int epfd, struct epoll_event *to, int max,
		   int timeout_ms)
{
	sw_ns until = sock_until_ms(h, timeout_ms);
	struct sock *e = epoll_find(h, epfd);
	int n;

	if (e == NULL)
		return -1;
	if (max <= 0)
		return sock_fail(EINVAL);
	if (to == NULL)
		return sock_fail(EFAULT);
	sock_nudge(h);
	for (;;) { /* ends with an answer, an error or the time */
		sock_events(h);
		n = epoll_once(h, e, to, max);
		if (n > 0)
			return n;
		if (sock_wait(h, e, until) < 0)
			return errno == EAGAIN ? 0 : -1;
	}
}
