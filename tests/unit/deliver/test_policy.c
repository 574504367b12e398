// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slurm_pusher/policy.h"

struct row {
	int status;
	bool compressed;
	uint32_t samples;
	enum verdict verdict;
};

static void check(enum protocol protocol, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct answer answer = { .status = rows[i].status,
					 .retry_after_ms = -1,
					 .compressed = rows[i].compressed,
					 .samples = rows[i].samples };
		enum verdict verdict = policy_verdict(protocol, &answer);

		if (verdict != rows[i].verdict)
			fail_msg("status %d: %d", rows[i].status, verdict);
	}
}

static void every_answer_to_remote_write_has_its_meaning(void **state)
{
	static const struct row rows[] = {
		{ 0, false, 9, VERDICT_RETRY },      { 200, false, 9, VERDICT_SENT },
		{ 204, false, 9, VERDICT_SENT },     { 299, false, 9, VERDICT_SENT },
		{ 301, false, 9, VERDICT_REJECTED }, { 308, false, 9, VERDICT_REJECTED },
		{ 400, false, 9, VERDICT_REJECTED }, { 401, false, 9, VERDICT_REPAIR },
		{ 402, false, 9, VERDICT_REJECTED }, { 403, false, 9, VERDICT_REPAIR },
		{ 404, false, 9, VERDICT_REPAIR },   { 405, false, 9, VERDICT_REPAIR },
		{ 408, false, 9, VERDICT_RETRY },    { 409, false, 9, VERDICT_REJECTED },
		{ 413, false, 2, VERDICT_SPLIT },    { 413, false, 1, VERDICT_REJECTED },
		{ 415, false, 9, VERDICT_REJECTED }, { 422, false, 9, VERDICT_REJECTED },
		{ 425, false, 9, VERDICT_RETRY },    { 429, false, 9, VERDICT_RETRY },
		{ 500, false, 9, VERDICT_RETRY },    { 503, false, 9, VERDICT_RETRY },
		{ 599, false, 9, VERDICT_RETRY },    { 600, false, 9, VERDICT_REJECTED },
		{ -1, false, 9, VERDICT_REJECTED },
	};

	(void)state;
	check(PROTOCOL_REMOTE_WRITE, rows, sizeof rows / sizeof *rows);
}

static void every_answer_of_a_pushgateway_has_its_meaning(void **state)
{
	static const struct row rows[] = {
		{ 0, true, 9, VERDICT_RETRY },       { 200, true, 9, VERDICT_SENT },
		{ 202, false, 0, VERDICT_SENT },     { 301, true, 9, VERDICT_REJECTED },
		{ 400, false, 9, VERDICT_REJECTED }, { 400, true, 9, VERDICT_PLAIN },
		{ 403, true, 9, VERDICT_REJECTED },  { 404, false, 9, VERDICT_REJECTED },
		{ 408, false, 9, VERDICT_RETRY },    { 413, true, 9, VERDICT_REJECTED },
		{ 415, false, 9, VERDICT_REJECTED }, { 415, true, 9, VERDICT_PLAIN },
		{ 429, false, 9, VERDICT_RETRY },    { 500, true, 9, VERDICT_RETRY },
		{ 503, false, 9, VERDICT_RETRY },
	};

	(void)state;
	check(PROTOCOL_PUSHGATEWAY, rows, sizeof rows / sizeof *rows);
}

/* A tenth of jitter of the wait; `half` of it is none. */
static uint64_t half(int64_t wait)
{
	return (uint64_t)(wait / 10);
}

static void backoff_doubles_up_to_its_maximum(void **state)
{
	static const int64_t waits[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
	struct backoff b = { .min_ms = 100, .max_ms = 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
		assert_int_equal(backoff_next(&b, -1, half(waits[i])), waits[i]);
	assert_int_equal(b.attempts, 7);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, -1, half(100)), 100);
}

static void backoff_varies_by_a_tenth_either_way(void **state)
{
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (uint64_t chance = 0; chance < 1000; chance++) {
		struct backoff b = { .min_ms = 1000, .max_ms = 5000 };
		int64_t wait = backoff_next(&b, -1, chance * UINT64_C(0x9e3779b97f4a7c15));

		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_in_range(least, 900, 905);
	assert_in_range(most, 1095, 1100);
}

static void backoff_is_never_less_than_retry_after_nor_more_than_an_hour_of_it(void **state)
{
	static const struct {
		int64_t retry_after_ms, wait;
	} table[] = {
		{ -1, 100 },
		{ 0, 100 },
		{ 50, 100 },
		{ 7000, 7000 },
		{ 3600000, 3600000 },
		{ 3600001, 3600000 },
		{ INT64_MAX, 3600000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct backoff b = { .min_ms = 100, .max_ms = 1000 };

		assert_int_equal(backoff_next(&b, table[i].retry_after_ms, half(100)),
				 table[i].wait);
	}
}

static void backoff_always_waits(void **state)
{
	struct backoff nothing = { 0 };
	struct backoff endless = { .min_ms = 1000, .max_ms = 5000, .attempts = UINT32_MAX - 1 };

	(void)state;
	assert_int_equal(backoff_next(&nothing, -1, 0), 1);
	assert_int_equal(backoff_next(&endless, -1, half(5000)), 5000);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	static const int64_t now_ms = INT64_C(784111777) * 1000; /* 1994-11-06 08:49:37 */
	static const struct {
		const char *text;
		int64_t ms;
	} table[] = {
		{ "0", 0 },
		{ "120", 120000 },
		{ " 5 ", 5000 },
		{ "99999999999999999999", INT64_C(2147483647000) },
		{ "Sun, 06 Nov 1994 08:49:47 GMT", 10000 },
		{ "Sunday, 06-Nov-94 08:50:37 GMT", 60000 },
		{ "Sun Nov  6 09:49:37 1994", 3600000 },
		{ "Sun, 06 Nov 1994 08:49:07 GMT", 0 },
		{ "", -1 },
		{ "-1", -1 },
		{ "1.5", -1 },
		{ "10 s", -1 },
		{ "soon", -1 },
		{ "Sun, 06 Nov 1994 08:49:47 CET", -1 },
		{ "Sun, 06 Nov 1994 08:49:47 GMT or later", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t ms = retry_after_parse(table[i].text, now_ms);

		if (ms != table[i].ms)
			fail_msg("\"%s\": %lld", table[i].text, (long long)ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_to_remote_write_has_its_meaning),
		cmocka_unit_test(every_answer_of_a_pushgateway_has_its_meaning),
		cmocka_unit_test(backoff_doubles_up_to_its_maximum),
		cmocka_unit_test(backoff_varies_by_a_tenth_either_way),
		cmocka_unit_test(
			backoff_is_never_less_than_retry_after_nor_more_than_an_hour_of_it),
		cmocka_unit_test(backoff_always_waits),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
