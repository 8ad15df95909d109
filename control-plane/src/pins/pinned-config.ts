import { type ConfigChange, diffConfig } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import type { Pins } from './pins.ts';

/** The version an agent is expected to run. */
export type PinnedConfig = {
  readonly version: number;
  readonly digest: string;
  /** The published file before references are resolved; undefined when the pinned digest was never published. */
  readonly content: unknown;
};

export type PinnedConfigSource = {
  readonly pins: Pick<Pins, 'of'>;
  readonly store: Pick<Store, 'configVersions'>;
};

/** The pinned version of an agent; undefined without a pin. Throws StoreError. */
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

/** How `content` differs from the pinned file; undefined when the pinned content is not known. */
export function changesFrom(pinned: PinnedConfig, content: unknown): readonly ConfigChange[] | undefined {
  return pinned.content === undefined ? undefined : diffConfig(pinned.content, content);
}
