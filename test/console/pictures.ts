// npm run pictures: the pictures of the console in README.md, drawn as SVG from the pages of a running quickstart.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { command } from '../../examples/quickstart/program.ts';
import { eventually } from '../rig/eventually.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { launchBrowser } from './browser.ts';

const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'docs/pictures');
const MAX_BYTES = 60_000;
const WIDTH = 1080;

const draw = (await readFile(join(import.meta.dirname, 'page-to-svg.js'), 'utf8')).trim().replace(/;$/, '');
await mkdir(OUT, { recursive: true });
await using directory = await temporaryDirectory();
await using quickstart = await startQuickstart();
await using browser = await launchBrowser();
await using context = await browser.newContext({ reducedMotion: 'reduce' });
const page = await context.newPage();
await page.goto(quickstart.link);
await page.getByRole('region', { name: 'Attention' }).getByText('Nothing is wrong').waitFor();

// What a version changes, before it is pinned.
const file = await readFile(join(ROOT, 'examples/quickstart/agent.yaml'), 'utf8');
await publish(file);
await publish(`${file.replace(/^version: 1 /m, 'version: 2 ')}\ndrain:\n  timeout: 90s\n`);
await show('/config/demo?version=2&against=1');
await page.getByText('timeout: "90s"').first().waitFor();
await drawAs('versions', 'Two versions of agent.yaml, and what the second one changes', 800);

// One agent is gone, and clients are served through the other one.
await kill('penstock-agent.js');
await show('/fleet');
await page.getByRole('region', { name: 'Attention' }).getByText('1 condition').waitFor();
await query(true);
await drawAs('fleet', 'The fleet after an agent was killed', 730);

// The database is gone.
await kill('database.ts');
await query(false);
await show('/connections/orders');
await page.getByText('fails here').waitFor();
await drawAs('connection', 'A connection whose target refuses clients', 470);

/** Draws what is in view, in both themes. */
async function drawAs(name: string, title: string, height: number): Promise<void> {
  await page.setViewportSize({ width: WIDTH, height });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const svg = (await page.evaluate(
      `(${draw})(${JSON.stringify({ title, width: WIDTH, height })})`,
    )) as string;
    if (svg.length > MAX_BYTES)
      throw new Error(`${name} has ${svg.length} bytes; at most ${MAX_BYTES} are allowed.`);
    await writeFile(join(OUT, `${name}-${colorScheme}.svg`), svg);
    process.stdout.write(`${name}-${colorScheme}.svg: ${svg.length} bytes\n`);
  }
}

async function show(path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(`/console${path}`)})`);
}

/** Publishes a version of agent.yaml, as a CI job does. */
async function publish(content: string): Promise<void> {
  const path = join(directory.path, 'agent.yaml');
  await writeFile(path, content);
  await command('gateway', ['config', 'publish', '--pool', 'demo', path], {
    PENSTOCK_URL: quickstart.url,
    PENSTOCK_TOKEN: quickstart.token,
  });
}

/** Runs a query through the gateway. */
async function query(isExpectedToWork: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: quickstart.database });
  client.on('error', () => {});
  const worked = await client.connect().then(
    async () => {
      await client.end();
      return true;
    },
    () => false,
  );
  if (worked !== isExpectedToWork)
    throw new Error(`The query was not expected to ${worked ? 'work' : 'fail'}.`);
}

/** Kills one program of the quickstart. */
async function kill(program: string): Promise<void> {
  const pid = (await programs()).find(({ command }) => command.includes(program))?.pid;
  if (pid === undefined) throw new Error(`The quickstart does not run ${program}.`);
  process.kill(pid, 'SIGKILL');
  await eventually(
    `${program} to have ended`,
    async () => !(await programs()).some((each) => each.pid === pid),
  );
}

/** The children of the quickstart with their command lines, as Linux lists them. */
async function programs(): Promise<{ pid: number; command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command };
    }),
  );
  return found.filter(({ parent, command }) => parent === quickstart.pid && command !== '');
}

/** Starts the quickstart, and reads from its output what it offers to try. */
async function startQuickstart() {
  const child = spawn(process.execPath, [join(ROOT, 'examples/quickstart/start.ts')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  for await (const line of createInterface({ input: child.stderr })) {
    output += `${line}\n`;
    if (line.includes('Ctrl-C')) break;
  }
  child.stderr.resume();
  const find = (pattern: RegExp) => {
    const [, found] = pattern.exec(output) ?? [];
    if (found === undefined) throw new Error(`The output of the quickstart lacks ${pattern}:\n${output}`);
    return found;
  };
  return {
    pid: child.pid,
    link: find(/(http:\S+\/console\/#code=\S+)/),
    url: find(/PENSTOCK_URL=(\S+)/),
    token: find(/PENSTOCK_TOKEN=(\S+)/),
    database: find(/jdbc:(postgresql:\S+?)\?/).replace('//', '//postgres@'),
    [Symbol.asyncDispose]: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
