// SPDX-License-Identifier: Apache-2.0
/*
 * Commands that fail, hang, or print what is not an answer.
 */
#include "history_stage.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

static void a_failed_command_settles_nothing_and_is_repeated_after_the_interval(void **state)
{
	static const char *const mischiefs[] = { "fail", "cut", "garbage", "step", "late" };
	static const char *const kinds[] = { "alive", "ended", "jobs" };
	struct stage *s = *state;
	char text[64];
	uint64_t failures = 0;

	stage_recordsf(s, "1|RUNNING|hpc|%d|0\n", NOW_S - 90);
	stage_open(s);
	stage_pass(s);
	for (size_t i = 0; i < ARRAY_LEN(mischiefs) * ARRAY_LEN(kinds); i++) {
		int64_t watermark_ms = stage_status(s).watermark_ms;
		unsigned id = 100 + 10 * (unsigned)i;

		/* A new one ends, and the one that was alive goes without a record. */
		stage_recordsf(s, "%u|RUNNING|hpc|%d|0\n%u|PREEMPTED|hpc|%d|%" PRId64 "\n", id,
			       NOW_S - 90, id + 1, NOW_S - 90, s->wall_ms / 1000);
		snprintf(text, sizeof text, "%s %s 1\n", mischiefs[i % ARRAY_LEN(mischiefs)],
			 kinds[i / ARRAY_LEN(mischiefs)]);
		stage_mischief(s, text);
		stage_next(s);
		assert_false(stage_status(s).up);
		assert_int_equal(stage_status(s).failures, ++failures);
		assert_non_null(strstr(stage_status(s).error, "sacct: "));
		assert_int_equal(stage_status(s).watermark_ms, watermark_ms);
		assert_total(s, "preempted", i);
		assert_total(s, "submitted", 2 * i + 1);
		assert_in_range(history_due_ms(s->history) - s->mono_ms, 59000, 60000);

		stage_pass(s);
		assert_true(stage_status(s).up);
		assert_string_equal(stage_status(s).error, "");
		assert_total(s, "preempted", i + 1);
		assert_total(s, "submitted", 2 * i + 3);
	}
}

static void the_line_that_cannot_be_read_is_named(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|FAILED|hpc|%d|%d\n2|FAILED|hpc|%d|%d\n", NOW_S - 9, NOW_S - 5,
		       NOW_S - 9, NOW_S - 5);
	stage_mischief(s, "step ended\n");
	stage_open(s);
	stage_next(s);
	assert_string_equal(stage_status(s).error, "sacct: line 3: \"77.batch\" is not a job id");
}

static void a_missing_sacct_is_a_failure_like_others(void **state)
{
	struct stage *s = *state;

	s->options.path = s->folder;
	stage_open(s);
	stage_next(s);
	assert_false(stage_status(s).up);
	assert_non_null(strstr(stage_status(s).error, "sacct"));
	assert_in_range(history_due_ms(s->history) - s->mono_ms, 59000, 60000);
	assert_false(stage_step(s));
	assert_int_equal(stage_status(s).failures, 1);
}

static void a_recount_that_cannot_be_started_waits_too(void **state)
{
	struct stage *s = *state;

	assert_int_equal(
		symlink(TEST_SOURCE_DIR "/unit/collect/fake_history/sacct", stage_path(s, "sacct")),
		0);
	s->options.path = s->folder;
	s->options.recount_interval_ms = HOUR_S * 1000;
	stage_open(s);
	stage_pass(s);
	stage_sleep(s, HOUR_S * 1000 - 1000);
	stage_pass(s);
	assert_int_equal(unlink(stage_path(s, "sacct")), 0);
	stage_next(s);
	assert_false(stage_status(s).up);
	assert_int_equal(stage_status(s).failures, 1);
	assert_true(history_due_ms(s->history) > s->mono_ms);
	assert_false(stage_step(s));
}

static void a_hanging_sacct_is_ended_at_its_deadline(void **state)
{
	struct stage *s = *state;

	s->hangs = true;
	stage_mischief(s, "hang alive\n");
	stage_open(s);
	assert_int_equal(history_due_ms(s->history), s->mono_ms);
	assert_false(stage_step(s));
	assert_int_equal(history_due_ms(s->history), s->mono_ms - s->command_ms + 20000);
	stage_next(s);
	assert_non_null(strstr(stage_status(s).error, "timed out"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_command_settles_nothing_and_is_repeated_after_the_interval),
		TEST(the_line_that_cannot_be_read_is_named),
		TEST(a_missing_sacct_is_a_failure_like_others),
		TEST(a_recount_that_cannot_be_started_waits_too),
		TEST(a_hanging_sacct_is_ended_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
