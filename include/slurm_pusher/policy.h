// SPDX-License-Identifier: Apache-2.0
/*
 * policy: what an answer means. Pure functions, tested as tables.
 *
 * Sources: remote-write 1.0 (retry 5xx with backoff, MAY retry 429, never other
 * 4xx) and what Pushgateway answers (400 for a body it will never take).
 *
 * One choice of ours goes beyond remote-write 1.0: 401, 403, 404 and 405 say that
 * the address or the permission is wrong, not the samples, and somebody will repair
 * that (a role given in a cloud takes half an hour to act). So the samples wait in
 * their bounded queue and the same request is tried again, but rarely.
 */
#ifndef SLURM_PUSHER_POLICY_H
#define SLURM_PUSHER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum protocol { PROTOCOL_PUSHGATEWAY, PROTOCOL_REMOTE_WRITE };

enum verdict {
	VERDICT_SENT,     /* taken */
	VERDICT_RETRY,    /* the same again, later */
	VERDICT_REPAIR,   /* the same again, rarely: somebody has to repair something first */
	VERDICT_REJECTED, /* never this one: count it, go on with the next */
	VERDICT_SPLIT,    /* too large: try half of it */
	VERDICT_PLAIN,    /* Pushgateway: again at once, without compression */
};

struct answer {
	int status;             /* HTTP status; 0: there was none (a network error) */
	int64_t retry_after_ms; /* from the header, relative; -1 if there was none */
	bool compressed;        /* Pushgateway: the body was compressed, and this server has not
				   taken a compressed one before */
	uint32_t samples;       /* in the request */
};

enum verdict policy_verdict(enum protocol protocol, const struct answer *answer);

struct backoff {
	int64_t min_ms, max_ms;
	unsigned attempts; /* failures in a row */
};

/* After VERDICT_REPAIR, the wait is this many times the longest backoff. */
enum { BACKOFF_REPAIR_FACTOR = 12 };

/* The wait before the next attempt: doubling from min to max, a tenth of jitter either
 * way (`chance` is any random number), never less than Retry-After (bounded by an
 * hour). Counts the attempt. */
int64_t backoff_next(struct backoff *b, int64_t retry_after_ms, uint64_t chance);
void backoff_reset(struct backoff *b);

/* Retry-After as seconds or as an HTTP date (RFC 9110, 10.2.3), relative to now and
 * 0 for a date gone by; -1 if it is neither. */
int64_t retry_after_parse(const char *text, int64_t wall_ms);

#endif
