import { suggest } from '@penstock/config-schema';
import { CommandError } from '@penstock/terminal';

const MAX_NAMES = 10;

/**
 * Settles as `work` does; if the gateway does not know `name`, the error also says which name was meant. `names` is called
 * only then.
 */
export async function didYouMean<Value>(
  name: string,
  command: string,
  names: () => Promise<readonly string[]>,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (
      !(error instanceof CommandError) ||
      !/\((?:NOT_FOUND|CONNECTION_UNKNOWN|POOL_UNKNOWN)\)$/.test(error.message)
    )
      throw error;
    const known = await names().catch(() => []);
    const near = suggest(name, known) ?? known.find((each) => each.startsWith(name) || each.endsWith(name));
    const list =
      known.length === 0 || known.length > MAX_NAMES ? undefined : `Known names: ${known.join(', ')}.`;
    const suggestion = near === undefined ? list : `Did you mean: penstock-gateway ${command} ${near}`;
    if (suggestion === undefined) throw error;
    throw new CommandError(error.message, { cause: error, exitCode: error.exitCode, suggestion });
  }
}
