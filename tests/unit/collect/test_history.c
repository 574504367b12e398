// SPDX-License-Identifier: Apache-2.0
/*
 * What counts, and for what: after each pass the totals are those of the documented commands.
 */
#include "history_stage.h"
#include "slurm_pusher/file.h"

static void there_are_no_values_before_the_first_count_is_complete(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	assert_total(s, "submitted", -1);
	assert_int_equal(stage_status(s).phase, HISTORY_FIRST_COUNT);
	assert_false(stage_status(s).up);
	stage_pass(s);
	assert_total(s, "submitted", 0);
	assert_partition_total(s, "hpc", "failed", 0);
	assert_int_equal(stage_status(s).phase, HISTORY_IDLE);
}

static void a_pass_asks_two_things_and_a_third_only_for_jobs_that_vanished(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_open(s);
	for (int i = 0; i < 3; i++)
		stage_pass(s);
	assert_int_equal(stage_asked(s, "alive"), 3);
	assert_int_equal(stage_asked(s, "ended"), 3);
	assert_int_equal(stage_asked(s, "jobs"), 0);

	/* An array at its limit, and a job moved to tomorrow, have not vanished. */
	stage_recordsf(s, "1|PENDING|hpc|4294967295|0\n");
	stage_pass(s);
	assert_total(s, "submitted", 0);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S + 9999);
	stage_pass(s);
	stage_recordsf(s, "1|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 0);

	stage_recordsf(s, "1|PENDING|hpc|0|0\n"); /* held again */
	stage_pass(s);
	stage_pass(s);
	assert_total(s, "submitted", 0);
	assert_int_equal(stage_asked(s, "alive"), 9);
	assert_int_equal(stage_asked(s, "ended"), 9);
	assert_int_equal(stage_asked(s, "jobs"), 1);
}

static void sacct_is_asked_in_these_words(void **state)
{
#define ALWAYS                                                                                     \
	"--allusers --allocations --duplicates --noheader --parsable2 --delimiter=\x1f --local "   \
	"--format=JobIDRaw,State,Partition,Eligible,End "
	static const char expected[] =
		"alive " ALWAYS "--starttime=uts1800000000 --endtime=uts4294967296\n"
		"ended " ALWAYS
		"--state=BOOT_FAIL,CANCELLED,COMPLETED,DEADLINE,FAILED,NODE_FAIL,OUT_OF_MEMORY,"
		"PREEMPTED,REQUEUED,RESIZING,TIMEOUT "
		"--starttime=uts1799913600 --endtime=uts1800000000\n"
		"jobs " ALWAYS "--jobs=1,3\n";
	struct stage *s = *state;
	char path[128];
	struct buf asked;

	stage_recordsf(s, "1|PENDING|hpc|%d|0\n2|PENDING|hpc|%d|0\n3|PENDING|hpc|%d|0\n",
		       NOW_S - 100, NOW_S - 100, NOW_S - 100);
	stage_open(s);
	stage_pass(s);
	snprintf(path, sizeof path, "%s/asked", s->folder);
	buf_init(&asked, 100000);
	assert_int_equal(file_read(path, &asked, NULL), 0);
	assert_memory_equal(asked.ptr, expected, asked.len);
	assert_string_equal(strstr(expected, "jobs "), expected + asked.len);

	stage_recordsf(s, "2|PENDING|hpc|%d|0\n", NOW_S - 100);
	stage_pass(s);
	buf_clear(&asked);
	assert_int_equal(file_read(path, &asked, NULL), 0);
	assert_string_equal(strstr(asked.ptr, "jobs "), strstr(expected, "jobs "));
	buf_done(&asked);
}

static void any_number_of_jobs_may_vanish_at_once(void **state)
{
	struct stage *s = *state;
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/records", s->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int id = 1; id <= 2500; id++)
		fprintf(f, "%d|PENDING|hpc|%d|0\n", id, NOW_S - 100);
	fclose(f);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 2500);
	stage_recordsf(s, "1999|PENDING|hpc|0|0\n"); /* one is held, the others are purged */
	stage_pass(s);
	assert_total(s, "submitted", 2499);
	assert_int_equal(stage_asked(s, "jobs"), 3);
}

