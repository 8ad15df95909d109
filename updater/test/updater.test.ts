import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { publish } from '../../test/rig/release-directory.ts';
import { newKey, publisher } from '../../test/rig/release-files.ts';
import { mountSmallDisk, skipWithoutMount } from '../../test/rig/small-disk.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import type { CutPoint } from '../src/context.ts';
import { readFetched } from '../src/fetched-file.ts';
import { ROOT, type UpgradeRequest } from '../src/request.ts';
import { Updater } from '../src/updater.ts';
import { currentVersion, installedVersions, stableVersion } from '../src/version-folders.ts';
import { FileHost } from './rig/file-host.ts';
import { quickLimits } from './rig/quick-limits.ts';

/** Of the build that the updater under test would be. */
const BUILD_SEQUENCE = 10;

type Options = { readonly root: string; readonly onReached?: (point: CutPoint, host: FileHost) => void };

/** A host on 1.0.0, a publisher, and an updater that has been asked for a version. */
function prepare({ root, onReached }: Options) {
  const host = new FileHost(root);
  host.install('1.0.0');
  const release = publisher();
  const files = join(root, 'files');
  const run = async (request: Partial<UpgradeRequest> = {}) => {
    if (Object.keys(request).length > 0 || !existsSync(join(host.layout.updater, 'upgrade-request.json')))
      host.ask({ to: '2.0.0', files, ...request });
    const updater = new Updater({
      host,
      limits: quickLimits,
      sequence: BUILD_SEQUENCE,
      rootKeys: release.trust.rootKeys,
      clock: systemClock,
      log: () => {},
      reached: (point) => onReached?.(point, host),
    });
    updater.recover(false);
    await updater.run();
    const { phase } = updater.journal;
    return { phase: phase.name, code: 'code' in phase ? phase.code : undefined, journal: updater.journal };
  };
  return { host, release, files, run };
}

const ends = [
  ['exits', true, 'EXITED', true],
  ['fails', true, 'EXITED', true],
  ['hangs', true, 'HUNG', true],
  ['silent', true, 'HUNG', true],
  ['worse', true, 'CHECKS_WORSE', true],
  ['deaf', true, 'NO_HEARTBEAT', true],
  ['deaf', false, 'GATEWAY_UNREACHABLE', false],
  ['busy', true, 'GATEWAY_UNREACHABLE', false],
  ['stopped', true, 'SERVICE_STOPPED', false],
] as const;

for (const [behavior, isGatewayUp, code, isFailure] of ends) {
  test(`a version that is ${behavior}, with the gateway ${isGatewayUp ? 'up' : 'away'}, is rolled back: ${code}`, async () => {
    await using directory = await temporaryDirectory();
    const { host, release, files, run } = prepare({ root: directory.path });
    host.change({ behaviors: { '2.0.0': behavior }, isGatewayUp });
    publish(files, release, '2.0.0');
    const end = await run();
    assert.deepEqual([end.phase, end.code], ['rolled-back', code]);
    assert.deepEqual([currentVersion(host.layout), stableVersion(host.layout)], ['1.0.0', '1.0.0']);
    assert.equal(end.journal.failed.length, isFailure ? 1 : 0);
    // What somebody has stopped stays stopped.
    assert.equal(host.state.service.version, behavior === 'stopped' ? '2.0.0' : '1.0.0');
    if (!isFailure) return;
    assert.equal((await run({})).code, code, 'a repetition of the same request is not handled again');
    assert.equal((await run({ to: '2.0.0' })).code, 'KNOWN_BAD');
    host.change({ behaviors: {}, isGatewayUp: true });
    assert.equal((await run({ to: '2.0.0', retry: true })).phase, 'committed');
  });
}

