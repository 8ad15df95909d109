import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';
import { launchBrowser, openPage, skipWithoutBrowser } from './browser.ts';

/** As if the fleet had more agents than the table loads at once: it has the first, and others come only when they are asked for. */
async function loadFirstOnly(route: Route): Promise<void> {
  const url = new URL(route.request().url());
  if (url.searchParams.get('limit') !== '200') {
    await route.continue();
    return;
  }
  url.searchParams.set('limit', '1');
  const response = await route.fetch({ url: url.href });
  const { nextCursor: _, ...page } = (await response.json()) as { nextCursor?: string };
  await route.fulfill({ response, json: page });
}

test('agents that match are selected and drained without being loaded', {
  skip: skipWithoutBrowser(),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using orders = await startGreeter('hello');
  await using pair = await startPair({
    targets: { orders: orders.address.port },
    agents: { a1: 'dc1', a2: 'dc1', b1: 'dc1' },
  });
  await using browser = await launchBrowser();
  await using opened = await openPage(browser, pair);
  const { page } = opened;
  await page.route('**/api/v1/agents?**', loadFirstOnly);
  await page.reload();
  await page.getByRole('searchbox', { name: 'Filter by name or address' }).fill('a');
  await page.getByText('2 of 3', { exact: true }).waitFor();
  const rows = page.getByRole('checkbox', { name: /^Select [ab]\d$/ });
  await eventually('one agent to be loaded', async () => (await rows.count()) === 1);
  await rows.first().check();
  await page.getByText('1 agent selected').waitFor();
  await page.getByRole('button', { name: 'Select 2 that match' }).click();
  await page.getByText('2 agents selected').waitFor();
  assert.equal(await page.getByRole('button', { name: /that match/ }).count(), 0, 'nothing more to select');
  await page.getByRole('button', { name: 'Drain…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drain 2 agents?' });
  await dialog.getByRole('row', { name: /a1/ }).waitFor();
  await dialog.getByRole('row', { name: /a2/ }).waitFor();
  await dialog.getByRole('button', { name: 'Drain 2 agents' }).click();
  await page.getByRole('dialog', { name: 'Drain: result' }).waitFor();
  type Listing = { items: { name: string; state: string }[] };
  const { items } = (await pair.api('GET /agents?view=row&sort=name')) as Listing;
  assert.deepEqual(
    items.map(({ name, state }) => [name, state]),
    [
      ['a1', 'draining'],
      ['a2', 'draining'],
      ['b1', 'connected'],
    ],
  );
});
