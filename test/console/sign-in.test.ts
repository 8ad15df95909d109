import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { oidcProvider } from '../rig/oidc-provider.ts';
import { startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { wcag, wcagViolations } from './axe.ts';
import { launchBrowser, openPage, originOf, signInPath, skipWithoutBrowser } from './browser.ts';

test('signing in with an identity provider, and signing out everywhere', {
  skip: skipWithoutBrowser(),
}, async (t) => {
  await using _leaks = expectNoLeaks();
  const port = await unusedPort();
  await using provider = await oidcProvider(`http://127.0.0.1:${port}/console/oidc/callback`);
  const { issuer, clientId, clientSecret } = provider;
  provider.accounts.set('alice', { name: 'Alice', groups: ['dba'] });
  provider.accounts.set('mallory', { name: 'Mallory', groups: ['guests'] });
  await using pair = await startPair({
    targets: { orders: await unusedPort() },
    agents: {},
    gateway: {
      listen: { admin: `127.0.0.1:${port}` },
      console: { url: `http://127.0.0.1:${port}` },
      signIn: {
        oidc: {
          issuer,
          clientId,
          clientSecret: '${env:OIDC_SECRET}',
          groupsClaim: 'groups',
          roles: [{ group: 'dba', role: 'operator' }],
        },
      },
    },
    environment: { OIDC_SECRET: clientSecret },
  });
  await using browser = await launchBrowser();

  /** Logs in on the pages of the provider, as a person does. */
  async function atProvider(login: string) {
    const opened = await openPage(browser, pair, { signIn: false });
    const { page } = opened;
    // Its pages are not ours.
    opened.expectProblem(issuer);
    opened.expectProblem('https://fonts.googleapis.com/');
    const link = page.getByRole('link', { name: 'Sign in with your organization’s account' });
    await link.waitFor();
    assert.deepEqual(await wcagViolations(page, wcag), []);
    await link.click();
    await page.getByRole('textbox', { name: /login/i }).fill(login);
    await page.locator('input[type=password]').fill('any');
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: /continue/i }).click();
    return opened;
  }

  await t.test('a user of the provider has the role of the groups', async () => {
    await using opened = await atProvider('alice');
    const account = opened.page.getByRole('button', { name: 'Alice operator' });
    await account.waitFor();
    assert.equal(new URL(opened.page.url()).hash, '');
  });

  await t.test('a user without a role is refused, and reads which groups were received', async () => {
    await using opened = await atProvider('mallory');
    opened.expectProblem('403');
    opened.expectProblem('/favicon.ico');
    await opened.page.getByText('Signing in was refused.').waitFor();
    await opened.page.getByText('guests').waitFor();
  });

  await t.test(
    'signing out everywhere ends the other browser too; the menu works with the keyboard',
    async () => {
      await using one = await openPage(browser, pair);
      await using other = await openPage(browser, pair, { path: '/audit' });
      one.expectProblem('401');
      other.expectProblem('401');
      await other.page.getByRole('heading', { name: 'Audit' }).waitFor();
      await one.page.getByRole('button', { name: 'first admin' }).focus();
      await one.page.keyboard.press('Enter');
      const item = one.page.getByRole('menuitem', { name: 'Sign out everywhere' });
      await item.waitFor();
      assert.deepEqual(await wcagViolations(one.page, wcag), []);
      await focused(one.page, 'in the menu', `document.activeElement.closest('[role=menu]') !== null`);
      await one.page.keyboard.press('End');
      await focused(
        one.page,
        'on the last item',
        `document.activeElement.textContent === 'Sign out everywhere'`,
      );
      await one.page.keyboard.press('Enter');
      await one.page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
      const { items } = (await pair.api('GET /console-sessions')) as { items: { actor: string }[] };
      assert.deepEqual(
        items.filter(({ actor }) => actor.startsWith('admin-token:')),
        [],
      );
      // Another link in another tab of the browser signs this one in again.
      const tab = await other.context.newPage();
      await tab.goto(originOf(pair) + (await signInPath(pair)));
      await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor({ state: 'hidden' });
      await other.page.getByRole('heading', { name: 'Audit' }).waitFor();
    },
  );
});

/** Menus move the focus after the key has been handled. */
const focused = (page: Page, where: string, condition: string) =>
  eventually(`the focus to be ${where}`, () => page.evaluate(condition));