test('a good version is committed, the last two are kept, and only the previous one can be returned to', async () => {
  await using directory = await temporaryDirectory();
  const { host, release, files, run } = prepare({ root: directory.path });
  // Another program that runs from the same pointer.
  writeFileSync(join(host.layout.current, 'penstock-gateway'), 'gateway of 1.0.0');
  for (const [index, version] of ['2.0.0', '3.0.0'].entries()) {
    const sequence = 20 + index;
    publish(files, release, version, {
      changes: { release: { sequence }, latest: { sequence: 40 + index } },
    });
    assert.equal((await run({ to: version })).phase, 'committed');
  }
  assert.deepEqual(installedVersions(host.layout), ['2.0.0', '3.0.0']);
  assert.ok(existsSync(join(host.layout.current, 'penstock-gateway')));
  assert.equal((await run({ to: '1.0.0', back: true })).code, 'NOT_INSTALLED');
  const back = await run({ to: '2.0.0', back: true });
  assert.deepEqual(
    [back.phase, currentVersion(host.layout), stableVersion(host.layout)],
    ['committed', '2.0.0', '2.0.0'],
  );
  // As a release, it is older than what this host has committed.
  rmSync(join(host.layout.versions, '3.0.0'), { recursive: true });
  publish(files, release, '1.9.0', { changes: { release: { sequence: 19 } } });
  assert.equal((await run({ to: '1.9.0' })).code, 'OLD_SEQUENCE');
});

const later = '2999-01-01T00:00:00Z';
const refusals: readonly [
  what: string,
  code: string,
  prepare: (files: string, release: ReturnType<typeof publisher>) => void,
][] = [
  [
    'truncated',
    'ARTIFACT_MISMATCH',
    (files, release) => truncateSync(join(files, '2.0.0', publish(files, release, '2.0.0')), 10),
  ],
  [
    'oversized',
    'ARTIFACT_MISMATCH',
    (files, release) =>
      writeFileSync(join(files, '2.0.0', publish(files, release, '2.0.0')), Buffer.alloc(100_000)),
  ],
  [
    'changed',
    'ARTIFACT_MISMATCH',
    (files, release) =>
      writeFileSync(
        join(files, '2.0.0', publish(files, release, '2.0.0', { content: 'a'.repeat(50) })),
        'b'.repeat(50),
      ),
  ],
  [
    'missing',
    'SOURCE_UNAVAILABLE',
    (files, release) => rmSync(join(files, '2.0.0', publish(files, release, '2.0.0'))),
  ],
  [
    'for another platform',
    'WRONG_PLATFORM',
    (files, release) => publish(files, release, '2.0.0', { platform: { os: 'linux', arch: 'arm64' } }),
  ],
  [
    'labeled wrong, and of another architecture',
    'WRONG_PLATFORM',
    (files, release) =>
      publish(files, release, '2.0.0', {
        content: Buffer.from('7f454c460201010000000000000000000200b700', 'hex'),
      }),
  ],
  [
    'failing its self-check',
    'SELF_CHECK_FAILED',
    (files, release) => publish(files, release, '2.0.0', { content: '#!/bin/sh\nexit 1\n' }),
  ],
  [
    'of another version than it says',
    'SELF_CHECK_FAILED',
    (files, release) => publish(files, release, '2.0.0', { content: '#!/bin/sh\necho 2.0.1\n' }),
  ],
  [
    'rejecting the configuration',
    'CONFIG_REJECTED',
    (files, release) =>
      publish(files, release, '2.0.0', { content: '#!/bin/sh\n[ "$1" = self-check ] && echo 2.0.0\n' }),
  ],
  [
    'unsigned',
    'UNTRUSTED',
    (files, release) => publish(files, release, '2.0.0', { changes: { signRelease: [newKey()] } }),
  ],
  [
    'signed by one root key',
    'UNTRUSTED',
    (files, release) =>
      publish(files, release, '2.0.0', { changes: { signKeys: release.roots.slice(0, 1) } }),
  ],
  [
    'revoked',
    'REVOKED',
    (files, release) =>
      publish(files, release, '2.0.0', { changes: { latest: { expires: later, revoked: ['2.0.0'] } } }),
  ],
  [
    'expired',
    'EXPIRED',
    (files, release) =>
      publish(files, release, '2.0.0', { changes: { latest: { expires: '2020-01-01T00:00:00Z' } } }),
  ],
  [
    'of another product',
    'UNTRUSTED',
    (files, release) =>
      publish(files, release, '2.0.0', { changes: { release: { expires: later, product: 'other' } } }),
  ],
];

for (const [what, code, make] of refusals) {
  test(`a release that is ${what} is refused: ${code}`, async () => {
    await using directory = await temporaryDirectory();
    const { host, release, files, run } = prepare({ root: directory.path });
    make(files, release);
    const end = await run();
    assert.deepEqual([end.phase, end.code], ['failed', code], JSON.stringify(end.journal.phase));
    assert.deepEqual(readdirSync(host.layout.versions), ['1.0.0'], 'something is left of it');
    assert.equal(host.state.restarts, 1, 'the service was restarted');
  });
}

