// SPDX-License-Identifier: Apache-2.0
#include "collector.h"

/* The domain of a metric with one `by` column that has one. 0: the metric can be told;
 * 1: its domain was not read in this tick, so it cannot be told whole. */
static int find_domain(struct collector *c, const struct metric_definition *m, struct arena *arena,
		       struct domain *domain, const struct domain **out, struct err *err)
{
	const struct source *s;
	size_t column;

	*out = NULL;
	if (m->n_by != 1 || !m->by[0]->values)
		return 0;
	s = collector_find_values(c, m->by[0]->values, &column);
	if (!s || !s->status.up)
		return 1;
	if (evaluate_domain(&s->tally, column, arena, domain) < 0)
		return err_set(err, ERR_NOMEM, "metric %s: out of memory", m->name);
	*out = domain;
	return 0;
}

static int report_table_metric(struct collector *c, const struct metric_definition *m,
			       const struct source *source, struct snapshot *s, struct err *err)
{
	const struct domain *domain;
	struct arena arena = { 0 };
	struct domain storage;
	int rc = find_domain(c, m, &arena, &storage, &domain, err);

	if (rc == 0)
		rc = evaluate_metric(m, &source->tally, domain, c->registry, s, err);
	arena_done(&arena);
	return rc < 0 ? rc : 0;
}

static int report_command_metric(struct collector *c, const struct metric_definition *m,
				 const struct source *source, struct snapshot *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < source->n_runs && rc == 0; i++)
		if (source->runs[i].reading.metric == m)
			rc = reading_report(&source->runs[i].reading, c->registry, s, err);
	return rc;
}

/* Adds the metric, unless its source failed. 1: it cannot be told (too many series, say), and
 * its source has failed with it. */
static int report_metric(struct collector *c, const struct metric_definition *m, struct snapshot *s,
			 struct err *err)
{
	struct source *source = collector_find(c, m->table, m->source);
	int rc = 0;

	if (!source->status.up)
		return 0;
	if (m->table)
		rc = report_table_metric(c, m, source, s, err);
	else
		rc = report_command_metric(c, m, source, s, err);
	if (rc == 0 || rc == ERR_NOMEM)
		return rc;
	source_fail(source, err->text);
	return 1;
}

static int report_metrics(struct collector *c, struct snapshot *s, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->definitions->metrics.n && rc == 0; i++)
		rc = report_metric(c, c->definitions->metrics.entries[i].value, s, err);
	return rc;
}

int collector_report(struct collector *c, struct snapshot *s, struct err *err)
{
	size_t before = s->n;
	struct err why;
	int rc;

	/* Without the metrics already told of a source that failed on the way. */
	while ((rc = report_metrics(c, s, &why)) > 0)
		s->n = before;
	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].status.up)
			c->sources[i].status.last_success_ms = c->tick_ms;
	return rc < 0 ? err_set(err, rc, "%s", why.text) : 0;
}
