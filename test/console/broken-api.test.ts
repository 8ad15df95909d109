import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';
import { wcag, wcagViolations } from './axe.ts';
import { launchBrowser, openPage, skipWithoutBrowser } from './browser.ts';

/** A problem document, as the gateway writes it. */
const problem = (status: number, code: string, detail: string) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: code, status, code, detail }),
});
const stop = (page: Page) => page.unrouteAll({ behavior: 'ignoreErrors' });

test('each part of a page says what it could not load, and the others work', {
  skip: skipWithoutBrowser(),
}, async (t) => {
  await using _leaks = expectNoLeaks();
  await using orders = await startGreeter('hello');
  await using pair = await startPair({ targets: { orders: orders.address.port }, agents: { a1: 'dc1' } });
  await using browser = await launchBrowser();
  await using opened = await openPage(browser, pair);
  const { page } = opened;
  // The answers are faked in the browser: a gateway that fails in each of these ways cannot be had here.
  for (const text of ['/api/v1/attention', '/api/v1/pools', '/api/v1/agents', '/drain']) {
    opened.expectProblem(text);
  }
  const row = page.getByRole('row', { name: /a1/ });
  await row.waitFor();

  await t.test('status 500: the reason, its code, and another try', async () => {
    await page.route('**/api/v1/attention', (route) =>
      route.fulfill(problem(500, 'STORE_UNAVAILABLE', 'The store does not answer.')),
    );
    await page.reload();
    const failed = page.getByRole('alert').filter({ hasText: 'Could not load what needs attention.' });
    await failed.getByText('The store does not answer.').waitFor();
    await failed.getByText('STORE_UNAVAILABLE').waitFor();
    await row.waitFor();
    assert.deepEqual(await wcagViolations(page, wcag), []);
    await stop(page);
    await failed.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Nothing is wrong').waitFor();
  });

  await t.test('an answer of a proxy is not taken for one of the gateway', async () => {
    await page.route('**/api/v1/pools', (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    );
    await page.reload();
    await page.getByText(/status 502 and is not from a Penstock gateway/).waitFor();
    await row.waitFor();
    await stop(page);
  });

  await t.test('no answer at all: what was loaded stays, and says that it is older', async () => {
    await page.reload();
    await row.waitFor();
    await page.route('**/api/v1/attention', (route) => route.abort('connectionreset'));
    await pair.api('POST /agents/a1/drain');
    await page.getByText('The gateway cannot be reached from this browser.').first().waitFor();
    await page.getByText('What is shown is older.').first().waitFor();
    await stop(page);
    await pair.api('POST /agents/a1/resume');
  });

  await t.test('a slow answer: a skeleton first, and old rows while a filter is applied', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route('**/api/v1/agents?**', async (route) => {
      await released;
      await route.continue();
    });
    await page.reload();
    await page.getByText('Loading…').first().waitFor({ state: 'attached' });
    release();
    await row.waitFor();
    await stop(page);
    const held = Promise.withResolvers<Route>();
    await page.route('**/api/v1/agents?**q=zz**', (route) => held.resolve(route));
    await page.getByRole('searchbox', { name: 'Filter by name or address' }).fill('zz');
    const route = await held.promise;
    assert.ok(await row.isVisible());
    await route.continue();
    await page.getByText('0 of 1 agents match').waitFor();
    await stop(page);
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await row.waitFor();
  });

  await t.test('an incomplete answer is said to be incomplete', async () => {
    await page.route('**/api/v1/attention', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), complete: false } });
    });
    await page.reload();
    await page.getByText('some agents may be missing here').waitFor();
    await stop(page);
  });

  await t.test('an empty fleet leads to its first agent', async () => {
    await page.route('**/api/v1/agents?**', async (route) => {
      const response = await route.fetch();
      const body = { ...(await response.json()), items: [], total: 0, counts: {} };
      await route.fulfill({ response, json: body });
    });
    await page.reload();
    await page.getByText('No agent has enrolled yet.').waitFor();
    assert.deepEqual(await wcagViolations(page, wcag), []);
    await page.getByRole('link', { name: 'Add the first agent' }).click();
    await page.getByRole('heading', { name: 'Add agent' }).waitFor();
    await stop(page);
  });

  await t.test('an action that fails says so until it is read, and can be done again', async () => {
    await page.goto(page.url().replace('/add-agent', '/agents/a1'));
    await page.route('**/api/v1/agents/a1/drain', (route) =>
      route.fulfill(problem(503, 'STORE_UNAVAILABLE', 'The store does not answer.')),
    );
    const drain = page.getByRole('button', { name: 'Drain' });
    await drain.click();
    await page.getByText('a1 was not drained. The store does not answer.').waitFor();
    await eventually('the button to be usable', async () => (await drain.getAttribute('aria-busy')) === null);
    await stop(page);
    await page.getByRole('button', { name: 'Close this message' }).click();
    await drain.click();
    await page.getByText('a1 is drained').waitFor();
  });

  await t.test(
    'an action without an answer in time is not said to have failed: it may have been done',
    async () => {
      await page.evaluate(
        'window.timeoutOf = AbortSignal.timeout; AbortSignal.timeout = () => window.timeoutOf.call(AbortSignal, 1_000)',
      );
      // The gateway does it, and its answer is lost.
      await page.route('**/api/v1/agents/a1/resume', async (route) => {
        await route.fetch();
      });
      await page.getByRole('button', { name: 'Resume', exact: true }).click();
      await page.getByText(/not known whether this was done.*The gateway did not answer in time/).waitFor();
      // A busy machine may take longer for what the page now asks again.
      await page.evaluate('AbortSignal.timeout = window.timeoutOf');
      await page.getByRole('button', { name: 'Drain', exact: true }).waitFor();
      assert.equal((await pair.api('GET /agents/a1'))['drainedAt'], undefined);
      await stop(page);
    },
  );

  await t.test('who did something has no id while its name is awaited', async () => {
    const held = Promise.withResolvers<Route>();
    await page.route('**/api/v1/admin-tokens', (route) => held.resolve(route));
    await page.goto(page.url().replace('/agents/a1', '/audit'));
    const route = await held.promise;
    const actor = page.locator('[title^="admin-token:"]').first();
    await actor.waitFor();
    assert.equal((await actor.textContent())?.trim(), 'admin-token');
    await route.continue();
    await actor.getByText('first', { exact: true }).waitFor();
    await stop(page);
  });
});
