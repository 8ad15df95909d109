import { build } from 'esbuild';
import { packagesOf } from './bundle.ts';

/** Folders of the packages in the web console, whose own bundler does not report them. */
export async function consolePackages(root: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: ['console/app/main.tsx'],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    outfile: 'out.js',
    format: 'esm',
    target: 'esnext',
    loader: { '.css': 'empty', '.svg': 'empty' },
    logLevel: 'silent',
  });
  return packagesOf(metafile);
}
