import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';

/** Clicks a link or a button, or does the same with the keyboard. */
type Click = (locator: Locator) => Promise<void>;
type Task = readonly [name: string, perform: (page: Page, click: Click) => Promise<void>];

const DOCUMENT = join(import.meta.dirname, '../../docs/console.md');

/** The tasks of docs/console.md on the showcase, from the start page, each until its question is answered. */
export const commonTasks: readonly Task[] = [
  [
    'Is the pool healthy?',
    async (page) => {
      const card = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'dc2' }) });
      await card.getByText('Too few ready').waitFor();
    },
  ],
  [
    'Why does a connection fail?',
    async (page, click) => {
      const verdict = page.getByRole('status').filter({ hasText: 'cannot serve clients' });
      await click(verdict.getByRole('link', { name: 'billing' }));
      await page.getByText('fails here').waitFor();
      await page.getByText('The target refused the connection.').first().waitFor();
    },
  ],
  [
    'Who revoked an agent?',
    async (page, click) => {
      await click(page.getByRole('row', { name: /dc1-h3/ }).getByRole('link', { name: 'dc1-h3' }));
      await page.getByText(/Who: maria .* from 127\.0\.0\.1/).waitFor();
    },
  ],
  [
    'Add an agent',
    async (page, click) => {
      await click(page.getByRole('link', { name: 'Add agent' }));
      await click(page.getByRole('button', { name: 'Create token' }));
      await click(page.getByRole('button', { name: 'Copy agent.yaml' }));
      await click(page.getByRole('button', { name: 'Copy the commands (systemd)' }));
      await page.getByText('Waiting for an agent to use this token').waitFor();
    },
  ],
  [
    'End the connection of a client',
    async (page, click) => {
      const main = page.getByRole('navigation', { name: 'Main' });
      await click(main.getByRole('link', { name: 'Connections' }));
      await click(page.getByRole('link', { name: 'orders', exact: true }));
      await click(page.getByRole('button', { name: 'Clients now' }));
      await click(page.getByRole('button', { name: /^End… the connection/ }));
      await click(page.getByRole('dialog').getByRole('button', { name: /^End the connection/ }));
      await page.getByText('No client is connected.').waitFor();
    },
  ],
  [
    'Pin a version safely',
    async (page, click) => {
      const main = page.getByRole('navigation', { name: 'Main' });
      await click(main.getByRole('link', { name: 'Configuration' }));
      await click(page.getByRole('link', { name: 'dc1', exact: true }));
      await click(page.getByRole('button', { name: 'Pin… version 14' }));
      await page.getByText('1 → 0 ready agents').waitFor();
      await click(page.getByRole('button', { name: 'Pin version 14 and quarantine 1 agent' }));
      await page.getByText('Pool dc1 is pinned to version 14.').waitFor();
    },
  ],
];

/** The most elements that the Tab key has to pass on any page of the showcase. */
const MAX_PRESSES = 80;

/** Reaches a link or a button with the Tab key alone, and activates it with Enter. */
export async function pressEnterOn(page: Page, locator: Locator): Promise<void> {
  await locator.waitFor();
  const hasFocus = () => locator.evaluate((element) => element === element.ownerDocument.activeElement);
  for (let presses = 0; presses < MAX_PRESSES; presses += 1) {
    // Guards of a dialog move the focus after the key has been handled: one more press then does no harm.
    if (await hasFocus()) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
  }
  throw new Error(`The Tab key does not reach ${locator}.`);
}

/** The tasks and clicks of the table in docs/console.md. */
export async function documentedClicks(): Promise<[string, number][]> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [, table = ''] = /<!-- tasks -->([\s\S]*)<!-- end of tasks -->/.exec(text) ?? [];
  return [...table.matchAll(/^\| ([^|]+) \| [^|]+ \| (\d+) \|$/gm)].map(([, task = '', clicks]) => [
    task,
    Number(clicks),
  ]);
}
