import { AttemptLimit, readableAddress, sourceAddressKey } from '@penstock/runtime';
import type { AdminRole, AdminTokenRow, Store } from '@penstock/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Requester } from '../actor.ts';
import { attempted, takeAttempt } from '../identity/attempts.ts';
import { idOfToken, tokenMatches } from '../identity/token-secret.ts';
import { ApiProblem } from './problem.ts';
import { type RememberedTokens, rememberedTokens } from './remembered-tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The minimum role that the route requires. */
    role?: AdminRole;
  }
  interface FastifyRequest {
    /** Who asks, for the audit trail; set on every route that has a role. */
    actor: Requester;
  }
}

const MINUTE = 60_000;
const ranks: Readonly<Record<AdminRole, number>> = { viewer: 0, operator: 1, admin: 2 };
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/**
 * Returns a hook that authenticates requests by their bearer token (RFC 6750) and checks the role that the route requires.
 * Only failures count against a limit per source address. Tokens with 256 random bits cannot be guessed, but every attempt
 * reads the store. A source over the limit is therefore only served if its token was valid recently.
 */
export function authentication(
  { adminTokens, onAudit }: Pick<Store, 'adminTokens' | 'onAudit'>,
  clock: () => number,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const attempts = new AttemptLimit({ maxAttempts: 60, windowMs: MINUTE, clock });
  const tokens = rememberedTokens(adminTokens, onAudit);
  const lookups = new Map<string, Promise<AdminTokenRow>>();

  /** For a token that was valid recently: only a failure counts. */
  const recheck = (source: string, bearer: string) =>
    rowOf(bearer, tokens).catch((error: unknown) => {
      if (isFault(error)) takeAttempt(attempts, source);
      throw error;
    });

  /**
   * For any other token: the attempt counts before the store is read, so that concurrent requests cannot exceed the
   * limit. Concurrent requests with the same token share one lookup and one attempt.
   */
  const lookUp = (source: string, bearer: string | undefined): Promise<AdminTokenRow> => {
    const key = `${source} ${bearer}`;
    const running = lookups.get(key);
    if (running !== undefined) return running;
    const lookup = attempted(attempts, source, isFault, () => rowOf(bearer, tokens)).finally(() =>
      lookups.delete(key),
    );
    lookups.set(key, lookup);
    return lookup;
  };

  return async (request) => {
    const role = request.routeOptions.config.role ?? 'admin';
    const source = sourceAddressKey(request.ip);
    const bearer = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const token = await (bearer !== undefined && tokens.has(bearer)
      ? recheck(source, bearer)
      : lookUp(source, bearer));
    if (ranks[token.role] < ranks[role]) {
      throw new ApiProblem(
        'ROLE_INSUFFICIENT',
        `This requires the role ${role}, but the admin token ${token.name} has the role ${token.role}.`,
      );
    }
    request.actor = { id: `admin-token:${token.id}`, address: readableAddress(request.ip), role: token.role };
  };
}

const isFault = (error: unknown) => error instanceof ApiProblem;

async function rowOf(token: string | undefined, tokens: RememberedTokens): Promise<AdminTokenRow> {
  if (token === undefined) {
    throw new ApiProblem(
      'ADMIN_TOKEN_REQUIRED',
      'This request requires an admin token: Authorization: Bearer pst_admin_… (penstock-gateway reads it from ' +
        'PENSTOCK_TOKEN).',
    );
  }
  const id = idOfToken('admin', token);
  const row = id === undefined ? undefined : await tokens.byId(id);
  if (row === undefined || !tokenMatches(token, row.hash)) throw new ApiProblem('ADMIN_TOKEN_UNKNOWN');
  if (row.revokedAt !== null) throw new ApiProblem('ADMIN_TOKEN_REVOKED');
  return row;
}
