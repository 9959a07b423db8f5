/*
 * cc.h - what lwIP wants to know of the compiler and the machine.
 */
#ifndef SW_BENCH_LWIP_CC_H
#define SW_BENCH_LWIP_CC_H

#include <endian.h>
#include <stdlib.h>

#undef BYTE_ORDER
#define BYTE_ORDER __BYTE_ORDER__
#undef LITTLE_ENDIAN
#define LITTLE_ENDIAN __ORDER_LITTLE_ENDIAN__
#undef BIG_ENDIAN
#define BIG_ENDIAN __ORDER_BIG_ENDIAN__

#define LWIP_RAND() ((u32_t)rand())
#define LWIP_NO_CTYPE_H 0
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) abort()

#endif
