// SPDX-License-Identifier: Apache-2.0
/*
 * Metrics with a command of their own, and definitions that replace or add to the shipped ones.
 */
#include "fake_slurm.h"

static void begin(struct fake_slurm *f)
{
	fake_begin(f);
	fake_command(f, "squeue", "printf 'RUNNING\\037a\\n'");
	fake_command(f, "scontrol",
		     "case \"$*\" in --version) echo slurm 24.11.5;; *nodes) echo 'NodeName=n "
		     "CPUAlloc=0 State=IDLE Partitions=a';;"
		     "*) echo PartitionName=a; echo PartitionName=b;; esac");
}

static void tick(struct fake_slurm *f, const char *yaml, const char *own)
{
	begin(f);
	fake_command(f, "own", own);
	fake_define(f, yaml);
	fake_tick(f);
}

static void strategies_read_what_the_command_prints(void **state)
{
	static const struct {
		const char *parse, *output;
		double want; /* -1: no value, and the source has failed */
	} cases[] = {
		{ "count_lines", "printf 'a\\nb\\n'", 2 },
		{ "count_lines", ":", 0 },
		{ "count_lines", "printf 'a\\nb'", -1 },
		{ "count_lines", "printf 'a\\n'; exit 1", -1 },
		{ "extract_number", "echo 42", 42 },
		{ "extract_number", "echo 'load: 1.5 now'", 1.5 },
		{ "extract_number", "echo 'delta=-3'", -3 },
		{ "extract_number", "echo 1e3", 1000 },
		{ "extract_number", ":", 0 },
		{ "extract_number", "echo none", -1 },
		{ "extract_number", "printf 12", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_slurm f;
		char yaml[256];
		double got;

		snprintf(yaml, sizeof yaml,
			 "metrics: [{name: m, help: h, command: [own], parse: %s}]",
			 cases[i].parse);
		tick(&f, yaml, cases[i].output);
		got = fake_value(&f, "m", NULL, NULL);
		if (cases[i].parse[0] == 'e' && cases[i].want == -3)
			got = got == -3 ? -3 : 99;
		if (got != cases[i].want || fake_source(&f, "m").up != (cases[i].want != -1))
			fail_msg("%s of `%s`: %g, %s", cases[i].parse, cases[i].output, got,
				 fake_source(&f, "m").error);
		assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 1);
		fake_end(&f);
	}
}

static void columns_give_a_series_for_each_line(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "metrics: [{name: m, help: h, command: [own], parse: columns, separator: '|',"
	     " value: 2, labels: {user: 1}}]",
	     "printf 'ann|3\\nbob|4.5\\n'");
	assert_true(fake_value(&f, "m", "user", "ann") == 3);
	assert_true(fake_value(&f, "m", "user", "bob") == 4.5);
	fake_end(&f);
}

static void columns_between_blanks_may_have_several_of_them(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "metrics: [{name: m, help: h, command: [own], parse: columns, value: 3,"
	     " labels: {user: 1}}]",
	     "echo '  ann   x  7  '");
	assert_true(fake_value(&f, "m", "user", "ann") == 7);
	fake_end(&f);
}

static void columns_without_lines_have_no_series_and_are_well(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f, "metrics: [{name: m, help: h, command: [own], parse: columns, value: 1}]", ":");
	assert_true(fake_source(&f, "m").up);
	assert_true(fake_value(&f, "m", NULL, NULL) == -1);
	fake_end(&f);
}

static void columns_that_cannot_be_read_fail_the_source(void **state)
{
	static const char *const outputs[] = { "echo ann", "echo 'ann x'",
					       "printf 'ann 1\\nann 2\\n'" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		struct fake_slurm f;

		tick(&f,
		     "metrics: [{name: m, help: h, command: [own], parse: columns, value: 2,"
		     " labels: {user: 1}}]",
		     outputs[i]);
		assert_false(fake_source(&f, "m").up);
		assert_true(fake_value(&f, "m", "user", "ann") == -1);
		fake_end(&f);
	}
}

