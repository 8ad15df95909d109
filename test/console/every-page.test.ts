import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { isLongForm } from '../rig/long-form.ts';
import { wcag, wcagViolations } from './axe.ts';
import { launchBrowser, openPage, originOf, skipWithoutBrowser, visit } from './browser.ts';
import { commonTasks, documentedClicks, pressEnterOn } from './common-tasks.ts';
import { consolePages } from './console-pages.ts';
import { leaveState, pageStates, showState } from './page-states.ts';
import { startShowcase } from './showcase.ts';
import { widerThanPage } from './wider-than-page.ts';

const NARROW = 360;

const ranks = { viewer: 0, operator: 1, admin: 2 } as const;
type Role = keyof typeof ranks;

/** Every operation that a page offers, by the name of its button, with the role that the API requires. */
const operations: readonly (readonly [path: string, button: string | RegExp, needs: Role])[] = [
  ['/agents/dc1-h1', 'Drain', 'operator'],
  ['/agents/dc1-h1', 'Restart…', 'operator'],
  ['/agents/dc1-h1', 'Check now: billing', 'operator'],
  ['/agents/dc1-h1', 'Probe', 'operator'],
  ['/agents/dc1-h1', /^Revoke dc1-h1/, 'admin'],
  ['/agents/dc1-h1?tab=configuration', 'Ask the agent for its configuration', 'operator'],
  ['/agents/dc1-h1?tab=logs', 'Ask the agent', 'operator'],
  ['/connections/orders?tab=clients', /^End… the connection/, 'operator'],
  ['/config/dc1', 'Pin… version 14', 'operator'],
  ['/config/dc1', 'Roll out… version 14', 'operator'],
  ['/config/dc1', 'Remove the pin…', 'operator'],
  ['/add-agent', 'Create token', 'admin'],
  ['/access', /^Revoke…/, 'admin'],
  ['/access/grants', 'Create grant…', 'admin'],
  ['/access/grants', /^Revoke…/, 'admin'],
  ['/alerts', 'Send a test to ops', 'operator'],
  ['/alerts', 'Silence alerts…', 'operator'],
  ['/alerts', /^Silence… /, 'operator'],
  ['/approvals', /^Approve drain/, 'admin'],
  ['/approvals', /^Deny drain/, 'admin'],
];

/** Every dialog: the page and the button that opens it, and its title. */
const dialogs: readonly (readonly [path: string, button: string | RegExp, title: string])[] = [
  ['/agents/dc1-h1', 'Revoke dc1-h1…', 'Revoke dc1-h1?'],
  ['/agents/dc1-h1', 'Restart…', 'Restart dc1-h1?'],
  ['/config/dc1', 'Pin… version 14', 'Pin dc1 to version 14?'],
  ['/config/dc1', 'Roll out… version 14', 'Roll out version 14 to dc1?'],
  ['/access/grants', 'Create grant…', 'Create a grant'],
  ['/access/admin-tokens', 'Create admin token…', 'Create an admin token'],
  ['/alerts', /^Who was notified/, 'Alert'],
  ['/alerts', 'Silence alerts…', 'Silence alerts'],
];

const IS_IN_DIALOG = `document.activeElement.closest('[role=dialog]') !== null`;

/** Runs in the page: whatever gets the focus outside of the dialog, even for a moment. */
const recordEscapes = `
  if (window.escapes === undefined) document.addEventListener('focusin', ({ target }) => {
    if (target.closest('[role=dialog], [data-base-ui-focus-guard]') === null) window.escapes.push(target.outerHTML);
  });
  window.escapes = [];
`;

