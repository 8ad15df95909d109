import type { Pool } from '../../api/types.ts';
import { useSession } from '../../frame/session-context.tsx';
import { usePools } from './config-api.ts';

/** Whether an action on a pool waits for the approval of an admin if this user asks for it. */
export function useNeedsApproval(pool: string, action: Pool['requireApproval'][number]): boolean {
  const { role } = useSession();
  const { data } = usePools();
  const required = data?.items.find(({ name }) => name === pool)?.requireApproval ?? [];
  return role !== 'admin' && required.includes(action);
}
