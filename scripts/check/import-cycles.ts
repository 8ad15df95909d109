import type { Check } from './check.ts';
import { type Edge, sourceGraph } from './source-graph.ts';

export const importCyclesCheck: Check = {
  name: 'import cycles',
  promise: 'there are no import cycles between files',
  async run(root) {
    return { problems: cyclesOf(await sourceGraph(root)).map((cycle) => cycle.join(' → ')) };
  },
};

/** Every cycle once, as its files in import order, with the first repeated at the end. Type imports count as well. */
export function cyclesOf(edges: readonly Pick<Edge, 'from' | 'to' | 'throughDoor'>[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to, throughDoor } of edges) {
    if (to !== undefined && !throughDoor) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const seenAt = path.indexOf(file);
    if (seenAt !== -1) {
      cycles.push([...path.slice(seenAt), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const imported of next.get(file) ?? []) visit(imported);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return cycles;
}
