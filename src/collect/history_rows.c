// SPDX-License-Identifier: Apache-2.0
#include "history_rows.h"

#include <string.h>

#include "history_totals.h"

enum column { JOB_ID, STATE, PARTITION, ELIGIBLE, END, N_COLUMNS };

/* Far enough for Slurm (2^32), and safe in milliseconds. */
#define MAX_TIME_S (INT64_C(1) << 40)

struct word {
	const char *at;
	size_t n;
};

static int split(const char *line, size_t length, struct word *words, struct err *err)
{
	const char *end = line + length;
	size_t n = 0;

	for (;;) {
		const char *stop = memchr(line, '\x1f', (size_t)(end - line));

		if (n < N_COLUMNS)
			words[n] = (struct word){ line, (size_t)((stop ? stop : end) - line) };
		n++;
		if (!stop)
			break;
		line = stop + 1;
	}
	if (n != N_COLUMNS)
		return err_set(err, ERR_FORMAT, "expected %d fields, found %zu", N_COLUMNS, n);
	return 0;
}

static bool word_is(struct word w, const char *text)
{
	return w.n == strlen(text) && memcmp(w.at, text, w.n) == 0;
}

/* False if it is not a decimal number up to `max`. */
static bool parse_number(struct word w, int64_t max, int64_t *out)
{
	int64_t n = 0;

	for (size_t i = 0; i < w.n; i++) {
		if (w.at[i] < '0' || w.at[i] > '9')
			return false;
		n = n * 10 + (w.at[i] - '0');
		if (n > max)
			return false;
	}
	*out = n;
	return w.n > 0;
}

/* How much of a word a message shows. */
static int shown(struct word w)
{
	return w.n < 40 ? (int)w.n : 40;
}

static int parse_id(struct word w, uint32_t *id, struct err *err)
{
	int64_t n;

	if (!parse_number(w, UINT32_MAX, &n))
		return err_set(err, ERR_FORMAT, "\"%.*s\" is not a job id", shown(w), w.at);
	*id = (uint32_t)n;
	return 0;
}

/* 0 for a time that there is not. */
static int parse_time(struct word w, int64_t *out, struct err *err)
{
	*out = 0;
	if (w.n == 0 || word_is(w, "Unknown") || word_is(w, "None"))
		return 0;
	if (!parse_number(w, MAX_TIME_S, out))
		return err_set(err, ERR_FORMAT, "\"%.*s\" is not a time in seconds", shown(w),
			       w.at);
	return 0;
}

struct row {
	uint32_t id;
	struct word state, partition;
	int64_t eligible_s, end_s;
};

static int parse_row(const char *line, size_t length, struct row *row, struct err *err)
{
	struct word words[N_COLUMNS];
	int rc = split(line, length, words, err);

	if (rc == 0)
		rc = parse_id(words[JOB_ID], &row->id, err);
	if (rc == 0)
		rc = parse_time(words[ELIGIBLE], &row->eligible_s, err);
	if (rc == 0)
		rc = parse_time(words[END], &row->end_s, err);
	row->state = words[STATE];
	row->partition = words[PARTITION];
	return rc;
}

static int add_ended(const struct history_rows *rows, const struct row *row, struct err *err)
{
	struct history_sets *found = rows->found;
	struct word partition = row->partition;
	struct moment eligible = { row->eligible_s, row->id, partition.at, partition.n };
	struct moment end = { .at_s = row->end_s, .id = row->id, .partition = "" };
	int total = history_total_of_state(row->state.at, row->state.n);
	int rc = 0;

	if (row->end_s < rows->reset_s)
		return 0;
	if (total > 0)
		rc = ids_add(&found->ended[total], partition.at, partition.n, row->id, err);
	else if (word_is(row->state, "REQUEUED"))
		rc = moments_add(&found->requeued, &end, &found->changed, err);
	if (rc < 0 || row->eligible_s == 0)
		return rc;
	if (row->eligible_s > rows->now_s)
		return moments_add(&found->later, &eligible, &found->changed, err);
	return ids_add(&found->ended[TOTAL_SUBMITTED], partition.at, partition.n, row->id, err);
}

int history_row(void *rows, const char *line, size_t length, struct err *err)
{
	struct history_rows *r = rows;
	struct row row = { 0 };
	int rc = parse_row(line, length, &row, err);

	if (rc < 0)
		return rc;
	r->n++;
	roaring_bitmap_add(r->found->seen, row.id);
	if (word_is(row.state, "REVOKED"))
		return 0;
	if (row.end_s)
		return add_ended(r, &row, err);
	if (row.eligible_s == 0 || row.eligible_s > r->now_s)
		return 0;
	return ids_add(&r->found->alive, row.partition.at, row.partition.n, row.id, err);
}
