// SPDX-License-Identifier: Apache-2.0
/*
 * block: reading one block, as encode.h draws it. What is read may be damaged in any way;
 * nothing is believed that the bytes left cannot hold.
 */
#ifndef SLURM_PUSHER_BLOCK_H
#define SLURM_PUSHER_BLOCK_H

#include "slurm_pusher/arena.h"
#include "slurm_pusher/err.h"
#include "slurm_pusher/model.h"
#include "wire.h"

enum { BLOCK_VERSION = 1 };

/* The parts of a block; they point into its bytes. */
struct block_parts {
	int64_t timestamp_ms;
	struct wire names; /* for block_next_series() */
	bool same;         /* as the block before: there are no indices */
	struct wire indices;
	const char *values; /* n little-endian doubles */
	uint32_t n;
};

/* `n_before` is the number of values of the block before. ERR_FORMAT. */
int block_read(struct block_parts *parts, const void *block, size_t n, uint32_t n_before,
	       struct err *err);

struct block_series {
	const char *family;
	struct label labels[MODEL_MAX_LABELS];
	uint32_t n_labels;
};

/* Reads the next of the names; its strings are made in `scratch`. ERR_FORMAT, ERR_NOMEM. */
int block_next_series(struct wire *names, struct arena *scratch, struct block_series *series,
		      struct err *err);

#endif
