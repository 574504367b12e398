// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "ticks.h"

/* The request for one sample of slurm_jobs with these labels. */
static void make_request(const struct label *external, size_t n_external, const struct label *own,
			 size_t n_own, double value, int64_t timestamp_ms, struct buf *message)
{
	const struct family family = { "slurm_jobs", "Jobs.", METRIC_GAUGE, 0 };
	const struct series series = { &family, own, (uint32_t)n_own, 0, 1 };
	struct sample sample = { &series, value };
	const struct snapshot s = { timestamp_ms, &sample, 1, 1 };
	struct block_writer *writer;
	struct remote_write *rw;
	struct buf block;

	buf_init(&block, TICKS_MAX_BYTES);
	assert_int_equal(block_writer_new(&writer, NULL), 0);
	assert_int_equal(block_write(writer, 1, &s, &block, NULL), 0);
	assert_int_equal(remote_write_new(&rw, external, n_external, NULL), 0);
	assert_int_equal(remote_write_move(rw, 1, 0, block.ptr, block.len, NULL), 0);
	assert_int_equal(remote_write_append(rw, 0, 1, TICKS_MAX_BYTES, message, NULL), 1);
	block_writer_free(writer);
	remote_write_free(rw);
	buf_done(&block);
}

static void writes_the_bytes_of_the_message(void **state)
{
	static const char expected[] =
		"\x0a\x45"                                   /* timeseries */
		"\x0a\x16\x0a\x08__name__\x12\x0aslurm_jobs" /* label */
		"\x0a\x0c\x0a\x07"
		"cluster\x12\x01"
		"c"                                            /* label, external */
		"\x0a\x0b\x0a\x05state\x12\x02on"              /* label */
		"\x12\x10\x09\x00\x00\x00\x00\x00\x00\x45\x40" /* sample: 42 */
		"\x10\x80\xd0\xea\xb6\xb7\x33";                /* at 1767225600000 */
	const struct label external = { "cluster", "c" };
	const struct label own = { "state", "on" };
	struct buf message;

	(void)state;
	buf_init(&message, TICKS_MAX_BYTES);
	make_request(&external, 1, &own, 1, 42, 1767225600000, &message);
	assert_int_equal(message.len, sizeof expected - 1);
	assert_memory_equal(message.ptr, expected, sizeof expected - 1);
	buf_done(&message);
}

