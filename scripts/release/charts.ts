import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact } from '@penstock/release';
import { describeArtifact } from './artifacts.ts';
import type { Commit } from './build-facts.ts';
import { type Program, programs } from './bundle.ts';
import { run } from './run.ts';

export type ChartOptions = {
  readonly root: string;
  readonly out: string;
  readonly version: string;
  readonly commit: Commit;
};

/** Packs the Helm charts as `helm package` does, but with the time of the commit. */
export async function chartArtifacts(options: ChartOptions): Promise<readonly Artifact[]> {
  const { root, out } = options;
  const charts = (await readdir(join(root, 'charts'))).filter(isProgram);
  return Promise.all(
    charts.map(async (program) => {
      const file = await packChart(program, options);
      return describeArtifact(out, { program, kind: 'chart', os: 'any', arch: 'any', file });
    }),
  );
}

const isProgram = (name: string): name is Program => (programs as readonly string[]).includes(name);

async function packChart(program: Program, { root, out, version, commit }: ChartOptions): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'penstock-chart-'));
  const file = `${program}-${version}-chart.tgz`;
  try {
    await cp(join(root, 'charts', program), join(work, program), { recursive: true });
    const manifest = join(work, program, 'Chart.yaml');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace(/^(version|appVersion): .*$/gm, `$1: ${version}`));
    await run('tar', [
      ...['--create', '--gzip', '--file', join(out, file), '--directory', work],
      ...[
        '--sort=name',
        `--mtime=@${commit.time}`,
        '--owner=0',
        '--group=0',
        '--numeric-owner',
        '--mode=go=rX,u+rw',
      ],
      program,
    ]);
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
