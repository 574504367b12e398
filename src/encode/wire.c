// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

static uint64_t damaged(struct wire *w)
{
	w->damaged = true;
	w->at = w->end;
	return 0;
}

uint64_t wire_varint(struct wire *w)
{
	uint64_t number = 0;

	for (int shift = 0; shift < 64 && w->at < w->end; shift += 7) {
		unsigned char byte = (unsigned char)*w->at++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	return damaged(w);
}

uint64_t wire_fixed64(struct wire *w)
{
	uint64_t number;

	if (wire_left(w) < sizeof number)
		return damaged(w);
	memcpy(&number, w->at, sizeof number);
	w->at += sizeof number;
	return le64toh(number);
}

struct wire wire_take(struct wire *w, uint64_t n)
{
	struct wire part = { w->at, w->at, false };

	if (n > wire_left(w)) {
		damaged(w);
		return part;
	}
	w->at += n;
	part.end = w->at;
	return part;
}

struct wire wire_string(struct wire *w)
{
	uint64_t n = wire_varint(w);

	return wire_take(w, n);
}

void wire_add_varint(struct buf *out, uint64_t number)
{
	char bytes[VARINT_MAX_BYTES] = { 0 };

	buf_add(out, bytes, (size_t)(varint_put(bytes, number) - bytes));
}

void wire_add_fixed64(struct buf *out, uint64_t number)
{
	number = htole64(number);
	buf_add(out, &number, sizeof number);
}

void wire_add_string(struct buf *out, const char *text)
{
	size_t n = strlen(text);

	wire_add_varint(out, n);
	buf_add(out, text, n);
}