static void merges_and_sorts_labels_by_their_bytes(void **state)
{
	static const struct {
		struct label external[4], own[4];
		const char *labels;
	} cases[] = {
		{ { { 0 } }, { { 0 } }, "__name__=slurm_jobs " },
		{ { { "cluster", "c" } }, { { 0 } }, "__name__=slurm_jobs cluster=c " },
		{ { { 0 } }, { { "a", "1" }, { "b", "2" } }, "__name__=slurm_jobs a=1 b=2 " },
		{ { { "Zone", "z" }, { "_x", "x" }, { "Area", "y" } },
		  { { "State", "s" }, { "state", "t" } },
		  "Area=y State=s Zone=z __name__=slurm_jobs _x=x state=t " },
		{ { { "m", "2" }, { "job", "slurm" } },
		  { { "job", "own" }, { "n", "3" } },
		  "__name__=slurm_jobs job=own m=2 n=3 " },
		{ { { "a", "x" } },
		  { { "a", "1" }, { "aa", "2" } },
		  "__name__=slurm_jobs a=1 aa=2 " },
		{ { { "__replica__", "r" } }, { { 0 } }, "__name__=slurm_jobs __replica__=r " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n_external = 0, n_own = 0;
		struct buf message, lines;

		while (cases[i].external[n_external].name)
			n_external++;
		while (cases[i].own[n_own].name)
			n_own++;
		buf_init(&message, TICKS_MAX_BYTES);
		buf_init(&lines, TICKS_MAX_BYTES);
		make_request(cases[i].external, n_external, cases[i].own, n_own, 1, 2, &message);
		request_describe(&message, &lines);
		lines.ptr[lines.len - strlen("1@2\n")] = '\0';
		assert_string_equal(buf_text(&lines), cases[i].labels);
		buf_done(&message);
		buf_done(&lines);
	}
}

static void carries_every_value_and_timestamp(void **state)
{
	static const double values[] = {
		0, -0.0, 1, -1.5, 1e300, 5e-324, INFINITY, -INFINITY, NAN
	};
	static const int64_t timestamps_ms[] = { 0,  1,         127,      128, 1767225600000,
						 -1, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < 9 * 8; i++) {
		Prometheus__WriteRequest *request;
		const Prometheus__Sample *sample;
		struct buf message;

		buf_init(&message, TICKS_MAX_BYTES);
		make_request(NULL, 0, NULL, 0, values[i / 8], timestamps_ms[i % 8], &message);
		request = prometheus__write_request__unpack(NULL, message.len,
							    (const uint8_t *)message.ptr);
		assert_non_null(request);
		assert_int_equal(request->n_timeseries, 1);
		sample = request->timeseries[0]->samples[0];
		assert_memory_equal(&sample->value, &values[i / 8], sizeof(double));
		assert_true(sample->timestamp == timestamps_ms[i % 8]);
		prometheus__write_request__free_unpacked(request, NULL);
		buf_done(&message);
	}
}

/* A series with all that is allowed, so that lengths take several bytes. */
static void carries_the_longest_label_sets(void **state)
{
	struct label own[MODEL_MAX_LABELS];
	char names[MODEL_MAX_LABELS][8], *value = test_malloc(1001);
	struct buf message, lines;

	(void)state;
	memset(value, 'v', 1000);
	value[1000] = '\0';
	for (int i = 0; i < MODEL_MAX_LABELS; i++) {
		snprintf(names[i], sizeof names[i], "l%02d", i);
		own[i] = (struct label){ names[i], value };
	}
	buf_init(&message, TICKS_MAX_BYTES);
	buf_init(&lines, TICKS_MAX_BYTES);
	make_request(NULL, 0, own, MODEL_MAX_LABELS, 1, 2, &message);
	request_describe(&message, &lines);
	assert_int_equal(lines.len, strlen("__name__=slurm_jobs ") +
					    MODEL_MAX_LABELS * strlen("l00= ") +
					    MODEL_MAX_LABELS * 1000 + strlen("1@2\n"));
	buf_done(&message);
	buf_done(&lines);
	test_free(value);
}

static void puts_many_blocks_into_one_message_in_their_order(void **state)
{
	struct buf message, lines, expected;
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "ab");
	ticks_add(&t, 1, "abc");
	ticks_add(&t, 2, "c");
	buf_init(&message, TICKS_MAX_BYTES);
	buf_init(&lines, TICKS_MAX_BYTES);
	buf_init(&expected, TICKS_MAX_BYTES);
	for (size_t i = 0; i < t.n; i++) {
		assert_int_equal(tick_move(t.rw, &t.list[i]), 0);
		assert_true(remote_write_append(t.rw, 0, 10, TICKS_MAX_BYTES, &message, NULL) > 0);
		tick_describe(&t, i, &expected);
	}
	request_describe(&message, &lines);
	assert_string_equal(buf_text(&lines), buf_text(&expected));
	buf_done(&message);
	buf_done(&lines);
	buf_done(&expected);
	ticks_done(&t);
}

/* Takes all samples of a block, message by message. */
static void take_all(struct ticks *t, uint32_t max_samples, size_t max_bytes, struct buf *lines)
{
	uint32_t from = 0;
	struct buf message;
	int n;

	buf_init(&message, TICKS_MAX_BYTES);
	do {
		buf_clear(&message);
		n = remote_write_append(t->rw, from, max_samples, max_bytes, &message, NULL);
		assert_true(n >= 0 && (uint32_t)n <= max_samples);
		assert_true(message.len <= max_bytes || n == 1);
		request_describe(&message, lines);
		from += (uint32_t)n;
	} while (n > 0);
	buf_done(&message);
}

