import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type Layout, layoutBelow } from '../src/layout.ts';
import { placeSteps } from '../src/place-version.ts';
import { pointTo, removeReplaced, versionAt } from '../src/pointer.ts';

/** A host with two versions, whose pointers are as on Windows, and lead to the first. */
function hostBelow(root: string): Layout {
  const layout: Layout = { ...layoutBelow(root), pointers: 'hard-links', suffix: '.exe' };
  for (const version of ['1.0.0', '2.0.0']) {
    const executable = join(root, 'download');
    writeFileSync(executable, version);
    for (const { run } of placeSteps({ layout, program: 'penstock-agent', version, executable })) run();
  }
  return layout;
}

const at = (layout: Layout) =>
  [layout.current, layout.stable].map((pointer) => versionAt(layout, pointer, 'penstock-agent'));

test('pointers of hard links lead to the first version that is placed, and move back and forth', async () => {
  await using directory = await temporaryDirectory();
  const layout = hostBelow(directory.path);
  assert.deepEqual(at(layout), ['1.0.0', '1.0.0']);
  for (const version of ['2.0.0', '2.0.0', '1.0.0']) {
    pointTo(layout, layout.current, version);
    assert.deepEqual(at(layout), [version, '1.0.0']);
    assert.equal(readFileSync(join(layout.current, 'penstock-agent.exe'), 'utf8'), version);
    assert.deepEqual(readdirSync(layout.current), ['penstock-agent.exe'], 'nothing else is left there');
  }
});

test('an executable that cannot be replaced, as one that runs on Windows, gets another name until it has ended', async () => {
  await using directory = await temporaryDirectory();
  const layout = hostBelow(directory.path);
  // A folder is what no system replaces by a file.
  const program = join(layout.current, 'penstock-agent.exe');
  rmSync(program);
  mkdirSync(program);
  writeFileSync(join(program, 'busy'), '');
  pointTo(layout, layout.current, '2.0.0');
  assert.deepEqual(at(layout), ['2.0.0', '1.0.0']);
  const replaced = readdirSync(layout.current).filter((name) => name.startsWith('.replaced-'));
  assert.equal(replaced.length, 1);
  removeReplaced(layout);
  assert.equal(readdirSync(layout.current).length, 2, 'what cannot be removed yet stays');
  rmSync(join(layout.current, replaced[0] ?? '', 'busy'));
  writeFileSync(join(layout.current, '.next-0'), '');
  removeReplaced(layout);
  assert.ok(!readdirSync(layout.current).includes('.next-0'));
});

test('a pointer leads nowhere without its executable, or with one that is no version', async () => {
  await using directory = await temporaryDirectory();
  const layout = hostBelow(directory.path);
  rmSync(join(layout.current, 'penstock-agent.exe'));
  assert.deepEqual(at(layout), [undefined, '1.0.0']);
  writeFileSync(join(layout.current, 'penstock-agent.exe'), '1.0.0');
  assert.deepEqual(at(layout), [undefined, '1.0.0']);
});
