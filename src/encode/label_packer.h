// SPDX-License-Identifier: Apache-2.0
/*
 * label_packer: the complete label set of a series in protobuf, packed by protobuf-c: its
 * name as __name__, its own labels, and of the external ones those that it lacks.
 */
#ifndef SLURM_PUSHER_LABEL_PACKER_H
#define SLURM_PUSHER_LABEL_PACKER_H

#include "block.h"
#include "remote.pb-c.h"
#include "slurm_pusher/arena.h"
#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"

struct label_packer {
	struct arena arena;
	struct label *external;
	size_t n_external;
	Prometheus__Label *labels;    /* of the series being packed */
	Prometheus__Label **pointers; /* to them, as protobuf-c takes them */
	size_t n;
};

/* The external labels are copied. ERR_NOMEM. */
int label_packer_init(struct label_packer *p, const struct label *external, size_t n_external,
		      struct err *err);
void label_packer_done(struct label_packer *p);

/* Appends the labels as they stand in a prometheus.TimeSeries. ERR_FORMAT if a name comes
 * twice; the caller asks `out` whether it held them. */
int label_packer_add(struct label_packer *p, const struct block_series *series, struct buf *out,
		     struct err *err);

#endif
