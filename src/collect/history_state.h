// SPDX-License-Identifier: Apache-2.0
/*
 * history_state: what a restart must not forget, and the file it is kept in.
 *
 * The file, numbers little-endian:
 *
 *	16 bytes   magic, with the version of the format
 *	u64        bytes of the body
 *	u32        CRC-32 of the body
 *	body       the fields below; sets of ids as portable Roaring bitmaps
 *
 * So every file that is not exactly what was written is noticed: too short, too long, or a bit
 * changed anywhere.
 */
#ifndef COLLECT_HISTORY_STATE_H
#define COLLECT_HISTORY_STATE_H

#include "history_sets.h"
#include "slurm_pusher/buf.h"

enum { RESET_TEXT_BYTES = 128 };

struct history_state {
	char reset_text[RESET_TEXT_BYTES]; /* as configured */
	int64_t reset_s;
	bool complete;          /* the first count is done */
	int64_t read_to_s;      /* what ended up to here has been read: the watermark */
	int64_t recount_from_s; /* a recount under way: done up to here ... */
	int64_t recount_to_s;   /* ... and ends here; none is under way when it is there */
	int64_t counted_ms;     /* wall clock of the end of the last count from the reset time on */
	struct history_sets sets;
};

/* Writes the whole file but for the checksum, which history_state_seal() sets: that takes its
 * time, and may happen on another thread. ERR_LIMIT, ERR_NOMEM. */
int history_state_encode(struct history_state *state, struct buf *out, struct err *err);
void history_state_seal(struct buf *file);

/* Reads the whole file into an initialised state. ERR_FORMAT: it is not what was written, and the
 * state is half filled; ERR_NOMEM. */
int history_state_decode(struct history_state *state, const struct buf *file, struct err *err);

#endif
