import { type Io, type OutputFormat, printPinnedComparison } from '@penstock/terminal';
import { fetchComparison } from '../local/client.ts';
import { loadConfig } from './load-config.ts';

/** `config diff --pinned`: queries the agent running on this host, which has the identity to query the gateway. */
export async function comparePinned(io: Io, file: string, output: OutputFormat): Promise<void> {
  const loaded = loadConfig(io, file, output);
  if (loaded === undefined) return;
  const { name, local } = loaded.config;
  printPinnedComparison(name, await fetchComparison(local.listen), output, io);
}
