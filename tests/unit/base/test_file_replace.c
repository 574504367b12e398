// SPDX-License-Identifier: Apache-2.0
/* What file_replace() promises of the moment when the power goes, on a disk made for it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slurm_pusher/file.h"

#define OLD_TEXT "what was there before"
#define NEW_TEXT "what is to be there from now on"

/*
 * A disk that keeps only what was synced. An inode has what readers see and what a
 * power cut leaves of it; so has the one name that matters, "d/state". A rename may
 * reach the disk before its directory is synced, but need not.
 */
enum { OLD_INODE, NEW_INODE };
enum { FILE_FD = 1000, DIRECTORY_FD };

static struct disk {
	struct inode {
		char seen[64], synced[64];
	} inodes[2];
	int seen_name, synced_name; /* inodes */
	size_t offset;
	int n_open;
	int n_calls, fail_at; /* the call that fails, from 1 */
	bool torn;            /* the name once showed neither the old content nor the new one */
} disk;

static void start_disk(int fail_at)
{
	disk = (struct disk){
		.inodes[OLD_INODE] = { .seen = OLD_TEXT, .synced = OLD_TEXT },
		.inodes[NEW_INODE] = { .seen = "what an earlier crash left behind, which is longer",
				       .synced = "what an earlier" },
		.fail_at = fail_at,
	};
}

static bool is_whole(const char *content)
{
	return strcmp(content, OLD_TEXT) == 0 || strcmp(content, NEW_TEXT) == 0;
}

static int fails(void)
{
	return ++disk.n_calls == disk.fail_at;
}

/* Ends each call: looks at the disk as a reader would, and as one would after a power cut. */
static int done(int rc)
{
	if (!is_whole(disk.inodes[disk.seen_name].seen) ||
	    !is_whole(disk.inodes[disk.seen_name].synced) ||
	    !is_whole(disk.inodes[disk.synced_name].synced))
		disk.torn = true;
	errno = EIO;
	return rc;
}

static int disk_open(const char *path, int flags, mode_t mode)
{
	bool is_directory = strcmp(path, "d") == 0;

	if (!is_directory)
		assert_string_equal(path, "d/state.new");
	assert_int_equal(mode, is_directory ? 0 : 0640);
	assert_true(flags & O_CLOEXEC);
	if (fails())
		return done(-1);
	if (flags & O_TRUNC)
		memset(disk.inodes[NEW_INODE].seen, 0, sizeof(disk.inodes->seen));
	disk.n_open++;
	return done(is_directory ? DIRECTORY_FD : FILE_FD);
}

/* Takes at most seven bytes at a time. */
static ssize_t disk_write(int fd, const void *bytes, size_t n)
{
	assert_int_equal(fd, FILE_FD);
	if (fails())
		return done(-1);
	if (n > 7)
		n = 7;
	memcpy(disk.inodes[NEW_INODE].seen + disk.offset, bytes, n);
	disk.offset += n;
	return done((int)n);
}

static int disk_fsync(int fd)
{
	struct inode *inode = &disk.inodes[NEW_INODE];

	if (fails())
		return done(-1);
	if (fd == DIRECTORY_FD)
		disk.synced_name = disk.seen_name;
	else
		memcpy(inode->synced, inode->seen, sizeof(inode->synced));
	return done(0);
}

static int disk_close(int fd)
{
	assert_in_range(fd, FILE_FD, DIRECTORY_FD);
	disk.n_open--;
	return done(fails() ? -1 : 0);
}

static int disk_rename(const char *from, const char *to)
{
	assert_string_equal(from, "d/state.new");
	assert_string_equal(to, "d/state");
	if (fails())
		return done(-1);
	disk.seen_name = NEW_INODE;
	return done(0);
}

static const struct file_calls disk_calls = {
	.open = disk_open,
	.write = disk_write,
	.fsync = disk_fsync,
	.close = disk_close,
	.rename = disk_rename,
};

static int restore_calls(void **state)
{
	(void)state;
	file_calls_replace(NULL);
	return 0;
}

static int replace_on_disk(int fail_at, struct err *err)
{
	start_disk(fail_at);
	file_calls_replace(&disk_calls);
	int rc = file_replace("d/state", NEW_TEXT, strlen(NEW_TEXT), err);
	file_calls_replace(NULL);
	return rc;
}

static void is_old_or_new_and_whole_at_every_instant(void **state)
{
	(void)state;
	assert_int_equal(replace_on_disk(0, NULL), 0);
	assert_false(disk.torn);
	assert_int_equal(disk.n_open, 0);
}

static void is_new_after_a_power_cut_once_it_said_so(void **state)
{
	(void)state;
	assert_int_equal(replace_on_disk(0, NULL), 0);
	assert_string_equal(disk.inodes[disk.synced_name].synced, NEW_TEXT);
}

static void is_old_or_new_and_whole_whichever_call_fails(void **state)
{
	(void)state;
	replace_on_disk(0, NULL);
	int n_calls = disk.n_calls;

	assert_in_range(n_calls, 8, 20);
	for (int i = 1; i <= n_calls; i++) {
		struct err err = { 0 };

		assert_int_equal(replace_on_disk(i, &err), ERR_IO);
		assert_non_null(strstr(err.text, "d/state"));
		assert_non_null(strstr(err.text, strerror(EIO)));
		assert_false(disk.torn);
		assert_int_equal(disk.n_open, 0);
		/* The last three calls follow the commit point. */
		assert_int_equal(disk.seen_name, i <= n_calls - 3 ? OLD_INODE : NEW_INODE);
	}
}

#define DISK_TEST(test) cmocka_unit_test_teardown(test, restore_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(is_old_or_new_and_whole_at_every_instant),
		DISK_TEST(is_new_after_a_power_cut_once_it_said_so),
		DISK_TEST(is_old_or_new_and_whole_whichever_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
