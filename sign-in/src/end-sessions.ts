import type { ConsoleSessionRow, Repositories } from '@penstock/store';

type Ended = {
  readonly by: { readonly id: string; readonly address?: string | undefined };
  readonly now: number;
  readonly reason: string;
};

type Tables = Pick<Repositories, 'consoleSessions' | 'consoleCodes' | 'audit'>;

/** Ends these sessions in a transaction, with an audit entry for each that had not ended. Returns their number. */
export async function endSessions(
  inside: Tables,
  sessions: readonly Pick<ConsoleSessionRow, 'id' | 'actor' | 'name'>[],
  { by, now, reason }: Ended,
): Promise<number> {
  let ended = 0;
  for (const { id, actor, name } of sessions) {
    if (!(await inside.consoleSessions.end(id))) continue;
    ended += 1;
    await inside.audit.append({
      at: now,
      actor: by.id,
      action: 'console-session.end',
      subject: `console-session:${id}`,
      address: by.address,
      before: { id, actor, name },
      after: { reason },
    });
  }
  return ended;
}

/** Ends every session that was started with an admin token, and its codes, in the transaction that revokes it. */
export async function endSessionsOfToken(inside: Tables, tokenId: string, ended: Ended): Promise<number> {
  await inside.consoleCodes.endOfToken(tokenId);
  return endSessions(inside, await inside.consoleSessions.list({ tokenId, limit: 1000 }), ended);
}
