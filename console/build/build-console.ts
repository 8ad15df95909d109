import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

/** Builds of earlier states of the sources that are kept beside a new one. */
const MAX_BUILDS = 4;

/**
 * Builds the console into `out`, which must not exist. The files appear there all at once, so that several processes can
 * build at the same time. The same sources give the same bytes.
 */
export async function buildConsole(out: string): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  const unfinished = `${out}.${randomUUID()}.unfinished`;
  try {
    await build({
      configFile: false,
      envDir: false,
      root: join(import.meta.dirname, '..'),
      base: '/console/',
      logLevel: 'error',
      plugins: [react()],
      css: { modules: { generateScopedName: '[local]-[hash:base64:5]' } },
      build: {
        outDir: unfinished,
        target: 'baseline-widely-available',
        manifest: true,
        // The policy of the pages admits neither inline scripts nor data: URLs.
        modulePreload: { polyfill: false },
        assetsInlineLimit: 0,
        reportCompressedSize: false,
        sourcemap: false,
      },
    });
    // Another process may have finished the same build first.
    await rename(unfinished, out).catch(async (error: unknown) => {
      if (!(await isDirectory(out))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Removes all but the newest builds from the folder that caches them. */
export async function pruneBuilds(cache: string): Promise<void> {
  const entries = await readdir(cache);
  const times = await Promise.all(
    entries.map(async (name) => ({ name, at: (await stat(join(cache, name))).mtimeMs })),
  );
  const old = times.sort((a, b) => b.at - a.at).slice(MAX_BUILDS);
  await Promise.all(old.map(({ name }) => rm(join(cache, name), { recursive: true, force: true })));
}

const isDirectory = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
