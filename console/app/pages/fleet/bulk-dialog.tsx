import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { ask, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AgentRow, BulkResult } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Loaded, Partial } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted } from '../../time/format.ts';
import { usePools } from '../config/config-api.ts';
import { emptiedPools } from './emptied-pools.ts';

export type BulkAction = 'drain' | 'resume' | 'restart';
export const bulkNames: Readonly<Record<BulkAction, string>> = {
  drain: 'Drain',
  resume: 'Resume',
  restart: 'Restart',
};
const texts: Readonly<Record<BulkAction, string>> = {
  drain: 'They get no new connections. Open ones continue.',
  resume: 'They get new connections again.',
  restart: 'Each drains and restarts. At the same time, so the pool needs other agents meanwhile.',
};

const send = (action: BulkAction, agents: readonly string[], expected: number) =>
  perform(POST('/api/v1/agents/bulk', { body: { action, agents: [...agents], expected, dryRun: false } }));

const tones: Readonly<Record<BulkResult['items'][number]['outcome'], Tone>> = {
  done: 'ok',
  waiting: 'info',
  unchanged: 'off',
  failed: 'bad',
  skipped: 'warn',
};

/** What an action would do to each agent, before it is done; then what came of it. */
export function BulkDialog({
  action,
  names,
  rows,
  onClose,
  onDone,
}: {
  readonly action: BulkAction;
  readonly names: readonly string[];
  /** Those of them that are loaded. */
  readonly rows: readonly AgentRow[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [result, setResult] = useState<BulkResult>();
  const preview = useQuery({
    queryKey: [resource.agents, 'bulk', action, names],
    queryFn: () => ask(POST('/api/v1/agents/bulk', { body: { action, agents: [...names], dryRun: true } })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const { run, isBusy } = useAction(send, {
    stale: [resource.agents, resource.agent, resource.pools, resource.attention, resource.approvals],
    failed: 'What was done is not known: look at the agents.',
  });
  const pools = usePools();
  const emptied = action === 'resume' ? [] : emptiedPools(pools.data?.items ?? [], rows);
  const name = bulkNames[action];
  const matched = preview.data?.matched ?? 0;
  if (result !== undefined) {
    return (
      <Dialog title={`${name}: what came of it`} isOpen onClose={onDone} width="wide">
        <Items result={result} />
        <div className="dialog-actions">
          <Button kind="primary" onClick={onDone}>
            Close
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={`${name} ${counted(names.length, 'agent')}?`} isOpen onClose={onClose} width="wide">
      <p>{texts[action]}</p>
      {emptied.length > 0 && (
        <Partial>
          No agent would be ready in {emptied.join(', ')}: new clients would wait, go to another pool, or
          fail.
        </Partial>
      )}
      <Loaded query={preview} what="what it would do" lines={4}>
        {(data) => <Items result={data} />}
      </Loaded>
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <RoleButton
          needs="operator"
          kind="primary"
          isBusy={isBusy}
          unavailable={preview.data === undefined ? 'The preview has not been loaded.' : undefined}
          onClick={() =>
            void run(action, names, matched).then((done) => done !== undefined && setResult(done))
          }
        >
          {name} {counted(matched, 'agent')}
        </RoleButton>
      </div>
    </Dialog>
  );
}

/** A dry run has outcomes that were not performed. */
const word = (outcome: string, isDryRun: boolean) =>
  !isDryRun
    ? outcome
    : outcome === 'done'
      ? 'will be done'
      : outcome === 'waiting'
        ? 'needs approval'
        : outcome;

function Items({ result: { items, counts, dryRun } }: { readonly result: BulkResult }) {
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
              cell: ({ outcome }) => <Badge tone={tones[outcome]} word={word(outcome, dryRun)} />,
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
