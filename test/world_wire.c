/*
 * world_wire.c - segments as text and text as segments, in packetdrill's way:
 * "A>B S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS 1 2,ws 7>".
 */
#include "world.h"
#include "tap.h"

static const char letters[] = "SFRPU.EW"; /* in the order in which they are written */
static const uint8_t bits[] = {SW_SYN, SW_FIN, SW_RST, SW_PSH, SW_URG, SW_ACK, SW_ECE, SW_CWR};

/* What a number of `host` counts from. */
static uint32_t
base(const struct world *w, int host)
{
	return w->known[host] ? w->iss[host] : 0;
}

/* ---- writing ------------------------------------------------------------ */

static void
write_flags(uint8_t ctl, char text[10])
{
	int n = 0;

	for (int i = 0; i < 8; i++)
		if (ctl & bits[i])
			text[n++] = letters[i];
	if (n == 0)
		text[n++] = '-';
	text[n] = '\0';
}

static void
write_options(const struct world *w, const struct world_seen *p, char *text, size_t size)
{
	const struct sw_trace *t = &p->seg;
	char one[96] = "", *at = text;
	int n;

	text[0] = '\0';
	for (int i = 0; i < 6; i++) {
		if (!(t->has >> i & 1))
			continue;
		if (1 << i == SW_HAS_MSS)
			snprintf(one, sizeof(one), "mss %u", t->mss);
		else if (1 << i == SW_HAS_WSCALE)
			snprintf(one, sizeof(one), "ws %u", t->wscale);
		else if (1 << i == SW_HAS_SACK_OK)
			snprintf(one, sizeof(one), "sackOK");
		else if (1 << i == SW_HAS_TS)
			snprintf(one, sizeof(one), "TS %lu %lu", (unsigned long)t->tsval,
				 (unsigned long)t->tsecr);
		else if (1 << i == SW_HAS_FASTOPEN) {
			n = snprintf(one, sizeof(one), "FO%s", t->cookie_len ? " " : "");
			for (int k = 0; k < t->cookie_len && k < 16; k++)
				n += snprintf(one + n, sizeof(one) - (size_t)n, "%02x",
					      t->cookie[k]);
		} else
			snprintf(one, sizeof(one), "sack %lu:%lu",
				 (unsigned long)(t->sack[0][0] - base(w, !p->from)),
				 (unsigned long)(t->sack[0][1] - base(w, !p->from)));
		at += snprintf(at, size - (size_t)(at - text), "%s%s", at > text ? "," : "", one);
	}
}

void
world_write(const struct world *w, const struct world_seen *p, char *text, size_t size)
{
	const struct sw_trace *t = &p->seg;
	uint32_t seq = t->seq - base(w, p->from);
	char flags[10], options[160], ack[24] = "";

	if (t->local.port == 0) {
		snprintf(text, size, "%s not TCP (%lu bytes)", p->from ? "B>A" : "A>B",
			 (unsigned long)p->len);
		return;
	}
	write_flags(t->ctl, flags);
	write_options(w, p, options, sizeof(options));
	if (t->ctl & SW_ACK)
		snprintf(ack, sizeof(ack), " ack %lu", (unsigned long)(t->ack - base(w, !p->from)));
	snprintf(text, size, "%s %s %lu:%lu(%lu)%s win %lu%s%s%s%s", p->from ? "B>A" : "A>B", flags,
		 (unsigned long)seq, (unsigned long)(seq + t->len), (unsigned long)t->len, ack,
		 (unsigned long)t->wnd, *options ? " <" : "", options, *options ? ">" : "",
		 p->fate & SW_SIM_GONE ? " lost" : "");
}

/* ---- reading ------------------------------------------------------------ */

struct reader {
	const char *at;
	bool bad;
};

static void
skip_spaces(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t' || *r->at == ',')
		r->at++;
}

/* Is the next word this one?  Then it is taken. */
static bool
take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	skip_spaces(r);
	if (strncmp(r->at, word, n))
		return false;
	r->at += n;
	return true;
}

static uint32_t
number(struct reader *r)
{
	char *end;
	unsigned long n;

	skip_spaces(r);
	n = strtoul(r->at, &end, 10);
	r->bad = r->bad || end == r->at;
	r->at = end;
	return (uint32_t)n;
}

