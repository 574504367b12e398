// SPDX-License-Identifier: Apache-2.0
#include "ticks.h"

static void carry_every_tick_of_changing_series(void **state)
{
	static const char *const history[] = {
		"abc", "abc", "", "", "abcd", "bd", "bd", "bcde", "a", "abcdefgh", "abcdefgh",
	};
	struct ticks t;

	(void)state;
	ticks_init(&t);
	for (size_t i = 0; i < sizeof history / sizeof *history; i++)
		ticks_add(&t, 7, history[i]);
	for (size_t i = 0; i < t.n; i++)
		ticks_expect(&t, i);
	ticks_done(&t);
}

static void can_begin_with_a_tick_of_nothing(void **state)
{
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 0, "");
	ticks_add(&t, 0, "ab");
	ticks_add(&t, 1, "");
	ticks_add(&t, 1, "ab");
	for (size_t i = 0; i < t.n; i++)
		ticks_expect(&t, i);
	ticks_expect(&t, 2); /* again */
	ticks_expect(&t, 3);
	ticks_done(&t);
}

/* The layout in encode.h, byte by byte. */
static void are_laid_out_as_documented(void **state)
{
	static const char first[] = "\x01\x00\xa8\xda\x76\x9b\x01\x00\x00" /* version, timestamp */
				    "\x1c"                                 /* bytes of names */
				    "\x00\x05Help.\x01m\x01\x01l\x01"
				    "a" /* type, help, name, labels */
				    "\x00\x05Help.\x01m\x01\x01l\x01"
				    "b"
				    "\x03\x00\x01"                      /* two series: 0 and 1 */
				    "\x00\x00\x00\x00\x00\x00\xe0\x3f"  /* 0.5 */
				    "\x00\x00\x00\x00\x00\x00\xf8\x3f"; /* 1.5 */
	static const char again[] = "\x01\x30\x1d\xdb\x76\x9b\x01\x00\x00\x00\x00"
				    "\x00\x00\x00\x00\x00\x44\x8f\x40"  /* 1000.5 */
				    "\x00\x00\x00\x00\x00\x4c\x8f\x40"; /* 1001.5 */
	static const char fewer[] = "\x01\x60\x92\xdb\x76\x9b\x01\x00\x00\x00\x02\x01"
				    "\x00\x00\x00\x00\x00\x46\x9f\x40"; /* 2001.5 */
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "ab");
	ticks_add(&t, 1, "ab");
	ticks_add(&t, 1, "b");
	assert_int_equal(t.list[0].block.len, sizeof first - 1);
	assert_memory_equal(t.list[0].block.ptr, first, sizeof first - 1);
	assert_int_equal(t.list[1].block.len, sizeof again - 1);
	assert_memory_equal(t.list[1].block.ptr, again, sizeof again - 1);
	assert_int_equal(t.list[2].block.len, sizeof fewer - 1);
	assert_memory_equal(t.list[2].block.ptr, fewer, sizeof fewer - 1);
	ticks_done(&t);
}

static void name_all_series_again_in_another_segment(void **state)
{
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 3, "abc");
	ticks_add(&t, 4, "abc");
	ticks_add(&t, 4, "bcd");
	ticks_expect(&t, 1); /* by a reader that never saw segment 3 */
	ticks_expect(&t, 2);
	ticks_done(&t);
}

static void of_one_segment_do_not_lend_names_to_another(void **state)
{
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 3, "abcd");
	ticks_add(&t, 4, "bd");
	ticks_add(&t, 4, "abcd");
	ticks_expect(&t, 0);
	ticks_expect(&t, 1);
	ticks_expect(&t, 2);
	ticks_expect(&t, 0);
	ticks_done(&t);
}

static void are_walked_again_from_the_first(void **state)
{
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "ab");
	ticks_add(&t, 1, "abc");
	ticks_add(&t, 1, "abc");
	ticks_add(&t, 1, "abcde");
	ticks_expect(&t, 0);
	ticks_expect(&t, 1);
	ticks_expect(&t, 0); /* again, before all names are known */
	ticks_expect(&t, 1);
	ticks_expect(&t, 2);
	ticks_expect(&t, 3);
	for (size_t i = 0; i < t.n; i++) /* and after */
		ticks_expect(&t, i);
	ticks_done(&t);
}

