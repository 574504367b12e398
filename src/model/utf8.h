// SPDX-License-Identifier: Apache-2.0
/*
 * utf8: text from outside, made safe to say.
 */
#ifndef MODEL_UTF8_H
#define MODEL_UTF8_H

#include "slurm_pusher/buf.h"

/* Appends the text; every byte that is not part of a well-formed UTF-8 sequence
 * (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF) becomes U+FFFD. */
void utf8_add(struct buf *out, const char *text);

#endif
