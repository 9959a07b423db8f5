/*
 * lwipopts.h - lwIP as fast as its options allow: no threads, no assertions, static
 * pools, checksums made while copying.  The command line says:
 *
 *	PEER_WINDOW	bytes of both windows
 *	PEER_SUMS	0: checksums are neither made nor verified
 *	PEER_BLOCKS	connections in its static pool; 0: from malloc(), without end
 */
#ifndef SW_BENCH_LWIPOPTS_H
#define SW_BENCH_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_NOASSERT 1
#define LWIP_TIMERS 1

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 0
#define LWIP_ICMP 0
#define LWIP_RAW 0
#define LWIP_UDP 0
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0

#define LWIP_TCP 1
#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 7
#define TCP_WND PEER_WINDOW
#define TCP_SND_BUF PEER_WINDOW
#define TCP_SND_QUEUELEN 60000
#define TCP_SNDLOWAT (2 * TCP_MSS)
#define TCP_OVERSIZE TCP_MSS
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 0
#define TCP_LISTEN_BACKLOG 0

#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#if PEER_BLOCKS > 0
#define MEMP_MEM_MALLOC 0
#define MEMP_NUM_TCP_PCB PEER_BLOCKS
#else
#define MEMP_MEM_MALLOC 1
#endif
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 65535
#define MEMP_NUM_PBUF 65535
#define PBUF_POOL_SIZE 4096
#define PBUF_POOL_BUFSIZE 1536
#define PBUF_LINK_HLEN 0
#define ETH_PAD_SIZE 0

#define LWIP_CHKSUM_ALGORITHM 2 /* the fastest of its three here */
#define LWIP_CHECKSUM_ON_COPY PEER_SUMS
#define CHECKSUM_GEN_IP PEER_SUMS
#define CHECKSUM_GEN_TCP PEER_SUMS
#define CHECKSUM_CHECK_IP PEER_SUMS
#define CHECKSUM_CHECK_TCP PEER_SUMS

#endif
