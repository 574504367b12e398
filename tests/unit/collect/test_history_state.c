// SPDX-License-Identifier: Apache-2.0
/*
 * What a restart finds: the state as it was, or none, and said so.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "history_stage.h"
#include "slurm_pusher/file.h"

static char *in_folder(const struct stage *s, const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", s->folder, name);
	return path;
}

/* The inode of a file in the folder, or 0: it is another one each time the file is replaced. */
static ino_t inode(const struct stage *s, const char *name)
{
	struct stat st;

	return stat(in_folder(s, name), &st) == 0 ? st.st_ino : 0;
}

static void read_file(const struct stage *s, const char *name, struct buf *out)
{
	buf_init(out, 1 << 20);
	assert_int_equal(file_read(in_folder(s, name), out, NULL), 0);
}

/* One of everything that is kept. */
static void count_something(struct stage *s)
{
	stage_recordsf(s,
		       "1|COMPLETED|hpc|%d|%d\n2|CANCELLED by 1|htc|0|%d\n3|FAILED|hpc|%d|%d\n"
		       "4|RUNNING|hpc|%d|0\n5|CANCELLED by 0|hpc|%d|%d\n6|PENDING|hpc,htc|%d|0\n",
		       NOW_S - 90, NOW_S - 50, NOW_S - 40, NOW_S - 90, NOW_S - 30, NOW_S - 90,
		       NOW_S + 9999, NOW_S - 20, NOW_S - 90);
	stage_open(s);
	stage_pass(s);
}

static void expect_something(struct stage *s)
{
	assert_total(s, "submitted", 4);
	assert_total(s, "completed", 1);
	assert_total(s, "cancelled", 2);
	assert_total(s, "failed", 1);
	assert_partition_total(s, "hpc", "submitted", 3);
	assert_partition_total(s, "htc", "cancelled", 1);
	assert_partition_total(s, "hpc,htc", "submitted", 1);
}

static void a_restart_changes_nothing_and_values_are_there_at_once(void **state)
{
	struct stage *s = *state;
	struct history_status before, after;

	count_something(s);
	expect_something(s);
	before = stage_status(s);
	for (int i = 0; i < 3; i++) {
		stage_reopen(s);
		expect_something(s);
		after = stage_status(s);
		assert_true(after.complete);
		assert_string_equal(after.note, "");
		assert_int_equal(after.watermark_ms, before.watermark_ms);
		assert_int_equal(after.last_recount_ms, before.last_recount_ms);
	}
	stage_records(s, "");
	stage_pass(s);
	expect_something(s);
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

	count_something(s);
	s->options.reset_time = "2 days ago";
	stage_reopen(s);
	assert_false(stage_status(s).complete);
	assert_string_equal(stage_status(s).note, "the reset time was \"24 hours ago\" and is now "
						  "\"2 days ago\": counting anew");
	assert_int_equal(stage_status(s).reset_ms, (NOW_S - 2 * 86400) * 1000LL);
	assert_total(s, "submitted", -1);
	stage_pass(s);
	expect_something(s);
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
	FILE *f = fopen(in_folder(s, "history"), "w");
	struct buf aside;

	assert_non_null(f);
	fwrite(damaged->ptr, 1, damaged->len, f);
	fclose(f);
	stage_reopen(s);
	if (stage_status(s).complete)
		fail_msg("%s at %zu was not noticed", what, at);
	assert_non_null(strstr(stage_status(s).note, "history.bad"));
	assert_int_equal(inode(s, "history"), 0);
	read_file(s, "history.bad", &aside);
	assert_int_equal(aside.len, damaged->len);
	buf_done(&aside);
}

static void every_flipped_bit_is_noticed_and_the_file_set_aside(void **state)
{
	struct stage *s = *state;
	struct buf file;

	count_something(s);
	read_file(s, "history", &file);
	assert_in_range(file.len, 300, 1000);
	for (size_t i = 0; i < file.len; i++) {
		file.ptr[i] ^= (char)(1 << i % 8);
		expect_set_aside(s, &file, "a flipped bit", i);
		file.ptr[i] ^= (char)(1 << i % 8);
	}
	buf_done(&file);
	stage_pass(s);
	expect_something(s);
	assert_int_not_equal(inode(s, "history"), 0);
}

static void every_truncation_is_noticed_and_the_file_set_aside(void **state)
{
	struct stage *s = *state;
	struct buf file;

	count_something(s);
	read_file(s, "history", &file);
	buf_addc(&file, 'x');
	expect_set_aside(s, &file, "a byte too many", file.len);
	for (file.len -= 2; file.len > 0; file.len--)
		expect_set_aside(s, &file, "a truncation", file.len);
	expect_set_aside(s, &file, "an empty file", 0);
	buf_done(&file);
}

static void a_directory_that_cannot_be_read_is_an_error_and_not_an_empty_history(void **state)
{
	struct stage *s = *state;
	struct err err;

	assert_int_equal(mkdir(in_folder(s, "history"), 0755), 0);
	assert_int_equal(history_open(&s->history, &s->options, 0, s->wall_ms, &err), ERR_IO);
	assert_non_null(strstr(err.text, "history"));
	assert_int_equal(rmdir(in_folder(s, "history")), 0);
}

/* ---- writing ---- */

