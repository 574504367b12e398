// SPDX-License-Identifier: Apache-2.0
/*
 * The totals from the accounting records of three generations of Slurm, against what the
 * per-state commands printed for the same records.
 */
#include <time.h>

#include "history_stage.h"

enum { MAX_LINE = 8192 };

static FILE *golden(const char *generation, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, TEST_SOURCE_DIR "/data/golden/%s/%s", generation, name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: no such file", path);
	return f;
}

/* Of sacct.<kind><what>.txt */
static int64_t lines_of(const char *generation, const char *kind, const char *what)
{
	char name[128], line[MAX_LINE];
	int64_t n = 0;
	FILE *f;

	snprintf(name, sizeof name, "sacct.%s%s.txt", kind, what);
	f = golden(generation, name);
	while (fgets(line, sizeof line, f))
		n++;
	fclose(f);
	return n;
}

/* Seconds since the epoch, or 0. */
static int64_t seconds(const char *text)
{
	struct tm tm = { 0 };

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
}

/* The fields of a line; returns how many. */
static size_t fields_of(char *line, const char *separators, char **fields, size_t max)
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && n < max) {
		fields[n++] = strsep(&line, separators);
		while (separators[0] == ' ' && line && *line == ' ')
			line++;
	}
	return n;
}

/* The rows of all states but for those that never were eligible; returns the latest time in them.
 */
static int64_t add_records(FILE *records, const char *generation)
{
	enum {
		JOB_ID = 0,
		JOB_ID_RAW = 1,
		STATE = 2,
		PARTITION = 3,
		ELIGIBLE = 7,
		END = 9,
		NEEDED = 10
	};
	char line[MAX_LINE], *fields[NEEDED];
	FILE *f = golden(generation, "sacct.X.P.txt");
	int64_t latest = 0;

	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		assert_int_equal(fields_of(line, "|", fields, NEEDED), NEEDED);
		fprintf(records, "%s|%s|%s|%" PRId64 "|%" PRId64 "\n", fields[JOB_ID_RAW],
			fields[STATE], fields[PARTITION], seconds(fields[ELIGIBLE]),
			seconds(fields[END]));
		if (seconds(fields[ELIGIBLE]) > latest)
			latest = seconds(fields[ELIGIBLE]);
		if (seconds(fields[END]) > latest)
			latest = seconds(fields[END]);
	}
	fclose(f);
	return latest;
}

/* Those that --state=CANCELLED lists; one of them was cancelled while held. */
static void add_cancelled(FILE *records, const char *generation, int64_t end_s)
{
	enum { JOB_ID, NAME, PARTITION, NEEDED };
	char line[MAX_LINE], *fields[NEEDED];
	FILE *f = golden(generation, "sacct.s.CANCELLED.txt");

	while (fgets(line, sizeof line, f)) {
		assert_int_equal(fields_of(line, " ", fields, NEEDED), NEEDED);
		fprintf(records, "%s|CANCELLED by 0|%s|0|%" PRId64 "\n", fields[JOB_ID],
			fields[PARTITION], end_s);
	}
	fclose(f);
}

static int64_t load(const struct stage *s, const char *generation)
{
	FILE *records;
	int64_t latest;

	records = fopen(stage_path(s, "records"), "w");
	assert_non_null(records);
	latest = add_records(records, generation);
	add_cancelled(records, generation, latest);
	assert_int_equal(fclose(records), 0);
	return latest;
}

static void check(struct stage *s, const char *generation)
{
	static const char *const states[][2] = {
		{ "completed", "COMPLETED" },
		{ "failed", "FAILED" },
		{ "timeout", "TIMEOUT" },
		{ "node_failed", "NODE_FAIL" },
		{ "cancelled", "CANCELLED" },
		{ "preempted", "PREEMPTED" },
		{ "out_of_memory", "OUT_OF_MEMORY" },
	};
	static const char *const partitions[] = { "all", "dynamic", "empty", "high",
						  "hpc", "htc",     "inact", "low" };

	s->wall_ms = (load(s, generation) + 5) * 1000;
	stage_open(s);
	stage_pass(s);
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		assert_total(s, states[i][0], lines_of(generation, "s.", states[i][1]));
	assert_total(s, "submitted", lines_of(generation, "", "seed"));
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
		assert_partition_total(s, partitions[i], "submitted",
				       lines_of(generation, "r.", partitions[i]));
	assert_partition_total(s, "htc", "cancelled", 2);
}

static void totals_equal_what_22_05_lists_by_state_and_partition(void **state)
{
	check(*state, "22.05");
}

static void totals_equal_what_24_11_lists_by_state_and_partition(void **state)
{
	check(*state, "24.11");
}

static void totals_equal_what_26_05_lists_by_state_and_partition(void **state)
{
	check(*state, "26.05");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(totals_equal_what_22_05_lists_by_state_and_partition),
		TEST(totals_equal_what_24_11_lists_by_state_and_partition),
		TEST(totals_equal_what_26_05_lists_by_state_and_partition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
