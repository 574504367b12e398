// SPDX-License-Identifier: Apache-2.0
/*
 * request_encoder: the encoder that deliver is handed: a queue's blocks in, remote-write
 * requests out. It stands here because it is the one place that knows both rooms.
 */
#ifndef SLURM_PUSHER_REQUEST_ENCODER_H
#define SLURM_PUSHER_REQUEST_ENCODER_H

#include "slurm_pusher/deliver.h"
#include "slurm_pusher/model.h"

/* `external` labels are copied. The encoder owns itself: out->free(out->ctx). */
int request_encoder_new(struct encoder *out, const struct label *external, size_t n_external,
			struct err *err);

#endif
