// SPDX-License-Identifier: GPL-3.0-or-later
// Deliveries held against the reference library of Standard Webhooks and against the schema of
// CodeSignal's events:
//
//     node check-webhooks.mjs [SCHEMA] < deliveries.json
//
// A list of {standard: secret, headers, body} or {codesignal: true, body}; prints a list of "" for
// good ones and what is wrong with the others.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import Ajv2020 from "ajv/dist/2020.js";

const deliveries = JSON.parse(readFileSync(0, "utf8"));
const schema = process.argv[2] ? JSON.parse(readFileSync(process.argv[2], "utf8")) : null;
const validate = schema ? new Ajv2020.default({ strict: false }).compile(schema) : null;

function wrong(delivery) {
  if (delivery.codesignal) {
    if (!validate || validate(JSON.parse(delivery.body))) return "";
    // Of the one event that it says it is.
    const event = JSON.parse(delivery.body).event;
    const one = schema.oneOf.find((s) => s.title === event);
    if (!one) return `no event ${event}`;
    const ajv = new Ajv2020.default({ strict: false });
    ajv.validate(one, JSON.parse(delivery.body));
    return ajv.errorsText();
  }
  try {
    new Webhook(delivery.standard).verify(delivery.body, delivery.headers);
    return "";
  } catch (error) {
    return `${error}`;
  }
}

console.log(JSON.stringify(deliveries.map(wrong)));
