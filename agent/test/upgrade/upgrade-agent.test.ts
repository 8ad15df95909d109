import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { emptyJournal, journalFile, problemFile, REQUEST_FILE, type UpgradeRequest } from '@penstock/updater';
import type { AgentMessage, UpgradeStatus } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import { PLATFORM, publish } from '../../../test/rig/release-directory.ts';
import { publisher } from '../../../test/rig/release-files.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { findUpgrader } from '../../src/upgrade/find-upgrader.ts';
import { directorySource } from '../../src/upgrade/release-source.ts';
import { UpgradeAgent } from '../../src/upgrade/upgrade-agent.ts';

type Changes = {
  readonly policy?: UpgradeStatus['policy'];
  readonly pinned?: string;
  readonly hasUpdater?: boolean;
};

/** An agent of 1.0.0 with directories of its own. The test plays the updater, by writing its journal. */
function prepare(root: string, { policy = 'allow', pinned, hasUpdater = true }: Changes = {}) {
  const directories = Object.fromEntries(
    ['journal', 'runtime', 'state', 'source'].map((name) => [name, join(root, name)]),
  ) as Record<'journal' | 'runtime' | 'state' | 'source', string>;
  for (const path of Object.values(directories)) mkdirSync(path);
  const release = publisher();
  publish(directories.source, release, '2.0.0');
  const sent: AgentMessage[] = [];
  const agent = new UpgradeAgent({
    upgrader: hasUpdater
      ? {
          kind: 'host',
          journal: directories.journal,
          problem: directories.runtime,
          runtime: directories.runtime,
          files: join(directories.state, 'upgrade'),
        }
      : { kind: 'none', absence: 'container' },
    version: '1.0.0',
    pinned,
    rootKeys: release.trust.rootKeys,
    platform: PLATFORM,
    policy: () => policy,
    keep: () => 2,
    source: () => directorySource(directories.source),
    clockOffset: () => 5_000,
    send: (message) => sent.push(message),
    log: () => {},
    clock: systemClock,
  });
  const request = (): UpgradeRequest =>
    JSON.parse(readFileSync(join(directories.runtime, REQUEST_FILE), 'utf8')) as UpgradeRequest;
  const journal = (phase: object) =>
    writeFileSync(
      journalFile(directories.journal),
      JSON.stringify({ ...emptyJournal, phase, since: Date.now() + 1 }),
    );
  return { agent, sent, request, journal, directories, release };
}

const offer = { type: 'upgrade', rollout: 'r1', to: '2.0.0' } as const;
const upgrade = { from: '1.0.0', to: '2.0.0', rollout: 'r1', back: false, keep: 2 };
const within = 30_000;