static void read_only_writes_and_renames_nothing(void **state)
{
	struct stage *s = *state;
	ino_t before;

	count_something(s);
	before = inode(s, "history");
	s->options.read_only = true;
	stage_reopen(s);
	expect_something(s);
	stage_recordsf(s, "9|FAILED|hpc|%d|%d\n", NOW_S - 90, NOW_S - 50);
	stage_pass(s);
	assert_total(s, "failed", 2);
	assert_int_equal(inode(s, "history"), before);

	stage_write(s, "history", "not a state");
	stage_reopen(s);
	assert_non_null(strstr(stage_status(s).note, "cannot be used"));
	stage_pass(s);
	assert_int_equal(inode(s, "history"), before);
	assert_int_equal(inode(s, "history.bad"), 0);
}

static void without_storage_nothing_is_kept(void **state)
{
	struct stage *s = *state;

	s->options.storage_path = NULL;
	count_something(s);
	expect_something(s);
	stage_reopen(s);
	assert_total(s, "submitted", -1);
	assert_int_equal(inode(s, "history"), 0);
}

static void a_pass_that_changes_nothing_writes_nothing(void **state)
{
	struct stage *s = *state;
	ino_t before;

	count_something(s);
	before = inode(s, "history");
	for (int i = 0; i < 5; i++)
		stage_pass(s);
	assert_int_equal(inode(s, "history"), before);
	stage_recordsf(s, "4|FAILED|hpc|%d|%" PRId64 "\n", NOW_S - 90, s->wall_ms / 1000);
	stage_pass(s);
	assert_int_not_equal(inode(s, "history"), before);
}

static int wait_for_byte(void *fd, struct err *err)
{
	char byte;

	(void)err;
	return read(*(int *)fd, &byte, 1) == 1 ? 0 : -1;
}

static void a_busy_worker_is_waited_for(void **state)
{
	struct stage *s = *state;
	struct err err;
	int fds[2], result;

	assert_int_equal(pipe(fds), 0);
	stage_open(s);
	assert_true(worker_start(s->worker, wait_for_byte, &fds[0]));
	while (!stage_status(s).complete)
		history_step(s->history, s->worker, s->mono_ms, s->wall_ms);
	assert_int_equal(inode(s, "history"), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	while (!worker_finish(s->worker, &result, &err))
		poll(NULL, 0, 1);
	assert_false(stage_step(s));
	assert_int_not_equal(inode(s, "history"), 0);
	close(fds[0]);
	close(fds[1]);
}

/* ---- crashes ---- */

static struct {
	int calls;
	int crash_at; /* from this call on, nothing reaches the disk */
} disk;

static bool crashed(void)
{
	errno = EIO;
	return ++disk.calls >= disk.crash_at;
}

static int crashing_open(const char *path, int flags, mode_t mode)
{
	return crashed() ? -1 : open(path, flags, mode);
}

static ssize_t crashing_write(int fd, const void *bytes, size_t n)
{
	bool crash = crashed(); /* which leaves half of it behind */
	ssize_t written = write(fd, bytes, crash ? n / 2 : n);

	return crash ? -1 : written;
}

static int crashing_fsync(int fd)
{
	return crashed() ? -1 : fsync(fd);
}

static int crashing_close(int fd)
{
	int rc = close(fd);

	return crashed() ? -1 : rc;
}

static int crashing_rename(const char *from, const char *to)
{
	return crashed() ? -1 : rename(from, to);
}

static const struct file_calls crashing_calls = {
	.open = crashing_open,
	.write = crashing_write,
	.fsync = crashing_fsync,
	.close = crashing_close,
	.rename = crashing_rename,
};

static void after_a_crash_at_any_call_the_state_is_whole_and_nothing_counts_twice(void **state)
{
	struct stage *s = *state;
	int crashes = 0;

	count_something(s);
	file_calls_replace(&crashing_calls);
	for (int n = 1;; n++) {
		disk.calls = 0;
		disk.crash_at = n;
		stage_recordsf(s, "%d|TIMEOUT|hpc|%d|%" PRId64 "\n", 100 + n, NOW_S - 90,
			       s->wall_ms / 1000);
		stage_pass(s);
		assert_total(s, "timeout", n);
		if (!*stage_status(s).save_error)
			break;
		crashes++;
		disk.crash_at = INT32_MAX;
		stage_reopen(s);
		assert_string_equal(stage_status(s).note, "");
		stage_pass(s);
		assert_total(s, "timeout", n);
		assert_total(s, "completed", 1);
		assert_string_equal(stage_status(s).save_error, "");
	}
	file_calls_replace(NULL);
	assert_int_equal(crashes, 8);
}

static void a_write_that_failed_is_repeated_after_the_next_pass(void **state)
{
	struct stage *s = *state;
	ino_t before;

	count_something(s);
	before = inode(s, "history");
	file_calls_replace(&crashing_calls);
	disk.calls = 0;
	disk.crash_at = 1;
	stage_recordsf(s, "4|FAILED|hpc|%d|%d\n", NOW_S - 90, NOW_S);
	stage_pass(s);
	assert_non_null(strstr(stage_status(s).save_error, "history.new"));
	assert_true(stage_status(s).up);
	assert_int_equal(inode(s, "history"), before);
	file_calls_replace(NULL);
	stage_pass(s);
	assert_string_equal(stage_status(s).save_error, "");
	assert_int_not_equal(inode(s, "history"), before);
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
		TEST(a_directory_that_cannot_be_read_is_an_error_and_not_an_empty_history),
		TEST(read_only_writes_and_renames_nothing),
		TEST(without_storage_nothing_is_kept),
		TEST(a_pass_that_changes_nothing_writes_nothing),
		TEST(a_busy_worker_is_waited_for),
		TEST(after_a_crash_at_any_call_the_state_is_whole_and_nothing_counts_twice),
		TEST(a_write_that_failed_is_repeated_after_the_next_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
