import { type Io, type OutputFormat, printPinnedComparison } from '@penstock/terminal';
import { fetchComparison, fetchStatus } from '../local/client.ts';
import { runningAgentAddress } from './running-agent-address.ts';

/** `config diff --pinned`: queries the agent running on this host, which has the identity to query the gateway. */
export async function comparePinned(io: Io, file: string, output: OutputFormat): Promise<void> {
  const address = await runningAgentAddress(io, file);
  const { name } = await fetchStatus(address);
  printPinnedComparison(name, await fetchComparison(address), output, io);
}
