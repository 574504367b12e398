// SPDX-License-Identifier: Apache-2.0
/*
 * What counts, and for what: after each pass the totals are those of the documented commands.
 */
#include "history_stage.h"

static void there_are_no_values_before_the_first_count_is_complete(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	assert_total(s, "submitted", -1);
	assert_int_equal(stage_status(s).phase, HISTORY_FIRST_COUNT);
	assert_false(stage_status(s).up);
	stage_pass(s);
	assert_total(s, "submitted", 0);
	assert_partition_total(s, "hpc", "failed", 0);
	assert_int_equal(stage_status(s).phase, HISTORY_IDLE);
}

static void sacct_is_asked_in_these_words(void **state)
{
#define ALWAYS                                                                                     \
	"--allusers --allocations --duplicates --noheader --parsable2 --delimiter=\x1f --local "   \
	"--format=JobIDRaw,State,Partition,Eligible,End "
	static const char expected[] =
		"alive " ALWAYS "--starttime=uts1800000000 --endtime=uts4294967296\n"
		"ended " ALWAYS
		"--state=BOOT_FAIL,CANCELLED,COMPLETED,DEADLINE,FAILED,NODE_FAIL,OUT_OF_MEMORY,"
		"PREEMPTED,REQUEUED,RESIZING,TIMEOUT "
		"--starttime=uts1799913600 --endtime=uts1800000000\n"
		"jobs " ALWAYS "--jobs=1,3\n";
	struct stage *s = *state;
	struct buf asked;

	stage_recordsf(s, "1|PENDING|hpc|%d|0\n2|PENDING|hpc|%d|0\n3|PENDING|hpc|%d|0\n",
		       NOW_S - 100, NOW_S - 100, NOW_S - 100);
	stage_open(s);
	stage_pass(s);
	buf_init(&asked, 100000);
	assert_int_equal(file_read(stage_path(s, "asked"), &asked, NULL), 0);
	assert_memory_equal(asked.ptr, expected, asked.len);
	assert_string_equal(strstr(expected, "jobs "), expected + asked.len);

	stage_recordsf(s, "2|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	buf_clear(&asked);
	assert_int_equal(file_read(stage_path(s, "asked"), &asked, NULL), 0);
	assert_string_equal(strstr(asked.ptr, "jobs "), strstr(expected, "jobs "));
	buf_done(&asked);
}

static void more_partitions_than_anyone_has_are_refused(void **state)
{
	struct stage *s = *state;
	FILE *f;

	f = fopen(stage_path(s, "records"), "w");
	assert_non_null(f);
	for (int id = 1; id <= 4097; id++)
		fprintf(f, "%d|PENDING|p%d|%d|0\n", id, id, NOW_S - 100);
	fclose(f);
	stage_open(s);
	stage_next(s);
	assert_non_null(strstr(stage_status(s).error, "more than 4096 different partition"));
	assert_total(s, "submitted", -1);
}

static void a_job_counts_once_for_each_state_it_ended_in(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s,
		       "7|NODE_FAIL|hpc|%d|%d\n7|REQUEUED|hpc|%d|%d\n7|FAILED|hpc|%d|%d\n"
		       "7|FAILED|hpc|%d|%d\n7|COMPLETED|htc|%d|%d\n8|COMPLETED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 700, NOW_S - 600, NOW_S - 500, NOW_S - 400,
		       NOW_S - 300, NOW_S - 200, NOW_S - 100, NOW_S - 10, NOW_S - 100, NOW_S - 10);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 2);
	assert_total(s, "node_failed", 1);
	assert_total(s, "failed", 1);
	assert_total(s, "completed", 2);
	assert_total(s, "timeout", 0);
	assert_partition_total(s, "hpc", "submitted", 2);
	assert_partition_total(s, "htc", "submitted", 1);
	assert_partition_total(s, "hpc", "completed", 1);
	assert_partition_total(s, "htc", "completed", 1);
	assert_partition_total(s, "empty", "completed", 0);
}

