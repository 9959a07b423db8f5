/*
 * tun_steer.c - the program by which the kernel chooses a queue of a TUN or TAP
 * device for each of its packets: sw_steer() in BPF.
 *
 * It knows TCP right behind an IPv4 header without options, or behind an IPv6 one,
 * and no fragments.  Everything else comes to queue 0, whose reader hands on what
 * is not its own (shard.c).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_tun.h>

#include "drv.h"

enum { PROGRAM_MAX = 80, ETHER = 14 };

/* A program that is being written.  All ways out that say 0 jump to its end. */
struct program {
	struct bpf_insn at[PROGRAM_MAX];
	unsigned n;
	unsigned out[8], n_out; /* jumps to the end, whose distance is not known yet */
};

static void
emit(struct program *p, unsigned code, unsigned dst, unsigned src, int32_t imm)
{
	p->at[p->n++] = (struct bpf_insn){.code = (uint8_t)code,
					  .dst_reg = (uint8_t)(dst & 15),
					  .src_reg = (uint8_t)(src & 15),
					  .imm = imm};
}

/* r0 = what stands at an offset of the packet, in host order; behind its end: return 0 */
static void
emit_load(struct program *p, unsigned size, unsigned offset)
{
	emit(p, BPF_LD | BPF_ABS | size, 0, 0, (int32_t)offset);
}

/* to = 0, or what stands there and there, XORed: `to` begins as what it holds. */
static void
emit_xor(struct program *p, unsigned to, unsigned size, unsigned a, unsigned b)
{
	emit_load(p, size, a);
	emit(p, BPF_ALU64 | BPF_XOR | BPF_X, to, 0, 0);
	emit_load(p, size, b);
	emit(p, BPF_ALU64 | BPF_XOR | BPF_X, to, 0, 0);
}

/* Unless r0 is that: return 0. */
static void
emit_must(struct program *p, int32_t value)
{
	p->out[p->n_out++] = p->n;
	emit(p, BPF_JMP | BPF_JNE | BPF_K, 0, 0, value);
}

/* The first jump of a pair: its distance is set by land(). */
static unsigned
emit_jump(struct program *p, unsigned how, int32_t value)
{
	emit(p, BPF_JMP | how | BPF_K, 0, 0, value);
	return p->n - 1;
}

static void
land(struct program *p, unsigned jump)
{
	p->at[jump].off = (int16_t)(p->n - jump - 1);
}

static void
emit_key(struct program *p, unsigned to, uint64_t key)
{
	emit(p, BPF_LD | BPF_IMM | BPF_DW, 1, 0, (int32_t)(uint32_t)key);
	emit(p, 0, 0, 0, (int32_t)(uint32_t)(key >> 32));
	emit(p, BPF_ALU64 | BPF_MUL | BPF_X, to, 1, 0);
}

/* r7: the low halves of the addresses, r8: the high ones, r9: the ports */
static void
emit_ip4(struct program *p, unsigned ip)
{
	emit_load(p, BPF_B, ip);
	emit_must(p, 0x45);
	emit_load(p, BPF_B, ip + 9);
	emit_must(p, 6);
	emit_load(p, BPF_H, ip + 6);
	emit(p, BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0x3fff); /* MF and offset */
	emit_must(p, 0);
	emit_xor(p, 7, BPF_W, ip + 12, ip + 16);
	emit_xor(p, 9, BPF_H, ip + 20, ip + 22);
}

static void
emit_ip6(struct program *p, unsigned ip)
{
	emit_load(p, BPF_B, ip + 6);
	emit_must(p, 6);
	emit_xor(p, 8, BPF_W, ip + 8, ip + 24);
	emit(p, BPF_ALU64 | BPF_LSH | BPF_K, 8, 0, 32);
	emit_xor(p, 8, BPF_W, ip + 12, ip + 28);
	emit_xor(p, 7, BPF_W, ip + 16, ip + 32);
	emit(p, BPF_ALU64 | BPF_LSH | BPF_K, 7, 0, 32);
	emit_xor(p, 7, BPF_W, ip + 20, ip + 36);
	emit_xor(p, 9, BPF_H, ip + 40, ip + 42);
}

static void
emit_hash(struct program *p, const struct sw_steer *s)
{
	emit_key(p, 8, s->key[0]);
	emit_key(p, 7, s->key[1]);
	emit_key(p, 9, s->key[2]);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_X, 7, 8, 0);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_X, 7, 9, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 9, 7, 0);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, 9, 0, 32);
	emit(p, BPF_ALU64 | BPF_XOR | BPF_X, 7, 9, 0);
	emit_key(p, 7, s->key[3]);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, 7, 0, 32);
	emit(p, BPF_ALU64 | BPF_MUL | BPF_K, 7, 0, (int32_t)s->shards);
	emit(p, BPF_ALU64 | BPF_RSH | BPF_K, 7, 0, 32);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 0, 7, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
	for (unsigned i = 0; i < p->n_out; i++)
		land(p, p->out[i]);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static void
program_write(struct program *p, bool ethernet, const struct sw_steer *s)
{
	unsigned ip = ethernet ? ETHER : 0, six, join;

	memset(p, 0, sizeof *p);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0); /* the packet, for loads */
	for (unsigned r = 7; r <= 9; r++)
		emit(p, BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0);
	if (ethernet) {
		emit_load(p, BPF_H, 12);
		six = emit_jump(p, BPF_JEQ, 0x86dd);
		emit_must(p, 0x0800);
	} else {
		emit_load(p, BPF_B, 0);
		emit(p, BPF_ALU64 | BPF_RSH | BPF_K, 0, 0, 4);
		six = emit_jump(p, BPF_JEQ, 6);
	}
	emit_ip4(p, ip);
	join = emit_jump(p, BPF_JA, 0);
	land(p, six);
	emit_ip6(p, ip);
	land(p, join);
	emit_hash(p, s);
}

/* 0, or -1 with errno. */
int
tun_steer(void *self, const struct sw_steer *s)
{
	struct sw_drv *d = self;
	static const char licence[] = "MIT";
	union bpf_attr a;
	struct program p;
	int fd, result, code;

	program_write(&p, d->iface.link == SW_LINK_ETHERNET, s);
	memset(&a, 0, sizeof a);
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)p.at;
	a.insn_cnt = p.n;
	a.license = (uintptr_t)licence;
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof a);
	if (fd < 0)
		return -1;
	result = ioctl(d->fd, TUNSETSTEERINGEBPF, &fd);
	code = errno;
	close(fd); /* the device holds it */
	errno = code;
	return result;
}
