import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddedFiles, isSingleExecutable } from '@penstock/runtime';
import { type ConsoleFile, type ConsoleFiles, filesOf, loadFiles } from './load-files.ts';
import { ConsoleBuildError, SourceBuild } from './source-build.ts';

export type { ConsoleFile, ConsoleFiles };

export type WebConsole = {
  /** The files of the console. Rejects with an error whose message says why there are none, and what to do. */
  files(): Promise<ConsoleFiles>;
  /** Ends what `files` has started. */
  close(): void;
};

/** The folder of this package. A single executable has none, and does not know its path where /proc is not mounted. */
const FOLDER = isSingleExecutable() ? '' : join(import.meta.dirname, '..');
/** How long the files of a checkout are served before its sources are looked at again. */
const FRESH_MS = 1_000;

/**
 * The web console. Nothing is read or built before it is first asked for. A published package and a single executable
 * contain its build; a checkout is built on demand, and again when its sources have changed.
 */
export function openConsole(folder = FOLDER): WebConsole {
  const built = join(folder, 'assets');
  const source = new SourceBuild(folder);
  let loading: Promise<ConsoleFiles> | undefined;
  let loaded: { readonly directory: string; readonly files: ConsoleFiles; readonly at: number } | undefined;

  const load = async (): Promise<ConsoleFiles> => {
    const embedded = embeddedFiles('console');
    if (isSingleExecutable() && embedded.size === 0) {
      throw new ConsoleBuildError('This executable does not contain the console.');
    }
    if (embedded.size > 0) return loaded?.files ?? keep('', await filesOf(embedded));
    const directory = await newest(built, source);
    const files = loaded?.directory === directory ? loaded.files : await loadFiles(directory);
    return keep(directory, files);
  };
  const keep = (directory: string, files: ConsoleFiles): ConsoleFiles => {
    loaded = { directory, files, at: performance.now() };
    return files;
  };
  return {
    async files() {
      if (loaded !== undefined && performance.now() - loaded.at < FRESH_MS) return loaded.files;
      loading ??= load().finally(() => {
        loading = undefined;
      });
      return loading;
    },
    close: () => source.close(),
  };
}

async function newest(built: string, source: SourceBuild): Promise<string> {
  if (await isThere(join(built, 'index.html'))) return built;
  if (!(await source.isPossible())) {
    throw new ConsoleBuildError('This installation does not contain the console.');
  }
  const directory = await source.directory();
  await source.ensure(directory);
  return directory;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
