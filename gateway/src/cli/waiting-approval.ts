import type { Io } from '@penstock/terminal';
import type { Approval } from './approval.ts';

/** Whether what the API answered is the approval that the action waits for, and not what it gave. */
export function isApproval(answer: object): answer is Approval {
  return 'requestedBy' in answer && 'expiresAt' in answer;
}

/** Says that nothing has happened yet, and who can make it happen. */
export function tellWaiting(io: Io, { id, pool }: Approval): void {
  io.stdout.write(
    `Pool ${pool} leaves this to an admin, who approves it with: penstock-gateway approval approve ${id}\n`,
  );
}
