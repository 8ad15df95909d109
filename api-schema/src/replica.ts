import { type Static, Type } from '@penstock/json-schema';
import { Timestamp } from './field.ts';
import { listOf } from './page.ts';

/** A gateway that shares its store with this one, or this one itself. */
export const ReplicaResource = Type.Object({
  name: Type.String(),
  self: Type.Boolean({ description: 'Whether it is the replica that answers.' }),
  state: Type.Enum(['running', 'draining', 'expired'], {
    description: '`expired`: it has not renewed its lease.',
  }),
  link: Type.Enum(['self', 'connected', 'connecting'], {
    description: 'Whether the replica that answers has a session to it, and so can use its agents.',
  }),
  sessions: Type.Integer({ description: 'Sessions of agents that end at it and accept opens.' }),
  agents: Type.Integer({ description: 'Agents that have these sessions.' }),
  loadPercent: Type.Optional(
    Type.Integer({
      description:
        'Its sessions in percent of the mean of the running replicas. Above 125, it sends agents to the others. Absent while it ' +
        'drains or cannot be reached.',
    }),
  ),
  address: Type.String({ description: 'Where the other replicas reach it.' }),
  version: Type.String(),
  configDigest: Type.String({
    description: 'Digest of the gateway.yaml that it runs, without the name and the addresses in `cluster`.',
  }),
  drifted: Type.Boolean({
    description:
      'Whether it runs another gateway.yaml than the replica that answers. False for one of another version, whose digest cannot ' +
      'be compared.',
  }),
  epoch: Type.String({ description: 'New at each start.' }),
  since: Timestamp,
});
export type ReplicaResource = Static<typeof ReplicaResource>;

export const ReplicaList = listOf(ReplicaResource);
