/** Whether clients of a connection can be served, as far as the gateway knows. */
export type ConnectionHealth = 'failing' | 'no-agent' | 'at-risk' | 'ready';

type Connection = { readonly name: string; readonly pools: readonly string[] };
type Pool = { readonly name: string; readonly ready: number };
type Condition = {
  readonly code?: string;
  readonly severity: 'critical' | 'warning' | 'notice';
  readonly message: string;
  /** The pool that it is about; without it, it is about the connections themselves. */
  readonly pool?: string | undefined;
  readonly connections: readonly string[];
};

export type JudgedConnection = {
  readonly name: string;
  readonly health: ConnectionHealth;
  /** The worst condition that names it. */
  readonly reason?: string;
  /** True if its latest client was not served, and it is not known yet whether the next one will be. */
  readonly isDoubtful?: boolean;
};

/** Judges a connection by its pools and by the conditions that need attention and name it. */
export function judgeConnection(
  { name, pools }: Connection,
  all: readonly Pool[],
  conditions: readonly Condition[],
): JudgedConnection {
  const own = conditions.filter((each) => each.connections.includes(name));
  const critical = own.filter(({ severity }) => severity === 'critical');
  const known = all.filter((pool) => pools.includes(pool.name));
  if (known.length > 0 && known.every(({ ready }) => ready === 0)) {
    return { name, health: 'no-agent', reason: 'No agent of its pools is ready.' };
  }
  // Another pool serves the clients while one cannot.
  const isStopped = pools.every((pool) => critical.some((each) => each.pool === pool));
  const stopping = critical.find(({ pool }) => pool === undefined || isStopped);
  if (stopping !== undefined) return { name, health: 'failing', reason: stopping.message };
  const [affecting] = [...critical, ...own.filter(({ severity }) => severity === 'warning')];
  if (affecting !== undefined) {
    const isDoubtful = own.some(({ code }) => code === 'connection-failing');
    return { name, health: 'at-risk', reason: affecting.message, isDoubtful };
  }
  return { name, health: 'ready' };
}

/** The answer to “can the job run?” in one sentence, without the names. */
export function verdictOf(judged: readonly JudgedConnection[]): {
  readonly tone: 'ok' | 'warn' | 'bad';
  readonly text: string;
  /** The connections that the sentence is about. */
  readonly about: readonly JudgedConnection[];
} {
  const total = judged.length;
  const [only] = judged;
  const all = total === 1 && only !== undefined ? only.name : `All ${total} connections`;
  const stopped = judged.filter(({ health }) => health === 'failing' || health === 'no-agent');
  if (stopped.length > 0) {
    const text =
      stopped.length === total
        ? `${total === 1 ? 'The connection' : all} cannot serve clients`
        : `${stopped.length} of ${total} connections cannot serve clients`;
    return { tone: 'bad', text, about: stopped };
  }
  const risky = judged.filter(({ health }) => health === 'at-risk');
  const doubtful = risky.filter(({ isDoubtful }) => isDoubtful === true);
  if (doubtful.length > 0) return { tone: 'warn', text: 'The latest open failed on', about: doubtful };
  if (risky.length === 0) return { tone: 'ok', text: `${all} can serve clients`, about: [] };
  return {
    tone: 'warn',
    text: `${total === 1 ? 'The connection' : all} can serve clients, but a condition below affects`,
    about: risky,
  };
}
