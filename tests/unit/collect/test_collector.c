// SPDX-License-Identifier: Apache-2.0
/*
 * The contract of a source: whatever goes wrong with its command, it has no values in that
 * tick, not zeros, and the others are not affected.
 */
#include "fake_slurm.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const char good_squeue[] = "printf 'RUNNING\\037a\\nPENDING\\037a,b\\n'";
static const char good_scontrol[] =
	"case \"$*\" in\n"
	"--version) echo slurm-wlm 22.05.8;;\n"
	"*nodes) echo 'NodeName=n1 CPUAlloc=1 State=MIXED Partitions=a,b'\n"
	"        echo 'NodeName=n2 CPUAlloc=0 State=IDLE+DRAIN Partitions=b'\n"
	"        echo 'NodeName=n3 CPUAlloc=0 State=DOWN';;\n"
	"*) echo 'PartitionName=a State=UP'; echo 'PartitionName=b State=UP'\n"
	"   echo 'PartitionName=none State=UP';;\n"
	"esac";

static void begin(struct fake_slurm *f)
{
	fake_begin(f);
	fake_command(f, "squeue", good_squeue);
	fake_command(f, "scontrol", good_scontrol);
}

static void counts_rows_by_partition_with_zeros_for_the_empty_one(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_define(&f, NULL);
	fake_tick(&f);
	assert_true(collector_all_up(f.collector));
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 2);
	assert_true(fake_value(&f, "slurm_partition_jobs_pending", "partition", "a") == 1);
	assert_true(fake_value(&f, "slurm_partition_jobs_pending", "partition", "b") == 1);
	assert_true(fake_value(&f, "slurm_partition_jobs_running", "partition", "b") == 0);
	assert_true(fake_value(&f, "slurm_partition_jobs", "partition", "none") == 0);
	assert_true(fake_value(&f, "slurm_partition_nodes", "partition", "none") == 0);
	assert_true(fake_value(&f, "slurm_partition_nodes_drained", "partition", "b") == 1);
	fake_end(&f);
}

static void a_node_without_a_partition_does_not_count(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_define(&f, NULL);
	fake_tick(&f);
	assert_true(fake_value(&f, "slurm_nodes", NULL, NULL) == 2);
	assert_true(fake_value(&f, "slurm_nodes_down", NULL, NULL) == 0);
	fake_end(&f);
}

static void a_source_that_fails_has_no_values_and_says_why(void **state)
{
	static const struct {
		const char *name, *squeue, *error;
	} cases[] = {
		{ "fails", "echo no way >&2; exit 3", "exit status 3: no way" },
		{ "fails after good rows", "printf 'RUNNING\\037a\\n'; exit 1", "exit status 1" },
		{ "garbage", "echo '<html>'", "line 1: expected 2 fields, found 1" },
		{ "garbage in the middle", "printf 'RUNNING\\037a\\nx\\nRUNNING\\037a\\n'",
		  "line 2: expected 2 fields, found 1" },
		{ "half a line", "printf 'RUNNING\\037a\\nRUNN'", "cut short" },
		{ "hangs", "sleep 60", "timed out after" },
		{ "stopped", "kill -STOP $$", "timed out after" },
		{ "too much", "yes", "bytes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_slurm f;
		struct source_status jobs;

		begin(&f);
		f.timeout_ms = 700;
		f.max_output_bytes = 1000;
		fake_command(&f, "squeue", cases[i].squeue);
		fake_define(&f, NULL);
		fake_tick(&f);
		jobs = fake_source(&f, "jobs");
		if (jobs.up || !strstr(jobs.error, cases[i].error))
			fail_msg("%s: up %d, \"%s\"", cases[i].name, jobs.up, jobs.error);
		assert_true(jobs.failures == 1);
		assert_true(jobs.last_success_ms == 0);
		assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == -1);
		assert_true(fake_value(&f, "slurm_partition_jobs", "partition", "none") == -1);
		assert_true(fake_source(&f, "nodes").up);
		assert_true(fake_value(&f, "slurm_nodes", NULL, NULL) == 2);
		assert_false(collector_all_up(f.collector));
		fake_end(&f);
	}
}

static void a_missing_command_is_named_with_where_it_was_looked_for(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	snprintf(f.path, sizeof f.path, "%s", f.folder);
	unlink(strcat(strcpy((char[256]){ 0 }, f.folder), "/squeue")); // NOLINT: short names
	fake_define(&f, NULL);
	fake_tick(&f);
	assert_non_null(strstr(fake_source(&f, "jobs").error, "squeue: not found in /tmp/fake"));
	fake_end(&f);
}

static void a_source_that_works_again_has_values_again(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_command(&f, "squeue", "exit 1");
	fake_define(&f, NULL);
	fake_tick(&f);
	fake_command(&f, "squeue", good_squeue);
	fake_tick(&f);
	assert_true(fake_source(&f, "jobs").up);
	assert_true(fake_source(&f, "jobs").failures == 1);
	assert_true(fake_source(&f, "jobs").last_success_ms == 1000);
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 2);
	fake_end(&f);
}

