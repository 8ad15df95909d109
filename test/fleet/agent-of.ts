import { eventually } from '../rig/eventually.ts';
import type { Pair } from '../rig/pair.ts';

/** The fields of an agent that the tests of the fleet read. */
export type ShownAgent = {
  readonly name: string;
  readonly state: string;
  readonly code: string;
  readonly detail?: string;
  readonly reasons: readonly { readonly code: string; readonly state: string }[];
  readonly sessions: { readonly open: number };
  readonly boots: readonly { readonly id: string; readonly address: string }[];
  readonly config?: { readonly version: number; readonly digest: string };
  readonly pin?: { readonly version: number; readonly drift?: string; readonly scope: string };
  readonly platform?: object;
  readonly lastHeartbeat?: string;
  readonly clock?: { readonly skewMs: number; readonly roundTripMs: number };
};

/** An agent as the API returns it now. */
export async function agentOf(pair: Pair, name: string): Promise<ShownAgent> {
  return (await pair.api(`GET /agents/${name}`)) as unknown as ShownAgent;
}

/** Waits until an agent has this state. Resolves to the agent. */
export function stateOf(pair: Pair, name: string, state: string): Promise<ShownAgent> {
  let seen: ShownAgent | undefined;
  return eventually(
    `${name} to be ${state}`,
    async () => {
      seen = await agentOf(pair, name);
      return seen.state === state && seen;
    },
    { state: () => seen },
  );
}
