import { type Static, Type } from '@penstock/json-schema';
import { limits } from './limits.ts';

/** A version of the software, as in its release: semantic versioning without build metadata. */
export const VERSION_PATTERN =
  '^(0|[1-9][0-9]{0,8})(\\.(0|[1-9][0-9]{0,8})){2}(-[0-9A-Za-z][0-9A-Za-z.-]{0,39})?$';

const Version = Type.String({ pattern: VERSION_PATTERN, maxLength: 64 });
const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' });
const Text = (maxLength: number) => Type.String({ maxLength });
const Millis = Type.Number({ minimum: -8.64e15, maximum: 8.64e15 });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * The states of an upgrade on its host.
 *
 * - `idle`: none is in progress.
 * - `staging`: the release is being fetched and verified.
 * - `staged`: it is on this host, verified, and has printed its version.
 * - `waiting`: for permission to switch.
 * - `switching`: from the marker to the start of the new version.
 * - `probation`: the new version runs, and the previous one is kept ready.
 * - `committed`, `rolled-back`, `failed`: how the last one ended; `failed` ended before the switch.
 */
export const upgradeStates = [
  'idle',
  'staging',
  'staged',
  'waiting',
  'switching',
  'probation',
  'committed',
  'rolled-back',
  'failed',
] as const;
export type UpgradeState = (typeof upgradeStates)[number];

export function isUpgradeState(value: unknown): value is UpgradeState {
  return (upgradeStates as readonly unknown[]).includes(value);
}

/** Why a host has no upgrader: an orchestrator replaces the container, or nobody installed the service. */
export const upgraderAbsences = ['container', 'not-a-service', 'unsupported'] as const;
export type UpgraderAbsence = (typeof upgraderAbsences)[number];

/**
 * What an agent reports about upgrades of its host. Names of states and codes are open strings, because the other end
 * may be older.
 */
export const UpgradeStatus = Type.Object({
  /** `host`: a service outside the agent switches versions. `none`: nothing on this host does. */
  upgrader: Type.Enum(['none', 'host']),
  /** Why there is no upgrader; see `upgraderAbsences`. */
  absence: Type.Optional(Text(32)),
  /** `policy.remote.upgrade` of agent.yaml. */
  policy: Type.Enum(['deny', 'window', 'allow']),
  /** PENSTOCK_VERSION_PIN of the host. */
  pinned: Type.Optional(Version),
  /** See `upgradeStates`. */
  state: Text(32),
  /** When the state was entered, in milliseconds since 1970 on the agent's clock. */
  since: Millis,
  /** The rollout that asked for it. Absent if it was started on the host. */
  rollout: Type.Optional(Id),
  from: Type.Optional(Version),
  to: Type.Optional(Version),
  /** How the last one ended, or why this one waits; see `upgradeCodes`. */
  code: Type.Optional(Text(64)),
  detail: Type.Optional(Text(512)),
  /** Bytes of the executable that are on this host, while staging. */
  fetched: Type.Optional(Type.Object({ bytes: Count, of: Count })),
  /** Versions on this host that can be run without fetching anything. */
  installed: Type.Array(Version, { maxItems: limits.reportedVersions }),
  /** Versions that this host skips until somebody says retry. */
  failed: Type.Array(Type.Object({ version: Version, code: Text(64), at: Millis }), {
    maxItems: limits.reportedVersions,
  }),
});
export type UpgradeStatus = Static<typeof UpgradeStatus>;

/** Messages of the agent about upgrades. */
export const agentUpgradeMessages = {
  /** The status of `heartbeat.upgrade` has changed. */
  'upgrade-status': Type.Object({ type: Type.Literal('upgrade-status'), upgrade: UpgradeStatus }),
  /** The version is staged, and this agent would switch now. Answered by `go` or `wait`. */
  'may-switch': Type.Object({ type: Type.Literal('may-switch'), rollout: Id, from: Version, to: Version }),
} as const;

/** Messages of the gateway about upgrades. */
export const gatewayUpgradeMessages = {
  /** Stage this version, then ask `may-switch`. A repetition makes an agent that waits ask immediately. */
  upgrade: Type.Object({
    type: Type.Literal('upgrade'),
    rollout: Id,
    to: Version,
    /** Go back to a version that this host has run. It is taken from the host's disk only. */
    back: Type.Optional(Type.Boolean()),
    /** Try the version again although it has failed on this host. */
    retry: Type.Optional(Type.Boolean()),
  }),
  /** The rollout no longer wants this agent to switch. Ignored once it is switching. */
  'upgrade-cancel': Type.Object({ type: Type.Literal('upgrade-cancel'), rollout: Id, reason: Text(256) }),
  /** Switch before `until`, in milliseconds since 1970 on the gateway's clock. */
  go: Type.Object({ type: Type.Literal('go'), rollout: Id, to: Version, until: Millis }),
  /** Do not switch now; ask again after so many milliseconds. `code` is one of the control plane. */
  wait: Type.Object({
    type: Type.Literal('wait'),
    rollout: Id,
    code: Text(64),
    detail: Text(512),
    askAfter: Type.Integer({ minimum: 1_000, maximum: 3_600_000 }),
  }),
} as const;
