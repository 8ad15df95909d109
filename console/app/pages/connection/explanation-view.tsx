import './connection.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ask, GET } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Explanation } from '../../api/types.ts';
import { Button } from '../../parts/button.tsx';
import { Card } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { AgentStateBadge, Badge, Mark, type Tone } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { counted, milliseconds } from '../../time/format.ts';
import { textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { type Hop, hopsOf } from './hops.ts';

const fields = { client: textField() };

export function ExplanationView({ name }: { readonly name: string }) {
  const [{ client }, change] = useUrlState(fields);
  const query = useQuery({
    queryKey: [resource.explanation, name, client],
    queryFn: () =>
      ask(
        GET('/api/v1/connections/{name}/explain', {
          params: { path: { name }, query: client === '' ? {} : { client } },
        }),
      ),
  });
  return (
    <Loaded query={query} what="the explanation" lines={8}>
      {(explanation) => (
        <>
          <Verdict explanation={explanation} isBusy={query.isFetching} again={() => void query.refetch()} />
          <Agents explanation={explanation} />
          <Attempts explanation={explanation} />
          <Denials explanation={explanation} client={client} onClient={(next) => change({ client: next })} />
        </>
      )}
    </Loaded>
  );
}

function Verdict({
  explanation,
  isBusy,
  again,
}: {
  readonly explanation: Explanation;
  readonly isBusy: boolean;
  readonly again: () => void;
}) {
  const { verdict, connector, pools, attempts } = explanation;
  const isReady = verdict.reach === 'ready';
  const isUnknown = verdict.reach === undefined;
  const usable = pools.reduce((sum, { counts }) => sum + (counts['usable'] ?? 0), 0);
  const hops = hopsOf(verdict.reach, {
    ingress: 'accepts the client',
    agents: `${counted(usable, 'usable agent')}`,
    target: connector,
  });
  const lastSuccess = attempts.find(({ outcome }) => outcome === 'ok');
  return (
    <Card
      {...(!isReady && { tone: isUnknown ? 'warn' : 'bad' })}
      title={
        <span className="verdict-title">
          <Badge
            tone={isReady ? 'ok' : isUnknown ? 'warn' : 'bad'}
            word={isReady ? 'Works' : isUnknown ? 'Not known' : 'Fails'}
          />
          {verdict.message}
        </span>
      }
      aside={
        <Button size="small" isBusy={isBusy} onClick={again} title="Up to three agents check the target now">
          Check now
        </Button>
      }
    >
      <ol className="hops">
        {hops.map((hop) => (
          <HopBox key={hop.key} hop={hop} />
        ))}
      </ol>
      {verdict.detail !== undefined && <p className="break">{verdict.detail}</p>}
      {!isReady && verdict.advice !== '' && (
        <p>
          <strong>What to do:</strong> {verdict.advice}
        </p>
      )}
      <p className="soft">
        {verdict.at !== undefined && (
          <>
            Observed <Age at={verdict.at} />
            {verdict.agent !== undefined && (
              <>
                {' '}
                through <Link href={`/agents/${verdict.agent}`}>{verdict.agent}</Link>
              </>
            )}
            .{' '}
          </>
        )}
        {lastSuccess === undefined ? (
          'No client has reached the target since the gateway started.'
        ) : (
          <>
            Last success <Age at={lastSuccess.at} />, at <TimeOf at={lastSuccess.at} />.
          </>
        )}
      </p>
    </Card>
  );
}

const hopTones: Readonly<Record<Hop['outcome'], Tone>> = {
  passed: 'ok',
  failed: 'bad',
  unknown: 'warn',
  'not-reached': 'off',
};
const hopWords: Readonly<Record<Hop['outcome'], string>> = {
  passed: 'passes',
  failed: 'fails here',
  unknown: 'not known',
  'not-reached': 'not reached',
};

function HopBox({ hop }: { readonly hop: Hop }) {
  const tone = hopTones[hop.outcome];
  return (
    <li className={`hop hop-${tone}`}>
      <span className="marked">
        <Mark
          shape={tone === 'ok' ? 'disc' : tone === 'bad' ? 'diamond' : tone === 'warn' ? 'triangle' : 'ring'}
          tone={tone}
        />
        {hop.title} <span className={`state-${tone} small`}>{hopWords[hop.outcome]}</span>
      </span>
      <span className="soft break">{hop.text}</span>
    </li>
  );
}

function Agents({ explanation }: { readonly explanation: Explanation }) {
  return explanation.pools.map(({ name, agents, queue, counts }) => (
    <Card
      key={name}
      isFlush
      title={
        <>
          Pool <Link href={`/pools/${name}`}>{name}</Link>
        </>
      }
      aside={
        <>
          {counted(counts['usable'] ?? 0, 'usable agent')} · queue {queue.waiting} of {queue.limit}
        </>
      }
    >
      {agents.length === 0 ? (
        <p className="empty soft">No agent of this pool is known.</p>
      ) : (
        <div className="pool-agents">
          <Table
            label={`Agents of ${name}`}
            rows={agents}
            keyOf={(agent) => agent.name}
            columns={[
              {
                key: 'name',
                title: 'Agent',
                isMain: true,
                cell: (agent) => (
                  <Link href={`/agents/${agent.name}`} className="break">
                    <strong>{agent.name}</strong>
                  </Link>
                ),
              },
              { key: 'state', title: 'State', cell: ({ state }) => <AgentStateBadge state={state} /> },
              {
                key: 'use',
                title: 'For a new client',
                cell: ({ skipReason, skipMessage, problem }) => (
                  <>
                    {skipReason === undefined ? (
                      <Badge tone="ok" word="Usable" />
                    ) : (
                      <>
                        <Badge tone="off" word="Skipped" /> {skipMessage ?? skipReason}
                      </>
                    )}
                    {problem !== undefined && <div className="soft">{problem}</div>}
                  </>
                ),
              },
              {
                key: 'evidence',
                title: 'Target',
                isEmpty: ({ evidence }) => evidence === undefined,
                cell: ({ evidence }) =>
                  evidence !== undefined && (
                    <>
                      <Badge
                        tone={evidence.reach === 'ready' ? 'ok' : 'bad'}
                        word={evidence.reach === 'ready' ? 'Reached' : evidence.reach}
                      />{' '}
                      <Age at={evidence.at} />
                      {evidence.detail !== undefined && (
                        <div className="soft small break">{evidence.detail}</div>
                      )}
                    </>
                  ),
              },
              { key: 'streams', title: 'Streams', isNumber: true, cell: ({ streams }) => streams },
            ]}
          />
        </div>
      )}
    </Card>
  ));
}

function Attempts({ explanation }: { readonly explanation: Explanation }) {
  const { attempts } = explanation;
  if (attempts.length === 0) return null;
  return (
    <Card title="Recent attempts" isFlush aside="The last ten that succeeded and the last ten that failed">
      <Table
        label="Recent attempts"
        rows={attempts}
        keyOf={({ at, client }) => `${at} ${client}`}
        columns={[
          { key: 'at', title: 'Time', isMain: true, cell: ({ at }) => <TimeOf at={at} /> },
          { key: 'client', title: 'Client', cell: ({ client }) => <code>{client}</code> },
          {
            key: 'outcome',
            title: 'Outcome',
            cell: ({ outcome, detail }) => (
              <>
                <Badge
                  tone={outcome === 'ok' ? 'ok' : 'bad'}
                  word={outcome === 'ok' ? 'Connected' : outcome}
                />
                {detail !== undefined && <div className="soft small break">{detail}</div>}
              </>
            ),
          },
          {
            key: 'tries',
            title: 'Tried',
            isEmpty: ({ tries }) => tries.length === 0,
            cell: ({ tries }) => (
              <ul>
                {tries.map((each) => (
                  <li key={`${each.agent} ${each.milliseconds}`}>
                    <Link href={`/agents/${each.agent}`}>{each.agent}</Link>{' '}
                    <span className="soft">
                      {each.outcome === 'ok' ? 'ok' : each.outcome} in {milliseconds(each.milliseconds)}
                    </span>
                  </li>
                ))}
              </ul>
            ),
          },
          {
            key: 'time',
            title: 'Took',
            isNumber: true,
            cell: ({ milliseconds: taken }) => milliseconds(taken),
          },
        ]}
      />
    </Card>
  );
}

function Denials({
  explanation,
  client,
  onClient,
}: {
  readonly explanation: Explanation;
  readonly client: string;
  readonly onClient: (client: string) => void;
}) {
  const { denials, client: allowed } = explanation;
  return (
    <Card
      title="Which clients are allowed"
      aside={`${counted(denials.total, 'client')} denied since the gateway started`}
    >
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          onClient(String(new FormData(event.currentTarget).get('client') ?? '').trim());
        }}
      >
        <label htmlFor="client-address">Is this client allowed?</label>
        <input
          id="client-address"
          name="client"
          className="input"
          defaultValue={client}
          placeholder="10.20.0.5"
          spellCheck={false}
        />
        <Button type="submit" size="small">
          Check
        </Button>
      </form>
      {allowed !== undefined && (
        <ul className="stack">
          {allowed.ingress.map((each) => (
            <li key={`${each.kind} ${each.listen} ${each.host ?? ''}`}>
              <Badge tone={each.allowed ? 'ok' : 'bad'} word={each.allowed ? 'Allowed' : 'Denied'} />{' '}
              {each.kind} <code>{each.host ?? each.listen}</code>{' '}
              <span className="soft">
                {each.allowed
                  ? `by ${each.range ?? 'its list'}`
                  : `only ${each.allow.join(', ') || 'nobody'}`}
                {each.needsGrant && ', with a grant'}
              </span>
            </li>
          ))}
        </ul>
      )}
      {denials.addresses.length > 0 && (
        <ul className="stack">
          {denials.addresses.map(({ address, at, count, message, detail }) => (
            <li key={address}>
              <code>{address}</code> {count > 1 && `${count} times, `}
              <Age at={at} /> <span className="soft">{detail || message}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
