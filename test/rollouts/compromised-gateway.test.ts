import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { type Publisher, publish } from '../rig/release-directory.ts';
import { publisher } from '../rig/release-files.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { AttackerGateway } from './attacker-gateway.ts';
import { buildAgents } from './hosts/agent-builds.ts';
import { HostFleet } from './hosts/host-fleet.ts';

const SECOND = 1_000;
const limits = {
  probation: SECOND,
  maxProbation: 60 * SECOND,
  readyTimeout: 60 * SECOND,
  healthTimeout: 60 * SECOND,
  grace: 60 * SECOND,
  settle: 100,
  interval: 100,
  attempts: 3,
};
const platform = { os: process.platform, arch: process.arch };

type Attack = {
  readonly what: string;
  readonly to: string;
  readonly code: string;
  readonly back?: boolean;
  readonly by?: Publisher;
  readonly changes?: Parameters<typeof publish>[3];
  /** What is done to the files before they are served. */
  readonly spoil?: (files: Map<string, Buffer>) => unknown;
};

test('who has the keys of a gateway can install no unsigned, revoked, older or changed version', {
  timeout: 600_000,
}, async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const release = publisher();
  const builds = await buildAgents(release.trust.rootKeys);
  // An agent that is enrolled at a real gateway, whose keys are stolen then.
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  await pair.stopAgent('a1');
  const stolen = (name: string) => readFileSync(join(pair.gatewayConfig.dataDirectory, name), 'utf8');
  await using attacker = await AttackerGateway.start({
    key: stolen('server.key'),
    cert: stolen('server.crt'),
  });

  const root = join(directory.path, 'host');
  mkdirSync(root);
  const executable = join(directory.path, 'penstock-agent');
  writeFileSync(executable, builds.executable('2.0.0'));
  chmodSync(executable, 0o755);
  await using hosts = new HostFleet();
  await hosts.start('a1', {
    root,
    executable,
    version: '2.0.0',
    sequence: 20,
    config: pair.agentFile('a1', {
      gateway: { url: `https://127.0.0.1:${attacker.port}`, sessions: 1 },
      policy: { remote: { upgrade: 'allow' } },
    }),
    environment: { TOKEN: 'none' },
    rootKeys: release.trust.rootKeys,
    limits,
    watchdog: 60 * SECOND,
  });
  const serve = (by: Publisher, version: string, options: Parameters<typeof publish>[3]) => {
    const folder = join(directory.path, 'served');
    const file = publish(folder, by, version, { content: builds.executable(version), platform, ...options });
    attacker.files.clear();
    for (const name of ['keys.json', 'latest.json', `${version}/release.json`, `${version}/${file}`])
      attacker.files.set(name, readFileSync(join(folder, name)));
  };
  const onHost = () => ({
    current: readlinkSync(join(root, 'opt/penstock/current')),
    versions: readdirSync(join(root, 'opt/penstock/versions')).sort(),
  });
  await eventually('the agent to report', () => attacker.statuses.length > 0, {
    within: 60_000,
    state: () => readFileSync(join(root, 'agent.log'), 'utf8').slice(-2_000),
  });

  const beforeAnyJournal: Attack = {
    what: 'older than what a package has installed',
    to: '1.9.0',
    code: 'OLD_SEQUENCE',
    changes: { changes: { release: { sequence: 19 } } },
  };
  const attempt = async ({ what, to, code, back = false, by = release, changes, spoil }: Attack) => {
    const before = onHost();
    if (!back) serve(by, to, changes);
    spoil?.(attacker.files);
    const rollout = what.replaceAll(/[^a-z]+/g, '-');
    attacker.say({ type: 'upgrade', rollout, to, back, retry: true });
    const ended = await attacker.status(rollout, ({ state }) => state === 'failed' || state === 'committed');
    assert.deepEqual([what, ended.state, ended.code], [what, 'failed', code]);
    assert.deepEqual(onHost(), before, what);
  };
  await attempt(beforeAnyJournal);

  // What a gateway may do: choose a signed release. Without this, the attempts would prove nothing.
  serve(release, '2.1.0', { changes: { release: { sequence: 21 }, latest: { sequence: 41 } } });
  attacker.say({ type: 'upgrade', rollout: 'honest', to: '2.1.0' });
  await attacker.status('honest', ({ state }) => state === 'committed');
  assert.deepEqual(onHost(), { current: 'versions/2.1.0', versions: ['2.0.0', '2.1.0'] });
  const signed = new Map(attacker.files);

  const newer = { release: { sequence: 22 }, latest: { sequence: 42 } };
  const attacks: readonly Attack[] = [
    {
      what: 'signed with keys of its own',
      to: '3.0.0',
      code: 'UNTRUSTED',
      by: publisher(),
      changes: { changes: newer },
    },
    {
      what: 'signed by one of three root keys',
      to: '3.0.0',
      code: 'UNTRUSTED',
      changes: { changes: { ...newer, signKeys: release.roots.slice(0, 1) } },
    },
    {
      what: 'revoked',
      to: '3.0.0',
      code: 'REVOKED',
      changes: { changes: { ...newer, latest: { sequence: 42, revoked: ['3.0.0'] } } },
    },
    {
      what: 'revoked, which an old latest.json does not say',
      to: '3.0.0',
      code: 'OLD_SEQUENCE',
      changes: { changes: { ...newer, latest: { sequence: 40 } } },
    },
    {
      what: 'older than what this host has run',
      to: '1.9.0',
      code: 'OLD_SEQUENCE',
      changes: { changes: { release: { sequence: 20 }, latest: { sequence: 42 } } },
    },
    {
      what: 'expired',
      to: '3.0.0',
      code: 'EXPIRED',
      changes: { changes: { ...newer, latest: { sequence: 42, expires: '2020-01-01T00:00:00Z' } } },
    },
    {
      what: 'other bytes than those that were signed',
      to: '3.0.0',
      code: 'ARTIFACT_MISMATCH',
      changes: { changes: newer },
      spoil: (files) => {
        for (const [name, content] of files)
          if (!name.endsWith('.json'))
            files.set(name, Buffer.concat([content.subarray(0, -1), Buffer.from(' ')]));
      },
    },
    {
      what: 'more bytes than those that were signed',
      to: '3.0.0',
      code: 'ARTIFACT_MISMATCH',
      changes: { changes: newer },
      spoil: (files) => {
        for (const [name, content] of files)
          if (!name.endsWith('.json')) files.set(name, Buffer.concat([content, Buffer.from(' ')]));
      },
    },
    {
      what: 'the signed release of another version, under the name of this one',
      to: '3.0.0',
      code: 'UNTRUSTED',
      changes: { changes: newer },
      spoil: (files) => files.set('3.0.0/release.json', signed.get('2.1.0/release.json') ?? Buffer.of()),
    },
    {
      what: 'a signed document of another kind',
      to: '3.0.0',
      code: 'UNTRUSTED',
      changes: { changes: newer },
      spoil: (files) => files.set('latest.json', signed.get('2.1.0/release.json') ?? Buffer.of()),
    },
    { what: 'back to what this host has never run', to: '1.0.0', code: 'NOT_INSTALLED', back: true },
  ];
  for (const attack of attacks) await attempt(attack);
  assert.equal(attacks.length, 11);

  // A permission that nobody has asked for, and for a version that is not staged.
  attacker.say({ type: 'go', rollout: 'revoked', to: '3.0.0', until: Date.now() + 3_600_000 });
  await attempt({ ...attacks[0], what: 'once more' } as Attack);

  // A version that is a path: the agent does not understand the message, reconnects, and has done nothing.
  const before = onHost();
  attacker.say({ type: 'upgrade', rollout: 'path', to: '../../../tmp/3.0.0' });
  const { length } = attacker.statuses;
  await eventually('the agent to report again', () => attacker.statuses.length > length + 1, {
    within: 60_000,
  });
  assert.deepEqual(onHost(), before);
  assert.ok(attacker.statuses.every(({ rollout }) => rollout !== 'path'));
});
