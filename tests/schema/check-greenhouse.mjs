// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the requests that the Greenhouse adapter sent in its tests against the description of
// Harvest v3: path, query, headers and body, with nothing beyond what is described.
//
//     node check-greenhouse.mjs SPEC.json REQUESTS.jsonl
//
// Speaks TAP.  First it must refuse a list of requests that are wrong on purpose: a check that
// refuses nothing says nothing.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [specFile, requestsFile] = process.argv.slice(2);
if (!requestsFile) {
        console.error('usage: check-greenhouse.mjs SPEC.json REQUESTS.jsonl');
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

// A query or path text in the type the schema gives it; the text itself if it is none.
const typed = (text, schema) => {
        if (schema.type === 'integer' || schema.type === 'number')
                return /^-?\d+$/.test(text) ? Number(text) : text;
        if (schema.type === 'boolean')
                return text === 'true' ? true : text === 'false' ? false : text;
        if (schema.type === 'array')
                return text.split(',').map((part) => typed(part, schema.items ?? {}));
        return text;
};

// The guide writes a date as updated_at=gte|..., the reference as updated_at[gte]=...: one thing, in
// two spellings, of which the description has the first (wire/greenhouse.md 3.2).
const spelled = ([name, text]) => {
        const parts = /^(\w+_at)\[(gte|lte|gt|lt)\]$/.exec(name);
        return parts ? [parts[1], `${parts[2]}|${text}`] : [name, text];
};

const checkParameters = (parameters, query, values, complain) => {
        for (const [name, text] of query.map(spelled)) {
                const parameter = parameters.find((p) => p.in === 'query' && p.name === name);
                if (!parameter) {
                        complain(`query ${name} is not described`);
                        continue;
                }
                const valid = validator(parameter.schema);
                if (!valid(typed(text, parameter.schema)))
                        complain(`query ${name}=${text}: ${ajv.errorsText(valid.errors)}`);
        }
        for (const parameter of parameters.filter((p) => p.in === 'path')) {
                const valid = validator(parameter.schema);
                if (!valid(typed(values.shift() ?? '', parameter.schema)))
                        complain(`path ${parameter.name}: ${ajv.errorsText(valid.errors)}`);
        }
        const names = query.map(([name]) => name);
        if (new Set(names).size !== names.length)
                complain('a query parameter comes twice');
        if (names.includes('cursor') && names.length > 1)
                complain('a cursor goes alone');
};

const checkBody = (operation, record, header, complain) => {
        if (!operation.requestBody) {
                if (record.body !== null)
                        complain('a body where none is described');
                return;
        }
        const [type, media] = Object.entries(operation.requestBody.content)[0];
        if (record.body === null) {
                complain('no body');
                return;
        }
        if (header('content-type') !== type)
                complain(`Content-Type is ${header('content-type')}, not ${type}`);
        let value;
        try {
                value = type === 'application/json'
                        ? JSON.parse(record.body)
                        : Object.fromEntries(new URLSearchParams(record.body));
        } catch (error) {
                complain(`the body cannot be read: ${error.message}`);
                return;
        }
        const valid = validator(media.schema);
        if (!valid(value))
                complain(`body: ${ajv.errorsText(valid.errors)}`);
};

// Everything wrong with one request, as texts; used says which operation it was.
const check = (record, used) => {
        const wrong = [];
        const complain = (text) => wrong.push(text);
        const url = new URL(record.url);
        const header = (name) => record.headers
                .map((line) => line.split(/:\s*/, 2))
                .find(([key]) => key.toLowerCase() === name)?.[1];
        const host = url.pathname === '/token' ? 'auth.greenhouse.io' : 'harvest.greenhouse.io';
        if (url.protocol !== 'https:' || url.host !== host)
                complain(`goes to ${url.origin}`);
        const route = routes.find((r) => r.pattern.test(url.pathname));
        const operation = route?.item[record.method.toLowerCase()];
        if (!operation)
                return [...wrong, `${record.method} ${url.pathname} is not described`];
        used?.add(`${record.method} ${route.path}`);
        checkParameters([...(route.item.parameters ?? []), ...(operation.parameters ?? [])],
                [...url.searchParams], route.pattern.exec(url.pathname).slice(1), complain);
        checkBody(operation, record, header, complain);
        const basic = operation.security?.some((s) => 'clientBasic' in s) ?? false;
        if (record.basic !== basic)
                complain(basic ? 'no client id and secret' : 'client id and secret on an API call');
        if (!basic && !/^Bearer \S+$/.test(header('authorization') ?? ''))
                complain('no bearer token');
        if (header('on-behalf-of') !== undefined)
                complain('On-Behalf-Of is of v1');
        return wrong;
};

let count = 0;
let failed = 0;
const report = (good, name, notes = []) => {
        console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`);
        if (!good) {
                failed++;
                notes.forEach((note) => console.log(`# ${note}`));
        }
};

