// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at pages as people do: desktop and phone, light and dark, without JavaScript, by keyboard.
//
//     node look.mjs PAGES.json        [{name, url, headers, status, button, looks}], PICTURES directory
//
// With html a page is not fetched: it is what a form was answered with.
//
// Prints a line of JSON for each thing that was checked: {ok, name, detail}.  button: a text that
// the keyboard must reach.  Pictures of each page come to stand in the directory.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { HtmlValidate } from 'html-validate';

const [pagesFile, pictures] = process.argv.slice(2);
const pages = JSON.parse(readFileSync(pagesFile, 'utf8'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const say = (ok, name, detail) => console.log(JSON.stringify({ ok: !!ok, name, detail: detail ?? null }));
const validator = new HtmlValidate({
        extends: ['html-validate:standard'],
        rules: { 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
});
const looks = [
        { look: 'desktop', width: 1280, height: 900, colorScheme: 'light' },
        { look: 'desktop dark', width: 1280, height: 900, colorScheme: 'dark' },
        { look: 'phone', width: 320, height: 640, colorScheme: 'light' },
        { look: 'phone dark', width: 320, height: 640, colorScheme: 'dark' },
];

const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
        for (const page of pages) {
                for (const look of looks.filter((l) => !page.looks || page.looks.includes(l.look)))
                        await see(page, look);
                if (!page.html)
                        await press(page);
        }
        // A page with faults, to see that faults are seen.
        const context = await browser.newContext();
        const tab = await context.newPage();
        await tab.setContent('<html><body><img src="x"><input></body></html>');
        await tab.evaluate(axe);
        const found = await tab.evaluate(() => globalThis.axe.run());
        say(found.violations.length > 0, 'the accessibility check finds faults where there are some');
        const report = await validator.validateString('<!DOCTYPE html><p><div></p>', 'bad.html');
        say(!report.valid, 'so does the check of HTML');
        await context.close();
} finally {
        await browser.close();
}

async function open(page, look, javaScriptEnabled) {
        const context = await browser.newContext({
                viewport: { width: look.width, height: look.height },
                colorScheme: look.colorScheme,
                extraHTTPHeaders: page.headers ?? {},
                javaScriptEnabled,
                bypassCSP: javaScriptEnabled, // for axe; that nothing else runs is checked without
        });
        const tab = await context.newPage();
        const troubles = [];
        tab.on('console', (m) => m.type() === 'error' && troubles.push(m.text()));
        tab.on('pageerror', (e) => troubles.push(String(e)));
        tab.on('requestfailed', (r) => troubles.push(`${r.url()} ${r.failure()?.errorText}`));
        if (page.html) {
                await tab.setContent(page.html, { waitUntil: 'load' });
                const reply = { status: () => page.status, text: () => Promise.resolve(page.html) };
                return { context, tab, reply, troubles };
        }
        const reply = await tab.goto(page.url, { waitUntil: 'load' });
        return { context, tab, reply, troubles };
}

async function see(page, look) {
        const name = `${page.name}, ${look.look}`;
        const { context, tab, reply } = await open(page, look, true);
        say(reply.status() === page.status, `${name}: is answered ${page.status}`, reply.status());
        if (look.look === 'desktop') {
                const report = await validator.validateString(await reply.text(), page.url);
                const faults = report.results.flatMap((r) =>
                        r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
                say(report.valid, `${page.name}: its HTML is valid`, faults.join('\n'));
        }
        await tab.evaluate(axe);
        const { violations } = await tab.evaluate(() => globalThis.axe.run());
        say(violations.length === 0, `${name}: nothing keeps people out`, violations.map((v) =>
                `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`).join('\n'));
        const [wide, room] = await tab.evaluate(() =>
                [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        say(wide <= room, `${name}: nothing hangs over the edge`, `${wide} > ${room}`);
        if (pictures)
                await tab.screenshot({
                        path: `${pictures}/${name.replaceAll(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true });
        await context.close();
}

// Without JavaScript and without a mouse.
async function press(page) {
        const { context, tab, troubles } = await open(page, looks[0], false);
        const wanted = page.status >= 400 ? troubles.filter((t) => !/status of/.test(t)) : troubles;
        say(wanted.length === 0, `${page.name}: loads nothing that its own policy refuses`, wanted.join('\n'));
        if (page.button) {
                let reached = false;
                for (let i = 0; i < 60 && !reached; i++) {
                        await tab.keyboard.press('Tab');
                        const text = await tab.locator(':focus').first()
                                .textContent({ timeout: 500 }).catch(() => '');
                        reached = text.trim() === page.button;
                }
                say(reached, `${page.name}: the keyboard reaches "${page.button}"`);
                if (reached && page.leads) {
                        await Promise.all([tab.waitForURL((u) => u.href !== page.url, { timeout: 5000 })
                                .catch(() => null), tab.keyboard.press('Enter')]);
                        say(tab.url().includes(page.leads),
                            `${page.name}: Enter on "${page.button}" leads on, without JavaScript`, tab.url());
                }
        }
        await context.close();
}
