import assert from 'node:assert/strict';
import { agentStates } from '@penstock/api-schema';
import { type ApprovableAction, parseGatewayConfig } from '@penstock/config-schema';
import { systemClock } from '@penstock/runtime';
import type { OidcSettings } from '@penstock/sign-in';
import { type AdminRole, type AlertRow, openConnectionLog } from '@penstock/store';
import type { ProbeStage, ProblemDocument } from '@penstock/wire';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import type { Alerts } from '../../src/alerts/alerts.ts';
import type { ConnectionSnapshot } from '../../src/alerts/fleet-snapshot.ts';
import { Silences } from '../../src/alerts/silences.ts';
import { ownClients } from '../../src/api/connected-clients.ts';
import type { ConnectionView } from '../../src/api/connections.ts';
import { createApi } from '../../src/api/create-api.ts';
import type { Readiness } from '../../src/api/health.ts';
import type { ApiFailure } from '../../src/api/problem-handler.ts';
import { Approvals } from '../../src/approvals/approvals.ts';
import { fleetActions } from '../../src/approvals/fleet-actions.ts';
import { attentionOf } from '../../src/attention/attention.ts';
import { ConnectionLog } from '../../src/connection-log/connection-log.ts';
import type { FleetEvents } from '../../src/events/events.ts';
import { openEvents } from '../../src/events/open-events.ts';
import type { AgentView, Sample } from '../../src/fleet/agent-view.ts';
import type { Explanation } from '../../src/fleet/explanation.ts';
import { type OpenFleet, openFleet } from '../../src/fleet/open-fleet.ts';
import type { FleetOrder, FleetPlace, StateCounts } from '../../src/fleet/search-fleet.ts';
import type { SessionView } from '../../src/fleet/session-view.ts';
import { Grants } from '../../src/grants/grants.ts';
import { SampleHistory } from '../../src/history/sample-history.ts';
import { createAdminToken } from '../../src/identity/admin-token.ts';
import { metricsSource } from '../../src/metrics/fleet-gauges.ts';
import { AgentRequestError } from '../../src/requests/agent-request-error.ts';
import { openAgentRequests } from '../../src/requests/agent-requests.ts';
import type { RequestedAgent } from '../../src/requests/pending-agent-requests.ts';
import { AgentOpens } from '../../src/rollouts/agent-opens.ts';
import { openRollouts } from '../../src/rollouts/open-rollouts.ts';
import { RolloutProblem } from '../../src/rollouts/rollout-problem.ts';
import { FakeSessions } from '../fleet/fake-sessions.ts';
import { type FakeActiveGrants, fakeActiveGrants } from '../grants/fake-active-grants.ts';
import { type IdentityRig, identityRig } from '../identity/identity-rig.ts';

export type Answer<Body = unknown> = {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Undefined if the response was not JSON. */
  readonly body: Body;
};

export type ApiRig = AsyncDisposable & {
  readonly rig: IdentityRig;
  readonly app: FastifyInstance;
  readonly live: {
    agents: AgentView[];
    samples: Sample[];
    complete: boolean;
    connections: ConnectionView[];
    readiness: Readiness;
    approval: ApprovableAction[];
    sessions: SessionView[];
    /** Answers requests to agents. By default, no agent is connected. */
    answer: (
      agent: RequestedAgent,
      action: string,
      args: unknown,
      onStage?: (stage: ProbeStage) => void,
    ) => unknown;
    explain: (connection: string, client?: string) => Explanation | undefined;
    firing: AlertRow[];
    outcomes: ConnectionSnapshot[];
    /** IDs of clients that were disconnected. */
    disconnected: string[];
    alertTest: Awaited<ReturnType<Alerts['test']>>;
    isConnectionLogStored: boolean;
    /** `console.url` of gateway.yaml. */
    console: { url: string | undefined; oidc?: OidcSettings };
  };
  readonly connectionLog: ConnectionLog;
  readonly history: SampleHistory;
  readonly silences: Silences;
  readonly metrics: Registry;
  readonly events: FleetEvents;
  /** Agents are added with `issued`; none enrolls through the tunnel here. */
  readonly fleet: OpenFleet;
  readonly approvals: Approvals;
  readonly activeGrants: FakeActiveGrants;
  readonly failures: ApiFailure[];
  readonly tokens: Readonly<Record<AdminRole, string>>;
  /**
   * Sends a request with the token of a role, or without a token. `Body` is the expected type; if the response differs, the
   * test's assertions fail.
   */
  ask<Body = unknown>(
    method: Method,
    path: string,
    options?: { as?: AdminRole | string | undefined; body?: unknown },
  ): Promise<Answer<Body>>;
};

