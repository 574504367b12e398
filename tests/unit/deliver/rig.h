// SPDX-License-Identifier: Apache-2.0
/*
 * rig: a destination, the peer it talks to, and the loop around them. A block's
 * samples are the letters of its text, and a request's body is those letters.
 */
#ifndef TEST_DELIVER_RIG_H
#define TEST_DELIVER_RIG_H

#include "peer.h"
#include "slurm_pusher/deliver.h"

#define SCRIPT(...) ((const struct reply[]){ __VA_ARGS__ })
/* start(rig, script, number of replies) of the file that uses it */
#define START(rig, ...)                                                                            \
	start(rig, SCRIPT(__VA_ARGS__), sizeof SCRIPT(__VA_ARGS__) / sizeof(struct reply))

struct rig {
	struct deliver *d;
	struct destination *dst;
	struct peer peer;
	int64_t wall_ms;    /* what deliver_step() is told */
	int64_t slowest_ms; /* of its calls */
	bool encoder_freed;
};

int64_t real_ms(void);

/* Options for a destination of that kind at the peer: small batches, short backoffs. */
struct destination_options rig_options(struct rig *rig, enum protocol protocol);

/* Starts the peer with that script, and a destination for it unless options are NULL. */
void rig_start(struct rig *rig, const struct reply *script, size_t n_script);
void rig_open(struct rig *rig, const struct destination_options *options);
void rig_stop(struct rig *rig);

/* Goes on until nothing waits or is under way, or for that long; says which. */
bool rig_drain(struct rig *rig, int64_t limit_ms);
/* Goes on until the peer has heard that many requests and all are answered or put off. */
void rig_until_heard(struct rig *rig, size_t n);
void rig_run(struct rig *rig, int64_t for_ms);

/* One more block; `ms` is its time. */
void rig_put(struct rig *rig, const char *text, int64_t ms);
void rig_offer(struct rig *rig, const char *text, const char *gzipped);

/* The bodies the peer heard so far, with a blank between them. */
const char *rig_bodies(struct rig *rig);
const char *rig_method(struct rig *rig, size_t n);
/* The value of a header of the n-th request; NULL without it. */
const char *rig_header(struct rig *rig, size_t n, const char *name);

struct destination_status rig_status(const struct rig *rig);

/* The next event is that one; there is none. */
void assert_event(struct rig *rig, enum event_kind kind, const char *text, uint64_t samples);
void assert_no_event(struct rig *rig);

#endif
