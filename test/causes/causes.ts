import type { Tool } from './tools.ts';

/** What a tool says: a part of its text, or nothing for a tool that is silent. */
export type Cell =
  /** It names the cause, if with others that look the same. */
  | { readonly names: string; readonly also?: string }
  /** It cannot know the cause, and what it says is true. */
  | { readonly knows: string };

export type Cause = {
  readonly id: string;
  /** What is wrong, for docs/diagnostics.md. */
  readonly cause: string;
  /** The tool that the person who meets it would use first. */
  readonly first: 'driver' | 'doctor' | 'explain';
  readonly fix: string;
  readonly says: Readonly<Partial<Record<Tool, Cell>>>;
};

const names = (text: string, also?: string): Cell => ({ names: text, ...(also && { also }) });
const knows = (text: string): Cell => ({ knows: text });
const silent = knows('');

type Row = Omit<Cause, 'id' | 'says'> & { readonly says: Cause['says'] };
const rows = (common: Cause['says'], causes: Readonly<Record<string, Row>>): readonly Cause[] =>
  Object.entries(causes).map(([id, row]) => ({ id, ...row, says: { ...common, ...row.says } }));

/** One agent serves all connections, so its state is not about any of them. */
const oneAgent = { 'agent list': knows('a1') };

/** A target that agents cannot reach; `text` is the sentence, `code` the close code, and `stage` of the check. */
const unreached = (text: string, code: string, stage: string): Cause['says'] => ({
  'agent list': names('CONNECTOR_FAILING'),
  driver: names(`${text} (Penstock: ${code})`),
  explain: names(`${stage}: ${text}`),
  'agent show': names(stage),
  'gateway log': names(`"code":"${code}"`),
  'agent log': names(`"reach":"${stage}"`),
  doctor: names(text),
  alert: names(text),
});
const REFUSED = unreached('The target refused the connection.', 'REFUSED', 'refused');

/** Only the target knows. */
const answers: Cause['says'] = {
  'agent list': knows('a1'),
  explain: knows(
    'their errors are from the target: user, password, database and its own access rules are not checked',
  ),
  'agent show': knows('postgresql'),
  'gateway log': knows('The target finished first.'),
  'agent log': knows('open-succeeded'),
  doctor: knows('answers: PostgreSQL'),
  alert: silent,
};

