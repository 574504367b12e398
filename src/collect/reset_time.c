// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "slurm_pusher/history.h"

enum { MAX_TEXT = 64 };

static const struct unit {
	const char *name;
	int64_t seconds;
} units[] = {
	{ "second", 1 }, { "minute", 60 }, { "hour", 3600 }, { "day", 86400 }, { "week", 604800 },
};

/* ---- pieces; each returns what comes after, or NULL ---- */

/* Between `min` and `max` digits. */
static const char *take_digits(const char *at, int min, int max, int *out)
{
	int n = 0;

	for (*out = 0; n < max && at[n] >= '0' && at[n] <= '9'; n++)
		*out = *out * 10 + (at[n] - '0');
	return n < min ? NULL : at + n;
}

static const char *take_text(const char *at, const char *text)
{
	size_t n = strlen(text);

	return at && strncmp(at, text, n) == 0 ? at + n : NULL;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* "hour" or "hours". */
static const char *take_unit(const char *at, int64_t *seconds)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		const char *end = take_text(at, units[i].name);

		if (!end)
			continue;
		*seconds = units[i].seconds;
		return *end == 's' ? end + 1 : end;
	}
	return NULL;
}

/* ---- forms ---- */

/* "24 hours ago" */
static bool parse_ago(const char *at, int64_t *seconds)
{
	int64_t unit;
	int n;

	if (!(at = take_digits(at, 1, 6, &n)) || !(at = take_unit(skip_blanks(at), &unit)))
		return false;
	*seconds = n * unit;
	at = take_text(skip_blanks(at), "ago");
	return at && !*at;
}

/* "now-24hours", and "now-60" for seconds, as sacct has it */
static bool parse_now(const char *at, int64_t *seconds)
{
	int64_t unit = 1;
	int n = 0;

	if (!(at = take_text(at, "now")))
		return false;
	if (*at == '-' && !(at = take_digits(at + 1, 1, 9, &n)))
		return false;
	if (n && *at && !(at = take_unit(at, &unit)))
		return false;
	*seconds = n * unit;
	return !*at;
}

struct zone {
	bool given;
	int64_t offset_s;
};

/* "Z", "+01:00", "-0530", or nothing */
static const char *take_zone(const char *at, struct zone *zone)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*zone = (struct zone){ .given = *at };
	if (!*at)
		return at;
	if (*at == 'Z')
		return at + 1;
	if ((*at != '+' && *at != '-') || !(at = take_digits(at + 1, 2, 2, &hours)))
		return NULL;
	if (!(at = take_digits(at + (*at == ':'), 2, 2, &minutes)) || hours > 15 || minutes > 59)
		return NULL;
	zone->offset_s = sign * (hours * 3600 + minutes * 60);
	return at;
}

/* "T12:00:00", " 12:00", or nothing */
static const char *take_clock(const char *at, struct tm *tm)
{
	if (*at != 'T' && *at != ' ')
		return at;
	if (!(at = take_digits(at + 1, 2, 2, &tm->tm_hour)) || !(at = take_text(at, ":")) ||
	    !(at = take_digits(at, 2, 2, &tm->tm_min)))
		return NULL;
	if (*at == ':' && !(at = take_digits(at + 1, 2, 2, &tm->tm_sec)))
		return NULL;
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60 ? at : NULL;
}

/* "2026-01-26" */
static const char *take_day(const char *at, struct tm *tm)
{
	struct tm day;

	if (!(at = take_digits(at, 4, 4, &tm->tm_year)) || !(at = take_text(at, "-")) ||
	    !(at = take_digits(at, 2, 2, &tm->tm_mon)) || !(at = take_text(at, "-")) ||
	    !(at = take_digits(at, 2, 2, &tm->tm_mday)))
		return NULL;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	day = *tm;
	/* timegm() turns a day that the month does not have into one of its neighbours. */
	timegm(&day);
	return day.tm_mon == tm->tm_mon ? at : NULL;
}

static bool parse_date(const char *at, bool utc, int64_t *out_s)
{
	struct tm tm = { .tm_isdst = -1 };
	struct zone zone;

	if (!(at = take_day(at, &tm)) || !(at = take_clock(at, &tm)) ||
	    !(at = take_zone(at + (at[0] == ' '), &zone)) || *at)
		return false;
	if (zone.given || utc)
		*out_s = timegm(&tm) - zone.offset_s;
	else
		*out_s = mktime(&tm);
	return true;
}

/* ---- */

/* Without the white space around it; false if it is too long to be one. */
static bool trim(const char *text, char *out)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (n >= MAX_TEXT)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

int reset_time_parse(const char *text, int64_t wall_ms, bool utc, int64_t *out_ms, struct err *err)
{
	char trimmed[MAX_TEXT] = { 0 };
	int64_t now_s = wall_ms / 1000, s;
	bool ok = trim(text, trimmed);

	if (ok && (parse_ago(trimmed, &s) || parse_now(trimmed, &s)))
		s = now_s - s;
	else
		ok = ok && parse_date(trimmed, utc, &s);
	if (!ok)
		return err_set(
			err, ERR_FORMAT,
			"reset time \"%.64s\" cannot be understood; write \"24 hours ago\" (or "
			"minutes, days, weeks), \"now-24hours\", \"2026-01-26\", or "
			"\"2026-01-26T12:00:00\" with or without \"Z\" or \"+01:00\" at its end",
			text);
	if (s < 0 || s > now_s)
		return err_set(err, ERR_FORMAT, "reset time \"%.64s\" lies %s", text,
			       s < 0 ? "before 1970" : "in the future");
	*out_ms = s * 1000;
	return 0;
}