export type Method = 'GET' | 'POST' | 'DELETE' | 'PUT';

export const GATEWAY_FILE = `
apiVersion: penstock/v1
kind: Gateway
version: 1
organization: acme
pools: [{name: dc1}, {name: dc2}]
`;

/** The API with a real store and real identities; requests are injected in memory. */
export async function apiRig({ compileSchemas = false } = {}): Promise<ApiRig> {
  const rig = await identityRig();
  const { store, identity, clock } = rig;
  const live: ApiRig['live'] = {
    agents: [],
    samples: [],
    complete: true,
    connections: [],
    readiness: { ready: true, reasons: [] },
    approval: [],
    sessions: [],
    answer: ({ name }) => {
      throw new AgentRequestError('AGENT_OFFLINE', `${name} is not connected.`);
    },
    explain: () => undefined,
    firing: [],
    outcomes: [],
    disconnected: [],
    alertTest: 'unknown',
    isConnectionLogStored: true,
    console: { url: undefined },
  };
  let attentionTime = 0;
  const failures: ApiFailure[] = [];
  const metrics = new Registry();
  const events = openEvents(store, () => live.connections);
  const approvals = await Approvals.open({
    store,
    needs: (pool) => (pool === 'dc1' ? live.approval : []),
    agentId: (name) => fleet.agent(name)?.id,
    events,
    clock: () => clock.now,
    onFailed: (error) => failures.push({ method: '-', path: '-', error }),
  });
  const gatewayConfig = parseGatewayConfig(GATEWAY_FILE, { environment: {}, readFile: () => '' });
  assert.ok(gatewayConfig.ok);
  const opened = await openFleet({
    store,
    sessions: new FakeSessions(),
    config: () => gatewayConfig.config,
    clock: { ...systemClock, wall: () => clock.now },
    certificate: () => identity.authority.caPem,
    waiting: () => 0,
    onRevoked: () => {},
    log: () => {},
  });
  const fleet = {
    ...opened,
    *agentsAfter(cursor: string) {
      const sorted = live.agents.toSorted((one, other) => (one.name < other.name ? -1 : 1));
      yield* sorted.filter(({ name }) => name > cursor);
    },
    *listed(order: FleetOrder, after?: FleetPlace) {
      if (live.agents.length === 0) {
        yield* opened.listed(order, after);
        return;
      }
      const key = ({ state, name }: FleetPlace) =>
        order === 'name' ? name : `${agentStates.indexOf(state)} ${name}`;
      const sorted = live.agents.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
      yield* after === undefined ? sorted : sorted.filter((agent) => key(agent) > key(after));
    },
    get stateCounts() {
      return live.agents.length === 0 ? opened.stateCounts : countsOf(live.agents);
    },
    agent: (name: string) => live.agents.find((each) => each.name === name) ?? opened.agent(name),
    agentById: (id: string) => live.agents.find((each) => each.id === id) ?? opened.agentById(id),
    samplesOf: () => live.samples,
    get isComplete() {
      return live.complete;
    },
  };
  const connectionLog = new ConnectionLog({
    open: () => openConnectionLog(rig.directory),
    settings: () => ({ isStored: live.isConnectionLogStored, retention: 1e10, maxSize: 1e9 }),
    clock: systemClock,
    log: () => {},
  });
  const activeGrants = fakeActiveGrants();
  const grants = await Grants.open({
    store,
    active: activeGrants,
    connections: () => ['orders', 'billing'],
    clock: () => clock.now,
  });
  const { rollouts, stop: stopRollouts } = await openRollouts({
    store,
    fleet,
    sessions: new FakeSessions(),
    config: () => gatewayConfig.config,
    opens: new AgentOpens(),
    opensDelay: () => 0,
    approvals,
    events,
    clock: { ...systemClock, wall: () => clock.now },
    log: () => {},
    epoch: () => 1,
    isWhole: () => true,
    requireRelease: async (version) => {
      if (version === '9.9.9') throw new RolloutProblem('RELEASE_UNUSABLE', 'There is no release 9.9.9.');
    },
  });
  const history = new SampleHistory();
  const silences = await Silences.open(store, () => clock.now);
  const app = await createApi({
    compileSchemas,
    store,
    tokens: identity.tokens,
    refusals: identity.refusals,
    revocation: identity.revocation,
    fleet,
    requests: openAgentRequests({
      store,
      fleet,
      pins: { of: () => undefined },
      pending: {
        send: async (agent, { action }, args, { onStage }) =>
          (await live.answer(agent, action, args, onStage)) as never,
      },
      // No request requires approval here: tests of approvals define their own actions.
      approvals: {
        action: (_name, run) => async (request, requester) => ({
          kind: 'done',
          value: await run(request, requester),
        }),
      },
      clock: () => clock.now,
    }),
    actions: fleetActions(fleet.steering, approvals, (agent) => fleet.agent(agent)?.pool),
    connections: () => live.connections,
    connectionLog,
    clients: ownClients(connectionLog, (id) => {
      live.disconnected.push(id);
      return true;
    }),
    explain: async (connection, client) => live.explain(connection, client),
    history,
    sessions: (cursor, { agent, pool }) =>
      live.sessions.filter(
        (each) =>
          each.agent > cursor && each.agent === (agent ?? each.agent) && each.pool === (pool ?? each.pool),
      ),
    gateway: () => ({
      config: gatewayConfig.config,
      startedAt: 1_700_000_000_000,
      tunnel: {
        address: '0.0.0.0',
        port: 8443,
        host: 'gateway.example.com',
        pins: ['sha256/pin='],
        certificateNotAfter: clock.now + 86_400_000,
      },
    }),
    attention: attentionOf({
      fleet: { ...fleet, listed: fleet.listed, certificateNotAfter: () => clock.now + 30 * 86_400_000 },
      connections: () => live.connections,
      openOutcomes: () => live.outcomes,
      samples: { ofPool: () => undefined },
      health: () => gatewayConfig.config.health,
      firing: () => live.firing,
      readiness: () => live.readiness,
      outage: () => undefined,
      // Reused for a second otherwise.
      clock: { ...systemClock, now: () => (attentionTime += 1_000), wall: () => clock.now },
    }),
    readiness: () => live.readiness,
    metrics: metricsSource(metrics, { agentsAfter: fleet.agentsAfter }, systemClock),
    events,
    approvals,
    alerts: {
      get firing() {
        return live.firing;
      },
      test: async () => live.alertTest,
      receivers: [{ receiver: 'ops', delivered: 3, failed: 1, abandoned: 0, pending: 0 }],
    },
    silences,
    alertConfig: () => gatewayConfig.config,
    grants,
    names: {
      url: () => live.console.url,
      oidc: () => live.console.oidc,
      organization: () => 'acme',
      certificate: () => undefined,
      hostName: 'this-machine.example.org',
    },
    rollouts,
    report: (failure) => failures.push(failure),
    clock: () => clock.now,
  });
  const made = async (role: AdminRole) =>
    (await createAdminToken(store, { name: `a ${role}`, role }, { id: 'host' }, clock.now)).token;
  const tokens = {
    viewer: await made('viewer'),
    operator: await made('operator'),
    admin: await made('admin'),
  };
  return {
    rig,
    app,
    live,
    fleet,
    connectionLog,
    history,
    silences,
    metrics,
    events,
    approvals,
    activeGrants,
    failures,
    tokens,
    async ask<Body>(
      method: Method,
      path: string,
      { as, body }: { as?: AdminRole | string | undefined; body?: unknown } = {},
    ): Promise<Answer<Body>> {
      const token = as === undefined ? undefined : (tokens[as as AdminRole] ?? as);
      const answer = await app.inject({
        method,
        url: path,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(body !== undefined && { payload: body as object }),
      });
      const type = String(answer.headers['content-type'] ?? '');
      return {
        status: answer.statusCode,
        type,
        headers: answer.headers,
        text: answer.body,
        body: (type.includes('json') ? JSON.parse(answer.body) : undefined) as Body,
      };
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await stopRollouts();
      await connectionLog.stop();
      await fleet.stop();
      await rig[Symbol.asyncDispose]();
    },
  };
}

/** Asserts that the response is a problem document with this code and a matching detail. */
export function assertProblem(answer: Answer, status: number, code: string, words: RegExp = /./): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.type, /^application\/problem\+json/);
  const problem = answer.body as ProblemDocument;
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.equal(problem.type, `urn:penstock:problem:${code}`);
  assert.match(problem.detail, words);
}

function countsOf(agents: readonly AgentView[]): StateCounts {
  const counts = agentStates.map((state) => [state, agents.filter((each) => each.state === state).length]);
  return Object.fromEntries(counts);
}
