import type { GatewayConfig } from '@penstock/config-schema';

export type PinningMode = GatewayConfig['pools'][number]['pinning'];
export type Stamp = { readonly version: number; readonly digest: string };

/** What an agent is expected to run on, and what happens when it does not. */
export type Pin = Stamp & {
  readonly mode: PinningMode;
  /** Whose pin it is: the agent's own goes before its pool's. */
  readonly scope: 'pool' | 'agent';
};

/** `content`: the version is the pinned one, and the content is not. */
export type Drift = 'none' | 'version' | 'content';

/** A pin beside what the agent runs on; `drift` is undefined while that is not known. */
export type PinView = Pin & { readonly drift: Drift | undefined };

export function driftOf(config: Stamp, pin: Stamp): Drift {
  if (config.version !== pin.version) return 'version';
  return config.digest === pin.digest ? 'none' : 'content';
}

/** What is different, in words. */
export function driftWords(config: Stamp, pin: Stamp): string {
  return driftOf(config, pin) === 'content'
    ? `Its file was changed without a new version: version ${config.version} is ${config.digest} here, and ${pin.digest} is pinned.`
    : `It runs version ${config.version}, and version ${pin.version} is pinned.`;
}
