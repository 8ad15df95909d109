import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IdentityError } from './identity-error.ts';

/** Windows has no such modes; there the directory inherits what its owner's profile allows. */
const posix = process.platform !== 'win32';
const OTHERS = 0o077;

/** What a write leaves when the process dies in it. Young ones may belong to a process that still writes. */
const LEFTOVER = /\.[0-9a-f]{12}\.tmp$/;
const LEFTOVER_AGE = 60 * 60_000;

/** A directory that only this agent's user may look into. Files are replaced whole, never written in place. */
export class PrivateDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes the directory with mode 0700 when it is missing. Throws IdentityError when others could look into it. */
  static async open(path: string): Promise<PrivateDirectory> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw unusable(`The identity directory ${path} cannot be made`, cause);
    }
    const mode = await modeOf(path);
    if (posix && (mode & OTHERS) !== 0) {
      throw new IdentityError(
        'open-to-others',
        `The identity directory ${path} is open to other users (mode ${octal(mode)}). Run chmod 700 ${path}; or, ` +
          'where a volume sets the mode, name a directory below it in identity.directory: the agent makes it.',
      );
    }
    await removeLeftovers(path);
    return new PrivateDirectory(path);
  }

  /** The file's text, or undefined when there is none. Throws IdentityError. */
  async read(name: string): Promise<string | undefined> {
    const file = join(this.path, name);
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw unusable(`${file} cannot be read`, cause);
    }
    const mode = await modeOf(file);
    if (posix && (mode & OTHERS) !== 0) {
      throw new IdentityError(
        'open-to-others',
        `${file} can be read by other users (mode ${octal(mode)}). Run chmod 600 ${file}; if somebody may have ` +
          'read it, revoke the agent at the gateway and enroll again.',
      );
    }
    return text;
  }

  /** All of the file or nothing of it, and on the disk when this returns. Throws IdentityError. */
  async write(name: string, text: string): Promise<void> {
    const file = join(this.path, name);
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      await this.#sync();
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw unusable(`${file} cannot be written`, cause);
    }
  }

  /** Puts the file in the other's place, in one step. Throws IdentityError. */
  async replace(name: string, by: string): Promise<void> {
    try {
      await rename(join(this.path, by), join(this.path, name));
      await this.#sync();
    } catch (cause) {
      throw unusable(`${join(this.path, name)} cannot be replaced`, cause);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await rm(join(this.path, name), { force: true });
      await this.#sync();
    } catch (cause) {
      throw unusable(`${join(this.path, name)} cannot be removed`, cause);
    }
  }

  /** A rename is only on the disk when its directory is. */
  async #sync(): Promise<void> {
    if (!posix) return;
    const handle = await open(this.path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function removeLeftovers(directory: string): Promise<void> {
  try {
    for (const name of (await readdir(directory)).filter((entry) => LEFTOVER.test(entry))) {
      const file = join(directory, name);
      if ((await stat(file)).mtimeMs < Date.now() - LEFTOVER_AGE) await rm(file, { force: true });
    }
  } catch (cause) {
    // Another process tidied up at the same time.
    if (!isMissing(cause)) throw unusable(`The identity directory ${directory} cannot be read`, cause);
  }
}

async function modeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (cause) {
    throw unusable(`${path} cannot be looked at`, cause);
  }
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0');

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function unusable(what: string, cause: unknown): IdentityError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new IdentityError(
    'unusable-directory',
    `${what}${code}. Check that the user the agent runs as owns it and that the disk has room.`,
    { cause },
  );
}
