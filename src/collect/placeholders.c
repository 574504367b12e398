// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "definitions.h"

enum { MAX_FILLED_BYTES = 65536 };

static const struct pair *find(const struct pairs *variables, const char *name, size_t n)
{
	for (size_t i = 0; i < variables->n; i++)
		if (strlen(variables->items[i].name) == n &&
		    memcmp(variables->items[i].name, name, n) == 0)
			return &variables->items[i];
	return NULL;
}

const char *placeholders_fill(struct arena *arena, const char *text, const struct pairs *variables)
{
	struct buf filled;
	const char *result = NULL;

	buf_init(&filled, MAX_FILLED_BYTES);
	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const struct pair *variable =
			end ? find(variables, text + 1, (size_t)(end - text - 1)) : NULL;

		if (variable) {
			buf_adds(&filled, variable->value);
			text = end + 1;
		} else {
			buf_addc(&filled, *text++);
		}
	}
	if (!filled.failed)
		result = arena_string(arena, buf_text(&filled));
	buf_done(&filled);
	return result;
}

bool placeholder_is_in(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{'))
		if (strncmp(p + 1, name, n) == 0 && p[1 + n] == '}')
			return true;
	return false;
}

static bool is_known(const char *const *known, const char *name, size_t n)
{
	for (; *known; known++)
		if (strlen(*known) == n && memcmp(*known, name, n) == 0)
			return true;
	return false;
}

void placeholders_check(const char *text, const char *const *known, const struct tree *where,
			struct problems *problems)
{
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_");
		bool is_shells = p > text && p[-1] == '$';

		if (n && p[1 + n] == '}' && !is_shells && !is_known(known, p + 1, n))
			problem_add(problems, where,
				    "{%.*s} stands for nothing here; did you forget it in each?",
				    (int)n, p + 1);
	}
}
