// SPDX-License-Identifier: Apache-2.0
/*
 * page_text: numbers, times and foreign text as the page shows them.
 */
#ifndef SLURM_PUSHER_PAGE_TEXT_H
#define SLURM_PUSHER_PAGE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"

/* Text from outside, with what HTML would read as markup escaped. */
void page_escape(struct buf *out, const char *text);

/* 1,234,567 */
void page_count(struct buf *out, uint64_t n);

/* 340 ms, 2.5 s, 45 s, 3 min, 5 h, 2 d; a negative one counts as 0. */
void page_duration(struct buf *out, int64_t ms);

/* "12 s ago", or "never" for 0. */
void page_ago(struct buf *out, int64_t now_ms, int64_t then_ms);

/* 2026-11-23 07:00:00 UTC, or "never" for 0. */
void page_time(struct buf *out, int64_t ms);

/* 512 B, 1.5 KiB, 12 MiB */
void page_bytes(struct buf *out, uint64_t n);

#endif
