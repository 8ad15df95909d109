import type { Page, Route } from 'playwright-core';

/** States of pages that the showcase does not have: answers of a real gateway, changed on their way to the page. */
export type PageState = {
  readonly name: string;
  readonly path: string;
  readonly ready: string | RegExp;
  readonly answer: (route: Route) => Promise<void>;
};

const problem = {
  type: 'urn:penstock:problem:STORE_UNAVAILABLE',
  title: 'The store of the control plane is unavailable.',
  status: 503,
  code: 'STORE_UNAVAILABLE',
  detail: 'The disk of the store is full.',
};
/** 63 characters, as many as a name can have. */
const longest = (name: string) =>
  `${name}-in-the-warehouse-of-the-northern-subsidiary`.padEnd(63, '-0123456789');
const longNames = ['dc1-h1', 'dc1-h2', 'dc1-h3', 'dc2-h1', 'billing', 'orders', 'dc1', 'dc2'];

const changed =
  (change: (text: string) => string) =>
  async (route: Route): Promise<void> => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.text()) });
  };
const noItems = changed(() =>
  JSON.stringify({ items: [], total: 0, counts: {}, complete: true, at: new Date() }),
);
/** The gateway knows the short names, and the page the long ones. */
async function withLongNames(route: Route): Promise<void> {
  const url = longNames.reduce(
    (all, name) => all.replaceAll(longest(name), name),
    decodeURIComponent(route.request().url()),
  );
  const response = await route.fetch({ url });
  const text = await response.text();
  const body = longNames.reduce(
    (all, name) => all.replace(new RegExp(`(?<=["/:])${name}(?=["/])`, 'g'), longest(name)),
    text,
  );
  await route.fulfill({ response, body });
}
/** 400 connections of which one is the first of the real ones. */
const manyConnections = changed((text) => {
  const page = JSON.parse(text) as { items?: { name: string; ingress?: unknown }[] };
  const [first] = page.items ?? [];
  if (first?.ingress === undefined) return text;
  const items = Array.from({ length: 400 }, (_, index) => ({ ...first, name: `orders-${index + 1}` }));
  return JSON.stringify({ ...page, items });
});
/** As many rows as a page has, of 1,000. */
const thousandAgents = changed((text) => {
  const page = JSON.parse(text) as { items?: { name: string; state?: string }[]; counts?: unknown };
  const [row] = page.items?.filter(({ state }) => state === 'connected') ?? [];
  if (page.counts === undefined || row === undefined) return text;
  const more = Array.from({ length: 196 }, (_, index) => ({ ...row, name: `dc3-h${index}` }));
  const items = [...(page.items ?? []), ...more];
  return JSON.stringify({
    ...page,
    items,
    total: 1000,
    counts: { revoked: 1, quarantined: 1, connected: 998 },
  });
});

export const pageStates: readonly PageState[] = [
  { name: 'fleet-loading', path: '/fleet', ready: 'Loading…', answer: () => new Promise(() => {}) },
  {
    name: 'fleet-failing',
    path: '/fleet',
    ready: 'The disk of the store is full.',
    answer: (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: problem }),
  },
  { name: 'fleet-empty', path: '/fleet', ready: 'No agent has enrolled yet.', answer: noItems },
  { name: 'connections-empty', path: '/connections', ready: 'No connection is configured.', answer: noItems },
  { name: 'fleet-1000-agents', path: '/fleet', ready: '1,000 agents', answer: thousandAgents },
  { name: 'fleet-long-names', path: '/fleet', ready: longest('dc1-h2'), answer: withLongNames },
  { name: 'connections-long-names', path: '/connections', ready: longest('billing'), answer: withLongNames },
  { name: 'audit-long-names', path: '/audit', ready: 'pin.set', answer: withLongNames },
  {
    name: 'agent-long-names',
    path: `/agents/${longest('dc1-h1')}`,
    ready: 'Identity valid until',
    answer: withLongNames,
  },
  {
    name: 'connection-long-names',
    path: `/connections/${longest('billing')}`,
    ready: 'For a new client',
    answer: withLongNames,
  },
  {
    name: 'pool-long-names',
    path: `/pools/${longest('dc1')}`,
    ready: 'Ready agents',
    answer: withLongNames,
  },
  {
    name: 'versions-long-names',
    path: `/config/${longest('dc1')}`,
    ready: 'What version 14 changes',
    answer: withLongNames,
  },
  { name: 'grants-long-names', path: '/access/grants', ready: 'In use', answer: withLongNames },
  { name: 'alerts-long-names', path: '/alerts', ready: 'Send a test', answer: withLongNames },
  { name: 'approvals-long-names', path: '/approvals', ready: 'Approve', answer: withLongNames },
  { name: 'connections-400', path: '/connections', ready: 'orders-400', answer: manyConnections },
];

const lists = /\/api\/v1\/(?!events|console)/;

/** Opens a page in a state, and returns when it is in it. The lists of the page are answered by the state. */
export async function showState(
  page: Page,
  origin: string,
  { path, ready, answer }: PageState,
): Promise<void> {
  await page.route(lists, answer);
  await page.goto(`${origin}/console${path}`);
  await page.getByText(ready).first().waitFor();
  await page.waitForLoadState('domcontentloaded');
}

/** Leaves the page before its answers are those of the gateway again, which knows nothing of what the page asks for. */
export async function leaveState(page: Page): Promise<void> {
  await page.goto('about:blank');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}
