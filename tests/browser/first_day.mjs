// SPDX-License-Identifier: GPL-3.0-or-later
// A new admin's first ten minutes, without JavaScript and without reading anything but the pages:
// makes the account, connects CodeSignal and Greenhouse (stand-ins), sets the rules, issues a key
// for a scheduling tool, and finds out where a candidate's score is.
//
//     node first_day.mjs INVITATION VENDORS PICTURES
//
// Values go from one page to another as a person carries them: read where they are shown, pasted
// where they are asked for.  Prints {ok, name, detail} lines.  A picture of every step, for a desk
// and for a phone, comes to stand in the directory.
import { chromium } from 'playwright-core';

const [invitation, vendors, pictures] = process.argv.slice(2);
const say = (ok, name, detail) => console.log(JSON.stringify({ ok: !!ok, name, detail: detail ?? null }));
const began = Date.now();
const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const desk = { width: 1280, height: 900 };
const phone = { width: 360, height: 740 };
const context = await browser.newContext({ viewport: desk, javaScriptEnabled: false });
const admin = await context.newPage();
const other = await context.newPage(); // the tab of the vendor
let steps = 0;

const see = async (name, tab = admin) => {
        steps += 1;
        const file = `${pictures}/first-day-${String(steps).padStart(2, '0')}-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`;
        await tab.bringToFront();
        await tab.screenshot({ path: `${file}-desktop.png`, fullPage: true });
        await tab.setViewportSize(phone);
        await tab.screenshot({ path: `${file}-phone.png`, fullPage: true });
        await tab.setViewportSize(desk);
};
const press = (name, tab = admin) => tab.getByRole('button', { name, exact: true }).first().click();
const follow = (name, tab = admin) => tab.getByRole('link', { name }).first().click();
const has = async (text, tab = admin) => (await tab.locator('main').textContent()).includes(text);
const until = async (text, name) => {
        // A person presses "reload" until it is there.
        for (let i = 0; i < 150 && !await has(text); i++) {
                await new Promise((done) => setTimeout(done, 200));
                await admin.reload();
        }
        say(await has(text), name, (await admin.locator('main').textContent()).slice(0, 600));
};

// What is on the card goes to the vendor, and the light turns green.
const connect = async (kind, fill, vendor) => {
        await follow('Connections');
        await follow(kind);
        say(await has('First, at ' + kind), `${kind}: the form says where the key is made`);
        await fill();
        await see(`${kind} form`);
        await press('Connect');
        say(await has('The connection works.') && !await has('Fails'), `${kind}: the test works`,
            (await admin.locator('main').textContent()).slice(0, 900));
        await see(`${kind} connected`);
        const url = await admin.locator('#url-text').textContent();
        const secret = await admin.locator('#secret-text').textContent();
        await other.goto(`${vendors}/${vendor}/webhooks`);
        await other.getByLabel('Endpoint URL').fill(url);
        await other.getByLabel('Secret key').fill(secret);
        await press(vendor === 'greenhouse' ? 'Save and ping' : 'Save and test', other);
        say(await other.locator('.notice.good').count() === 1, `${kind}: its test of the webhook is answered`,
            await other.locator('main').textContent());
        await see(`${kind} webhook pasted`, other);
        await follow('look again');
        await until('A webhook came and was verified.', `${kind}: the light is green`);
        await see(`${kind} light`);
};