test('an offer is fetched, staged by the updater, permitted by the gateway, and switched by the updater', async () => {
  await using directory = await temporaryDirectory();
  const { agent, sent, request, journal, directories } = prepare(directory.path);
  await agent.start();
  try {
    agent.receive(offer);
    const first = await eventually('the request to stage', request, { within });
    assert.deepEqual([first.to, first.rollout, first.until], ['2.0.0', 'r1', undefined]);
    assert.equal(
      readFileSync(join(first.files ?? '', '2.0.0/penstock-agent-2.0.0'), 'utf8').slice(0, 9),
      '#!/bin/sh',
    );
    assert.equal(agent.status.state, 'staging');
    journal({ name: 'staged', upgrade });
    await eventually('may-switch', () => sent.some(({ type }) => type === 'may-switch'), { within });
    agent.receive({ type: 'wait', rollout: 'r1', code: 'WINDOW', detail: 'at night', askAfter: 1_000 });
    assert.deepEqual([agent.status.state, agent.status.code], ['waiting', 'WINDOW']);
    const until = Date.now() + 60_000;
    agent.receive({ type: 'go', rollout: 'another', to: '2.0.0', until });
    assert.equal(agent.status.state, 'waiting', 'a permission for another rollout counts for nothing');
    agent.receive({ type: 'go', rollout: 'r1', to: '2.0.0', until });
    const announced = sent.at(-1);
    assert.ok(announced?.type === 'upgrade-status' && announced.upgrade.state === 'switching', 'at once');
    const second = await eventually('the request to switch', () => request().until && request(), { within });
    assert.equal(second.until, until - 5_000, 'on the clock of this host');
    journal({ name: 'probation', upgrade, attempt: 1, boot: 'b', services: [] });
    await eventually('the probation', () => agent.status.state === 'probation', { within });
    const problem = { format: 1, code: 'DISK_FULL', detail: 'No space.', since: 1, nextAt: 2 };
    writeFileSync(problemFile(directories.runtime), JSON.stringify(problem));
    await eventually('the problem of the updater', () => agent.status.code === 'DISK_FULL', { within });
    assert.deepEqual([agent.status.state, agent.status.detail], ['probation', 'No space.']);
    journal({ name: 'rolled-back', upgrade, code: 'EXITED', detail: 'It exited.' });
    await eventually('the end', () => agent.status.state === 'rolled-back', { within });
    const reported = sent.filter(({ type }) => type === 'upgrade-status').at(-1);
    assert.ok(reported?.type === 'upgrade-status');
    // What keeps the updater from the next upgrade does not replace the reason for the end of this one.
    assert.equal(reported.upgrade.code, 'EXITED');
    rmSync(problemFile(directories.runtime));
  } finally {
    agent.stop();
  }
});

const refusals: readonly [Changes, string][] = [
  [{ policy: 'deny' }, 'DENIED_LOCALLY'],
  [{ pinned: '1.5.0' }, 'PINNED'],
  [{ hasUpdater: false }, 'NO_UPGRADER'],
];
for (const [changes, code] of refusals) {
  test(`an offer is refused: ${code}`, async () => {
    await using directory = await temporaryDirectory();
    const { agent, sent } = prepare(directory.path, changes);
    agent.receive(offer);
    assert.deepEqual([agent.status.state, agent.status.code, agent.status.rollout], ['failed', code, 'r1']);
    assert.equal(sent.length, 1);
    agent.stop();
  });
}

test('a download that broke off continues, and one that is another file is refused', async () => {
  await using directory = await temporaryDirectory();
  const { agent, request, directories } = prepare(directory.path);
  const files = join(directories.state, 'upgrade', '2.0.0');
  mkdirSync(files, { recursive: true });
  const original = readFileSync(join(directories.source, '2.0.0/penstock-agent-2.0.0'));
  writeFileSync(join(files, 'penstock-agent-2.0.0.part'), original.subarray(0, 10));
  agent.receive(offer);
  await eventually('the request', request, { within });
  assert.deepEqual(readFileSync(join(files, 'penstock-agent-2.0.0')), original);
  agent.stop();

  await using other = await temporaryDirectory();
  const second = prepare(other.path);
  writeFileSync(join(second.directories.source, '2.0.0/penstock-agent-2.0.0'), Buffer.alloc(original.length));
  second.agent.receive(offer);
  await eventually('the refusal', () => second.agent.status.code === 'ARTIFACT_MISMATCH', { within });
  second.agent.stop();
});

test('an upgrader is found by the environment of the service, and never in a container', () => {
  const service = {
    PENSTOCK_UPGRADER: '/var/lib/penstock-updater',
    RUNTIME_DIRECTORY: '/run/penstock-agent',
    STATE_DIRECTORY: '/var/lib/penstock-agent',
  };
  const no = () => false;
  assert.equal(findUpgrader(service, no).kind, 'host');
  assert.deepEqual(findUpgrader({ ...service, PENSTOCK_CONTAINER: '1' }, no), {
    kind: 'none',
    absence: 'container',
  });
  assert.deepEqual(findUpgrader({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, no), {
    kind: 'none',
    absence: 'container',
  });
  const docker = findUpgrader({}, (path) => path === '/.dockerenv');
  assert.deepEqual(docker, { kind: 'none', absence: 'container' });
  assert.equal(findUpgrader({}, no).kind, 'none');
});