static void more_partitions_than_anyone_has_are_refused(void **state)
{
	struct stage *s = *state;
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/records", s->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int id = 1; id <= 4097; id++)
		fprintf(f, "%d|PENDING|p%d|%d|0\n", id, id, NOW_S - 100);
	fclose(f);
	stage_open(s);
	stage_next(s);
	assert_non_null(strstr(stage_status(s).error, "more than 4096 different partition"));
	assert_total(s, "submitted", -1);
}

static void a_job_counts_once_for_each_state_it_ended_in(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s,
		       "7|NODE_FAIL|hpc|%d|%d\n7|REQUEUED|hpc|%d|%d\n7|FAILED|hpc|%d|%d\n"
		       "7|FAILED|hpc|%d|%d\n7|COMPLETED|htc|%d|%d\n8|COMPLETED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 700, NOW_S - 600, NOW_S - 500, NOW_S - 400,
		       NOW_S - 300, NOW_S - 200, NOW_S - 100, NOW_S - 10, NOW_S - 100, NOW_S - 10);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 2);
	assert_total(s, "node_failed", 1);
	assert_total(s, "failed", 1);
	assert_total(s, "completed", 2);
	assert_total(s, "timeout", 0);
	assert_partition_total(s, "hpc", "submitted", 2);
	assert_partition_total(s, "htc", "submitted", 1);
	assert_partition_total(s, "hpc", "completed", 1);
	assert_partition_total(s, "htc", "completed", 1);
	assert_partition_total(s, "empty", "completed", 0);
}

static void a_finished_job_that_is_requeued_is_not_finished_any_more(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|NODE_FAIL|hpc|%d|%d\n7|COMPLETED|hpc|%d|%d\n8|FAILED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 90, NOW_S - 50, NOW_S - 90, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "completed", 1);
	stage_recordsf(s,
		       "7|NODE_FAIL|hpc|%d|%d\n7|REQUEUED|hpc|%d|%d\n7|PENDING|hpc|%d|0\n"
		       "8|FAILED|hpc|%d|%d\n",
		       NOW_S - 900, NOW_S - 800, NOW_S - 90, NOW_S + 30, NOW_S + 150, NOW_S - 90,
		       NOW_S - 50);
	stage_pass(s);
	assert_total(s, "completed", 0);
	assert_total(s, "node_failed", 1);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 2);
	stage_reopen(s);
	assert_total(s, "completed", 0);

	/* It is asked for once, not as long as the row is in the window. */
	assert_int_equal(stage_asked(s, "jobs"), 1);
	stage_pass(s);
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 1);
}

static void a_job_requeued_while_it_ran_keeps_what_it_ended_in_before(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|NODE_FAIL|hpc|%d|%d\n7|RUNNING|hpc|%d|0\n", NOW_S - 900, NOW_S - 800,
		       NOW_S - 90);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "7|REQUEUED|hpc|%d|%d\n", NOW_S - 90,
		       NOW_S + 30); /* the first is purged */
	stage_pass(s);
	assert_total(s, "node_failed", 1);
	assert_int_equal(stage_asked(s, "jobs"), 0);
}

static void a_suspect_without_a_row_keeps_what_it_ended_in(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "7|COMPLETED|hpc|%d|%d\n", NOW_S - 90, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "7|REQUEUED|hpc|%d|%d\n", NOW_S - 90, NOW_S + 30);
	stage_mischief(s, "empty jobs\n");
	stage_pass(s);
	assert_int_equal(stage_asked(s, "jobs"), 1);
	assert_total(s, "completed", 1);
}

static void an_overlap_counts_nothing_twice(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n2|CANCELLED by 1000|hpc|%d|%d\n", NOW_S - 90,
		       NOW_S - 50, NOW_S - 90, NOW_S);
	stage_open(s);
	for (int i = 0; i < 4; i++) {
		stage_pass(s);
		assert_total(s, "submitted", 2);
		assert_total(s, "completed", 1);
		assert_total(s, "cancelled", 1);
	}
	assert_true(stage_status(s).rows > 4); /* they were read again */
}

static void partition_strings_are_compared_whole(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|PENDING|hpc,htc|%d|0\n", NOW_S - 10);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "hpc", "submitted", 0);
	assert_partition_total(s, "hpc,htc", "submitted", 1);
	stage_recordsf(s, "1|RUNNING|htc|%d|0\n", NOW_S - 10);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "htc", "submitted", 1);
	assert_partition_total(s, "hpc,htc", "submitted", 0);
}

