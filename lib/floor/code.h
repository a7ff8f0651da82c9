/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes as text: hexadecimal, base32 and base64 (RFC 4648), percent-encoding (RFC 3986), HTML
 * (five characters), and the checksum CRC-32C (RFC 3720).  Encoders append to a buffer.
 * Decoders are strict, append to a buffer, and return -1 on anything that is not exactly
 * the form named, leaving what they had appended.
 */
#ifndef FLOOR_CODE_H
#define FLOOR_CODE_H

#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"

void code_hex(struct buf *out, const void *data, size_t len);  /* lower case */
int code_unhex(struct buf *out, const char *text, size_t len); /* either case */

void code_base32(struct buf *out, const void *data, size_t len);     /* upper case, unpadded */
void code_base64(struct buf *out, const void *data, size_t len);     /* padded */
void code_base64url(struct buf *out, const void *data, size_t len);  /* unpadded */
int code_unbase64(struct buf *out, const char *text, size_t len);    /* padded */
int code_unbase64url(struct buf *out, const char *text, size_t len); /* unpadded */

/* Everything but letters, digits and "-._~" becomes %XX. */
void code_url(struct buf *out, const char *text);
/* Decodes %XX once.  A bad escape or a decoded NUL is an error; '+' stays '+'. */
int code_unurl(struct buf *out, const char *text, size_t len);
/* The same for application/x-www-form-urlencoded: '+' is a space. */
int code_unform(struct buf *out, const char *text, size_t len);

void code_html(struct buf *out, const char *text, size_t len); /* & < > " ' */

/* Start with crc 0; feed the previous value to go on. */
uint32_t code_crc32c(uint32_t crc, const void *data, size_t len);

#endif