static uint8_t
read_flags(struct reader *r)
{
	uint8_t ctl = 0;
	const char *l;

	skip_spaces(r);
	if (*r->at == '-') {
		r->at++;
		return 0;
	}
	for (; *r->at && *r->at != ' ' && (l = strchr(letters, *r->at)); r->at++)
		ctl |= bits[l - letters];
	r->bad = r->bad || ctl == 0 || *r->at != ' ';
	return ctl;
}

/* Bytes in hexadecimal. */
static uint8_t
read_bytes(struct reader *r, uint8_t *to, uint8_t most)
{
	unsigned byte;
	uint8_t n = 0;

	skip_spaces(r);
	for (; n < most && sscanf(r->at, "%2x", &byte) == 1 && *r->at != ' '; r->at += 2)
		to[n++] = (uint8_t)byte;
	return n;
}

static void
read_option(struct reader *r, struct sw_trace *t)
{
	if (take(r, "mss")) {
		t->has |= SW_HAS_MSS;
		t->mss = (uint16_t)number(r);
	} else if (take(r, "ws")) {
		t->has |= SW_HAS_WSCALE;
		t->wscale = (uint8_t)number(r);
	} else if (take(r, "sackOK")) {
		t->has |= SW_HAS_SACK_OK;
	} else if (take(r, "TS")) {
		t->has |= SW_HAS_TS;
		t->tsval = number(r);
		t->tsecr = number(r);
	} else if (take(r, "FO")) {
		t->has |= SW_HAS_FASTOPEN;
		t->cookie_len = read_bytes(r, t->cookie, sizeof(t->cookie));
	} else if (t->sacks < 4 && take(r, "sack")) {
		t->has |= SW_HAS_SACK;
		t->sack[t->sacks][0] = number(r);
		r->bad = r->bad || !take(r, ":");
		t->sack[t->sacks++][1] = number(r);
	} else {
		r->bad = true;
	}
}

enum { SAYS_ACK = 1, SAYS_WIN = 2, SAYS_OPTIONS = 4, SAYS_LOST = 8 };

/* A segment in words, numbers as written; which parts it mentions in *says. */
static bool
read_segment(const char *text, struct sw_trace *t, unsigned *says)
{
	struct reader r = {.at = text};
	uint32_t end;

	memset(t, 0, sizeof(*t));
	*says = 0;
	t->ctl = read_flags(&r);
	t->seq = number(&r);
	r.bad = r.bad || !take(&r, ":");
	end = number(&r);
	r.bad = r.bad || !take(&r, "(");
	t->len = number(&r);
	r.bad = r.bad || !take(&r, ")") || end != t->seq + t->len;
	if (take(&r, "ack")) {
		*says |= SAYS_ACK;
		t->ack = number(&r);
	}
	if (take(&r, "win")) {
		*says |= SAYS_WIN;
		t->wnd = number(&r);
	}
	if (take(&r, "up"))
		t->up = (uint16_t)number(&r);
	if (take(&r, "<")) {
		*says |= SAYS_OPTIONS;
		while (!r.bad && !take(&r, ">"))
			read_option(&r, t);
	}
	if (take(&r, "lost"))
		*says |= SAYS_LOST;
	skip_spaces(&r);
	return !r.bad && *r.at == '\0';
}

bool
world_matches(const struct world *w, const struct world_seen *p, const char *line)
{
	const struct sw_trace *t = &p->seg;
	struct sw_trace want;
	unsigned says;
	uint8_t psh;

	while (*line == ' ' || *line == '\t')
		line++;
	if (strncmp(line, p->from ? "B>A " : "A>B ", 4))
		return false;
	if (!read_segment(line + 4, &want, &says)) {
		printf("# cannot read: %s\n", line);
		return false;
	}
	psh = want.ctl & SW_PSH ? 0 : SW_PSH;
	if (((t->ctl ^ want.ctl) & 0x3f & ~psh) || t->seq - base(w, p->from) != want.seq ||
	    t->len != want.len)
		return false;
	if ((says & SAYS_ACK) && t->ack - base(w, !p->from) != want.ack)
		return false;
	if ((says & SAYS_WIN) && t->wnd != want.wnd)
		return false;
	if ((says & SAYS_OPTIONS) &&
	    (t->has != want.has || ((want.has & SW_HAS_MSS) && t->mss != want.mss) ||
	     ((want.has & SW_HAS_WSCALE) && t->wscale != want.wscale) ||
	     (want.cookie_len > 0 && (t->cookie_len != want.cookie_len ||
				      memcmp(t->cookie, want.cookie, want.cookie_len) != 0))))
		return false;
	return !(says & SAYS_LOST) == !(p->fate & SW_SIM_GONE);
}

