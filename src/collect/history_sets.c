// SPDX-License-Identifier: Apache-2.0
#include "history_sets.h"

int history_sets_init(struct history_sets *sets, struct err *err)
{
	*sets = (struct history_sets){
		.suspects = roaring_bitmap_create(),
		.seen = roaring_bitmap_create(),
	};
	return sets->suspects && sets->seen ? 0 : err_set(err, ERR_NOMEM, "no memory for job ids");
}

void history_sets_clear(struct history_sets *sets)
{
	for (int i = 0; i < N_TOTALS; i++)
		ids_clear(&sets->ended[i]);
	ids_clear(&sets->alive);
	ids_clear(&sets->missing);
	moments_clear(&sets->later);
	moments_clear(&sets->requeued);
	roaring_bitmap_clear(sets->suspects);
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
	moments_done(&sets->later);
	moments_done(&sets->requeued);
	if (sets->suspects)
		roaring_bitmap_free(sets->suspects);
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
		rc = moments_join(&sets->later, &found->later, &sets->changed, err);
	if (rc == 0)
		ids_subtract(&sets->missing, found->seen);
	return rc;
}

static bool has_a_state(const struct history_sets *sets, uint32_t id)
{
	for (int i = TOTAL_SUBMITTED + 1; i < N_TOTALS; i++)
		if (ids_contain(&sets->ended[i], id))
			return true;
	return false;
}

void history_sets_suspect(struct history_sets *sets, const struct history_sets *found)
{
	for (size_t i = 0; i < found->requeued.n; i++) {
		const struct moment *m = &found->requeued.all[i];

		if (moments_contain(&sets->requeued, m))
			continue;
		sets->changed = true;
		if (has_a_state(sets, m->id) && !ids_contain(&sets->alive, m->id))
			roaring_bitmap_add(sets->suspects, m->id);
	}
}

/* Both stay valid; the one that is found is cleared by its next use. */
static void take_over(struct history_sets *sets, struct history_sets *found)
{
	struct ids alive = sets->alive;
	struct moments requeued = sets->requeued;

	sets->alive = found->alive;
	sets->requeued = found->requeued;
	found->alive = alive;
	found->requeued = requeued;
}

int history_sets_renew(struct history_sets *sets, struct history_sets *found, struct err *err)
{
	int rc = ids_join(&sets->missing, &sets->alive, &(bool){ false }, err);

	if (rc < 0)
		return rc;
	history_sets_suspect(sets, found);
	if (!ids_equal(&sets->alive, &found->alive))
		sets->changed = true;
	take_over(sets, found);
	return history_sets_fold(sets, found, err);
}

size_t history_sets_unclear(const struct history_sets *sets, uint32_t *ids, size_t max)
{
	roaring_bitmap_t *unclear = ids_union(&sets->missing);
	size_t n;

	if (!unclear)
		return 0; /* no memory: they stay as they are until the next pass */
	roaring_bitmap_or_inplace(unclear, sets->suspects);
	n = roaring_bitmap_get_cardinality(unclear);
	if (n > max)
		n = max;
	roaring_bitmap_range_uint32_array(unclear, 0, n, ids);
	roaring_bitmap_free(unclear);
	return n;
}

/* The suspects that were asked for, and have rows, lose their states: the rows give them back. */
static int clear_suspects(struct history_sets *sets, const struct history_sets *found,
			  const roaring_bitmap_t *asked, struct err *err)
{
	roaring_bitmap_t *cleared = roaring_bitmap_and(sets->suspects, asked);

	if (!cleared)
		return err_set(err, ERR_NOMEM, "no memory for job ids");
	roaring_bitmap_and_inplace(cleared, found->seen);
	if (!roaring_bitmap_is_empty(cleared))
		sets->changed = true;
	for (int i = TOTAL_SUBMITTED + 1; i < N_TOTALS; i++)
		ids_subtract(&sets->ended[i], cleared);
	roaring_bitmap_free(cleared);
	return 0;
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
	rc = clear_suspects(sets, found, asked, err);
	if (rc == 0)
		rc = history_sets_fold(sets, found, err);
	if (rc == 0)
		rc = ids_join(&sets->alive, &found->alive, &sets->changed, err);
	if (rc == 0)
		rc = give_up(sets, asked, err);
	if (rc == 0)
		roaring_bitmap_andnot_inplace(sets->suspects, asked);
	roaring_bitmap_free(asked);
	return rc;
}
