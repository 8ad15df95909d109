import { alertConditions } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';
import { labelPattern, Name, Timestamp } from './field.ts';
import { listOf, PageQuery, pageOf } from './page.ts';

const DAY_SECONDS = 86_400;

const Condition = Type.Enum([...alertConditions]);
const Subject = Type.String({
  pattern: labelPattern(256),
  description: 'Subject of an alert, such as `agent:db-host-1`; `*` at the end stands for anything.',
});

/** At least one of `condition`, `subject` and `pool` must be given. */
export const NewSilence = Type.Object(
  {
    condition: Type.Optional(Condition),
    subject: Type.Optional(Subject),
    pool: Type.Optional(Name),
    comment: Type.String({ pattern: labelPattern(256), description: 'Why, for others.' }),
    ttlSeconds: Type.Integer({ minimum: 60, maximum: 30 * DAY_SECONDS }),
  },
  { additionalProperties: false },
);

/** No receiver is notified of an alert that matches, until the silence ends. */
export const SilenceResource = Type.Object({
  id: Type.String(),
  state: Type.Enum(['active', 'ended']),
  condition: Type.Optional(Type.String()),
  subject: Type.Optional(Type.String()),
  pool: Type.Optional(Type.String()),
  comment: Type.String(),
  createdAt: Timestamp,
  createdBy: Type.String(),
  endsAt: Timestamp,
  endedBy: Type.Optional(Type.String({ description: 'Who has ended it before its time.' })),
});
export type SilenceResource = Static<typeof SilenceResource>;

export const SilencePage = pageOf(SilenceResource);

export const SilenceQuery = Type.Object(
  {
    ...PageQuery.properties,
    state: Type.Optional(
      Type.Enum(['active'], { description: 'Only silences that have not ended, on one page.' }),
    ),
  },
  { additionalProperties: false },
);

/** A rule of `alerts` in gateway.yaml. */
export const AlertRuleResource = Type.Object({
  condition: Condition,
  message: Type.String(),
  forMs: Type.Integer({ description: 'How long the condition must be true.' }),
  receivers: Type.Array(Type.String()),
});
export type AlertRuleResource = Static<typeof AlertRuleResource>;

export const AlertRuleList = listOf(AlertRuleResource);
