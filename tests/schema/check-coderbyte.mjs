// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the requests that the Coderbyte adapter sent in its tests against what public sources
// prove of its API: path, headers and body, with nothing beyond what is described.
//
//     node check-coderbyte.mjs SPEC.yaml REQUESTS.jsonl
//
// Speaks TAP.  First it must refuse a list of requests that are wrong on purpose: a check that
// refuses nothing says nothing.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const [specFile, requestsFile] = process.argv.slice(2);
if (!requestsFile) {
        console.error('usage: check-coderbyte.mjs SPEC.yaml REQUESTS.jsonl');
        process.exit(2);
}
const spec = parse(readFileSync(specFile, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
// An address beyond ASCII is one too (RFC 6531).
ajv.addFormat('email', /^[^\s@]+@[^\s@]+$/);
const invite = ajv.compile({ ...spec.components.schemas.InviteRequest, additionalProperties: false });

const routes = Object.entries(spec.paths).map(([path, item]) => ({
        path,
        item,
        pattern: new RegExp('^/api' + path.replace(/\{[^}]+\}/g, '[^/]+') + '$'),
}));

// Everything wrong with one request, as texts; used says which operation it was.
const check = (record, used) => {
        const wrong = [];
        const url = new URL(record.url);
        const header = (name) => record.headers
                .map((line) => line.split(/:\s*/, 2))
                .find(([key]) => key.toLowerCase() === name)?.[1];
        // The longest path is the most exact one: "invite" is no candidate.
        const route = routes.filter((r) => r.pattern.test(url.pathname))
                .sort((a, b) => a.path.includes('{') - b.path.includes('{'))[0];
        const operation = route?.item[record.method.toLowerCase()];

        if (url.protocol !== 'https:')
                wrong.push('not over TLS');
        if (url.search !== '')
                wrong.push('a query, where no source uses one');
        if (/[+ ]/.test(url.pathname))
                wrong.push('an address that is not percent-encoded');
        if (!/^Bearer \S+$/.test(header('authorization') ?? ''))
                wrong.push('no bearer token');
        if (!operation)
                return [...wrong, `${record.method} ${url.pathname} is not described`];
        used?.add(`${record.method} ${route.path}`);
        if (!operation.requestBody) {
                if (record.body !== null)
                        wrong.push('a body where none is described');
                return wrong;
        }
        if (header('content-type') !== 'application/json')
                wrong.push(`Content-Type is ${header('content-type')}`);
        try {
                if (!invite(JSON.parse(record.body)))
                        wrong.push(`body: ${ajv.errorsText(invite.errors)}`);
        } catch (error) {
                wrong.push(`the body cannot be read: ${error.message}`);
        }
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

const base = 'https://coderbyte.com/api/organization/';
const get = (path) => ({ method: 'GET', url: base + path, body: null,
        headers: ['Authorization: Bearer t'] });
const post = (path, body) => ({ ...get(path), method: 'POST', body: JSON.stringify(body),
        headers: ['Authorization: Bearer t', 'Content-Type: application/json'] });
const order = { candidates: ['a@example.org'], assessment_url: 'https://coderbyte.com/x' };
for (const [name, record] of [['the list', get('assessments')],
        ['a report', get('candidates/a%2Bb%40example.org/t-1')],
        ['an invitation', post('candidates/invite', order)]])
        report(check(record).length === 0, `accepted: ${name}`, check(record));
for (const [name, record] of [
        ['a path that is not described', get('candidates')],
        ['a deletion', { ...get('candidates/a%40example.org'), method: 'DELETE' }],
        ['a query', get('assessments?page=2')],
        ['a raw plus', get('candidates/a+b%40example.org/t-1')],
        ['a GET with a body', { ...get('assessments'), body: '{}' }],
        ['no token', { ...get('assessments'), headers: [] }],
        ['no TLS', { ...get('assessments'), url: 'http://coderbyte.com/api/organization/assessments' }],
        ['an invitation without an assessment', post('candidates/invite', { candidates: [] })],
        ['an address that is none', post('candidates/invite', { ...order, candidates: ['a'] })],
        ['a text for a list', post('candidates/invite', { ...order, candidates: 'a@example.org' })],
        ['a name', post('candidates/invite', { ...order, name: 'Ada' })],
        ['a form', { ...post('candidates/invite', order), headers: ['Authorization: Bearer t',
                'Content-Type: application/x-www-form-urlencoded'] }],
])
        report(check(record).length > 0, `refused: ${name}`);

const used = new Set();
const seen = new Map();
for (const line of readFileSync(requestsFile, 'utf8').split('\n').filter((l) => l !== '')) {
        const record = JSON.parse(line);
        if (record.vendor === 'coderbyte')
                seen.set(`${record.method} ${record.url} ${record.body ?? ''}`.trim(),
                        check(record, used));
}
for (const [what, notes] of seen)
        report(notes.length === 0, what.replaceAll('#', '\\#').slice(0, 160), notes);
for (const [path, item] of Object.entries(spec.paths))
        for (const method of Object.keys(item))
                report(used.has(`${method.toUpperCase()} ${path}`),
                        `${method.toUpperCase()} ${path} was tried`);
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
