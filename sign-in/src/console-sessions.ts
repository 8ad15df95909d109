import { hashOfSecret, randomSecret } from '@penstock/runtime';
import {
  type ConsoleSessionRow,
  type ConsoleUser,
  type Repositories,
  type Store,
  StoreError,
} from '@penstock/store';
import { LRUCache } from 'lru-cache';
import { endSessions } from './end-sessions.ts';
import { SignInRefusal } from './refusal.ts';
import { areHalvesOf, createSessionSecret, type SessionHalves, sessionIdOf } from './session-secret.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const sessionLimits = {
  lifetimeMs: 12 * HOUR,
  /** Time without a request of its user. */
  idleMs: 2 * HOUR,
  codeLifetimeMs: MINUTE,
} as const;

/** Sessions of one user. The oldest ends when another one is started. */
const MAX_SESSIONS_OF_USER = 20;
/** Unused codes of one user. */
const MAX_CODES_OF_USER = 20;
/** Use is recorded this often. */
const SEEN_INTERVAL_MS = MINUTE;
/** How long a session is served from memory while the store is unavailable. */
const REMEMBERED_MS = 15 * MINUTE;

export type StartedSession = {
  readonly session: ConsoleSessionRow;
  /** The two halves. Only the returned value contains them. */
  readonly cookie: string;
  readonly header: string;
};

export type SignInMethod = 'admin-token' | 'code';

type Options = {
  readonly store: Pick<Store, 'transaction' | 'consoleSessions' | 'onAudit'>;
  readonly clock: () => number;
};

/** The sessions of the console and the codes that start them. Methods throw SignInRefusal or StoreError. */
export class ConsoleSessions {
  readonly #store: Options['store'];
  readonly #clock: () => number;
  readonly #remembered = new LRUCache<string, ConsoleSessionRow>({ max: 1000, ttl: REMEMBERED_MS });

  constructor({ store, clock }: Options) {
    this.#store = store;
    this.#clock = clock;
    store.onAudit(({ action, subject }) => {
      if (action === 'console-session.end') this.#remembered.delete(subject.replace(/^console-session:/, ''));
    });
  }