static void splits_a_block_with_nothing_missing_or_twice(void **state)
{
	struct buf expected, lines;
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "abcdefghijk");
	assert_int_equal(tick_move(t.rw, &t.list[0]), 0);
	buf_init(&expected, TICKS_MAX_BYTES);
	tick_describe(&t, 0, &expected);
	for (uint32_t max_samples = 1; max_samples < 13; max_samples++) {
		for (size_t max_bytes = 0; max_bytes < 500; max_bytes += 7) {
			buf_init(&lines, TICKS_MAX_BYTES);
			take_all(&t, max_samples, max_bytes, &lines);
			assert_string_equal(buf_text(&lines), buf_text(&expected));
			buf_done(&lines);
		}
	}
	buf_done(&expected);
	ticks_done(&t);
}

static void fills_a_message_up_to_its_limits(void **state)
{
	struct buf message;
	size_t one;
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "abcde");
	assert_int_equal(tick_move(t.rw, &t.list[0]), 0);
	buf_init(&message, TICKS_MAX_BYTES);
	assert_int_equal(remote_write_append(t.rw, 0, 1, 1000, &message, NULL), 1);
	one = message.len;
	assert_int_equal(remote_write_append(t.rw, 1, 9, 3 * one, &message, NULL), 2);
	assert_int_equal(remote_write_append(t.rw, 3, 9, 3 * one, &message, NULL), 0);
	assert_int_equal(remote_write_append(t.rw, 3, 9, 4 * one - 1, &message, NULL), 0);
	assert_int_equal(remote_write_append(t.rw, 3, 0, 1000, &message, NULL), 0);
	assert_int_equal(remote_write_append(t.rw, 3, 1, 1000, &message, NULL), 1);
	assert_int_equal(remote_write_append(t.rw, 4, 9, 1000, &message, NULL), 1);
	assert_int_equal(remote_write_append(t.rw, 5, 9, 1000, &message, NULL), 0);
	assert_int_equal(remote_write_append(t.rw, UINT32_MAX, 9, 1000, &message, NULL), 0);
	assert_int_equal(message.len, 5 * one);
	buf_done(&message);
	ticks_done(&t);
}

static void says_when_the_message_has_no_room(void **state)
{
	struct err err = { 0 };
	struct buf message;
	struct ticks t;

	(void)state;
	ticks_init(&t);
	ticks_add(&t, 1, "abc");
	assert_int_equal(tick_move(t.rw, &t.list[0]), 0);
	buf_init(&message, 60);
	assert_int_equal(remote_write_append(t.rw, 0, 9, 1000, &message, &err), ERR_LIMIT);
	assert_int_equal(err.code, ERR_LIMIT);
	buf_done(&message);
	ticks_done(&t);
}

static void has_nothing_to_append_before_it_moved(void **state)
{
	struct remote_write *rw;
	struct buf message;

	(void)state;
	assert_int_equal(remote_write_new(&rw, NULL, 0, NULL), 0);
	buf_init(&message, 60);
	assert_int_equal(remote_write_append(rw, 0, 9, 1000, &message, NULL), 0);
	buf_done(&message);
	remote_write_free(rw);
}

static void ends_of_nothing_are_harmless(void **state)
{
	(void)state;
	remote_write_free(NULL);
	block_writer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_bytes_of_the_message),
		cmocka_unit_test(merges_and_sorts_labels_by_their_bytes),
		cmocka_unit_test(carries_every_value_and_timestamp),
		cmocka_unit_test(carries_the_longest_label_sets),
		cmocka_unit_test(puts_many_blocks_into_one_message_in_their_order),
		cmocka_unit_test(splits_a_block_with_nothing_missing_or_twice),
		cmocka_unit_test(fills_a_message_up_to_its_limits),
		cmocka_unit_test(says_when_the_message_has_no_room),
		cmocka_unit_test(has_nothing_to_append_before_it_moved),
		cmocka_unit_test(ends_of_nothing_are_harmless),
	};

	return cmocka_run_group_tests_name("remote-write", tests, NULL, NULL);
}
