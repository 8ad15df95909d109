import { type AgentConfig, formatHostPort } from '@penstock/config-schema';
import { checkConnector } from '../../target/checks/connector-check.ts';
import { Targets } from '../../target/targets.ts';
import { type Step, StepFailure } from './run-steps.ts';

/** One step for each connector, which queries its target once in its own protocol. */
export function connectorSteps(config: AgentConfig): Step[] {
  const targets = new Targets(config);
  const { signal } = new AbortController();
  return config.connectors.map((connector) => ({
    name: `connector ${connector.name}`,
    needs: ['configuration'],
    run: async () => {
      const timeout = Math.max(connector.dialTimeout, 1_000);
      const { reach, message, advice, stages } = await checkConnector(connector, {
        targets,
        timeout,
        signal,
      });
      const { host, port } = connector.address;
      const failed = stages.find(({ verdict }) => verdict === 'failed')?.detail;
      if (reach !== 'ready') {
        throw new StepFailure(
          `${formatHostPort({ host, port })}: ${message}${failed === undefined ? '' : ` ${failed}`}`,
          advice,
        );
      }
      const answered = stages.find(({ stage }) => stage === 'protocol')?.detail;
      return {
        message: `${formatHostPort({ host, port })} answers${answered === undefined ? '' : `: ${answered}`}.`,
      };
    },
  }));
}
