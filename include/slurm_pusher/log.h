// SPDX-License-Identifier: Apache-2.0
/*
 * log: one line of logfmt for each thing an administrator can act on.
 *
 *   ts=2026-11-23T07:00:00.123Z level=warn msg="source failed" source=jobs err="..."
 *
 * Only the daemon room logs. Lines go to standard error. Where that is the
 * journal ($JOURNAL_STREAM names it), the line starts with the priority that
 * journald reads, "<4>", and leaves out `ts`, which journald knows.
 *
 * Fields are pairs of key and text, ended by NULL; values are quoted and escaped
 * where logfmt needs it, so that text from outside cannot forge a line:
 *
 *	log_warn("source failed", "source", name, "err", err.text, NULL);
 */
#ifndef SLURM_PUSHER_LOG_H
#define SLURM_PUSHER_LOG_H

#include <stdbool.h>

struct buf;

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Chooses the level; the journal is found by itself. */
void log_open(enum log_level level);

/* "debug", "info", "warn" (or "warning"), "error", in either case; false otherwise. */
bool log_level_parse(const char *text, enum log_level *out);

__attribute__((sentinel)) void log_debug(const char *message, ...);
__attribute__((sentinel)) void log_info(const char *message, ...);
__attribute__((sentinel)) void log_warn(const char *message, ...);
__attribute__((sentinel)) void log_error(const char *message, ...);

/* Appends ` key=value`, quoted where needed. */
void log_field(struct buf *line, const char *key, const char *value);

#endif
