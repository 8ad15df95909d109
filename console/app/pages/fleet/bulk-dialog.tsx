import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AgentRow, BulkResult } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Failed, Loaded, Partial } from '../../parts/query-states.tsx';
import { Select } from '../../parts/select.tsx';
import { useAction } from '../../parts/use-action.ts';
import { counted } from '../../time/format.ts';
import { usePools, useVersions } from '../config/config-api.ts';
import { BulkItems } from './bulk-items.tsx';
import { emptiedPools } from './emptied-pools.ts';

export type BulkAction = 'drain' | 'resume' | 'restart' | 'pin' | 'unpin';
export const bulkNames: Readonly<Record<BulkAction, string>> = {
  drain: 'Drain',
  resume: 'Resume',
  restart: 'Restart',
  pin: 'Pin',
  unpin: 'Remove pins of',
};
const texts: Readonly<Record<BulkAction, string>> = {
  drain: 'They get no new connections. Open ones continue.',
  resume: 'They get new connections again.',
  restart: 'Each drains and restarts. At the same time, so the pool needs other agents meanwhile.',
  pin: 'Each is pinned by itself, and no longer follows the pin of its pool.',
  unpin: 'Each follows the pin of its pool again, if it has one.',
};

type Body = { action: BulkAction; agents: string[]; version?: number };

const send = (body: Body, expected: number) =>
  perform(POST('/api/v1/agents/bulk', { body: { ...body, expected, dryRun: false } }));

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
  const [version, setVersion] = useState<number>();
  const body = { action, agents: [...names], ...(version !== undefined && { version }) };
  const isReady = action !== 'pin' || version !== undefined;
  const preview = useQuery({
    queryKey: [resource.agents, 'bulk', body],
    queryFn: () => ask(POST('/api/v1/agents/bulk', { body: { ...body, dryRun: true } })),
    enabled: isReady,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const { run, isBusy } = useAction(send, {
    stale: [
      resource.agents,
      resource.agent,
      resource.pools,
      resource.attention,
      resource.approvals,
      resource.pins,
    ],
    failed: 'No agent was changed.',
  });
  const pools = usePools();
  const leaving = leavingOf(action, rows, preview.data);
  const emptied = emptiedPools(pools.data?.items ?? [], leaving);
  const name = bulkNames[action];
  const matched = preview.data?.matched ?? 0;
  const quarantined = quarantinedOf(preview.data).size;
  if (result !== undefined) {
    return (
      <Dialog title={`${name}: result`} isOpen onClose={onDone} width="wide">
        <BulkItems result={result} />
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
      {action === 'pin' && <ChooseVersion rows={rows} version={version} onChange={setVersion} />}
      {isReady && (
        <Loaded query={preview} what="what it would do" lines={4}>
          {(data) => <BulkItems result={data} />}
        </Loaded>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <RoleButton
          needs="operator"
          kind={quarantined > 0 ? 'danger' : 'primary'}
          isBusy={isBusy}
          unavailable={
            !isReady
              ? 'Choose a version first.'
              : preview.data === undefined
                ? 'The preview has not been loaded.'
                : changedOf(preview.data) === 0
                  ? 'It would change none of them.'
                  : undefined
          }
          onClick={() => void run(body, matched).then((done) => done !== undefined && setResult(done))}
        >
          {bulkActionText(action, changedOf(preview.data), quarantined)}
        </RoleButton>
      </div>
    </Dialog>
  );
}

/** How many agents it would change, now or when it is approved. */
const changedOf = (preview: BulkResult | undefined): number =>
  preview?.items.filter(({ outcome }) => outcome === 'done' || outcome === 'waiting').length ?? 0;

const quarantinedOf = (preview: BulkResult | undefined): ReadonlySet<string> =>
  new Set(preview?.items.filter(({ effect }) => effect === 'quarantined').map(({ name }) => name));

/**
 * `Pin and quarantine 2 agents`, or how many of them are quarantined if not all. While the number is not known, or if it is
 * none, the action alone.
 */
function bulkActionText(action: BulkAction, changed: number, quarantined: number): string {
  const name = bulkNames[action];
  if (changed === 0) return action === 'unpin' ? 'Remove pins' : name;
  if (quarantined === 0) return `${name} ${counted(changed, 'agent')}`;
  return quarantined === changed
    ? `${name} and quarantine ${counted(changed, 'agent')}`
    : `${name} ${counted(changed, 'agent')} and quarantine ${quarantined}`;
}

/** The agents that would accept no connections afterward, as far as they are loaded. */
function leavingOf(action: BulkAction, rows: readonly AgentRow[], preview: BulkResult | undefined) {
  if (action === 'resume') return [];
  if (action === 'drain' || action === 'restart') return rows;
  const quarantined = quarantinedOf(preview);
  return rows.filter(({ name }) => quarantined.has(name));
}

/** A published version of the pool of all these agents. */
function ChooseVersion({
  rows,
  version,
  onChange,
}: {
  readonly rows: readonly AgentRow[];
  readonly version: number | undefined;
  readonly onChange: (version: number | undefined) => void;
}) {
  const pools = [...new Set(rows.map(({ pool }) => pool))];
  const [pool = ''] = pools;
  const versions = useVersions(pools.length === 1 ? pool : '');
  if (pools.length !== 1) {
    return (
      <Partial>
        {pools.length === 0
          ? 'Versions belong to a pool, and the list no longer has these agents: close this, and select them again.'
          : `Versions belong to a pool, and these agents are in ${pools.length}: select agents of one pool.`}
      </Partial>
    );
  }
  const published = versions.data?.pages.flatMap(({ items }) => items.map((each) => String(each.version)));
  return (
    <>
      {versions.error !== null && (
        <Failed
          what="the published versions"
          error={versions.error}
          isBusy={versions.isFetching}
          retry={() => void versions.refetch()}
          isOld={published !== undefined}
        />
      )}
      <p>
        <Select
          label={`Published version of ${pool}`}
          value={version === undefined ? '' : String(version)}
          choices={['', ...(published ?? [])]}
          textOf={(choice) => (choice === '' ? 'choose' : `version ${choice}`)}
          onChange={(choice) => onChange(choice === '' ? undefined : Number(choice))}
        />{' '}
        {versions.hasNextPage && (
          <Button
            size="small"
            isBusy={versions.isFetchingNextPage}
            onClick={() => void versions.fetchNextPage()}
          >
            Older versions
          </Button>
        )}
      </p>
    </>
  );
}
