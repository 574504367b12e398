// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <snappy-c.h>
#include <zlib.h>

#include "slurm_pusher/encode.h"

enum { INPUT_BYTES = 100000, ROOM = 200000 };

/* Nothing, text, text that repeats, and bytes that nobody can compress. */
struct inputs {
	char text[INPUT_BYTES], noise[INPUT_BYTES];
	struct {
		const char *bytes;
		size_t n;
	} list[5];
};

static struct inputs *make_inputs(void)
{
	struct inputs *in = test_malloc(sizeof *in);
	uint64_t seed = 7;

	for (size_t i = 0; i < INPUT_BYTES; i++) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		in->noise[i] = (char)(seed >> 56);
		in->text[i] = "slurm_jobs{state=\"running\"} 1\n"[i % 30];
	}
	in->list[0].bytes = "";
	in->list[0].n = 0;
	in->list[1].bytes = "x";
	in->list[1].n = 1;
	in->list[2].bytes = in->text;
	in->list[2].n = 30;
	in->list[3].bytes = in->text;
	in->list[3].n = sizeof in->text;
	in->list[4].bytes = in->noise;
	in->list[4].n = sizeof in->noise;
	return in;
}

static size_t gunzip(const struct buf *in, char *out, size_t room)
{
	z_stream z = { .next_in = (Bytef *)in->ptr, .avail_in = (uInt)in->len };

	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)room;
	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK); /* gzip and nothing else */
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(inflateEnd(&z), Z_OK);
	return z.total_out;
}

static size_t unsnap(const struct buf *in, char *out, size_t room)
{
	assert_int_equal(snappy_uncompress(in->ptr, in->len, out, &room), SNAPPY_OK);
	return room;
}

static const struct codec {
	int (*encode)(const void *in, size_t n, struct buf *out, struct err *err);
	size_t (*decode)(const struct buf *in, char *out, size_t room);
} codecs[] = {
	{ encode_gzip, gunzip },
	{ encode_snappy, unsnap },
};

static void come_back_as_they_were(void **state)
{
	struct inputs *in = make_inputs();
	char *back = test_malloc(INPUT_BYTES);

	(void)state;
	for (size_t i = 0; i < 2 * 5; i++) {
		const struct codec *codec = &codecs[i / 5];
		struct buf out;

		buf_init(&out, ROOM);
		assert_int_equal(
			codec->encode(in->list[i % 5].bytes, in->list[i % 5].n, &out, NULL), 0);
		assert_int_equal(codec->decode(&out, back, INPUT_BYTES), in->list[i % 5].n);
		assert_memory_equal(back, in->list[i % 5].bytes, in->list[i % 5].n);
		buf_done(&out);
	}
	test_free(back);
	test_free(in);
}

static void make_repeating_text_small(void **state)
{
	struct inputs *in = make_inputs();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf out;

		buf_init(&out, ROOM);
		assert_int_equal(codecs[i].encode(in->text, sizeof in->text, &out, NULL), 0);
		assert_in_range(out.len, 1, sizeof in->text / 10);
		buf_done(&out);
	}
	test_free(in);
}

static void are_appended(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf out;
		char back[8];

		buf_init(&out, 1000);
		buf_adds(&out, "before");
		assert_int_equal(codecs[i].encode("text", 4, &out, NULL), 0);
		assert_memory_equal(out.ptr, "before", 6);
		buf_shift(&out, 6);
		assert_int_equal(codecs[i].decode(&out, back, sizeof back), 4);
		assert_memory_equal(back, "text", 4);
		buf_done(&out);
	}
}

static void say_when_there_is_no_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct err err = { 0 };
		struct buf out;

		buf_init(&out, 10);
		assert_int_equal(codecs[i].encode("0123456789", 10, &out, &err), ERR_LIMIT);
		assert_int_equal(err.code, ERR_LIMIT);
		buf_done(&out);
	}
}

/* Nothing is read of an input that is longer than can be counted. */
static void refuse_what_is_too_long_to_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf out;

		buf_init(&out, 10);
		assert_int_equal(codecs[i].encode("", (size_t)1 << 32, &out, NULL), ERR_LIMIT);
		assert_int_equal(out.len, 0);
		assert_int_equal(out.failed, 0);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(come_back_as_they_were),
		cmocka_unit_test(make_repeating_text_small),
		cmocka_unit_test(are_appended),
		cmocka_unit_test(say_when_there_is_no_room),
		cmocka_unit_test(refuse_what_is_too_long_to_count),
	};

	return cmocka_run_group_tests_name("compressed bytes", tests, NULL, NULL);
}
