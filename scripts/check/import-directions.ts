import { posix } from 'node:path';
import type { Check } from './check.ts';
import { type ImportRule, importRules, ruledFolders, socketFree, socketModules } from './import-rules.ts';
import { roomNames } from './rooms.ts';
import { type Edge, isWithin, sourceGraph } from './source-graph.ts';

export const importDirectionsCheck: Check = {
  name: 'import directions',
  promise: 'every import goes the way scripts/check/import-rules.ts allows',
  async run(root) {
    return { problems: (await sourceGraph(root)).flatMap(problemsOf) };
  },
};

/** What is wrong with one import; empty when it is allowed. */
export function problemsOf(edge: Edge): string[] {
  const place = `${edge.from}:${edge.line}`;
  const rule = ruleFor(edge.from);
  if (edge.specifier === undefined) {
    // Development tools load what they find; the programs must not.
    const isProgram = ruledFolders.concat(socketFree).some((folder) => isWithin(edge.from, folder));
    return isProgram ? [`${place} imports a module whose name is computed: name it`] : [];
  }
  if (isSocketValue(edge)) {
    return [
      `${place} imports ${edge.specifier}: no socket is opened here, so only \`import type\` is allowed`,
    ];
  }
  if (rule === undefined) return [`${place}: no rule for this folder; add one, with its reason`];
  const { to } = edge;
  if (to === undefined) return [];
  if (!edge.throughDoor && leavesPackage(edge.from, to)) {
    return [`${place} reaches into ${to}: packages are imported through their door, by name`];
  }
  // A rule may be for one file of a folder, whose neighbors are its own all the same.
  const own = [rule.from, ...(needsOwnRule(edge.from) ? [posix.dirname(edge.from)] : [])];
  if (!edge.throughDoor && own.some((folder) => isWithin(to, folder))) return [];
  if (rule.mayImport.some((allowed) => isWithin(to, allowed))) return [];
  return [`${place} imports ${to}, and ${rule.from} may not: ${rule.because}`];
}

function ruleFor(file: string): ImportRule | undefined {
  const matching = importRules.filter(({ from }) => isWithin(file, from));
  const [longest] = matching.sort((a, b) => b.from.length - a.from.length);
  if (longest !== undefined && ruledFolders.includes(longest.from) && needsOwnRule(file)) return undefined;
  return longest;
}

/** In a folder below one whose every part has a rule: `agent/src/tunnel/session.ts`, not `agent/src/main.ts`. */
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
  // Fixtures have no door; only tests may take them.
  if (folder === 'test' && from.split('/')[1] === 'test') return false;
  return roomNames.includes(there) && !isWithin(from, there);
}
