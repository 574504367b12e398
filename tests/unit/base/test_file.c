// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "slurm_pusher/file.h"

/* A folder of its own for each test that needs real files. */
static char folder[] = "/tmp/test_file.XXXXXX";
static char path[64], other_path[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/state", folder);
	snprintf(other_path, sizeof(other_path), "%s/state.new", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(other_path);
	return rmdir(folder);
}

static void put(const char *where, const char *text)
{
	FILE *f = fopen(where, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_content(const char *text)
{
	struct buf b;

	buf_init(&b, 1000);
	assert_int_equal(file_read(path, &b, NULL), 0);
	assert_string_equal(buf_text(&b), text);
	buf_done(&b);
}

static void replaces_a_real_file(void **state)
{
	struct stat st;

	(void)state;
	mode_t before = umask(022);
	assert_int_equal(file_replace(path, "one", 3, NULL), 0);
	umask(before);
	assert_content("one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	put(other_path, "left behind by a crash");
	assert_int_equal(file_replace(path, "two", 3, NULL), 0);
	assert_content("two");
	assert_int_equal(access(other_path, F_OK), -1);

	assert_int_equal(file_replace(path, "", 0, NULL), 0);
	assert_content("");
}

static void does_not_follow_a_link_laid_in_its_way(void **state)
{
	(void)state;
	put(path, "old");
	assert_int_equal(symlink(path, other_path), 0);
	assert_int_equal(file_replace(path, "new", 3, NULL), ERR_IO);
	assert_content("old");
}

static void replaces_a_file_in_the_working_directory(void **state)
{
	int here = open(".", O_RDONLY | O_DIRECTORY);

	(void)state;
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(file_replace("state", "here", 4, NULL), 0);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_content("here");
}

/* Too long only with the ".new" after it, of which two bytes would fit. */
static void refuses_a_name_that_is_too_long(void **state)
{
	char name[PATH_MAX - 1];
	struct err err = { 0 };

	(void)state;
	memset(name, '/', sizeof(name));
	memcpy(name, folder, strlen(folder));
	memcpy(name + sizeof(name) - 6, "state", 6);
	assert_int_equal(file_replace(name, "", 0, &err), ERR_IO);
	assert_non_null(strstr(err.text, "//"));
}

static void reads_a_file_of_any_size_whole(void **state)
{
	static char content[100000];
	static const size_t sizes[] = { 0, 1, 16383, 16384, 16385, sizeof(content) };

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)(i * 31 >> 3);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct buf b;

		buf_init(&b, sizeof(content));
		assert_int_equal(file_replace(path, content, sizes[i], NULL), 0);
		assert_int_equal(file_read(path, &b, NULL), 0);
		assert_int_equal(b.len, sizes[i]);
		if (b.len > 0)
			assert_memory_equal(b.ptr, content, b.len);
		buf_done(&b);
	}
}

static void says_why_it_cannot_read(void **state)
{
	struct err err = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	errno = 0;
	assert_int_equal(file_read(path, &b, &err), ERR_IO);
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, strerror(ENOENT)));

	assert_int_equal(file_read(folder, &b, &err), ERR_IO);
	assert_int_equal(errno, EISDIR);

	put(path, "ten bytes.");
	assert_int_equal(file_read(path, &b, &err), 0);
	buf_clear(&b);
	put(path, "eleven byte");
	assert_int_equal(file_read(path, &b, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, path));
	buf_done(&b);
}

static int count_open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void leaves_no_descriptor_open(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	put(path, "four");
	int lock = file_lock(path, NULL);
	int before = count_open_files();
	file_lock(path, NULL);
	file_read(path, &b, NULL);
	file_read(folder, &b, NULL);
	file_replace(path, "x", 1, NULL);
	assert_int_equal(count_open_files(), before);
	close(lock);
	buf_done(&b);
}

/* What file_lock() says in another process. */
static int lock_elsewhere(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(-file_lock(path, NULL) & 0x7f);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void is_locked_for_others_until_it_is_closed(void **state)
{
	struct err err = { 0 };

	(void)state;
	int fd = file_lock(path, &err);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(lock_elsewhere(), -ERR_BUSY);
	assert_int_equal(file_lock(path, &err), ERR_BUSY);
	assert_non_null(strstr(err.text, path));

	close(fd);
	assert_int_not_equal(lock_elsewhere(), -ERR_BUSY);
	fd = file_lock(path, NULL);
	assert_true(fd >= 0);
	close(fd);
}

static void says_why_it_cannot_lock(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(file_lock(folder, &err), ERR_IO);
	assert_non_null(strstr(err.text, strerror(EISDIR)));
}

static void sums_as_zip_and_png_do(void **state)
{
	static const struct {
		const char *text;
		unsigned sum;
	} cases[] = {
		{ "", 0 },
		{ "a", 0xe8b7be43 },
		{ "123456789", 0xcbf43926 },
		{ "The quick brown fox jumps over the lazy dog", 0x414fa339 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(file_crc32(cases[i].text, strlen(cases[i].text)), cases[i].sum);
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(replaces_a_real_file),
		FOLDER_TEST(does_not_follow_a_link_laid_in_its_way),
		FOLDER_TEST(replaces_a_file_in_the_working_directory),
		FOLDER_TEST(refuses_a_name_that_is_too_long),
		FOLDER_TEST(reads_a_file_of_any_size_whole),
		FOLDER_TEST(says_why_it_cannot_read),
		FOLDER_TEST(leaves_no_descriptor_open),
		FOLDER_TEST(is_locked_for_others_until_it_is_closed),
		FOLDER_TEST(says_why_it_cannot_lock),
		cmocka_unit_test(sums_as_zip_and_png_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
