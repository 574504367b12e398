// SPDX-License-Identifier: Apache-2.0
#include "utf8.h"

#include <string.h>

/* Which second bytes may follow a first byte; those after it are always 80..BF
 * (table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences"). */
static const struct form {
	unsigned char first_low, first_high, second_low, second_high;
	size_t length;
} forms[] = {
	{ 0x01, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool has_form(const struct form *form, const unsigned char *p)
{
	if (*p < form->first_low || *p > form->first_high)
		return false;
	for (size_t i = 1; i < form->length; i++) {
		unsigned char low = i == 1 ? form->second_low : 0x80;
		unsigned char high = i == 1 ? form->second_high : 0xbf;

		if (p[i] < low || p[i] > high)
			return false;
	}
	return true;
}

/* Length of the well-formed sequence at p, or 0. */
static size_t sequence_length(const char *p)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (has_form(&forms[i], (const unsigned char *)p))
			return forms[i].length;
	return 0;
}

void utf8_add(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = sequence_length(text);

		if (n)
			buf_add(out, text, n);
		else
			buf_adds(out, "\xef\xbf\xbd");
		text += n ? n : 1;
	}
}
