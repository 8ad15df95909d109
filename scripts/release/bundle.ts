import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildFacts } from '@penstock/release';
import { build, type Metafile, type Plugin } from 'esbuild';

export type Program = 'penstock-agent' | 'penstock-gateway';
export const programs: readonly Program[] = ['penstock-agent', 'penstock-gateway'];

/** The folder of a program: `agent`. */
export const folderOf = (program: Program): 'agent' | 'gateway' =>
  program === 'penstock-agent' ? 'agent' : 'gateway';

/** Threads of each program, by the name that `workerModule` is called with, and their files. */
export const workers: Readonly<Record<Program, Readonly<Record<string, string>>>> = {
  'penstock-agent': {},
  'penstock-gateway': { 'sqlite-worker': 'store/src/sqlite-worker.ts' },
};

export type Bundle = {
  readonly text: string;
  /** Folders of the packages that it contains, relative to the root: `node_modules/ajv`. */
  readonly packages: readonly string[];
};

/**
 * One module with everything it imports. Packages that are CommonJS may require modules of Node, and nothing else: what
 * is not in the bundle must not be searched for in the folders around it.
 */
const REQUIRE = `const require = (name) => {
  const builtin = process.getBuiltinModule(name);
  if (builtin !== undefined) return builtin;
  throw Object.assign(new Error(\`Module \${name} is not part of this program.\`), { code: 'MODULE_NOT_FOUND' });
};`;

export type BundleOptions = {
  readonly root: string;
  readonly facts: BuildFacts;
  /** An import that stays one, and where it leads. */
  readonly external?: { readonly from: string; readonly to: string };
};

export async function bundle(entry: string, { root, facts, external }: BundleOptions): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outfile: 'out.js',
    platform: 'node',
    format: 'esm',
    target: 'node26',
    metafile: true,
    // Licenses are in the file THIRD-PARTY-LICENSES.
    legalComments: 'none',
    // Node keeps the text to compile functions when they are first called. Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // V8 keeps a text with one character beyond Latin-1 in twice the memory.
    charset: 'ascii',
    banner: { js: REQUIRE },
    logLevel: 'silent',
    plugins: [
      buildFactsPlugin(root, facts),
      ...(external === undefined ? [] : [externalPlugin(external.from, external.to)]),
    ],
  });
  const [output] = outputFiles;
  if (output === undefined || warnings.length > 0) {
    throw new Error(`esbuild: ${warnings.map(({ text }) => text).join('\n')}`);
  }
  return { text: output.text, packages: packagesOf(metafile) };
}

/** Folders of the packages that a bundle contains, without those of this repository. */
export function packagesOf(metafile: Metafile): readonly string[] {
  const packages = Object.keys(metafile.inputs)
    .map((input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
    .filter((folder) => folder !== undefined);
  return [...new Set(packages)].sort();
}

/** Replaces release/src/build-facts.ts, which has the facts of a checkout. */
function buildFactsPlugin(root: string, facts: BuildFacts): Plugin {
  const file = join(root, 'release/src/build-facts.ts');
  return {
    name: 'build-facts',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]release[\\/]src[\\/]build-facts\.ts$/ }, async () => {
        const source = await readFile(file, 'utf8');
        const contents = withBuildFacts(source, facts);
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** The module build-facts.ts with other facts. Throws if it has changed so that they cannot be replaced. */
export function withBuildFacts(source: string, facts: BuildFacts): string {
  const pattern = /export const buildFacts: BuildFacts = \{[^}]*\};/;
  if (!pattern.test(source)) throw new Error('release/src/build-facts.ts has no constant buildFacts.');
  return source.replace(
    pattern,
    () => `export const buildFacts: BuildFacts = ${JSON.stringify(facts, null, 2)};`,
  );
}

function externalPlugin(from: string, to: string): Plugin {
  return {
    name: 'external',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path }) =>
        path === from ? { path: to, external: true } : undefined,
      );
    },
  };
}
