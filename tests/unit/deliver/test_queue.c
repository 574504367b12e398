// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slurm_pusher/queue.h"

/* A block's samples are the letters of its text; its time is the number given. */
static void put(struct queue *q, const char *text, int64_t ms)
{
	struct block b = { .segment = queue_segment(q),
			   .min_ms = ms,
			   .max_ms = ms,
			   .samples = (uint32_t)strlen(text),
			   .bytes = text,
			   .n = strlen(text) };

	assert_int_equal(queue_put(q, &b, NULL), 0);
}

static struct queue *make(size_t max_bytes, size_t segment_bytes, int64_t max_age_ms)
{
	struct queue_options options = { max_bytes, max_age_ms, segment_bytes };
	struct queue *q;

	assert_int_equal(queue_open(&q, &options, NULL), 0);
	return q;
}

/* What waits, in order, a bar between segments; done blocks are shown as dots. */
static const char *shown(const struct queue *q)
{
	static char text[256];
	uint64_t segment = 0;
	size_t len = 0;

	for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b)) {
		if (len > 0)
			text[len++] = b->segment == segment ? ' ' : '|';
		assert_int_equal(b->done, b->taken == b->samples);
		memset(text + len, '.', b->taken);
		memcpy(text + len + b->taken, (const char *)b->bytes + b->taken, b->n - b->taken);
		len += b->n;
		segment = b->segment;
	}
	text[len] = '\0';
	return text;
}

static void is_first_in_first_out(void **state)
{
	struct queue *q = make(1000, 100, 0);

	(void)state;
	assert_string_equal(shown(q), "");
	put(q, "abc", 1);
	put(q, "def", 2);
	put(q, "ghi", 3);
	assert_string_equal(shown(q), "abc def ghi");
	assert_int_equal(queue_stats(q).samples, 9);
	assert_int_equal(queue_stats(q).blocks, 3);
	assert_int_equal(queue_stats(q).bytes, 9);
	assert_int_equal(queue_stats(q).oldest_ms, 1);
	queue_close(q);
}

static void is_taken_sample_by_sample(void **state)
{
	static const struct {
		uint64_t take;
		const char *left;
		uint64_t samples;
		size_t blocks;
		int64_t oldest_ms;
	} steps[] = {
		{ 0, "abc def ghi", 9, 3, 1 },
		{ 2, "..c def ghi", 7, 3, 1 },
		{ 1, "... def ghi", 6, 2, 2 },
		{ 4, "... ... .hi", 2, 1, 3 },
		{ 9, "", 0, 0, 0 }, /* all of it; and then it need not be kept either */
	};
	struct queue *q = make(1000, 100, 0);
	uint64_t taken = 0;

	(void)state;
	put(q, "abc", 1);
	put(q, "def", 2);
	put(q, "ghi", 3);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		queue_advance(q, steps[i].take);
		taken += steps[i].take;
		assert_string_equal(shown(q), steps[i].left);
		assert_int_equal(queue_stats(q).samples, steps[i].samples);
		assert_int_equal(queue_stats(q).blocks, steps[i].blocks);
		assert_int_equal(queue_stats(q).oldest_ms, steps[i].oldest_ms);
		assert_int_equal(queue_stats(q).left, taken < 9 ? taken : 9);
	}
	queue_close(q);
}

static void tells_the_segment_before_the_block_is_written(void **state)
{
	struct queue *q = make(1000, 5, 0);
	uint64_t first = queue_segment(q);

	(void)state;
	put(q, "abc", 1);
	assert_int_equal(queue_segment(q), first);
	put(q, "def", 2); /* now it holds more than 5 */
	assert_true(queue_segment(q) > first);
	put(q, "ghi", 3);
	assert_string_equal(shown(q), "abc def|ghi");
	for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b))
		assert_int_equal(b->ordinal, ((const char *)b->bytes)[0] == 'd');
	queue_close(q);
}

