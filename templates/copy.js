// SPDX-License-Identifier: GPL-3.0-or-later
// Buttons that copy a text of the page.  They are hidden until this runs: without it, one click or
// the keyboard marks the whole text.
for (const button of document.querySelectorAll('button[data-copy]')) {
        const from = document.getElementById(button.dataset.copy);
        button.hidden = false;
        button.addEventListener('click', async () => {
                let done = true;
                try {
                        await navigator.clipboard.writeText(from.textContent);
                } catch {
                        getSelection().selectAllChildren(from);
                        done = document.execCommand('copy');
                }
                button.textContent = done ? 'Copied' : 'Marked: copy it with the keyboard';
        });
}
