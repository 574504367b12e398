// SPDX-License-Identifier: Apache-2.0
/*
 * cargo: what a destination has to carry, one load after the other. There are two kinds:
 *
 *	batch	requests made of a queue's blocks, in order (remote-write)
 *	slot	the newest snapshot and nothing else (Pushgateway)
 *
 * A destination asks for a load, sends it, and says what became of it, before it
 * asks for another.
 */
#ifndef SLURM_PUSHER_DELIVER_CARGO_H
#define SLURM_PUSHER_DELIVER_CARGO_H

#include "http.h"
#include "slurm_pusher/deliver.h"

struct load {
	struct http_request request; /* good until it is settled */
	uint64_t samples;
	int64_t newest_ms;
	unsigned attempts; /* how often it was sent before */
	bool compressed;   /* as struct answer has it */
};

struct cargo {
	const struct cargo_kind *kind;
};

struct cargo_kind {
	/* There is something to send. */
	bool (*waits)(const struct cargo *cargo);
	/* ERR_FORMAT: what was next cannot be read and is given up (out->samples).
	 * ERR_NOMEM, ERR_LIMIT: later. */
	int (*load)(struct cargo *cargo, struct load *out, struct err *err);
	/* What became of the load; not `answered` after a network error. Returns how many
	 * samples are given up with it. */
	uint64_t (*settle)(struct cargo *cargo, enum verdict verdict, bool answered);
	/* Nothing new will come. */
	void (*stop)(struct cargo *cargo);
	struct queue_stats (*stats)(const struct cargo *cargo);
	void (*free)(struct cargo *cargo);
};

int batch_new(struct cargo **out, struct queue *queue, const struct encoder *encoder,
	      const struct batch_limits *limits, struct err *err);

int slot_new(struct cargo **out, bool gzip, bool delete_on_stop, struct err *err);
/* As destination_offer(). */
int slot_offer(struct cargo *cargo, const struct buf *text, const struct buf *gzipped,
	       uint64_t samples, int64_t timestamp_ms, struct err *err);

#endif
