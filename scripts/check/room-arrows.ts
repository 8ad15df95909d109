import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { cyclesOf } from './import-cycles.ts';
import { type Room, roomNames, rooms } from './rooms.ts';
import { type Edge, sourceGraph } from './source-graph.ts';
import { treeFiles } from './tree.ts';

/** Maximum share of the code in one package. */
const MAX_SHARE = 0.3;

export const roomArrowsCheck: Check = {
  name: 'rooms',
  promise: `packages import exactly what scripts/check/rooms.ts lists, without cycles, and none has more than ${MAX_SHARE * 100} % of the code`,
  async run(root) {
    const arrows = arrowsOf(await sourceGraph(root));
    return {
      problems: [...arrowProblems(arrows, rooms), ...shareProblems(await linesByRoom(root))],
    };
  },
};

/** Returns the packages that the sources of each package import. */
export function arrowsOf(edges: readonly Edge[]): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>(roomNames.map((name) => [name, new Set()]));
  for (const { from, to, throughDoor } of edges) {
    const [room = '', folder] = from.split('/');
    if (throughDoor && to !== undefined && folder === 'src' && to !== room) arrows.get(room)?.add(to);
  }
  return arrows;
}

/** Returns imports that `expected` does not allow, allowed imports that nothing uses, and cycles. */
export function arrowProblems(
  arrows: ReadonlyMap<string, ReadonlySet<string>>,
  expected: readonly Room[],
): string[] {
  const problems: string[] = [];
  for (const { name, mayImport } of expected) {
    const used = arrows.get(name) ?? new Set();
    for (const other of used)
      if (!mayImport.includes(other))
        problems.push(`${name} imports ${other}, which rooms.ts does not allow`);
    for (const other of mayImport)
      if (!used.has(other))
        problems.push(`rooms.ts allows ${name} to import ${other}, but nothing does: remove it there`);
  }
  const edges = [...arrows].flatMap(([from, all]) =>
    [...all].map((to) => ({ from, to, throughDoor: false })),
  );
  return [...problems, ...cyclesOf(edges).map((cycle) => `packages import each other: ${cycle.join(' → ')}`)];
}

export function shareProblems(lines: ReadonlyMap<string, number>): string[] {
  const total = [...lines.values()].reduce((sum, count) => sum + count, 0);
  return [...lines]
    .filter(([, count]) => count > MAX_SHARE * total)
    .map(([room, count]) => `${room} has ${Math.round((100 * count) / total)} % of the code: split it`);
}

async function linesByRoom(root: string): Promise<Map<string, number>> {
  const lines = new Map<string, number>(roomNames.map((name) => [name, 0]));
  for (const file of await treeFiles(root, '.ts', '.tsx')) {
    const [room = '', folder] = file.split('/');
    const before = lines.get(room);
    if (before === undefined || folder !== 'src') continue;
    lines.set(room, before + (await readFile(join(root, file), 'utf8')).split('\n').length - 1);
  }
  return lines;
}
