// SPDX-License-Identifier: Apache-2.0
/*
 * When something is due: passes, recounts, and clocks that are set.
 */
#include "history_stage.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* ---- recount ---- */

static void rows_that_came_late_are_in_after_the_next_recount(void **state)
{
	struct stage *s = *state;
	uint64_t passes;

	s->options.recount_interval_ms = 2 * HOUR_S * 1000;
	s->options.reset_time = "50 hours ago";
	stage_open(s);
	stage_pass(s);
	assert_int_equal(stage_status(s).last_recount_ms / 1000, NOW_S);
	stage_sleep(s, HOUR_S * 1000);
	stage_recordsf(s, "1|TIMEOUT|hpc|%d|%d\n", NOW_S - 20 * HOUR_S, NOW_S - 10 * HOUR_S);
	stage_pass(s);
	assert_total(s, "timeout", 0);
	stage_sleep(s, HOUR_S * 1000);
	passes = stage_status(s).passes;
	while (stage_value(s, "timeout", NULL) == 0)
		stage_next(s);
	assert_total(s, "submitted", 1);
	assert_in_range(stage_status(s).passes - passes, 1, 3);
	while (stage_status(s).phase != HISTORY_IDLE)
		stage_next(s);
	assert_in_range(stage_status(s).last_recount_ms / 1000, NOW_S + 2 * HOUR_S,
			NOW_S + 3 * HOUR_S);
}

static void a_recount_rests_ten_times_as_long_as_it_works_and_passes_go_on(void **state)
{
	struct stage *s = *state;
	uint64_t passes;
	unsigned slices;

	s->options.recount_interval_ms = HOUR_S * 1000;
	s->options.reset_time = "1000 days ago";
	stage_open(s);
	stage_pass(s);
	stage_sleep(s, HOUR_S * 1000);
	s->command_ms = 3000;
	stage_pass(s);
	stage_next(s);
	assert_int_equal(stage_status(s).phase, HISTORY_RECOUNT);
	assert_int_equal(history_due_ms(s->history) - s->mono_ms, 30000);
	passes = stage_status(s).passes;
	slices = stage_asked(s, "ended");
	for (int i = 0; i < 30; i++) {
		int64_t walked_to_ms = stage_status(s).walked_to_ms;

		stage_next(s);
		assert_true(stage_status(s).walked_to_ms >= walked_to_ms);
	}
	assert_in_range(stage_status(s).passes - passes, 8, 15);
	assert_true(stage_asked(s, "ended") - slices == 30);
}

static void a_recount_goes_on_after_a_restart(void **state)
{
	struct stage *s = *state;
	int64_t walked_to_ms;

	s->options.recount_interval_ms = HOUR_S * 1000;
	s->options.reset_time = "100 days ago";
	stage_open(s);
	stage_pass(s);
	stage_sleep(s, HOUR_S * 1000);
	stage_pass(s);
	for (int i = 0; i < 3; i++)
		stage_next(s);
	walked_to_ms = stage_status(s).walked_to_ms;
	assert_int_equal(stage_status(s).phase, HISTORY_RECOUNT);
	stage_sleep(s, 60000);
	stage_pass(s);
	stage_reopen(s);
	assert_int_equal(stage_status(s).phase, HISTORY_RECOUNT);
	assert_true(stage_status(s).walked_to_ms >= walked_to_ms);
}

static void a_recount_is_due_after_a_restart_when_it_would_have_been_without(void **state)
{
	struct stage *s = *state;

	s->options.recount_interval_ms = 10 * HOUR_S * 1000;
	stage_open(s);
	stage_pass(s);
	stage_sleep(s, 9 * HOUR_S * 1000);
	stage_reopen(s);
	stage_pass(s);
	assert_int_equal(stage_status(s).phase, HISTORY_IDLE);
	stage_sleep(s, HOUR_S * 1000);
	stage_pass(s);
	do
		stage_next(s);
	while (stage_status(s).phase == HISTORY_RECOUNT);
	assert_in_range(stage_status(s).last_recount_ms, s->wall_ms - 1000, s->wall_ms);
}

/* ---- clocks ---- */

static void a_clock_that_is_set_back_loses_nothing(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	s->wall_ms -= 5 * HOUR_S * 1000;
	stage_recordsf(s, "1|TIMEOUT|hpc|%d|%d\n", NOW_S - 6 * HOUR_S, NOW_S - 5 * HOUR_S + 30);
	stage_sleep(s, 60000);
	stage_pass(s);
	assert_total(s, "timeout", 1);
	assert_in_range(stage_last_asked(s).from_s, NOW_S - 6 * HOUR_S, NOW_S - 5 * HOUR_S);
	stage_recordsf(s, "1|TIMEOUT|hpc|%d|%d\n2|FAILED|hpc|%d|%" PRId64 "\n", NOW_S - 6 * HOUR_S,
		       NOW_S - 5 * HOUR_S, NOW_S - 6 * HOUR_S, s->wall_ms / 1000);
	stage_pass(s);
	assert_total(s, "submitted", 2);
}

static void a_clock_before_the_reset_time_asks_for_no_window_that_ends_before_it_begins(
	void **state)
{
	struct stage *s = *state;
	struct asked question;

	stage_open(s);
	stage_pass(s);
	s->wall_ms -= 3 * DAY_S * 1000LL;
	stage_pass(s);
	question = stage_last_asked(s);
	assert_true(question.from_s <= question.to_s);
	assert_int_equal(question.from_s, NOW_S - DAY_S);
}

static void a_clock_that_jumps_ahead_and_back_loses_nothing(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	s->wall_ms += 20 * HOUR_S * 1000;
	stage_pass(s);
	s->wall_ms -= 20 * HOUR_S * 1000;
	stage_pass(s);
	stage_recordsf(s, "1|FAILED|hpc|%d|%" PRId64 "\n", NOW_S - HOUR_S, s->wall_ms / 1000);
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_true(stage_status(s).watermark_ms <= s->wall_ms);
}

static void passes_keep_their_pace_and_hurry_when_told(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	assert_int_equal(history_due_ms(s->history), s->mono_ms);
	stage_pass(s);
	assert_int_equal(stage_status(s).last_duration_ms, 20);
	assert_int_equal(history_due_ms(s->history) - s->mono_ms, 60000 - 20);
	assert_false(stage_step(s));
	history_hurry(s->history);
	assert_true(history_due_ms(s->history) <= s->mono_ms);
	stage_pass(s);
	assert_int_equal(stage_status(s).passes, 2);

	/* Passes that take longer than the interval leave as much time again to others. */
	s->command_ms = 40000;
	s->options.timeout_ms = 60000;
	stage_reopen(s);
	stage_pass(s);
	assert_int_equal(history_due_ms(s->history) - s->mono_ms, 80000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_that_came_late_are_in_after_the_next_recount),
		TEST(a_recount_rests_ten_times_as_long_as_it_works_and_passes_go_on),
		TEST(a_recount_goes_on_after_a_restart),
		TEST(a_recount_is_due_after_a_restart_when_it_would_have_been_without),
		TEST(a_clock_that_is_set_back_loses_nothing),
		TEST(a_clock_before_the_reset_time_asks_for_no_window_that_ends_before_it_begins),
		TEST(a_clock_that_jumps_ahead_and_back_loses_nothing),
		TEST(passes_keep_their_pace_and_hurry_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
