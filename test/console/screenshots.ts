// npm run screenshots: pictures of every page of the console, in both themes and three widths, in dist/screenshots.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startPair } from '../rig/pair.ts';
import { startGreeter } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { launchBrowser, openPage } from './browser.ts';
import { consolePages } from './console-pages.ts';

const OUT = join(import.meta.dirname, '../../dist/screenshots');
const sizes = [
  { width: 360, height: 740 },
  { width: 1280, height: 860 },
  { width: 2560, height: 1440 },
] as const;

await mkdir(OUT, { recursive: true });
await using orders = await startGreeter('hello');
await using pair = await startPair({
  targets: { orders: orders.address.port, billing: await unusedPort() },
  agents: { a1: 'dc1', a2: 'dc1', b1: 'dc2' },
  gateway: {
    pools: [
      { name: 'dc1', pinning: 'warn' },
      { name: 'dc2', minReady: 2 },
    ],
  },
});
await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', {}) });
await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', { version: 2 }) });
await pair.api('PUT /pins/pools/dc1', { version: 2 });
await pair.api('POST /grants', { connections: ['orders'], name: 'etl' });
await pair.api('POST /agents/a2/drain');
await using browser = await launchBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const { width, height } of sizes) {
    await using opened = await openPage(browser, pair, { width, height, colorScheme });
    const { page } = opened;
    const { origin } = new URL(page.url());
    for (const { name, path, ready } of consolePages) {
      await page.goto(`${origin}/console${path}`);
      await page.getByText(ready).first().waitFor();
      await page.screenshot({
        path: join(OUT, `${name}-${width}-${colorScheme}.png`),
        fullPage: width < 2000,
      });
    }
    process.stdout.write(`${width} pixels, ${colorScheme}: ${consolePages.length} pages\n`);
  }
}
process.stdout.write(`The pictures are in ${OUT}\n`);
