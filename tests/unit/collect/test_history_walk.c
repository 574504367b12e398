// SPDX-License-Identifier: Apache-2.0
/*
 * Slices: how a long history is read, and what becomes too much for one command.
 */
#include "history_stage.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

static void a_long_history_is_read_in_slices_without_a_gap(void **state)
{
	struct stage *s = *state;
	struct asked questions[100];
	int64_t read_to_s = NOW_S - 30 * DAY_S;
	size_t n;

	s->options.reset_time = "30 days ago";
	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n2|FAILED|hpc|%d|%d\n3|FAILED|hpc|%d|%d\n",
		       NOW_S - 31 * DAY_S, NOW_S - 30 * DAY_S, NOW_S - 12 * DAY_S,
		       NOW_S - 11 * DAY_S, NOW_S - DAY_S, NOW_S - 5);
	stage_open(s);
	while (!stage_status(s).complete) {
		assert_total(s, "submitted", -1);
		assert_int_equal(stage_status(s).phase, HISTORY_FIRST_COUNT);
		assert_true(stage_status(s).walked_to_ms <= stage_status(s).walk_end_ms);
		stage_next(s);
	}
	assert_total(s, "submitted", 3);
	assert_total(s, "failed", 2);
	n = stage_questions(s, questions, ARRAY_LEN(questions));
	assert_in_range(n, 4, 20);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(questions[i].kind, "ended") != 0)
			continue;
		assert_int_equal(questions[i].from_s, read_to_s);
		read_to_s = questions[i].to_s;
	}
	assert_true(read_to_s >= NOW_S);
	assert_string_equal(questions[n - 1].kind, "ended");
	assert_string_equal(questions[n - 2].kind, "alive");
}

static int64_t last_slice_s(const struct stage *s)
{
	struct asked question = stage_last_asked(s);

	return question.to_s - question.from_s;
}

static void a_slice_near_its_deadline_halves_the_next_and_a_quick_one_doubles_it(void **state)
{
	struct stage *s = *state;

	s->options.reset_time = "1000 days ago";
	stage_open(s);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 50 * HOUR_S);
	s->command_ms = s->options.timeout_ms / 2 + 1;
	stage_next(s);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 50 * HOUR_S);
	s->command_ms = s->options.timeout_ms / 4; /* neither near nor far */
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S);
	s->command_ms = 10;
	for (int i = 0; i < 6; i++)
		stage_next(s);
	assert_int_equal(last_slice_s(s), 7 * DAY_S);
}

static void a_slice_near_its_bound_of_bytes_halves_the_next(void **state)
{
	struct stage *s = *state;

	s->options.reset_time = "100 days ago";
	s->options.max_output_bytes = 60; /* a row is 37 */
	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n", NOW_S - 100 * DAY_S, NOW_S - 100 * DAY_S);
	stage_open(s);
	stage_next(s);
	assert_true(stage_status(s).up);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S / 2);
}

static void a_slice_of_very_many_rows_halves_the_next(void **state)
{
	struct stage *s = *state;
	FILE *f;

	f = fopen(stage_path(s, "records"), "w");
	assert_non_null(f);
	for (int id = 1; id <= 50001; id++)
		fprintf(f, "%d|COMPLETED|hpc|1|%d\n", id, NOW_S - 100 * DAY_S);
	fclose(f);
	s->options.reset_time = "100 days ago";
	s->options.max_output_bytes = 64 << 20;
	stage_open(s);
	stage_next(s);
	assert_int_equal(stage_status(s).rows, 50001);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S / 2);
}

static void a_slice_that_runs_into_its_deadline_is_tried_again_at_half_its_length_at_once(
	void **state)
{
	struct stage *s = *state;
	struct asked questions[2];
	int64_t wall_ms;

	s->options.reset_time = "10 days ago";
	s->hangs = true;
	stage_mischief(s, "hang ended 1\n");
	stage_open(s);
	stage_next(s);
	assert_false(stage_status(s).up);
	assert_non_null(strstr(stage_status(s).error, "timed out"));
	wall_ms = s->wall_ms;
	stage_next(s);
	assert_true(stage_status(s).up);
	assert_in_range(s->wall_ms - wall_ms, 0, 5000);
	stage_questions(s, questions, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(questions[i].from_s, NOW_S - 10 * DAY_S);
		assert_int_equal(questions[i].to_s - questions[i].from_s, 25 * HOUR_S / (i + 1));
	}
}

