// SPDX-License-Identifier: Apache-2.0
/*
 * Any history, with restarts, failures and purges in it: after every pass the totals are those that
 * the documented commands would print.
 */
#include "history_stage.h"

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
	FILE *f;

	f = fopen(stage_path(s, "records"), "w");
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
		TEST(totals_equal_what_the_documented_commands_list_after_every_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
