import type { Rollout, RolloutAgent } from '../../api/types.ts';
import { Badge, type Tone } from '../../parts/state.tsx';

const tones: Readonly<Record<Rollout['state'], Tone>> = {
  draft: 'info',
  approved: 'info',
  canary: 'info',
  soaking: 'info',
  group: 'info',
  paused: 'warn',
  halted: 'bad',
  'rolling-back': 'warn',
  'rolled-back': 'bad',
  cancelled: 'off',
  done: 'ok',
};

/** The state in words: `Group 2 of 5`. */
function wordOf({ state, group, groups }: Rollout): string {
  const words: Readonly<Record<Rollout['state'], string>> = {
    draft: 'Waits for approval',
    approved: 'About to begin',
    canary: 'Canaries',
    soaking: 'Canaries, observed',
    group: `Group ${group ?? '?'} of ${groups}`,
    paused: 'Paused',
    halted: 'Halted',
    'rolling-back': 'Going back',
    'rolled-back': 'Went back',
    cancelled: 'Cancelled',
    done: 'Done',
  };
  return words[state];
}

export function RolloutState({ rollout }: { readonly rollout: Rollout }) {
  return <Badge tone={tones[rollout.state]} word={wordOf(rollout)} />;
}

const agentTones: Readonly<Record<RolloutAgent['state'], Tone>> = {
  pending: 'off',
  offered: 'info',
  staged: 'info',
  switching: 'info',
  probation: 'info',
  updated: 'ok',
  failed: 'bad',
  'rolling-back': 'warn',
  'rolled-back': 'bad',
  skipped: 'off',
};

export function RolloutAgentState({ state }: { readonly state: RolloutAgent['state'] }) {
  return <Badge tone={agentTones[state]} word={state} />;
}
