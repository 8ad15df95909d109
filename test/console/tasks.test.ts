import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { startDaemon } from '@penstock/agent';
import type { Page } from 'playwright-core';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startGreeter, startHanging } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { launchBrowser, openPage, originOf, signInPath, skipWithoutBrowser, visit } from './browser.ts';

const skip = skipWithoutBrowser();

test('people do their tasks in the console', { skip }, async (t) => {
  await using _leaks = expectNoLeaks();
  await using orders = await startGreeter('hello');
  await using silent = await startHanging();
  await using pair = await startPair({
    targets: { orders: orders.address.port, billing: await unusedPort() },
    gateway: {
      alerts: [{ condition: 'connection-failing', receivers: ['ops'] }],
      receivers: [{ name: 'ops', webhook: '${env:HOOK}' }],
      health: { failingOpensMinimum: 1 },
      pools: [{ name: 'dc1', pinning: 'enforce' }],
    },
    environment: { HOOK: 'http://127.0.0.1:9/' },
    agent: { policy: { probe: { allow: [`127.0.0.1:${silent.address.port}`] } } },
  });
  await using browser = await launchBrowser();

  await t.test(
    'at 08:55, two clicks lead from any page to the failing hop of a target that refuses',
    async () => {
      await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('billing') });
      await closeOf(client);
      await using opened = await openPage(browser, pair, { path: '/audit' });
      const { page } = opened;
      await page.getByRole('link', { name: /Fleet \d+ need attention/ }).click();
      const attention = page.getByRole('region', { name: 'Attention' });
      await attention.getByText('Opens of a connection keep failing').waitFor();
      await attention.getByRole('link', { name: 'Which hop of billing fails' }).click();
      await page.getByRole('heading', { name: /Fails The target refused the connection/ }).waitFor();
      const hops = await page.locator('.hop').allTextContents();
      assert.deepEqual(
        hops.map((hop) => /passes|fails here|not reached/.exec(hop)?.[0]),
        ['passes', 'passes', 'passes', 'fails here'],
      );
      await page.getByText('No client has reached the target since the gateway started.').waitFor();
      await page.getByRole('button', { name: 'Check now' }).click();
      await page.getByText(/Observed (now|\d+ s ago) through/).waitFor();
    },
  );

  await t.test('a lost agent is seen without a click, and so is its return', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    const row = page.getByRole('row', { name: /a2/ });
    await row.getByText('Connected').waitFor();
    await pair.stopAgent('a2');
    await row.getByText('Disconnected').waitFor();
    await page.getByRole('region', { name: 'Attention' }).getByRole('link', { name: 'a2' }).waitFor();
    await pair.startAgent('a2');
    await pair.connected('a2');
    await row.getByText('Connected').waitFor();
  });

  await t.test('an agent is drained and resumed with the keyboard alone', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    await page.getByRole('row', { name: /a1/ }).waitFor();
    await tabTo(page, 'a1');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /^a1/ }).waitFor();
    // The page starts at its heading.
    await tabTo(page, 'Drain');
    await page.keyboard.press('Enter');
    await page.getByText('a1 is drained').waitFor();
    await eventually(
      'a1 to be drained',
      async () => (await pair.api('GET /agents/a1'))['drainedAt'] !== undefined,
    );
    await tabTo(page, 'Resume');
    await page.keyboard.press('Enter');
    await page.getByText('a1 gets new connections again.').first().waitFor();
    assert.equal((await pair.api('GET /agents/a1'))['drainedAt'], undefined);
  });

  await t.test('a probe shows each stage as it finishes, while the target is silent', async () => {
    await using opened = await openPage(browser, pair, { path: '/agents/a1' });
    const { page } = opened;
    await page.getByLabel('Host').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(silent.address.port));
    await page.getByRole('button', { name: 'Probe' }).click();
    const stages = page.getByRole('status').filter({ hasText: 'TCP connection' });
    await stages.getByText('Running').waitFor();
    assert.match((await stages.textContent()) ?? '', /The next stage runs/);
    await silent[Symbol.asyncDispose]();
    await page.getByText(/Stopped at (protocol|silent)/).waitFor();
  });

  await t.test('several agents are drained at once, after what it does to each was seen', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    await page.getByRole('checkbox', { name: 'Select a1' }).check();
    await page.getByRole('checkbox', { name: 'Select a2' }).check();
    await page.getByText('2 agents selected').waitFor();
    await page
      .getByRole('region', { name: 'Selected agents' })
      .getByRole('button', { name: 'Drain…' })
      .click();
    const dialog = page.getByRole('dialog', { name: 'Drain 2 agents?' });
    await dialog.getByText('2 will be done').waitFor();
    await dialog.getByText('No agent would be ready in dc1').waitFor();
    assert.equal((await pair.api('GET /agents/a1'))['drainedAt'], undefined);
    // One of them needs nothing any more: the dialog says so before and after.
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await pair.api('POST /agents/a1/drain');
    await page
      .getByRole('region', { name: 'Selected agents' })
      .getByRole('button', { name: 'Drain…' })
      .click();
    await dialog.getByText('1 will be done, 1 unchanged').waitFor();
    await dialog.getByRole('button', { name: 'Drain 1 agent' }).click();
    await page.getByRole('dialog').getByText('1 done, 1 unchanged').waitFor();
    await page.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('row', { name: /a2/ }).getByText('Draining').waitFor();
    await page.getByText(/cannot serve clients/).waitFor();
    for (const name of ['a1', 'a2']) await pair.api(`POST /agents/${name}/resume`);
    await page.getByRole('row', { name: /a2/ }).getByText('Connected').waitFor();
  });

  await t.test('a connection string for a driver is copied from the page of the connection', async () => {
    await using opened = await openPage(browser, pair, { path: '/connections/orders?tab=strings' });
    const { page } = opened;
    await page
      .getByRole('searchbox', { name: 'Host by which clients reach the gateway' })
      .fill('db.example.com');
    await page
      .getByText(`db.example.com:${pair.port('orders')}`)
      .first()
      .waitFor();
    assert.match(page.url(), /host=db\.example\.com/);
  });

  await t.test(
    'an alert is silenced for an hour, with a reason, and fires again when that is ended',
    async () => {
      await using opened = await openPage(browser, pair, { path: '/alerts' });
      const { page } = opened;
      await page.getByRole('button', { name: /^Silence… Opens of a connection keep failing/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Silence alerts' });
      await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
      await dialog.getByText('Say why: others see it.').waitFor();
      await dialog.getByLabel('Why').fill('moving the database');
      await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
      await page.getByText('moving the database').waitFor();
      await page.getByText('Silenced', { exact: true }).first().waitFor();
      await page.getByRole('button', { name: /^End… the silence/ }).click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^End the silence/ })
        .click();
      await page.getByText('Nothing is silenced.').waitFor();
    },
  );

  await t.test('the fleet is saved as CSV', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const download = await saving;
    assert.equal(download.suggestedFilename(), 'penstock-agents.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(',')[0]),
      ['a1', 'a2'],
    );
  });

  await t.test('a pin does what its preview said', async () => {
    await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', { version: 7 }) });
    await using opened = await openPage(browser, pair, { path: '/config/dc1' });
    const { page } = opened;
    await page.getByRole('button', { name: 'Pin… version 7' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('2 → 0 ready agents').waitFor();
    await dialog.getByRole('button', { name: 'Pin version 7 and quarantine 2 agents' }).click();
    await page.getByText('Pool dc1 is pinned to version 7.').waitFor();
    const { agents, pinned, inSync } = (await pair.api('GET /pools/dc1')) as {
      agents: Record<string, number>;
      pinned: number;
      inSync: number;
    };
    assert.deepEqual([agents['quarantined'], pinned, inSync], [2, 2, 0]);
    // Both by themselves: what the preview of several says is what comes of it, too.
    await visit(page, '/fleet');
    await page
      .locator('.pool-card-figures > div')
      .filter({ hasText: /^in sync\s*0\/2$/ })
      .waitFor();
    for (const name of ['a1', 'a2']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    await page.getByRole('button', { name: 'Pin…' }).click();
    await dialog.getByLabel('Published version of dc1').selectOption({ label: 'version 7' });
    await dialog.getByText('2 will be done').waitFor();
    await dialog.getByRole('button', { name: 'Pin 2 agents' }).click();
    await dialog.getByText('2 done').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    const { items: pins } = (await pair.api('GET /pins')) as { items: { scope: string }[] };
    assert.equal(pins.filter(({ scope }) => scope === 'agent').length, 2);
    for (const name of ['a1', 'a2']) await pair.api(`DELETE /pins/agents/${name}`);
    await visit(page, '/config/dc1');
    await page.getByRole('button', { name: 'Remove the pin' }).click();
    await page.getByRole('dialog').getByText('0 → 2 ready agents').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the pin' }).click();
    await page.getByText('Pool dc1 is no longer pinned.').waitFor();
  });

  await t.test(
    'a new agent arrives on the page that waits for it; one with a taken name is refused there',
    async () => {
      await using added = new AsyncDisposableStack();
      // After the page, which asks the agent what it reaches.
      added.defer(() => pair.stopAgent('a9'));
      await using opened = await openPage(browser, pair, { path: '/add-agent' });
      const { page } = opened;
      await page.getByLabel('Agents', { exact: true }).fill('2');
      await page.getByRole('button', { name: 'Create token' }).click();
      await page.getByText('Waiting for an agent to use this token').waitFor();
      const command = await page.locator('.command').filter({ hasText: 'enrollment-token)' }).textContent();
      const token = /pst_enroll_[A-Za-z0-9_-]+/.exec(command ?? '')?.[0] ?? '';
      pair.environment['NEW_TOKEN'] = token;
      const clone = await startDaemon({
        config: pair.agentConfig('a1', withToken(pair.directory, 'clone')),
        environment: {},
        log: () => {},
      });
      added.defer(() => clone.stop());
      await page.getByText(/a1 was refused .*NAME_TAKEN/).waitFor();
      await pair.startAgent('a9', withToken(pair.directory, 'a9'));
      await page.getByText('Enrolled as a9').waitFor();
      await page.getByText('Its sessions are open').waitFor();
    },
  );

  await t.test('a session that ends in the middle of a form keeps the page and what was typed', async () => {
    await using opened = await openPage(browser, pair, { path: '/add-agent' });
    const { page } = opened;
    opened.expectProblem('401');
    await page.getByLabel('Agents', { exact: true }).fill('42');
    await page.getByLabel('Names (optional)').fill('dc1-*');
    await endSessions(pair);
    const overlay = page.getByRole('dialog', { name: 'Your session has ended' });
    await overlay.waitFor();
    await overlay.getByLabel('Admin token').fill('pst_admin_wrong');
    await overlay.getByRole('button', { name: 'Sign in' }).click();
    await overlay.getByRole('alert').waitFor();
    await overlay.getByLabel('Admin token').fill(pair.adminToken);
    await overlay.getByRole('button', { name: 'Sign in' }).click();
    await overlay.waitFor({ state: 'hidden' });
    assert.equal(await page.getByLabel('Agents', { exact: true }).inputValue(), '42');
    assert.equal(await page.getByLabel('Names (optional)').inputValue(), 'dc1-*');
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByText('Waiting for an agent to use this token').waitFor();
  });

  await t.test('a link signs in once and leaves no code behind; half a session is none', async () => {
    const link = await signInPath(pair);
    await using opened = await openPage(browser, pair, { signIn: false });
    const { page, context } = opened;
    opened.expectProblem('401');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(originOf(pair) + link);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    // The other half, which scripts can read, is not enough without the cookie, and the cookie is not enough without it.
    const cookies = await context.cookies();
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite })),
      [{ httpOnly: true, sameSite: 'Strict' }],
    );
    await context.clearCookies();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.addCookies(cookies);
    await page.evaluate('localStorage.clear()');
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto('about:blank');
    await page.goto(originOf(pair) + link);
    await page.getByText('The link did not sign you in.').waitFor();
  });

  await t.test('updates that are lost are said to be lost, and return by themselves', async () => {
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.admin.port });
    const origin = `http://127.0.0.1:${relay.address.port}`;
    await using opened = await openPage(browser, pair, { origin });
    const { page } = opened;
    opened.expectProblem('ERR_');
    const live = page.getByRole('banner').getByRole('status');
    await live.getByText('Live', { exact: true }).waitFor();
    await relay.refuse();
    relay.cut();
    await page.getByText(/Live updates lost since \d\d:\d\d:\d\d/).waitFor();
    // What was loaded stays.
    await page.getByRole('row', { name: /a1/ }).getByText('Connected').waitFor();
    await relay.restore();
    await live.getByText('Live', { exact: true }).waitFor();
  });

  await t.test('a rollout changes the agents in the order that its preview said', async () => {
    await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', { version: 8 }) });
    await using opened = await openPage(browser, pair, { path: '/config/dc1' });
    const { page } = opened;
    await page.getByRole('button', { name: 'Roll out… version 8' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll out version 8 to dc1?' });
    await dialog.getByRole('listitem').first().waitFor();
    const previewed = (await dialog.getByRole('listitem').allTextContents()).map((text) =>
      text.replace(/^(Canaries|Group \d+) /, '').split(', '),
    );
    assert.ok(previewed.length > 1 && previewed.flat().includes('a1'));
    await dialog.getByRole('button', { name: 'Roll out' }).click();
    await page.getByRole('heading', { level: 1, name: 'Configuration 8 to dc1' }).waitFor();
    const path = new URL(page.url()).pathname.replace('/console', '');
    const detail = await pair.api(`GET ${path}`);
    const agents = detail['agents'] as readonly { name: string; group: number; state: string }[];
    const planned = agents.filter(({ state }) => state !== 'skipped');
    assert.deepEqual(
      previewed.map((_, index) => planned.filter(({ group }) => group === index).map(({ name }) => name)),
      previewed,
    );
    await pair.api(`POST ${path}/cancel`, { rollBack: true });
  });

  await t.test("a client's connection is ended", async () => {
    await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('orders') });
    await client.read(5);
    await using opened = await openPage(browser, pair, { path: '/connections/orders?tab=clients' });
    const { page } = opened;
    await page.getByRole('button', { name: 'End… the connection of 127.0.0.1' }).click();
    const closed = closeOf(client);
    await page.getByRole('dialog').getByRole('button', { name: 'End the connection of 127.0.0.1' }).click();
    await closed;
    await page.getByText('No client is connected.').waitFor();
  });

  await t.test('a viewer sees every action, and which role it needs', async () => {
    const { token } = await pair.api('POST /admin-tokens', { name: 'watcher', role: 'viewer' });
    await using opened = await openPage(browser, pair, { token: String(token), path: '/agents/a1' });
    const { page } = opened;
    const drain = page.getByRole('button', { name: 'Drain' });
    await drain.waitFor();
    assert.equal(await drain.getAttribute('aria-disabled'), 'true');
    assert.equal(
      await drain.getAttribute('title'),
      'This needs the role operator. You are signed in as viewer.',
    );
    await drain.click({ force: true });
    const revoke = page.getByRole('button', { name: /^Revoke a1/ });
    assert.match((await revoke.getAttribute('title')) ?? '', /needs the role admin/);
    assert.equal((await pair.api('GET /agents/a1'))['drainedAt'], undefined);
  });
});

/** Resolves when the connection has ended; a reset is an end, and not a failure of the test. */
function closeOf({ socket }: TestClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.resume();
  return promise;
}

/** The changes of an agent that enrolls with a token, in an identity directory of its own. */
const withToken = (directory: string, name: string) => ({
  identity: { directory: `${directory}/identity-${name}`, enrollmentToken: '${env:NEW_TOKEN}' },
});

/** Moves the focus with the Tab key until it is on an element with this text. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement?.textContent?.trim()')) === text) return;
  }
  assert.fail(`Tab does not reach ${text}.`);
}

/** Ends every console session, as an admin does who does not know whose they are. */
async function endSessions(pair: {
  api(request: string): Promise<Readonly<Record<string, unknown>>>;
}): Promise<void> {
  const { items } = (await pair.api('GET /console-sessions')) as { items: { id: string }[] };
  for (const { id } of items) await pair.api(`DELETE /console-sessions/${id}`);
}
