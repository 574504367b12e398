// SPDX-License-Identifier: Apache-2.0
/*
 * wire: numbers and strings as bytes, for blocks and for protobuf alike.
 *
 * A `struct wire` is what is left to read of bytes that may be damaged. Read freely and ask
 * once: what does not fit into the bytes that are left sets `damaged`, and from then on every
 * read gives nothing.
 */
#ifndef SLURM_PUSHER_WIRE_H
#define SLURM_PUSHER_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "slurm_pusher/buf.h"

enum { VARINT_MAX_BYTES = 10 };

struct wire {
	const char *at, *end;
	bool damaged;
};

static inline size_t wire_left(const struct wire *w)
{
	return (size_t)(w->end - w->at);
}

uint64_t wire_varint(struct wire *w);
uint64_t wire_fixed64(struct wire *w);

/* The next `n` bytes, as something to read by itself. */
struct wire wire_take(struct wire *w, uint64_t n);

/* A varint length and that many bytes. */
struct wire wire_string(struct wire *w);

void wire_add_varint(struct buf *out, uint64_t number);
void wire_add_fixed64(struct buf *out, uint64_t number);
void wire_add_string(struct buf *out, const char *text);

/* Each writes a number and returns where the next goes. */
static inline char *varint_put(char *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*to++ = (char)(number | 0x80);
	*to++ = (char)number;
	return to;
}

static inline char *double_put(char *to, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	bits = htole64(bits);
	memcpy(to, &bits, sizeof bits);
	return to + sizeof bits;
}

static inline size_t varint_size(uint64_t number)
{
	size_t n = 1;

	for (; number >= 0x80; number >>= 7)
		n++;
	return n;
}

#endif
