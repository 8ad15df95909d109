import type { AgentConfig } from '@penstock/config-schema';
import type { AgentCredentials } from '../../identity/agent-credentials.ts';
import type { Environment } from '../../tunnel/proxy.ts';
import { connectorSteps } from './connector-steps.ts';
import { type Diagnosed, examine } from './examine.ts';
import { gatewaySteps } from './gateway-steps.ts';
import { identityStep, sessionsStep } from './host-steps.ts';

export type DoctorOptions = {
  readonly config: AgentConfig;
  readonly environment: Environment;
  /** Told of each step as it is taken. */
  readonly onDone: (diagnosed: Diagnosed) => void;
};

/**
 * Looks at everything an agent on this host needs, and changes nothing; an agent that runs here goes on undisturbed.
 * Never throws: what is wrong stands in the diagnosis.
 */
export async function examineAgent({
  config,
  environment,
  onDone,
}: DoctorOptions): Promise<readonly Diagnosed[]> {
  using opened = new DisposableStack();
  let identity: AgentCredentials | undefined;
  return await examine(
    [
      {
        name: 'configuration',
        needs: [],
        look: async () => ({ sentence: `Valid: version ${config.version}, ${config.digest}.` }),
      },
      identityStep(config, (found) => {
        identity = found;
      }),
      ...gatewaySteps({ config, environment, identity: () => identity, opened }),
      sessionsStep(config),
      ...connectorSteps(config),
    ],
    onDone,
  );
}
