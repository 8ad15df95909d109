import { type ConfigChange, diffConfig } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import type { Pins } from './pins.ts';

/** The version an agent is expected to run on. */
export type PinnedConfig = {
  readonly version: number;
  readonly digest: string;
  /** The published file before references; undefined when the pin names what was never published. */
  readonly content: unknown;
};

export type PinnedConfigSource = {
  readonly pins: Pick<Pins, 'of'>;
  readonly store: Pick<Store, 'configVersions'>;
};

/** What is pinned for an agent, or undefined. Throws StoreError. */
export async function pinnedConfig(
  { pins, store }: PinnedConfigSource,
  agent: { readonly id: string; readonly pool: string },
): Promise<PinnedConfig | undefined> {
  const pin = pins.of(agent);
  if (pin === undefined) return undefined;
  const { version, digest } = pin;
  const row = await store.configVersions.of(agent.pool, version);
  return { version, digest, content: row?.digest === digest ? JSON.parse(row.content) : undefined };
}

/** How `content` differs from what is pinned; undefined when that cannot be told. */
export function changesFrom(pinned: PinnedConfig, content: unknown): readonly ConfigChange[] | undefined {
  return pinned.content === undefined ? undefined : diffConfig(pinned.content, content);
}
