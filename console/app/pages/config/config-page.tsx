import './config.css';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import type { ConfigVersion, Pool } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Failed, Loaded, Skeleton } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { count, counted, shortDigest } from '../../time/format.ts';
import { textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { NewRolloutDialog } from '../rollouts/new-rollout-dialog.tsx';
import { usePins, usePools, useVersions } from './config-api.ts';
import { PinDialog } from './pin-dialog.tsx';
import { pinningText } from './pinning-text.ts';
import { VersionView } from './version-view.tsx';

/** What was published, what is pinned, and what a pin would do. */
export function ConfigPage() {
  const { pool } = useParams<{ pool?: string }>();
  const pools = usePools();
  return (
    <Page
      title={pool === undefined ? 'Configuration' : `Configuration of ${pool}`}
      lead={
        pool === undefined
          ? 'The versions of agent.yaml that were published for each pool, and the one its agents should run'
          : 'Publishing changes nothing on a host: a version takes effect there when its agent.yaml is replaced'
      }
    >
      <Loaded query={pools} what="the pools">
        {({ items }) => (
          <>
            {pool === undefined ? (
              <PoolList pools={items} />
            ) : (
              <PoolVersions pool={pool} pinning={items.find(({ name }) => name === pool)?.pinning} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function PoolList({ pools }: { readonly pools: readonly Pool[] }) {
  const pins = usePins();
  const pinOf = (name: string) =>
    pins.data?.items.find((each) => each.scope === 'pool' && each.name === name);
  const own = pins.data?.items.filter(({ scope }) => scope === 'agent') ?? [];
  return (
    <>
      <Card isFlush title="Pools">
        <Table
          label="Pools"
          rows={pools}
          keyOf={({ name }) => name}
          columns={[
            {
              key: 'name',
              title: 'Pool',
              isMain: true,
              cell: ({ name }) => (
                <Link href={`/config/${name}`}>
                  <strong>{name}</strong>
                </Link>
              ),
            },
            { key: 'pinning', title: 'Pinning', cell: ({ pinning }) => pinningText(pinning) },
            {
              key: 'pin',
              title: 'Pinned',
              cell({ name }) {
                const found = pinOf(name);
                return found === undefined ? (
                  <span className="faint">nothing</span>
                ) : (
                  `version ${found.version}`
                );
              },
            },
            {
              key: 'by',
              title: 'Since',
              isEmpty: ({ name }) => pinOf(name) === undefined,
              cell({ name }) {
                const found = pinOf(name);
                return (
                  found !== undefined && (
                    <>
                      <Age at={found.pinnedAt} /> by <Actor actor={found.pinnedBy} />
                    </>
                  )
                );
              },
            },
          ]}
        />
      </Card>
      {own.length > 0 && (
        <Card title="Agents with a pin of their own" isFlush>
          <Table
            label="Agents with a pin of their own"
            rows={own}
            keyOf={({ name }) => name}
            columns={[
              {
                key: 'name',
                title: 'Agent',
                isMain: true,
                cell: ({ name }) => <Link href={`/agents/${name}?tab=configuration`}>{name}</Link>,
              },
              { key: 'version', title: 'Version', cell: ({ version }) => version },
              { key: 'at', title: 'Since', cell: ({ pinnedAt }) => <Age at={pinnedAt} /> },
            ]}
          />
        </Card>
      )}
    </>
  );
}

const fields = { version: textField(), against: textField() };

function PoolVersions({
  pool,
  pinning,
}: {
  readonly pool: string;
  readonly pinning: Pool['pinning'] | undefined;
}) {
  const query = useVersions(pool);
  const pins = usePins();
  const [{ version, against }, change] = useUrlState(fields);
  const [rollingOut, setRollingOut] = useState<number>();
  const [pinningVersion, setPinning] = useState<{ version: number | undefined }>();
  const pinned = pins.data?.items.find((each) => each.scope === 'pool' && each.name === pool);
  const items = query.data?.pages.flatMap((page) => page.items);
  const selected = number(version) ?? items?.[0]?.version;
  const base = number(against) ?? baseFor(selected, pinned?.version, items);
  if (items === undefined) {
    return query.error === null ? (
      <Skeleton lines={6} />
    ) : (
      <Failed
        what="the versions"
        error={query.error}
        isBusy={query.isFetching}
        retry={() => void query.refetch()}
      />
    );
  }
  return (
    <>
      <Card
        isFlush
        title="Published versions"
        aside={
          <>
            {pinning !== undefined && <>Pinning {pinningText(pinning)}</>}
            {pinned !== undefined && (
              <RoleButton needs="operator" size="small" onClick={() => setPinning({ version: undefined })}>
                Remove the pin…
              </RoleButton>
            )}
          </>
        }
      >
        {items.length === 0 ? (
          <Empty
            title="Nothing has been published for this pool."
            command={`penstock-gateway config publish --pool ${pool} agent.yaml`}
          >
            A pin needs a published version. Usually a CI job publishes after a merge.
          </Empty>
        ) : (
          <Versions
            items={items}
            selected={selected}
            pinned={pinned?.version}
            onSelect={(next) => change({ version: String(next), against: '' }, 'push')}
            onPin={(next) => setPinning({ version: next })}
            onRollOut={setRollingOut}
          />
        )}
        {query.hasNextPage && (
          <div className="empty">
            <Button size="small" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Older versions
            </Button>
          </div>
        )}
      </Card>
      {selected !== undefined && (
        <VersionView
          pool={pool}
          version={selected}
          base={base}
          choices={items.map((each) => each.version).filter((each) => each !== selected)}
          onBase={(next) => change({ against: next === undefined ? '' : String(next) })}
        />
      )}
      {rollingOut !== undefined && (
        <NewRolloutDialog pool={pool} version={rollingOut} onClose={() => setRollingOut(undefined)} />
      )}
      {pinningVersion !== undefined && (
        <PinDialog pool={pool} version={pinningVersion.version} onClose={() => setPinning(undefined)} />
      )}
    </>
  );
}

const number = (text: string): number | undefined =>
  /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;

/** What a version is compared with: the pinned one, or the one before it. */
function baseFor(
  selected: number | undefined,
  pinned: number | undefined,
  items: readonly ConfigVersion[] | undefined,
): number | undefined {
  if (pinned !== undefined && pinned !== selected) return pinned;
  return items?.find(({ version }) => selected !== undefined && version < selected)?.version;
}

function Versions({
  items,
  selected,
  pinned,
  onSelect,
  onPin,
  onRollOut,
}: {
  readonly items: readonly ConfigVersion[];
  readonly selected: number | undefined;
  readonly pinned: number | undefined;
  readonly onSelect: (version: number) => void;
  readonly onPin: (version: number) => void;
  readonly onRollOut: (version: number) => void;
}) {
  return (
    <Table
      label="Published versions"
      rows={items}
      keyOf={({ version }) => String(version)}
      onRow={({ version }) => ({ className: version === selected ? 'row-selected' : '' })}
      columns={[
        {
          key: 'version',
          title: 'Version',
          isMain: true,
          cell: ({ version }) => (
            <>
              <button
                type="button"
                className="link"
                aria-pressed={version === selected}
                onClick={() => onSelect(version)}
              >
                Version {version}
              </button>{' '}
              {version === pinned && <Badge tone="ok" word="Pinned" />}
            </>
          ),
        },
        {
          key: 'digest',
          title: 'Digest',
          cell: ({ digest }) => <code title={digest}>{shortDigest(digest)}</code>,
        },
        {
          key: 'agents',
          title: 'Agents',
          isNumber: true,
          cell: ({ pool, version, agents = 0 }) =>
            agents === 0 ? (
              <span className="faint">none</span>
            ) : (
              <Link
                href={`/fleet?pool=${pool}&version=${version}`}
                aria-label={`${counted(agents, 'agent')} with version ${version}`}
              >
                {count(agents)}
              </Link>
            ),
        },
        { key: 'at', title: 'Published', cell: ({ publishedAt }) => <Age at={publishedAt} /> },
        { key: 'by', title: 'By', cell: ({ publishedBy }) => <Actor actor={publishedBy} /> },
        {
          key: 'pin',
          title: 'Deploy',
          isAction: true,
          cell: ({ version }) => (
            <span className="filters">
              <RoleButton
                needs="operator"
                size="small"
                unavailable={version === pinned ? 'This version is pinned already.' : undefined}
                aria-label={`Pin… version ${version}`}
                onClick={() => onPin(version)}
              >
                Pin…
              </RoleButton>
              <RoleButton
                needs="operator"
                size="small"
                unavailable={version === pinned ? 'This version is pinned already.' : undefined}
                aria-label={`Roll out… version ${version}`}
                onClick={() => onRollOut(version)}
              >
                Roll out…
              </RoleButton>
            </span>
          ),
        },
      ]}
    />
  );
}