test('links, pipes and devices of a compromised agent are not followed', async () => {
  await using directory = await temporaryDirectory();
  const { release, files, run } = prepare({ root: directory.path });
  const file = join(files, '2.0.0', publish(files, release, '2.0.0'));
  renameSync(file, `${file}.real`);
  symlinkSync(`${file}.real`, file);
  assert.equal((await run()).code, 'SOURCE_UNAVAILABLE');
  rmSync(file);
  execFileSync('mkfifo', [file]);
  assert.equal((await run({ to: '2.0.0' })).code, 'SOURCE_UNAVAILABLE');
});

test('a release that is revoked between staging and the switch is not switched to', async () => {
  await using directory = await temporaryDirectory();
  const { host, release, files, run } = prepare({ root: directory.path });
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files, isStageOnly: true });
  assert.equal((await run()).phase, 'staged');
  publish(files, release, '2.0.0', {
    changes: { latest: { expires: later, sequence: 41, revoked: ['2.0.0'] } },
  });
  const end = await run({ to: '2.0.0' });
  assert.deepEqual([end.phase, end.code, currentVersion(host.layout)], ['failed', 'REVOKED', '1.0.0']);
});

test('a switch begins only before its time, however long the host stands still', async () => {
  await using directory = await temporaryDirectory();
  let until = Date.now() - 1;
  const { host, release, files, run } = prepare({
    root: directory.path,
    onReached(point) {
      // Stands still between the pointer and the restart.
      if (point === 'pointer-moved') while (Date.now() < until);
    },
  });
  publish(files, release, '2.0.0');
  const late = await run({ until });
  assert.deepEqual([late.phase, late.code], ['staged', 'WINDOW_CLOSED']);
  until = Date.now() + 1_500;
  const stood = await run({ until });
  assert.deepEqual(
    [stood.phase, stood.code, currentVersion(host.layout)],
    ['staged', 'WINDOW_CLOSED', '1.0.0'],
  );
  assert.equal(host.state.restarts, 1);
  assert.equal((await run({ until: Date.now() + 60_000 })).phase, 'committed');
});

test('a package that moves the pointer during the probation wins', async () => {
  await using directory = await temporaryDirectory();
  let isMoved = false;
  const { host, release, files, run } = prepare({
    root: directory.path,
    onReached(point, { layout }) {
      if (point !== 'probation-written' || isMoved) return;
      isMoved = true;
      const folder = join(layout.versions, '2.5.0');
      execFileSync('cp', ['-r', join(layout.versions, '1.0.0'), folder]);
      rmSync(layout.current);
      symlinkSync('versions/2.5.0', layout.current);
    },
  });
  publish(files, release, '2.0.0');
  const end = await run();
  assert.deepEqual([end.phase, end.code], ['rolled-back', 'POINTER_MOVED']);
  assert.deepEqual([currentVersion(host.layout), stableVersion(host.layout)], ['2.5.0', '2.5.0']);
  assert.equal(end.journal.failed.length, 0);
});

test('pointers that lead nowhere are repaired', async () => {
  await using directory = await temporaryDirectory();
  const { host, run } = prepare({ root: directory.path });
  rmSync(host.layout.current);
  symlinkSync('versions/9.9.9', host.layout.current);
  await run({ to: '1.0.0' });
  assert.equal(currentVersion(host.layout), '1.0.0');
  rmSync(host.layout.current);
  rmSync(host.layout.stable);
  await run({ to: '1.0.0' });
  assert.deepEqual([currentVersion(host.layout), stableVersion(host.layout)], ['1.0.0', '1.0.0']);
});

test('what is staged can be withdrawn, and a probation can be ended by going back', async () => {
  await using directory = await temporaryDirectory();
  let goBack = false;
  const { host, release, files, run } = prepare({
    root: directory.path,
    onReached(point, each) {
      if (point === 'probation-written' && goBack) each.ask({ to: '1.0.0', back: true });
    },
  });
  publish(files, release, '2.0.0');
  host.ask({ to: '2.0.0', files, isStageOnly: true });
  assert.equal((await run()).phase, 'staged');
  assert.equal((await run({ cancel: true })).code, 'CANCELLED');
  goBack = true;
  const end = await run({ to: '2.0.0' });
  assert.deepEqual([end.phase, end.code, end.journal.failed.length], ['rolled-back', 'REQUESTED', 0]);
  assert.equal(host.state.service.version, '1.0.0');
});