export const databaseCauses = rows(oneAgent, {
  'database-stopped': {
    cause: 'The database is stopped.',
    first: 'driver',
    fix: 'Start it.',
    says: REFUSED,
  },
  'wrong-port': {
    cause: 'The connector has the wrong port.',
    first: 'driver',
    fix: 'Correct `connectors[].address` in agent.yaml.',
    says: REFUSED,
  },
  'listen-addresses': {
    cause: 'The database listens only on loopback, or not on this address.',
    first: 'driver',
    fix: 'Set `listen_addresses` (PostgreSQL) or `bind-address` (MySQL), or correct the address of the connector.',
    says: {
      ...REFUSED,
      explain: names('it listens on this address: by default, many listen only on loopback'),
    },
  },
  'mysql-stopped': {
    cause: 'MySQL or MariaDB is stopped.',
    first: 'driver',
    fix: 'Start it.',
    says: { ...REFUSED, driver: names('Penstock: REFUSED: The target refused the connection.') },
  },
  'firewall-drop': {
    cause: "A firewall between the agent's host and the target drops packets.",
    first: 'driver',
    fix: "Open the port for the agent's host.",
    says: unreached('The target did not answer in time.', 'DIAL_TIMEOUT', 'silent'),
  },
  dns: {
    cause: "The agent's host cannot resolve the name of the target.",
    first: 'driver',
    fix: "Correct the name in agent.yaml, or the name servers of the agent's host.",
    says: unreached("The agent could not resolve the target's name.", 'DNS_FAILED', 'dns'),
  },
  'wrong-password': {
    cause: 'The password is wrong. The database says so; the connection works.',
    first: 'driver',
    fix: "Correct the client's password.",
    says: { ...answers, driver: names('password authentication failed for user') },
  },
  'database-missing': {
    cause: 'The database does not exist on this server.',
    first: 'driver',
    fix: "Correct the database in the client's URL, or the address of the connector.",
    says: { ...answers, driver: names('database "missing" does not exist') },
  },
  'pg-hba': {
    cause: 'pg_hba.conf does not admit this user, database or address. The address is that of the agent.',
    first: 'driver',
    fix: "Add a line for the address of the agent's host to pg_hba.conf.",
    says: { ...answers, driver: names('no pg_hba.conf entry for host "127.0.0.1"') },
  },
  'client-denied': {
    cause: 'The address of the client is not in `allow`.',
    first: 'driver',
    fix: 'Add it to `allow` of the ingress in gateway.yaml.',
    says: {
      driver: names('Your address is not allowed to use this connection. (Penstock: CLIENT_DENIED)'),
      explain: names('The newest client, 127.0.0.1, was denied'),
      'agent show': knows('postgresql'),
      'gateway log': names('127.0.0.1 is not in the allow list of this ingress.'),
      'agent log': silent,
      doctor: knows('answers: PostgreSQL'),
      alert: silent,
    },
  },
  'connector-typo': {
    cause: 'No agent has a connector of this name: a typing error in gateway.yaml or agent.yaml.',
    first: 'explain',
    fix: 'Correct `connections[].connector` in gateway.yaml, or the name in agent.yaml.',
    says: {
      driver: names('The agent has no connector of this name. (Penstock: UNKNOWN_CONNECTOR)'),
      explain: names(
        'is without this connector in its agent.yaml.',
        'a1 has the connectors database-stopped, wrong-port',
      ),
      'agent show': silent,
      'gateway log': names('No available agent of dc1 has a connector connector-typo.'),
      'agent log': silent,
      doctor: silent,
      alert: names('The agent has no connector of this name.'),
    },
  },
  'wrong-pool': {
    cause: 'The connection uses a pool whose agents do not have the connector.',
    first: 'explain',
    fix: 'Correct `connections[].pools` in gateway.yaml, or `pool` in agent.yaml.',
    says: {
      driver: knows('No agent of an eligible pool is connected. (Penstock: NO_AGENT)'),
      explain: names('No agent has enrolled for dc2. a1 of dc1 has a connector wrong-pool.'),
      'agent show': knows('postgresql'),
      'gateway log': knows('No agent of pool dc2 is ready'),
      'agent log': silent,
      doctor: knows('answers: PostgreSQL'),
      alert: knows('No agent of an eligible pool is connected.'),
    },
  },
});

/** The gateway never hears of these agents. */
const unheard: Cause['says'] = {
  driver: knows('No agent of an eligible pool is connected. (Penstock: NO_AGENT)'),
  explain: knows('The gateway cannot know why an agent does not reach it. Run penstock-agent doctor'),
  'agent list': knows('agents matches'),
  'agent show': knows('There is no agent named'),
  'gateway log': knows('is ready, and its queue is closed.'),
  alert: knows('0 of at least 1 agents are ready.'),
};
const both = (text: string): Cause['says'] => ({ 'agent log': names(text), doctor: names(text) });
/** The gateway refuses the enrollment, and logs why. */
const refused = (text: string, code: string): Cause['says'] => ({
  ...both(text),
  'gateway log': names(code),
});

