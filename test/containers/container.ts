import { isAbsolute, join, relative } from 'node:path';
import { ManagedProcess } from '../rig/process.ts';
import type { Image } from './image.ts';

export type ContainerOptions = {
  readonly image: Image;
  /** Path of the Node that runs as `node`. The account of the image must be able to execute it. */
  readonly node: string;
  /** By path in the container, the folder of this machine that is mounted there. */
  readonly mounts?: ReadonlyMap<string, string>;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs commands of an image without an engine: with its account, its environment and its paths. */
export class Container {
  readonly image: Image;
  readonly #options: ContainerOptions;

  constructor(options: ContainerOptions) {
    this.image = options.image;
    this.#options = options;
  }

  /** Translates an absolute path in the container into one of this machine. Returns other words unchanged. */
  place(word: string): string {
    if (!isAbsolute(word)) return word;
    for (const [mount, folder] of this.#options.mounts ?? []) {
      if (word === mount || word.startsWith(`${mount}/`)) return join(folder, relative(mount, word));
    }
    return join(this.image.root, word);
  }

  /** Starts a command of the image. Throws when it is not a `node` command. */
  async start(words: readonly string[]): Promise<ManagedProcess> {
    const [program, ...args] = words.map((word) => this.place(word));
    if (program !== 'node') throw new Error(`This image starts ${program} instead of node.`);
    return await ManagedProcess.start({
      command: this.#options.node,
      args,
      cwd: this.place(this.image.directory),
      env: { ...this.image.env, ...this.#options.env },
      ...(process.getuid?.() === 0 ? { account: this.image.account } : {}),
    });
  }

  /** Runs a command of the image until it exits. */
  async run(words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    await using child = await this.start(words);
    const { code } = await child.exit(30_000);
    return { code, output: child.output };
  }
}
