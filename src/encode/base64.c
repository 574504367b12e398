// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/encode.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789-_";

/* Up to three bytes are four characters; those with no bits of `in` are padding. */
static void add_quantum(const unsigned char *in, size_t n, struct buf *out)
{
	unsigned int bits = 0;
	char text[4];

	for (size_t i = 0; i < 3; i++)
		bits = bits << 8 | (i < n ? in[i] : 0);
	for (size_t i = 0; i < 4; i++)
		text[i] = i <= n ? alphabet[bits >> (18 - 6 * i) & 0x3f] : '=';
	buf_add(out, text, sizeof text);
}

void encode_base64url(const void *in, size_t n, struct buf *out)
{
	const unsigned char *bytes = in;

	if (n == 0)
		buf_addc(out, '=');
	for (; n > 0; n -= n < 3 ? n : 3, bytes += 3)
		add_quantum(bytes, n, out);
}
