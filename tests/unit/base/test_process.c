// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "run.h"

/* Two folders of a path, and a file "tool" in one of them at a time. */
static char folder[] = "/tmp/test_process.XXXXXX";
static char first[64], second[64], path[160];

static int make_folders(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (run_set_up(state) < 0 || !mkdtemp(folder))
		return -1;
	snprintf(first, sizeof(first), "%s/first", folder);
	snprintf(second, sizeof(second), "%s/second", folder);
	snprintf(path, sizeof(path), "%s:%s", first, second);
	run.options.path = path;
	return mkdir(first, 0755) < 0 || mkdir(second, 0755) < 0 ? -1 : 0;
}

static int remove_folders(void **state)
{
	const char *const folders[] = { first, second };
	int rc = run_tear_down(state);

	for (int i = 0; i < 2; i++) {
		char tool[96];

		snprintf(tool, sizeof(tool), "%s/tool", folders[i]);
		remove(tool);
		remove(folders[i]);
	}
	return rmdir(folder) < 0 ? -1 : rc;
}

static void put_tool(const char *where, const char *content, mode_t mode)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/tool", where);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

static int start_tool(const char *name, struct err *err)
{
	const char *const argv[] = { name, NULL };

	return run_start(argv, err);
}

static void is_the_first_program_of_that_name_on_the_path(void **state)
{
	(void)state;
	put_tool(first, "#!/bin/sh\necho first\n", 0755);
	put_tool(second, "#!/bin/sh\necho second\n", 0755);
	assert_int_equal(start_tool("tool", NULL), 0);
	run_finish(0);
	assert_string_equal(buf_text(&run.output), "first\n");
}

static void passes_over_what_is_no_program(void **state)
{
	char directory[96];

	(void)state;
	put_tool(second, "#!/bin/sh\necho second\n", 0755);
	snprintf(directory, sizeof(directory), "%s/tool", first);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_int_equal(start_tool("tool", NULL), 0);
	run_finish(0);
	assert_string_equal(buf_text(&run.output), "second\n");
	rmdir(directory);

	put_tool(first, "#!/bin/sh\necho first\n", 0644);
	assert_int_equal(start_tool("tool", NULL), 0);
	run_finish(0);
	assert_string_equal(buf_text(&run.output), "second\n");
}

static void says_where_it_was_looked_for(void **state)
{
	struct err err = { 0 };
	char text[256];

	(void)state;
	assert_int_equal(start_tool("tool", &err), ERR_IO);
	snprintf(text, sizeof(text), "tool: not found in %s", path);
	assert_string_equal(err.text, text);

	put_tool(first, "", 0644);
	assert_int_equal(start_tool("tool", &err), ERR_IO);
	snprintf(text, sizeof(text), "tool: not executable in %s", path);
	assert_string_equal(err.text, text);
}

static void is_not_looked_for_in_the_working_directory(void **state)
{
	static const char *const paths[] = { "", ":", "::" };
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	put_tool(first, "#!/bin/sh\n", 0755);
	assert_int_equal(chdir(first), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		run.options.path = paths[i];
		assert_int_equal(start_tool("tool", NULL), ERR_IO);
	}
	assert_int_equal(fchdir(here), 0);
	close(here);
}

/* Under valgrind posix_spawn() does not see that exec failed: its vfork() is a fork(). */
static void skip_unless_failures_are_seen(void)
{
	char name[] = "such", *const argv[] = { name, NULL };
	pid_t pid;

	if (posix_spawn(&pid, "/no/such", NULL, NULL, argv, environ) == 0) {
		waitpid(pid, NULL, 0);
		skip();
	}
}

static void with_a_slash_is_taken_as_it_is(void **state)
{
	(void)state;
	run.options.path = "";
	assert_int_equal(start_tool("/bin/true", NULL), 0);
	run_finish(0);
	run_check(0, "");
}

static void with_a_slash_is_looked_for_nowhere_else(void **state)
{
	struct err err = { 0 };

	(void)state;
	skip_unless_failures_are_seen();
	run.options.path = "/:/usr";
	assert_int_equal(start_tool("bin/true", &err), ERR_IO);
	assert_string_equal(err.text, "bin/true: cannot start: No such file or directory");
}