static void keeps_what_is_done_until_its_segment_is(void **state)
{
	struct queue *q = make(1000, 5, 0);

	(void)state;
	put(q, "abc", 1);
	put(q, "def", 2);
	put(q, "ghi", 3);
	queue_advance(q, 3);
	assert_string_equal(shown(q), "... def|ghi");
	queue_advance(q, 3);
	assert_string_equal(shown(q), "ghi");
	queue_advance(q, 3);
	assert_string_equal(shown(q), "..."); /* still being written */
	put(q, "jkl", 4);
	assert_string_equal(shown(q), "... jkl");
	queue_close(q);
}

static void holds_about_twice_the_names_when_it_is_kept_up_with(void **state)
{
	struct queue *q = make(1 << 20, 1 << 19, 0);
	uint64_t segment = queue_segment(q);
	size_t n_segments = 1;

	(void)state;
	for (int tick = 0; tick < 1000; tick++) {
		bool is_new = queue_segment(q) != segment;
		size_t held = 0;

		n_segments += is_new;
		segment = queue_segment(q);
		put(q, is_new || tick == 0 ? "a first block with all the names" : "values", tick);
		for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b))
			held += b->n;
		assert_true(held <= 2 * 32 + 6);
		queue_advance(q, UINT64_MAX);
	}
	assert_in_range(n_segments, 140, 150); /* 1 + 6 blocks each */
	queue_close(q);
}

static void drops_the_oldest_segments_when_it_is_full_and_counts_them(void **state)
{
	struct queue *q = make(12, 5, 0);

	(void)state;
	put(q, "abc", 1);
	put(q, "def", 2);
	put(q, "ghi", 3);
	put(q, "jkl", 4);
	queue_advance(q, 2);
	assert_string_equal(shown(q), "..c def|ghi jkl");
	put(q, "m", 5);
	assert_string_equal(shown(q), "ghi jkl|m");
	assert_int_equal(queue_stats(q).dropped_full, 4);
	assert_int_equal(queue_stats(q).left, 6);
	assert_int_equal(queue_stats(q).samples, 7);
	queue_close(q);
}

static void keeps_the_newest_block_however_large(void **state)
{
	struct queue *q = make(4, 0, 0);

	(void)state;
	put(q, "abcdefghi", 1);
	assert_string_equal(shown(q), "abcdefghi");
	put(q, "jklmnopqr", 2);
	assert_string_equal(shown(q), "jklmnopqr");
	assert_int_equal(queue_stats(q).dropped_full, 9);
	queue_close(q);
}

static void holds_no_more_than_its_maximum_and_a_block(void **state)
{
	struct queue *q = make(100, 1000, 0); /* a segment cannot be larger than the queue */

	(void)state;
	for (int i = 0; i < 200; i++) {
		put(q, "seven..", i);
		assert_true(queue_stats(q).bytes <= 107);
	}
	assert_int_equal(queue_stats(q).samples + queue_stats(q).dropped_full, 1400);
	queue_close(q);
}

static void drops_what_is_too_old_and_counts_it(void **state)
{
	struct queue *q = make(1000, 5, 100);

	(void)state;
	put(q, "abc", 1000);
	put(q, "def", 1010);
	put(q, "ghi", 1020);
	queue_advance(q, 1);
	queue_expire(q, 1100);
	assert_string_equal(shown(q), ".bc def|ghi"); /* the bound itself is not too old */
	queue_expire(q, 1101);
	assert_string_equal(shown(q), "... def|ghi");
	assert_int_equal(queue_stats(q).dropped_too_old, 2);
	assert_int_equal(queue_stats(q).oldest_ms, 1010);
	queue_expire(q, 5000);
	assert_string_equal(shown(q), "...");
	assert_int_equal(queue_stats(q).dropped_too_old, 8);
	assert_int_equal(queue_stats(q).left, 9);
	assert_int_equal(queue_stats(q).samples, 0);
	queue_close(q);
}

static void keeps_anything_when_age_has_no_bound(void **state)
{
	struct queue *q = make(1000, 5, 0);

	(void)state;
	put(q, "abc", 1);
	queue_expire(q, INT64_MAX);
	assert_string_equal(shown(q), "abc");
	queue_close(q);
}

