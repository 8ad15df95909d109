import {
  checkConfig,
  checkConnectionTargets,
  readConfigText,
  readTextFile,
  type TargetCheck,
  type ValidFile,
} from '@penstock/config-schema';

/**
 * Checks a valid gateway.yaml against agent.yaml files. Their references are not resolved, because they belong to other hosts.
 * The problems are those of the agent files themselves if there are any.
 */
export function checkAgentFiles(gateway: ValidFile, files: readonly string[]): TargetCheck {
  const valid: ValidFile[] = [];
  const problems = files.flatMap((file) => {
    const read = readConfigText(file, readTextFile);
    if (!read.ok) return read.problems;
    const checked = checkConfig('Agent', read.text, file);
    if (!checked.ok) return checked.problems;
    valid.push({ file, text: read.text });
    return [];
  });
  if (problems.length > 0 || files.length === 0) return { problems, poolsWithoutFile: [] };
  return checkConnectionTargets(gateway, valid);
}