  /** Creates a code with which a browser can sign in once, as this user. It is valid for a minute. */
  async createCode(user: ConsoleUser): Promise<{ readonly code: string; readonly expiresAt: number }> {
    const now = this.#clock();
    const code = `pst_code_${randomSecret()}`;
    const expiresAt = now + sessionLimits.codeLifetimeMs;
    await this.#store.transaction(async (inside) => {
      await inside.consoleCodes.prune(now);
      if ((await inside.consoleCodes.countOf(user.actor)) >= MAX_CODES_OF_USER) {
        throw new SignInRefusal(
          'SIGN_IN_REFUSED',
          `${user.name} has ${MAX_CODES_OF_USER} unused codes. Each expires a minute after its creation; try again then.`,
        );
      }
      await inside.consoleCodes.insert({ ...user, hash: hashOfSecret(code), createdAt: now, expiresAt });
    });
    return { code, expiresAt };
  }

  /** Exchanges a code for a session. */
  async redeem(code: string, address: string): Promise<StartedSession> {
    const now = this.#clock();
    return this.#store.transaction(async (inside) => {
      const user = await inside.consoleCodes.take(hashOfSecret(code));
      if (user === undefined || user.expiresAt <= now || !(await isStillValid(inside, user, now))) {
        throw new SignInRefusal(
          'SIGN_IN_CODE_INVALID',
          'This sign-in link has been used or has expired. Print another one with penstock-gateway console.',
        );
      }
      return this.#insert(inside, user, address, 'code');
    });
  }

  /** Starts a session of a user who has just been authenticated. */
  start(user: ConsoleUser, address: string, method: SignInMethod): Promise<StartedSession> {
    return this.#store.transaction(async (inside) => {
      // It may have been revoked since it was checked.
      if (!(await isStillValid(inside, user, this.#clock()))) {
        throw new SignInRefusal('SIGN_IN_REFUSED', 'The admin token has been revoked, or has expired.');
      }
      return this.#insert(inside, user, address, method);
    });
  }

  async #insert(
    inside: Repositories,
    { actor, tokenId, name, role }: ConsoleUser,
    address: string,
    method: SignInMethod,
  ): Promise<StartedSession> {
    const now = this.#clock();
    await inside.consoleSessions.prune({ now, idleSince: now - sessionLimits.idleMs });
    const others = await inside.consoleSessions.list({ actor, limit: MAX_SESSIONS_OF_USER });
    const surplus = others.slice(MAX_SESSIONS_OF_USER - 1);
    await endSessions(inside, surplus, { by: { id: actor, address }, now, reason: 'too many sessions' });
    const { id, cookie, header, cookieHash, headerHash } = createSessionSecret(now);
    const session: ConsoleSessionRow = {
      id,
      cookieHash,
      headerHash,
      actor,
      tokenId,
      name,
      role,
      address,
      createdAt: now,
      seenAt: now,
      // A session does not outlive the admin token behind it.
      expiresAt: Math.min(now + sessionLimits.lifetimeMs, await expiryOf(inside, tokenId)),
    };
    await inside.consoleSessions.insert(session);
    await inside.audit.append({
      at: now,
      actor,
      action: 'console-session.start',
      subject: `console-session:${id}`,
      address,
      after: { id, name, role, method, expiresAt: new Date(session.expiresAt).toISOString() },
    });
    return { session, cookie, header };
  }

  /** Whether these halves were those of a session recently. Does not read the store. */
  isRemembered(halves: SessionHalves): boolean {
    const id = sessionIdOf(halves);
    const session = id === undefined ? undefined : this.#remembered.get(id);
    return session !== undefined && areHalvesOf(halves, session);
  }

  /** The session of these halves. `isUse`: a person caused the request, so that the session is not idle. */
  async authenticate(halves: SessionHalves, isUse: boolean): Promise<ConsoleSessionRow> {
    const id = sessionIdOf(halves);
    const session = id === undefined ? undefined : await this.#read(id);
    if (session === undefined || !areHalvesOf(halves, session)) {
      throw new SignInRefusal(
        'CONSOLE_SESSION_UNKNOWN',
        halves.cookie === undefined
          ? 'The cookie of this console session is missing. Sign in again.'
          : 'This console session does not exist, or it has ended. Sign in again.',
      );
    }
    const now = this.#clock();
    if (endOf(session) <= now) {
      this.#remembered.delete(session.id);
      const why = session.expiresAt <= now ? 'has reached its end' : 'was not used for 2 hours';
      throw new SignInRefusal('CONSOLE_SESSION_EXPIRED', `This console session ${why}. Sign in again.`);
    }
    this.#remembered.set(session.id, session);
    return isUse ? this.#use(session, now) : session;
  }

  async #read(id: string): Promise<ConsoleSessionRow | undefined> {
    try {
      const session = await this.#store.consoleSessions.byId(id);
      if (session === undefined) this.#remembered.delete(id);
      return session;
    } catch (error) {
      // The console is needed most while the store fails.
      const session = error instanceof StoreError ? this.#remembered.get(id) : undefined;
      if (session === undefined) throw error;
      return session;
    }
  }

  #use(session: ConsoleSessionRow, now: number): ConsoleSessionRow {
    if (now - session.seenAt < SEEN_INTERVAL_MS) return session;
    const used = { ...session, seenAt: now };
    this.#remembered.set(session.id, used);
    // No request waits for this, and none fails because of it.
    this.#store.consoleSessions.seen(session.id, now).catch(() => {});
    return used;
  }

  byId(id: string): Promise<ConsoleSessionRow | undefined> {
    return this.#store.consoleSessions.byId(id);
  }

  /** The sessions of one user, or all; the newest first. */
  async list(actor: string | undefined): Promise<readonly ConsoleSessionRow[]> {
    const now = this.#clock();
    const sessions = await this.#store.consoleSessions.list({ actor, limit: 500 });
    return sessions.filter((session) => endOf(session) > now);
  }

  /** Ends these sessions. Those that have ended already are skipped. Returns how many were ended. */
  end(
    sessions: readonly ConsoleSessionRow[],
    by: { readonly id: string; readonly address?: string | undefined },
    reason: string,
  ): Promise<number> {
    return this.#store.transaction((inside) =>
      endSessions(inside, sessions, { by, now: this.#clock(), reason }),
    );
  }
}

/** When a session ends unless it is used. */
export function endOf({ expiresAt, seenAt }: Pick<ConsoleSessionRow, 'expiresAt' | 'seenAt'>): number {
  return Math.min(expiresAt, seenAt + sessionLimits.idleMs);
}

async function isStillValid(inside: Repositories, { tokenId }: ConsoleUser, now: number): Promise<boolean> {
  if (tokenId === null) return true;
  const token = await inside.adminTokens.byId(tokenId);
  return (
    token !== undefined && token.revokedAt === null && (token.expiresAt === null || token.expiresAt > now)
  );
}

async function expiryOf(inside: Repositories, tokenId: string | null): Promise<number> {
  const token = tokenId === null ? undefined : await inside.adminTokens.byId(tokenId);
  return token?.expiresAt ?? Number.POSITIVE_INFINITY;
}
