import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Card } from '../../parts/page.tsx';
import { AgentStateBadge, Badge, Mark } from '../../parts/state.tsx';
import { Age } from '../../parts/time.tsx';

import { type Refusal, trailOf } from './token-trail.ts';
import { useToken } from './use-token.ts';

/** What the agent of this token has done so far. */
export function Arrival({ tokenId, pool }: { readonly tokenId: string; readonly pool: string }) {
  const token = useToken(tokenId);
  const used = token.data === null || token.data === undefined ? 0 : token.data.uses - token.data.usesLeft;
  const { name, refusals } = useTokenTrail(tokenId);
  const agent = useQuery({
    queryKey: [resource.agent, name ?? ''],
    queryFn: () =>
      ask(GET('/api/v1/agents/{name}', { params: { path: { name: name ?? '' } }, headers: inBackground })),
    enabled: name !== undefined,
    refetchInterval: 2_000,
  });
  const found = agent.data;
  const isConnected = (found?.sessions.open ?? 0) > 0;
  const failing = found?.checks.filter(({ reach }) => reach !== 'ready') ?? [];
  return (
    <Card title="3. Waiting for the agent">
      <ol className="stack" aria-live="polite">
        <Step
          isDone={used > 0}
          text={used > 0 ? `Enrolled as ${name ?? '…'}` : 'Waiting for an agent to use this token'}
        />
        <Step
          isDone={isConnected}
          text={isConnected ? 'Its sessions are open' : 'Then it opens its sessions'}
        />
        <Step
          isDone={isConnected && failing.length === 0}
          text={
            failing.length === 0
              ? 'Its connectors reach their targets'
              : `${failing.map(({ connector, reach }) => `${connector} stops at ${reach}`).join(', ')}`
          }
        />
      </ol>
      {found !== undefined && (
        <p>
          <AgentStateBadge state={found.state} /> {found.message}{' '}
          <Link href={`/agents/${found.name}`}>Open {found.name}</Link>
        </p>
      )}
      {refusals.map(({ at, name: refused, sentence, address }) => (
        <div key={at} role="alert">
          <Badge tone="bad" word="Refused" /> {refused} was refused <Age at={at} />
          {address !== undefined && ` from ${address}`}: {sentence}
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

function Step({ isDone, text }: { readonly isDone: boolean; readonly text: string }) {
  return (
    <li className="hop-title">
      <Mark shape={isDone ? 'disc' : 'ring'} tone={isDone ? 'ok' : 'off'} />
      {text} <span className="hidden-text">{isDone ? 'done' : 'not yet'}</span>
    </li>
  );
}

/** What the audit trail has about a token: the agent that enrolled with it, and why others were refused. */
function useTokenTrail(tokenId: string): {
  readonly name: string | undefined;
  readonly refusals: readonly Refusal[];
} {
  const { data } = useQuery({
    queryKey: [resource.audit, 'token', tokenId],
    queryFn: () =>
      ask(
        GET('/api/v1/audit', {
          params: { query: { actor: `enrollment-token:${tokenId}`, limit: 20 } },
          headers: inBackground,
        }),
      ),
    refetchInterval: 2_000,
  });
  return trailOf(data?.items ?? []);
}
