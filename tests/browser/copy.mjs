// SPDX-License-Identifier: GPL-3.0-or-later
// Issues a key in the form and copies it with the button, under the page's own policy; and again
// without JavaScript, where no such button is there and a click marks the key.
//
//     node copy.mjs URL COOKIE PICTURES        prints {ok, name, detail} lines, the last {key}
import { chromium } from 'playwright-core';

const [url, cookie, pictures] = process.argv.slice(2);
const say = (ok, name, detail) => console.log(JSON.stringify({ ok: !!ok, name, detail: detail ?? null }));
const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});

async function issue(javaScriptEnabled, width) {
        const context = await browser.newContext({
                javaScriptEnabled,
                viewport: { width, height: 800 },
                extraHTTPHeaders: { Cookie: cookie },
                permissions: ['clipboard-read', 'clipboard-write'],
        });
        const tab = await context.newPage();
        const refused = [];
        tab.on('console', (m) => m.type() === 'error' && refused.push(m.text()));
        await tab.goto(url);
        await tab.getByLabel('Who will use it?').fill('A scheduling tool');
        await tab.getByLabel(/Make, move and cancel interview links/).check();
        await tab.getByRole('button', { name: 'Issue the key' }).click();
        const key = await tab.locator('#key-text').textContent();
        return { context, tab, key, refused };
}

try {
        const { tab, key, refused } = await issue(true, 1280);
        const line = await tab.locator('#try-line').textContent();
        await tab.screenshot({ path: `${pictures}/admin-key-issued-desktop.png`, fullPage: true });
        await tab.getByRole('button', { name: 'Copy the key' }).click();
        await tab.getByRole('button', { name: 'Copied' }).waitFor({ timeout: 5000 });
        say(await tab.evaluate(() => navigator.clipboard.readText()) === key, 'the button copies the key');
        await tab.getByRole('button', { name: 'Copy the line' }).click();
        await tab.getByRole('button', { name: 'Copied' }).nth(1).waitFor({ timeout: 5000 });
        say(await tab.evaluate(() => navigator.clipboard.readText()) === line, 'and the line to try it');
        say(refused.length === 0, 'nothing is refused by the page\'s policy', refused.join('\n'));
        const plain = await issue(false, 360);
        say(!await plain.tab.locator('button[data-copy]').first().isVisible(), 'no button that does nothing');
        await plain.tab.locator('#key-text').click();
        await plain.tab.screenshot({ path: `${pictures}/admin-key-issued-phone.png`, fullPage: true });
        say(plain.key.length === 54, 'the key is there all the same');
        console.log(JSON.stringify({ key, line }));
} finally {
        await browser.close();
}
