import { startDaemon } from '@penstock/agent';
import { parseAgentConfig } from '@penstock/config-schema';

/** An agent in its own process, whose event loop is blocked for a second at every SIGUSR2. */
const say = (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

const result = parseAgentConfig(process.env['AGENT_FILE'] ?? '', {
  environment: process.env,
  readFile: () => '',
  directory: process.cwd(),
});
if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
const daemon = await startDaemon({ config: result.config, environment: {}, log: say });
process.on('SIGUSR2', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  say('unblocked');
});
process.once('SIGTERM', () => void daemon.stop());
