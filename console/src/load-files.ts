import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export type ConsoleFile = {
  readonly type: string;
  readonly body: Buffer;
  /** Absent if compression does not make it smaller. */
  readonly gzip?: Buffer;
  /** Entity tag (RFC 9110 section 8.8.3), with its quotes. */
  readonly etag: string;
  /** Whether the name contains a hash of the content, so that it can be cached forever. */
  readonly isImmutable: boolean;
};

/** The files of one build by path: `index.html`, `assets/main-x1y2z3.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const compress = promisify(gzip);

/**
 * Reads a build into memory, where it stays: requests are answered from a closed list of names, so that no path of a
 * request ever reaches the file system. Files of other types are left out.
 */
export async function loadFiles(directory: string): Promise<ConsoleFiles> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && extname(entry.name) in types);
  const read = files.map(async ({ parentPath, name }): Promise<[string, Buffer]> => {
    const file = join(parentPath, name);
    return [file.slice(directory.length + 1).replaceAll(sep, '/'), await readFile(file)];
  });
  return filesOf(new Map(await Promise.all(read)));
}

/** The same of a build whose files are in memory, by path. */
export async function filesOf(build: ReadonlyMap<string, Buffer>): Promise<ConsoleFiles> {
  const files = [...build].filter(([path]) => extname(path) in types);
  const loaded = files.map(async ([path, body]): Promise<[string, ConsoleFile]> => {
    const compressed = await compress(body, { level: 9 });
    return [
      path,
      {
        type: types[extname(path)] ?? '',
        body,
        ...(compressed.length < body.length && { gzip: compressed }),
        etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
        isImmutable: path.startsWith('assets/'),
      },
    ];
  });
  return new Map(await Promise.all(loaded));
}
