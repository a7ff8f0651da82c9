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
        // A window of 1280 by 900 at 200 %: half as many pixels of the page, each twice as large.
        { look: 'zoomed', width: 640, height: 450, scale: 2, colorScheme: 'light' },
];

const tabs = new Map();
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

// In the page: texts that run out of a box which neither shows nor scrolls what hangs over, and
// words of a picture that run out of the picture or of the box they stand in.
function cutTexts() {
        const cut = [];
        for (const e of document.querySelectorAll('main *, header *, nav *')) {
                const style = getComputedStyle(e);
                const hides = (v) => v === 'hidden' || v === 'clip';
                if ((hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1) ||
                    (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 1))
                        if (e.clientWidth > 1 && !(e instanceof SVGElement) && e.tagName !== 'INPUT')
                                cut.push(`${e.tagName}: ${e.textContent.slice(0, 60)}`);
                if (style.textOverflow === 'ellipsis' && e.scrollWidth > e.clientWidth)
                        cut.push(`${e.tagName}: ${e.textContent.slice(0, 60)}`);
        }
        for (const text of document.querySelectorAll('main svg text')) {
                const box = text.parentElement.querySelector(':scope > rect.box') ?? text.ownerSVGElement;
                const [inner, outer] = [text.getBoundingClientRect(), box.getBoundingClientRect()];
                if (getComputedStyle(text.ownerSVGElement).overflow !== 'visible' &&
                    (inner.right > outer.right + 1 || inner.left < outer.left - 1))
                        cut.push(`svg text: ${text.textContent}`);
        }
        return cut;
}

// In the page: boxes that scroll sideways, and cannot be reached or have no name.
function deafBoxes() {
        return [...document.querySelectorAll('main *')].filter((e) => {
                const scrolls = ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) &&
                        e.scrollWidth > e.clientWidth && !['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName);
                return scrolls && !(e.tabIndex === 0 &&
                        (e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')));
        }).map((e) => e.outerHTML.slice(0, 120));
}

// The tab of a look.  It is opened once: each page is a fresh navigation in it, without cookies.
async function tabOf(look, javaScriptEnabled) {
        const key = `${look.look} ${javaScriptEnabled}`;
        if (!tabs.has(key)) {
                const context = await browser.newContext({
                        viewport: { width: look.width, height: look.height },
                        deviceScaleFactor: look.scale ?? 1,
                        colorScheme: look.colorScheme,
                        javaScriptEnabled,
                        bypassCSP: javaScriptEnabled, // for axe; that nothing else runs is checked without
                });
                if (javaScriptEnabled)
                        await context.addInitScript({ content: axe });
                const tab = await context.newPage();
                const troubles = [];
                tab.on('console', (m) => m.type() === 'error' && troubles.push(m.text()));
                tab.on('pageerror', (e) => troubles.push(String(e)));
                tab.on('requestfailed', (r) => troubles.push(`${r.url()} ${r.failure()?.errorText}`));
                tabs.set(key, { context, tab, troubles });
        }
        return tabs.get(key);
}

async function open(page, look, javaScriptEnabled) {
        const { context, tab, troubles } = await tabOf(look, javaScriptEnabled);
        await context.clearCookies();
        await context.setExtraHTTPHeaders(page.html ? {} : page.headers ?? {});
        troubles.length = 0;
        if (page.html) {
                await tab.goto('about:blank');
                await tab.setContent(page.html, { waitUntil: 'load' });
                const reply = { status: () => page.status, text: () => Promise.resolve(page.html) };
                return { tab, reply, troubles };
        }
        const reply = await tab.goto(page.url, { waitUntil: 'load' });
        return { tab, reply, troubles };
}

async function see(page, look) {
        const name = `${page.name}, ${look.look}`;
        const { tab, reply } = await open(page, look, true);
        say(reply.status() === page.status, `${name}: is answered ${page.status}`, reply.status());
        if (look.look === 'desktop') {
                const report = await validator.validateString(await reply.text(), page.url);
                const faults = report.results.flatMap((r) =>
                        r.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
                say(report.valid, `${page.name}: its HTML is valid`, faults.join('\n'));
        }
        const violations = await tab.evaluate(async () => (await globalThis.axe.run()).violations);
        say(violations.length === 0, `${name}: nothing keeps people out`, violations.map((v) =>
                `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' | ')}`).join('\n'));
        const [wide, room] = await tab.evaluate(() =>
                [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        say(wide <= room, `${name}: nothing hangs over the edge`, `${wide} > ${room}`);
        const cut = await tab.evaluate(cutTexts);
        say(cut.length === 0, `${name}: no text is cut off`, cut.join('\n'));
        if (look.width <= 640) {
                const boxes = await tab.evaluate(deafBoxes);
                say(boxes.length === 0, `${name}: what scrolls has a name and takes the keyboard`, boxes.join('\n'));
        }
        if (pictures)
                await tab.screenshot({
                        path: `${pictures}/${name.replaceAll(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true, scale: 'css' });
}

// Without JavaScript and without a mouse.
async function press(page) {
        const { tab, troubles } = await open(page, looks[0], false);
        const wanted = page.status >= 400 ? troubles.filter((t) => !/status of/.test(t)) : troubles;
        say(wanted.length === 0, `${page.name}: loads nothing that its own policy refuses`, wanted.join('\n'));
        if (page.button) {
                let reached = false;
                for (let i = 0; i < 60 && !reached; i++) {
                        await tab.keyboard.press('Tab');
                        reached = await tab.evaluate(() => document.activeElement?.textContent.trim()) === page.button;
                }
                say(reached, `${page.name}: the keyboard reaches "${page.button}"`);
                if (reached && page.leads) {
                        await Promise.all([tab.waitForURL((u) => u.href !== page.url, { timeout: 5000 })
                                .catch(() => null), tab.keyboard.press('Enter')]);
                        say(tab.url().includes(page.leads),
                            `${page.name}: Enter on "${page.button}" leads on, without JavaScript`, tab.url());
                }
        }
}
