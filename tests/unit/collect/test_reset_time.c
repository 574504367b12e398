// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "slurm_pusher/history.h"
#include "test.h"

#define NOW_S INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

/* Central Europe, without a database of zones. */
static int set_zone(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static int64_t parse(const char *text, bool utc)
{
	struct err err;
	int64_t ms = -1;

	if (reset_time_parse(text, NOW_S * 1000 + 999, utc, &ms, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(ms % 1000, 0);
	return ms / 1000;
}

static void understands_relative_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ago_s;
	} cases[] = {
		{ "24 hours ago", 86400 },
		{ "7 days ago", 7 * 86400 },
		{ "1 week ago", 7 * 86400 },
		{ "1 hour ago", 3600 },
		{ "90 minutes ago", 5400 },
		{ "30 seconds ago", 30 },
		{ "2weeks ago", 14 * 86400 },
		{ "  24  hours\tago \n", 86400 },
		{ "0 days ago", 0 },
		{ "now", 0 },
		{ "now-24hours", 86400 },
		{ "now-1day", 86400 },
		{ "now-2weeks", 14 * 86400 },
		{ "now-90minutes", 5400 },
		{ "now-60", 60 },
		{ "now-7days", 7 * 86400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(NOW_S - parse(cases[i].text, false), cases[i].ago_s);
}

static void understands_dates_with_and_without_a_zone(void **state)
{
	static const struct {
		const char *text;
		bool utc;
		int64_t s;
	} cases[] = {
		{ "2026-01-26", true, 1769385600 },
		{ "2026-01-26", false, 1769385600 - 3600 },
		{ "2026-01-26T12:00:00", true, 1769428800 },
		{ "2026-01-26T12:00:00", false, 1769428800 - 3600 },
		{ "2026-01-26T12:00", true, 1769428800 },
		{ "2026-01-26 12:00:00", true, 1769428800 },
		{ "2026-01-26T12:00:00Z", false, 1769428800 },
		{ "2026-01-26 12:00:00 Z", false, 1769428800 },
		{ "2026-01-26T12:00:00+01:00", true, 1769428800 - 3600 },
		{ "2026-01-26T12:00:00-05:30", false, 1769428800 + 19800 },
		{ "2026-01-26T12:00:00+0100", false, 1769428800 - 3600 },
		{ "2026-01-26Z", false, 1769385600 },
		{ "2026-01-26T12:00:00\n", true, 1769428800 },
		{ "2026-07-26T12:00:00", false, 1785067200 - 7200 },
		{ "2026-07-26T12:00:00", true, 1785067200 },
		{ "2024-02-29", true, 1709164800 },
		{ "1970-01-01", true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse(cases[i].text, cases[i].utc), cases[i].s);
}

static void an_hour_that_the_clocks_skip_is_still_a_time(void **state)
{
	int64_t s = parse("2026-03-29T02:30:00", false);

	(void)state;
	assert_in_range(s, 1774747800 - 3600, 1774747800 + 3600);
}

static void refuses_garbage_and_lists_the_forms(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"yesterday",
		"24",
		"24 hours",
		"hours ago",
		"24 hours agony",
		"-24 hours ago",
		"24 fortnights ago",
		"99999999 hours ago",
		"now-",
		"now-24parsecs",
		"now+1hour",
		"nowadays",
		"2026",
		"2026-1-26",
		"2026-13-01",
		"2026-00-01",
		"2026-02-30",
		"2026-01-00",
		"2023-02-29",
		"2026-01-26T",
		"2026-01-26T24:00:00",
		"2026-01-26T12:60:00",
		"2026-01-26T12:00:61",
		"2026-01-26T12",
		"2026-01-26T12:00:00X",
		"2026-01-26T12:00:00+1",
		"2026-01-26T12:00:00+16:00",
		"2026-01-26T12:00:00+01:60",
		"2026-01-26T12:00:00Zebra",
		"01/26/26",
		"uts1769428800",
		"2026-01-26                                                              T12:00:00",
	};
	struct err err;
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (reset_time_parse(cases[i], NOW_S * 1000, true, &ms, &err) != ERR_FORMAT)
			fail_msg("\"%s\" was understood", cases[i]);
		assert_int_equal(ms, 42);
		assert_non_null(strstr(err.text, "\"24 hours ago\""));
		assert_non_null(strstr(err.text, "\"2026-01-26T12:00:00\""));
	}
}

static void refuses_what_lies_in_the_future_or_before_all_time(void **state)
{
	struct err err;
	int64_t ms;

	(void)state;
	assert_int_equal(reset_time_parse("2027-01-15T08:00:01Z", NOW_S * 1000, true, &ms, &err),
			 ERR_FORMAT);
	assert_non_null(strstr(err.text, "future"));
	assert_int_equal(parse("2027-01-15T08:00:00Z", true), NOW_S);
	assert_int_equal(reset_time_parse("1969-12-31", NOW_S * 1000, true, &ms, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, "1970"));
	assert_int_equal(reset_time_parse("999999 weeks ago", NOW_S * 1000, true, &ms, &err),
			 ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_relative_times),
		cmocka_unit_test(understands_dates_with_and_without_a_zone),
		cmocka_unit_test(an_hour_that_the_clocks_skip_is_still_a_time),
		cmocka_unit_test(refuses_garbage_and_lists_the_forms),
		cmocka_unit_test(refuses_what_lies_in_the_future_or_before_all_time),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
