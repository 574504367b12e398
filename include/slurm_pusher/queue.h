// SPDX-License-Identifier: Apache-2.0
/*
 * queue: what waits for one remote-write destination, oldest first.
 *
 * It holds blocks: bytes with a time range and a number of samples; what the
 * bytes mean is between whoever encodes and whoever decodes them. Blocks stand in
 * segments, numbered upwards; a block can only be understood by who has seen the
 * blocks of its segment before it (encode.h says why). So queue_segment() tells a
 * writer which segment the next block goes to, before it writes it, and a reader
 * walks from the first block of the oldest segment, also over those that are
 * `done`: sent, kept for the names they carry.
 *
 *	uint64_t segment = queue_segment(q);
 *	... write a block for that segment ...
 *	queue_put(q, &block, err);
 *
 *	for (const struct block *b = queue_next(q, NULL); b; b = queue_next(q, b))
 *		... move on to b; unless b->done, take its samples from b->taken on ...
 *	queue_advance(q, samples_sent);
 *
 * Bounds: bytes and age (of a block's newest sample). What goes over drops the
 * oldest first, and is counted, never silently. Bytes are dropped by whole segments (a
 * block is of no use without the ones before it), age marks blocks as done. A segment is
 * freed when all its blocks are done and it is no longer the one being written.
 *
 * A segment ends when it is large, and also when nothing in it waits and the blocks
 * after its first outweigh the first: that one carries most of the names, so a queue
 * that is kept up with holds about twice the names, and repeating them costs no more
 * than the values do.
 *
 * This one lives in memory; one on disk has the same interface, its `done` being
 * the read position it keeps.
 */
#ifndef SLURM_PUSHER_QUEUE_H
#define SLURM_PUSHER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/err.h"

struct block {
	uint64_t segment;
	uint32_t ordinal;       /* place in the segment, from 0; set by the queue */
	int64_t min_ms, max_ms; /* timestamps of its samples, wall clock */
	uint32_t samples;
	uint32_t taken; /* of these, from the front: sent or given up */
	bool done;      /* all taken */
	const void *bytes;
	size_t n;
};

struct queue_options {
	size_t max_bytes;     /* of all blocks held; at least the newest block is kept */
	int64_t max_age_ms;   /* 0: no bound */
	size_t segment_bytes; /* a segment ends once it holds more; 0: the smaller
				 of 4 MiB and an eighth of max_bytes */
};

struct queue_stats {
	size_t blocks, bytes; /* waiting, not done */
	uint64_t samples;
	int64_t oldest_ms;     /* timestamp of the oldest waiting sample, 0 if none */
	uint64_t dropped_full; /* samples dropped since the start, by reason */
	uint64_t dropped_too_old;
	uint64_t left; /* samples that left it since the start, taken or dropped: as they leave
			  at the front, the place of the oldest waiting one */
};

struct queue;

int queue_open(struct queue **out, const struct queue_options *options, struct err *err);
void queue_close(struct queue *q);

/* Other bounds from now on; the next put and expire act on them. */
void queue_rebound(struct queue *q, const struct queue_options *options);

/* The segment the next block goes to. */
uint64_t queue_segment(struct queue *q);

/* Puts a copy of the block at the end; `segment` must be queue_segment()'s answer. ERR_NOMEM:
 * the samples are dropped and counted, and the segment ends (later blocks of it
 * could not be understood). */
int queue_put(struct queue *q, const struct block *b, struct err *err);

/* The block after `b`, or the first of the oldest segment for NULL; NULL at the end.
 * The pointer is good until the next put, advance or expire. */
const struct block *queue_next(const struct queue *q, const struct block *b);

/* Takes `samples` samples from the front, over as many blocks as they span. */
void queue_advance(struct queue *q, uint64_t samples);

/* Drops, counting, what is older than the age bound now. */
void queue_expire(struct queue *q, int64_t wall_ms);

struct queue_stats queue_stats(const struct queue *q);

#endif
