import Type, { type Static } from 'typebox';

const Optional = Type.Optional;
const Text = Type.String();

const Reason = Type.Object({
  code: Text,
  state: Text,
  since: Text,
  sentence: Text,
  advice: Text,
  detail: Optional(Text),
});

/** As much of an agent as the commands print; what the API says besides is kept for JSON. */
export const Agent = Type.Object({
  id: Text,
  name: Text,
  pool: Text,
  ...Reason.properties,
  reasons: Type.Array(Reason),
  sessions: Type.Object({ got: Type.Integer(), wanted: Optional(Type.Integer()) }),
  streams: Type.Object({ open: Type.Integer(), opening: Type.Integer() }),
  softwareVersion: Optional(Text),
  platform: Optional(Type.Object({ os: Text, arch: Text, node: Text })),
  boots: Type.Array(Type.Object({ id: Text, address: Text, since: Text, sessions: Type.Integer() })),
  config: Optional(Type.Object({ version: Type.Integer(), digest: Text })),
  pin: Optional(
    Type.Object({
      version: Type.Integer(),
      digest: Text,
      mode: Text,
      scope: Text,
      drift: Optional(Text),
    }),
  ),
  connectors: Optional(
    Type.Array(Type.Object({ name: Text, kind: Text, addresses: Optional(Type.Array(Text)) })),
  ),
  checks: Type.Array(
    Type.Object({ connector: Text, reach: Text, at: Text, milliseconds: Optional(Type.Number()) }),
  ),
  clock: Optional(Type.Object({ skewMs: Type.Number(), roundTripMs: Type.Number() })),
  cpu: Optional(Type.Object({ load: Type.Number(), process: Type.Number() })),
  memory: Optional(
    Type.Object({
      totalBytes: Type.Number(),
      availableBytes: Type.Number(),
      processBytes: Type.Number(),
    }),
  ),
  eventLoop: Optional(Type.Object({ p99Ms: Type.Number(), maxMs: Type.Number() })),
  enrolledAt: Optional(Text),
  connectedSince: Optional(Text),
  lastHeartbeat: Optional(Text),
  identityNotAfter: Optional(Text),
  address: Optional(Text),
});
export type Agent = Static<typeof Agent>;
