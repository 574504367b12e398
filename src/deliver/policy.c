// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/policy.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RETRY_AFTER_MAX_MS = 3600 * 1000 };

/* The first rule that holds the status decides; the rest, at the end, is rejected. */
struct rule {
	int first, last;
	enum verdict verdict;
};

static const struct rule remote_write_rules[] = {
	{ 0, 0, VERDICT_RETRY },      { 200, 299, VERDICT_SENT },
	{ 401, 401, VERDICT_REPAIR }, { 403, 405, VERDICT_REPAIR },
	{ 408, 408, VERDICT_RETRY },  { 413, 413, VERDICT_SPLIT },
	{ 425, 425, VERDICT_RETRY },  { 429, 429, VERDICT_RETRY },
	{ 500, 599, VERDICT_RETRY },  { INT_MIN, INT_MAX, VERDICT_REJECTED },
};

static const struct rule pushgateway_rules[] = {
	{ 0, 0, VERDICT_RETRY },     { 200, 299, VERDICT_SENT },
	{ 408, 408, VERDICT_RETRY }, { 429, 429, VERDICT_RETRY },
	{ 500, 599, VERDICT_RETRY }, { INT_MIN, INT_MAX, VERDICT_REJECTED },
};

static enum verdict rule_find(const struct rule *rule, int status)
{
	while (status < rule->first || status > rule->last)
		rule++;
	return rule->verdict;
}

static enum verdict remote_write_verdict(const struct answer *answer)
{
	enum verdict verdict = rule_find(remote_write_rules, answer->status);

	if (verdict == VERDICT_SPLIT && answer->samples <= 1)
		return VERDICT_REJECTED;
	return verdict;
}

/* A server that does not know gzip reads the compressed bytes as text, and says 400. */
static enum verdict pushgateway_verdict(const struct answer *answer)
{
	if (answer->compressed && (answer->status == 400 || answer->status == 415))
		return VERDICT_PLAIN;
	return rule_find(pushgateway_rules, answer->status);
}

enum verdict policy_verdict(enum protocol protocol, const struct answer *answer)
{
	return protocol == PROTOCOL_REMOTE_WRITE ? remote_write_verdict(answer)
						 : pushgateway_verdict(answer);
}

static int64_t bounded(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

int64_t backoff_next(struct backoff *b, int64_t retry_after_ms, uint64_t chance)
{
	int64_t wait = b->min_ms > 0 ? b->min_ms : 1;
	int64_t least = bounded(retry_after_ms, 0, RETRY_AFTER_MAX_MS);

	for (unsigned i = 0; i < b->attempts && wait < b->max_ms; i++)
		wait *= 2;
	wait = bounded(wait, 1, b->max_ms > 1 ? b->max_ms : 1);
	b->attempts++;
	wait += (int64_t)(chance % (uint64_t)(wait / 5 + 1)) - wait / 10;
	return wait > least ? wait : least;
}

void backoff_reset(struct backoff *b)
{
	b->attempts = 0;
}

/* The three forms that RFC 9110, 5.6.7 wants understood. */
static const char *const date_formats[] = {
	"%a, %d %b %Y %H:%M:%S GMT",
	"%A, %d-%b-%y %H:%M:%S GMT",
	"%a %b %e %H:%M:%S %Y",
};

static int64_t date_parse(const char *text)
{
	for (size_t i = 0; i < sizeof date_formats / sizeof *date_formats; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, date_formats[i], &tm);

		if (end && end[strspn(end, " \t")] == '\0')
			return timegm(&tm);
	}
	return -1;
}

static int64_t seconds_parse(const char *text)
{
	char *end;
	long long seconds;

	if (*text < '0' || *text > '9')
		return -1;
	seconds = strtoll(text, &end, 10);
	if (end[strspn(end, " \t")] != '\0')
		return -1;
	return bounded(seconds, 0, INT32_MAX);
}

int64_t retry_after_parse(const char *text, int64_t wall_ms)
{
	int64_t value;

	text += strspn(text, " \t");
	value = seconds_parse(text);
	if (value >= 0)
		return value * 1000;
	value = date_parse(text);
	if (value < 0)
		return -1;
	return value * 1000 > wall_ms ? value * 1000 - wall_ms : 0;
}
