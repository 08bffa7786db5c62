/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What both ends of a TCP connection have in common although addresses are translated between them: the numbers both began to
 * count their bytes at. Netfilter, load balancers and BPF programs that rewrite addresses leave them alone.
 */
#ifndef SPY_PAIR_H
#define SPY_PAIR_H

#include "emit.h"

/*
 * The first number of each side is what it counts now less the bytes it counted. Who asked has acknowledged its SYN among
 * them and who answered has not, so what was sent beyond the payload tells who is who; a FIN would, too, and states with
 * one are left out. While a SYN was sent and none received nothing is known of the other side. 0 also when the socket moved on
 * between two looks.
 */
static __always_inline __u64 pair_of(struct tcp_sock *tcp, __u8 state, __u64 payload, const bool direct)
{
	__u32 sent, received, own, other, beyond;

	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT && state != TCP_SYN_SENT && state != TCP_SYN_RECV)
		return 0;
	received = GET(tcp, rcv_nxt);
	sent = GET(tcp, snd_nxt);
	other = received - (__u32)GET(tcp, bytes_received);
	own = GET(tcp, snd_una) - (__u32)GET(tcp, bytes_acked);
	beyond = sent - own - (__u32)payload;
	if (!received || beyond > 1 || received != GET(tcp, rcv_nxt) || sent != GET(tcp, snd_nxt))
		return 0;
	if (beyond)
		return scramble((void *)((__u64)(own + 1) << 32 | other)) | 1;
	return scramble((void *)((__u64)other << 32 | own)) & ~1ULL;
}

#endif
