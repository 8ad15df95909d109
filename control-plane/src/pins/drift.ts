import type { GatewayConfig } from '@penstock/config-schema';

export type PinningMode = GatewayConfig['pools'][number]['pinning'];
export type Stamp = { readonly version: number; readonly digest: string };

/** The version an agent is expected to run, and what happens when it runs another. */
export type Pin = Stamp & {
  readonly mode: PinningMode;
  /** What the pin was set for: the agent's own pin takes precedence over the pin of its pool. */
  readonly scope: 'pool' | 'agent';
};

/** `content`: the version is the pinned one, but the content differs. */
export type Drift = 'none' | 'version' | 'content';

/** A pin compared with what the agent runs; `drift` is undefined while that is not known. */
export type PinView = Pin & { readonly drift: Drift | undefined };

export function driftOf(config: Stamp, pin: Stamp): Drift {
  if (config.version !== pin.version) return 'version';
  return config.digest === pin.digest ? 'none' : 'content';
}

/** Whether an agent runs what is pinned, as far as it has said what it runs. */
export const isInSync = (config: Stamp | undefined, pin: Stamp): boolean =>
  config !== undefined && driftOf(config, pin) === 'none';

/** The difference as a sentence. */
export function describeDrift(config: Stamp, pin: Stamp): string {
  return driftOf(config, pin) === 'content'
    ? `Its file was changed without a new version: version ${config.version} has digest ${config.digest}, but ${pin.digest} is pinned.`
    : `It runs version ${config.version}, but version ${pin.version} is pinned.`;
}
