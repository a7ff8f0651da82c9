// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the answers of the Greenhouse stand-in against the description of Harvest v3: a
// stand-in that answers otherwise than the vendor teaches the wrong thing.
//
//     node check-sandbox-greenhouse.mjs SPEC.json ANSWERS.jsonl
//
// ANSWERS holds {method, path, status, body} per line, as tests/program/sandbox_greenhouse.py
// writes them.  Speaks TAP, and first refuses what is wrong on purpose.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [specFile, answersFile] = process.argv.slice(2);
if (!answersFile) {
        console.error('usage: check-sandbox-greenhouse.mjs SPEC.json ANSWERS.jsonl');
        process.exit(2);
}
const spec = JSON.parse(readFileSync(specFile, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'spec', components: spec.components });

const compiled = new Map();
const validator = (schema) => {
        const text = JSON.stringify(schema);
        if (!compiled.has(text))
                compiled.set(text, ajv.compile(JSON.parse(text.replaceAll('"#/', '"spec#/'))));
        return compiled.get(text);
};

const routes = Object.entries(spec.paths).map(([path, item]) => ({
        path,
        item,
        pattern: new RegExp('^' + path.replace(/\{[^}]+\}/g, '([^/]+)') + '$'),
}));

// What the description leaves out and the vendor's text speaks of (wire/greenhouse.md 3.4): one
// member of an application, and {message} in place of a candidate who is still processed.
const tolerated = (path, body) => {
        if (path === '/v3/applications' && Array.isArray(body))
                return body.map(({ job_interview_stage_id, ...row }) => row);
        if (path === '/v3/candidates' && Array.isArray(body))
                return body.filter((row) => Object.keys(row).join() !== 'message');
        return body;
};

const check = ({ method, path, status, body }) => {
        const plain = path.split('?')[0];
        const route = routes.find((r) => r.pattern.test(plain));
        const operation = route?.item[method.toLowerCase()];
        if (status === 404) /* of any path, and everywhere in the same words (3.2) */
                return JSON.stringify(body) === '{"message":"Resource not found"}'
                        ? [] : ['404 in other words'];
        if (!operation)
                return [`${method} ${plain} is not described`];
        const answer = operation.responses[status];
        if (!answer)
                return [`${status} is not described`];
        const schema = answer.content?.['application/json']?.schema;
        if (!schema)
                return body === null ? [] : ['a body where none is described'];
        const valid = validator(schema);
        return valid(tolerated(plain, body)) ? [] : [ajv.errorsText(valid.errors)];
};

let count = 0;
let failed = 0;
const report = (good, name, notes = []) => {
        console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`);
        if (!good) {
                failed++;
                notes.forEach((note) => console.log(`# ${note.slice(0, 600)}`));
        }
};

const answers = readFileSync(answersFile, 'utf8').split('\n').filter((line) => line !== '')
        .map((line) => JSON.parse(line));
const list = answers.find((a) => a.path === '/v3/applications' && a.status === 200);
for (const [name, answer] of [
        ['a member more', { ...list, body: [{ ...list.body[0], extra: 1 }] }],
        ['an id as text', { ...list, body: [{ ...list.body[0], id: '1' }] }],
        ['a status of the query', { ...list, body: [{ ...list.body[0], status: 'active' }] }],
        ['an object for the list', { ...list, body: { applications: list.body } }],
        ['a status that is not described', { ...list, status: 202 }],
        ['404 in other words', { ...list, status: 404, body: { error: 'gone' } }],
        ['a body with 204', { method: 'POST', path: '/v3/applications/1/move', status: 204, body: {} }],
])
        report(check(answer).length > 0, `refused: ${name}`);

const seen = new Map();
const used = new Map();
for (const answer of answers) {
        const notes = check(answer);
        const what = `${answer.method} ${answer.path.split('?')[0].replace(/\/\d+(?=\/|$)/g, '/{id}')} ${answer.status}`;
        used.set(what, (used.get(what) ?? 0) + 1);
        if (!seen.has(what) || notes.length > 0)
                seen.set(what, notes);
}
for (const [what, notes] of seen)
        report(notes.length === 0, `${what}, ${used.get(what)} times`, notes);
for (const what of ['POST /token 200', 'GET /v3/applications 200', 'GET /v3/application_stages 200',
        'GET /v3/candidates 200', 'GET /v3/jobs 200', 'GET /v3/job_interview_stages 200',
        'GET /v3/job_interviews 200', 'GET /v3/interviews 200', 'GET /v3/users 200',
        'GET /v3/notes 200', 'POST /v3/notes 201', 'POST /v3/applications/{id}/move 204',
        'PATCH /v3/interviews/{id} 200', 'GET /v3/notes 403', 'GET /v3/applications 422'])
        report(used.has(what), `${what} was seen`);
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
