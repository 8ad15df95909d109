import type { Check } from './check.ts';
import { workspaceManifests } from './package-manifest.ts';
import { type Edge, isWithin, sourceGraph } from './source-graph.ts';

export const declaredDependenciesCheck: Check = {
  name: 'declared dependencies',
  promise: 'every package.json declares exactly the dependencies that its package imports',
  async run(root) {
    const edges = await sourceGraph(root);
    const problems: string[] = [];
    for (const [folder, { dependencies = {}, devDependencies = {} }] of await workspaceManifests(root)) {
      const shipped = edges.filter(({ from }) => isWithin(from, folder) && !isDevelopment(from, folder));
      problems.push(...developmentProblems(edges, folder, devDependencies));
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

/** Folders of a package that run only in a checkout, or that a bundler turns into files without imports. */
const isDevelopment = (file: string, folder: string) =>
  ['test', 'app', 'build'].some((part) => isWithin(file, `${folder}/${part}`));

/** Tools that are started, or loaded by their path, rather than imported. */
const STARTED = new Set(['typescript', 'openapi-typescript']);

function developmentProblems(
  edges: readonly Edge[],
  folder: string,
  declared: Readonly<Record<string, string>>,
): string[] {
  const own = edges.filter(({ from }) =>
    ['app', 'build'].some((part) => isWithin(from, `${folder}/${part}`)),
  );
  const undeclared = own.flatMap((edge) => {
    const name = packageOf(edge.specifier);
    if (name === undefined || name.startsWith('#') || Object.hasOwn(declared, name)) return [];
    return [`${edge.from}:${edge.line} imports ${name}, which ${folder}/package.json does not declare`];
  });
  const used = new Set(edges.map(({ specifier }) => packageOf(specifier)));
  const unused = Object.keys(declared)
    .filter((name) => !used.has(name) && !STARTED.has(name) && !name.startsWith('@types/'))
    .map((name) => `${folder}/package.json declares ${name}, which nothing imports`);
  return [...undeclared, ...unused];
}

/** The package that a specifier refers to; undefined for files and for Node's own modules. */
export function packageOf(specifier: string | undefined): string | undefined {
  if (specifier === undefined || specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const [scope = '', name = ''] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}