static void at_one_second_it_waits_for_the_interval(void **state)
{
	struct stage *s = *state;
	struct pollfd fds[HISTORY_MAX_FDS];
	int64_t wall_ms;

	s->options.max_output_bytes = 30; /* less than a row */
	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n", NOW_S - DAY_S, NOW_S - DAY_S);
	stage_open(s);
	do
		stage_next(s);
	while (history_pollfds(s->history, fds)); /* at once */
	assert_int_equal(last_slice_s(s), 1);
	assert_false(stage_status(s).up);
	assert_in_range(s->wall_ms, NOW_S * 1000LL, (NOW_S + 1) * 1000LL);
	wall_ms = s->wall_ms;
	stage_next(s);
	assert_in_range(s->wall_ms - wall_ms, 60000, 61000);
	assert_int_equal(last_slice_s(s), 1);
	assert_total(s, "submitted", -1);

	/* The rest is not lost. */
	stage_records(s, "");
	stage_pass(s);
	assert_total(s, "submitted", 0);
}

static void the_first_count_rests_as_long_as_it_worked(void **state)
{
	struct stage *s = *state;

	s->options.reset_time = "10 days ago";
	s->command_ms = 700;
	stage_open(s);
	stage_next(s);
	assert_int_equal(history_due_ms(s->history) - s->mono_ms, 700);
}

static void a_first_count_goes_on_where_a_restart_found_it(void **state)
{
	struct stage *s = *state;
	int64_t walked_to_ms;

	s->options.reset_time = "100 days ago";
	s->options.interval_ms = 20; /* also the pace at which progress is saved */
	s->options.overlap_ms = 10000;
	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n", NOW_S - 100 * DAY_S, NOW_S - 100 * DAY_S);
	stage_open(s);
	for (int i = 0; i < 6; i++)
		stage_next(s);
	walked_to_ms = stage_status(s).walked_to_ms;
	stage_records(s, "");
	stage_reopen(s);
	assert_false(stage_status(s).complete);
	assert_int_equal(stage_status(s).walked_to_ms, walked_to_ms);
	stage_next(s);
	assert_int_equal(stage_last_asked(s).from_s * 1000, walked_to_ms - 10000);
	stage_pass(s);
	assert_total(s, "completed", 1);
}

static void a_long_absence_is_made_up_for_in_slices(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|RUNNING|hpc|%d|0\n", NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	stage_sleep(s, 10 * DAY_S * 1000LL);
	stage_recordsf(s, "1|FAILED|hpc|%d|%d\n", NOW_S - 50, NOW_S + 60);
	stage_reopen(s);
	assert_total(s, "submitted", 1);
	assert_total(s, "failed", 0);
	stage_next(s);
	assert_int_equal(stage_last_asked(s).from_s, NOW_S - 600);
	assert_total(s, "failed", 0); /* values change with a whole pass only */
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 1);
	assert_true(stage_asked(s, "ended") > 3);
}

static void a_pass_over_a_short_window_teaches_nothing_about_longer_slices(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	for (int i = 0; i < 5; i++)
		stage_pass(s);
	stage_sleep(s, 20 * DAY_S * 1000LL);
	stage_next(s);
	assert_int_equal(last_slice_s(s), 25 * HOUR_S);
}

static void a_row_that_comes_within_the_overlap_is_in_with_the_next_pass(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	stage_pass(s);
	stage_recordsf(s, "1|FAILED|hpc|%d|%d\n2|FAILED|hpc|%d|%d\n", NOW_S - 900, NOW_S - 400,
		       NOW_S - 900, NOW_S + 60 - 600);
	stage_pass(s);
	assert_total(s, "failed", 2);
}

static void a_missing_job_stays_counted_while_it_cannot_be_asked_for(void **state)
{
	struct stage *s = *state;

	s->options.interval_ms = 1000;
	stage_recordsf(s, "1|RUNNING|hpc|%d|0\n", NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	stage_records(s, "");
	stage_mischief(s, "fail jobs\n");
	stage_next(s);
	assert_false(stage_status(s).up);
	stage_sleep(s, 10 * DAY_S * 1000LL);
	stage_next(s); /* a slice, and its progress is saved */
	assert_true(stage_status(s).up);
	stage_reopen(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "hpc", "submitted", 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_long_history_is_read_in_slices_without_a_gap),
		TEST(a_slice_near_its_deadline_halves_the_next_and_a_quick_one_doubles_it),
		TEST(a_slice_near_its_bound_of_bytes_halves_the_next),
		TEST(a_slice_of_very_many_rows_halves_the_next),
		TEST(a_slice_that_runs_into_its_deadline_is_tried_again_at_half_its_length_at_once),
		TEST(at_one_second_it_waits_for_the_interval),
		TEST(the_first_count_rests_as_long_as_it_worked),
		TEST(a_first_count_goes_on_where_a_restart_found_it),
		TEST(a_long_absence_is_made_up_for_in_slices),
		TEST(a_pass_over_a_short_window_teaches_nothing_about_longer_slices),
		TEST(a_row_that_comes_within_the_overlap_is_in_with_the_next_pass),
		TEST(a_missing_job_stays_counted_while_it_cannot_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
