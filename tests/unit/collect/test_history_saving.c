// SPDX-License-Identifier: Apache-2.0
/*
 * When the state is written, and what a crash leaves of it.
 */
#include <errno.h>
#include <fcntl.h>

#include "history_stage.h"

/* ---- writing ---- */

static void read_only_writes_and_renames_nothing(void **state)
{
	struct stage *s = *state;
	ino_t before;

	stage_count_something(s);
	before = stage_inode(s, "history");
	s->options.read_only = true;
	stage_reopen(s);
	stage_expect_something(s);
	stage_recordsf(s, "9|FAILED|hpc|%d|%d\n", NOW_S - 90, NOW_S - 50);
	stage_pass(s);
	assert_total(s, "failed", 2);
	assert_int_equal(stage_inode(s, "history"), before);

	stage_write(s, "history", "not a state");
	stage_reopen(s);
	assert_non_null(strstr(stage_status(s).note, "cannot be used"));
	stage_pass(s);
	assert_int_equal(stage_inode(s, "history"), before);
	assert_int_equal(stage_inode(s, "history.bad"), 0);
}

static void without_storage_nothing_is_kept(void **state)
{
	struct stage *s = *state;

	s->options.storage_path = NULL;
	stage_count_something(s);
	stage_expect_something(s);
	stage_reopen(s);
	assert_total(s, "submitted", -1);
	assert_int_equal(stage_inode(s, "history"), 0);
}

static void a_pass_that_changes_nothing_writes_nothing(void **state)
{
	struct stage *s = *state;
	ino_t before;

	stage_count_something(s);
	before = stage_inode(s, "history");
	for (int i = 0; i < 5; i++)
		stage_pass(s);
	assert_int_equal(stage_inode(s, "history"), before);
	stage_recordsf(s, "4|FAILED|hpc|%d|%" PRId64 "\n", NOW_S - 90, s->wall_ms / 1000);
	stage_pass(s);
	assert_int_not_equal(stage_inode(s, "history"), before);
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
	assert_int_equal(stage_inode(s, "history"), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	while (!worker_finish(s->worker, &result, &err))
		poll(NULL, 0, 1);
	assert_false(stage_step(s));
	assert_int_not_equal(stage_inode(s, "history"), 0);
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

	stage_count_something(s);
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

	stage_count_something(s);
	before = stage_inode(s, "history");
	file_calls_replace(&crashing_calls);
	disk.calls = 0;
	disk.crash_at = 1;
	stage_recordsf(s, "4|FAILED|hpc|%d|%d\n", NOW_S - 90, NOW_S);
	stage_pass(s);
	assert_non_null(strstr(stage_status(s).save_error, "history.new"));
	assert_true(stage_status(s).up);
	assert_int_equal(stage_inode(s, "history"), before);
	file_calls_replace(NULL);
	stage_pass(s);
	assert_string_equal(stage_status(s).save_error, "");
	assert_int_not_equal(stage_inode(s, "history"), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_only_writes_and_renames_nothing),
		TEST(without_storage_nothing_is_kept),
		TEST(a_pass_that_changes_nothing_writes_nothing),
		TEST(a_busy_worker_is_waited_for),
		TEST(after_a_crash_at_any_call_the_state_is_whole_and_nothing_counts_twice),
		TEST(a_write_that_failed_is_repeated_after_the_next_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
