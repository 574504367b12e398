// SPDX-License-Identifier: Apache-2.0
/*
 * ticks: a little history of snapshots, each written as a block, to be read back as requests.
 *
 * A tick is told by letters: "ac" holds m{l="a"} and m{l="c"}. Every value of the history is
 * another one, so that a value in the wrong place is seen.
 */
#ifndef TESTS_ENCODE_TICKS_H
#define TESTS_ENCODE_TICKS_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "remote.pb-c.h"
#include "slurm_pusher/encode.h"

enum { TICKS_MAX = 16, TICKS_MAX_BYTES = 1 << 20 };

struct tick {
	uint64_t segment;
	uint32_t ordinal;
	const char *letters;
	struct buf block;
};

struct ticks {
	struct registry *registry;
	struct snapshot snapshot;
	struct block_writer *writer;
	struct remote_write *rw;
	struct tick list[TICKS_MAX];
	size_t n;
};

static inline void ticks_init(struct ticks *t)
{
	*t = (struct ticks){ 0 };
	snapshot_init(&t->snapshot);
	assert_int_equal(registry_new(&t->registry, NULL), 0);
	assert_int_equal(block_writer_new(&t->writer, NULL), 0);
	assert_int_equal(remote_write_new(&t->rw, NULL, 0, NULL), 0);
}

static inline void ticks_done(struct ticks *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_done(&t->list[i].block);
	snapshot_done(&t->snapshot);
	registry_free(t->registry);
	block_writer_free(t->writer);
	remote_write_free(t->rw);
}

static inline int64_t tick_timestamp(size_t i)
{
	return 1767225600000 + 30000 * (int64_t)i;
}

static inline double tick_value(size_t i, char letter)
{
	return 1000 * (double)i + (letter - 'a') + 0.5;
}

/* The snapshot of tick number `i`. */
static inline void ticks_snapshot(struct ticks *t, size_t i, const char *letters)
{
	snapshot_clear(&t->snapshot, tick_timestamp(i));
	for (; *letters; letters++) {
		const char value[] = { *letters, '\0' };
		const struct label label = { "l", value };

		assert_int_equal(snapshot_put(&t->snapshot, t->registry, "m", METRIC_GAUGE, "Help.",
					      &label, 1, tick_value(i, *letters), NULL),
				 0);
	}
	snapshot_finish(&t->snapshot);
}

/* Writes the next tick as the next block of the segment. */
static inline struct tick *ticks_add(struct ticks *t, uint64_t segment, const char *letters)
{
	struct tick *tick = &t->list[t->n];
	const struct tick *before = t->n ? tick - 1 : NULL;

	*tick = (struct tick){ segment, 0, letters, { 0 } };
	if (before && before->segment == segment)
		tick->ordinal = before->ordinal + 1;
	buf_init(&tick->block, TICKS_MAX_BYTES);
	ticks_snapshot(t, t->n, letters);
	assert_int_equal(block_write(t->writer, segment, &t->snapshot, &tick->block, NULL), 0);
	t->n++;
	return tick;
}

static inline int tick_move(struct remote_write *rw, const struct tick *tick)
{
	return remote_write_move(rw, tick->segment, tick->ordinal, tick->block.ptr, tick->block.len,
				 NULL);
}

/* Decodes a request; a line for each sample: name=value name=value ... value@timestamp. */
static inline void request_describe(const struct buf *message, struct buf *out)
{
	Prometheus__WriteRequest *request = prometheus__write_request__unpack(
		NULL, message->len, (const uint8_t *)message->ptr);

	assert_non_null(request);
	for (size_t i = 0; i < request->n_timeseries; i++) {
		const Prometheus__TimeSeries *series = request->timeseries[i];

		for (size_t k = 0; k < series->n_labels; k++)
			buf_addf(out, "%s=%s ", series->labels[k]->name, series->labels[k]->value);
		assert_int_equal(series->n_samples, 1);
		buf_addf(out, "%.17g@%" PRId64 "\n", series->samples[0]->value,
			 series->samples[0]->timestamp);
	}
	prometheus__write_request__free_unpacked(request, NULL);
}

/* The lines a tick must come back as. */
static inline void tick_describe(const struct ticks *t, size_t i, struct buf *out)
{
	for (const char *letter = t->list[i].letters; *letter; letter++)
		buf_addf(out, "__name__=m l=%c %.17g@%" PRId64 "\n", *letter,
			 tick_value(i, *letter), tick_timestamp(i));
}

/* Moves on to tick `i`; its samples must be what was written. */
static inline void ticks_expect(struct ticks *t, size_t i)
{
	struct buf message, lines, expected;
	int n = (int)strlen(t->list[i].letters);

	buf_init(&message, TICKS_MAX_BYTES);
	buf_init(&lines, TICKS_MAX_BYTES);
	buf_init(&expected, TICKS_MAX_BYTES);
	tick_describe(t, i, &expected);
	assert_int_equal(tick_move(t->rw, &t->list[i]), 0);
	assert_int_equal(remote_write_append(t->rw, 0, UINT32_MAX, TICKS_MAX_BYTES, &message, NULL),
			 n);
	request_describe(&message, &lines);
	assert_string_equal(buf_text(&lines), buf_text(&expected));
	buf_done(&message);
	buf_done(&lines);
	buf_done(&expected);
}

#endif
