import type { UpdaterLimits } from '../../src/host.ts';

/** Real time, in which a probation takes as long as a few looks. */
export const quickLimits: UpdaterLimits = {
  probation: 40,
  maxProbation: 400,
  readyTimeout: 100,
  healthTimeout: 300,
  grace: 20,
  settle: 5,
  interval: 5,
  attempts: 3,
};
