// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/utf8.h"

#include <stdbool.h>

enum { REPLACEMENT = 0xfffd };

/* How long a character is by its first byte, and the least it may then stand for: less would
 * be an overlong form. */
static const struct form {
	unsigned char first, last;
	size_t size;
	uint32_t least;
} forms[] = {
	{ 0x01, 0x7f, 1, 0 },
	{ 0xc2, 0xdf, 2, 0x80 },
	{ 0xe0, 0xef, 3, 0x800 },
	{ 0xf0, 0xf4, 4, 0x10000 },
};

static const struct form *find_form(unsigned char byte)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (byte >= forms[i].first && byte <= forms[i].last)
			return &forms[i];
	return NULL;
}

static bool is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c < 0xe000;
}

size_t utf8_read(const char *text, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	const struct form *form = find_form(*s);
	uint32_t c;

	*out = REPLACEMENT;
	if (!form)
		return 1;
	c = form->size == 1 ? *s : *s & (0x7fu >> form->size);
	for (size_t i = 1; i < form->size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < form->least || c > 0x10ffff || is_surrogate(c))
		return 1;
	*out = c;
	return form->size;
}

void utf8_add(struct buf *out, const char *text)
{
	while (*text) {
		uint32_t c;
		size_t n = utf8_read(text, &c);

		if (c == REPLACEMENT)
			buf_adds(out, "\xef\xbf\xbd");
		else
			buf_add(out, text, n);
		text += n;
	}
}
