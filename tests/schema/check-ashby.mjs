// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the requests that the Ashby adapter sent in its tests against the description of Ashby's
// API: method, path, headers, and bodies with nothing beyond what is described.
//
//     node check-ashby.mjs SPEC.json REQUESTS.jsonl
//
// Speaks TAP.  First it must refuse a list of requests that are wrong on purpose: a check that
// refuses nothing says nothing.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [specFile, requestsFile] = process.argv.slice(2);
if (!requestsFile) {
        console.error('usage: check-ashby.mjs SPEC.json REQUESTS.jsonl');
        process.exit(2);
}
const spec = JSON.parse(readFileSync(specFile, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: 'spec', paths: spec.paths, components: spec.components });

const compiled = new Map();
const validator = (path) => {
        if (!compiled.has(path)) {
                const schema = spec.paths[path].post.requestBody?.content['application/json']?.schema
                        ?? { type: 'object' };
                compiled.set(path, ajv.compile(
                        JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"spec#/'))));
        }
        return compiled.get(path);
};

// The members that a body may have: the description allows any others, we do not.
const deref = (schema) => schema.$ref === undefined ? schema
        : deref(schema.$ref.slice(2).split('/').reduce((at, part) =>
                at[decodeURIComponent(part.replaceAll('~1', '/').replaceAll('~0', '~'))], spec));
const members = (given) => {
        const schema = deref(given);
        const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
        return new Map([...parts.flatMap((part) => [...members(part)]),
                ...Object.entries(schema.properties ?? {})]);
};
const items = (given) => {
        const schema = deref(given);
        if (schema.items)
                return schema.items;
        return [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]
                .map(items).find((found) => found !== undefined);
};
const strange = (value, schema, path) => {
        if (Array.isArray(value)) {
                const inner = items(schema);
                return inner ? value.flatMap((item, i) => strange(item, inner, `${path}.${i}`)) : [];
        }
        if (value === null || typeof value !== 'object')
                return [];
        const known = members(schema);
        if (known.size === 0)
                return [];
        return Object.entries(value).flatMap(([name, inner]) => known.has(name)
                ? strange(inner, known.get(name), `${path}.${name}`)
                : [`${path}.${name} is not described`]);
};

// What we answer when Ashby calls us as its partner.
const answers = new Map();
const checkAnswer = (record) => {
        const path = new URL(record.url).pathname;
        const schema = spec.paths[path]?.post.responses['200'].content['application/json'].schema;
        if (!schema)
                return [`${path} has no answer that is described`];
        if (!answers.has(path))
                answers.set(path, ajv.compile(
                        JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"spec#/'))));
        const valid = answers.get(path);
        return valid(JSON.parse(record.body)) ? [] : [ajv.errorsText(valid.errors)];
};

// Everything wrong with one request, as texts; used says which operation it was.
const check = (record, used) => {
        const wrong = [];
        const url = new URL(record.url);
        const header = (name) => record.headers
                .map((line) => line.split(/:\s*/, 2))
                .find(([key]) => key.toLowerCase() === name)?.[1];
        if (url.origin !== 'https://api.ashbyhq.com')
                wrong.push(`goes to ${url.origin}`);
        if (record.method !== 'POST')
                wrong.push(`${record.method} in place of POST`);
        if (url.search !== '')
                wrong.push('a query');
        if (header('content-type') !== 'application/json')
                wrong.push(`Content-Type is ${header('content-type')}`);
        if (header('accept') !== 'application/json; version=1')
                wrong.push(`Accept is ${header('accept')}`);
        if (!record.basic)
                wrong.push('no key');
        const operation = spec.paths[url.pathname]?.post;
        if (!operation)
                return [...wrong, `${url.pathname} is not described`];
        used?.add(url.pathname);
        let value;
        try {
                value = JSON.parse(record.body);
        } catch (error) {
                return [...wrong, `the body cannot be read: ${error.message}`];
        }
        const valid = validator(url.pathname);
        if (!valid(value))
                wrong.push(`body: ${ajv.errorsText(valid.errors)}`);
        const schema = operation.requestBody?.content['application/json']?.schema;
        if (schema)
                wrong.push(...strange(value, schema, 'body'));
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

const id = '00000000-0000-4000-8000-000000000001';
const post = (method, body) => ({ method: 'POST', url: `https://api.ashbyhq.com/${method}`,
        basic: true, body: JSON.stringify(body),
        headers: ['Content-Type: application/json', 'Accept: application/json; version=1'] });
const note = { candidateId: id, note: { type: 'text/plain', value: 'x' }, sendNotifications: false };
const blob = { identifier: 'codesignal-status', label: 'Status', type: 'string', value: 'Started' };
const update = { assessment_id: id, timestamp: 1700000000000, assessment_status: blob };
const good = [
        ['an application', post('application.info', { applicationId: id })],
        ['a note', post('candidate.createNote', note)],
        ['a page of a list', post('candidate.listNotes', { candidateId: id, cursor: 'Ya6' })],
        ['nothing to say', post('apiKey.info', {})],
        ['an update', post('assessment.update', update)],
];
const bad = [
        ['candidateId where id is wanted', post('candidate.info', { candidateId: id })],
        ['a member that is not described', post('candidate.createNote', { ...note, extra: 1 })],
        ['one further down', post('candidate.createNote',
                { ...note, note: { ...note.note, lang: 'en' } })],
        ['an unknown note type', post('candidate.createNote',
                { ...note, note: { type: 'text/rtf', value: 'x' } })],
        ['no note', post('candidate.createNote', { candidateId: id })],
        ['an id that is none', post('application.info', { applicationId: 17 })],
        ['an event type that cannot be made', post('webhook.create',
                { webhookType: 'jobCreate', requestUrl: 'https://x.example', secretToken: 's' })],
        ['a webhook without a secret', post('webhook.create',
                { webhookType: 'candidateMerge', requestUrl: 'https://x.example' })],
        ['a length as text', post('file.createFileUploadHandle', { fileUploadContext:
                'CandidateFiles', filename: 'a', contentType: 'text/plain', contentLength: '5' })],
        ['an update in another case', post('assessment.update',
                { ...update, assessmentStatus: blob })],
        ['a time as text', post('assessment.update', { ...update, timestamp: '2026-01-01' })],
        ['a blob without identifier', post('assessment.update',
                { ...update, assessment_status: { ...blob, identifier: undefined } })],
        ['a method that does not exist', post('candidate.addNote', note)],
        ['GET', { ...post('apiKey.info', {}), method: 'GET' }],
        ['no key', { ...post('apiKey.info', {}), basic: false }],
        ['no version', { ...post('apiKey.info', {}), headers: ['Content-Type: application/json'] }],
        ['another host', { ...post('apiKey.info', {}), url: 'https://evil.example/apiKey.info' }],
];
for (const [name, record] of good)
        report(check(record).length === 0, `accepted: ${name}`, check(record));
for (const [name, record] of bad)
        report(check(record).length > 0, `refused: ${name}`);

const answer = (method, body) => ({ method: 'ANSWER', url: `https://api.ashbyhq.com/${method}`,
        body: JSON.stringify(body) });
report(checkAnswer(answer('assessment.start', { success: true, results: { assessment_id: id } }))
        .length === 0, 'accepted: an answer');
report(checkAnswer(answer('assessment.start', { success: true, results: { id } })).length > 0,
        'refused: an answer without its id');
report(checkAnswer(answer('assessment.customField.list', { success: true, results: [] })).length > 0,
        'refused: fields under the usual member');

const used = new Set();
const seen = new Map();
for (const line of readFileSync(requestsFile, 'utf8').split('\n').filter((l) => l !== '')) {
        const record = JSON.parse(line);
        if (record.vendor !== 'ashby')
                continue;
        const what = `${record.method} ${record.url} ${record.body ?? ''}`.trim();
        const notes = record.method === 'ANSWER' ? checkAnswer(record) : check(record, used);
        if (!seen.has(what) || notes.length > 0)
                seen.set(what, notes);
}
for (const [what, notes] of seen)
        report(notes.length === 0, what.replaceAll('#', '\\#').slice(0, 160), notes);
for (const path of ['/assessment.list', '/assessment.start', '/assessment.cancel',
        '/assessment.customField.list'])
        report(answers.has(path), `${path} was answered`);
for (const method of ['apiKey.info', 'application.changeStage', 'application.info',
        'application.list', 'assessment.update', 'candidate.addTag', 'candidate.createNote', 'candidate.info',
        'candidate.listNotes', 'candidate.removeTag', 'candidate.uploadFile', 'candidateTag.create',
        'candidateTag.list', 'file.createFileUploadHandle', 'interviewPlan.list',
        'interviewEvent.list', 'interviewSchedule.list', 'interviewSchedule.update',
        'interviewStage.list', 'job.info', 'job.list', 'user.info', 'webhook.create',
        'webhook.info', 'webhook.update'])
        report(used.has(`/${method}`), `${method} was tried`);
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
