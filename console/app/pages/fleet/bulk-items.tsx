import { Link } from 'wouter';
import type { BulkResult } from '../../api/types.ts';
import { Badge, type Tone } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';

const tones: Readonly<Record<BulkResult['items'][number]['outcome'], Tone>> = {
  done: 'ok',
  waiting: 'info',
  unchanged: 'off',
  failed: 'bad',
  skipped: 'warn',
};

type Effect = NonNullable<BulkResult['items'][number]['effect']>;

/** What a pin would do to an agent. */
const effects: Readonly<Record<Effect, { readonly tone: Tone; readonly word: string }>> = {
  quarantined: { tone: 'bad', word: 'will be quarantined' },
  drifting: { tone: 'warn', word: 'will drift' },
  released: { tone: 'ok', word: 'will leave quarantine' },
  away: { tone: 'off', word: 'not connected' },
};

/** A dry run has outcomes that were not performed. */
const word = (outcome: string, isDryRun: boolean) =>
  !isDryRun
    ? outcome
    : outcome === 'done'
      ? 'will be done'
      : outcome === 'waiting'
        ? 'needs approval'
        : outcome;

/** What an action would do to each agent, or what came of it. */
export function BulkItems({ result: { items, counts, dryRun } }: { readonly result: BulkResult }) {
  const summary = Object.entries(counts).filter(([, number]) => number > 0);
  return (
    <>
      <p>{summary.map(([outcome, number]) => `${number} ${word(outcome, dryRun)}`).join(', ')}</p>
      <div className="bulk-items">
        <Table
          label="Agents"
          rows={items}
          keyOf={(item) => item.name}
          columns={[
            {
              key: 'name',
              title: 'Agent',
              isMain: true,
              cell: (item) => <Link href={`/agents/${item.name}`}>{item.name}</Link>,
            },
            {
              key: 'outcome',
              title: 'Outcome',
              cell: ({ outcome, effect }) =>
                dryRun && outcome === 'done' && effect !== undefined ? (
                  <Badge {...effects[effect]} />
                ) : (
                  <Badge tone={tones[outcome]} word={word(outcome, dryRun)} />
                ),
            },
            {
              key: 'why',
              title: 'Why',
              isEmpty: ({ detail }) => detail === undefined,
              cell: ({ detail, code }) => (
                <>
                  {detail} {code !== undefined && <code className="faint small">{code}</code>}
                </>
              ),
            },
          ]}
        />
      </div>
    </>
  );
}
