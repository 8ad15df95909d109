import { formatHostPort, type HostPort, locateAgent } from '@penstock/config-schema';
import { CommandError, type Io } from '@penstock/terminal';
import { addressOfRunning } from '../local/running-agent.ts';

/**
 * Where the agent listens that runs with a configuration file. The file may be broken or refer to variables that are not set
 * here: the running agent has left its address in its identity directory. Throws CommandError when it cannot be found.
 */
export async function runningAgentAddress(io: Io, file: string): Promise<HostPort> {
  const location = locateAgent(file, io.environment);
  const address = await addressOfRunning(location);
  if (address !== undefined && address.port !== 0) return address;
  throw new CommandError(
    `No agent is running with ${file}: ` +
      (location.directory === undefined
        ? 'its identity.directory is not known here.'
        : `${location.directory} does not say where one listens${address === undefined ? '' : `, and local.listen is ${formatHostPort(address)}`}.`),
    { suggestion: 'Start it with penstock-agent run, and use the same --config and user here.' },
  );
}
