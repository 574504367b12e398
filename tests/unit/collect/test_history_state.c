// SPDX-License-Identifier: Apache-2.0
/*
 * What a restart finds: the state as it was, or none, and said so.
 */
#include <errno.h>
#include <fcntl.h>

#include "history_stage.h"

static void a_restart_changes_nothing_and_values_are_there_at_once(void **state)
{
	struct stage *s = *state;
	struct history_status before, after;

	stage_count_something(s);
	stage_expect_something(s);
	before = stage_status(s);
	for (int i = 0; i < 3; i++) {
		stage_reopen(s);
		stage_expect_something(s);
		after = stage_status(s);
		assert_true(after.complete);
		assert_string_equal(after.note, "");
		assert_int_equal(after.watermark_ms, before.watermark_ms);
		assert_int_equal(after.last_recount_ms, before.last_recount_ms);
	}
	stage_records(s, "");
	stage_pass(s);
	stage_expect_something(s);
	stage_sleep(s, 10000 * 1000);
	stage_pass(s);
	assert_total(s, "submitted", 5); /* the job that was cancelled before its begin time */
}

static void a_relative_reset_time_is_resolved_once(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	assert_int_equal(stage_status(s).reset_ms, (NOW_S - 86400) * 1000LL);
	stage_sleep(s, 5 * 86400 * 1000LL);
	stage_reopen(s);
	assert_int_equal(stage_status(s).reset_ms, (NOW_S - 86400) * 1000LL);
}

static void another_reset_time_counts_anew_and_says_so(void **state)
{
	struct stage *s = *state;

	stage_count_something(s);
	s->options.reset_time = "2 days ago";
	stage_reopen(s);
	assert_false(stage_status(s).complete);
	assert_string_equal(stage_status(s).note, "the reset time was \"24 hours ago\" and is now "
						  "\"2 days ago\": counting anew");
	assert_int_equal(stage_status(s).reset_ms, (NOW_S - 2 * 86400) * 1000LL);
	assert_total(s, "submitted", -1);
	stage_pass(s);
	stage_expect_something(s);
	stage_reopen(s);
	assert_string_equal(stage_status(s).note, "");
}

static void a_reset_time_that_cannot_be_understood_is_refused(void **state)
{
	struct stage *s = *state;
	struct err err;
	char longest[300];

	s->options.reset_time = "yesterday";
	assert_int_equal(history_open(&s->history, &s->options, 0, s->wall_ms, &err), ERR_FORMAT);
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	s->options.reset_time = longest;
	assert_int_equal(history_open(&s->history, &s->options, 0, s->wall_ms, &err), ERR_FORMAT);
	assert_null(s->history);
	s->options.reset_time = "1970-01-01Z"; /* sacct has no such time, but means the same */
	stage_open(s);
	assert_int_equal(stage_status(s).reset_ms, 1000000000);
}

/* ---- damage ---- */

static void expect_set_aside(struct stage *s, const struct buf *damaged, const char *what,
			     size_t at)
{
	FILE *f = fopen(stage_path(s, "history"), "w");
	struct buf aside;

	assert_non_null(f);
	fwrite(damaged->ptr, 1, damaged->len, f);
	fclose(f);
	stage_reopen(s);
	if (stage_status(s).complete)
		fail_msg("%s at %zu was not noticed", what, at);
	assert_non_null(strstr(stage_status(s).note, "history.bad"));
	assert_int_equal(stage_inode(s, "history"), 0);
	stage_read(s, "history.bad", &aside);
	assert_int_equal(aside.len, damaged->len);
	buf_done(&aside);
}

static void every_flipped_bit_is_noticed_and_the_file_set_aside(void **state)
{
	struct stage *s = *state;
	struct buf file;

	stage_count_something(s);
	stage_read(s, "history", &file);
	assert_in_range(file.len, 300, 1000);
	for (size_t i = 0; i < file.len; i++) {
		file.ptr[i] ^= (char)(1 << i % 8);
		expect_set_aside(s, &file, "a flipped bit", i);
		file.ptr[i] ^= (char)(1 << i % 8);
	}
	buf_done(&file);
	stage_pass(s);
	stage_expect_something(s);
	assert_int_not_equal(stage_inode(s, "history"), 0);
}

static void every_truncation_is_noticed_and_the_file_set_aside(void **state)
{
	struct stage *s = *state;
	struct buf file;

	stage_count_something(s);
	stage_read(s, "history", &file);
	buf_addc(&file, 'x');
	expect_set_aside(s, &file, "a byte too many", file.len);
	for (file.len -= 2; file.len > 0; file.len--)
		expect_set_aside(s, &file, "a truncation", file.len);
	expect_set_aside(s, &file, "an empty file", 0);
	buf_done(&file);
}

static void what_cannot_be_read_at_all_is_set_aside_too(void **state)
{
	struct stage *s = *state;
	struct err err;

	assert_int_equal(mkdir(stage_path(s, "history"), 0755), 0);
	assert_ok(history_open(&s->history, &s->options, 0, s->wall_ms, &err), &err);
	assert_non_null(strstr(history_status(s->history).note, "counting anew"));
	assert_int_equal(rmdir(stage_path(s, "history.bad")), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restart_changes_nothing_and_values_are_there_at_once),
		TEST(a_relative_reset_time_is_resolved_once),
		TEST(another_reset_time_counts_anew_and_says_so),
		TEST(a_reset_time_that_cannot_be_understood_is_refused),
		TEST(every_flipped_bit_is_noticed_and_the_file_set_aside),
		TEST(every_truncation_is_noticed_and_the_file_set_aside),
		TEST(what_cannot_be_read_at_all_is_set_aside_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