static void placeholders_are_filled_in(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "metrics:\n"
	     "- {name: 'm_{state}', help: h, each: {state: [x, yy]},"
	     " command: [own, '{state}'], parse: extract_number}\n"
	     "- {name: l, help: h, each: {kind: [x, yy]}, command: [own, '{kind}'],"
	     " parse: extract_number}\n"
	     "- {name: p, help: h, command: [own, 'p{partition}'], parse: extract_number}\n"
	     "- {name: t, help: h, command: [own, '{start_time}'], parse: extract_number}\n"
	     "- {name: r, help: h, command: [own, '{reset_time}'], parse: extract_number}\n",
	     "case $1 in x) echo 1;; yy) echo 2;; pa) echo 3;; pb) echo 4;;"
	     " 2026-01-26T12:00:00) echo 5;; esac");
	assert_true(fake_value(&f, "m_x", NULL, NULL) == 1);
	assert_true(fake_value(&f, "m_yy", NULL, NULL) == 2);
	assert_true(fake_value(&f, "l", "kind", "x") == 1);
	assert_true(fake_value(&f, "l", "kind", "yy") == 2);
	assert_true(fake_value(&f, "p", "partition", "a") == 3);
	assert_true(fake_value(&f, "p", "partition", "b") == 4);
	assert_true(fake_value(&f, "t", NULL, NULL) == 5);
	assert_true(fake_value(&f, "r", NULL, NULL) == 5);
	fake_end(&f);
}

static void a_command_for_each_partition_fails_with_the_partitions(void **state)
{
	struct fake_slurm f;

	(void)state;
	begin(&f);
	fake_command(&f, "scontrol", "exit 1");
	fake_command(&f, "own", "echo 1");
	fake_define(&f, "metrics: [{name: p, help: h, command: [own, '{partition}']}]");
	fake_tick(&f);
	assert_string_equal(fake_source(&f, "p").error, "the partitions are not known");
	assert_true(fake_value(&f, "p", "partition", "a") == -1);
	fake_end(&f);
}

static void many_commands_all_get_their_turn(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "metrics: [{name: m, help: h, each: {i: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,"
	     " 14, 15, 16, 17, 18, 19, 20]}, command: [own, '{i}'], parse: extract_number}]",
	     "echo $1");
	assert_true(fake_value(&f, "m", "i", "20") == 20);
	assert_true(fake_source(&f, "m").up);
	fake_end(&f);
}

static void a_later_definition_replaces_one_of_the_same_name(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "tables: {jobs: {command: [own], columns: {state: {field: '%T'}, user: {field: '%u'},"
	     " partition: {field: '%P', type: list, values: partitions.name}},"
	     " subsets: {queued: {where: {state: RUNNING}}, running: {where: {state: RUNNING}},"
	     " pending: {}, configuring: {}, completing: {}, suspended: {}, failed: {}}}}\n"
	     "metrics: [{name: slurm_user_jobs, help: h, from: jobs, by: [user]}]",
	     "printf 'RUNNING\\037ann\\037a\\nRUNNING\\037ann\\037b\\nPENDING\\037bob\\037a\\n'");
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 2);
	assert_true(fake_value(&f, "slurm_user_jobs", "user", "ann") == 2);
	assert_true(fake_value(&f, "slurm_user_jobs", "user", "bob") == 1);
	fake_end(&f);
}

static void sums_and_number_tests_work_on_columns_of_numbers(void **state)
{
	struct fake_slurm f;

	(void)state;
	tick(&f,
	     "tables: {t: {command: [own], separator: ' ', columns: {who: {}, cpus: {type: "
	     "number}}}}\n"
	     "metrics:\n"
	     "- {name: total, help: h, from: t, sum: cpus}\n"
	     "- {name: large, help: h, from: t, where: {cpus: {above: 2}}}\n"
	     "- {name: small, help: h, from: t, where: {cpus: {below: 2}, who: {not: b}}}\n",
	     "printf 'a 1\\nb 1\\nc 2.5\\nd 8\\n'");
	assert_true(fake_value(&f, "total", NULL, NULL) == 12.5);
	assert_true(fake_value(&f, "large", NULL, NULL) == 2);
	assert_true(fake_value(&f, "small", NULL, NULL) == 1);
	fake_end(&f);
}

