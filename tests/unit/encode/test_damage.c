// SPDX-License-Identifier: Apache-2.0
/*
 * Damaged blocks. Each is read from an allocation of exactly its size, so that the address
 * sanitizer and valgrind see a read beyond it; what still makes sense must make a request
 * that protobuf can decode.
 */
#include "ticks.h"

enum { RANDOM_ROUNDS = 1000 };

/* What is flipped in a byte: each bit, all but the highest, all. */
static const int flips[] = { 1, 2, 4, 8, 16, 32, 64, 128, 127, 255 };

static void write_history(struct ticks *t)
{
	ticks_init(t);
	ticks_add(t, 1, "abc");
	ticks_add(t, 1, "abc");
	ticks_add(t, 1, "bcde");
	ticks_add(t, 1, "bcde");
}

/* Walks to tick `i`, which has become these bytes. */
static int read_damaged(struct ticks *t, size_t i, const char *bytes, size_t n)
{
	char *exact = malloc(n ? n : 1); /* test_malloc() would put guards of its own around it */
	struct buf message, lines;
	int rc;

	assert_non_null(exact);
	memcpy(exact, bytes, n);
	for (size_t k = 0; k < i; k++)
		assert_int_equal(tick_move(t->rw, &t->list[k]), 0);
	rc = remote_write_move(t->rw, 1, (uint32_t)i, exact, n, NULL);
	buf_init(&message, TICKS_MAX_BYTES);
	buf_init(&lines, TICKS_MAX_BYTES);
	if (remote_write_append(t->rw, 0, UINT32_MAX, TICKS_MAX_BYTES, &message, NULL) > 0)
		assert_int_equal(rc, 0);
	request_describe(&message, &lines);
	buf_done(&message);
	buf_done(&lines);
	free(exact);
	return rc;
}

/* A reader that forgets what it learnt from the damaged block reads the true ones. */
static void expect_history(struct ticks *t)
{
	remote_write_free(t->rw);
	assert_int_equal(remote_write_new(&t->rw, NULL, 0, NULL), 0);
	for (size_t i = 0; i < t->n; i++)
		ticks_expect(t, i);
}

static void is_seen_wherever_a_block_ends_too_early(void **state)
{
	struct ticks t;

	(void)state;
	write_history(&t);
	for (size_t i = 0; i < t.n; i++) {
		const struct buf *block = &t.list[i].block;

		for (size_t n = 0; n < block->len; n++) {
			assert_int_equal(read_damaged(&t, i, block->ptr, n), ERR_FORMAT);
			for (size_t k = 0; k < t.n; k++)
				ticks_expect(&t, k);
		}
	}
	ticks_done(&t);
}

static void is_seen_when_a_block_goes_on_too_long(void **state)
{
	struct ticks t;

	(void)state;
	write_history(&t);
	for (size_t i = 0; i < t.n; i++) {
		struct buf longer;

		buf_init(&longer, TICKS_MAX_BYTES);
		buf_add(&longer, t.list[i].block.ptr, t.list[i].block.len);
		for (int more = 0; more < 20; more++) {
			buf_addc(&longer, '\0');
			assert_int_equal(read_damaged(&t, i, longer.ptr, longer.len), ERR_FORMAT);
		}
		buf_done(&longer);
	}
	ticks_done(&t);
}

static void of_any_byte_harms_nobody(void **state)
{
	struct ticks t;

	(void)state;
	write_history(&t);
	for (size_t i = 0; i < t.n; i++) {
		struct buf *block = &t.list[i].block;

		for (size_t at = 0; at < block->len; at++) {
			char was = block->ptr[at];

			for (size_t k = 0; k < sizeof flips / sizeof *flips; k++) {
				int rc;

				block->ptr[at] = (char)(was ^ flips[k]);
				rc = read_damaged(&t, i, block->ptr, block->len);
				assert_true(rc == 0 || rc == ERR_FORMAT);
				remote_write_free(t.rw);
				assert_int_equal(remote_write_new(&t.rw, NULL, 0, NULL), 0);
			}
			block->ptr[at] = was;
		}
	}
	expect_history(&t);
	ticks_done(&t);
}

static void of_many_bytes_harms_nobody(void **state)
{
	uint64_t seed = 11;
	struct ticks t;

	(void)state;
	write_history(&t);
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		const struct buf *block = &t.list[(size_t)round % t.n].block;
		char bytes[256];
		int rc;

		assert_in_range(block->len, 1, sizeof bytes);
		memcpy(bytes, block->ptr, block->len);
		for (int hits = 0; hits < 3; hits++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			bytes[(seed >> 32) % block->len] = (char)(seed >> 56);
		}
		rc = read_damaged(&t, (size_t)round % t.n, bytes, block->len);
		assert_true(rc == 0 || rc == ERR_FORMAT);
		remote_write_free(t.rw);
		assert_int_equal(remote_write_new(&t.rw, NULL, 0, NULL), 0);
	}
	expect_history(&t);
	ticks_done(&t);
}

#define HEAD     "\x01\x00\x00\x00\x00\x00\x00\x00\x00" /* version, timestamp */
#define SERIES   "\x00\x00\x01m\x01\x01l\x01v"          /* m{l="v"}, 9 bytes */
#define HUGE_INT "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" /* 2^63 - 1 */
#define VALUE    "\x00\x00\x00\x00\x00\x00\xf0\x3f"

