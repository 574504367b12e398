// SPDX-License-Identifier: Apache-2.0
/*
 * outbox: one destination, and how snapshots get into it: as blocks in its queue
 * (remote-write), or as the newest text in its slot (Pushgateway).
 */
#ifndef SLURM_PUSHER_OUTBOX_H
#define SLURM_PUSHER_OUTBOX_H

#include "config.h"
#include "slurm_pusher/deliver.h"
#include "slurm_pusher/encode.h"
#include "slurm_pusher/model.h"

struct outbox {
	struct destination *destination;
	enum protocol protocol;
	bool gzip;                   /* Pushgateway: wants a compressed text too */
	struct block_writer *writer; /* remote-write */
	char *settings;              /* all that it was made with: equal texts, equal outboxes */
};

/* What the next two would be made with, as one line of text for comparison; NULL without
 * memory. Owned by the caller. */
char *outbox_remote_write_settings(const struct config *config,
				   const struct remote_write_config *c);
char *outbox_pushgateway_settings(const struct pushgateway_config *c);

/* The configuration must know the cluster's name. `before` is the outbox whose place this one
 * takes: what waits in it is taken over; or NULL. */
int outbox_open_remote_write(struct outbox *out, struct deliver *d, const struct config *config,
			     const struct remote_write_config *c, struct outbox *before,
			     struct err *err);
int outbox_open_pushgateway(struct outbox *out, struct deliver *d,
			    const struct pushgateway_config *c, struct err *err);
void outbox_close(struct outbox *o);

/* Hands a finished snapshot over; `text` and `gzipped` are its exposition, for a slot. */
int outbox_put(struct outbox *o, const struct snapshot *s, const struct buf *text,
	       const struct buf *gzipped, struct err *err);

/* Appends URL and grouping key: URL/metrics/job/J/label/value..., a value that could be
 * misread in a path as base64 (https://github.com/prometheus/pushgateway, "URL"). */
void pushgateway_url(struct buf *out, const char *url, const struct pairs *grouping);

#endif