static void what_never_was_eligible_counts_as_cancelled_only(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|CANCELLED by 0|hpc|0|%d\n2|CANCELLED by 0|hpc|4294967295|%d\n",
		       NOW_S - 50, NOW_S - 40);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "cancelled", 2);
	assert_total(s, "submitted", 0);
}

static void a_job_cancelled_before_its_begin_time_is_submitted_from_then_on(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|CANCELLED by 0|hpc|%d|%d\n", NOW_S + 150, NOW_S - 50);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "cancelled", 1);
	assert_total(s, "submitted", 0);
	stage_reopen(s);
	stage_records(s, ""); /* purged, and still not forgotten */
	stage_pass(s);
	assert_total(s, "submitted", 0);
	stage_sleep(s, 150000);
	stage_pass(s);
	assert_total(s, "submitted", 1);
	assert_partition_total(s, "hpc", "submitted", 1);
}

static void what_ended_before_the_reset_time_does_not_count(void **state)
{
	struct stage *s = *state;
	int reset_s = NOW_S - 86400;

	stage_recordsf(s, "1|FAILED|hpc|%d|%d\n2|FAILED|hpc|%d|%d\n3|PENDING|hpc|%d|0\n",
		       reset_s - 100, reset_s - 1, reset_s - 100, reset_s, reset_s - 100);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 2);
	/* One that is asked for by its id is no exception. */
	stage_recordsf(s, "3|FAILED|hpc|%d|%d\n", reset_s - 100, reset_s - 1);
	stage_pass(s);
	assert_total(s, "failed", 1);
	assert_total(s, "submitted", 1);
}

static void a_purge_lowers_nothing(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|COMPLETED|hpc|%d|%d\n2|RUNNING|hpc|%d|0\n", NOW_S - 90, NOW_S - 50,
		       NOW_S - 90);
	stage_open(s);
	stage_pass(s);
	stage_records(s, ""); /* the second one ended too, and nobody saw it */
	stage_pass(s);
	assert_total(s, "completed", 1);
	assert_total(s, "submitted", 2);
	assert_partition_total(s, "hpc", "submitted", 2);
	stage_reopen(s);
	stage_sleep(s, 86400000);
	stage_pass(s);
	while (stage_status(s).last_recount_ms < s->wall_ms - 1000)
		stage_next(s);
	stage_pass(s);
	assert_total(s, "completed", 1);
	assert_total(s, "submitted", 2);
}

static void a_late_end_of_a_job_that_was_alive_is_found_by_its_id(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|RUNNING|hpc|%d|0\n", NOW_S - 5000);
	stage_open(s);
	stage_pass(s);
	stage_recordsf(s, "1|TIMEOUT|hpc|%d|%d\n", NOW_S - 5000, NOW_S - 4000);
	stage_pass(s);
	assert_total(s, "timeout", 1);
	assert_total(s, "submitted", 1);
}

static void a_revoked_sibling_of_a_federated_job_does_not_count(void **state)
{
	struct stage *s = *state;

	stage_recordsf(s, "1|REVOKED|hpc|%d|0\n2|REVOKED|hpc|%d|%d\n", NOW_S - 9, NOW_S - 9, NOW_S);
	stage_open(s);
	stage_pass(s);
	assert_total(s, "submitted", 0);
}

static void help_says_since_when_and_that_jobs_count_once(void **state)
{
	struct stage *s = *state;

	stage_open(s);
	stage_pass(s);
	assert_total(s, "failed", 0);
	assert_partition_total(s, "hpc", "failed", 0);
	assert_int_equal(s->snapshot.n, 16);
	for (size_t i = 0; i < s->snapshot.n; i++) {
		const struct family *family = s->snapshot.samples[i].series->family;

		assert_int_equal(family->type, METRIC_GAUGE);
		assert_non_null(strstr(family->help, "istinct jobs"));
		assert_non_null(strstr(family->help, "since the reset time"));
		assert_int_equal(family->help[strlen(family->help) - 1], '.');
	}
}

/* ---- any history, against what the documented commands would print ---- */

enum { MAX_RECORDS = 1000, ROUNDS = 40 };