static void without_partitions_nothing_is_told_by_partition(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_command(&f, "scontrol",
		     "case \"$*\" in --version) echo slurm 24.11.5;; *nodes) echo 'NodeName=n "
		     "CPUAlloc=0 State=IDLE Partitions=a';;"
		     "*) echo PartitionName=a; exit 1;; esac");
	fake_define(&f, NULL);
	fake_tick(&f);
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 2);
	assert_true(fake_value(&f, "slurm_partition_jobs", "partition", "a") == -1);
	fake_end(&f);
}

static void no_rows_are_zero_when_the_command_succeeds(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_command(&f, "squeue", "exit 0");
	fake_command(&f, "scontrol",
		     "case \"$*\" in --version) echo slurm 24.11.5;; *nodes) echo No nodes in the "
		     "system;; "
		     "*) echo PartitionName=a;; esac");
	fake_define(&f, NULL);
	fake_tick(&f);
	assert_true(collector_all_up(f.collector));
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 0);
	assert_true(fake_value(&f, "slurm_nodes", NULL, NULL) == 0);
	assert_true(fake_value(&f, "slurm_partition_jobs", "partition", "a") == 0);
	fake_end(&f);
}

static double mixed_nodes_of(const char *version_line)
{
	struct fake_slurm f;
	char body[512];
	double mixed;

	begin(&f);
	snprintf(body, sizeof body,
		 "case \"$*\" in --version) %s;; "
		 "*nodes) echo 'NodeName=n1 CPUAlloc=1 State=MIXED Partitions=a'; "
		 "echo 'NodeName=n2 CPUAlloc=1 State=MIXED+DRAIN Partitions=a';; "
		 "*) echo PartitionName=a;; esac",
		 version_line);
	fake_command(&f, "scontrol", body);
	fake_define(&f, NULL);
	fake_tick(&f);
	mixed = fake_value(&f, "slurm_nodes_mixed", NULL, NULL);
	assert_true(fake_source(&f, "jobs").up);
	assert_int_equal(fake_source(&f, "nodes").up, mixed != -1);
	fake_end(&f);
	return mixed;
}

static void what_is_mixed_depends_on_the_version_of_slurm(void **state)
{
	(void)state;
	assert_true(mixed_nodes_of("echo slurm-wlm 22.05.8") == 1);
	assert_true(mixed_nodes_of("echo slurm 23.02.1") == 1);
	assert_true(mixed_nodes_of("echo slurm 23.11.0-rc1") == 2);
	assert_true(mixed_nodes_of("echo slurm 26.05.4") == 2);
	assert_true(mixed_nodes_of("echo slurm") == -1);
	assert_true(mixed_nodes_of("exit 1") == -1);
	assert_true(mixed_nodes_of("yes") == -1);
}

static void the_version_is_asked_again_after_a_failure(void **state)
{
	static const char scontrol[] =
		"case \"$*\" in --version) echo slurm %s;; "
		"*nodes) echo 'NodeName=n2 CPUAlloc=1 State=MIXED+DRAIN Partitions=a';; "
		"*) echo PartitionName=a;; esac";
	struct fake_slurm f;
	char body[512];

	(void)state;
	begin(&f);
	snprintf(body, sizeof body, scontrol, "23.02.1"); // NOLINT: a literal
	fake_command(&f, "scontrol", body);
	fake_define(&f, NULL);
	fake_tick(&f);
	snprintf(body, sizeof body, scontrol, "24.11.1"); // NOLINT: a literal
	fake_command(&f, "scontrol", body);
	fake_command(&f, "squeue", "exit 1");
	fake_tick(&f);
	assert_true(fake_value(&f, "slurm_nodes_mixed", NULL, NULL) == 0);
	fake_tick(&f);
	assert_true(fake_value(&f, "slurm_nodes_mixed", NULL, NULL) == 1);
	fake_end(&f);
}

static void three_commands_are_enough_for_all_shipped_metrics(void **state)
{
	struct fake_slurm f;
	uint64_t commands = 0;

	(void)state;
	begin(&f);
	fake_define(&f, NULL);
	fake_tick(&f);
	for (size_t i = 0; i < collector_n_sources(f.collector); i++)
		commands += collector_source(f.collector, i).commands;
	assert_int_equal(commands, 3);
	fake_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_rows_by_partition_with_zeros_for_the_empty_one),
		cmocka_unit_test(a_node_without_a_partition_does_not_count),
		cmocka_unit_test(a_source_that_fails_has_no_values_and_says_why),
		cmocka_unit_test(a_missing_command_is_named_with_where_it_was_looked_for),
		cmocka_unit_test(a_source_that_works_again_has_values_again),
		cmocka_unit_test(without_partitions_nothing_is_told_by_partition),
		cmocka_unit_test(no_rows_are_zero_when_the_command_succeeds),
		cmocka_unit_test(what_is_mixed_depends_on_the_version_of_slurm),
		cmocka_unit_test(the_version_is_asked_again_after_a_failure),
		cmocka_unit_test(three_commands_are_enough_for_all_shipped_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
