import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Functions of node:fs that change nothing. Every other one is a step between which the power can be cut. */
const READING: ReadonlySet<string> = new Set([
  'accessSync',
  'closeSync',
  'existsSync',
  'fstatSync',
  'lstatSync',
  'readFileSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
  'realpathSync',
  'statSync',
  'statfsSync',
]);

/** What a cut throws. Nothing that the process does afterwards reaches the disk. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

type Change = { readonly directory: string; readonly undo: () => void };

/**
 * The power of this process, as far as node:fs has it: counts every change that is made to files, and at the wanted one lets it
 * happen and then nothing more. With `isCacheLost`, changes are undone at the cut that nothing has synchronized: the content of files
 * (fsync of the file), and their names (fsync of the directory).
 */
export class Power implements Disposable {
  readonly #originals: Readonly<Record<string, unknown>>;
  readonly #cutAfter: number;
  readonly #isCacheLost: boolean;
  /** Files whose content is only in the cache. */
  readonly #unsynced = new Set<string>();
  #names: Change[] = [];
  #changes = 0;
  #isCut = false;
  /** Nested calls of node:fs belong to the outer one. */
  #depth = 0;

  constructor({ cutAfter = Number.POSITIVE_INFINITY, isCacheLost = false }) {
    this.#cutAfter = cutAfter;
    this.#isCacheLost = isCacheLost;
    const module = fs as unknown as Record<string, unknown>;
    const changing = Object.entries(fs).filter(([name]) => name.endsWith('Sync') && !READING.has(name));
    this.#originals = Object.fromEntries(changing);
    for (const [name, original] of changing) {
      module[name] = (...words: unknown[]) =>
        this.#run(name, original as unknown as (...words: unknown[]) => unknown, words);
    }
    syncBuiltinESMExports();
  }

  get changes(): number {
    return this.#changes;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  #run(name: string, original: (...words: unknown[]) => unknown, words: unknown[]): unknown {
    if (this.#depth > 0) return original(...words);
    const isOpen = name === 'openSync';
    if (isOpen && !isCreating(words[1])) return original(...words);
    if (this.#isCut) throw new PowerCut(`${name} after the power was cut`);
    this.#depth += 1;
    try {
      this.#remember(name, words);
      const result = original(...words);
      if (isOpen) this.#unsynced.add(real(String(words[0])));
      this.#changes += 1;
      if (this.#changes >= this.#cutAfter) this.#cut();
      return result;
    } finally {
      this.#depth -= 1;
    }
  }

  #remember(name: string, words: readonly unknown[]): void {
    const [first, second] = words.map(String) as [string, string];
    const named = (directory: string, undo: () => void) => this.#names.push({ directory, undo });
    switch (name) {
      case 'fsyncSync': {
        const path = fs.readlinkSync(`/proc/self/fd/${first}`);
        this.#unsynced.delete(path);
        this.#names = this.#names.filter(({ directory }) => fs.realpathSync(directory) !== path);
        break;
      }
      case 'renameSync': {
        this.#move(first, second);
        const link = linkAt(second);
        const text = link === undefined && isFile(second) ? fs.readFileSync(second) : undefined;
        named(dirname(second), () => {
          if (fs.existsSync(second) || linkAt(second) !== undefined) fs.renameSync(second, first);
          this.#move(second, first);
          if (link !== undefined) fs.symlinkSync(link, second);
          else if (text !== undefined) fs.writeFileSync(second, text);
        });
        break;
      }
      case 'symlinkSync':
      case 'linkSync':
        named(dirname(second), () => fs.rmSync(second, { force: true }));
        break;
      case 'mkdirSync':
        if (!fs.existsSync(first))
          named(dirname(first), () => fs.rmSync(first, { recursive: true, force: true }));
        break;
      default:
    }
  }

  /** Content that is only in the cache stays so under another name of the file, or of a folder that it is in. */
  #move(from: string, to: string): void {
    const [before, after] = [real(from), real(to)];
    this.#unsynced.delete(after);
    for (const path of this.#unsynced) {
      if (path !== before && !path.startsWith(`${before}/`)) continue;
      this.#unsynced.delete(path);
      this.#unsynced.add(`${after}${path.slice(before.length)}`);
    }
  }

  #cut(): void {
    this.#isCut = true;
    if (!this.#isCacheLost) return;
    for (const { undo } of this.#names.toReversed()) undo();
    for (const path of this.#unsynced) if (isFile(path)) fs.truncateSync(path, 0);
  }

  /** The power is back. */
  [Symbol.dispose](): void {
    Object.assign(fs, this.#originals);
    syncBuiltinESMExports();
  }
}

const real = (path: string) => join(fs.realpathSync(dirname(path)), basename(path));

const isCreating = (flags: unknown) =>
  typeof flags === 'number' ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0 : flags !== 'r';

function linkAt(path: string): string | undefined {
  try {
    return fs.readlinkSync(path);
  } catch {
    return undefined;
  }
}

const isFile = (path: string) => fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
