// SPDX-License-Identifier: Apache-2.0
/*
 * evaluate: metrics over the tuples of a table.
 */
#ifndef COLLECT_EVALUATE_H
#define COLLECT_EVALUATE_H

#include "tally.h"

/* All the values that a column can have, in order. */
struct domain {
	const char *const *values;
	size_t n;
};

/* The values of a column that is in use and different in every row, in the order of the rows
 * that count; they live in the arena. ERR_NOMEM. */
int evaluate_domain(const struct tally *t, size_t column, struct arena *arena, struct domain *out);

/* Adds the samples of one metric: one for each value of `domain`, the domain of its only `by`
 * column, zero or not; or, when that is NULL, one for each value seen. */
int evaluate_metric(const struct metric_definition *m, const struct tally *t,
		    const struct domain *domain, struct registry *r, struct snapshot *s,
		    struct err *err);

#endif
