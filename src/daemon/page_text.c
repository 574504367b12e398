// SPDX-License-Identifier: Apache-2.0
#include "page_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void page_escape(struct buf *out, const char *text)
{
	static const char *const entities[256] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};

	for (; *text; text++) {
		const char *entity = entities[(unsigned char)*text];

		if (entity)
			buf_adds(out, entity);
		else
			buf_addc(out, *text);
	}
}

void page_count(struct buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

void page_duration(struct buf *out, int64_t ms)
{
	static const struct {
		int64_t below_ms, unit_ms;
		const char *unit;
	} steps[] = {
		{ 120 * 1000, 1000, "s" },
		{ 120 * 60000, 60000, "min" },
		{ 48 * 3600000, 3600000, "h" },
		{ INT64_MAX, 86400000, "d" },
	};
	size_t i = 0;

	if (ms < 1000) {
		buf_addf(out, "%" PRId64 " ms", ms > 0 ? ms : 0);
		return;
	}
	if (ms < 10000) {
		buf_addf(out, "%.1f s", (double)ms / 1000);
		return;
	}
	while (ms >= steps[i].below_ms)
		i++;
	buf_addf(out, "%" PRId64 " %s", ms / steps[i].unit_ms, steps[i].unit);
}

void page_ago(struct buf *out, int64_t now_ms, int64_t then_ms)
{
	if (!then_ms) {
		buf_adds(out, "never");
		return;
	}
	page_duration(out, now_ms - then_ms);
	buf_adds(out, " ago");
}

void page_time(struct buf *out, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[40];

	if (!ms || !gmtime_r(&seconds, &tm)) {
		buf_adds(out, "never");
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm);
	buf_adds(out, text);
}

void page_bytes(struct buf *out, uint64_t n)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double scaled = (double)n / 1024;
	size_t i = 0;

	if (n < 1024) {
		buf_addf(out, "%" PRIu64 " B", n);
		return;
	}
	for (; scaled >= 1024 && i < 3; i++)
		scaled /= 1024;
	buf_addf(out, "%.*f %s", scaled < 9.95 ? 1 : 0, scaled, units[i]);
}
