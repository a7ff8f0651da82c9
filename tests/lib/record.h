/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps what an adapter sends in a test, so that tests/schema can hold it against the
 * vendor's description: one JSON line {vendor, method, url, headers [], body} per request,
 * appended to the file that FAIRLEAD_RECORD_REQUESTS names.  Without it nothing is kept.
 */
#ifndef TESTS_LIB_RECORD_H
#define TESTS_LIB_RECORD_H

#include "door/fetch.h"

void record_request(const char *vendor, const struct fetch_request *request);

#endif
