// SPDX-License-Identifier: Apache-2.0
/*
 * page: the status as one HTML page for people: what is collected, when, and how
 * each destination is doing.
 *
 * No scripts and nothing from elsewhere; it reads well in a text browser, in light and in
 * dark. Everything that came from outside is escaped.
 */
#ifndef SLURM_PUSHER_PAGE_H
#define SLURM_PUSHER_PAGE_H

#include "slurm_pusher/buf.h"
#include "status.h"

/* Appends the whole document. */
void page_render(const struct status *st, struct buf *out);

#endif
