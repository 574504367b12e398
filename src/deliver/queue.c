// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENT_MAX_BYTES = 4 << 20 };

struct node {
	struct block block; /* first: a block is its node */
	struct segment *segment;
	struct node *next; /* of whatever segment */
	char bytes[];
};

struct segment {
	uint64_t number;
	struct node *first, *last;
	size_t bytes;
	uint32_t n_blocks, n_waiting;
	bool closed; /* nothing more may be put into it */
	struct segment *next;
};

struct queue {
	struct queue_options options;
	struct segment *oldest, *newest;
	uint64_t next_number; /* of the next segment made */
	size_t bytes;         /* of all blocks held */
	struct queue_stats stats;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

int queue_open(struct queue **out, const struct queue_options *options, struct err *err)
{
	struct queue *q = calloc(1, sizeof *q);

	if (!q)
		return err_set(err, ERR_NOMEM, "no memory for a queue");
	queue_rebound(q, options);
	*out = q;
	return 0;
}

void queue_rebound(struct queue *q, const struct queue_options *options)
{
	q->options = *options;
	if (q->options.segment_bytes == 0)
		q->options.segment_bytes = smaller(SEGMENT_MAX_BYTES, options->max_bytes / 8);
	q->options.segment_bytes = smaller(q->options.segment_bytes, options->max_bytes);
}

static struct node *first_node(const struct queue *q)
{
	return q->oldest ? q->oldest->first : NULL;
}

/* Whatever leaves the queue does so here. Returns how many samples did. */
static uint32_t node_take(struct queue *q, struct node *node, uint64_t at_most)
{
	struct block *b = &node->block;
	uint32_t waiting = b->samples - b->taken;
	uint32_t n = at_most < waiting ? (uint32_t)at_most : waiting;

	if (b->done)
		return 0;
	b->taken += n;
	q->stats.samples -= n;
	q->stats.left += n;
	if (b->taken == b->samples) {
		b->done = true;
		node->segment->n_waiting--;
		q->stats.blocks--;
		q->stats.bytes -= b->n;
	}
	return n;
}

static bool segment_is_over(const struct queue *q, const struct segment *s)
{
	if (s->closed || s->bytes > q->options.segment_bytes)
		return true;
	assert(s->first); /* a segment begins with its first block */
	return s->n_waiting == 0 && s->bytes - s->first->block.n > s->first->block.n;
}

static void drop_oldest(struct queue *q)
{
	struct segment *s = q->oldest;
	struct node *end = s->last->next;

	for (struct node *node = s->first, *next; node != end; node = next) {
		next = node->next; // NOLINT(clang-analyzer-core.NullDereference): `end` comes first
		q->stats.dropped_full += node_take(q, node, UINT64_MAX);
		free(node);
	}
	q->bytes -= s->bytes;
	q->oldest = s->next;
	if (!q->oldest)
		q->newest = NULL;
	free(s);
}

static void release_done(struct queue *q)
{
	while (q->oldest && q->oldest->n_waiting == 0 &&
	       (q->oldest != q->newest || segment_is_over(q, q->oldest)))
		drop_oldest(q);
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	while (q->oldest)
		drop_oldest(q);
	free(q);
}

uint64_t queue_segment(struct queue *q)
{
	if (q->newest && !segment_is_over(q, q->newest))
		return q->newest->number;
	return q->next_number;
}

static struct node *node_new(const struct block *b)
{
	struct node *node = malloc(sizeof *node + b->n);

	if (!node)
		return NULL;
	*node = (struct node){ .block = *b };
	node->block.taken = 0;
	node->block.done = false;
	node->block.bytes = memcpy(node->bytes, b->bytes, b->n);
	return node;
}

/* A new segment at the end, with its first block. */
static int begin_segment(struct queue *q, struct node *node)
{
	struct segment *s = calloc(1, sizeof *s);

	if (!s)
		return ERR_NOMEM;
	s->number = q->next_number++;
	s->first = node;
	if (q->newest) {
		q->newest->next = s;
		q->newest->last->next = node;
	} else {
		q->oldest = s;
	}
	q->newest = s;
	return 0;
}

static int append(struct queue *q, struct node *node)
{
	struct segment *s = q->newest;

	if (s && s->number == node->block.segment)
		s->last->next = node;
	else if (begin_segment(q, node) < 0)
		return ERR_NOMEM;
	s = q->newest;
	s->last = node;
	s->bytes += node->block.n;
	s->n_waiting++;
	node->segment = s;
	node->block.ordinal = s->n_blocks++;
	q->bytes += node->block.n;
	q->stats.blocks++;
	q->stats.bytes += node->block.n;
	q->stats.samples += node->block.samples;
	return 0;
}

/* The writer takes the block for written, with its names: nothing may build on it. */
static int put_failed(struct queue *q, const struct block *b, struct err *err)
{
	if (q->newest)
		q->newest->closed = true;
	q->next_number = b->segment + 1;
	q->stats.dropped_full += b->samples;
	release_done(q);
	return err_set(err, ERR_NOMEM, "no memory for a block of %zu bytes", b->n);
}

int queue_put(struct queue *q, const struct block *b, struct err *err)
{
	struct node *node = node_new(b);

	assert(b->segment == queue_segment(q));
	if (!node || append(q, node) < 0) {
		free(node);
		return put_failed(q, b, err);
	}
	node_take(q, node, 0); /* a block without samples is done at once */
	while (q->bytes > q->options.max_bytes && q->oldest != q->newest)
		drop_oldest(q);
	release_done(q);
	return 0;
}

const struct block *queue_next(const struct queue *q, const struct block *b)
{
	const struct node *node = b ? ((const struct node *)b)->next : first_node(q);

	return node ? &node->block : NULL;
}

void queue_advance(struct queue *q, uint64_t samples)
{
	for (struct node *node = first_node(q); node && samples > 0; node = node->next)
		samples -= node_take(q, node, samples);
	release_done(q);
}

void queue_expire(struct queue *q, int64_t wall_ms)
{
	int64_t oldest_ms = wall_ms - q->options.max_age_ms;

	if (q->options.max_age_ms == 0)
		return;
	for (struct node *node = first_node(q); node; node = node->next)
		if (node->block.max_ms < oldest_ms)
			q->stats.dropped_too_old += node_take(q, node, UINT64_MAX);
	release_done(q);
}

struct queue_stats queue_stats(const struct queue *q)
{
	struct queue_stats stats = q->stats;

	for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b)) {
		if (!b->done) {
			stats.oldest_ms = b->min_ms;
			break;
		}
	}
	return stats;
}
