import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import { ask, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { RolloutDetail } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { RoleButton } from '../../parts/button.tsx';
import { Card, Facts, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { Table } from '../../parts/table.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { duration } from '../../time/format.ts';
import { RevokeButton } from '../access/revoke-button.tsx';
import { RolloutAgentState, RolloutState } from './rollout-state.tsx';

const of = (id: string) => ({ params: { path: { id } } });
const pause = (id: string) => perform(POST('/api/v1/rollouts/{id}/pause', { ...of(id), body: {} }));
const resume = (id: string) => perform(POST('/api/v1/rollouts/{id}/resume', of(id)));
const retry = (id: string) => perform(POST('/api/v1/rollouts/{id}/retry', of(id)));
const cancel = (id: string, rollBack: boolean) =>
  perform(POST('/api/v1/rollouts/{id}/cancel', { ...of(id), body: { rollBack } }));

const stale = [resource.rollouts, resource.agents, resource.pins];
const ended: ReadonlySet<RolloutDetail['state']> = new Set(['rolled-back', 'cancelled', 'done']);

/** Where a rollout is, why it does not go on, and what each agent does. */
export function RolloutPage() {
  const { id = '' } = useParams<{ id: string }>();
  const query = useQuery({
    queryKey: [resource.rollouts, id],
    queryFn: () => ask(GET('/api/v1/rollouts/{id}', { ...of(id), headers: inBackground })),
  });
  const rollout = query.data;
  const title =
    rollout === undefined
      ? 'Rollout'
      : `${rollout.kind === 'config' ? 'Configuration' : 'Software'} ${rollout.version} to ${rollout.pools.join(', ')}`;
  return (
    <Page
      title={title}
      heading={
        <>
          {title} {rollout !== undefined && <RolloutState rollout={rollout} />}
        </>
      }
      lead={
        rollout !== undefined && (
          <>
            Created <Age at={rollout.createdAt} /> by <Actor actor={rollout.createdBy} />
          </>
        )
      }
      actions={rollout !== undefined && !ended.has(rollout.state) && <Actions rollout={rollout} />}
    >
      <Loaded query={query} what="the rollout" lines={8}>
        {(data) => (
          <>
            <Progress rollout={data} />
            <Agents rollout={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ rollout }: { readonly rollout: RolloutDetail }) {
  const { id, state } = rollout;
  const paused = useAction(pause, {
    stale,
    done: () => 'Paused: nothing more is started.',
    failed: 'The rollout was not paused.',
  });
  const resumed = useAction(resume, {
    stale,
    done: () => 'The rollout continues.',
    failed: 'The rollout was not resumed.',
  });
  const retried = useAction(retry, {
    stale,
    done: () => 'The failed agents are tried again.',
    failed: 'The agents were not tried again.',
  });
  const name = 'this rollout';
  return (
    <>
      {state === 'halted' && (
        <RoleButton needs="operator" isBusy={retried.isBusy} onClick={() => void retried.run(id)}>
          Try the failed agents again
        </RoleButton>
      )}
      {state === 'paused' ? (
        <RoleButton
          needs="operator"
          kind="primary"
          isBusy={resumed.isBusy}
          onClick={() => void resumed.run(id)}
        >
          Resume
        </RoleButton>
      ) : (
        <RoleButton needs="operator" isBusy={paused.isBusy} onClick={() => void paused.run(id)}>
          Pause
        </RoleButton>
      )}
      <RevokeButton
        needs="operator"
        word="Go back and cancel"
        name={name}
        consequence="Its agents go back to what they ran before, and nothing more is started."
        send={() => cancel(id, true)}
        stale={stale}
      />
      <RevokeButton
        needs="operator"
        word="Cancel"
        name={name}
        consequence="Nothing more is started. Agents that run the new version keep it."
        send={() => cancel(id, false)}
        stale={stale}
      />
    </>
  );
}

function Progress({ rollout }: { readonly rollout: RolloutDetail }) {
  const { waitsFor, reason, until, opensAt, settings, counts, onFailure } = rollout;
  const states = Object.entries(counts).filter(([, number]) => number > 0);
  return (
    <Card
      {...((rollout.state === 'halted' || rollout.state === 'rolled-back') && { tone: 'bad' as const })}
      title="Progress"
    >
      {(waitsFor !== undefined || reason !== undefined) && (
        <p>
          <strong>{waitsFor === undefined ? 'Why:' : 'Waits for:'}</strong> {waitsFor ?? reason}
          {opensAt !== undefined && (
            <>
              {' '}
              It continues at <TimeOf at={opensAt} />.
            </>
          )}
        </p>
      )}
      <ul className="chips">
        {states.map(([state, number]) => (
          <li key={state} className="chip">
            <RolloutAgentState state={state as RolloutDetail['agents'][number]['state']} /> {number}
          </li>
        ))}
      </ul>
      <Facts
        items={[
          until === undefined ? undefined : ['This stage until', <TimeOf key="time" at={until} />],
          ['Groups after the canaries', rollout.groups],
          ['Canaries', `${settings.canaryPercent} %, observed for ${seconds(settings.soakSeconds)}`],
          ['Each group', `observed for ${seconds(settings.groupSoakSeconds)}`],
          ['At the same time', `${settings.inFlightPercent} % of a pool`],
          ['Halts when', `${settings.maxFailedPercent} % of a group fail`],
          ['Then', onFailure === 'roll-back' ? 'goes back by itself' : 'waits for an operator'],
        ]}
      />
    </Card>
  );
}

const seconds = (value: number) => duration(value * 1000);

function Agents({ rollout }: { readonly rollout: RolloutDetail }) {
  return (
    <Card isFlush title="Agents">
      <Table
        label="Agents of the rollout"
        rows={rollout.agents}
        keyOf={({ id }) => id}
        columns={[
          {
            key: 'name',
            title: 'Agent',
            isMain: true,
            cell: ({ name }) => (
              <Link href={`/agents/${name}`}>
                <strong>{name}</strong>
              </Link>
            ),
          },
          { key: 'group', title: 'Group', cell: ({ group }) => (group === 0 ? 'Canary' : group) },
          { key: 'pool', title: 'Pool', cell: ({ pool }) => pool },
          { key: 'state', title: 'State', cell: ({ state }) => <RolloutAgentState state={state} /> },
          {
            key: 'why',
            title: 'Why',
            isEmpty: ({ reason, skipped, action }) => (reason ?? skipped ?? action) === undefined,
            cell: ({ reason, skipped, action }) => (
              <>
                {reason ?? skipped}
                {action !== undefined && <div>What to do: {action}</div>}
              </>
            ),
          },
          {
            key: 'before',
            title: 'Before',
            isEmpty: ({ before }) => before === undefined,
            cell: ({ before }) => before,
          },
          { key: 'since', title: 'Since', cell: ({ since }) => <Age at={since} /> },
        ]}
      />
    </Card>
  );
}
