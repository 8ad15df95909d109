// npm run console:fleet: the console with 10,000 agents in a real browser, against a real control plane whose sessions are
// simulated. Exits with 1 when a figure exceeds its budget.
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LargeFleetHandlers } from '../../bench/load/large-fleet.ts';
import { asking } from '../../bench/process/ask.ts';
import { here, startNode } from '../../bench/process/child.ts';
import { launchBrowser } from './browser.ts';

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '10000' },
    events: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
  },
});
const [agents, events, seconds] = [Number(values.agents), Number(values.events), Number(values.seconds)];

/** Milliseconds. */
const budgets = { rows: 1_000, filter: 100, task: 100, turn: 20 } as const;
const ROW = '.agents-body .agent-row';

/** Runs in the page before its scripts: when the first row is there, and how long tasks are. */
const observing = `
  window.seen = { rows: 0, tasks: [] };
  new MutationObserver(() => {
    if (window.seen.rows === 0 && document.querySelector('${ROW}') !== null) window.seen.rows = performance.now();
  }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.seen.tasks.push(duration);
  }).observe({ type: 'longtask' });
`;
/** Milliseconds after which somebody who stopped typing begins again: longer than the interval of the field. */
const REST = 200;

/** Resolves with the milliseconds from a change of the filter to the paint of its first row. */
const filtering = (text: string, row: string) => `new Promise((resolve) => {
  const field = document.querySelector('input[type=search]');
  const began = performance.now();
  const look = () => document.querySelector('${ROW} a')?.textContent === '${row}'
    ? requestAnimationFrame(() => resolve(performance.now() - began))
    : requestAnimationFrame(look);
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '${text}');
  field.dispatchEvent(new Event('input', { bubbles: true }));
  look();
})`;

const child = await startNode(new URL('../../bench/load/large-fleet.ts', import.meta.url), here);
try {
  const ask = asking<LargeFleetHandlers>(child, 'the control plane', 300_000);
  const { url, token } = await ask('start', { count: agents, console: true });
  process.stdout.write(`${agents} agents are connected.\n`);
  await using browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  await page.addInitScript(observing);
  const answer = await fetch(`${url}/api/v1/console-codes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });
  const { path } = (await answer.json()) as { path: string };
  await page.goto(url + path.replace('/console/', '/console/fleet'));
  await page.locator(ROW).first().waitFor();
  // The first load also compiles the scripts; people open the page more than once.
  await page.reload();
  await page.locator(ROW).first().waitFor();
  const rows = (await page.evaluate('window.seen.rows')) as number;
  const filter: number[] = [];
  for (const index of [777, 4242, 9001].map((each) => each % agents)) {
    const name = `agent-${String(index).padStart(6, '0')}`;
    await pause(REST);
    filter.push((await page.evaluate(filtering(name, name))) as number);
    await page.evaluate(filtering('', 'agent-000000'));
  }
  await page.evaluate('window.seen.tasks = []');
  await ask('longestTurn', null);
  await ask('churn', { perSecond: events });
  await pause(seconds * 1000);
  const turn = await ask('longestTurn', null);
  await ask('churn', { perSecond: 0 });
  // The page has heard of it.
  await page.getByRole('button', { name: /Degraded/ }).waitFor();
  const tasks = (await page.evaluate('window.seen.tasks')) as number[];
  const found = {
    rows,
    filter: filter.sort((a, b) => a - b)[1] ?? 0,
    task: Math.max(0, ...tasks),
    turn,
  };
  const titles = {
    rows: 'first rows after loading the page',
    filter: 'rows of a filter, median of three',
    task: `longest task of the page under ${events} events per second`,
    turn: 'longest turn of the event loop of the gateway meanwhile',
  } as const;
  let isOver = false;
  for (const key of Object.keys(budgets) as (keyof typeof budgets)[]) {
    const isFine = found[key] <= budgets[key];
    isOver ||= !isFine;
    process.stdout.write(
      `${isFine ? '✔' : '✖'} ${titles[key]}: ${found[key].toFixed(0)} ms, at most ${budgets[key]} ms\n`,
    );
  }
  process.exitCode = isOver ? 1 : 0;
} finally {
  await child.stop();
}
