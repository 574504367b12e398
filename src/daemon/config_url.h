// SPDX-License-Identifier: Apache-2.0
/*
 * config_url: URLs as an administrator writes them: http[s]://HOST[:PORT][/PATH].
 *
 * What is wrong with one is told in words that do not repeat it: a URL may hold a
 * password, and what is told ends in a log.
 */
#ifndef SLURM_PUSHER_CONFIG_URL_H
#define SLURM_PUSHER_CONFIG_URL_H

#include <stddef.h>

/* What is wrong with the URL, and the remedy; NULL if nothing is. */
const char *url_problem(const char *url);

/* The same for a Pushgateway's, to which /metrics/job/... is added. */
const char *pushgateway_url_problem(const char *url);

/* The HOST[:PORT] of a URL: where it begins; its length is in *len. */
const char *url_authority(const char *url, size_t *len);

#endif
