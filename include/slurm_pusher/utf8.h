// SPDX-License-Identifier: Apache-2.0
/*
 * utf8: text from outside, made safe to say.
 *
 * Well-formed is what RFC 3629 says: no overlong forms, no surrogates, nothing
 * over U+10FFFF. A byte that belongs to no well-formed character reads as U+FFFD.
 */
#ifndef SLURM_PUSHER_UTF8_H
#define SLURM_PUSHER_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "slurm_pusher/buf.h"

/* Reads the character that `text` (not empty) begins with; returns its length in bytes. */
size_t utf8_read(const char *text, uint32_t *out);

/* Appends the text with every byte that is not part of a well-formed character as U+FFFD. */
void utf8_add(struct buf *out, const char *text);

#endif
