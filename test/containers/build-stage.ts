import { cp, mkdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join, matchesGlob } from 'node:path';
import { treeFiles } from '../../scripts/check/tree.ts';
import { ManagedProcess } from '../rig/process.ts';
import type { Stage } from './dockerfile.ts';

/** Makes what a command leaves in its folder. */
export type CachedLayer = (folder: string) => Promise<void>;

const MINUTE_MS = 60_000;
/** How npm reaches its registry on this machine. A container engine has its own settings. */
const NPM_ENVIRONMENT =
  /^(npm_config_(registry|cache|cafile|userconfig)|https?_proxy|no_proxy|node_extra_ca_certs)$/i;

/** Requests to the registry that have no part in what is installed. */
const QUIET_NPM = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
  npm_config_prefer_offline: 'true',
};

/** Runs build stages in one folder that represents their root. Runs each layer once, as an engine with a cache does. */
export class BuildStages {
  readonly #root: string;
  readonly #context: string;
  readonly #cached: ReadonlyMap<string, CachedLayer>;
  readonly #done = new Set<string>();

  /** `cached` has, by command, what RUN does instead: the result that an engine would take from its cache. */
  constructor(root: string, context: string, cached: ReadonlyMap<string, CachedLayer> = new Map()) {
    this.#root = root;
    this.#context = context;
    this.#cached = cached;
  }

  async run(stage: Stage): Promise<void> {
    let directory = '/';
    let layer = '';
    for (const { name, rest } of stage.instructions) {
      layer += `${name} ${rest}\n`;
      if (name === 'WORKDIR') directory = rest;
      const cwd = join(this.#root, directory);
      if (this.#done.has(layer)) continue;
      if (name === 'WORKDIR') await mkdir(cwd, { recursive: true });
      else if (name === 'COPY' && rest === '. .') await copyContext(this.#context, cwd);
      else if (name === 'RUN') await (this.#cached.get(rest)?.(cwd) ?? runCommand(rest, cwd));
      else throw new Error(`The build stage has ${name} ${rest}, which this test does not support.`);
      this.#done.add(layer);
    }
  }
}

async function runCommand(command: string, cwd: string): Promise<void> {
  const npm = Object.entries(process.env).filter(([name]) => NPM_ENVIRONMENT.test(name));
  await using child = await ManagedProcess.start({
    command: '/bin/sh',
    args: ['-c', command],
    cwd,
    env: {
      ...Object.fromEntries(npm.map(([name, value]) => [name, value ?? ''])),
      ...QUIET_NPM,
      // The image has its own Node. Here it is the one that runs the tests.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    },
  });
  const { code } = await child.exit(5 * MINUTE_MS);
  if (code !== 0) throw new Error(`RUN ${command} exited with ${code}:\n${child.output}`);
}

/** Copies the build context: the files of the tree without those in .dockerignore. */
async function copyContext(context: string, to: string): Promise<void> {
  const ignored = (await readFile(join(context, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const file of await treeFiles(context)) {
    const parts = file.split('/');
    const prefixes = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    if (prefixes.some((prefix) => ignored.some((pattern) => matchesGlob(prefix, pattern)))) continue;
    await cp(join(context, file), join(to, file), { recursive: true });
  }
}
