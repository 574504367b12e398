// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of the loop, with commands that a test writes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/file.h"
#include "test.h"

static char folder[] = "/tmp/slurm-pusher-loop-XXXXXX";
static struct flags flags;

static int enter_folder(void **state)
{
	(void)state;
	unsetenv("STATE_DIRECTORY");
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int leave_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return chdir("/") < 0 ? -1 : system(command); // NOLINT: a folder of our own
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_commands(void)
{
	write_file("squeue", "#!/bin/sh\nprintf 'RUNNING\\037a\\n'\n", 0755);
	write_file("sacct", "#!/bin/sh\n", 0755);
	write_file("scontrol",
		   "#!/bin/sh\ncase \"$*\" in --version) echo slurm 24.11.5;;\n"
		   "*nodes) echo 'NodeName=n CPUAlloc=0 State=IDLE Partitions=a';;\n"
		   "*) echo PartitionName=a;; esac\n",
		   0755);
}

/* f.yaml: commands from this folder, no web page, and what the test adds. */
static void write_config(const char *more)
{
	char text[20000];

	snprintf(text, sizeof text,
		 "global: {external_labels: {cluster: x}}\n"
		 "slurm: {path: %s, reset_time: 2026-01-26}\n"
		 "web: {enabled: false}\nlog: {level: error}\n%s",
		 folder, more);
	write_file("f.yaml", text, 0644);
}

static void parse_flags(const char *more)
{
	static char program[] = "slurm-pusher", file[] = "--config.file=f.yaml", last[64];
	char *argv[] = { program, file, last };
	struct err err;

	snprintf(last, sizeof last, "%s", more ? more : "");
	assert_ok(flags_parse(&flags, more ? 3 : 2, argv, &err), &err);
}

/* A daemon as it is before its first step. */
static void begin(struct daemon *d, const char *more)
{
	struct setup_means means;
	struct problems problems;
	struct err err;

	*d = (struct daemon){ .flags = &flags, .lock_fd = -1, .signal_fd = -1 };
	write_config(more);
	parse_flags(NULL);
	problems_init(&problems);
	assert_ok(setup_read(&d->setup, &flags, &problems, &err), &err);
	problems_done(&problems);
	assert_ok(registry_new(&d->registry, &err), &err);
	assert_ok(deliver_new(&d->deliver, "test", &err), &err);
	means = daemon_means(d);
	assert_ok(setup_build(&d->setup, &means, NULL, &err), &err);
	assert_ok(daemon_size_arrays(d, &d->setup, &err), &err);
	buf_init(&d->text, 1 << 20);
	buf_init(&d->gzipped, 1 << 20);
}

static void end(struct daemon *d)
{
	setup_done(&d->setup);
	deliver_free(d->deliver);
	snapshot_done(&d->snapshot);
	registry_free(d->registry);
	buf_done(&d->text);
	buf_done(&d->gzipped);
	free(d->sources);
	free(d->destinations);
	free(d->source_was_down);
}

static void a_destination_that_cannot_be_made_is_left_out(void **state)
{
	char more[10000], cluster[9000];
	struct daemon d;

	(void)state;
	memset(cluster, 'a', sizeof cluster - 1);
	cluster[sizeof cluster - 1] = '\0';
	snprintf(more, sizeof more,
		 "pushgateway:\n"
		 "  - {name: bad, url: 'http://127.0.0.1:1', grouping: {job: j, cluster: %s}}\n"
		 "  - {name: good, url: 'http://127.0.0.1:1'}\n",
		 cluster);
	begin(&d, more);
	assert_true(daemon_take_cluster(&d, NULL));
	assert_int_equal(d.setup.n_outboxes, 1);
	assert_string_equal(destination_status(d.setup.outboxes[0].destination).name, "good");
	daemon_report_destinations(&d);
	end(&d);
}

static void errors_are_not_counted_back_by_a_reload(void **state)
{
	struct daemon d;

	(void)state;
	begin(&d, "pushgateway: [{url: 'http://127.0.0.1:1'}]\n");
	d.status.errors = d.history_failures = 5;
	write_config("pushgateway: [{url: 'http://127.0.0.1:1'}]\nhistory: {interval: 2m}\n");
	daemon_reload(&d);
	assert_true(d.status.reload_ok);
	daemon_report_history(&d);
	assert_int_equal(d.status.errors, 5);
	end(&d);
}

static void a_tick_whose_commands_cannot_be_run_is_over_at_once(void **state)
{
	struct daemon d;

	(void)state;
	begin(&d, "pushgateway: [{url: 'http://127.0.0.1:1'}]\nhistory: {enabled: false}\n");
	assert_true(daemon_collect(&d));
	assert_int_equal(d.status.ticks, 1);
	assert_false(collector_all_up(d.setup.collector));
	end(&d);
}

static int n_opens;

static int cannot_open(const char *path, int how, mode_t mode)
{
	(void)path, (void)how, (void)mode;
	n_opens++;
	errno = EROFS;
	return -1;
}

static void a_name_that_cannot_be_kept_is_tried_again_once_a_tick(void **state)
{
	static const struct file_calls calls = { .open = cannot_open };
	struct daemon d;
	struct err err;

	(void)state;
	begin(&d, "storage: {path: .}\npushgateway: [{url: 'http://127.0.0.1:1'}]\n");
	assert_ok(worker_new(&d.worker, &err), &err);
	file_calls_replace(&calls);
	d.cluster_is_known = true;
	snprintf(d.told_cluster, sizeof d.told_cluster, "x");
	for (int i = 0; i < 100; i++) {
		d.next_tick_ms = i < 2 ? 0 : INT64_MAX;
		daemon_find_cluster(&d);
		while (worker_is_busy(d.worker))
			daemon_take_back_work(&d);
	}
	assert_int_equal(n_opens, 2);
	file_calls_replace(NULL);
	assert_true(worker_free(d.worker, 1000));
	end(&d);
}

static void an_exposition_that_was_cut_off_is_not_shown(void **state)
{
	struct daemon d = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	buf_init(&d.text, 4);
	buf_adds(&d.text, "a 1\n");
	assert_int_equal(daemon_pages[1].render(&d, &out), 200);
	assert_string_equal(buf_text(&out), "a 1\n");
	buf_clear(&out);
	buf_adds(&d.text, "b 2\n");
	assert_int_equal(daemon_pages[1].render(&d, &out), 503);
	assert_string_equal(buf_text(&out), "");
	buf_done(&d.text);
	buf_done(&out);
}

/* ---- --once ---- */

enum { MAX_LOOKS = 2000, WHILE_MS = 500 };

static int n_looks;

static int64_t look_at_clock(void)
{
	struct timespec t;

	n_looks++;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Its receiver takes nothing, so it waits until it is told to stop. */
static void once_waits_for_a_receiver_and_does_not_spin(void **state)
{
	sigset_t term, before;
	int status;
	pid_t pid;

	(void)state;
	write_commands();
	write_config("storage: {path: state}\nhistory: {timeout: 5s}\n"
		     "remote_write: [{url: 'http://127.0.0.1:1/w'}]\n");
	parse_flags("--once");
	/* However slow its beginning is, it takes the signal as it wants to. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pid = fork();
	if (pid == 0) {
		clock_replace(look_at_clock, NULL);
		status = daemon_main(&flags);
		_exit(status != EXIT_FAILURE ? 100 : n_looks > MAX_LOOKS);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	usleep(WHILE_MS * 1000);
	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_destination_that_cannot_be_made_is_left_out),
		cmocka_unit_test(errors_are_not_counted_back_by_a_reload),
		cmocka_unit_test(a_tick_whose_commands_cannot_be_run_is_over_at_once),
		cmocka_unit_test(a_name_that_cannot_be_kept_is_tried_again_once_a_tick),
		cmocka_unit_test(an_exposition_that_was_cut_off_is_not_shown),
		cmocka_unit_test(once_waits_for_a_receiver_and_does_not_spin),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
