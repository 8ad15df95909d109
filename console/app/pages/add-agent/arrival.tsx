import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ask, GET, inBackground, POST } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { useMissingRole } from '../../frame/session-context.tsx';
import { Card } from '../../parts/page.tsx';
import { AgentStateBadge, Badge, Mark } from '../../parts/state.tsx';
import { Age } from '../../parts/time.tsx';

import { useToken } from './use-token.ts';

/** Connectors that are checked without being asked for. */
const MAX_CHECKED = 5;

/** What the agent of this token has done so far. */
export function Arrival({ tokenId, pool }: { readonly tokenId: string; readonly pool: string }) {
  const token = useToken(tokenId);
  const [enrolled] = token.data?.agents ?? [];
  const name = enrolled?.name;
  const used = token.data?.agents.length ?? 0;
  const refusals = token.data?.refusals ?? [];
  const agent = useQuery({
    queryKey: [resource.agent, name ?? ''],
    queryFn: () =>
      ask(GET('/api/v1/agents/{name}', { params: { path: { name: name ?? '' } }, headers: inBackground })),
    enabled: name !== undefined,
    refetchInterval: 2_000,
  });
  const found = agent.data;
  const isConnected = (found?.sessions.open ?? 0) > 0;
  const connectors = found?.connectors ?? [];
  return (
    <Card title={isConnected ? '3. The agent is connected' : '3. Waiting for the agent'}>
      <ol className="stack" aria-live="polite">
        <Step
          isDone={used > 0}
          text={used > 0 ? `Enrolled as ${name ?? '…'}` : 'Waiting for an agent to use this token'}
        />
        <Step
          isDone={isConnected}
          text={isConnected ? 'Its sessions are open' : 'Then it opens its sessions'}
        />
        {found !== undefined && isConnected && connectors.length > 0 ? (
          connectors
            .slice(0, MAX_CHECKED)
            .map((connector) => <Reach key={connector.name} agent={found.name} connector={connector.name} />)
        ) : (
          <Step isDone={false} text="Its connectors reach their targets" />
        )}
      </ol>
      {found !== undefined && (
        <p>
          <AgentStateBadge state={found.state} /> {found.message}{' '}
          <Link href={`/agents/${found.name}`}>Open {found.name}</Link>
        </p>
      )}
      {refusals.map(({ lastAt, count, name: refused, message, advice, address, code }) => (
        <div key={`${refused} ${address} ${code}`} role="alert">
          <Badge tone="bad" word="Refused" /> {refused ?? 'An agent'} was refused <Age at={lastAt} />
          {count > 1 && `, ${count} times`} from {address}: {message} <span className="soft">{advice}</span>{' '}
          <code className="faint">{code}</code>
        </div>
      ))}
      {used === 0 && refusals.length === 0 && (
        <p className="soft">
          If nothing happens, the agent does not reach the gateway: <code>penstock-agent doctor</code> on its
          host says why. This page notices by itself when it arrives in pool {pool}.
        </p>
      )}
    </Card>
  );
}

/** Asks the agent once whether it reaches a target: its file may have no checks, and a connected agent may reach nothing. */
function Reach({ agent, connector }: { readonly agent: string; readonly connector: string }) {
  const missing = useMissingRole('operator');
  const query = useQuery({
    queryKey: ['first-check', agent, connector],
    queryFn: () =>
      ask(POST('/api/v1/agents/{name}/check', { params: { path: { name: agent } }, body: { connector } })),
    enabled: missing === undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: 2,
  });
  if (query.data === undefined) {
    return (
      <Step
        isDone={false}
        text={query.error === null ? `${connector}: checking…` : `${connector} was not checked`}
      />
    );
  }
  const { reach, message, advice } = query.data;
  const isReady = reach === 'ready';
  return (
    <li>
      <span className="marked">
        <Mark shape={isReady ? 'disc' : 'diamond'} tone={isReady ? 'ok' : 'bad'} />
        {isReady ? `${connector} reaches its target` : `${connector}: ${message}`}
      </span>
      {!isReady && <p className="soft">{advice}</p>}
    </li>
  );
}

function Step({ isDone, text }: { readonly isDone: boolean; readonly text: string }) {
  return (
    <li className="marked">
      <Mark shape={isDone ? 'disc' : 'ring'} tone={isDone ? 'ok' : 'off'} />
      {text} <span className="hidden-text">{isDone ? 'done' : 'not yet'}</span>
    </li>
  );
}
