import { Type } from '@penstock/json-schema';
import {
  lateModes,
  releaseChannels,
  restartConditions,
  unapprovedReleases,
  weekdays,
} from '../rollout-config.ts';
import { group, integer, list, namedList, optionalGroup, quantity, text, word } from './field.ts';

export const windows = namedList(
  group('A recurring time in which rollouts may change agents.', {
    name: text('name', 'Name that pools use; unique in this file.'),
    timeZone: text('timeZone', 'Time zone of `start` and `days`.', { default: 'UTC' }),
    days: list(word(weekdays, 'A day.'), 'Days on which the window opens.', {
      default: weekdays,
      minItems: 1,
      maxItems: 7,
      uniqueItems: true,
    }),
    start: text('timeOfDay', 'When the window opens.'),
    length: quantity('duration', 'How long it stays open.', { default: '2h', min: '1m', max: '7d' }),
    late: word(
      lateModes,
      'What happens to agents that were offered a version but have not switched when the window closes: `next` has them wait for the next window, `finish` lets them switch.',
      { default: 'next' },
    ),
  }),
  'Maintenance windows that pools can name.',
  { default: [], maxItems: 100 },
);

export const freezes = namedList(
  group('A period in which rollouts change nothing.', {
    name: text('name', 'Name that messages use; unique in this file.'),
    timeZone: text('timeZone', 'Time zone of the dates.', { default: 'UTC' }),
    from: text('date', 'First day.'),
    to: text('date', 'Last day; it belongs to the freeze.'),
    pools: list(text('name', 'Name of a pool of this file.'), 'Pools that are frozen. If empty, all are.', {
      default: [],
      maxItems: 1000,
      uniqueItems: true,
    }),
  }),
  'Periods without changes.',
  { default: [], maxItems: 100 },
);

export const upgrade = optionalGroup('How rollouts of software and of configuration proceed in this pool.', {
  window: Type.Optional(
    text(
      'name',
      'Name of a `windows` entry. If omitted, rollouts may proceed at any time outside of freezes.',
    ),
  ),
  channel: Type.Optional(
    word(
      releaseChannels,
      'Releases that the gateway rolls out in this pool by itself, as soon as they are below `releases` in its data directory: `stable` leaves out pre-releases such as 1.3.0-rc.1, `preview` does not. If omitted, operators create rollouts.',
    ),
  ),
  withoutApproval: Type.Optional(
    word(
      unapprovedReleases,
      'Releases that need no approval although `requireApproval` contains `rollout`: `patch` are those that differ in the third number only from what each agent of the pool runs.',
    ),
  ),
  canaryPercent: integer(
    'Share of the agents that try a version first; at most 5 agents, and at least one of each platform.',
    { default: 5, minimum: 1, maximum: 100 },
  ),
  soak: quantity('duration', 'How long the canaries are observed before the other agents follow.', {
    default: '30m',
    min: '0s',
    max: '30d',
  }),
  groupSoak: quantity('duration', 'How long each group is observed before the next one.', {
    default: '10m',
    min: '0s',
    max: '30d',
  }),
  inFlightPercent: integer(
    'Maximum share of the pool that changes at the same time, after the canaries; at least one agent. At all replicas together.',
    {
      default: 20,
      minimum: 1,
      maximum: 100,
    },
  ),
  deadline: quantity('duration', 'Time for an agent to run a version after it was offered.', {
    default: '1h',
    min: '1s',
    max: '30d',
  }),
  probation: quantity('duration', 'How long an agent must run a version without a fault.', {
    default: '10m',
    min: '0s',
    max: '7d',
  }),
  maxFailedPercent: integer(
    'Share of a group that must fail to halt the rollout, at all replicas together. One failed canary always halts it.',
    { default: 10, minimum: 1, maximum: 100 },
  ),
  judgeInterval: quantity(
    'duration',
    'Interval between two comparisons of a changed agent with the others of its pool. Two bad ones in a row fail it.',
    { default: '1m', min: '100ms', max: '1h' },
  ),
});

export const restart = Type.Optional(
  group('When the control plane restarts agents of this pool by itself. Their owners must allow it.', {
    when: list(word(restartConditions, 'A condition.'), 'Conditions, any of which leads to a restart.', {
      minItems: 1,
      maxItems: restartConditions.length,
      uniqueItems: true,
    }),
    for: quantity('duration', 'How long the condition must last without an interruption.', {
      default: '10m',
      min: '1s',
      max: '7d',
    }),
    memoryAbove: quantity('size', 'Memory of the agent process for `memory-above`.', {
      default: '1GiB',
      min: '1MiB',
      max: '1024GiB',
    }),
    atMost: optionalGroup('How often each agent is restarted, by all replicas together.', {
      count: integer('Number of restarts.', { default: 3, minimum: 1, maximum: 100 }),
      per: quantity('duration', 'Period in which they are counted.', {
        default: '1h',
        min: '1m',
        max: '30d',
      }),
    }),
  }),
);
