import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { writeDurably } from '../src/host-files.ts';
import { layoutBelow, type ProgramName } from '../src/layout.ts';
import { placeSteps, replaceablePart } from '../src/place-version.ts';

function place(root: string, program: ProgramName, version: string): void {
  const executable = join(root, 'download');
  writeFileSync(executable, `${program} ${version}`);
  // As some archives and browsers leave it.
  chmodSync(executable, 0o777);
  for (const { run } of placeSteps({ layout: layoutBelow(root), program, version, executable })) run();
}

const modeOf = (path: string) => statSync(path).mode & 0o777;

test('only root can replace what it installs, and everybody can run it, whatever the umask', async () => {
  await using directory = await temporaryDirectory();
  const { home, versions, current } = layoutBelow(directory.path);
  const before = process.umask(0o077);
  try {
    place(directory.path, 'penstock-agent', '1.0.0');
    writeDurably(join(directory.path, 'unit'), 'text', 0o644);
  } finally {
    process.umask(before);
  }
  for (const path of [home, versions, current, join(current, 'penstock-agent')])
    assert.equal(modeOf(path), 0o755, path);
  assert.equal(modeOf(join(directory.path, 'unit')), 0o644);
});

test('a second program of another version moves the pointer, and the first keeps its version', async () => {
  await using directory = await temporaryDirectory();
  const { current } = layoutBelow(directory.path);
  place(directory.path, 'penstock-agent', '1.0.0');
  place(directory.path, 'penstock-gateway', '1.1.0');
  assert.equal(readlinkSync(current), 'versions/1.1.0');
  for (const program of ['penstock-agent', 'penstock-gateway'])
    assert.ok(existsSync(join(current, program)), program);
});

test('a path that users other than root could replace is named, with the command that changes it', async () => {
  await using directory = await temporaryDirectory();
  const layout = layoutBelow(directory.path);
  const owner = process.getuid?.() ?? 0;
  place(directory.path, 'penstock-agent', '1.0.0');
  assert.equal(replaceablePart(layout, owner), undefined);
  chmodSync(layout.versions, 0o777);
  assert.match(replaceablePart(layout, owner) ?? '', /versions\. Run: chmod/);
  assert.match(replaceablePart(layout, owner + 1) ?? '', /belongs to user \d+\. Run: chown/);
  chmodSync(layout.versions, 0o755);
  const program = join(layout.current, 'penstock-agent');
  chmodSync(program, 0o777);
  assert.match(replaceablePart(layout, owner) ?? '', /versions\/1\.0\.0\/penstock-agent\. Run: chmod/);
  mkdirSync(join(directory.path, 'empty'));
  assert.equal(replaceablePart(layoutBelow(join(directory.path, 'empty')), owner), undefined);
});
