import { access, constants } from 'node:fs/promises';
import { versionOf } from './program.ts';

/** Returns the path that an environment variable names. Throws if there is no program, which is a mistake of who set it. */
export async function namedProgram(variable: string): Promise<string | undefined> {
  const path = process.env[variable];
  if (path === undefined || path === '') return undefined;
  try {
    await access(path, constants.X_OK);
  } catch (cause) {
    throw new Error(`${variable} names ${path}, which is not a program that can be run.`, { cause });
  }
  return path;
}

/** The first number with points in what a program prints about its version. */
export async function versionNumberOf(program: string, parameter: string): Promise<string> {
  return /\d+\.\d+\.\d+/.exec((await versionOf(program, parameter)) ?? '')?.[0] ?? 'of unknown version';
}
