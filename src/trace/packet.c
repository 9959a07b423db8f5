/*
 * packet.c - from the bytes of an IP packet to a segment that can be shown.
 *
 * Knows the headers of RFC 791, 8200 and 9293 3.1 and the options of RFC 9293
 * 3.2, 7323, 2018 and 7413.  Decides nothing, and trusts no length.
 */
#include <synwave/sw_trace.h>

#include <string.h>

static uint16_t
read_16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
read_32(const uint8_t *p)
{
	return (uint32_t)read_16(p) << 16 | read_16(p + 2);
}

static struct sw_addr
read_addr4(const uint8_t *p)
{
	return sw_addr4(p[0], p[1], p[2], p[3]);
}

/* One option of n bytes at p. */
static void
read_option(struct sw_trace *t, const uint8_t *p, uint32_t n)
{
	if (p[0] == 2 && n == 4) {
		t->has |= SW_HAS_MSS;
		t->mss = read_16(p + 2);
	} else if (p[0] == 3 && n == 3) {
		t->has |= SW_HAS_WSCALE;
		t->wscale = p[2];
	} else if (p[0] == 4 && n == 2) {
		t->has |= SW_HAS_SACK_OK;
	} else if (p[0] == 8 && n == 10) {
		t->has |= SW_HAS_TS;
		t->tsval = read_32(p + 2);
		t->tsecr = read_32(p + 6);
	} else if (p[0] == 34 && n <= 18) {
		t->has |= SW_HAS_FASTOPEN;
		t->cookie_len = (uint8_t)(n - 2);
		memcpy(t->cookie, p + 2, n - 2);
	} else if (p[0] == 5 && n >= 10 && n <= 34 && n % 8 == 2) {
		t->has |= SW_HAS_SACK;
		t->sacks = (uint8_t)((n - 2) / 8);
		for (unsigned i = 0; i < t->sacks; i++) {
			t->sack[i][0] = read_32(p + 2 + 8 * i);
			t->sack[i][1] = read_32(p + 6 + 8 * i);
		}
	}
}

static void
read_options(struct sw_trace *t, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n && p[i] != 0;) {
		uint32_t len = p[i] == 1 || i + 1 >= n ? 1 : p[i + 1];

		if (p[i] != 1 && (len < 2 || len > n - i))
			return;
		if (p[i] != 1)
			read_option(t, p + i, len);
		i += len;
	}
}

/* The IP header: how long it is, and how long what it says of the packet is; 0: not for us. */
static uint32_t
read_ip(struct sw_trace *t, const uint8_t *p, uint32_t len, uint32_t *total)
{
	if (len >= 20 && p[0] >> 4 == 4) {
		uint32_t head = (p[0] & 15u) * 4;

		*total = read_16(p + 2);
		t->local.addr = read_addr4(p + 12);
		t->remote.addr = read_addr4(p + 16);
		return p[9] == 6 && !(read_16(p + 6) & 0x3fff) && head >= 20 ? head : 0;
	}
	if (len >= 40 && p[0] >> 4 == 6) {
		*total = 40u + read_16(p + 4);
		memcpy(t->local.addr.b, p + 8, 16);
		memcpy(t->remote.addr.b, p + 24, 16);
		return p[6] == 6 ? 40 : 0;
	}
	return 0;
}

bool
sw_trace_packet(struct sw_trace *t, const uint8_t *p, uint32_t len)
{
	uint32_t total = 0, ip, head;

	memset(t, 0, sizeof(*t));
	ip = read_ip(t, p, len, &total);
	if (ip == 0 || total > len || total < ip + 20)
		return false;
	p += ip;
	total -= ip;
	head = (uint32_t)(p[12] >> 4) * 4;
	if (head < 20 || head > total)
		return false;
	t->kind = SW_T_OUT;
	t->local.port = read_16(p);
	t->remote.port = read_16(p + 2);
	t->seq = read_32(p + 4);
	t->ack = read_32(p + 8);
	t->ctl = p[13];
	t->wnd = read_16(p + 14);
	t->up = read_16(p + 18);
	t->len = total - head;
	read_options(t, p + 20, head - 20);
	return true;
}

char *
sw_trace_ctl(uint8_t ctl, char text[SW_CTL_TEXT])
{
	static const char name[8][4] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	static const uint8_t order[8] = {1, 0, 2, 3, 5, 6, 7, 4};
	char *at = text;

	for (unsigned i = 0; i < 8; i++) {
		if (!(ctl >> order[i] & 1))
			continue;
		if (at > text)
			*at++ = ',';
		memcpy(at, name[order[i]], 3);
		at += 3;
	}
	if (at == text)
		*at++ = '-';
	*at = '\0';
	return text;
}
