import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../processes/programs.ts';
import { eventually } from '../rig/eventually.ts';
import { FakeHttpProxy } from '../rig/http-proxy.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { TlsInspector } from '../rig/tls-inspector.ts';

type Step = {
  readonly step: string;
  readonly verdict: string;
  readonly message: string;
  readonly advice: string;
};

/** Runs the doctor for agent a1, with changes to its file. */
async function examine(
  pair: Pair,
  changes: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
) {
  const file = join(pair.directory, 'doctor.json');
  await writeFile(file, JSON.stringify(pair.agentFile('a1', changes)));
  const words = ['doctor', '--config', file, '--output', 'json'];
  const { code, stdout, stderr } = await runCommand('agent', words, environment);
  assert.notEqual(stdout, '', stderr);
  const { steps } = JSON.parse(stdout) as { steps: readonly Step[] };
  const find = (name: string): Step => {
    const found = steps.find(({ step }) => step === name);
    assert.ok(found, `no step ${name}: ${stdout}`);
    return found;
  };
  return {
    code,
    stdout,
    find,
    verdicts: Object.fromEntries(steps.map(({ step, verdict }) => [step, verdict])),
  };
}

const startOne = async (port: number) => startPair({ targets: { echo: port }, agents: { a1: 'dc1' } });

test('the doctor reports the proxy, but not its password', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startOne(echo.address.port);
  const credentials = { username: 'agent', password: 'pr0xy-p4ss' };
  await using proxy = await FakeHttpProxy.start({ credentials });
  const where = `${proxy.address.host}:${proxy.address.port}`;
  const through = { gateway: { proxy: 'env' } };
  const good = await examine(pair, through, { HTTPS_PROXY: `http://agent:pr0xy-p4ss@${where}` });
  assert.equal(good.code, 0, good.stdout);
  assert.match(good.find('proxy').message, new RegExp(`through the proxy ${where}, with credentials`));
  assert.match(good.find('admission').message, /a1 of pool dc1/);
  assert.doesNotMatch(good.stdout, /pr0xy-p4ss/);

  const bad = await examine(pair, through, { HTTPS_PROXY: `http://agent:wr0ng@${where}` });
  assert.equal(bad.code, 1);
  assert.deepEqual(
    [bad.verdicts['tcp'], bad.verdicts['tls'], bad.verdicts['http2']],
    ['ok', 'failed', 'skipped'],
  );
  assert.match(bad.find('tls').message, /answered 407/);
  assert.doesNotMatch(bad.stdout, /wr0ng/);
});

test('a TLS-inspecting middlebox is identified by its certificate', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startOne(echo.address.port);
  const { address, port } = pair.gateway.tunnel;
  await using inspector = await TlsInspector.start({
    to: { host: address, port },
    issuer: 'Acme Inspection CA',
  });
  const { host, port: inspected } = inspector.address;
  const found = await examine(pair, { gateway: { url: `https://${host}:${inspected}` } });
  assert.equal(found.code, 1);
  assert.match(found.find('tls').message, /issued by .*Acme Inspection CA/);
  assert.match(found.find('tls').advice, /A device that inspects TLS must exempt/);
  assert.deepEqual(
    ['http2', 'clock', 'admission'].map((step) => found.verdicts[step]),
    ['skipped', 'skipped', 'skipped'],
  );
});

test('an identity that other users can read and a revoked identity are detected', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startOne(echo.address.port);
  const directory = join(pair.directory, 'a1');
  await chmod(directory, 0o755);
  const open = await examine(pair, {});
  assert.match(open.find('identity').message, /Other users have access to .*chmod 700/);
  assert.equal(open.verdicts['admission'], 'skipped');
  await chmod(directory, 0o700);
  await pair.api('POST /agents/a1/revoke');
  const revoked = await examine(pair, {});
  assert.equal(revoked.code, 1);
  assert.equal(revoked.verdicts['identity'], 'ok');
  assert.match(revoked.find('admission').message, /revoked/);
  assert.match(revoked.find('admission').advice, /enroll it again/);
});

test("a quarantine is detected on the agent's host", async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { pools: [{ name: 'dc1', pinning: 'enforce' }] },
  });
  await pair.api('POST /config-versions', { pool: 'dc1', content: pair.agentFile('a1', { version: 2 }) });
  await pair.api('PUT /pins/pools/dc1', { version: 2 });
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  await eventually('the agent to be quarantined', () => daemon.status().agentState === 'quarantined');
  const { address, port } = daemon.local;
  const found = await examine(pair, { local: { listen: `${address}:${port}` } });
  assert.equal(found.code, 1);
  assert.equal(found.verdicts['control stream'], 'failed');
  assert.match(found.find('control stream').message, /quarantined/);
  assert.match(found.find('control stream').advice, /config diff --pinned/);
});

test('the gateway is asked whether it would accept the enrollment token, which keeps its uses', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: { echo: 1 }, agents: {} });
  const create = async (fields: object = {}) => {
    const created = await pair.api('POST /enrollment-tokens', { pool: 'dc1', uses: 1, ...fields });
    return { token: String(created['token']), id: String(created['id']) };
  };
  const tokenStep = async (token: string, changes = {}) => {
    const found = await examine(pair, changes, { TOKEN: token });
    return { ...found.find('enrollment token'), code: found.code, identity: found.verdicts['identity'] };
  };
  const usable = await create();
  for (let time = 1; time <= 2; time += 1) {
    const good = await tokenStep(usable.token);
    assert.equal(good.verdict, 'ok');
    assert.match(good.message, /would accept the enrollment token: 1 use is left, until 20/);
  }
  const revoked = await create();
  await pair.api(`DELETE /enrollment-tokens/${revoked.id}`);
  const named = await create({ namePattern: 'b*' });
  const bad: readonly [string, RegExp][] = [
    [revoked.token, /was revoked/],
    [`${usable.token.slice(0, -4)}AAAA`, /does not exist/],
    ['rubbish', /does not exist/],
    [named.token, /for agents named b\*, not a1/],
  ];
  for (const [token, words] of bad) {
    const found = await tokenStep(token);
    assert.deepEqual([found.code, found.verdict, found.identity], [1, 'failed', 'ok'], token.slice(0, 12));
    assert.match(found.message, words);
    assert.notEqual(found.advice, '');
    if (token !== 'rubbish') assert.equal(JSON.stringify(found).includes(token.slice(-20)), false);
  }

  // Another agent uses the token up.
  const used = await create();
  const enroll = join(pair.directory, 'enroll.json');
  const other = { name: 'a3', identity: { directory: join(pair.directory, 'a3') } };
  await writeFile(enroll, JSON.stringify(pair.agentFile('a3', other)));
  const enrolled = await runCommand('agent', ['enroll', '--config', enroll], { TOKEN: used.token });
  assert.equal(enrolled.code, 0, enrolled.stderr);
  const exhausted = await tokenStep(used.token);
  assert.deepEqual([exhausted.code, exhausted.verdict], [1, 'failed']);
  assert.match(exhausted.message, /has no uses left/);
  // The agent that used it needs none, and after its revocation the token may or may not do for the same key.
  const own = await examine(pair, other, { TOKEN: used.token });
  assert.equal(own.verdicts['enrollment token'], 'skipped');
  assert.match(own.find('enrollment token').message, /needs no token/);
  await pair.api('POST /agents/a3/revoke');
  const dead = await examine(pair, other, { TOKEN: used.token });
  assert.deepEqual([dead.code, dead.verdicts['admission']], [1, 'failed']);
  assert.match(dead.find('enrollment token').message, /^It is not known whether/);
});
