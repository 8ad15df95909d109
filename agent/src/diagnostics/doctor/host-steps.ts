import { stat } from 'node:fs/promises';
import type { AgentConfig, AgentLocation } from '@penstock/config-schema';
import { exposureOf } from '@penstock/runtime';
import { errorCode, errorText } from '@penstock/wire';
import type { AgentCredentials } from '../../identity/agent-credentials.ts';
import { currentFileIn } from '../../identity/current-file.ts';
import { readIdentity } from '../../identity/read-identity.ts';
import { fetchStatus } from '../../local/client.ts';
import { addressOfRunning } from '../../local/running-agent.ts';
import { type Step, StepFailure } from './run-steps.ts';

/** Clocks may differ this much before a certificate that is not yet valid is reported. */
const MAX_CLOCK_SKEW_MS = 3_600_000;

/** Checks the key and certificate of this host. It creates nothing. */
export function identityStep(config: AgentConfig, found: (credentials: AgentCredentials) => void): Step {
  const { directory, enrollmentToken, enrollmentTokenMissing } = config.identity;
  return {
    name: 'identity',
    needs: ['configuration'],
    run: async () => {
      const isThere = await exists(directory);
      const exposure = isThere ? (exposureOf(directory) ?? exposureOf(currentFileIn(directory))) : undefined;
      if (exposure !== undefined)
        throw new StepFailure(
          exposure,
          'Replace the key if anyone may have read it: enroll again with a new token.',
        );
      const identity = isThere ? readIdentity(directory) : undefined;
      if (identity === undefined) {
        if (enrollmentToken !== undefined) {
          return { message: `${directory} has no identity yet, and a token to enroll is configured.` };
        }
        throw new StepFailure(
          `${directory} has no identity, and there is no enrollment token. ${enrollmentTokenMissing ?? ''}`.trim(),
          'Create a token with penstock-gateway token create, and refer to it as identity.enrollmentToken.',
        );
      }
      found(identity);
      const { name, pool, notBefore, notAfter } = identity;
      const until = new Date(notAfter).toISOString();
      if (notAfter <= Date.now()) {
        throw new StepFailure(
          `The certificate of ${name} expired at ${until}.`,
          "Check this host's clock, then enroll again with penstock-agent enroll --again and a new token.",
        );
      }
      if (notBefore > Date.now() + MAX_CLOCK_SKEW_MS) {
        throw new StepFailure(
          `The certificate of ${name} is not valid before ${new Date(notBefore).toISOString()}.`,
          "This host's clock is behind. Synchronize it by NTP.",
        );
      }
      if (name !== config.name || pool !== config.pool) {
        throw new StepFailure(
          `The identity is for ${name} in pool ${pool}, but agent.yaml names ${config.name} in pool ${config.pool}.`,
          'Correct agent.yaml, or set another identity.directory and enroll again.',
        );
      }
      return { message: `${name} of pool ${pool}, valid until ${until}. Only its owner can read the key.` };
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new StepFailure(
      `${path} cannot be read: ${errorText(error)}.`,
      'Run the doctor as the user that runs the agent.',
    );
  }
}

/** Checks the control streams of the agent that runs here, as it reports them. */
export function sessionsStep(location: AgentLocation, needs: readonly string[]): Step {
  return {
    name: 'control stream',
    needs,
    run: async () => {
      const address = await addressOfRunning(location);
      const status = address && (await fetchStatus(address).catch(() => undefined));
      if (status === undefined) {
        return {
          verdict: 'skipped',
          message: 'No agent answers at local.listen, so there is no control stream to check.',
          advice: 'Start it with penstock-agent run --config FILE.',
        };
      }
      const { sessions, ready, reasons, lastFailure } = status;
      const count = `The running agent has ${sessions.ready} of ${sessions.wanted} sessions`;
      if (status.agentState === 'quarantined') {
        throw new StepFailure(
          `${count}, but it is quarantined and receives no opens.`,
          status.pin?.drifted === true
            ? 'Its configuration differs from the pinned one. Compare them with penstock-agent config diff --pinned.'
            : `Another process may be using a copy of its identity directory. On the gateway, penstock-gateway agent show ${status.name} lists both.`,
        );
      }
      if (!ready) {
        throw new StepFailure(
          `${count}. ${reasons.join(' ')}${lastFailure === undefined ? '' : ` Last failure: ${lastFailure.message}`}`,
          'Check the steps above and the log of the agent.',
        );
      }
      if (sessions.ready < sessions.wanted) {
        throw new StepFailure(`${count}.`, 'Search the log of the agent for session-failed.');
      }
      return { message: `${count}, and the gateway acknowledges its heartbeats.` };
    },
  };
}
