import { getAssetKeys, getRawAsset, isSea } from 'node:sea';

/** Whether this process runs a single executable, which contains the program and its files, rather than Node with a script. */
export const isSingleExecutable = (): boolean => isSea();

/** The files that a single executable contains below a folder, by their path in it. Empty outside of an executable. */
export function embeddedFiles(folder: string): ReadonlyMap<string, Buffer> {
  if (!isSea()) return new Map();
  const keys = getAssetKeys().filter((key) => key.startsWith(`${folder}/`));
  // A copy: the bytes belong to the executable, and writing to them would end the process.
  return new Map(keys.map((key) => [key.slice(folder.length + 1), Buffer.from(getRawAsset(key).slice(0))]));
}

/**
 * The module of a worker thread: `name` without an extension, next to the module at `importer`. It is a .ts file in a
 * checkout, a .js file in a build, and inside a single executable the text of the file itself.
 */
export function workerModule(name: string, importer: string): URL {
  const text = embeddedFiles('workers').get(`${name}.js`);
  if (text !== undefined) return new URL(`data:text/javascript;base64,${text.toString('base64')}`);
  return new URL(`./${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer);
}