test('every page, dialog and operation', { skip: skipWithoutBrowser() }, async (t) => {
  await using _leaks = expectNoLeaks();
  await using showcase = await startShowcase();
  const { pair } = showcase;
  await using browser = await launchBrowser();

  await t.test('every page is accessible in both themes and fits a narrow screen', async () => {
    await using opened = await openPage(browser, pair);
    const { page } = opened;
    assert.ok(consolePages.length >= 20);
    const problems: string[] = [];
    for (const [index, { path, ready }] of consolePages.entries()) {
      await visit(page, path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText(ready).first().waitFor();
      await page.emulateMedia({ colorScheme: 'light' });
      problems.push(...(await wcagViolations(page, wcag)).map((problem) => `${path}, light: ${problem}`));
      // The colors of both themes are the same few: a third of the pages has all of them.
      if (isLongForm || index % 3 === 0) {
        await page.emulateMedia({ colorScheme: 'dark' });
        problems.push(
          ...(await wcagViolations(page, ['color-contrast'])).map((problem) => `${path}, dark: ${problem}`),
        );
      }
      await page.setViewportSize({ width: NARROW, height: 740 });
      await eventually(`${path} to fit ${NARROW} pixels`, () =>
        page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
      );
      await page.setViewportSize({ width: 1280, height: 900 });
    }
    assert.deepEqual(problems, []);
  });

  await t.test(
    'what was chosen on a page is neither for its link without it nor for the next page',
    async () => {
      await using opened = await openPage(browser, pair);
      const { page } = opened;
      const hasQuery = (query: string) =>
        eventually(`the query to be ${query}`, () => new URL(page.url()).search === query);
      const search = page.getByRole('searchbox', { name: 'Filter by name or address' });
      const hasTyped = (text: string) =>
        eventually(`the filter to have “${text}”`, async () => (await search.inputValue()) === text);
      const other = page.getByRole('row', { name: /dc1-h2/ });
      await other.waitFor();
      await search.fill('h1');
      await hasQuery('?q=h1');
      await other.waitFor({ state: 'detached' });
      await page
        .getByRole('navigation', { name: 'Main' })
        .getByRole('link', { name: /^Fleet/ })
        .click();
      await other.waitFor();
      await hasQuery('');
      await page.goBack();
      await other.waitFor({ state: 'detached' });
      await hasTyped('h1');
      await page.goForward();
      await other.waitFor();
      assert.equal(await search.inputValue(), '');
      await hasQuery('');

      await visit(page, '/pools/dc1');
      await page.getByRole('button', { name: 'Last day' }).click();
      await hasQuery('?range=day');
      await visit(page, '/pools/dc2');
      await page.getByRole('heading', { level: 1, name: 'Pool dc2' }).waitFor();
      await page.getByRole('button', { name: 'Last hour', pressed: true }).waitFor();
      await hasQuery('');

      // Both are loaded, so that nothing is between the one and the other.
      const host = page.getByRole('textbox', { name: 'Host' });
      for (const name of ['dc2-h1', 'dc1-h1']) {
        await visit(page, `/agents/${name}`);
        await page.getByRole('heading', { level: 1, name }).waitFor();
        await host.waitFor();
      }
      await host.fill('db.internal');
      await visit(page, '/agents/dc2-h1');
      await page.getByRole('heading', { level: 1, name: 'dc2-h1' }).waitFor();
      assert.equal(await host.inputValue(), '');
    },
  );

  await t.test('names of 63 characters and lists of 400 fit a narrow screen', async () => {
    const states = pageStates.filter(({ name }) => /-long-names$|-400$/.test(name));
    assert.equal(states.length, 11);
    const problems: string[] = [];
    await using opened = await openPage(browser, pair, { width: NARROW, height: 740 });
    const { page } = opened;
    for (const state of states) {
      await showState(page, originOf(pair), state);
      const wide = (await page.evaluate(widerThanPage)) as string[];
      problems.push(...wide.map((element) => `${state.name}: ${element}`));
      await leaveState(page);
    }
    assert.deepEqual(problems, []);
  });

  await t.test(
    'dialogs open with the keyboard, are accessible, hold the focus and give it back',
    async () => {
      await using opened = await openPage(browser, pair);
      const { page } = opened;
      for (const [path, name, title] of dialogs) {
        if (!page.url().endsWith(path)) await visit(page, path);
        const button = page.getByRole('button', { name, exact: true }).first();
        await button.focus();
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog', { name: title });
        await dialog.waitFor();
        assert.deepEqual(await wcagViolations(page, wcag), [], title);
        await page.evaluate(recordEscapes);
        for (let presses = 0; presses < 6; presses += 1) {
          await page.keyboard.press('Tab');
          // Before and after a dialog are guards that move the focus back into it, after the key has been handled.
          await eventually(`the focus to be in ${title}`, () => page.evaluate(IS_IN_DIALOG));
        }
        assert.deepEqual(await page.evaluate('window.escapes'), [], title);
        if (title.startsWith('Revoke')) {
          // Nothing but the name revokes.
          const confirm = dialog.getByRole('button', { name: 'Revoke permanently' });
          assert.equal(await confirm.getAttribute('aria-disabled'), 'true');
        }
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'hidden' });
        await eventually(`the focus to be on ${name} again`, () =>
          button.evaluate((element) => element === element.ownerDocument.activeElement),
        );
      }
    },
  );

  await t.test('each operation says to those who may not do it which role it needs', async () => {
    // An admin may do everything, which the tasks show.
    const roles = (Object.keys(ranks) as Role[]).filter((role) => isLongForm || role !== 'admin');
    for (const role of roles) {
      const { token } = await pair.api('POST /admin-tokens', { name: `a-${role}`, role });
      await using opened = await openPage(browser, pair, { token: String(token) });
      const { page } = opened;
      let at = '';
      for (const [path, button, needs] of operations) {
        if (path !== at) await visit(page, path);
        at = path;
        const isAllowed = ranks[role] >= ranks[needs];
        const expected = `This needs the role ${needs}. You are signed in as ${role}.`;
        assert.equal(
          await refusalOf(page, button),
          isAllowed ? undefined : expected,
          `${role}, ${path}, ${button}`,
        );
      }
    }
    assert.ok(operations.length >= 18);
  });

  await t.test('what an admin has to approve is said before it is requested', async () => {
    const { token } = await pair.api('POST /admin-tokens', { name: 'asking', role: 'operator' });
    await using opened = await openPage(browser, pair, { token: String(token), path: '/agents/dc2-h1' });
    const { page } = opened;
    await page.getByRole('button', { name: 'Drain (needs approval)', exact: true }).waitFor();
    // The owner of the agent forbids probes, an admin or not.
    const probe = page.getByRole('button', { name: 'Probe', exact: true });
    assert.match((await probe.getAttribute('title')) ?? '', /owners do not allow this: .* in agent\.yaml/);
    await visit(page, '/agents/dc1-h1');
    await page.getByRole('button', { name: 'Drain', exact: true }).waitFor();
  });

  await t.test('common tasks are done with keys alone, as many as docs/console.md says', async () => {
    const documented = await documentedClicks();
    assert.equal(documented.length, 6);
    const counted: [string, number][] = [];
    for (const [task, perform] of commonTasks) {
      await using opened = await openPage(browser, pair);
      const { page } = opened;
      let activated = 0;
      await perform(page, async (locator) => {
        activated += 1;
        await pressEnterOn(page, locator);
      });
      counted.push([task, activated]);
    }
    assert.deepEqual(counted, documented);
  });
});

/** What a button says about a role that is missing; undefined if nothing. */
async function refusalOf(page: Page, name: string | RegExp): Promise<string | undefined> {
  const button = page.getByRole('button', { name, exact: typeof name === 'string' }).first();
  await button.waitFor();
  const title = (await button.getAttribute('title')) ?? '';
  if (!/needs the role/.test(title)) return undefined;
  // What it says is also said to those who hear the page, and a click does nothing.
  assert.equal(await button.getAttribute('aria-description'), title);
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  await button.click({ force: true });
  assert.equal(await page.getByRole('dialog').count(), 0);
  return title;
}
