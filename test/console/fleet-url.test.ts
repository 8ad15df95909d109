import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';
import { wcag, wcagViolations } from './axe.ts';
import { launchBrowser, openPage, skipWithoutBrowser } from './browser.ts';
import { widerThanPage } from './wider-than-page.ts';

const titles = ['Clock skew', 'Round trip', 'CPU', 'Memory', 'Sessions'];
const all = '?columns=skew%2Crtt%2Ccpu%2Cmemory%2Csessions';

type Row = { readonly name: string; readonly sessions: number };
const measured = { skewMs: -1204, roundTripMs: 0.4, cpuLoad: 0.234, memoryUsed: 0.618, sessionsWanted: 2 };

/** Rows of the gateway, of which a1 has reported these figures and a2 none. */
async function withFigures(route: Route): Promise<void> {
  const response = await route.fetch();
  const page = (await response.json()) as { items: Row[] };
  const none = Object.fromEntries(Object.keys(measured).map((key) => [key, undefined]));
  const items = page.items.map((row) => ({ ...row, ...(row.name === 'a1' ? measured : none), sessions: 1 }));
  await route.fulfill({ response, json: { ...page, items } });
}

const hasQuery = (page: Page, query: string) =>
  eventually(`the query to be ${query}`, () => new URL(page.url()).search === query);

/** What the columns that are shown say about an agent, from the first optional one. */
async function figuresOf(page: Page, name: string): Promise<string[]> {
  const cells = page.getByRole('row', { name: new RegExp(name) }).getByRole('cell');
  return (await cells.allTextContents()).slice(9).map((text) => text.trim());
}

/** Runs in the page: whether each card ends above the next one. */
const areApart = `(() => {
  const places = [...document.querySelectorAll('.agents-body .agent-row')].map((row) => row.getBoundingClientRect());
  places.sort((a, b) => a.top - b.top);
  return places.length === 2 && places[0].bottom <= places[1].top + 1;
})()`;

const shownColumns = async (page: Page) =>
  (await page.getByRole('columnheader').allTextContents()).filter((title) => titles.includes(title));

test('the URL of the fleet', { skip: skipWithoutBrowser() }, async (t) => {
  await using _leaks = expectNoLeaks();
  await using orders = await startGreeter('hello');
  await using pair = await startPair({
    targets: { orders: orders.address.port },
    agents: { a1: 'dc1', a2: 'dc1' },
  });
  await using browser = await launchBrowser();

  await t.test('columns are chosen with the keyboard, and kept by the URL and by the browser', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    await page.route('**/api/v1/agents?**', withFigures);
    const a1 = page.getByRole('row', { name: /a1/ });
    await a1.waitFor();
    assert.deepEqual(await shownColumns(page), []);
    await page.getByRole('button', { name: 'Columns' }).focus();
    await page.keyboard.press('Enter');
    for (const title of titles) {
      const item = page.getByRole('menuitemcheckbox', { name: title, checked: false });
      await eventually(`${title} to have the focus`, () =>
        item.evaluate((element) => element === element.ownerDocument.activeElement),
      );
      await page.keyboard.press('Enter');
      await page.getByRole('menuitemcheckbox', { name: title, checked: true }).waitFor();
      await page.keyboard.press('ArrowDown');
    }
    assert.deepEqual(await wcagViolations(page, wcag), []);
    await page.keyboard.press('Escape');
    await hasQuery(page, all);

    await page.reload();
    await page.getByRole('columnheader', { name: 'Sessions' }).waitFor();
    assert.deepEqual(await shownColumns(page), titles);
    assert.deepEqual(await figuresOf(page, 'a1'), ['−1,204 ms', '0.4 ms', '23 %', '62 %', '1 of 2']);
    assert.deepEqual(await figuresOf(page, 'a2'), ['unknown', 'unknown', 'unknown', 'unknown', '1']);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await wcagViolations(page, wcag), [], colorScheme);
    }
    assert.deepEqual(await page.evaluate(widerThanPage), []);

    // Neither the filter nor its removal concerns them.
    await page.getByRole('searchbox', { name: 'Filter by name or address' }).fill('a2');
    await a1.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await a1.waitFor();
    await hasQuery(page, all);

    await page.setViewportSize({ width: 360, height: 740 });
    await a1.getByRole('cell', { name: '−1,204 ms' }).waitFor();
    assert.deepEqual(await page.evaluate(widerThanPage), []);
    await eventually('the cards not to overlap', () => page.evaluate(areApart));
    assert.deepEqual(await wcagViolations(page, wcag), []);
    await page.setViewportSize({ width: 1280, height: 900 });

    // What was chosen last is shown where the URL says nothing else.
    const { origin } = new URL(page.url());
    await page.goto(`${origin}/console/fleet`);
    await page.getByRole('columnheader', { name: 'Sessions' }).waitFor();
    assert.deepEqual(await shownColumns(page), titles);
    await page.goto(`${origin}/console/fleet?columns=cpu`);
    await a1.waitFor();
    assert.deepEqual(await shownColumns(page), ['CPU']);
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'CPU' }).click();
    await page.getByRole('columnheader', { name: 'CPU' }).waitFor({ state: 'detached' });
    await hasQuery(page, '');
    await page.goto(`${origin}/console/fleet`);
    await a1.waitFor();
    assert.deepEqual(await shownColumns(page), []);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  await t.test('a filter is what was typed, whatever a URL makes of it', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    const search = page.getByRole('searchbox', { name: 'Filter by name or address' });
    const text = '%41 %25 50% a+b&c=d#e';
    await search.fill(text);
    await page.getByText('0 of 2 agents match').waitFor();
    await hasQuery(page, '?q=%2541+%2525+50%25+a%2Bb%26c%3Dd%23e');
    assert.equal(await search.inputValue(), text);
    await page.reload();
    await page.getByText('0 of 2 agents match').waitFor();
    assert.equal(await search.inputValue(), text);
    // Another choice writes the same text again.
    await page.getByRole('combobox', { name: 'Order' }).selectOption('name');
    await hasQuery(page, '?q=%2541+%2525+50%25+a%2Bb%26c%3Dd%23e&sort=name');
    assert.equal(await search.inputValue(), text);
  });
});
