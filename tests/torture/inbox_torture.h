/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the two tortures of the inbox share: records that can be recognised, and the disk
 * that can be told to misbehave.
 */
#ifndef TESTS_TORTURE_INBOX_H
#define TESTS_TORTURE_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"

#define SMALL 4096 /* bytes of a segment: a dozen records */
#define WRITERS 16 /* at most, in one round */
#define EACH 4000  /* records of one writer, at most */
#define TEXT_MAX 700

/* What the disk does that it must not: each must be found out. */
enum control {
        CONTROL_NONE,
        CONTROL_SYNC, /* says that a sync is done before it is */
        CONTROL_WRITE /* loses a write now and then */
};
extern enum control torture_control;

/* splitmix64: the same rounds for the same seed. */
uint64_t torture_random(uint64_t *state);

/* The record of a writer: "writer index " and filling that follows from both. */
size_t torture_record(char text[TEXT_MAX], unsigned writer, unsigned index);
/* false: nobody wrote this. */
bool torture_known(const struct buf *record, unsigned *writer, unsigned *index);

/* Prints what is wrong, and counts it. */
void torture_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern unsigned long torture_faults, torture_acknowledged;

/* One round each; dir is an empty directory. */
void torture_kill(const char *dir, uint64_t seed);
void torture_power(const char *dir, uint64_t seed);
void torture_empty(const char *dir);

#endif
