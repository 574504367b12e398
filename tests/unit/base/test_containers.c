// SPDX-License-Identifier: Apache-2.0
/*
 * The ground: err, buf, arena, map.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/arena.h"
#include "slurm_pusher/buf.h"
#include "slurm_pusher/map.h"
#include "test.h"

static void an_error_is_set_once_and_prefixed_on_the_way_up(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(err_set(&err, ERR_FORMAT, "line %d", 7), ERR_FORMAT);
	assert_int_equal(err_prefix(&err, "%s", "squeue"), ERR_FORMAT);
	assert_string_equal(err.text, "squeue: line 7");
	assert_int_equal(err_errno(&err, ERR_IO, ENOENT, "open"), ERR_IO);
	assert_string_equal(err.text, "open: No such file or directory");
	assert_int_equal(err_set(NULL, ERR_NOMEM, "x"), ERR_NOMEM);
}

static void an_error_that_is_too_long_is_cut(void **state)
{
	char text[1000];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	err_errno(&err, ERR_IO, EIO, "%s", text);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	err_prefix(&err, "%s", text);
	assert_true(strlen(err.text) < sizeof err.text);
}

static void a_buffer_grows_to_its_maximum_and_then_remembers(void **state)
{
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (int i = 0; i < 100; i++)
		buf_addf(&b, "%09d\n", i);
	assert_int_equal(b.len, 1000);
	assert_int_equal(buf_check(&b, "b", &err), 0);
	buf_addc(&b, 'x');
	assert_int_equal(b.len, 1000);
	assert_int_equal(buf_check(&b, "b", &err), ERR_LIMIT);
	assert_string_equal(err.text, "b: more than 1000 bytes");
	buf_shift(&b, 990);
	buf_addc(&b, 'x');
	assert_string_equal(buf_text(&b), "000000099\n");
	buf_clear(&b);
	buf_adds(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_done(&b);
}

static void an_empty_buffer_is_text(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_shift(&b, 5);
	buf_done(&b);
	buf_done(NULL);
}

static void pieces_of_an_arena_are_zeroed_aligned_and_apart(void **state)
{
	struct arena a = { 0 };
	char *last = NULL;

	(void)state;
	for (size_t n = 1; n < 40000; n = n * 3 / 2 + 1) {
		char *piece = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0x5a, n);
		if (last)
			assert_int_equal(*last, 0x5a);
		last = piece;
	}
	arena_clear(&a);
	assert_string_equal(arena_format(&a, "%d-%s", 5, "x"), "5-x");
	assert_string_equal(arena_copy(&a, "abc", 2), "ab");
	arena_done(&a);
	arena_done(&a);
}

static void a_map_finds_what_was_put_in_the_order_it_was_put(void **state)
{
	struct map m = { 0 };
	static char keys[5000][8];

	(void)state;
	assert_null(map_gets(&m, "x"));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		snprintf(keys[i], sizeof keys[i], "%zu", i * 7919 % 100003);
		map_entry(&m, keys[i], strlen(keys[i]))->value = keys[i];
	}
	assert_int_equal(m.n, ARRAY_LEN(keys));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_ptr_equal(map_gets(&m, keys[i]), keys[i]);
		assert_ptr_equal(m.entries[i].key, keys[i]);
		assert_ptr_equal(map_entry(&m, keys[i], strlen(keys[i]))->value, keys[i]);
	}
	assert_null(map_gets(&m, "100003"));
	assert_int_equal(m.n, ARRAY_LEN(keys));
	map_clear(&m);
	assert_null(map_gets(&m, keys[0]));
	map_done(&m);
}

static void keys_may_hold_any_bytes_or_none(void **state)
{
	struct map m = { 0 };
	int one, two, none;

	(void)state;
	map_entry(&m, "a\0b", 3)->value = &one;
	map_entry(&m, "a\0c", 3)->value = &two;
	map_entry(&m, "", 0)->value = &none;
	assert_ptr_equal(map_get(&m, "a\0b", 3), &one);
	assert_ptr_equal(map_get(&m, "a\0c", 3), &two);
	assert_ptr_equal(map_get(&m, "", 0), &none);
	assert_null(map_gets(&m, "a"));
	map_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_set_once_and_prefixed_on_the_way_up),
		cmocka_unit_test(an_error_that_is_too_long_is_cut),
		cmocka_unit_test(a_buffer_grows_to_its_maximum_and_then_remembers),
		cmocka_unit_test(an_empty_buffer_is_text),
		cmocka_unit_test(pieces_of_an_arena_are_zeroed_aligned_and_apart),
		cmocka_unit_test(a_map_finds_what_was_put_in_the_order_it_was_put),
		cmocka_unit_test(keys_may_hold_any_bytes_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
