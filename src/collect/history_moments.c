// SPDX-License-Identifier: Apache-2.0
#include "history_moments.h"

#include <stdlib.h>
#include <string.h>

void moments_clear(struct moments *moments)
{
	moments->n = 0;
	arena_clear(&moments->names);
}

void moments_done(struct moments *moments)
{
	if (!moments)
		return;
	free(moments->all);
	arena_done(&moments->names);
	*moments = (struct moments){ 0 };
}

static int compare(const struct moment *a, const struct moment *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->at_s != b->at_s)
		return a->at_s < b->at_s ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->length ? memcmp(a->partition, b->partition, a->length) : 0;
}

/* Where it is, or belongs. sacct lists jobs by their ids, so that is most often the end. */
static size_t position(const struct moments *moments, const struct moment *moment)
{
	size_t from = 0, to = moments->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&moments->all[middle], moment) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static int grow(struct moments *moments)
{
	size_t room = moments->room ? moments->room * 2 : 16;
	struct moment *all = reallocarray(moments->all, room, sizeof *all);

	if (!all)
		return ERR_NOMEM;
	moments->all = all;
	moments->room = room;
	return 0;
}

int moments_add(struct moments *moments, const struct moment *moment, bool *changed,
		struct err *err)
{
	size_t at = position(moments, moment);
	const char *partition;

	if (at < moments->n && compare(&moments->all[at], moment) == 0)
		return 0;
	partition = arena_copy(&moments->names, moment->partition, moment->length);
	if (!partition || (moments->n == moments->room && grow(moments) < 0))
		return err_set(err, ERR_NOMEM, "no memory for jobs and their moments");
	memmove(&moments->all[at + 1], &moments->all[at], (moments->n - at) * sizeof *moments->all);
	moments->all[at] = *moment;
	moments->all[at].partition = partition;
	moments->n++;
	*changed = true;
	return 0;
}

int moments_join(struct moments *into, const struct moments *from, bool *changed, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < from->n && rc == 0; i++)
		rc = moments_add(into, &from->all[i], changed, err);
	return rc;
}

bool moments_contain(const struct moments *moments, const struct moment *moment)
{
	size_t at = position(moments, moment);

	return at < moments->n && compare(&moments->all[at], moment) == 0;
}

int moments_ripen(struct moments *moments, int64_t now_s, struct ids *ids, bool *changed,
		  struct err *err)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < moments->n; i++) {
		const struct moment *m = &moments->all[i];

		if (m->at_s > now_s || rc < 0) {
			moments->all[n++] = *m;
			continue;
		}
		rc = ids_add(ids, m->partition, m->length, m->id, err);
		*changed = true;
	}
	moments->n = n;
	if (n == 0)
		moments_clear(moments);
	return rc;
}