try {
        await admin.goto(invitation);
        await see('invitation');
        await admin.getByLabel('Your name').fill('Ada');
        await admin.getByLabel('Passphrase').fill('seven quiet lanterns');
        await admin.getByLabel('The same again').fill('seven quiet lanterns');
        await press('Make my account');
        say(await has('Getting started'), 'the first page says what to do', await admin.locator('main').textContent());
        await see('overview empty');

        await connect('Greenhouse', async () => {
                await admin.getByLabel('Client id').fill('sandbox-greenhouse-client');
                await admin.getByLabel('Client secret').fill('sandbox-greenhouse-secret');
                await admin.getByLabel('Act as user').fill('5414812002');
                await admin.locator('summary').click();
                await admin.getByLabel('Base url').fill(`${vendors}/greenhouse/v3`);
                await admin.getByLabel('Token url').fill(`${vendors}/greenhouse/token`);
        }, 'greenhouse');
        await connect('CodeSignal', async () => {
                await admin.getByLabel('Api key').fill('sandbox-codesignal-key');
                await admin.locator('summary').click();
                await admin.getByLabel('Base url').fill(`${vendors}/codesignal/graphql`);
        }, 'codesignal');
        await follow('Connections');
        await see('map');

        await follow('Rules');
        await see('rules empty');
        await admin.locator('main .choices a').first().click();
        // The lists were read when the systems were connected; or they are read again by the button.
        for (let i = 0; i < 50 && !(await has('Coding test') && await has('General Coding')); i++) {
                await press('Read the lists again');
                await new Promise((done) => setTimeout(done, 200));
        }
        for (const one of await admin.locator('summary').all())
                await one.click();
        const stages = await admin.locator('#known-stages option').evaluateAll((all) => all.map((o) => o.value));
        say(stages.includes('Coding test'), 'stages come from Greenhouse before any candidate was seen', stages.join());
        const tests = await admin.locator('#assessments option').evaluateAll((all) =>
                all.map((o) => ({ id: o.value, title: o.label })));
        say(tests.length > 0, 'assessments come from CodeSignal', JSON.stringify(tests));
        await admin.getByLabel('enters the stage').fill('Coding test');
        await admin.getByLabel('send the assessment').fill(tests.find((t) => t.title.startsWith('General Coding (')).id);
        await see('rule form');
        await press('Rehearse');
        say(await has('In the last 30 days it would have fitted'), 'the rule is rehearsed before it stands');
        await see('rule rehearsed');
        await press('Save');
        await admin.getByRole('link', { name: 'Write the result' }).click();
        await see('rule write form');
        await press('Save');
        say(await admin.locator('main .events li').count() === 2, 'two rules stand');
        await see('rules');

        await follow('Keys');
        await admin.getByLabel('Who will use it?').fill('Scheduling tool');
        await admin.getByLabel(/Make, move and cancel interview links/).check();
        await see('key form');
        await press('Issue the key');
        say((await admin.locator('#key-text').textContent()).length === 54, 'the key is shown, once');
        say(await has('curl'), 'with a line to try it');
        await see('key issued');

        // A recruiter in Greenhouse, and the candidate.
        await other.goto(`${vendors}/greenhouse/`);
        await other.getByLabel('First name').fill('Jane');
        await other.getByLabel('Last name').fill('Okonkwo');
        await other.getByLabel('E-mail').fill('jane@example.com');
        await press('Add', other);
        await other.goto(`${vendors}/greenhouse/`);
        await follow('Jane Okonkwo', other);
        await other.getByLabel('Stage').selectOption('Coding test');
        await press('Move', other);
        await see('Greenhouse moved', other);

        const find = async () => {
                await follow('Candidates');
                await admin.getByLabel('Name, e-mail, job or id').fill('jane');
                await press('Find');
        };
        await find();
        await until('Jane Okonkwo', 'the candidate is found by a part of the name');
        await follow('Jane Okonkwo');
        await until('Invited', 'the timeline says that the invitation is out');
        await see('timeline invited');
        await other.goto(`${vendors}/codesignal/`);
        await other.getByRole('link', { name: "Candidate's page" }).first().click();
        await press('Start', other);
        await press('Submit', other);
        await see('test taken', other);
        await until('of 600', 'the timeline has the score, with its scale');
        await until('The note was written.', 'and the note');
        say(await admin.locator('ol.line li.done', { hasText: 'Written in the hiring system' }).count() === 1,
            'the result stands in Greenhouse', await admin.locator('ol.line').first().textContent());
        say(await admin.locator('ol.line li.gap').count() === 0, 'nothing is missing',
            await admin.locator('ol.line').first().textContent());
        await see('timeline written');
        await admin.locator('#history ~ ul a[href*="/actions/"]').first().click();
        say(await has('What was answered') && await has('after '), 'the last action shows what was answered');
        await see('action');
        await follow('Overview');
        await see('overview');
        await follow('Connections');
        await see('map with traffic');
        say(Date.now() - began < 600000, `under ten minutes: ${Math.round((Date.now() - began) / 1000)} s`);
} catch (e) {
        await see('stuck').catch(() => {});
        say(false, 'a step could not be done', `${e}\n${admin.url()}\n${(await admin.locator('main').textContent()
                .catch(() => '')).slice(0, 1500)}`);
} finally {
        await browser.close();
}
