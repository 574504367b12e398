// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "schema_values.h"
#include "slurm_pusher/schema.h"

struct unit {
	const char *name;
	int64_t factor;
	bool only_exact; /* written only where nothing smaller is left over */
};

/* From large to small: the order in which a duration is written. */
static const struct unit duration_units[] = {
	{ "y", INT64_C(365) * 86400000, true },
	{ "w", INT64_C(7) * 86400000, true },
	{ "d", INT64_C(86400000), true },
	{ "h", INT64_C(3600000), false },
	{ "m", INT64_C(60000), false },
	{ "s", INT64_C(1000), false },
	{ "ms", INT64_C(1), false },
	{ 0 },
};

static const struct unit size_units[] = {
	{ "TB", INT64_C(1) << 40, true },
	{ "TiB", INT64_C(1) << 40, true },
	{ "GB", INT64_C(1) << 30, true },
	{ "GiB", INT64_C(1) << 30, true },
	{ "MB", INT64_C(1) << 20, true },
	{ "MiB", INT64_C(1) << 20, true },
	{ "KB", INT64_C(1) << 10, true },
	{ "KiB", INT64_C(1) << 10, true },
	{ "B", 1, true },
	{ 0 },
};

/* Takes "<digits><unit>" from the front; NULL if it is not there or too large. */
static const char *quantity_parse(const char *text, const struct unit *units,
				  const struct unit **unit, int64_t *out)
{
	size_t unit_len;
	int64_t n = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
			return NULL;
	unit_len = strcspn(text, "0123456789");
	for (*unit = units; (*unit)->name; ++*unit)
		if (strlen((*unit)->name) == unit_len &&
		    strncmp((*unit)->name, text, unit_len) == 0)
			break;
	if (!(*unit)->name || __builtin_mul_overflow(n, (*unit)->factor, out))
		return NULL;
	return text + unit_len;
}

int64_t duration_parse(const char *text)
{
	const struct unit *allowed = duration_units, *unit;
	int64_t part, total = 0;

	if (strcmp(text, "0") == 0)
		return 0;
	do {
		text = quantity_parse(text, allowed, &unit, &part);
		if (!text || __builtin_add_overflow(total, part, &total))
			return -1;
		allowed = unit + 1;
	} while (*text);
	return total;
}

int64_t size_parse(const char *text)
{
	const struct unit *unit;
	int64_t bytes;

	if (strcmp(text, "0") == 0)
		return 0;
	text = quantity_parse(text, size_units, &unit, &bytes);
	return text && !*text ? bytes : -1;
}

void duration_format(int64_t ms, char out[32])
{
	size_t used = 0;

	snprintf(out, 32, "0s");
	for (const struct unit *unit = duration_units; ms > 0; unit++) {
		if (ms < unit->factor || (unit->only_exact && ms % unit->factor != 0))
			continue;
		used += (size_t)snprintf(out + used, 32 - used, "%lld%s",
					 (long long)(ms / unit->factor), unit->name);
		ms %= unit->factor;
	}
}

void size_format(int64_t bytes, char out[32])
{
	const struct unit *unit = size_units;

	while (bytes == 0 ? unit->factor > 1 : bytes % unit->factor != 0)
		unit++;
	snprintf(out, 32, "%lld%s", (long long)(bytes / unit->factor), unit->name);
}