struct record {
	unsigned id;
	const char *state, *partition;
	int64_t eligible_s, end_s;
	bool again; /* not the first record of its id */
	bool late;  /* its end may be: it was alive at a pass, and its id has no other record */
	bool purged;
};

struct world {
	struct record records[MAX_RECORDS];
	size_t n;
	unsigned last_id;
	unsigned seed;
};

static const char *const names[] = { "a", "b", "a,b" };

static unsigned chance(struct world *w, unsigned n)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (w->seed >> 16) % n;
}

static void happen_to_pending(struct world *w, struct record *r, int64_t now_s)
{
	bool ready = r->eligible_s && r->eligible_s <= now_s;

	switch (chance(w, 12)) {
	case 0:
		r->eligible_s = 0;
		break;
	case 1:
		r->eligible_s = now_s;
		break;
	case 2:
		r->eligible_s = ready ? 4294967295 : r->eligible_s;
		break;
	case 3:
		r->state = "CANCELLED by 1000";
		r->end_s = now_s;
		break;
	case 4:
		if (!r->again)
			r->partition = names[chance(w, 3)];
		break;
	default:
		if (ready)
			r->state = "RUNNING";
	}
}

/* A finished job is requeued while slurmctld knows it, and long before its first records are
 * purged. */
static bool can_be_requeued(const struct world *w, const struct record *r, int64_t now_s)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct record *other = &w->records[i];

		if (other->id == r->id && (other > r || other->purged))
			return false;
	}
	return strcmp(r->state, "REQUEUED") != 0 && r->eligible_s && r->end_s > now_s - 200;
}

static void requeue(struct world *w, struct record *r, int64_t now_s)
{
	r->state = r->end_s || chance(w, 2) ? "REQUEUED" : "NODE_FAIL";
	r->end_s = now_s;
	w->records[w->n++] = (struct record){ .id = r->id,
					      .state = "PENDING",
					      .partition = r->partition,
					      .eligible_s = now_s + 121,
					      .again = true };
}

static void happen_to_running(struct world *w, struct record *r, int64_t now_s)
{
	static const char *const ends[] = { "COMPLETED",      "FAILED",    "TIMEOUT",
					    "CANCELLED by 0", "PREEMPTED", "DEADLINE",
					    "OUT_OF_MEMORY" };
	unsigned what = chance(w, 10);

	if (what == 0) {
		requeue(w, r, now_s);
	} else if (what < 4) {
		r->state = ends[chance(w, ARRAY_LEN(ends))];
		/* Some ends are recorded later than the overlap is long. */
		r->end_s = now_s - (r->late && chance(w, 4) == 0 ? 2000 : chance(w, 50));
	}
}

static void go_on(struct world *w, int64_t now_s)
{
	size_t n = w->n;

	for (size_t i = 0; i < n; i++) {
		struct record *r = &w->records[i];

		if (!r->end_s && strcmp(r->state, "PENDING") == 0)
			happen_to_pending(w, r, now_s);
		else if (!r->end_s)
			happen_to_running(w, r, now_s);
		else if (r->end_s < now_s - 300 && chance(w, 8) == 0)
			r->purged = true;
		else if (can_be_requeued(w, r, now_s) && chance(w, 6) == 0)
			requeue(w, r, now_s);
	}
	for (unsigned i = chance(w, 6); i > 0; i--) {
		const int64_t eligible_s[] = { now_s, now_s, 0, now_s + 100, now_s + 1000 };

		w->records[w->n++] = (struct record){ .id = ++w->last_id,
						      .state = "PENDING",
						      .partition = names[chance(w, 3)],
						      .eligible_s = eligible_s[chance(w, 5)] };
	}
}

static void write_world(const struct world *w, const struct stage *s)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/records", s->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	for (size_t i = 0; i < w->n; i++) {
		const struct record *r = &w->records[i];

		if (!r->purged)
			fprintf(f, "%u|%s|%s|%" PRId64 "|%" PRId64 "\n", r->id, r->state,
				r->partition, r->eligible_s, r->end_s);
	}
	fclose(f);
}

