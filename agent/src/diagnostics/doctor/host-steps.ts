import { stat } from 'node:fs/promises';
import type { AgentConfig } from '@penstock/config-schema';
import { errorCode, errorText } from '@penstock/wire';
import type { AgentCredentials } from '../../identity/agent-credentials.ts';
import { openKeyStore } from '../../identity/key-store.ts';
import { fetchStatus } from '../../local/client.ts';
import { Complaint, type Step } from './examine.ts';

const HOUR = 3_600_000;

/** The key and certificate of this host. Nothing is made: a doctor changes nothing. */
export function identityStep(config: AgentConfig, found: (identity: AgentCredentials) => void): Step {
  const { directory, enrollmentToken, enrollmentTokenMissing } = config.identity;
  return {
    name: 'identity',
    needs: ['configuration'],
    look: async () => {
      const identity = (await isThere(directory))
        ? await (await openKeyStore(directory)).current()
        : undefined;
      if (identity === undefined) {
        if (enrollmentToken !== undefined) {
          return { sentence: `There is no identity in ${directory} yet; there is a token to enroll with.` };
        }
        throw new Complaint(
          `There is no identity in ${directory}, and no enrollment token. ${enrollmentTokenMissing ?? ''}`.trim(),
          'Make a token with penstock-gateway token create, and refer to it as identity.enrollmentToken.',
        );
      }
      found(identity);
      const { name, pool, notBefore, notAfter } = identity;
      const until = new Date(notAfter).toISOString();
      if (notAfter <= Date.now()) {
        throw new Complaint(
          `The certificate of ${name} ended at ${until}.`,
          "Check this host's clock; then enroll again, with penstock-agent enroll --again and a new token.",
        );
      }
      if (notBefore > Date.now() + HOUR) {
        throw new Complaint(
          `The certificate of ${name} begins at ${new Date(notBefore).toISOString()} only.`,
          "This host's clock is behind: have it set by NTP.",
        );
      }
      if (name !== config.name || pool !== config.pool) {
        throw new Complaint(
          `The identity is that of ${name} of pool ${pool}; the file says ${config.name} of pool ${config.pool}.`,
          'Correct the file, or name another directory and enroll anew.',
        );
      }
      return { sentence: `${name} of pool ${pool}, good until ${until}; only its owner can read the key.` };
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new Complaint(
      `${path} cannot be looked into: ${errorText(error)}.`,
      'Run the doctor as the user of the agent.',
    );
  }
}

/** The control streams of the agent that runs here, as it sees them itself. */
export function sessionsStep(config: AgentConfig): Step {
  return {
    name: 'control stream',
    needs: ['configuration'],
    look: async () => {
      const status = await fetchStatus(config.local.listen).catch(() => undefined);
      if (status === undefined) {
        return {
          verdict: 'skipped',
          sentence: 'No agent answers at local.listen, so there is no control stream to look at.',
          advice: 'Start it: penstock-agent run --config FILE.',
        };
      }
      const { sessions, ready, reasons, lastFailure } = status;
      const count = `The agent that runs here has ${sessions.ready} of ${sessions.wanted} sessions`;
      if (!ready) {
        throw new Complaint(
          `${count}. ${reasons.join(' ')}${lastFailure === undefined ? '' : ` Last failure: ${lastFailure.message}`}`,
          'Look at the steps above, and at the log of the agent.',
        );
      }
      if (sessions.ready < sessions.wanted) {
        throw new Complaint(`${count}.`, 'Look at the log of the agent for session-failed.');
      }
      if (status.agentState === 'quarantined') {
        throw new Complaint(
          `${count}, and the gateway gives it no opens: it is quarantined.`,
          status.pin?.drifted === true
            ? 'Its file is not the pinned one. See what differs: penstock-agent config diff --pinned.'
            : `Another process may use a copy of its identity directory. Whoever has the gateway sees both: penstock-gateway agent show ${status.name}`,
        );
      }
      return { sentence: `${count}, and the gateway acknowledges its heartbeats.` };
    },
  };
}
