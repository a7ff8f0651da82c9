// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the requests that the Lever adapter sent in its tests against Lever's official Postman
// collection: methods, paths and queries (it describes few bodies, and no replies).
//
//     node check-lever.mjs COLLECTION.json REQUESTS.jsonl
//
// Speaks TAP.  First it must refuse a list of requests that are wrong on purpose: a check that
// refuses nothing says nothing.
import { readFileSync } from 'node:fs';

const [collectionFile, requestsFile] = process.argv.slice(2);
if (!requestsFile) {
        console.error('usage: check-lever.mjs COLLECTION.json REQUESTS.jsonl');
        process.exit(2);
}

const routes = [];
const walk = (items) => items.forEach((item) => {
        if (item.item)
                return walk(item.item);
        const { method, url } = item.request;
        const path = (typeof url === 'string' ? url : url?.raw ?? '').replace(/\{\{baseUrl\}\}/, '')
                .split('?')[0];

        if (path.startsWith('/'))
                routes.push({ method, path, queries: (url.query ?? []).map((q) => q.key),
                        body: item.request.body?.raw });
});
walk(JSON.parse(readFileSync(collectionFile, 'utf8')).item);

// What the collection leaves out and the documentation has (one page of each below
// "Opportunities"), with what it takes there.
const beyond = [
        ['PUT', 'stage', ['stage']],
        ['POST', 'addTags', ['tags']], ['POST', 'removeTags', ['tags']],
        ['POST', 'addLinks', ['links']], ['POST', 'removeLinks', ['links']],
        ['GET', 'files', null],
].map(([method, end, members]) => ({ method, path: `/opportunities/:opportunity/${end}`, members,
        queries: [] }));
beyond.push({ method: 'GET', path: '/users/:user', queries: [], members: null });
const everywhere = ['limit', 'offset', 'expand', 'perform_as'];
const members = {
        'POST /opportunities/:opportunity/notes': ['value', 'secret', 'score', 'notifyFollowers',
                'createdAt'],
        'POST /opportunities/:opportunity/panels': ['timezone', 'interviews', 'applications',
                'feedbackReminder', 'note', 'externalUrl'],
        'PUT /opportunities/:opportunity/interviews/:interview': ['panel', 'interviewers', 'date',
                'duration', 'subject', 'note', 'location', 'feedbackTemplate', 'feedbackReminder'],
        'POST /webhooks': ['url', 'event', 'configuration'],
};

const pattern = (path) => new RegExp('^/v1' + path.replace(/:[A-Za-z_]+/g, '[^/]+') + '$');

const check = (record, used) => {
        const url = new URL(record.url);
        const wrong = [];
        const route = [...routes, ...beyond].find(
                (r) => r.method === record.method && pattern(r.path).test(url.pathname));
        const type = record.headers.find((h) => /^content-type:/i.test(h)) ?? '';

        if (url.protocol !== 'https:')
                wrong.push('not over TLS');
        if (!route)
                return [...wrong, `${record.method} ${url.pathname} is not described`];
        used?.add(`${route.method} ${route.path}`);
        for (const name of url.searchParams.keys())
                if (![...everywhere, ...route.queries].includes(name))
                        wrong.push(`the query ${name} is not described`);
        if (record.method === 'GET' || record.method === 'DELETE') {
                if (record.body !== null)
                        wrong.push('a body where none is described');
                return wrong;
        }
        if (route.path.endsWith('/files') && record.method === 'POST') {
                if (!/multipart\/form-data; boundary=/.test(type) ||
                    !/name="file"; filename="[^"]+"/.test(record.body ?? ''))
                        wrong.push('no form with a file');
                return wrong;
        }
        if (!/application\/json/.test(type))
                wrong.push('Content-Type is not JSON');
        let body;
        try {
                body = JSON.parse(record.body);
        } catch {
                return [...wrong, 'the body is no JSON'];
        }
        const known = route.members ?? members[`${route.method} ${route.path}`];
        for (const name of Object.keys(body))
                if (!known?.includes(name))
                        wrong.push(`the member ${name} is not described`);
        return wrong;
};

let count = 0;
const ok = (good, name, detail) => {
        count++;
        console.log(`${good ? 'ok' : 'not ok'} ${count} - ${name}`);
        for (const line of good ? [] : [].concat(detail ?? []))
                console.log(`# ${line}`);
};

const good = { method: 'POST', url: 'https://api.lever.co/v1/opportunities/x/notes?perform_as=u',
        headers: ['Content-Type: application/json'], body: '{"value":"x"}' };
ok(check(good).length === 0, 'a good request passes', check(good));
for (const [name, change] of Object.entries({
        'an unknown path': { url: 'https://api.lever.co/v1/opportunities/x/remarks' },
        'an unknown method': { method: 'PATCH' },
        'an unknown query': { url: `${good.url}&notify=1` },
        'an unknown member': { body: '{"value":"x","text":"y"}' },
        'a body that is no JSON': { body: 'value=x' },
        'another type': { headers: ['Content-Type: text/plain'] },
        'plain http': { url: good.url.replace('https', 'http') },
}))
        ok(check({ ...good, ...change }).length > 0, `refused: ${name}`);

const used = new Set();
const bad = [];
const records = readFileSync(requestsFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
for (const record of records)
        for (const text of check(record, used))
                bad.push(`${record.method} ${record.url}: ${text}`);
ok(records.length >= 40, `there are requests: ${records.length}`);
ok(bad.length === 0, 'every request is as described', bad);
const wanted = ['GET /opportunities/:opportunity', 'POST /opportunities/:opportunity/notes',
        'POST /opportunities/:opportunity/files', 'POST /opportunities/:opportunity/panels',
        'PUT /opportunities/:opportunity/interviews/:interview', 'POST /webhooks', 'GET /stages',
        'GET /postings',
        'PUT /opportunities/:opportunity/stage', 'POST /opportunities/:opportunity/addLinks'];
const missing = wanted.filter((w) => !used.has(w));
ok(missing.length === 0, 'every operation was among them', missing);
console.log(`1..${count}`);