/* Neither a shell (which would run it) nor anything left open. */
static void leaves_nothing_when_it_cannot_start(void **state)
{
	struct err err = { 0 };

	(void)state;
	skip_unless_failures_are_seen();
	put_tool(first, "echo no interpreter is named here\n", 0755);
	assert_int_equal(start_tool("tool", &err), ERR_IO);
	assert_non_null(strstr(err.text, "/first/tool: cannot start: "));
	assert_int_equal(run_count_files(), run.n_files);
}

static void leaves_nothing_when_descriptors_run_out(void **state)
{
	struct rlimit before;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	int next = dup(STDIN_FILENO);
	close(next);
	for (int spare = 0; spare < 4; spare++) {
		struct rlimit few = { (rlim_t)(next + spare), before.rlim_max };
		struct err err = { 0 };

		setrlimit(RLIMIT_NOFILE, &few);
		int rc = start_tool("/bin/true", &err);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(rc, ERR_IO);
		assert_non_null(strstr(err.text, strerror(EMFILE)));
		assert_int_equal(run_count_files(), run.n_files);
	}
}

static void has_exactly_the_environment_it_is_given(void **state)
{
	static const char *const environment[] = { "LANG=C", "SLURM_TIME_FORMAT=%s", NULL };

	(void)state;
	setenv("SQUEUE_PARTITION", "debug", 1);
	run.options.envp = environment;
	assert_int_equal(start_tool("env", NULL), 0);
	run_finish(0);
	unsetenv("SQUEUE_PARTITION");
	assert_string_equal(buf_text(&run.output), "LANG=C\nSLURM_TIME_FORMAT=%s\n");
}

/* Of the signals 32 and 33, which the C library keeps for itself, nothing is promised. */
static void has_default_signals_and_none_blocked(void **state)
{
	unsigned long long blocked = ~0ULL, ignored = ~0ULL;
	sigset_t some, before;

	(void)state;
	sigemptyset(&some);
	sigaddset(&some, SIGCHLD);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	run_script("exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	run_finish(0);
	sscanf(buf_text(&run.output), "SigBlk: %llx SigIgn: %llx", &blocked, &ignored);
	assert_int_equal(blocked & ~(3ULL << 31), 0);
	assert_int_equal(ignored & ~(3ULL << 31), 0);
}

static void has_a_process_group_of_its_own(void **state)
{
	int pid, group;

	(void)state;
	run_script("set -- $(cat /proc/$$/stat); echo $1 $5");
	run_finish(0);
	assert_int_equal(sscanf(buf_text(&run.output), "%d %d", &pid, &group), 2);
	assert_int_equal(pid, group);
	assert_int_not_equal(group, getpgrp());
}

/* Of our pipes: what the test itself was handed is kept from it first. Descriptor 3 is the
 * one with which ls reads the folder. */
static void has_three_descriptors_and_nothing_to_read(void **state)
{
	(void)state;
	for (int fd = 3; fd < 1024; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	run_script("cat; readlink /proc/self/fd/0; ls /proc/self/fd");
	run_finish(0);
	assert_string_equal(buf_text(&run.output), "/dev/null\n0\n1\n2\n3\n");
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folders, remove_folders)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLDER_TEST(is_the_first_program_of_that_name_on_the_path),
		FOLDER_TEST(passes_over_what_is_no_program),
		FOLDER_TEST(says_where_it_was_looked_for),
		FOLDER_TEST(is_not_looked_for_in_the_working_directory),
		RUN_TEST(with_a_slash_is_taken_as_it_is),
		RUN_TEST(with_a_slash_is_looked_for_nowhere_else),
		FOLDER_TEST(leaves_nothing_when_it_cannot_start),
		RUN_TEST(leaves_nothing_when_descriptors_run_out),
		RUN_TEST(has_exactly_the_environment_it_is_given),
		RUN_TEST(has_default_signals_and_none_blocked),
		RUN_TEST(has_a_process_group_of_its_own),
		RUN_TEST(has_three_descriptors_and_nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
