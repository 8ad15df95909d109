/** The files that take half a minute or more, as the end of a run names them. What is not listed is only started later. */
export const LONG_FILES: readonly string[] = [
  'test/rollouts/software-rollout.test.ts',
  'test/console/every-page.test.ts',
  'test/containers/containers.test.ts',
  'test/console/tasks.test.ts',
  'test/quickstart/start.test.ts',
  'updater/test/upgrade-on-host.test.ts',
  'test/control-plane/schemathesis.test.ts',
  'test/services/systemd.test.ts',
  'test/drivers/pgjdbc.test.ts',
  'test/rollouts/config-rollout.test.ts',
  'test/operations/agent-ca.test.ts',
  'test/chaos/chaos.test.ts',
  'test/cluster/resume.test.ts',
  'test/causes/cause-table.test.ts',
  'test/drivers/pool-failover.test.ts',
];

/** The same files, with the long ones first: one that starts last runs alone, beside idle cores. */
export function longestFirst(files: readonly string[]): string[] {
  const rank = (file: string) => {
    const index = LONG_FILES.indexOf(file);
    return index < 0 ? LONG_FILES.length : index;
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}