static void must_be_walked_in_order(void **state)
{
	struct ticks t;
	struct buf message;

	(void)state;
	ticks_init(&t);
	for (int i = 0; i < 3; i++)
		ticks_add(&t, 1, "ab");
	ticks_add(&t, 2, "ab");
	ticks_add(&t, 2, "ab");
	buf_init(&message, 1000);
	assert_int_equal(tick_move(t.rw, &t.list[1]), ERR_FORMAT); /* not the first */
	ticks_expect(&t, 0);
	assert_int_equal(tick_move(t.rw, &t.list[2]), ERR_FORMAT); /* one left out */
	assert_int_equal(remote_write_append(t.rw, 0, 10, 1000, &message, NULL), 0);
	assert_int_equal(tick_move(t.rw, &t.list[1]), ERR_FORMAT); /* no walk goes on */
	ticks_expect(&t, 0);
	assert_int_equal(tick_move(t.rw, &t.list[0]), 0);
	assert_int_equal(tick_move(t.rw, &t.list[4]), ERR_FORMAT); /* another segment */
	ticks_expect(&t, 0);
	ticks_expect(&t, 1);
	ticks_expect(&t, 2);
	assert_int_equal(message.len, 0);
	buf_done(&message);
	ticks_done(&t);
}

static void name_a_series_that_took_over_a_slot(void **state)
{
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "ab");
	for (int i = 0; i < MODEL_KEEP_TICKS + 1; i++) {
		ticks_add(&t, 1, "b");
		registry_sweep(t.registry);
	}
	assert_int_equal(registry_n_series(t.registry), 1);
	ticks_add(&t, 1, "bc");
	assert_int_equal(t.snapshot.samples[1].series->slot, 0); /* that was a's */
	ticks_add(&t, 1, "abc");
	for (size_t i = 0; i < t.n; i++)
		ticks_expect(&t, i);
	ticks_done(&t);
}

/* Tries to write a tick in less room than even its values take. */
static void fail_to_add(struct ticks *t, uint64_t segment, const char *letters)
{
	for (size_t room = 0; room <= 8 * strlen(letters); room++) {
		struct buf small;

		buf_init(&small, room);
		ticks_snapshot(t, t->n, letters);
		assert_int_equal(block_write(t->writer, segment, &t->snapshot, &small, NULL),
				 ERR_LIMIT);
		buf_done(&small);
	}
}

static void that_came_to_nothing_have_named_nothing(void **state)
{
	static const struct {
		uint64_t segment;
		const char *lost, *written;
	} history[] = {
		{ 1, "abc", "ab" }, { 1, "bcde", "abcd" }, { 1, "b", "abcd" }, { 1, "abcd", "b" },
		{ 2, "ab", "ab" },  { 2, "ef", "fg" },     { 2, "", "fg" },
	};
	struct ticks t;

	(void)state;
	ticks_init(&t);
	for (size_t i = 0; i < sizeof history / sizeof *history; i++) {
		fail_to_add(&t, history[i].segment, history[i].lost);
		ticks_add(&t, history[i].segment, history[i].written);
	}
	for (size_t i = 0; i < t.n; i++)
		ticks_expect(&t, i);
	ticks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carry_every_tick_of_changing_series),
		cmocka_unit_test(can_begin_with_a_tick_of_nothing),
		cmocka_unit_test(are_laid_out_as_documented),
		cmocka_unit_test(name_all_series_again_in_another_segment),
		cmocka_unit_test(of_one_segment_do_not_lend_names_to_another),
		cmocka_unit_test(are_walked_again_from_the_first),
		cmocka_unit_test(must_be_walked_in_order),
		cmocka_unit_test(name_a_series_that_took_over_a_slot),
		cmocka_unit_test(that_came_to_nothing_have_named_nothing),
	};

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
