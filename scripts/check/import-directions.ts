import { posix } from 'node:path';
import type { Check } from './check.ts';
import type { ImportRule } from './import-rule.ts';
import { importRules, ruledFolders, socketFree, socketModules } from './import-rules.ts';
import { roomNames } from './rooms.ts';
import { type Edge, isWithin, sourceGraph } from './source-graph.ts';

export const importDirectionsCheck: Check = {
  name: 'import directions',
  promise: 'every import is allowed by scripts/check/import-rules.ts',
  async run(root) {
    return { problems: (await sourceGraph(root)).flatMap(problemsOf) };
  },
};

/** The problems of one import; empty if it is allowed. */
export function problemsOf(edge: Edge): string[] {
  const place = `${edge.from}:${edge.line}`;
  const rule = ruleFor(edge.from);
  if (edge.specifier === undefined) {
    // Development tools may load modules by computed names; the programs must not.
    const isProgram = ruledFolders.concat(socketFree).some((folder) => isWithin(edge.from, folder));
    return isProgram ? [`${place} imports a module by a computed name: use a string literal`] : [];
  }
  if (isSocketValue(edge)) {
    return [
      `${place} imports ${edge.specifier}: this package opens no sockets, so only \`import type\` is allowed`,
    ];
  }
  if (rule === undefined) return [`${place}: no rule covers this folder: add one, with its reason`];
  const { to } = edge;
  if (to === undefined) return [];
  if (!edge.throughDoor && leavesPackage(edge.from, to)) {
    return [`${place} imports ${to} by path: import the package by name instead`];
  }
  // A rule may apply to a single file, which may still import the other files of its folder.
  const own = [rule.from, ...(needsOwnRule(edge.from) ? [posix.dirname(edge.from)] : [])];
  if (!edge.throughDoor && own.some((folder) => isWithin(to, folder))) return [];
  if (rule.mayImport.some((allowed) => isWithin(to, allowed))) return [];
  return [`${place} imports ${to}, but ${rule.from} must not: ${rule.because}`];
}

function ruleFor(file: string): ImportRule | undefined {
  const matching = importRules.filter(({ from }) => isWithin(file, from));
  const [longest] = matching.sort((a, b) => b.from.length - a.from.length);
  if (longest !== undefined && ruledFolders.includes(longest.from) && needsOwnRule(file)) return undefined;
  return longest;
}

/** Whether a file is in a subfolder of a ruled folder: `agent/src/tunnel/session.ts`, but not `agent/src/main.ts`. */
function needsOwnRule(file: string): boolean {
  return ruledFolders.some(
    (folder) => isWithin(posix.dirname(file), folder) && posix.dirname(file) !== folder,
  );
}

function isSocketValue({ from, specifier, typeOnly }: Edge): boolean {
  return (
    !typeOnly &&
    specifier !== undefined &&
    socketModules.has(specifier) &&
    socketFree.some((folder) => isWithin(from, folder))
  );
}

function leavesPackage(from: string, to: string): boolean {
  const [there = '', folder] = to.split('/');
  // Test fixtures are not exported by packages; only tests may import them, by path.
  if (folder === 'test' && from.split('/')[1] === 'test') return false;
  return roomNames.includes(there) && !isWithin(from, there);
}
