import assert from 'node:assert/strict';
import { eventually } from '../rig/eventually.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { TlsInspector } from '../rig/tls-inspector.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { pgError } from './driver.ts';
import { agentCommand, agentYaml, alerts, allAlerts, logOf, operatorCommand, type Said } from './tools.ts';

/** What is wrong on one host. */
type Installation = { readonly gateway?: object; readonly proxy?: string; readonly token?: string };

const OTHER_PIN = `sha256/${'A'.repeat(43)}=`;

/** What keeps a new agent from the gateway: one agent for each cause, in a pool of its own, both named as the cause. */
export async function observeOwner(): Promise<ReadonlyMap<string, Said>> {
  await using stack = new AsyncDisposableStack();
  const causes = [
    'wrong-pin',
    'tls-inspection',
    'proxy-password',
    'proxy-credentials-missing',
    'proxy-without-basic',
    'gateway-dns',
    'gateway-port',
    'admin-port',
    'token-used-up',
    'token-expired',
    'token-revoked',
    'token-of-another-pool',
  ] as const;
  await using pair = await startPair({
    targets: { db: 5432 },
    agents: {},
    environment: { NOBODY: `http://127.0.0.1:${await unusedPort()}/` },
    gateway: {
      ...allAlerts,
      pools: ['dc1', ...causes].map((name) => ({ name, minReady: 1, queue: { limit: 0 } })),
      connections: causes.map((name) => ({
        name,
        kind: 'postgresql',
        connector: name,
        pools: [name],
        ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.1/32'] }],
      })),
    },
  });
  const tunnel = { host: pair.gateway.tunnel.address, port: pair.gateway.tunnel.port };
  const inspector = stack.use(await TlsInspector.start({ to: tunnel, issuer: 'Acme Inspection CA' }));
  const strict = stack.use(
    await FakeHttpProxy.start({ credentials: { username: 'agent', password: 'good' } }),
  );
  const windows = stack.use(
    await FakeHttpProxy.start({
      credentials: { username: 'agent', password: 'good' },
      challenges: ['Negotiate', 'NTLM'],
    }),
  );
  windows.refuse(407);
  const through = (proxy: FakeHttpProxy, user = '') => ({
    proxy: `http://${user}${proxy.address.host}:${proxy.address.port}`,
  });
  const token = async (pool: string, more: object = {}) => {
    const created = await pair.api('POST /enrollment-tokens', { pool, uses: 1, ...more });
    return { token: String(created['token']), id: String(created['id']) };
  };
  const expiring = await token('token-expired', { ttlSeconds: 1 });
  const revoked = await token('token-revoked');
  await pair.api(`DELETE /enrollment-tokens/${revoked.id}`);
  const used = await token('token-used-up');
  const url = (host: string, port: number) => ({ gateway: { url: `https://${host}:${port}` } });
  const installations: Readonly<Record<(typeof causes)[number], Installation>> = {
    'wrong-pin': { gateway: { pins: [OTHER_PIN] } },
    'tls-inspection': url(inspector.address.host, inspector.address.port),
    'proxy-password': through(strict, 'agent:bad@'),
    'proxy-credentials-missing': through(strict),
    'proxy-without-basic': through(windows, 'agent:good@'),
    'gateway-dns': url('gateway.penstock.invalid', tunnel.port),
    'gateway-port': url('127.0.0.1', await unusedPort()),
    'admin-port': url('127.0.0.1', pair.gateway.admin.port),
    'token-used-up': { token: used.token },
    'token-expired': { token: expiring.token },
    'token-revoked': { token: revoked.token },
    'token-of-another-pool': { token: (await token('wrong-pin')).token },
  };
  const other = { pool: 'token-used-up', identity: { enrollmentToken: '${env:FIRST}' } };
  const enrolled = await agentCommand('enroll', await agentYaml(pair, 'first', other), { FIRST: used.token });
  assert.match(enrolled, /enrolled/i);
  await eventually('the token to expire', async () => {
    const { items } = await pair.api('GET /enrollment-tokens');
    const found = (items as { id: string; expiresAt: string }[]).find(({ id }) => id === expiring.id);
    return found === undefined || Date.parse(found.expiresAt) < Date.now();
  });
  const said = new Map<string, Said>();
  for (const cause of causes) {
    const { token: own = (await token(cause)).token, proxy, gateway = {} } = installations[cause];
    const id = cause.toUpperCase().replaceAll('-', '_');
    pair.environment[`TOKEN_${id}`] = own;
    if (proxy !== undefined) pair.environment[`PROXY_${id}`] = proxy;
    const changes = {
      pool: cause,
      gateway: { ...gateway, ...(proxy !== undefined && { proxy: `\${env:PROXY_${id}}` }) },
      identity: { enrollmentToken: `\${env:TOKEN_${id}}` },
      connectors: [{ name: cause, kind: 'postgresql', address: '127.0.0.1:5432' }],
    };
    said.set(cause, await tell(pair, cause, changes));
  }
  return said;
}

async function tell(pair: Pair, cause: string, changes: Readonly<Record<string, unknown>>): Promise<Said> {
  const from = pair.logged.length;
  await pair.startAgent(cause, changes);
  await eventually(
    `${cause} to fail`,
    () => pair.logged.some(({ program, event }) => program === cause && event === 'enrollment-failed'),
    { state: () => logOf(pair, cause) },
  );
  const alert = await eventually(`an alert about the pool ${cause}`, async () => {
    const text = await alerts(pair, cause);
    return text.includes('pool-below-min-ready') && text;
  });
  return {
    driver: await pgError(pair, cause),
    explain: await operatorCommand(pair, 'connection', 'explain', cause),
    'agent list': await operatorCommand(pair, 'agent', 'list', '--pool', cause),
    'agent show': await operatorCommand(pair, 'agent', 'show', cause),
    'gateway log': logOf(pair, 'gateway', undefined, from),
    'agent log': logOf(pair, cause),
    doctor: await agentCommand('doctor', await agentYaml(pair, cause, changes), pair.environment),
    alert,
  };
}
