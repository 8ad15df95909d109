import { join } from 'node:path';
import { type Static, Type, whenUsed } from '@penstock/json-schema';
import { readText, writeDurably } from '@penstock/services';
import { VERSION_PATTERN } from '@penstock/wire';
import { Ajv2020 } from 'ajv/dist/2020.js';

const Version = Type.String({ pattern: VERSION_PATTERN });
const Text = (maxLength: number) => Type.String({ maxLength });
const Millis = Type.Number();
const Count = Type.Integer({ minimum: 0 });

/** One upgrade, from its request to its end. */
const Upgrade = Type.Object({
  from: Version,
  to: Version,
  rollout: Type.Optional(Text(64)),
  /** Back to a version that this host has run: nothing is verified again. */
  back: Type.Boolean(),
  /** Directory of the release's files, which an agent owns. */
  files: Type.Optional(Text(4096)),
  /** The id of the user that they belong to, who has asked for it. */
  owner: Type.Optional(Count),
  /** Of the release, as verified right before the switch. */
  sequence: Type.Optional(Count),
  /** Highest number of versions to keep. */
  keep: Type.Integer({ minimum: 2, maximum: 10 }),
});
export type Upgrade = Static<typeof Upgrade>;

/** A service during a switch. */
const ServiceBefore = Type.Object({
  name: Text(64),
  /** Of the process that the switch replaces. */
  invocation: Text(64),
  /** Of the new one, once it has been seen. */
  successor: Type.Optional(Text(64)),
  /** Connectors that failed before the switch. */
  failing: Type.Array(Text(64), { maxItems: 500 }),
});
export type ServiceBefore = Static<typeof ServiceBefore>;

const Attempt = {
  upgrade: Upgrade,
  /** How often a switch was begun or went on, after interruptions. */
  attempt: Count,
  /** Of the boot that it belongs to. */
  boot: Text(64),
  services: Type.Array(ServiceBefore, { maxItems: 64 }),
};

/** The state of the host's upgrade. One union: each phase has what it needs, and nothing of the others. */
const Phase = Type.Union([
  Type.Object({ name: Type.Literal('idle') }),
  Type.Object({ name: Type.Literal('staging'), upgrade: Upgrade }),
  Type.Object({
    name: Type.Literal('staged'),
    upgrade: Upgrade,
    /** Why it has not switched although it was allowed to. */
    code: Type.Optional(Text(64)),
  }),
  Type.Object({ name: Type.Literal('switching'), ...Attempt }),
  Type.Object({ name: Type.Literal('probation'), ...Attempt }),
  Type.Object({
    name: Type.Literal('rolling-back'),
    upgrade: Upgrade,
    code: Text(64),
    detail: Text(512),
    services: Type.Array(Text(64), { maxItems: 64 }),
  }),
  Type.Object({ name: Type.Literal('committed'), upgrade: Upgrade }),
  Type.Object({
    name: Type.Enum(['rolled-back', 'failed']),
    upgrade: Upgrade,
    code: Text(64),
    detail: Text(512),
  }),
]);
export type Phase = Static<typeof Phase>;

/** What an updater knows, and its successor after a power cut. Agents read it to report the state. */
const Journal = Type.Object({
  format: Type.Literal(1),
  phase: Phase,
  /** When the phase was entered, in milliseconds since 1970. */
  since: Millis,
  /** The request that was handled last, by who made it. */
  requests: Type.Record(Text(64), Text(64)),
  /** Versions that are skipped until they are retried. */
  failed: Type.Array(Type.Object({ version: Version, code: Text(64), at: Millis }), { maxItems: 64 }),
  /** The highest sequences of signed documents; see `Sequences` of the package release. */
  seen: Type.Object({ keys: Count, latest: Count, release: Count }),
  /** Versions that the last verified documents revoke. Only root may return to one. */
  revoked: Type.Optional(Type.Array(Version, { maxItems: 1_000 })),
  /** The version before the current one, to which a host may always return. */
  previous: Type.Optional(Version),
});
export type Journal = Static<typeof Journal>;

const journalCheck = whenUsed(() => new Ajv2020().compile<Journal>(Journal));

export const emptyJournal: Journal = {
  format: 1,
  phase: { name: 'idle' },
  since: 0,
  requests: {},
  failed: [],
  seen: { keys: 0, latest: 0, release: 0 },
};

export const journalFile = (directory: string): string => join(directory, 'journal.json');

/** The journal in a directory; undefined if there is none, or none that this version can read. */
export function readJournal(directory: string): Journal | undefined {
  const text = readText(journalFile(directory));
  return text === undefined ? undefined : parseJournal(text);
}

/** The journal in a text; undefined if it is none that this version can read. */
export function parseJournal(text: string): Journal | undefined {
  const isJournal = journalCheck();
  try {
    const value: unknown = JSON.parse(text);
    return isJournal(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the journal. It is on the disk when this returns. */
export function writeJournal(directory: string, journal: Journal): void {
  const isJournal = journalCheck();
  if (!isJournal(journal))
    throw new Error(`The journal would be unreadable: ${isJournal.errors?.[0]?.instancePath}`);
  writeDurably(journalFile(directory), `${JSON.stringify(journal, null, 2)}\n`, 0o644);
}
