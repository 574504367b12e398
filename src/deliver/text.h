// SPDX-License-Identifier: Apache-2.0
/* text: words of others, made fit to be shown. */
#ifndef SLURM_PUSHER_DELIVER_TEXT_H
#define SLURM_PUSHER_DELIVER_TEXT_H

#include <stddef.h>

/* One line of printable ASCII, cut to `room` with its NUL: runs of blanks and control
 * characters become one space, other bytes '?'. */
void text_line(char *out, size_t room, const char *bytes, size_t n);

#endif
