// SPDX-License-Identifier: Apache-2.0
/*
 * deliver: how to be heard. Destinations, each with a queue (or a slot), a
 * policy and a connection; none can slow another, or its caller, down.
 *
 * It does not know what a metric is: a queue's blocks are turned into requests
 * by an encoder that it is handed; a slot holds a finished body.
 *
 * Everything runs on the caller's thread, on libcurl's multi interface, without
 * ever blocking; deliver_wait() is the one place where the program waits.
 *
 *	deliver_new(&d, err);
 *	destination_new(&dst, d, &options, err);
 *	for (;;) {
 *		deliver_wait(d, fds, n_fds, timeout_ms);
 *		deliver_step(d, clock_mono_ms(), clock_wall_ms());
 *		...
 *	}
 *
 * What an answer means is decided by policy.h, a pure function.
 */
#ifndef SLURM_PUSHER_DELIVER_H
#define SLURM_PUSHER_DELIVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/err.h"
#include "slurm_pusher/policy.h"
#include "slurm_pusher/queue.h"

struct deliver;
struct destination;

struct batch_limits {
	uint32_t max_samples; /* per request */
	size_t max_bytes;     /* of the request before compression */
};

/* Turns waiting blocks into one request. */
struct encoder {
	void *ctx;
	/* Walks the queue from queue_next(q, NULL), takes samples from the front until a
	 * limit, appends the finished body. *samples is how many it took (0: there is
	 * nothing), *newest_ms the newest timestamp among them. ERR_FORMAT: the first
	 * waiting block cannot be read; the caller gives it up. ERR_NOMEM, ERR_LIMIT:
	 * try again later. */
	int (*encode)(void *ctx, const struct queue *q, const struct batch_limits *limits,
		      struct buf *body, uint64_t *samples, int64_t *newest_ms, struct err *err);
	void (*free)(void *ctx); /* NULL is fine */
};

/* One header line "Name: value" each, ended by NULL. */
struct destination_options {
	const char *name; /* unique; for messages and labels */
	enum protocol protocol;
	const char *url; /* whole; of a Pushgateway: with the grouping key */
	const char *const *headers;
	int64_t timeout_ms; /* of a request, name lookup included */
	int64_t min_backoff_ms, max_backoff_ms;
	bool delete_on_stop;        /* Pushgateway: DELETE the group on a clean stop */
	bool gzip;                  /* Pushgateway: a compressed body is offered with each push */
	struct queue_options queue; /* remote-write */
	struct queue *inherited;    /* remote-write: a queue to go on with (owned by the
				       destination from now on, also on failure), or NULL */
	struct batch_limits limits; /* remote-write */
	struct encoder encoder;     /* remote-write; owned by the destination from now on, also when
				       it cannot be made */
};

/* What a destination has to say about itself. Counters are since the start. */
struct destination_status {
	const char *name, *url; /* the URL without a password */
	enum protocol protocol;
	enum destination_state {
		DESTINATION_IDLE,    /* nothing waits */
		DESTINATION_SENDING, /* a request is under way */
		DESTINATION_WAITING, /* something waits for the end of a backoff */
	} state;
	bool ok; /* the last answer was good (or there was none yet) */
	uint64_t requests, sent_samples, failed_samples, retried_samples;
	uint64_t sent_bytes;     /* bodies taken by the receiver, compressed */
	int64_t last_success_ms; /* wall clock; 0: never */
	int64_t newest_sent_ms;  /* newest timestamp the receiver has taken; 0: none */
	int64_t last_duration_ms;
	int64_t next_attempt_ms;  /* monotonic; of WAITING */
	const char *last_error;   /* "" when ok; one line, bounded */
	struct queue_stats queue; /* remote-write; a slot: samples waiting, and dropped_full
				     counts snapshots' samples replaced unsent */
};

int deliver_new(struct deliver **out, const char *user_agent, struct err *err);
/* Frees all destinations too; does not wait for anything. */
void deliver_free(struct deliver *d);

/* Options are copied. ERR_FORMAT: the URL or a header cannot be used; ERR_NOMEM. */
int destination_new(struct destination **out, struct deliver *d,
		    const struct destination_options *options, struct err *err);
void destination_free(struct destination *dst);

/* Frees the destination but for its queue, which is returned for the one that takes its place. A
 * request that is under way may arrive and be sent again. */
struct queue *destination_dissolve(struct destination *dst);

/* Remote-write: where blocks are put. NULL for a Pushgateway. */
struct queue *destination_queue(struct destination *dst);

/* Pushgateway: the newest snapshot replaces whatever still waits. `gzipped` may be
 * NULL; it is used until this server has shown that it cannot take it. Copies.
 *
 * A snapshot is tried again until a newer one comes, but given up after three network
 * errors (some versions break the connection off over a body they do not like).
 *
 * ERR_NOMEM, ERR_LIMIT; ERR_BUSY after deliver_stop(). */
int destination_offer(struct destination *dst, const struct buf *text, const struct buf *gzipped,
		      uint64_t samples, int64_t timestamp_ms, struct err *err);

struct destination_status destination_status(const struct destination *dst);

/* Events since the last call, oldest first, for whoever logs: one for each change
 * between good and bad, and one for each new kind of refusal; not one per request. */
enum event_kind { EVENT_RECOVERED, EVENT_FAILING, EVENT_REJECTED };
struct event {
	enum event_kind kind;
	char text[600];   /* status and the head of the answer's body, or the network error */
	uint64_t samples; /* EVENT_REJECTED: given up */
};
bool destination_event(struct destination *dst, struct event *out);

/* Waits until one of libcurl's or the given descriptors is ready or the time is over
 * (`revents` of `fds` are filled in). At most timeout_ms; less when libcurl has something due.  */
int deliver_wait(struct deliver *d, struct pollfd *fds, unsigned n_fds, int64_t timeout_ms,
		 struct err *err);

/* Moves every destination on: reads answers, starts what is due. */
void deliver_step(struct deliver *d, int64_t mono_ms, int64_t wall_ms);

/* When there is something to start (monotonic): the end of the next backoff, long ago when
 * something can go at once; INT64_MAX when nothing waits. */
int64_t deliver_due_ms(const struct deliver *d);

/* Stopping: backoffs are kept, then a Pushgateway's group is DELETEd where asked for.
 * Call once; go on with wait and step until deliver_is_drained() or your patience ends. */
void deliver_stop(struct deliver *d);
bool deliver_is_drained(const struct deliver *d);

/* The text a URL may be shown as: without user, password and query. */
void url_redact(const char *url, struct buf *out);

#endif