/* What only shows when it is told: here, more labels than a series may have. */
static void a_source_that_fails_while_it_is_told_has_no_values_at_all(void **state)
{
	struct fake_slurm f;
	struct buf yaml;

	(void)state;
	buf_init(&yaml, 1 << 16);
	buf_adds(&yaml, "tables: {t: {command: [own], columns: {a: {}}}}\nmetrics:\n"
			"- {name: first, help: h, from: t}\n"
			"- {name: second, help: h, from: t, each: {l0: [x]");
	for (int i = 1; i <= MODEL_MAX_LABELS; i++)
		buf_addf(&yaml, ", l%d: [x]", i);
	buf_adds(&yaml, "}}\n- {name: third, help: h, from: t}\n");
	tick(&f, buf_text(&yaml), "echo a");
	assert_non_null(strstr(fake_source(&f, "t").error, "metric second: more than 64 labels"));
	assert_true(fake_source(&f, "t").last_success_ms == 0);
	assert_true(fake_value(&f, "first", NULL, NULL) == -1);
	assert_true(fake_value(&f, "third", NULL, NULL) == -1);
	assert_true(fake_value(&f, "slurm_jobs", NULL, NULL) == 1);
	buf_done(&yaml);
	fake_end(&f);
}

static void wrong_definitions_are_told_with_their_place(void **state)
{
	static const struct {
		const char *yaml, *want;
	} cases[] = {
		{ "metrics: [{name: m, help: h}]", "test.yaml:1:11: metric m: either from" },
		{ "metrics: [{name: m, help: h, from: nowhere}]", "there is no table \"nowhere\"" },
		{ "metrics: [{name: m, help: h, from: jobs, subset: runing}]",
		  "no subset \"runing\"" },
		{ "metrics: [{name: m, help: h, from: jobs, by: [user]}]", "no column \"user\"" },
		{ "metrics: [{name: m, help: h, from: jobs, where: {stat: RUNNING}}]",
		  "no column \"stat\"" },
		{ "metrics: [{name: m, help: h, from: jobs, where: {state: {iss: x}}}]",
		  "unknown test \"iss\"" },
		{ "metrics: [{name: m, help: h, command: [own], parse: custom}]", "reserved" },
		{ "metrics: [{name: m, help: h, command: [own, '-p {partiton}']}]",
		  "{partiton} stands for nothing" },
		{ "metrics: [{name: m, help: 'of {state}', command: [own]}]", "{state} stands" },
		{ "metrics: [{name: m, help: h, from: jobs, where: {state: '{stat}'}}]",
		  "{stat} stands" },
		{ "tables: {t: {command: ['{colums}'], columns: {a: {}}}}", "{colums} stands" },
		{ "metrics: [{name: m, help: h, command: [a]}, {name: m, help: h, command: [b]}]",
		  "test.yaml:1:45: metric m is defined a second time" },
		{ "tables: {t: {command: [own], columns: {a: {values: t.b}}}}\n"
		  "metrics: [{name: m, help: h, from: t, by: [a]}]",
		  "table t, column a: values: there is no table and column \"t.b\"" },
		{ "tables: {partitions: {command: [own], columns: {nom: {}}}}\n"
		  "metrics: [{name: m, help: h, command: [own, '{partition}']}]",
		  "test.yaml:2:11: {partition} needs a table partitions with a column name" },
		{ "metrics: [{name: m, help: h, command: [own], parse: lines}]",
		  "unknown parse \"lines\"" },
		{ "metrics: [{name: m, help: h, command: [own], parse: columns}]", "needs value" },
		{ "metrics: [{name: m, help: h, command: [own], value: 2}]",
		  "are for parse: columns" },
		{ "metrics: [{name: 1m, help: h, command: [own]}]", "is not a metric name" },
		{ "metrics: [{name: m, command: [own]}]", "help is missing" },
		{ "metrics: [{name: m, help: h, command: [own], comand: x}]", "did you mean" },
		{ "metrics: [{name: slurm_exporter_x, help: h, command: [own]}]", "own" },
		{ "metrics: [{name: history, help: h, command: [own]}]", "that source exists" },
		{ "metrics: [{name: 'a{x}', help: h, each: {x: [b]}, command: [own]},"
		  " {name: ab, type: counter, help: h, command: [own]}]",
		  "gauge in one place" },
		{ "metrics: [{name: 'm{x}', help: h, from: jobs, each: {x: [{a: b}]}}]",
		  "1:58: each x: a word is expected" },
		{ "metrics: [{name: m, help: h, from: jobs, by: [partition, partition]}]",
		  "two labels are called partition" },
		{ "metrics: [{name: m, help: h, command: [own, '{partition}'], parse: columns,"
		  " value: 1, labels: {partition: 2}}]",
		  "two labels are called partition" },
		{ "metrics: [{name: m, help: h, from: jobs, each: {a-b: [x]}}]",
		  "\"a-b\" is not a label name" },
		{ "metrics: [{name: m, help: h, from: jobs, parse: columns}]",
		  "are for a metric with a command" },
		{ "metrics: [{name: m, help: h, command: [own], by: [partition]}]",
		  "are for a metric over a table" },
		{ "metrics: [{name: m, help: h, from: jobs, where: {state: {above: 1}}}]",
		  "above: column state is not one of numbers" },
		{ "metrics: [{name: m, help: h, from: jobs, where: {state: {no_flag: X}}}]",
		  "no_flag: column state is not one of flags" },
		{ "metrics: [{help: h}]", "that has a name" },
		{ "tables: {t: {columns: {a: {}}}}", "command is missing" },
		{ "tables: {t: {command: [own]}}", "columns are missing" },
		{ "tables: {t: {command: [own], columns: {a: {type: numbr}}}}",
		  "did you mean \"number\"?" },
		{ "metric: []", "tables and metrics, nothing else" },
		{ "metrics: [", "test.yaml:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct definitions *d;
		struct problems problems;
		struct err err;

		problems_init(&problems);
		assert_ok(definitions_new(&d, &err), &err);
		assert_int_equal(definitions_read(d, "test.yaml", cases[i].yaml,
						  strlen(cases[i].yaml), &problems),
				 0);
		assert_int_equal(definitions_finish(d, &problems), 0);
		if (!strstr(buf_text(&problems.errors), cases[i].want))
			fail_msg("%s: \"%s\"", cases[i].yaml, buf_text(&problems.errors));
		problems_done(&problems);
		definitions_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strategies_read_what_the_command_prints),
		cmocka_unit_test(columns_give_a_series_for_each_line),
		cmocka_unit_test(columns_between_blanks_may_have_several_of_them),
		cmocka_unit_test(columns_without_lines_have_no_series_and_are_well),
		cmocka_unit_test(columns_that_cannot_be_read_fail_the_source),
		cmocka_unit_test(placeholders_are_filled_in),
		cmocka_unit_test(a_command_for_each_partition_fails_with_the_partitions),
		cmocka_unit_test(many_commands_all_get_their_turn),
		cmocka_unit_test(a_later_definition_replaces_one_of_the_same_name),
		cmocka_unit_test(sums_and_number_tests_work_on_columns_of_numbers),
		cmocka_unit_test(a_source_that_fails_while_it_is_told_has_no_values_at_all),
		cmocka_unit_test(wrong_definitions_are_told_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
