import type { SessionLoss } from '@penstock/transport';

/**
 * The states of a welcomed session, in order. Each may be skipped except the last.
 *
 * - `ready`: accepts opens.
 * - `awaiting-successor`: accepts opens until the session that replaces it is ready. With `mayStay`, it is `ready` again when
 *   no other replica is found.
 * - `retiring`: accepts no opens, and ends with its last stream or at the deadline.
 * - `ended`: everything on it is aborted, and its connection is closed or closing.
 */
export type SessionState =
  | { readonly name: 'ready' }
  | { readonly name: 'awaiting-successor'; readonly reason: string; readonly mayStay: boolean }
  | { readonly name: 'retiring'; readonly reason: string; readonly deadline: NodeJS.Timeout | undefined }
  | { readonly name: 'ended'; readonly error: Error; readonly loss: SessionLoss };

export const acceptsOpens = ({ name }: SessionState) => name === 'ready' || name === 'awaiting-successor';
