// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "history_rows.h"
#include "test.h"

enum { RESET_S = 1000, NOW_S = 5000 };

/* As history_row(), with | between the fields. */
static int take(struct history_rows *rows, const char *text, struct err *err)
{
	char line[128];

	snprintf(line, sizeof line, "%s", text);
	for (char *at = line; (at = strchr(at, '|'));)
		*at = '\x1f';
	return history_row(rows, line, strlen(line), err);
}

static void a_row_that_is_not_one_is_refused_and_says_why(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "", "expected 5 fields, found 1" },
		{ "1|FAILED|hpc|2000", "expected 5 fields, found 4" },
		{ "1|FAILED|hpc|2000|3000|", "expected 5 fields, found 6" },
		{ "1.batch|FAILED|hpc|2000|3000", "\"1.batch\" is not a job id" },
		{ "|FAILED|hpc|2000|3000", "\"\" is not a job id" },
		{ "-1|FAILED|hpc|2000|3000", "\"-1\" is not a job id" },
		{ "4294967296|FAILED|hpc|2000|3000", "\"4294967296\" is not a job id" },
		{ "99999999999999999999999999999|FAILED|hpc|2000|3000",
		  "\"99999999999999999999999999999\" is not a job id" },
		{ "1|FAILED|hpc|2026-01-26T12:00:00|3000",
		  "\"2026-01-26T12:00:00\" is not a time in seconds" },
		{ "1|FAILED|hpc|2000|soon", "\"soon\" is not a time in seconds" },
		{ "1|FAILED|hpc|2000|9999999999999999",
		  "\"9999999999999999\" is not a time in seconds" },
	};
	struct history_sets found;
	struct history_rows rows = { &found, RESET_S, NOW_S, 0 };
	struct err err;

	(void)state;
	assert_int_equal(history_sets_init(&found, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(take(&rows, cases[i].line, &err), ERR_FORMAT);
		assert_string_equal(err.text, cases[i].why);
	}
	assert_int_equal(rows.n, 0);
	assert_true(roaring_bitmap_is_empty(found.seen));
	history_sets_done(&found);
}

enum { NONE = -1, NOWHERE = 0, SUBMITTED = 1, ALIVE = 2, LATER = 4, REQUEUED = 8 };

static int places(const struct history_sets *found)
{
	return (ids_contain(&found->ended[TOTAL_SUBMITTED], 7) ? SUBMITTED : 0) |
	       (ids_contain(&found->alive, 7) ? ALIVE : 0) | (found->later.n ? LATER : 0) |
	       (found->requeued.n ? REQUEUED : 0);
}

static void a_row_goes_where_it_belongs(void **state)
{
	static const struct {
		const char *line;
		int total, places;
	} cases[] = {
		{ "7|COMPLETED|hpc|2000|3000", TOTAL_COMPLETED, SUBMITTED },
		{ "7|CANCELLED by 1000|hpc|2000|3000", TOTAL_CANCELLED, SUBMITTED },
		{ "7|CANCELLED|hpc|Unknown|3000", TOTAL_CANCELLED, NOWHERE },
		{ "7|CANCELLED|hpc|5000|3000", TOTAL_CANCELLED, SUBMITTED },
		{ "7|CANCELLED|hpc|5001|3000", TOTAL_CANCELLED, LATER },
		{ "7|OUT_OF_MEMORY|hpc|900|1000", TOTAL_OUT_OF_MEMORY, SUBMITTED },
		{ "7|OUT_OF_MEMORY|hpc|900|999", NONE, NOWHERE },
		{ "7|NODE_FAIL|hpc|2000|3000", TOTAL_NODE_FAILED, SUBMITTED },
		{ "7|DEADLINE|hpc|2000|3000", NONE, SUBMITTED },
		{ "7|COMPLETEDLY|hpc|2000|3000", NONE, SUBMITTED },
		{ "7|REQUEUED|hpc|2000|3000", NONE, SUBMITTED | REQUEUED },
		{ "7|RUNNING|hpc|2000|Unknown", NONE, ALIVE },
		{ "7|RUNNING|hpc|5000|", NONE, ALIVE },
		{ "7|PENDING|hpc|5001|Unknown", NONE, NOWHERE },
		{ "7|PENDING|hpc|Unknown|Unknown", NONE, NOWHERE },
		{ "7|PENDING|hpc|None|None", NONE, NOWHERE },
		{ "7|REVOKED|hpc|2000|3000", NONE, NOWHERE },
		{ "7|REVOKED|hpc|2000|Unknown", NONE, NOWHERE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct history_sets found;
		struct history_rows rows = { &found, RESET_S, NOW_S, 0 };
		struct err err;

		assert_int_equal(history_sets_init(&found, NULL), 0);
		assert_ok(take(&rows, cases[i].line, &err), &err);
		assert_true(roaring_bitmap_contains(found.seen, 7));
		for (int t = TOTAL_SUBMITTED + 1; t < N_TOTALS; t++)
			assert_int_equal(ids_contain(&found.ended[t], 7), t == cases[i].total);
		assert_int_equal(places(&found), cases[i].places);
		history_sets_done(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_that_is_not_one_is_refused_and_says_why),
		cmocka_unit_test(a_row_goes_where_it_belongs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
