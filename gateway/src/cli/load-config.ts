import { type GatewayConfig, loadGatewayConfig } from '@penstock/config-schema';
import {
  exitCodes,
  extendAddressAttempts,
  type Io,
  type OutputFormat,
  renderProblems,
  styleFor,
  trustHostAuthorities,
} from '@penstock/terminal';

/**
 * Loads gateway.yaml for a command that may open its store, and reaches a database as `run` does: with the certificate
 * authorities of this host. Reports the problems of a file that is not valid, and then resolves to undefined.
 */
export async function loadConfig(
  io: Io,
  { config: file, output }: { readonly config: string; readonly output: OutputFormat },
): Promise<GatewayConfig | undefined> {
  const result = loadGatewayConfig(file, io.environment);
  if (result.ok) {
    extendAddressAttempts();
    if (result.config.store !== undefined) await trustHostAuthorities(io.environment);
    return result.config;
  }
  const writer = output === 'text' ? io.stderr : io.stdout;
  writer.write(renderProblems(result.problems, output, styleFor(writer, io.environment)));
  io.setExitCode(exitCodes.failed);
  return undefined;
}
