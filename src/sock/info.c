/*
 * info.c - TCP_INFO and SO_MEMINFO: what the stack says of a connection, in the
 * structures of Linux.  What the stack does not count is 0.
 */
#include "sock/sock.h"

#include <linux/tcp.h>

/* Beyond what the header at hand declares, newer programs read zeros. */
enum { INFO_BYTES = 280, INFINITE_SSTHRESH = 0x7fffffff, MEM_INFO_VARS = 9, DUP_THRESH = 3 };

/* As much as there is room for. */
int
sock_option_out(const struct sock_option *o, const void *value, size_t n)
{
	if (o->value == NULL || o->len == NULL)
		return sock_fail(EFAULT);
	if (*o->len > INT32_MAX)
		return sock_fail(EINVAL);
	if (*o->len > n)
		*o->len = (socklen_t)n;
	memcpy(o->value, value, *o->len);
	return 0;
}

static uint8_t
linux_state(const struct sock *s, enum sw_state state)
{
	static const uint8_t number[SW_N_STATES] = {
	    [SW_ESTABLISHED] = 1, [SW_SYN_SENT] = 2,  [SW_SYN_RECEIVED] = 3, [SW_FIN_WAIT_1] = 4,
	    [SW_FIN_WAIT_2] = 5,  [SW_TIME_WAIT] = 6, [SW_CLOSED] = 7,	     [SW_CLOSE_WAIT] = 8,
	    [SW_LAST_ACK] = 9,	  [SW_LISTEN] = 10,   [SW_CLOSING] = 11};

	return s->listening ? 10 : number[state];
}

static uint32_t
us(sw_ns t)
{
	return t / SW_US < UINT32_MAX ? (uint32_t)(t / SW_US) : UINT32_MAX;
}

/* Bytes in segments, as Linux counts them. */
static uint32_t
segments(const struct sw_status *st, uint32_t bytes)
{
	uint32_t mss = st->mss ? st->mss : 1;

	return bytes / mss + (bytes % mss != 0);
}

static void
info_recovery(struct tcp_info *t, const struct sw_status *st)
{
	static const uint8_t phase[] = {0, 3, 4}; /* TCP_CA_Open, Recovery, Loss */

	t->tcpi_ca_state = st->recovery < sizeof(phase) ? phase[st->recovery] : 0;
	t->tcpi_retransmits = t->tcpi_backoff = st->retries;
	t->tcpi_unacked = segments(st, st->snd_nxt - st->snd_una);
	t->tcpi_sacked = segments(st, st->sacked);
	t->tcpi_lost = segments(st, st->lost);
	t->tcpi_reordering = DUP_THRESH;
	t->tcpi_total_retrans = st->retransmits;
	t->tcpi_snd_cwnd = st->cwnd / (st->mss ? st->mss : 1);
	t->tcpi_snd_ssthresh = st->ssthresh >= INFINITE_SSTHRESH
				   ? INFINITE_SSTHRESH
				   : st->ssthresh / (st->mss ? st->mss : 1);
}

static void
info_path(struct tcp_info *t, const struct sw_status *st)
{
	bool v4 = sw_addr_is4(&st->remote.addr);

	t->tcpi_options =
	    (uint8_t)((st->timestamps ? TCPI_OPT_TIMESTAMPS : 0) | (st->sack ? TCPI_OPT_SACK : 0) |
		      (st->snd_wscale | st->rcv_wscale ? TCPI_OPT_WSCALE : 0) |
		      (st->fastopen == SW_FASTOPEN_TAKEN || st->fastopen == SW_FASTOPEN_PASSIVE
			   ? TCPI_OPT_SYN_DATA
			   : 0));
	t->tcpi_snd_wscale = (unsigned)st->snd_wscale & 15u;
	t->tcpi_rcv_wscale = (unsigned)st->rcv_wscale & 15u;
	t->tcpi_rto = us(st->rto);
	t->tcpi_rtt = us(st->srtt);
	t->tcpi_rttvar = us(st->rttvar);
	t->tcpi_snd_mss = st->mss;
	t->tcpi_rcv_mss = st->peer_mss < st->link_mss ? st->peer_mss : st->link_mss;
	t->tcpi_advmss = st->link_mss;
	t->tcpi_pmtu = st->path_mss + (v4 ? 40u : 60u);
	t->tcpi_rcv_space = st->rcv_buf;
	t->tcpi_rcv_ssthresh = st->rcv_wnd;
}

static void
info_bytes(struct tcp_info *t, const struct sw_status *st)
{
	uint32_t flying = st->snd_nxt - st->snd_una;

	if (st->state < SW_ESTABLISHED)
		return;
	/* of a connection below 4 GiB; beyond, its low 32 bits */
	t->tcpi_bytes_acked = st->snd_una - st->iss - 1;
	t->tcpi_bytes_received = st->rcv_nxt - st->irs - 1;
	t->tcpi_notsent_bytes = st->snd_queued > flying ? st->snd_queued - flying : 0;
	t->tcpi_snd_wnd = st->snd_wnd;
}

/* TCP_INFO */
int
sock_info(const struct sw_sock_host *h, struct sock *s, const struct sock_option *o)
{
	union {
		struct tcp_info info;
		uint8_t bytes[INFO_BYTES];
	} all;
	struct sw_status st;
	enum sw_state state = sock_state(h, s, &st);

	memset(&all, 0, sizeof(all));
	all.info.tcpi_state = linux_state(s, state);
	if (s->listening) {
		all.info.tcpi_unacked = st.backlog;
	} else if (s->conn != 0) {
		info_recovery(&all.info, &st);
		info_path(&all.info, &st);
		info_bytes(&all.info, &st);
	}
	return sock_option_out(o, &all, sizeof(all));
}

/* SO_MEMINFO: bytes queued, and the limits. */
int
sock_mem_info(const struct sw_sock_host *h, struct sock *s, const struct sock_option *o)
{
	uint32_t v[MEM_INFO_VARS] = {0};
	struct sw_status st;

	(void)sock_state(h, s, &st);
	v[0] = st.rcv_queued;
	v[1] = st.rcv_buf;
	v[2] = v[5] = st.snd_queued;
	v[3] = st.snd_buf;
	return sock_option_out(o, v, sizeof(v));
}