static void copies_and_does_not_move_what_it_holds(void **state)
{
	struct queue *q = make(1 << 20, 100, 0);
	char text[] = "abc";
	const struct block *first;
	const void *bytes;

	(void)state;
	put(q, text, 1);
	memset(text, 'x', 3);
	first = queue_next(q, NULL);
	bytes = first->bytes;
	for (int i = 0; i < 1000; i++)
		put(q, "more", 2);
	queue_advance(q, 2);
	assert_ptr_equal(queue_next(q, NULL), first);
	assert_ptr_equal(first->bytes, bytes);
	assert_memory_equal(bytes, "abc", 3);
	assert_int_equal(first->taken, 2);
	queue_close(q);
}

static void a_block_without_samples_is_done_at_once_but_kept_for_its_names(void **state)
{
	struct queue *q = make(1000, 100, 0);
	struct block names = { .segment = queue_segment(q), .bytes = "names", .n = 5 };

	(void)state;
	assert_int_equal(queue_put(q, &names, NULL), 0);
	assert_int_equal(queue_stats(q).blocks, 0);
	assert_true(queue_next(q, NULL)->done);
	put(q, "abc", 2);
	assert_int_equal(queue_stats(q).oldest_ms, 2);
	queue_close(q);
}

/* Lets malloc fail instead of ending the program, where the address sanitizer is on. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=1024";
}

static void without_memory_the_block_is_counted_and_its_segment_ends(void **state)
{
	struct queue *q = make(1000, 100, 0);
	struct block b = {
		.segment = queue_segment(q), .samples = 7, .bytes = "", .n = SIZE_MAX / 4
	};

	(void)state;
	assert_int_equal(queue_put(q, &b, NULL), ERR_NOMEM);
	assert_true(queue_segment(q) > b.segment); /* its names were never kept */
	put(q, "abc", 1);
	b.segment = queue_segment(q);
	assert_int_equal(queue_put(q, &b, NULL), ERR_NOMEM);
	assert_true(queue_segment(q) > b.segment);
	put(q, "def", 2);
	assert_string_equal(shown(q), "abc|def");
	assert_int_equal(queue_stats(q).dropped_full, 14);
	assert_int_equal(queue_stats(q).left, 0);
	queue_close(q);
}

static void new_bounds_hold_from_the_next_block_on(void **state)
{
	struct queue_options options = { .max_bytes = 6, .segment_bytes = 1 };
	struct queue *q = make(1000, 5, 0);

	(void)state;
	put(q, "abc", 1);
	put(q, "def", 2);
	put(q, "ghi", 3);
	queue_rebound(q, &options);
	assert_string_equal(shown(q), "abc def|ghi");
	put(q, "jkl", 4);
	assert_string_equal(shown(q), "ghi|jkl");
	queue_close(q);
}

static void no_queue_can_be_closed(void **state)
{
	(void)state;
	queue_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_first_in_first_out),
		cmocka_unit_test(is_taken_sample_by_sample),
		cmocka_unit_test(tells_the_segment_before_the_block_is_written),
		cmocka_unit_test(keeps_what_is_done_until_its_segment_is),
		cmocka_unit_test(holds_about_twice_the_names_when_it_is_kept_up_with),
		cmocka_unit_test(drops_the_oldest_segments_when_it_is_full_and_counts_them),
		cmocka_unit_test(keeps_the_newest_block_however_large),
		cmocka_unit_test(holds_no_more_than_its_maximum_and_a_block),
		cmocka_unit_test(drops_what_is_too_old_and_counts_it),
		cmocka_unit_test(keeps_anything_when_age_has_no_bound),
		cmocka_unit_test(copies_and_does_not_move_what_it_holds),
		cmocka_unit_test(a_block_without_samples_is_done_at_once_but_kept_for_its_names),
		cmocka_unit_test(without_memory_the_block_is_counted_and_its_segment_ends),
		cmocka_unit_test(new_bounds_hold_from_the_next_block_on),
		cmocka_unit_test(no_queue_can_be_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
