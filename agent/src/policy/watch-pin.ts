import type { GatewayMessageOf, TunnelError } from '@penstock/wire';
import { ConfigPin } from './config-pin.ts';

type Stamp = { readonly version: number; readonly digest: string };
type News = Pick<GatewayMessageOf<'pin'>, 'pin' | 'agentState'>;

/** What the gateway said last, as `penstock-agent status` shows it. */
export type PinStatus = {
  readonly pin: (Stamp & { readonly mode: string; readonly drifted: boolean }) | undefined;
  readonly agentState: string | undefined;
};

export type PinLog = (
  event: 'config-drift' | 'config-in-sync',
  fields: { readonly inForce: Stamp; readonly pin: Stamp | undefined },
) => void;

export type PinWatch = {
  /** A welcome or a pin has come. */
  learn(news: News): void;
  /** Another file is in force. */
  changed(): void;
  /** Undefined when an open may start. */
  refusal(): TunnelError | undefined;
  status(): PinStatus;
};

/** Follows the gateway's pin, and logs when the file in force begins or ceases to be another one. */
export function watchPin(stamp: () => Stamp, log: PinLog): PinWatch {
  const watched = new ConfigPin(stamp);
  let agentState: string | undefined;
  let logged: 'in-sync' | 'drift' = 'in-sync';
  const changed = () => {
    const now = watched.hasDrifted ? 'drift' : 'in-sync';
    if (now === logged) return;
    logged = now;
    log(now === 'drift' ? 'config-drift' : 'config-in-sync', { inForce: stamp(), pin: watched.pin });
  };
  return {
    learn(news) {
      watched.learn(news.pin);
      ({ agentState } = news);
      changed();
    },
    changed,
    refusal: () => watched.refusal(),
    status: () => ({
      pin: watched.pin && { ...watched.pin, drifted: watched.hasDrifted },
      agentState,
    }),
  };
}
