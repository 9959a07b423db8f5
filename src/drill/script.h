/*
 * script.h - a script as it is after parsing: options, events, what they hold.
 *
 * Knows the grammar, not what anything means.  Everything here lies in the
 * script's own memory and goes with it.
 */
#ifndef SW_DRILL_SCRIPT_H
#define SW_DRILL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DRILL_WORD = 64,       /* the longest name, with its 0 */
	DRILL_MESSAGE = 400,   /* the longest message of an error */
	DRILL_OPTION_MAX = 40, /* TCP options in one segment */
	DRILL_DATA_MAX = 40,   /* bytes of options in one segment */
	DRILL_DEPTH = 16       /* how deep values nest */
};

/* ---- values: arguments and results of calls ------------------------------ */

enum drill_kind {
	DRILL_ANY, /* ... */
	DRILL_INT,
	DRILL_STRING,
	DRILL_NAME,
	DRILL_OR,     /* parts joined by | */
	DRILL_LIST,   /* [a, b] */
	DRILL_STRUCT, /* {a, b = c} */
	DRILL_CALL    /* htons(8080) */
};

struct drill_value {
	enum drill_kind kind;
	int64_t number;
	const char *text; /* STRING, NAME; the name of a CALL */
	size_t len;
	const char *member;		  /* its name inside a struct; NULL: none given */
	struct drill_value *first, *next; /* its parts; the part after it */
};

/* ---- packets ------------------------------------------------------------- */

enum drill_proto { DRILL_TCP, DRILL_UDP, DRILL_ICMP, DRILL_QUOTED };

enum drill_opt_kind {
	DRILL_OPT_EOL = 0,
	DRILL_OPT_NOP = 1,
	DRILL_OPT_MSS = 2,
	DRILL_OPT_WSCALE = 3,
	DRILL_OPT_SACK_OK = 4,
	DRILL_OPT_SACK = 5,
	DRILL_OPT_TS = 8,
	DRILL_OPT_FAST_OPEN = 34,
	DRILL_OPT_RAW = 256 /* bytes as they are: beyond packetdrill */
};

struct drill_opt {
	enum drill_opt_kind kind;
	uint32_t val[8]; /* MSS; WSCALE; TS: val, ecr; SACK: left, right, ... */
	uint8_t n;	 /* SACK: values; RAW, FAST_OPEN: bytes */
	uint8_t bytes[DRILL_DATA_MAX];
};

enum { DRILL_NO_PORT = -1, DRILL_ANY_PORT = -2, DRILL_ECT01 = 4 };

struct drill_packet {
	bool inbound;
	enum drill_proto proto;
	int fd;				      /* the socket that it belongs to; -1: not said */
	int src, dst;			      /* ports */
	int ecn, tos, ttl, flow_label, ip_id; /* -1: not said */
	uint8_t ctl;
	int ace; /* AccECN's three bits as a number; -1: not said */
	uint32_t seq, len;
	bool has_seq, has_ack, has_wnd, has_urg;
	uint32_t ack, wnd, urg;
	bool has_options, any_options; /* <> was there; it was <...> */
	int options;
	struct drill_opt *option;
	const char *icmp_type, *icmp_code; /* a name or a number; code NULL: not said */
	int icmp_mtu;			   /* -1: not said */
	bool echoed; /* ICMP: what it quotes is given, in seq, len and proto of `quote` */
	enum drill_proto quote;
	bool bad_sum;		   /* beyond packetdrill: the checksum is wrong */
	const uint8_t *ip_options; /* beyond packetdrill; over IPv6 in a destination header */
	uint8_t ip_option_bytes;
	const char *from, *to;	    /* beyond packetdrill: other addresses; NULL: the script's */
	struct drill_packet *other; /* or this one */
};

/* ---- events -------------------------------------------------------------- */

enum drill_when {
	DRILL_AT,    /* at `from` */
	DRILL_RANGE, /* at some time from `from` to `to` */
	DRILL_BLOCK, /* a call: begins at `from`, ends at `to` */
	DRILL_WHENEVER
};

enum drill_what {
	DRILL_CALLS,
	DRILL_PACKET,
	DRILL_CODE,   /* %{ ... }% */
	DRILL_SHELL,  /* ` ... ` */
	DRILL_STATE,  /* //: TIME state FD NAME */
	DRILL_SILENT, /* //: TIME silent */
	DRILL_ISS,    /* //: TIME iss FD LOW~HIGH */
	DRILL_REBOOT, /* //: TIME reboot */
	DRILL_TOLD,   /* //: TIME trouble FD, no-trouble FD */
	DRILL_MAYBE   /* //: TIME maybe > ...: may come, need not */
};

struct drill_event {
	int line;
	enum drill_when when;
	bool relative;
	int64_t from, to; /* nanoseconds */
	enum drill_what what;
	const char *text; /* the source, one line, for messages; CODE and SHELL: what is inside */
	struct drill_packet *packet;
	int batch; /* packets of the following events that come in with this one */
	/* a call */
	const char *name;
	struct drill_value *args; /* a list of them: args->next, ... */
	struct drill_value *result;
	const char *error; /* EPIPE; NULL: none */
	/* STATE, ISS, TOLD */
	int fd;
	uint32_t low, high;
	struct drill_event *next;
};

struct drill_setting { /* --name=value, or a line after //: */
	const char *name, *value;
	int line;
	struct drill_setting *next;
};

struct drill_path { /* //: path [FD] STATE ... */
	int line, fd;
	const char *text;
	struct drill_path *next;
};

struct drill_block; /* memory */

struct drill_script {
	const char *path;
	struct drill_setting *options; /* --x=y in order */
	struct drill_path *paths;
	const char *req;     /* //: req; NULL: none */
	const char *profile; /* //: profile; NULL: none */
	const char *kernel;  /* //: kernel, why a kernel differs; NULL: it shall not */
	bool has_iss;
	uint32_t iss;
	struct drill_event *events;
	int event_count;
	struct drill_block *blocks;
	char message[DRILL_MESSAGE]; /* file:line: what is wrong; empty: nothing */
};

/*
 * Reads a script; false: script->message says what is wrong.  The caller frees
 * in either case.
 */
bool drill_parse(struct drill_script *, const char *path, const char *text, size_t n);
void drill_script_free(struct drill_script *);

/* Type or code of ICMP by name or number; -1: there is none. */
int drill_icmp_type(const char *name, bool v6);
int drill_icmp_code(const char *name, int type, bool v6);

/* n bytes of zeros in the script's memory. */
void *drill_alloc(struct drill_script *, size_t n);
char *drill_copy(struct drill_script *, const char *, size_t n);

#endif
