// SPDX-License-Identifier: Apache-2.0
#include "history_sets.h"

int history_sets_init(struct history_sets *sets, struct err *err)
{
	*sets = (struct history_sets){ .seen = roaring_bitmap_create() };
	return sets->seen ? 0 : err_set(err, ERR_NOMEM, "no memory for job ids");
}

void history_sets_clear(struct history_sets *sets)
{
	for (int i = 0; i < N_TOTALS; i++)
		ids_clear(&sets->ended[i]);
	ids_clear(&sets->alive);
	ids_clear(&sets->missing);
	later_clear(&sets->later);
	roaring_bitmap_clear(sets->seen);
}

void history_sets_done(struct history_sets *sets)
{
	if (!sets)
		return;
	for (int i = 0; i < N_TOTALS; i++)
		ids_done(&sets->ended[i]);
	ids_done(&sets->alive);
	ids_done(&sets->missing);
	later_done(&sets->later);
	if (sets->seen)
		roaring_bitmap_free(sets->seen);
	*sets = (struct history_sets){ 0 };
}

int history_sets_fold(struct history_sets *sets, const struct history_sets *found, struct err *err)
{
	int rc = 0;

	for (int i = 0; i < N_TOTALS && rc == 0; i++)
		rc = ids_join(&sets->ended[i], &found->ended[i], &sets->changed, err);
	if (rc == 0)
		rc = later_join(&sets->later, &found->later, &sets->changed, err);
	if (rc == 0)
		ids_subtract(&sets->missing, found->seen);
	return rc;
}

int history_sets_renew(struct history_sets *sets, struct history_sets *found, struct err *err)
{
	bool same = ids_equal(&sets->alive, &found->alive);
	struct ids before = sets->alive;
	int rc;

	rc = ids_join(&sets->missing, &before, &(bool){ false }, err);
	if (rc < 0)
		return rc;
	sets->alive = found->alive;
	found->alive = before;
	sets->changed = sets->changed || !same;
	return history_sets_fold(sets, found, err);
}

size_t history_sets_missing(const struct history_sets *sets, uint32_t *ids, size_t max)
{
	roaring_bitmap_t *missing = ids_union(&sets->missing);
	size_t n = missing ? roaring_bitmap_get_cardinality(missing) : 0;

	if (n > max)
		n = max;
	if (n)
		roaring_bitmap_range_uint32_array(missing, 0, n, ids);
	if (missing)
		roaring_bitmap_free(missing);
	return n;
}

/* Those of the missing ids that were asked for become submitted. */
static int give_up(struct history_sets *sets, const roaring_bitmap_t *asked, struct err *err)
{
	struct ids purged = { 0 };
	int rc = ids_join(&purged, &sets->missing, &(bool){ false }, err);

	if (rc == 0) {
		ids_intersect(&purged, asked);
		rc = ids_join(&sets->ended[TOTAL_SUBMITTED], &purged, &sets->changed, err);
	}
	if (rc == 0)
		ids_subtract(&sets->missing, asked);
	ids_done(&purged);
	return rc;
}

int history_sets_resolve(struct history_sets *sets, const struct history_sets *found,
			 const uint32_t *ids, size_t n, struct err *err)
{
	roaring_bitmap_t *asked = roaring_bitmap_of_ptr(n, ids);
	int rc;

	if (!asked)
		return err_set(err, ERR_NOMEM, "no memory for job ids");
	rc = history_sets_fold(sets, found, err);
	if (rc == 0)
		rc = ids_join(&sets->alive, &found->alive, &sets->changed, err);
	if (rc == 0)
		rc = give_up(sets, asked, err);
	roaring_bitmap_free(asked);
	return rc;
}