/* ---- forging ------------------------------------------------------------ */

static uint8_t *
put(uint8_t *p, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	return p + n;
}

/* Options behind the header, filled up to four bytes: where they end. */
static uint8_t *
put_options(const struct sw_trace *t, uint8_t *head)
{
	uint8_t *p = head + 20;

	if (t->has & SW_HAS_MSS)
		p = put(put(p, 0x0204, 2), t->mss, 2);
	if (t->has & SW_HAS_SACK_OK)
		p = put(p, 0x0402, 2);
	if (t->has & SW_HAS_TS)
		p = put(put(put(p, 0x080a, 2), t->tsval, 4), t->tsecr, 4);
	if (t->has & SW_HAS_WSCALE)
		p = put(put(p, 0x0303, 2), t->wscale, 1);
	if (t->has & SW_HAS_SACK)
		p = put(put(p, 5, 1), 2 + 8 * (uint32_t)t->sacks, 1);
	for (int i = 0; i < t->sacks; i++)
		p = put(put(p, t->sack[i][0], 4), t->sack[i][1], 4);
	if (t->has & SW_HAS_FASTOPEN) {
		p = put(put(p, 34, 1), 2 + (uint32_t)t->cookie_len, 1);
		memcpy(p, t->cookie, t->cookie_len);
		p += t->cookie_len;
	}
	while ((p - head) % 4)
		*p++ = 1;
	return p;
}

static uint32_t
sum(uint32_t s, const uint8_t *p, uint32_t n)
{
	for (; n > 1; n -= 2, p += 2)
		s += (uint32_t)(p[0] << 8 | p[1]);
	if (n)
		s += (uint32_t)p[0] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* The IP header in front of n bytes of TCP at `tcp`; completes the checksums. */
static void
put_ip(const struct sw_addr *src, const struct sw_addr *dst, uint8_t *ip, uint8_t *tcp, uint32_t n)
{
	uint32_t s;

	if (!sw_addr_is4(src)) {
		put(put(put(put(ip, 0x60000000, 4), n, 2), 6, 1), 64, 1);
		memcpy(ip + 8, src->b, 16);
		memcpy(ip + 24, dst->b, 16);
		s = sum(6 + n, ip + 8, 32);
	} else {
		put(put(put(ip, 0x4500, 2), 20 + n, 2), 0x00004000, 4);
		put(put(put(ip + 8, 64, 1), 6, 1), 0, 2);
		memcpy(ip + 12, src->b + 12, 4);
		memcpy(ip + 16, dst->b + 12, 4);
		put(ip + 10, ~sum(0, ip, 20) & 0xffff, 2);
		s = sum(6 + n, ip + 12, 8);
	}
	put(tcp + 16, ~sum(s, tcp, n) & 0xffff, 2);
}

uint32_t
world_build(const struct sw_trace *t, const uint8_t *text, uint8_t *packet)
{
	uint32_t head = sw_addr_is4(&t->local.addr) ? 20 : 40, n;
	uint8_t *tcp = packet + head, *p;

	p = put(put(tcp, t->local.port, 2), t->remote.port, 2);
	p = put(put(p, t->seq, 4), t->ack, 4);
	p = put(put(p, 0, 1), t->ctl, 1);
	put(put(put(p, t->wnd, 2), 0, 2), t->up, 2);
	p = put_options(t, tcp);
	tcp[12] = (uint8_t)((p - tcp) / 4 << 4);
	if (text && t->len)
		memcpy(p, text, t->len);
	else
		memset(p, 0, t->len);
	n = (uint32_t)(p - tcp) + t->len;
	put_ip(&t->local.addr, &t->remote.addr, packet, tcp, n);
	return n + head;
}

uint32_t
world_forge(const struct world *w, int from, const char *text, uint8_t packet[65536])
{
	struct sw_trace t;
	unsigned says;

	if (!read_segment(text, &t, &says) || t.len > 60000)
		return 0;
	t.local = w->end[from];
	t.remote = w->end[!from];
	t.seq += base(w, from);
	t.ack = t.ctl & SW_ACK ? t.ack + base(w, !from) : 0;
	if (!(says & SAYS_WIN))
		t.wnd = 65535;
	for (int i = 0; i < t.sacks; i++)
		for (int k = 0; k < 2; k++)
			t.sack[i][k] += base(w, !from);
	return world_build(&t, NULL, packet);
}