const base = 'https://harvest.greenhouse.io/v3/';
const get = (path) => ({ method: 'GET', url: base + path, basic: false, body: null,
        headers: ['Authorization: Bearer t', 'Accept: application/json'] });
const post = (path, body) => ({ ...get(path), method: 'POST', body: JSON.stringify(body),
        headers: ['Authorization: Bearer t', 'Content-Type: application/json'] });
const note = { candidate_id: 1, body: 'b', visibility: 'private', note_type: 'NOTE' };
const good = [
        ['a list', get('applications?ids=1,2')],
        ['a cursor alone', get('notes?cursor=eyJ%3D')],
        ['a date in the other spelling', get('interviews?updated_at[gte]=2026-11-29T12:28:16Z')],
        ['a note', post('notes', note)],
];
const bad = [
        ['a member that is not described', post('notes', { ...note, extra: 1 })],
        ['a word that is not in the enumeration', post('notes', { ...note, visibility: 'secret' })],
        ['a member missing', post('notes', { candidate_id: 1, body: 'b', visibility: 'private' })],
        ['an id as text', post('notes', { ...note, candidate_id: '1' })],
        ['a body in another type', { ...post('notes', note),
                headers: ['Authorization: Bearer t', 'Content-Type: text/plain'] }],
        ['a query that is not described', get('applications?id=1')],
        ['a date of what has none', get('interviews?moved_at[gte]=2026-11-29T12:28:16Z')],
        ['600 rows a page', get('applications?per_page=600')],
        ['51 ids', get(`applications?ids=${Array.from({ length: 51 }, (_, i) => i + 1)}`)],
        ['an id that is none', get('applications?ids=1,x')],
        ['a cursor in company', get('applications?cursor=x&per_page=5')],
        ['GET by id', get('applications/17')],
        ['a path of v1', get('candidates/17/activity_feed')],
        ['a GET with a body', { ...get('applications?ids=1'), body: '{}' }],
        ['no token', { ...get('applications?ids=1'), headers: [] }],
        ['On-Behalf-Of', { ...get('applications?ids=1'),
                headers: ['Authorization: Bearer t', 'On-Behalf-Of: 1'] }],
        ['another host', { ...get('applications?ids=1'), url: 'https://evil.example/v3/applications' }],
        ['a stage as text', post('applications/1/move', { from_stage_id: '1' })],
        ['a move from nowhere', post('applications/1/move', { to_stage_id: 1 })],
        ['256 characters of location', { ...post('interviews/1', { location: 'x'.repeat(256) }),
                method: 'PATCH' }],
];
for (const [name, record] of good)
        report(check(record).length === 0, `accepted: ${name}`, check(record));
for (const [name, record] of bad)
        report(check(record).length > 0, `refused: ${name}`);

const used = new Set();
const seen = new Map();
const lines = readFileSync(requestsFile, 'utf8').split('\n').filter((line) => line !== '');
for (const line of lines) {
        const record = JSON.parse(line);
        if (record.vendor !== 'greenhouse')
                continue;
        const what = `${record.method} ${record.url} ${record.body ?? ''}`.trim();
        const notes = check(record, used);
        if (!seen.has(what) || notes.length > 0)
                seen.set(what, notes);
}
for (const [what, notes] of seen)
        report(notes.length === 0, what.replaceAll('#', '\\#').slice(0, 160), notes);
for (const operation of ['POST /token', 'GET /v3/applications', 'GET /v3/application_stages',
        'GET /v3/candidates', 'GET /v3/jobs', 'GET /v3/job_interview_stages', 'GET /v3/notes',
        'GET /v3/interviews', 'GET /v3/users', 'POST /v3/notes', 'POST /v3/applications/{id}/move',
        'PATCH /v3/interviews/{id}'])
        report(used.has(operation), `${operation} was tried`);
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
