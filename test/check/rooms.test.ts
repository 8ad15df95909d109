import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrowProblems, arrowsOf, shareProblems } from '../../scripts/check/room-arrows.ts';
import type { Room } from '../../scripts/check/rooms.ts';

const wire: Room = { name: 'wire', holds: 'messages', mayImport: [] };
const agent: Room = { name: 'agent', holds: 'the agent', mayImport: ['wire'] };

test('only imports of other packages by sources are arrows between rooms', () => {
  const edge = { specifier: 'x', typeOnly: true, line: 1 };
  const arrows = arrowsOf([
    { ...edge, from: 'agent/src/main.ts', to: 'wire', throughDoor: true },
    { ...edge, from: 'agent/src/main.ts', to: 'agent/src/daemon.ts', throughDoor: false },
    { ...edge, from: 'agent/test/main.test.ts', to: 'gateway', throughDoor: true },
  ]);
  assert.deepEqual([...(arrows.get('agent') ?? [])], ['wire']);
});

test('disallowed arrows, unused arrows and cycles are problems', () => {
  const arrows = (agentImports: string[], wireImports: string[]) =>
    new Map([
      ['agent', new Set(agentImports)],
      ['wire', new Set(wireImports)],
    ]);
  assert.deepEqual(arrowProblems(arrows(['wire'], []), [wire, agent]), []);
  assert.match(
    arrowProblems(arrows([], []), [wire, agent]).join('\n'),
    /allows agent to import wire, but nothing does/,
  );
  const both = arrowProblems(arrows(['wire'], ['agent']), [wire, agent]);
  assert.match(both.join('\n'), /wire imports agent, which/);
  assert.match(both.join('\n'), /import each other: agent → wire → agent/);
});

test('a room with more than 30 % of the code is a problem', () => {
  const even = new Map([
    ['a', 30],
    ['b', 30],
    ['c', 30],
    ['d', 10],
  ]);
  assert.deepEqual(shareProblems(even), []);
  assert.deepEqual(shareProblems(new Map(even).set('d', 60)), ['d has 40 % of the code: split it']);
});
