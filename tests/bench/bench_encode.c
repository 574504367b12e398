// SPDX-License-Identifier: Apache-2.0
/*
 * What a tick costs from a snapshot to the body of a remote-write request (write the block,
 * move on to it, append its samples, compress), against snappy_compress alone on the same bytes.
 * Both in one run and in turns; medians of the rounds. The exit status says whether the
 * target was met.
 */
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "slurm_pusher/encode.h"

enum { ROUNDS = 41, WARM_UP_ROUNDS = 3, SEGMENT = 1, START_S = 1767225600, INTERVAL_S = 30 };

static const double max_ratio = 2.0;
static const size_t target_series = 10000;

struct bench {
	struct registry *registry;
	struct snapshot snapshot;
	struct block_writer *writer;
	struct remote_write *rw;
	struct buf block, message, body;
	char *alone; /* what snappy_compress writes to */
	double ours_ms[ROUNDS], alone_ms[ROUNDS];
};

static void check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "bench_encode: %s\n", err->text);
	exit(2);
}

/* Nodes in partitions with a value for each state, as a scheduler's own metrics have them. */
static void fill(struct bench *b, size_t n_series)
{
	static const char *const metrics[] = { "slurm_node_cpus", "slurm_node_memory_bytes" };
	static const char *const states[] = { "allocated", "idle", "mixed", "down", "drained" };
	struct err err;

	for (size_t i = 0; i < n_series; i++) {
		char node[32], partition[32];
		const struct label labels[] = {
			{ "node", node },
			{ "partition", partition },
			{ "state", states[i % 5] },
		};
		size_t n = i / 10;

		snprintf(node, sizeof node, "hpc-%s-%zu", n % 3 ? "standard" : "gpu", n);
		snprintf(partition, sizeof partition, "partition%zu", n % 10);
		check(snapshot_put(&b->snapshot, b->registry, metrics[i / 5 % 2], METRIC_GAUGE,
				   "What the node has in this state.", labels, 3, (double)i, &err),
		      &err);
	}
	snapshot_finish(&b->snapshot);
}

static void set_up(struct bench *b, size_t n_series)
{
	const struct label external[] = { { "cluster", "production" }, { "job", "slurm" } };
	size_t max_bytes = n_series * 1024;
	struct err err;

	check(registry_new(&b->registry, &err), &err);
	check(block_writer_new(&b->writer, &err), &err);
	check(remote_write_new(&b->rw, external, 2, &err), &err);
	buf_init(&b->block, max_bytes);
	buf_init(&b->message, max_bytes);
	buf_init(&b->body, 2 * max_bytes);
	b->alone = malloc(snappy_max_compressed_length(max_bytes));
	check(b->alone ? 0 : err_set(&err, ERR_NOMEM, "out of memory"), &err);
	snapshot_init(&b->snapshot);
	fill(b, n_series);
}

static void tear_down(struct bench *b)
{
	snapshot_done(&b->snapshot);
	registry_free(b->registry);
	block_writer_free(b->writer);
	remote_write_free(b->rw);
	buf_done(&b->block);
	buf_done(&b->message);
	buf_done(&b->body);
	free(b->alone);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Every third value is another than before: a count, a fraction, a time. */
static void change_values(struct bench *b, uint32_t tick)
{
	int64_t now_s = START_S + (int64_t)tick * INTERVAL_S;

	b->snapshot.timestamp_ms = now_s * 1000 + rand() % 1000;
	for (size_t i = tick % 3; i < b->snapshot.n; i += 3) {
		double *value = &b->snapshot.samples[i].value;

		if (i % 4 == 0)
			*value = rand() / (double)RAND_MAX;
		else if (i % 4 == 1)
			*value = (double)now_s;
		else
			*value = rand() % 1000;
	}
}

static double time_ours(struct bench *b, uint32_t tick)
{
	double start = cpu_ms();
	struct err err;
	int taken;

	buf_clear(&b->block);
	buf_clear(&b->message);
	buf_clear(&b->body);
	check(block_write(b->writer, SEGMENT, &b->snapshot, &b->block, &err), &err);
	check(remote_write_move(b->rw, SEGMENT, tick, b->block.ptr, b->block.len, &err), &err);
	taken = remote_write_append(b->rw, 0, UINT32_MAX, b->message.max, &b->message, &err);
	check(taken, &err);
	check((size_t)taken == b->snapshot.n ? 0 : err_set(&err, ERR_FAILED, "samples are missing"),
	      &err);
	check(encode_snappy(b->message.ptr, b->message.len, &b->body, &err), &err);
	return cpu_ms() - start;
}

static double time_alone(struct bench *b)
{
	size_t n = snappy_max_compressed_length(b->message.len);
	double start = cpu_ms();

	snappy_compress(b->message.ptr, b->message.len, b->alone, &n);
	return cpu_ms() - start;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, compare);
	return values[n / 2];
}

static double run(size_t n_series)
{
	struct bench b = { 0 };
	double ours_ms, alone_ms, n = (double)n_series;

	set_up(&b, n_series);
	for (uint32_t tick = 0; tick < WARM_UP_ROUNDS + ROUNDS; tick++) {
		size_t round = tick < WARM_UP_ROUNDS ? 0 : tick - WARM_UP_ROUNDS;

		change_values(&b, tick);
		b.ours_ms[round] = time_ours(&b, tick);
		b.alone_ms[round] = time_alone(&b);
	}
	ours_ms = median(b.ours_ms, ROUNDS);
	alone_ms = median(b.alone_ms, ROUNDS);
	printf("encode %zu series: ratio %.2f (ours %.2f ms, snappy_compress alone %.2f ms)\n",
	       n_series, ours_ms / alone_ms, ours_ms, alone_ms);
	printf("  a series: %.0f ns; %.1f bytes in the queue, %.1f in the message, %.1f sent\n",
	       ours_ms * 1e6 / n, (double)b.block.len / n, (double)b.message.len / n,
	       (double)b.body.len / n);
	tear_down(&b);
	return ours_ms / alone_ms;
}

int main(void)
{
	double ratio = run(target_series);

	run(10 * target_series);
	if (ratio <= max_ratio)
		return 0;
	printf("encode: the target of %.1f for %zu series is missed\n", max_ratio, target_series);
	return 1;
}
