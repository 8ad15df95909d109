// npm run screenshots: pictures of every page of the console, in both themes and three widths, in dist/screenshots.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser, openPage } from './browser.ts';
import { consolePages } from './console-pages.ts';
import { leaveState, pageStates, showState } from './page-states.ts';
import { startShowcase } from './showcase.ts';

const OUT = join(import.meta.dirname, '../../dist/screenshots');
const sizes = [
  { width: 360, height: 740 },
  { width: 1280, height: 860 },
  { width: 2560, height: 1440 },
] as const;

/** `npm run screenshots -- fleet agent` takes those of two pages. */
const only = process.argv.length > 2 ? process.argv.slice(2) : undefined;

await mkdir(OUT, { recursive: true });
await using showcase = await startShowcase();
const { pair } = showcase;
await using browser = await launchBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const { width, height } of sizes) {
    await using opened = await openPage(browser, pair, { width, height, colorScheme });
    const { page } = opened;
    const { origin } = new URL(page.url());
    for (const { name, path, ready } of consolePages.filter(
      ({ name }) => only === undefined || only.includes(name),
    )) {
      await page.goto(`${origin}/console${path}`);
      await page.getByText(ready).first().waitFor();
      await page.screenshot({
        path: join(OUT, `${name}-${width}-${colorScheme}.png`),
        fullPage: width < 2000,
      });
    }
    process.stdout.write(`${width} pixels, ${colorScheme}: ${consolePages.length} pages\n`);
    for (const state of pageStates.filter(({ name }) => only === undefined || only.includes(name))) {
      // A context of its own: all that it asks for is answered by the state.
      await using changed = await openPage(browser, pair, { width, height, colorScheme });
      changed.expectProblem('503');
      await showState(changed.page, origin, state);
      await changed.page.screenshot({
        path: join(OUT, `${state.name}-${width}-${colorScheme}.png`),
        fullPage: width < 2000,
      });
      await leaveState(changed.page);
    }
  }
}
process.stdout.write(`The pictures are in ${OUT}\n`);