export const ownerCauses = rows(unheard, {
  'wrong-pin': {
    cause: '`gateway.pins` has the pin of another key.',
    first: 'doctor',
    fix: 'Compare the presented pin with the one that the operator of the gateway gives you.',
    says: both('The presented certificate does not match a pin. 127.0.0.1 presented sha256/'),
  },
  'tls-inspection': {
    cause: 'A device inspects TLS: the issuer is not the CA of the gateway.',
    first: 'doctor',
    fix: 'Have the gateway exempted from inspection.',
    says: both('issued by CN=Acme Inspection CA'),
  },
  'proxy-password': {
    cause: 'The proxy does not accept the user and password.',
    first: 'doctor',
    fix: 'Correct them in `gateway.proxy` or HTTPS_PROXY.',
    says: both('answered 407. It requires credentials and rejected those of the proxy URL.'),
  },
  'proxy-credentials-missing': {
    cause: 'The proxy requires user and password.',
    first: 'doctor',
    fix: 'Add them to the proxy URL.',
    says: both('answered 407. It requires credentials. Add user and password to the proxy URL.'),
  },
  'proxy-without-basic': {
    cause: 'The proxy requires NTLM or Kerberos.',
    first: 'doctor',
    fix: 'Use a local proxy that authenticates, such as cntlm or px, or have this host admitted without credentials.',
    says: both('answered 407. It offers only Negotiate, NTLM, and the agent supports only Basic.'),
  },
  'gateway-dns': {
    cause: 'This host cannot resolve the name of the gateway.',
    first: 'doctor',
    fix: 'Correct `gateway.url`, or the name servers of this host or container.',
    says: {
      doctor: names('gateway.penstock.invalid cannot be resolved'),
      'agent log': names('getaddrinfo ENOTFOUND gateway.penstock.invalid'),
    },
  },
  'gateway-port': {
    cause: 'Nothing listens on the port in `gateway.url`.',
    first: 'doctor',
    fix: 'Correct the port: it is that of `listen.tunnel` in gateway.yaml, or of a load balancer in front of it.',
    says: { doctor: names('Nothing accepts connections on port'), 'agent log': names('ECONNREFUSED') },
  },
  'admin-port': {
    cause: '`gateway.url` names the admin port of the gateway.',
    first: 'doctor',
    fix: 'Use the tunnel port.',
    says: both(
      'The peer does not speak TLS. Check that gateway.url names the tunnel port, not the admin port.',
    ),
  },
  'token-used-up': {
    cause: 'The enrollment token has enrolled as many agents as it may.',
    first: 'doctor',
    fix: 'Create another: `penstock-gateway token create`.',
    says: {
      ...refused('This enrollment token has no uses left.', '"code":"TOKEN_EXHAUSTED"'),
      // Of the agent that took the only use, which is enrolled and not running.
      explain: knows('No agent that could reach the target is connected.'),
      'agent list': knows('first'),
    },
  },
  'token-expired': {
    cause: 'The enrollment token has expired.',
    first: 'doctor',
    fix: 'Create another: `penstock-gateway token create`.',
    says: refused('This enrollment token expired at', '"code":"TOKEN_EXPIRED"'),
  },
  'token-revoked': {
    cause: 'The enrollment token was revoked.',
    first: 'doctor',
    fix: 'Ask who revoked it, or create another: `penstock-gateway token create`.',
    says: refused('This enrollment token was revoked.', '"code":"TOKEN_REVOKED"'),
  },
  'token-of-another-pool': {
    cause: 'The enrollment token is for another pool.',
    first: 'doctor',
    fix: 'Correct `pool` in agent.yaml, or use a token of that pool.',
    says: refused('This enrollment token is for the pool wrong-pin', '"code":"TOKEN_WRONG_POOL"'),
  },
});

export const fleetCauses = rows(
  {},
  {
    quarantine: {
      cause: 'The agent is quarantined: it does not run the pinned configuration.',
      first: 'explain',
      fix: 'Deploy the pinned version to its host, or pin the version that it runs.',
      says: {
        driver: knows('NO_AGENT'),
        explain: names('is quarantined.'),
        'agent list': names('CONFIG_DRIFT'),
        'agent show': names('It runs version 1, but version 2 is pinned.'),
        'gateway log': names('It runs version 1, but version 2 is pinned.'),
        'agent log': names('config-drift'),
        doctor: names('it is quarantined and receives no opens'),
        alert: names('An agent runs a configuration other than the pinned one.'),
      },
    },
    'host-asleep': {
      cause: "The agent's host sleeps, is off, or has no network.",
      first: 'explain',
      fix: 'Wake the host, and keep it from sleeping. Run `penstock-agent doctor` there.',
      says: {
        driver: knows('NO_AGENT'),
        explain: names('is stale, without a session or a heartbeat'),
        'agent list': names('HEARTBEAT_MISSING'),
        'agent show': names('The agent has not sent a heartbeat for longer than health.staleAfter.'),
        'gateway log': names('The peer sent nothing for 1000 ms after a ping.'),
        'agent log': knows('session-ended'),
        alert: names('The gateway has received no heartbeat from an agent'),
      },
    },
    clock: {
      cause: "The clock of the agent's host is wrong.",
      first: 'doctor',
      fix: 'Synchronize the clocks of both hosts by NTP.',
      says: {
        explain: knows('degraded'),
        'agent list': names('CLOCK_SKEW'),
        'agent show': names('ms ahead of the gateway'),
        'gateway log': names('"code":"CLOCK_SKEW"'),
        'agent log': silent,
        doctor: names('Synchronize the clocks of both hosts by NTP.', "s behind this host's."),
        alert: names("An agent's clock differs from the gateway's by more than health.maxClockSkew."),
      },
    },
  },
);