test('a full disk refuses a version and leaves nothing of it', { skip: skipWithoutMount() }, async () => {
  await using disk = mountSmallDisk();
  await using directory = await temporaryDirectory();
  const { host, release, run } = prepare({ root: disk.path });
  const outside = join(directory.path, 'files');
  publish(outside, release, '2.0.0', { content: Buffer.alloc(6 * 1024 * 1024) });
  const end = await run({ files: outside });
  assert.deepEqual([end.phase, end.code], ['failed', 'DISK_FULL'], JSON.stringify(end.journal.phase));
  assert.deepEqual(readdirSync(host.layout.versions), ['1.0.0']);
});

test('a host that has upgraded nothing yet installs no older release than the one it was installed from', async () => {
  await using directory = await temporaryDirectory();
  const { release, files, run } = prepare({ root: directory.path });
  publish(files, release, '0.9.0', { changes: { release: { sequence: BUILD_SEQUENCE - 1 } } });
  assert.equal((await run({ to: '0.9.0' })).code, 'OLD_SEQUENCE');
});

test('an agent that was taken over cannot return to a revoked version, and root can', async () => {
  await using directory = await temporaryDirectory();
  const { host, release, files, run } = prepare({ root: directory.path });
  publish(files, release, '2.0.0', { changes: { latest: { expires: later, revoked: ['1.0.0'] } } });
  assert.equal((await run()).phase, 'committed');
  host.change({ asking: 'penstock-agent' });
  assert.equal((await run({ to: '1.0.0', back: true })).code, 'REVOKED');
  assert.equal(currentVersion(host.layout), '2.0.0');
  host.change({ asking: ROOT });
  assert.equal((await run({ to: '1.0.0', back: true })).phase, 'committed');
});

test('an agent that was taken over cannot upgrade against the file of its owner, and root can', async () => {
  await using directory = await temporaryDirectory();
  const { host, release, files, run } = prepare({ root: directory.path });
  publish(files, release, '2.0.0');
  host.change({ asking: 'penstock-agent', denying: ['penstock-agent'] });
  assert.equal((await run()).code, 'DENIED_LOCALLY');
  assert.equal(host.state.restarts, 1);
  host.change({ asking: ROOT });
  assert.equal((await run({ to: '2.0.0' })).phase, 'committed');
});

test('files of another user than the one who asks are not read, whatever leads to them', {
  skip: process.getuid?.() !== 0 && 'only root can give files to other users',
}, async () => {
  await using directory = await temporaryDirectory();
  const { host, release, files, run } = prepare({ root: directory.path });
  publish(files, release, '2.0.0');
  for (const file of ['keys.json', '2.0.0/penstock-agent-2.0.0']) {
    chownSync(join(files, file), 65_532, 65_532);
    const end = await run({ to: '2.0.0' });
    assert.deepEqual([end.phase, end.code], ['failed', 'SOURCE_UNAVAILABLE'], JSON.stringify(end.journal));
    chownSync(join(files, file), 0, 0);
  }
  // A link in the middle of the path.
  const elsewhere = join(directory.path, 'elsewhere');
  renameSync(join(files, '2.0.0'), elsewhere);
  symlinkSync(elsewhere, join(files, '2.0.0'));
  chownSync(join(elsewhere, 'release.json'), 65_532, 65_532);
  assert.equal((await run({ to: '2.0.0' })).code, 'SOURCE_UNAVAILABLE');
  assert.deepEqual(readdirSync(host.layout.versions), ['1.0.0']);
});

test('a file that grows while it is read does not grow the updater', async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, 'keys.json');
  writeFileSync(file, Buffer.alloc(1_025));
  assert.throws(() => readFetched(file, 1_024), { code: 'SOURCE_UNAVAILABLE' });
  // Its size is 0, as that of a file that is filled after it was opened.
  assert.throws(() => readFetched('/proc/self/maps', 64), { code: 'SOURCE_UNAVAILABLE' });
  assert.equal(readFetched(file, 1_025)?.bytes.length, 1_025);
});
