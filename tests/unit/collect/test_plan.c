// SPDX-License-Identifier: Apache-2.0
/*
 * What is run and which columns are taken, when definitions of a user's own change that.
 */
#include "fake_slurm.h"

/* The shipped tables without a word about partitions: nothing asks for their names. */
#define TABLES_WITHOUT_PARTITIONS                                                                  \
	"  jobs:\n"                                                                                \
	"    command: [squeue]\n"                                                                  \
	"    columns: {state: {}, partition: {}}\n"                                                \
	"    subsets: {queued: {}, running: {}, pending: {}, configuring: {}, completing: {},"     \
	" suspended: {}, failed: {}}\n"                                                            \
	"  nodes:\n"                                                                               \
	"    command: [scontrol, show, nodes]\n"                                                   \
	"    rows: key_value\n"                                                                    \
	"    columns: {state: {field: State}, partition: {field: Partitions}}\n"                   \
	"    subsets: {alloc: {}, idle: {}, mixed: {}, down: {}, drain: {}, draining: {},"         \
	" drained: {}, maint: {}, fail: {}, powered_down: {}, powering_up: {}}\n"

#define PARTITIONS_WITH_STATE                                                                      \
	"  partitions:\n"                                                                          \
	"    command: [scontrol, show, partitions]\n"                                              \
	"    rows: key_value\n"                                                                    \
	"    columns: {name: {field: PartitionName}, state: {field: State}}\n"

static void begin(struct fake_slurm *f)
{
	fake_begin(f);
	fake_command(f, "squeue", "printf 'RUNNING\\037a\\n'");
	fake_command(f, "scontrol",
		     "case \"$*\" in --version) echo slurm 24.11.5;; *nodes) echo 'NodeName=n "
		     "CPUAlloc=0 State=IDLE Partitions=a,b';;"
		     "*) echo PartitionName=a State=UP; echo PartitionName=b State=DOWN;; esac");
}

static void partitions_can_be_counted_where_nobody_asks_for_their_names(void **state)
{
	struct fake_slurm f;
	size_t n;

	(void)state;
	begin(&f);
	fake_define(&f, "tables:\n" TABLES_WITHOUT_PARTITIONS PARTITIONS_WITH_STATE
			"metrics: [{name: m, help: h, from: partitions, by: [state]}]\n");
	fake_tick(&f);
	assert_true(fake_value(&f, "m", "state", "UP") == 1);
	assert_string_equal(collector_partitions(f.collector, &n)[1], "b");
	assert_int_equal(n, 2);
	fake_end(&f);
}

static void a_partition_that_does_not_count_is_no_value_of_a_label(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_define(&f, "tables:\n" PARTITIONS_WITH_STATE "    where: {state: UP}\n");
	fake_tick(&f);
	assert_true(fake_value(&f, "slurm_partition_nodes", "partition", "a") == 1);
	assert_true(fake_value(&f, "slurm_partition_nodes", "partition", "b") == -1);
	fake_end(&f);
}

static void the_version_is_asked_for_whoever_needs_it(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_define(&f, "tables:\n" TABLES_WITHOUT_PARTITIONS
			"metrics: [{name: m, help: h, from: jobs, by: [slurm_version]}]\n");
	fake_tick(&f);
	assert_true(fake_value(&f, "m", "slurm_version", "24.11") == 1);
	fake_end(&f);
}

static void a_command_whose_turn_comes_after_the_deadline_is_not_run(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	f.timeout_ms = 1000;
	fake_command(&f, "scontrol",
		     "case \"$*\" in --version) echo slurm 24.11.5;; *nodes) exit;; esac; for p in "
		     "a b c d e f g h i j k l m n; do echo PartitionName=$p; done");
	fake_command(&f, "own", "sleep 60");
	fake_define(&f, "metrics: [{name: m, help: h, command: [own, '{partition}']}]");
	fake_tick(&f);
	assert_false(fake_source(&f, "m").up);
	assert_int_equal(fake_source(&f, "m").commands, 8);
	fake_end(&f);
}

static void a_file_of_definitions_that_is_no_mapping_is_an_error(void **state)
{
	static const char *const files[] = { "hello\n", "- tables\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct definitions *d;
		struct problems problems;
		struct err err;

		problems_init(&problems);
		assert_ok(definitions_new(&d, &err), &err);
		assert_int_equal(definitions_read(d, "f", files[i], strlen(files[i]), &problems),
				 0);
		assert_string_equal(buf_text(&problems.errors),
				    "f:1:1: a mapping with tables and metrics is expected\n");
		definitions_free(d);
		problems_done(&problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions_can_be_counted_where_nobody_asks_for_their_names),
		cmocka_unit_test(a_partition_that_does_not_count_is_no_value_of_a_label),
		cmocka_unit_test(the_version_is_asked_for_whoever_needs_it),
		cmocka_unit_test(a_command_whose_turn_comes_after_the_deadline_is_not_run),
		cmocka_unit_test(a_file_of_definitions_that_is_no_mapping_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
