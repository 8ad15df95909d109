import type { Check } from './check.ts';
import { workspaceManifests } from './package-manifest.ts';
import { isWithin, sourceGraph } from './source-graph.ts';

export const declaredDependenciesCheck: Check = {
  name: 'declared dependencies',
  promise: 'every package.json declares exactly the dependencies that its package imports',
  async run(root) {
    const edges = await sourceGraph(root);
    const problems: string[] = [];
    for (const [folder, { dependencies = {} }] of await workspaceManifests(root)) {
      const shipped = edges.filter(({ from }) => isWithin(from, folder) && !isWithin(from, `${folder}/test`));
      const used = new Map(
        shipped.flatMap((edge) => {
          const name = packageOf(edge.specifier);
          return name === undefined ? [] : [[name, `${edge.from}:${edge.line}`] as const];
        }),
      );
      for (const [name, place] of used) {
        if (!Object.hasOwn(dependencies, name)) {
          problems.push(`${place} imports ${name}, which ${folder}/package.json does not declare`);
        }
      }
      for (const name of Object.keys(dependencies)) {
        if (!used.has(name)) problems.push(`${folder}/package.json declares ${name}, which nothing imports`);
      }
    }
    return { problems };
  },
};

/** The package that a specifier refers to; undefined for files and for Node's own modules. */
export function packageOf(specifier: string | undefined): string | undefined {
  if (specifier === undefined || specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const [scope = '', name = ''] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}
