// SPDX-License-Identifier: Apache-2.0
/*
 * encode: how to say it. Everything here is pure: a snapshot in, bytes out.
 *
 * Text. Prometheus text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), without
 * timestamps, as a Pushgateway demands it (it refuses them) and /metrics needs it.
 *
 * Blocks. What waits for a remote-write destination is a protocol-neutral block:
 * a timestamp and values, and the series they belong to. The series themselves
 * stand only in the first block of a segment that mentions them, so a tick costs
 * its values and not its names. Layout (`i64` and `f64` little-endian, `varint` as in
 * protobuf, a `string` is a varint length and its bytes):
 *
 *	varint  version (1)
 *	i64     timestamp in ms
 *	varint  bytes of the names that follow (so that they can be skipped)
 *	names   the series not mentioned in this segment before, each:
 *	        varint type, string help, string family name,
 *	        varint number of labels, then name and value strings
 *	varint  0: the same series as the block before, in the same order
 *	        (before the first block of a segment there are none);
 *	        n + 1: n series follow, each a varint index in order of their
 *	        first mention in this segment
 *	n * f64 values
 *
 * A reader must walk the blocks of a segment from its first on (those already
 * sent included) to know the names; see queue.h for how it gets them. A block has no
 * checksum (that is the queue's): damage that changes its structure is an error,
 * damage that only changes a value or a letter is not seen here.
 *
 * Remote-write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a
 * snappy block of a protobuf prometheus.WriteRequest. The labels of a series are
 * packed once per segment by protobuf-c; a tick appends its sample to those bytes.
 */
#ifndef SLURM_PUSHER_ENCODE_H
#define SLURM_PUSHER_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"
#include "slurm_pusher/model.h"

/* Appends the exposition of a finished snapshot. */
void encode_text(const struct snapshot *s, struct buf *out);

/* Appends the decimal of the fewest significant digits, correctly rounded, that reads back equal,
 * with a point in every locale; NaN, +Inf, -Inf by name. */
void encode_number(double value, struct buf *out);

/* Appends `in`, gzip-compressed. ERR_NOMEM; ERR_LIMIT, also when `out` could not hold `in`
 * if it would not compress at all. */
int encode_gzip(const void *in, size_t n, struct buf *out, struct err *err);

/* Appends `in` as one snappy block (not the framed format). Errors as encode_gzip(). */
int encode_snappy(const void *in, size_t n, struct buf *out, struct err *err);

/*
 * The base64 of RFC 4648 section 5 (URL-safe), padded, as the Pushgateway's
 * grouping key wants it; an empty value is "=".
 */
void encode_base64url(const void *in, size_t n, struct buf *out);

/* ---- blocks ---- */

/* Writes the blocks of one queue; remembers which series the segment knows. */
struct block_writer;

int block_writer_new(struct block_writer **out, struct err *err);
void block_writer_free(struct block_writer *w);

/* Appends one block for the finished snapshot. `segment` is the number of the segment it
 * goes to: when that is another than last time, all series are named again. So a block that
 * was written must become the next of its segment, or the segment must end (queue_put() sees
 * to that). After an error there is no block, and the next one goes to the same segment.
 * ERR_NOMEM, ERR_LIMIT. */
int block_write(struct block_writer *w, uint64_t segment, const struct snapshot *s, struct buf *out,
		struct err *err);

/* ---- remote-write 1.0 ---- */

/*
 * Reads blocks and makes requests of them; one per destination.
 *
 *	buf_clear(&message);
 *	for each block of the queue, from ordinal 0 of its segment on:
 *		remote_write_move(rw, segment, ordinal, bytes, n, err);
 *		taken = remote_write_append(rw, from, max_samples, max_bytes, &message, err);
 *	encode_snappy(message.ptr, message.len, &body, err);
 *
 * Samples go into the message in the order of the blocks, so those of one series stand
 * in the order of their timestamps.
 */
struct remote_write;

/* `external` are added to every series that does not have a label of that name
 * (the series' own label wins, as in Prometheus); they are copied. Their names are legal and
 * unique, their values not empty: whoever read them has seen to it. ERR_NOMEM. */
int remote_write_new(struct remote_write **out, const struct label *external, size_t n_external,
		     struct err *err);
void remote_write_free(struct remote_write *rw);

/* Moves on to a block. Blocks of a segment are walked in order from ordinal 0; a walk may
 * start again at ordinal 0 (names learnt before are skipped, not learnt twice), or change
 * to ordinal 0 of another segment, which forgets the names of the one before. The bytes
 * must stay where they are until the next move. ERR_FORMAT if the block is damaged or is not
 * the next one, ERR_LIMIT if the segment has too many names, ERR_NOMEM; after an error the
 * walk starts again at an ordinal 0, and nothing can be appended before. What follows a damaged
 * block in its segment cannot be read. */
int remote_write_move(struct remote_write *rw, uint64_t segment, uint32_t ordinal,
		      const void *block, size_t n, struct err *err);

/* Appends to `message` (an uncompressed WriteRequest in the making) the samples of the block
 * moved to, from number `from` on, until all are there, `max_samples` are taken, or one more
 * would make the message longer than `max_bytes`. Returns how many it took (at least one if
 * there was one and the message was empty), or ERR_NOMEM, ERR_LIMIT. */
int remote_write_append(struct remote_write *rw, uint32_t from, uint32_t max_samples,
			size_t max_bytes, struct buf *message, struct err *err);

#endif
