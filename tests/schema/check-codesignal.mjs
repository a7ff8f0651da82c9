// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the documents and variables that the CodeSignal adapter sent in its tests against the
// vendor's schema: validity, values, depth and cost.
//
//     node check-codesignal.mjs REQUESTS.jsonl SCHEMA.graphql...
//
// Speaks TAP.  First it must refuse what is wrong on purpose.
import { readFileSync } from 'node:fs';
import {
        buildASTSchema, getVariableValues, Kind, parse, validate, visit,
        visitWithTypeInfo, TypeInfo, specifiedRules,
} from 'graphql';

const DEPTH_MOST = 10, COST_MOST = 10000;
// wire/codesignal.md 1.5: cost of each root field; times first where there is one.
const COSTS = {
        companyTest: 1, companyTests: 1, companyTestSession: 2, companyTestSessions: 2,
        liveInterview: 1, liveInterviews: 1, interviewTemplates: 1, company: 1,
};

const [requestsFile, ...schemaFiles] = process.argv.slice(2);
if (schemaFiles.length === 0) {
        console.error('usage: check-codesignal.mjs REQUESTS.jsonl SCHEMA.graphql...');
        process.exit(2);
}

const valueOf = (node, variables) =>
        node.kind === Kind.VARIABLE ? variables[node.name.value] : Number(node.value);

const depthAndCost = (schema, document, variables) => {
        const info = new TypeInfo(schema);
        let depth = 0, deepest = 0, cost = 0;
        visit(document, visitWithTypeInfo(info, {
                Field: {
                        enter(node) {
                                deepest = Math.max(deepest, depth++);
                                const first = node.arguments?.find((a) => a.name.value === 'first');
                                if (depth === 1)
                                        cost += (COSTS[node.name.value] ?? 1) *
                                                (first ? valueOf(first.value, variables) ?? 1 : 1);
                        },
                        leave() { depth--; },
                },
        }));
        return { deepest, cost };
};

const faults = (schema, body) => {
        let document;
        if (typeof body.query !== 'string' || Object.keys(body).some((k) =>
                !['query', 'variables', 'operationName'].includes(k)))
                return ['not {query, variables}'];
        try {
                document = parse(body.query);
        } catch (error) {
                return [error.message];
        }
        const wrong = validate(schema, document, specifiedRules).map((error) => error.message);
        if (wrong.length > 0)
                return wrong;
        const operation = document.definitions.find((d) => d.kind === Kind.OPERATION_DEFINITION);
        const variables = body.variables ?? {};
        const declared = (operation.variableDefinitions ?? []).map((v) => v.variable.name.value);
        for (const name of Object.keys(variables))
                if (!declared.includes(name))
                        wrong.push(`variable ${name} is not declared`);
        const values = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
        wrong.push(...(values.errors ?? []).map((error) => error.message));
        const { deepest, cost } = depthAndCost(schema, document, variables);
        if (deepest > DEPTH_MOST)
                wrong.push(`depth ${deepest}`);
        if (cost > COST_MOST)
                wrong.push(`cost ${cost}`);
        return wrong;
};

let count = 0, failed = 0;
const ok = (good, name, notes = []) => {
        console.log(`${good ? 'ok' : 'not ok'} ${++count} - ${name}`);
        if (!good) {
                failed++;
                notes.slice(0, 10).forEach((note) => console.log(`# ${note}`));
        }
};

const invite = (fields) => ({
        query: 'mutation M($f: TestSessionInput!) ' +
                '{ createCompanyTestSession(sessionFields: $f) { id } }',
        variables: { f: fields },
});
const WRONG = [
        ['a field that is not there', { query: '{ company { size } }' }],
        ['a syntax error', { query: '{ company { id }' }],
        ['a variable of another type',
                { query: 'query Q($id: String) { companyTest(id: $id) { id } }',
                        variables: { id: 'x' } }],
        ['a member unknown', invite({ testId: 'x', sender: 'y' })],
        ['a member missing', invite({ candidateEmail: 'y' })],
        ['a member of another type', invite({ testId: 'x', preferExisting: 'yes' })],
        ['an integer beyond 32 bits',
                { query: 'mutation M($f: LiveInterviewInput) ' +
                        '{ createLiveInterview(interviewFields: $f) { id } }',
                        variables: { f: { expirationTime: 4294967296 } } }],
        ['a variable undeclared', { query: '{ company { id } }', variables: { x: 1 } }],
        ['a cost too high', { query: '{ companyTests(first: 10001) { totalCount } }' }],
        ['a depth too great', { query: '{ companyTestSession(id: "x") ' +
                '{ retakeSession '.repeat(11) + '{ id }' + '}'.repeat(12) }],
        ['a member beside query', { query: '{ company { id } }', extra: 1 }],
];

const requests = readFileSync(requestsFile, 'utf8').trim().split('\n').map((l) => JSON.parse(l))
        .filter((r) => r.vendor === 'codesignal');
for (const file of schemaFiles) {
        const schema = buildASTSchema(parse(readFileSync(file, 'utf8')), { assumeValidSDL: true });
        const name = file.replace(/.*\//, '');
        for (const [what, body] of WRONG)
                ok(faults(schema, body).length > 0, `${name} refuses ${what}`);
        const seen = new Map();
        for (const request of requests) {
                const body = JSON.parse(request.body);
                const operation = /(?:query|mutation)\s+(\w+)/.exec(body.query)?.[1] ?? '?';
                const wrong = faults(schema, body);
                if (request.method !== 'POST')
                        wrong.push(`method ${request.method}`);
                for (const header of ['Content-Type: application/json', 'Accept: application/json'])
                        if (!request.headers.includes(header))
                                wrong.push(`no ${header}`);
                if (!request.headers.some((h) => /^Authorization: Bearer \S+$/.test(h)))
                        wrong.push('no Authorization');
                const entry = seen.get(operation) ?? { count: 0, wrong: [] };
                entry.count++;
                entry.wrong.push(...wrong);
                seen.set(operation, entry);
        }
        for (const [operation, entry] of seen)
                ok(entry.wrong.length === 0, `${name}: ${operation}, ${entry.count} requests`,
                        entry.wrong);
        const wanted = ['Invite', 'ReadSession', 'ReadSessions', 'ListTests', 'CreateInterview',
                'EditInterview', 'DeleteInterview', 'FindInterview', 'TestTests', 'TestInterviews'];
        const missing = wanted.filter((w) => !seen.has(w));
        ok(missing.length === 0, `${name}: every document was sent`, missing);
}
console.log(`1..${count}`);
process.exit(failed === 0 ? 0 : 1);
