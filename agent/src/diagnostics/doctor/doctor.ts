import type { AgentConfig, AgentLocation } from '@penstock/config-schema';
import type { AgentCredentials } from '../../identity/agent-credentials.ts';
import type { Environment } from '../../tunnel/proxy.ts';
import { connectorSteps } from './connector-steps.ts';
import { gatewaySteps } from './gateway-steps.ts';
import { identityStep, sessionsStep } from './host-steps.ts';
import { runSteps, StepFailure, type StepReport } from './run-steps.ts';

export type DoctorOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  /** Called after each step. */
  readonly onDone: (report: StepReport) => void;
};

/**
 * Checks everything that an agent on this host needs. It changes nothing, and does not disturb an agent that runs here. Never
 * rejects: failures are in the reports.
 */
export async function runDoctor({
  config,
  environment,
  onDone,
}: DoctorOptions): Promise<readonly StepReport[]> {
  using opened = new DisposableStack();
  let credentials: AgentCredentials | undefined;
  return await runSteps(
    [
      {
        name: 'configuration',
        needs: [],
        run: async () => ({ message: `Valid: version ${config.version}, ${config.digest}.` }),
      },
      identityStep(config, (found) => {
        credentials = found;
      }),
      ...gatewaySteps({ config, environment, credentials: () => credentials, opened }),
      sessionsStep({ directory: config.identity.directory, listen: config.local.listen }, ['configuration']),
      ...connectorSteps(config),
    ],
    onDone,
  );
}

/**
 * What can be checked without a valid configuration: the agent that still runs on the last good one. `problems` says what is
 * wrong with the file. Never rejects.
 */
export function runDoctorWithoutConfig(
  location: AgentLocation,
  problems: string,
  onDone: (report: StepReport) => void,
): Promise<readonly StepReport[]> {
  return runSteps(
    [
      {
        name: 'configuration',
        needs: [],
        run: async () => {
          throw new StepFailure(
            problems,
            'Correct the file. A running agent continues with its last valid configuration.',
          );
        },
      },
      sessionsStep(location, []),
    ],
    onDone,
  );
}
