import { type Static, Type } from '@penstock/json-schema';
import { type Reach, reachStages } from './reach.ts';

const Text = Type.String({ maxLength: 512 });

/** One step of a probe or a check. Steps that depend on a failed step are skipped, not failed. */
export const ProbeStage = Type.Object({
  stage: Type.Enum(['policy', 'dns', 'tcp', 'protocol', 'tls']),
  verdict: Type.Enum(['ok', 'failed', 'skipped']),
  milliseconds: Type.Optional(Type.Number({ minimum: 0, maximum: 8.64e15 })),
  detail: Type.Optional(Text),
});
export type ProbeStage = Static<typeof ProbeStage>;

/** How far a probe or a check got. */
export const ProbeResult = Type.Object({
  reach: Type.Enum(reachStages as Reach[]),
  message: Text,
  advice: Text,
  stages: Type.Array(ProbeStage, { maxItems: 8 }),
});
export type ProbeResult = Static<typeof ProbeResult>;
