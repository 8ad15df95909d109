import { checkConfig } from '@penstock/config-schema';
import type { ConfigVersionHead, ConfigVersionRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { Actor } from '../actor.ts';

export type Published =
  /** `isNew` is false when the same content was published before. */
  | { readonly kind: 'published'; readonly version: ConfigVersionHead; readonly isNew: boolean }
  /** This version was published for the pool with a different content. */
  | { readonly kind: 'taken'; readonly version: ConfigVersionHead; readonly digest: string }
  /** The content is not an agent.yaml, or not one for this pool; each problem is a sentence. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** The versions of agent.yaml that were published for each pool. */
export class ConfigVersions {
  readonly #store: Store;
  readonly #hasPool: (name: string) => boolean;
  readonly #clock: () => number;

  constructor(store: Store, hasPool: (name: string) => boolean, clock: () => number) {
    this.#store = store;
    this.#hasPool = hasPool;
    this.#clock = clock;
  }

  /**
   * Stores a file as it is before references are resolved. Version and digest are computed here, so that no file can be
   * published under the digest of another. Throws ProblemError POOL_UNKNOWN and StoreError.
   */
  async publish(pool: string, content: object, { id: actor, address }: Actor): Promise<Published> {
    if (!this.#hasPool(pool))
      throw new ProblemError('POOL_UNKNOWN', `There is no pool ${pool} in gateway.yaml.`);
    // JSON is YAML, so the loader of agent.yaml checks it.
    const checked = checkConfig('Agent', JSON.stringify(content));
    if (!checked.ok) return { kind: 'invalid', problems: checked.problems.map(({ message }) => message) };
    const { version, digest } = checked.source;
    const own = 'pool' in content ? content.pool : undefined;
    if (typeof own === 'string' && !own.includes('${') && own !== pool) {
      return {
        kind: 'invalid',
        problems: [
          `\`pool\` of the file is ${own}, not ${pool}. Publish it for ${own}, or correct the field.`,
        ],
      };
    }
    const at = this.#clock();
    const head = { pool, version, digest, publishedAt: at, publishedBy: actor };
    return this.#store.transaction(async (inside) => {
      const before = await inside.configVersions.of(pool, version);
      if (before !== undefined) {
        const known = headOf(before);
        return before.digest === digest
          ? { kind: 'published', version: known, isNew: false }
          : { kind: 'taken', version: known, digest };
      }
      await inside.configVersions.insert({ ...head, content: JSON.stringify(checked.source.content) });
      await inside.audit.append({
        at,
        actor,
        address,
        action: 'config.publish',
        subject: `pool:${pool}`,
        after: { version, digest },
      });
      return { kind: 'published', version: head, isNew: true };
    });
  }

  /** Versions below `before`, the highest first. Throws StoreError. */
  list(pool: string, page: { before?: number | undefined; limit: number }): Promise<ConfigVersionHead[]> {
    return this.#store.configVersions.list({ pool, ...page });
  }

  /** One version with its content. Throws StoreError. */
  of(pool: string, version: number): Promise<ConfigVersionRow | undefined> {
    return this.#store.configVersions.of(pool, version);
  }
}

function headOf({ pool, version, digest, publishedAt, publishedBy }: ConfigVersionRow): ConfigVersionHead {
  return { pool, version, digest, publishedAt, publishedBy };
}
