import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startGreeter } from '../rig/targets.ts';
import { launchBrowser, openPage, originOf, skipWithoutBrowser } from './browser.ts';

const EVENTS = '/api/v1/events';

test('updates survive what happens to their stream', { skip: skipWithoutBrowser() }, async (t) => {
  await using _leaks = expectNoLeaks();
  await using orders = await startGreeter('hello');
  await using pair = await startPair({ targets: { orders: orders.address.port }, agents: { a1: 'dc1' } });
  await using browser = await launchBrowser();

  await t.test(
    'seven tabs load and are live with one stream; when its tab closes, another one reads',
    async () => {
      await using opened = await openPage(browser, pair);
      await opened.page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
      const streams: string[] = [];
      opened.context.on('request', (request) => {
        if (request.url().endsWith(EVENTS)) streams.push(request.url());
      });
      const pages = [opened.page];
      while (pages.length < 7) {
        const page = await opened.context.newPage();
        await page.goto(`${originOf(pair)}/console/fleet`);
        pages.push(page);
      }
      for (const page of pages) {
        await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
        await page.getByRole('row', { name: /a1/ }).getByText('Connected').waitFor();
      }
      assert.deepEqual(streams, []);
      await pages.shift()?.close();
      await eventually('another tab to read the events', () => streams.length === 1);
      await pair.api('POST /agents/a1/drain');
      for (const page of pages) await page.getByRole('row', { name: /a1/ }).getByText('Draining').waitFor();
      await pair.api('POST /agents/a1/resume');
      for (const page of pages) await page.getByRole('row', { name: /a1/ }).getByText('Connected').waitFor();
      assert.equal(streams.length, 1);
    },
  );

  await t.test('a black hole is noticed after 35 seconds, and ages turn gray', async () => {
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.admin.port });
    const origin = `http://127.0.0.1:${relay.address.port}`;
    await using opened = await openPage(browser, pair, { origin, clock: true });
    const { page } = opened;
    opened.expectProblem('ERR_');
    const live = page.getByRole('banner').getByText('Live', { exact: true });
    await live.waitFor();
    relay.blackHole();
    await page.clock.runFor(36_000);
    await page.getByText(/Live updates lost since \d\d:\d\d:\d\d/).waitFor();
    await page.getByRole('row', { name: /a1/ }).locator('time.faint').first().waitFor();
    await relay.restore();
    relay.cut();
    await eventually('the page to be live again', async () => {
      await page.clock.runFor(5_000);
      return live.isVisible();
    });
  });

  await t.test(
    'a page that has missed more events than the gateway keeps reads everything again',
    async () => {
      await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.admin.port });
      const origin = `http://127.0.0.1:${relay.address.port}`;
      await using opened = await openPage(browser, pair, { origin, path: '/access/grants' });
      const { page } = opened;
      opened.expectProblem('ERR_');
      const live = page.getByRole('banner').getByText('Live', { exact: true });
      await live.waitFor();
      await page.getByText('No grant has been created.').waitFor();
      await relay.refuse();
      relay.cut();
      await page.getByText(/Live updates lost since/).waitFor();
      await pair.api('POST /grants', { connections: ['orders'], name: 'missed' });
      // After an event that the gateway no longer has: only a reload shows what happened since.
      await page.route(`**${EVENTS}`, (route) =>
        route.continue({ headers: { ...route.request().headers(), 'last-event-id': '000000000000-1' } }),
      );
      await relay.restore();
      await live.waitFor();
      await page.getByText('missed').waitFor();
    },
  );

  await t.test('an ended session asks once, and nothing more', async () => {
    await using opened = await openPage(browser, pair, { clock: true });
    const { page } = opened;
    opened.expectProblem('401');
    await page.getByRole('row', { name: /a1/ }).waitFor();
    const { items } = (await pair.api('GET /console-sessions')) as { items: { id: string }[] };
    for (const { id } of items) await pair.api(`DELETE /console-sessions/${id}`);
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    let requests = 0;
    page.on('request', () => {
      requests += 1;
    });
    for (let minutes = 0; minutes < 10; minutes += 1) await page.clock.runFor(60_000);
    assert.equal(requests, 0);
  });

  await t.test('after a restart of the gateway, everything is read again', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    opened.expectProblem('ERR_');
    const { port } = pair.gateway.admin;
    const live = page.getByRole('banner').getByText('Live', { exact: true });
    await live.waitFor();
    await pair.gateway.stop();
    await page.getByText(/Live updates lost since/).waitFor();
    await pair.restartGateway({ listen: { admin: `127.0.0.1:${port}` } });
    await live.waitFor();
    await pair.connected('a1');
    await page.getByRole('row', { name: /a1/ }).getByText('Connected').waitFor();
  });
});
