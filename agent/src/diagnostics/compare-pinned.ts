import { type AgentConfig, type ConfigChange, diffConfig } from '@penstock/config-schema';
import type { AgentFacts } from '@penstock/wire';

/** The configuration in force compared with the version that the gateway has pinned. */
export type ComparedWithPin = {
  readonly version: number;
  readonly digest: string;
  /** Omitted when nothing is pinned. */
  readonly pinned?: {
    readonly version: number;
    readonly digest: string;
    /** Omitted when the pinned version was never published. */
    readonly changes?: readonly ConfigChange[];
  };
};

export function compareWithPin(
  { version, digest, content }: Pick<AgentConfig, 'version' | 'digest' | 'content'>,
  { pinned }: Pick<AgentFacts, 'pinned'>,
): ComparedWithPin {
  if (pinned === undefined) return { version, digest };
  const changes = pinned.content === undefined ? undefined : diffConfig(pinned.content, content);
  return {
    version,
    digest,
    pinned: { version: pinned.version, digest: pinned.digest, ...(changes && { changes }) },
  };
}
