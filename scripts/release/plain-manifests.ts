import { join } from 'node:path';
import { type Program, programs } from './bundle.ts';
import { run } from './run.ts';

/** An older Kubernetes than this is not tested. */
export const KUBERNETES_VERSION = '1.31';

/** Values of a chart as `--set` takes them. */
export type Values = Readonly<Record<string, string>>;

/** What a chart installs, as `helm template` prints it. Rejects with what Helm says about values that do not fit. */
export const renderChart = (root: string, program: Program, values: Values = {}): Promise<string> =>
  run('helm', [
    ...['template', program, join(root, 'charts', program)],
    ...['--kube-version', `${KUBERNETES_VERSION}.0`, '--namespace', 'penstock'],
    ...Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ]);

const REPLICAS: Values = {
  replicas: '3',
  'database.secretName': 'penstock-database',
  'keys.secretName': 'penstock-gateway-keys',
};

type Manifests = { readonly file: string; readonly program: Program; readonly values: Values };

/** The files of examples/kubernetes. */
export const manifests: readonly Manifests[] = [
  ...programs.map((program) => ({ file: `${program}.yaml`, program, values: {} })),
  { file: 'replicas/penstock-gateway.yaml', program: 'penstock-gateway', values: REPLICAS },
];

/** What a chart installs, without what is there for Helm only. */
export async function plainManifests(root: string, { program, values }: Manifests): Promise<string> {
  const rendered = await renderChart(root, program, values);
  const set = Object.entries(values).map(([name, value]) => `# ${name}: ${value}\n`);
  const lines = rendered
    .split('\n')
    .filter((line) => !/^# Source:|^ +helm\.sh\/chart:|^ +app\.kubernetes\.io\/managed-by:/.test(line));
  const which = set.length === 0 ? 'its default values' : 'the values below';
  const head = `# The chart ${program} with ${which}, as plain manifests. Replace what is in agent.yaml or gateway.yaml.\n`;
  return `${head}${set.join('')}${lines.join('\n')}`;
}