static void in_each_place_is_named(void **state)
{
#define BYTES(text) (text), sizeof(text) - 1
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} cases[] = {
		{ BYTES(""), "version 0" },
		{ BYTES("\x02" VALUE "\x00\x00"), "version 2" },
		{ BYTES(HUGE_INT VALUE "\x00\x00"), "version 9223372036854775807" },
		{ BYTES("\x01\x00\x00\x00"), "frame" },
		{ BYTES(HEAD HUGE_INT "\x00"), "frame" },
		{ BYTES(HEAD "\x00" HUGE_INT), "frame" },
		{ BYTES(HEAD "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "frame" },
		{ BYTES(HEAD "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "frame" },
		{ BYTES(HEAD "\x00\x03" VALUE), "frame" },
		{ BYTES(HEAD "\x00\x00" VALUE), "length" },
		{ BYTES(HEAD "\x09" SERIES "\x02\x01" VALUE), "series 1 of 1" },
		{ BYTES(HEAD "\x09" SERIES "\x02" HUGE_INT VALUE),
		  "series 9223372036854775807 of 1" },
		{ BYTES(HEAD "\x09" SERIES "\x02\x00\x00" VALUE), "list of series" },
		{ BYTES(HEAD "\x09" SERIES "\x02" VALUE), "list of series" },
		{ BYTES(HEAD "\x09\x09\x00\x01m\x01\x01l\x01v\x01"), "names" },    /* type 9 */
		{ BYTES(HEAD "\x09\x00\x00\x01m\x41\x01l\x01v\x01"), "names" },    /* 65 labels */
		{ BYTES(HEAD "\x09\x00\x00\x01m\x01\x01l\x02v\x01"), "names" },    /* too long */
		{ BYTES(HEAD "\x0c\x00" HUGE_INT "m\x00\x01"), "names" },          /* help */
		{ BYTES(HEAD "\x0b\x00\x00" HUGE_INT "\x01"), "names" },           /* name */
		{ BYTES(HEAD "\x03\x00\x00\x00\x01"), "names" },                   /* no name */
		{ BYTES(HEAD "\x09\x00\x00\x01\x00\x01\x01l\x01v\x01"), "names" }, /* NUL */
		{ BYTES(HEAD "\x08\x00\x00\x01m\x01\x01l\x00\x01"), "names" },     /* no value */
		{ BYTES(HEAD "\x0d\x00\x00\x01m\x02\x01l\x01v\x01l\x01w\x01"),
		  "label l comes twice" },
		{ BYTES(HEAD "\x10\x00\x00\x01m\x01\x08__name__\x01v\x01"),
		  "label __name__ comes twice" },
	};

	struct ticks t;

	(void)state;
	write_history(&t);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = { 0 };

		ticks_expect(&t, 0); /* the names of segment 1 are none of segment 5's */
		assert_int_equal(remote_write_move(t.rw, 5, 0, cases[i].bytes, cases[i].n, &err),
				 ERR_FORMAT);
		if (!strstr(err.text, cases[i].why) || !strstr(err.text, "block 0 of segment 5"))
			fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, cases[i].why);
	}
	ticks_done(&t);
}

/* The cases above differ from this in what they name. */
static void is_not_seen_where_there_is_none(void **state)
{
	static const char block[] = HEAD "\x09" SERIES "\x02\x00" VALUE;
	struct remote_write *rw;

	(void)state;
	assert_int_equal(remote_write_new(&rw, NULL, 0, NULL), 0);
	assert_int_equal(remote_write_move(rw, 5, 0, block, sizeof block - 1, NULL), 0);
	remote_write_free(rw);
}

/* A writer that believes a snapshot whatever it holds; the reader does not. */
static void expect_refusal(struct ticks *t, const struct snapshot *s, const char *why)
{
	struct err err = { 0 };
	struct buf block;

	buf_init(&block, 1 << 24);
	assert_int_equal(block_write(t->writer, 1, s, &block, NULL), 0);
	assert_int_equal(remote_write_move(t->rw, 1, 0, block.ptr, block.len, &err), ERR_FORMAT);
	assert_non_null(strstr(err.text, why));
	buf_done(&block);
}

static void of_counts_beyond_the_model_is_seen(void **state)
{
	static const struct family family = { "m", "", METRIC_GAUGE, 0 };
	struct label labels[MODEL_MAX_LABELS + 1];
	char names[MODEL_MAX_LABELS + 1][8];
	const struct series series = { &family, labels, MODEL_MAX_LABELS + 1, 0, 1 };
	struct snapshot s = { 0 };
	struct ticks t;

	(void)state;
	for (int i = 0; i <= MODEL_MAX_LABELS; i++) {
		snprintf(names[i], sizeof names[i], "l%02d", i);
		labels[i] = (struct label){ names[i], "v" };
	}
	ticks_init(&t);
	snapshot_add(&s, &series, 1, NULL);
	expect_refusal(&t, &s, "names");
	snapshot_clear(&s, 0);
	for (int i = 0; i <= MODEL_MAX_SERIES; i++)
		snapshot_add(&s, &series, 1, NULL);
	expect_refusal(&t, &s, "frame");
	snapshot_done(&s);
	ticks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_seen_wherever_a_block_ends_too_early),
		cmocka_unit_test(is_seen_when_a_block_goes_on_too_long),
		cmocka_unit_test(of_any_byte_harms_nobody),
		cmocka_unit_test(of_many_bytes_harms_nobody),
		cmocka_unit_test(in_each_place_is_named),
		cmocka_unit_test(is_not_seen_where_there_is_none),
		cmocka_unit_test(of_counts_beyond_the_model_is_seen),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
