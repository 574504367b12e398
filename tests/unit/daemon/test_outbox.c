// SPDX-License-Identifier: Apache-2.0
/*
 * How snapshots get into destinations: the grouping key, and requests made of a queue.
 */
#include <string.h>

#include "outbox.h"
#include "request_encoder.h"
#include "test.h"

static void a_grouping_key_is_written_so_that_no_path_can_misread_it(void **state)
{
	static const struct {
		const char *job, *cluster, *want;
	} cases[] = {
		{ "slurm", "tst", "http://pg:9091/metrics/job/slurm/cluster/tst" },
		{ "slurm", "rg/tst", "http://pg:9091/metrics/job/slurm/cluster@base64/cmcvdHN0" },
		{ "a b", "tst", "http://pg:9091/metrics/job@base64/YSBi/cluster/tst" },
		{ "slurm", "..", "http://pg:9091/metrics/job/slurm/cluster@base64/Li4=" },
		{ "slurm", "", "http://pg:9091/metrics/job/slurm/cluster@base64/=" },
		{ "a%2Fb", "x+y",
		  "http://pg:9091/metrics/job@base64/YSUyRmI=/cluster@base64/eCt5" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		/* job comes first in the path, whatever the order here */
		struct pair items[] = {
			{ .name = "cluster", .value = cases[i].cluster },
			{ .name = "job", .value = cases[i].job },
		};
		struct buf out;

		buf_init(&out, 1000);
		pushgateway_url(&out, "http://pg:9091", &(struct pairs){ items, 2 });
		assert_string_equal(buf_text(&out), cases[i].want);
		buf_done(&out);
	}
}

/* ---- requests ---- */

struct fixture {
	struct registry *registry;
	struct snapshot snapshot;
	struct block_writer *writer;
	struct queue *queue;
	struct encoder encoder;
	size_t body_bytes; /* of the last request */
};

static void fixture_begin(struct fixture *f)
{
	struct queue_options options = { .max_bytes = 1 << 20 };
	struct err err;

	snapshot_init(&f->snapshot);
	assert_ok(registry_new(&f->registry, &err), &err);
	assert_ok(block_writer_new(&f->writer, &err), &err);
	assert_ok(queue_open(&f->queue, &options, &err), &err);
	assert_ok(request_encoder_new(&f->encoder, &(struct label){ "job", "slurm" }, 1, &err),
		  &err);
}

static void fixture_end(struct fixture *f)
{
	f->encoder.free(f->encoder.ctx);
	queue_close(f->queue);
	block_writer_free(f->writer);
	snapshot_done(&f->snapshot);
	registry_free(f->registry);
}

static void put_tick(struct fixture *f, int64_t timestamp_ms, size_t n_series)
{
	struct buf bytes;
	struct block block = { .min_ms = timestamp_ms, .max_ms = timestamp_ms };
	struct err err;

	snapshot_clear(&f->snapshot, timestamp_ms);
	for (size_t i = 0; i < n_series; i++) {
		char value[24];

		snprintf(value, sizeof value, "%zu", i);
		assert_ok(snapshot_put(&f->snapshot, f->registry, "m", METRIC_GAUGE, "h",
				       &(struct label){ "i", value }, 1, (double)i, &err),
			  &err);
	}
	snapshot_finish(&f->snapshot);
	buf_init(&bytes, 1 << 20);
	block.segment = queue_segment(f->queue);
	assert_ok(block_write(f->writer, block.segment, &f->snapshot, &bytes, &err), &err);
	block.samples = (uint32_t)n_series;
	block.bytes = bytes.ptr;
	block.n = bytes.len;
	assert_ok(queue_put(f->queue, &block, &err), &err);
	buf_done(&bytes);
}

/* Encodes one request; returns its samples and what was newest. */
static uint64_t request(struct fixture *f, uint32_t max_samples, int64_t *newest_ms)
{
	struct batch_limits limits = { .max_samples = max_samples, .max_bytes = 1 << 20 };
	struct buf body;
	uint64_t samples;
	struct err err;

	buf_init(&body, 1 << 20);
	assert_ok(f->encoder.encode(f->encoder.ctx, f->queue, &limits, &body, &samples, newest_ms,
				    &err),
		  &err);
	assert_int_equal(body.len > 0, samples > 0);
	f->body_bytes = body.len;
	buf_done(&body);
	return samples;
}

static void a_request_takes_whole_and_partial_ticks_up_to_its_limit(void **state)
{
	static const struct {
		uint64_t samples;
		int64_t newest_ms;
	} want[] = { { 7, 2000 }, { 7, 3000 }, { 1, 3000 }, { 0, 0 } };
	struct fixture f;

	(void)state;
	fixture_begin(&f);
	for (int64_t t = 1000; t <= 3000; t += 1000)
		put_tick(&f, t, 5);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		int64_t newest_ms;

		assert_int_equal(request(&f, 7, &newest_ms), want[i].samples);
		assert_int_equal(newest_ms, want[i].newest_ms);
		queue_advance(f.queue, want[i].samples);
	}
	fixture_end(&f);
}

static void the_same_request_can_be_made_again(void **state)
{
	struct fixture f;
	int64_t newest_ms;
	size_t first;

	(void)state;
	fixture_begin(&f);
	put_tick(&f, 1000, 5);
	put_tick(&f, 2000, 5);
	assert_int_equal(request(&f, 100, &newest_ms), 10);
	first = f.body_bytes;
	assert_int_equal(request(&f, 3, &newest_ms), 3);
	assert_int_equal(newest_ms, 1000);
	assert_int_equal(request(&f, 100, &newest_ms), 10);
	assert_int_equal(f.body_bytes, first);
	fixture_end(&f);
}

static void a_block_that_cannot_be_read_is_told_when_it_is_the_next(void **state)
{
	struct batch_limits limits = { .max_samples = 100, .max_bytes = 1 << 20 };
	struct block bad = { .samples = 1, .bytes = "garbage", .n = 7, .max_ms = 3 };
	struct fixture f;
	int64_t newest_ms;
	uint64_t samples;
	struct buf body;

	(void)state;
	fixture_begin(&f);
	put_tick(&f, 1000, 2);
	bad.segment = queue_segment(f.queue);
	assert_int_equal(queue_put(f.queue, &bad, NULL), 0);
	assert_int_equal(request(&f, 100, &newest_ms), 2);
	queue_advance(f.queue, 2);
	buf_init(&body, 1 << 20);
	assert_int_equal(f.encoder.encode(f.encoder.ctx, f.queue, &limits, &body, &samples,
					  &newest_ms, NULL),
			 ERR_FORMAT);
	buf_done(&body);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grouping_key_is_written_so_that_no_path_can_misread_it),
		cmocka_unit_test(a_request_takes_whole_and_partial_ticks_up_to_its_limit),
		cmocka_unit_test(the_same_request_can_be_made_again),
		cmocka_unit_test(a_block_that_cannot_be_read_is_told_when_it_is_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