/* How many distinct ids the documented command lists, had nothing been purged. */
static int64_t listed(const struct world *w, const char *word, const char *partition, int64_t now_s)
{
	static bool seen[MAX_RECORDS];
	int64_t n = 0;

	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < w->n; i++) {
		const struct record *r = &w->records[i];
		bool counts = word ? r->end_s && strncmp(r->state, word, strlen(word)) == 0
				   : r->eligible_s && r->eligible_s <= now_s;

		if (partition && strcmp(r->partition, partition) != 0)
			counts = false;
		n += counts && !seen[r->id];
		seen[r->id] |= counts;
	}
	return n;
}

static void expect(struct stage *s, const struct world *w, const char *const total[2],
		   const char *partition)
{
	int64_t expected = listed(w, total[1], partition, stage_status(s).watermark_ms / 1000);
	int64_t value = stage_value(s, total[0], partition);

	if (value != expected)
		fail_msg("%s in %s: %" PRId64 ", expected %" PRId64, total[0],
			 partition ? partition : "all", value, expected);
}

static void compare(struct stage *s, const struct world *w)
{
	static const char *const totals[][2] = {
		{ "submitted", NULL },          { "completed", "COMPLETED" },
		{ "failed", "FAILED" },         { "timeout", "TIMEOUT" },
		{ "node_failed", "NODE_FAIL" }, { "cancelled", "CANCELLED" },
		{ "preempted", "PREEMPTED" },   { "out_of_memory", "OUT_OF_MEMORY" },
	};

	for (size_t t = 0; t < ARRAY_LEN(totals); t++) {
		expect(s, w, totals[t], NULL);
		for (size_t p = 0; p < ARRAY_LEN(names); p++)
			expect(s, w, totals[t], names[p]);
	}
}

static void live(struct stage *s, unsigned seed)
{
	static struct world w;

	w = (struct world){ .seed = seed };
	for (int round = 0; round < ROUNDS; round++) {
		go_on(&w, s->wall_ms / 1000);
		write_world(&w, s);
		if (chance(&w, 6) == 0)
			stage_reopen(s);
		if (chance(&w, 6) == 0) {
			stage_mischief(s, chance(&w, 2) ? "fail alive 1\n" : "cut ended 1\n");
			stage_next(s);
		}
		if (stage_status(s).next_pass_ms <= s->mono_ms)
			stage_sleep(s, 60000);
		stage_pass(s);
		compare(s, &w);
		for (size_t i = 0; i < w.n; i++)
			w.records[i].late = !w.records[i].again && w.records[i].eligible_s &&
					    !w.records[i].end_s &&
					    w.records[i].eligible_s < s->wall_ms / 1000;
	}
	assert_true(w.n > 50);
}

static void totals_equal_what_the_documented_commands_list_after_every_pass(void **state)
{
	static const char *const reset_times[] = { "1 hour ago", "2 hours ago", "3 hours ago" };
	struct stage *s = *state;

	for (unsigned i = 0; i < ARRAY_LEN(reset_times); i++) {
		history_close(s->history);
		s->options.reset_time = reset_times[i];
		stage_mischief(s, "none nothing\n");
		stage_open(s);
		live(s, i + 1);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_are_no_values_before_the_first_count_is_complete),
		TEST(a_pass_asks_two_things_and_a_third_only_for_jobs_that_vanished),
		TEST(sacct_is_asked_in_these_words),
		TEST(any_number_of_jobs_may_vanish_at_once),
		TEST(more_partitions_than_anyone_has_are_refused),
		TEST(a_job_counts_once_for_each_state_it_ended_in),
		TEST(a_finished_job_that_is_requeued_is_not_finished_any_more),
		TEST(a_job_requeued_while_it_ran_keeps_what_it_ended_in_before),
		TEST(a_suspect_without_a_row_keeps_what_it_ended_in),
		TEST(an_overlap_counts_nothing_twice),
		TEST(partition_strings_are_compared_whole),
		TEST(what_never_was_eligible_counts_as_cancelled_only),
		TEST(a_job_cancelled_before_its_begin_time_is_submitted_from_then_on),
		TEST(what_ended_before_the_reset_time_does_not_count),
		TEST(a_purge_lowers_nothing),
		TEST(a_late_end_of_a_job_that_was_alive_is_found_by_its_id),
		TEST(a_revoked_sibling_of_a_federated_job_does_not_count),
		TEST(help_says_since_when_and_that_jobs_count_once),
		TEST(totals_equal_what_the_documented_commands_list_after_every_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
