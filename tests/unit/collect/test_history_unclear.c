// SPDX-License-Identifier: Apache-2.0
/*
 * Jobs that have to be asked for by their ids: they vanished, or were requeued after their end.
 */
#include "history_stage.h"

static void a_pass_asks_two_things_and_a_third_only_for_jobs_that_vanished(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_open(s);
	for (int i = 0; i < 3; i++)
		stage_pass(s);
	assert_int_equal(stage_asked(s, "alive"), 3);
	assert_int_equal(stage_asked(s, "ended"), 3);
	assert_int_equal(stage_asked(s, "jobs"), 0);

	/* An array at its limit, and a job moved to tomorrow, have not vanished. */
	stage_recordsf(s, "1|PENDING|hpc|4294967295|0\n");
	stage_pass(s);
	assert_total(s, "submitted", 0);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S + 9999);
	stage_pass(s);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 0);

	stage_recordsf(s, "1|PENDING|hpc|0|0\n"); /* held again */
	stage_pass(s);
	stage_pass(s);
	assert_total(s, "submitted", 0);
	assert_int_equal(stage_asked(s, "alive"), 9);
	assert_int_equal(stage_asked(s, "ended"), 9);
	assert_int_equal(stage_asked(s, "jobs"), 1);
}

static void any_number_of_jobs_may_vanish_at_once(void **state)
{
	struct stage *s = *state;
	FILE *f;

	f = fopen(stage_path(s, "records"), "w");
	assert_non_null(f);
	for (int id = 1; id <= 2500; id++)
		fprintf(f, "%d|PENDING|hpc|%d|0\n", id, NOW_S - 100);
	fclose(f);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 2500);
	stage_recordsf(s, "1999|PENDING|hpc|0|0\n"); /* one is held, the others are purged */
	stage_pass(s);
	assert_total(s, "submitted", 2499);
	assert_int_equal(stage_asked(s, "jobs"), 3);
}

static void a_purge_lowers_nothing(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n2|RUNNING|hpc|%d|0\n", NOW_S - 90, NOW_S - 50,
		       NOW_S - 90);
	stage_open(s);
	stage_pass(s);
	stage_records(s, ""); /* the second one ended too, and nobody saw it */
	stage_pass(s);
	assert_total(s, "completed", 1);
	assert_total(s, "submitted", 2);
	assert_partition_total(s, "hpc", "submitted", 2);
	stage_reopen(s);
	stage_sleep(s, 86400000);
	stage_pass(s);
	while (stage_status(s).last_recount_ms < s->wall_ms - 1000)
		stage_next(s);
	stage_pass(s);
	assert_total(s, "completed", 1);
	assert_total(s, "submitted", 2);
}

static void a_late_end_of_a_job_that_was_alive_is_found_by_its_id(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|RUNNING|hpc|%d|0\n", NOW_S - 5000);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "1|TIMEOUT|hpc|%d|%d\n", NOW_S - 5000, NOW_S - 4000);
	stage_pass(s);
	assert_total(s, "timeout", 1);
	assert_total(s, "submitted", 1);
}

static void a_finished_job_that_is_requeued_is_not_finished_any_more(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|NODE_FAIL|hpc|%d|%d\n7|COMPLETED|hpc|%d|%d\n8|FAILED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 90, NOW_S - 50, NOW_S - 90, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "completed", 1);
	stage_recordsf(s,
		       "7|NODE_FAIL|hpc|%d|%d\n7|REQUEUED|hpc|%d|%d\n7|PENDING|hpc|%d|0\n"
		       "8|FAILED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 90, NOW_S + 30, NOW_S + 150, NOW_S - 90,
		       NOW_S - 50);
	stage_pass(s);
	assert_total(s, "completed", 0);
	assert_total(s, "node_failed", 1);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 2);
	stage_reopen(s);
	assert_total(s, "completed", 0);

	/* It is asked for once, not as long as the row is in the window. */
	assert_int_equal(stage_asked(s, "jobs"), 1);
	stage_pass(s);
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 1);
}

static void a_job_requeued_while_it_ran_keeps_what_it_ended_in_before(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|NODE_FAIL|hpc|%d|%d\n7|RUNNING|hpc|%d|0\n", NOW_S - 900, NOW_S - 800,
		       NOW_S - 90);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "7|REQUEUED|hpc|%d|%d\n", NOW_S - 90,
		       NOW_S + 30); /* the first is purged */
	stage_pass(s);
	assert_total(s, "node_failed", 1);
	assert_int_equal(stage_asked(s, "jobs"), 0);
}

static void a_suspect_without_a_row_keeps_what_it_ended_in(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|COMPLETED|hpc|%d|%d\n", NOW_S - 90, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "7|REQUEUED|hpc|%d|%d\n", NOW_S - 90, NOW_S + 30);
	stage_mischief(s, "empty jobs\n");
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 1);
	assert_total(s, "completed", 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pass_asks_two_things_and_a_third_only_for_jobs_that_vanished),
		TEST(any_number_of_jobs_may_vanish_at_once),
		TEST(a_purge_lowers_nothing),
		TEST(a_late_end_of_a_job_that_was_alive_is_found_by_its_id),
		TEST(a_finished_job_that_is_requeued_is_not_finished_any_more),
		TEST(a_job_requeued_while_it_ran_keeps_what_it_ended_in_before),
		TEST(a_suspect_without_a_row_keeps_what_it_ended_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
