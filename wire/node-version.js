// Plain JavaScript on purpose: it has to run, and to speak, on the Node versions it refuses.
export const REQUIRED_NODE = '26.10.0';

/** True when `version` (as in `process.versions.node`) is at least REQUIRED_NODE. */
export function isSupportedNode(version) {
  const have = version.split('.').map(Number);
  const need = REQUIRED_NODE.split('.').map(Number);
  for (let part = 0; part < need.length; part += 1) {
    if (have[part] !== need[part]) return have[part] > need[part];
  }
  return true;
}

/** Ends the process with a sentence and exit code 1 unless this Node is new enough. */
export function requireSupportedNode(program) {
  const version = process.versions.node;
  if (isSupportedNode(version)) return;
  process.stderr.write(
    `${program} needs Node ${REQUIRED_NODE} or newer, and this is Node ${version}.\n` +
      'Earlier versions can hang for ever when an HTTP/2 session writes while it is being written to ' +
      '(nodejs/node 65440).\n' +
      `Install Node ${REQUIRED_NODE} or newer, or use the executable or the container image, which bring their own. ` +
      'In a checkout, npm ci installs it: export PATH="$PWD/node_modules/.bin:$PATH"\n',
  );
  process.exit(1);
}
