// SPDX-License-Identifier: Apache-2.0
/* headers: which ones a user may set. */
#ifndef SLURM_PUSHER_DELIVER_HEADERS_H
#define SLURM_PUSHER_DELIVER_HEADERS_H

#include <stdbool.h>

#include "slurm_pusher/err.h"

/* Each "Name: value", ended by NULL (or NULL at all). ERR_FORMAT for one that is not,
 * or that the protocol sets itself; values are not in the text, they may be secret. */
int headers_check(const char *const *headers, struct err *err);

#endif
