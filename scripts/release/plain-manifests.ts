import { join } from 'node:path';
import type { Program } from './bundle.ts';
import { run } from './run.ts';

/** An older Kubernetes than this is not tested. */
export const KUBERNETES_VERSION = '1.31';

/** What a chart installs, as `helm template` prints it. */
export const renderChart = (root: string, program: Program): Promise<string> =>
  run('helm', [
    ...['template', program, join(root, 'charts', program)],
    ...['--kube-version', `${KUBERNETES_VERSION}.0`, '--namespace', 'penstock'],
  ]);

/** The manifests of examples/kubernetes: a chart with its default values, without what is there for Helm only. */
export async function plainManifests(root: string, program: Program): Promise<string> {
  const rendered = await renderChart(root, program);
  const lines = rendered
    .split('\n')
    .filter((line) => !/^# Source:|^ +helm\.sh\/chart:|^ +app\.kubernetes\.io\/managed-by:/.test(line));
  return `# The chart ${program} with its default values, as plain manifests. Replace what is in agent.yaml or gateway.yaml.\n${lines.join('\n')}`;
}
