import type { ParseOptions } from '../../src/parse.ts';
import { ReadFileError } from '../../src/reference/read-text-file.ts';
import type { ReferringFile } from './with-references.ts';

/** Environment and files for the references of a generated file. */
export function hostOf({ environment, files }: Pick<ReferringFile, 'environment' | 'files'>): ParseOptions {
  return {
    directory: '/etc/penstock',
    environment,
    readFile: (path) => {
      const text = files.get(path);
      if (text === undefined) throw new ReadFileError('missing');
      return text;
    },
  };
}
