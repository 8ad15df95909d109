import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Request } from 'playwright-core';
import { clientOf } from '../data-path/client-of.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { wcag, wcagViolations } from './axe.ts';
import { launchBrowser, openPage, skipWithoutBrowser, visit } from './browser.ts';
import { widerThanPage } from './wider-than-page.ts';

const HOUR = 3_600_000;
/** By which the console may misjudge the gateway's clock. */
const CLOCK_ERROR = 10_000;

const hasQuery = (page: Page, query: string) =>
  eventually(`the query to be ${query}`, () => new URL(page.url()).search === query);

const logOf = (page: Page) => page.getByRole('table');
/** Waits until the log has as many connections. */
const hasRows = (page: Page, count: number) =>
  eventually(`${count} connections`, async () => (await logOf(page).getByRole('row').count()) === count + 1);

/** One connection that has ended normally, and one that its client has reset. */
async function twoConnections(pair: Pair): Promise<void> {
  await using normal = await clientOf(pair, 'db');
  assert.equal(await normal.echo('hello'), 'hello');
  normal.finish();
  assert.equal((await normal.receive()).ended, 'fin');
  await using reset = await clientOf(pair, 'db');
  assert.equal(await reset.echo('hello'), 'hello');
  reset.reset();
  await eventually('both to be in the log', async () => {
    const { items } = (await pair.api('GET /connection-log?state=closed')) as { items: unknown[] };
    return items.length === 2;
  });
}

test('the log of a connection is filtered by code and time, with the keyboard, and kept by the URL', {
  skip: skipWithoutBrowser(),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using pair = await startPair({ targets: { db: target.address.port }, agents: { a1: 'dc1' } });
  await twoConnections(pair);
  await using browser = await launchBrowser();
  await using opened = await openPage(browser, pair, { path: '/connections/db?tab=log' });
  const { page } = opened;
  const [code, when] = ['Code', 'When'].map((name) => page.getByRole('combobox', { name }));
  assert.ok(code !== undefined && when !== undefined);
  await hasRows(page, 2);

  await code.focus();
  await page.keyboard.type('CLIENT_R');
  await hasRows(page, 1);
  await logOf(page).getByText('The client reset the connection.').waitFor();
  await hasQuery(page, '?tab=log&code=CLIENT_RESET');
  await page.reload();
  await hasRows(page, 1);
  assert.equal(await code.inputValue(), 'CLIENT_RESET');

  const earliest = Date.now() - HOUR - CLOCK_ERROR;
  const sinceOf = (request: Request) => new URL(request.url()).searchParams.get('since');
  const asked = page.waitForRequest((request) => sinceOf(request) !== null);
  await when.focus();
  await page.keyboard.press('ArrowDown');
  const request = await asked;
  const since = Date.parse(sinceOf(request) ?? '');
  assert.ok(since >= earliest && since <= Date.now() - HOUR + CLOCK_ERROR, request.url());
  assert.match(request.url(), /code=CLIENT_RESET/);
  await hasRows(page, 1);
  await hasQuery(page, '?tab=log&code=CLIENT_RESET&period=hour');
  assert.deepEqual(await wcagViolations(page, wcag), []);
  await page.setViewportSize({ width: 360, height: 740 });
  assert.deepEqual(await page.evaluate(widerThanPage), []);
  await page.setViewportSize({ width: 1280, height: 900 });

  await code.selectOption('REFUSED');
  await page.getByText('No connections match').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).focus();
  await page.keyboard.press('Enter');
  await hasRows(page, 2);
  await hasQuery(page, '?tab=log');

  // A URL comes from anywhere, and those who are connected now have no end.
  await visit(page, '/connections/db?tab=log&code=NOTHING&period=year');
  await hasRows(page, 2);
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('here'), 'here');
  await visit(page, '/connections/db?tab=clients&code=REFUSED&period=hour');
  await hasRows(page, 1);
  assert.equal(await code.count(), 0);
});
