// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/model.h"

void snapshot_init(struct snapshot *s)
{
	*s = (struct snapshot){ 0 };
}

void snapshot_done(struct snapshot *s)
{
	if (!s)
		return;
	free(s->samples);
	*s = (struct snapshot){ 0 };
}

void snapshot_clear(struct snapshot *s, int64_t timestamp_ms)
{
	s->timestamp_ms = timestamp_ms;
	s->n = 0;
}

int snapshot_add(struct snapshot *s, const struct series *series, double value, struct err *err)
{
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct sample *samples = realloc(s->samples, room * sizeof *samples);

		if (!samples)
			return err_set(err, ERR_NOMEM, "snapshot: out of memory");
		s->samples = samples;
		s->room = room;
	}
	s->samples[s->n++] = (struct sample){ series, isnan(value) ? (double)NAN : value };
	return 0;
}

int snapshot_put(struct snapshot *s, struct registry *r, const char *name, enum metric_type type,
		 const char *help, const struct label *labels, size_t n_labels, double value,
		 struct err *err)
{
	const struct family *family;
	const struct series *series;
	int rc = registry_family(r, name, type, help, &family, err);

	if (rc == 0)
		rc = registry_series(r, family, labels, n_labels, &series, err);
	if (rc == 0)
		rc = snapshot_add(s, series, value, err);
	return rc;
}

static int compare_label_sets(const struct series *x, const struct series *y)
{
	for (uint32_t i = 0; i < x->n_labels && i < y->n_labels; i++) {
		int order = strcmp(x->labels[i].name, y->labels[i].name);

		if (order == 0)
			order = strcmp(x->labels[i].value, y->labels[i].value);
		if (order != 0)
			return order;
	}
	return (x->n_labels > y->n_labels) - (x->n_labels < y->n_labels);
}

static int compare_samples(const void *a, const void *b)
{
	const struct series *x = ((const struct sample *)a)->series;
	const struct series *y = ((const struct sample *)b)->series;

	if (x->family != y->family)
		return x->family->order < y->family->order ? -1 : 1;
	return compare_label_sets(x, y);
}

static bool is_in_order(const struct snapshot *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (compare_samples(&s->samples[i - 1], &s->samples[i]) >= 0)
			return false;
	return true;
}

void snapshot_finish(struct snapshot *s)
{
	size_t kept = 0;

	/* Sources say the same thing in the same order every tick: mostly nothing to do. */
	if (is_in_order(s))
		return;
	qsort(s->samples, s->n, sizeof *s->samples, compare_samples);
	for (size_t i = 0; i < s->n; i++)
		if (kept == 0 || s->samples[kept - 1].series != s->samples[i].series)
			s->samples[kept++] = s->samples[i];
	s->n = kept;
}
