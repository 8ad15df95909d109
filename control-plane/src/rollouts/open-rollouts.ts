import { errorText } from '@penstock/wire';
import type { SessionsPort } from '../data-plane-port.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import { Rollouts, type RolloutsOptions } from './rollouts.ts';
import { ASK_AFTER_MS, ASK_SOON_MS } from './upgrade-messages.ts';

export type OpenRolloutsOptions = Omit<RolloutsOptions, 'fleet' | 'sendUpgrade'> & {
  readonly fleet: RolloutsOptions['fleet'] & Pick<OpenFleet, 'onChange'>;
  readonly sessions: Pick<SessionsPort, 'observe' | 'sendUpgrade'>;
};

/** Takes up the open rollouts, and answers agents that want to switch. The caller stops it. Throws StoreError. */
export async function openRollouts(
  options: OpenRolloutsOptions,
): Promise<{ readonly rollouts: Rollouts; stop(): Promise<void> }> {
  const { sessions, fleet, log } = options;
  const sendUpgrade: RolloutsOptions['sendUpgrade'] = (id, message) => sessions.sendUpgrade(id, message);
  const rollouts = await Rollouts.open({ ...options, sendUpgrade });
  const wait = (agentId: string, rollout: string, code: string, detail: string, askAfter = ASK_AFTER_MS) =>
    sendUpgrade(agentId, { type: 'wait', rollout, code, detail, askAfter });
  /** Agents whose question is being answered. Another one of theirs meanwhile gets the same answer. */
  const asking = new Set<string>();
  const stopObserving = sessions.observe({
    changed: () => rollouts.wake(),
    opened: () => rollouts.wake(),
    upgradeStatus: () => rollouts.wake(),
    maySwitch({ identity: { agentId } }, { rollout, to }) {
      if (asking.has(agentId)) return;
      asking.add(agentId);
      const answered = rollouts.maySwitch(rollout, agentId).finally(() => asking.delete(agentId));
      answered.then(
        (decision) => {
          if (decision.kind === 'follower') return;
          if (decision.kind === 'unknown')
            wait(agentId, rollout, 'ROLLOUT_UNKNOWN', 'This rollout is not in progress.');
          else if (decision.kind === 'wait') {
            const askAfter = decision.isBrief === true ? ASK_SOON_MS : ASK_AFTER_MS;
            wait(agentId, rollout, 'NOT_NOW', decision.because, askAfter);
          } else sendUpgrade(agentId, { type: 'go', rollout, to, until: decision.until });
        },
        (error: unknown) => {
          log('store-failed', { detail: errorText(error) });
          wait(agentId, rollout, 'STORE_UNAVAILABLE', 'The gateway cannot record the switch. Ask again.');
        },
      );
    },
  });
  const stopListening = fleet.onChange(() => rollouts.wake());
  return {
    rollouts,
    async stop() {
      stopObserving();
      stopListening();
      await rollouts.stop();
    },
  };
}
