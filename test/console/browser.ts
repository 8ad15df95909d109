import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { isInstalled, skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';

/** Names under which distributions install Chromium. */
const names = ['chromium', 'chromium-browser', 'google-chrome'] as const;

/** For the `skip` option of a test that needs a browser. */
export const skipWithoutBrowser = (): false | string =>
  skipWithout(names.find((name) => isInstalled(name)) ?? names[0]);

function executable(): string {
  for (const name of names) {
    for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
      try {
        accessSync(join(directory, name), constants.X_OK);
        return join(directory, name);
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('Chromium is not installed.');
}

/** A real Chromium without a window. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const browser = await chromium.launch({
    executablePath: executable(),
    // Chromium's own sandbox needs privileges that containers do not have. It opens only pages of this test.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

export type ConsolePage = AsyncDisposable & {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Problems that a test provokes on purpose: a message or URL that contains the text does not fail it. */
  expectProblem(text: string): void;
};

export type OpenOptions = {
  /** The path below /console, such as `/fleet`. */
  readonly path?: string;
  /** The admin token of the user; that of the pair by default. */
  readonly token?: string;
  /** Signs in with a one-time code unless false. */
  readonly signIn?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** The page has a clock that the test can move: `page.clock`. */
  readonly clock?: boolean;
  /** Another origin that leads to the same gateway. */
  readonly origin?: string;
};

export const originOf = (pair: Pair): string => `http://127.0.0.1:${pair.gateway.admin.port}`;

/**
 * Opens a page of the console. Disposing it fails if there was a console error, an exception, a violation of the content
 * security policy, a request to another origin, or a response with a status of 500 or more.
 */
export async function openPage(
  browser: Browser,
  pair: Pair,
  options: OpenOptions = {},
): Promise<ConsolePage> {
  const { path = '/fleet', width = 1280, height = 900, colorScheme = 'light', signIn = true } = options;
  const origin = options.origin ?? originOf(pair);
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  });
  if (options.clock === true) await context.clock.install();
  const page = await context.newPage();
  const problems: string[] = [];
  const expected: string[] = [];
  page.on('console', (message) => {
    // Other tests make and remove network interfaces, after which Chromium gives up requests in progress.
    if (message.text().includes('net::ERR_NETWORK_CHANGED')) return;
    // Chromium reports violations of the policy as errors too.
    if (message.type() === 'error' || message.type() === 'warning') {
      problems.push(`${message.type()}: ${message.text()} ${message.location().url}`);
    }
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) problems.push(`request to another origin: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 500) problems.push(`status ${response.status()}: ${response.url()}`);
  });
  if (signIn) {
    const link = await signInPath(pair, options.token);
    await page.goto(`${origin}${link.replace('/console/', `/console${path}`)}`);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
  } else {
    await page.goto(`${origin}/console${path}`);
  }
  return {
    page,
    context,
    expectProblem: (text) => expected.push(text),
    async [Symbol.asyncDispose]() {
      await context.close();
      const unexpected = problems.filter((problem) => !expected.some((text) => problem.includes(text)));
      assert.deepEqual(unexpected, []);
    },
  };
}

/** A link that signs in once, as `penstock-gateway console` prints it, without the origin. */
export async function signInPath(pair: Pair, token = pair.adminToken): Promise<string> {
  const response = await fetch(`${originOf(pair)}/api/v1/console-codes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  const { path } = (await response.json()) as { path: string };
  return path;
}

/** Goes to a path below /console as a link does: the page is not loaded again. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(`/console${path}`)})`);
}
