import assert from 'node:assert/strict';
import { test } from 'node:test';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { launchBrowser, openPage, skipWithoutBrowser } from './browser.ts';
import { consolePages } from './console-pages.ts';
import { startShowcase } from './showcase.ts';

/** WCAG 2.2, levels A and AA. */
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const NARROW = 360;

test('every page is accessible in both themes and fits a narrow screen', {
  skip: skipWithoutBrowser(),
}, async () => {
  await using _leaks = expectNoLeaks({ within: 10_000 });
  await using showcase = await startShowcase();
  const { pair } = showcase;
  await using browser = await launchBrowser();
  await using opened = await openPage(browser, pair);
  const { page } = opened;
  const origin = new URL(page.url()).origin;
  assert.ok(consolePages.length >= 20);
  const problems: string[] = [];
  for (const { path, ready } of consolePages) {
    await page.goto(`${origin}/console${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText(ready).first().waitFor();
    await page.evaluate(axe.source);
    await page.emulateMedia({ colorScheme: 'light' });
    problems.push(...(await violations(page, rules)).map((problem) => `${path}, light: ${problem}`));
    await page.emulateMedia({ colorScheme: 'dark' });
    problems.push(
      ...(await violations(page, ['color-contrast'])).map((problem) => `${path}, dark: ${problem}`),
    );
    await page.setViewportSize({ width: NARROW, height: 740 });
    await eventually(`${path} to fit ${NARROW} pixels`, () =>
      page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
    );
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  assert.deepEqual(problems, []);
});

test('dialogs are accessible, hold the focus and give it back', { skip: skipWithoutBrowser() }, async () => {
  await using _leaks = expectNoLeaks({ within: 10_000 });
  await using pair = await startPair({ targets: { orders: await unusedPort() }, agents: { a1: 'dc1' } });
  await using browser = await launchBrowser();
  await using opened = await openPage(browser, pair, { path: '/agents/a1' });
  const { page } = opened;
  const revoke = page.getByRole('button', { name: 'Revoke a1…' });
  await revoke.click();
  const dialog = page.getByRole('dialog', { name: 'Revoke a1?' });
  await dialog.waitFor();
  await page.evaluate(axe.source);
  assert.deepEqual(await violations(page, rules), []);
  // Nothing but the name revokes.
  const confirm = dialog.getByRole('button', { name: 'Revoke permanently' });
  assert.equal(await confirm.getAttribute('aria-disabled'), 'true');
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press('Tab');
    assert.ok(
      await page.evaluate(
        `document.activeElement.closest('[role=dialog], [data-base-ui-focus-guard]') !== null`,
      ),
    );
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await eventually('the focus to be on the button again', () =>
    page.evaluate(`document.activeElement.textContent === 'Revoke a1…'`),
  );
});

/** What axe finds, as text: the rule and where. */
async function violations(page: Page, only: readonly string[]): Promise<string[]> {
  const isTag = only.every((each) => each.startsWith('wcag'));
  const options = JSON.stringify({
    runOnly: { type: isTag ? 'tag' : 'rule', values: only },
    resultTypes: ['violations'],
  });
  const { violations: found } = (await page.evaluate(`axe.run(document, ${options})`)) as axe.AxeResults;
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
        .join('\n')}`,
  );
}
