// SPDX-License-Identifier: Apache-2.0
#include "history_later.h"

#include <stdlib.h>
#include <string.h>

void later_clear(struct later *later)
{
	later->n = 0;
	arena_clear(&later->names);
}

void later_done(struct later *later)
{
	if (!later)
		return;
	free(later->jobs);
	arena_done(&later->names);
	*later = (struct later){ 0 };
}

static int compare(const struct later_job *a, const struct later_job *b)
{
	if (a->eligible_s != b->eligible_s)
		return a->eligible_s < b->eligible_s ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->length ? memcmp(a->partition, b->partition, a->length) : 0;
}

/* Where the job is, or belongs. */
static size_t position(const struct later *later, const struct later_job *job)
{
	size_t from = 0, to = later->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&later->jobs[middle], job) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static int grow(struct later *later)
{
	size_t room = later->room ? later->room * 2 : 16;
	struct later_job *jobs = reallocarray(later->jobs, room, sizeof *jobs);

	if (!jobs)
		return ERR_NOMEM;
	later->jobs = jobs;
	later->room = room;
	return 0;
}

int later_add(struct later *later, const struct later_job *job, bool *changed, struct err *err)
{
	size_t at = position(later, job);
	const char *partition;

	if (at < later->n && compare(&later->jobs[at], job) == 0)
		return 0;
	partition = arena_copy(&later->names, job->partition, job->length);
	if (!partition || (later->n == later->room && grow(later) < 0))
		return err_set(err, ERR_NOMEM, "no memory for jobs that become eligible later");
	memmove(&later->jobs[at + 1], &later->jobs[at], (later->n - at) * sizeof *later->jobs);
	later->jobs[at] = *job;
	later->jobs[at].partition = partition;
	later->n++;
	*changed = true;
	return 0;
}

int later_join(struct later *into, const struct later *from, bool *changed, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++)
		rc = later_add(into, &from->jobs[i], changed, err);
	return rc;
}

int later_ripen(struct later *later, int64_t now_s, struct ids *ids, bool *changed, struct err *err)
{
	size_t n = 0;

	for (; n < later->n && later->jobs[n].eligible_s <= now_s; n++) {
		const struct later_job *job = &later->jobs[n];
		int rc = ids_add(ids, job->partition, job->length, job->id, err);

		if (rc < 0)
			return rc;
		*changed = true;
	}
	if (n == 0)
		return 0;
	later->n -= n;
	memmove(later->jobs, later->jobs + n, later->n * sizeof *later->jobs);
	if (later->n == 0)
		later_clear(later);
	return 0;
}
