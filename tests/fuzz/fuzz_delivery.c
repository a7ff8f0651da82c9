/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of the home's inbox: read, written, read again. */
#include "floor/buf.h"
#include "floor/text.h"
#include "fuzz.h"
#include "home/delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct delivery d, again;
        struct buf record = BUF_NONE;
        struct fail why = FAIL_CLEAR;

        memset(&d, 0, sizeof d);
        if (delivery_read(&d, data, size, &why) != 0) {
                MUST(why.kind != FAIL_NONE);
        } else {
                memset(&again, 0, sizeof again);
                delivery_write(&d, &record);
                MUST(delivery_read(&again, record.data, record.len, NULL) == 0);
                MUST(text_equal(d.org, again.org) && text_equal(d.connection, again.connection));
                MUST(text_equal(d.request_id, again.request_id));
                MUST(text_equal(d.reason, again.reason) && text_equal(d.secret, again.secret));
                MUST(d.what == again.what && d.trust == again.trust && d.count == again.count);
                MUST(d.received_ms == again.received_ms && d.body_len == again.body_len);
                MUST(d.body_len == 0 || memcmp(d.body, again.body, d.body_len) == 0);
                delivery_dispose(&again);
        }
        delivery_dispose(&d);
        buf_dispose(&record);
        return 0;
}
