import { isAbsolute, join, relative } from 'node:path';
import { ManagedProcess } from '../rig/process.ts';
import type { Image } from './image.ts';

export type ContainerOptions = {
  readonly image: Image;
  /** The Node to run as `node`: one that the image's account can reach. */
  readonly node: string;
  /** Paths in the container and the folders of this machine that are mounted there. */
  readonly mounts?: ReadonlyMap<string, string>;
  readonly env?: Readonly<Record<string, string>>;
};

/** What an engine would make of an image, as far as one can without: its account, its environment, its paths. */
export class Container {
  readonly image: Image;
  readonly #options: ContainerOptions;

  constructor(options: ContainerOptions) {
    this.image = options.image;
    this.#options = options;
  }

  /** A path of the container as one of this machine. Anything else stays as it is. */
  place(word: string): string {
    if (!isAbsolute(word)) return word;
    for (const [mount, folder] of this.#options.mounts ?? []) {
      if (word === mount || word.startsWith(`${mount}/`)) return join(folder, relative(mount, word));
    }
    return join(this.image.root, word);
  }

  /** Starts a command of the image, which has to be `node` and what it runs. */
  async start(words: readonly string[]): Promise<ManagedProcess> {
    const [program, ...args] = words.map((word) => this.place(word));
    if (program !== 'node') throw new Error(`This image starts ${program}, and not node.`);
    return await ManagedProcess.start({
      command: this.#options.node,
      args,
      cwd: this.place(this.image.directory),
      env: { ...this.image.env, ...this.#options.env },
      ...(process.getuid?.() === 0 ? { account: this.image.account } : {}),
    });
  }

  /** The same, to its end. */
  async run(words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    await using child = await this.start(words);
    const { code } = await child.exit(30_000);
    return { code, output: child.output };
  }
}