static void an_overlap_counts_nothing_twice(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n2|CANCELLED by 1000|hpc|%d|%d\n", NOW_S - 90,
		       NOW_S - 50, NOW_S - 90, NOW_S);
	stage_open(s);
	for (int i = 0; i < 4; i++) {
		stage_pass(s);
		assert_total(s, "submitted", 2);
		assert_total(s, "completed", 1);
		assert_total(s, "cancelled", 1);
	}
	assert_true(stage_status(s).rows > 4); /* they were read again */
}

static void partition_strings_are_compared_whole(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|PENDING|hpc,htc|%d|0\n", NOW_S - 10);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "hpc", "submitted", 0);
	assert_partition_total(s, "hpc,htc", "submitted", 1);
	stage_recordsf(s, "1|RUNNING|htc|%d|0\n", NOW_S - 10);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "htc", "submitted", 1);
	assert_partition_total(s, "hpc,htc", "submitted", 0);
}

static void what_never_was_eligible_counts_as_cancelled_only(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|CANCELLED by 0|hpc|0|%d\n2|CANCELLED by 0|hpc|4294967295|%d\n",
		       NOW_S - 50, NOW_S - 40);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "cancelled", 2);
	assert_total(s, "submitted", 0);
}

static void a_job_cancelled_before_its_begin_time_is_submitted_from_then_on(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|CANCELLED by 0|hpc|%d|%d\n", NOW_S + 150, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "cancelled", 1);
	assert_total(s, "submitted", 0);
	stage_reopen(s);
	stage_records(s, ""); /* purged, and still not forgotten */
	stage_pass(s);
	assert_total(s, "submitted", 0);
	stage_sleep(s, 150000);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "hpc", "submitted", 1);
}

static void what_ended_before_the_reset_time_does_not_count(void **state)
{
	struct stage *s = *state;
	int reset_s = NOW_S - 86400;

	stage_recordsf(s, "1|FAILED|hpc|%d|%d\n2|FAILED|hpc|%d|%d\n3|PENDING|hpc|%d|0\n",
		       reset_s - 100, reset_s - 1, reset_s - 100, reset_s, reset_s - 100);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 2);
	/* One that is asked for by its id is no exception. */
	stage_recordsf(s, "3|FAILED|hpc|%d|%d\n", reset_s - 100, reset_s - 1);
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 1);
}

static void a_revoked_sibling_of_a_federated_job_does_not_count(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|REVOKED|hpc|%d|0\n2|REVOKED|hpc|%d|%d\n", NOW_S - 9, NOW_S - 9, NOW_S);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 0);
}

static void help_says_since_when_and_that_jobs_count_once(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	assert_total(s, "failed", 0);
	assert_partition_total(s, "hpc", "failed", 0);
	assert_int_equal(s->snapshot.n, 16);
	for (size_t i = 0; i < s->snapshot.n; i++) {
		const struct family *family = s->snapshot.samples[i].series->family;

		assert_int_equal(family->type, METRIC_GAUGE);
		assert_non_null(strstr(family->help, "istinct jobs"));
		assert_non_null(strstr(family->help, "since the reset time"));
		assert_int_equal(family->help[strlen(family->help) - 1], '.');
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_are_no_values_before_the_first_count_is_complete),
		TEST(sacct_is_asked_in_these_words),
		TEST(more_partitions_than_anyone_has_are_refused),
		TEST(a_job_counts_once_for_each_state_it_ended_in),
		TEST(an_overlap_counts_nothing_twice),
		TEST(partition_strings_are_compared_whole),
		TEST(what_never_was_eligible_counts_as_cancelled_only),
		TEST(a_job_cancelled_before_its_begin_time_is_submitted_from_then_on),
		TEST(what_ended_before_the_reset_time_does_not_count),
		TEST(a_revoked_sibling_of_a_federated_job_does_not_count),
		TEST(help_says_since_when_and_that_jobs_count_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
