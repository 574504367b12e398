// SPDX-License-Identifier: Apache-2.0
/*
 * evaluate: metrics over the tuples of a table.
 */
#ifndef COLLECT_EVALUATE_H
#define COLLECT_EVALUATE_H

#include "tally.h"

/* Adds the samples of one metric: one for each value of `domain`, the domain of its only `by`
 * column, zero or not; or, when that is NULL, one for each value seen. */
int evaluate_metric(const struct metric_definition *m, const struct tally *t,
		    const struct domain *domain, struct registry *r, struct snapshot *s,
		    struct err *err);

/* True if the words of a row satisfy all conditions. */
bool conditions_hold(const struct conditions *c, const struct table_definition *t,
		     const struct word *words);

#endif
