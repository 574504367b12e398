// SPDX-License-Identifier: Apache-2.0
/*
 * evaluate: metrics over the tuples of a table.
 */
#ifndef COLLECT_EVALUATE_H
#define COLLECT_EVALUATE_H

#include "tally.h"

/* All the values that a column can have, in order: one sample for each, zero or not. */
struct domain {
	const char *const *values;
	size_t n;
};

/* Adds the samples of one metric. `domain` is that of its only `by` column, or NULL: then there
 * is a sample for each value seen. */
int evaluate_metric(const struct metric_definition *m, const struct tally *t,
		    const struct domain *domain, struct registry *r, struct snapshot *s,
		    struct err *err);

/* True if the words of a row satisfy all conditions. */
bool conditions_hold(const struct conditions *c, const struct table_definition *t,
		     const struct word *words);

#endif
