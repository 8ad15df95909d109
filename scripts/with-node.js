// Plain JavaScript, because it has to run, and to say what is missing, on the Node versions that it refuses.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isSupportedNode, REQUIRED_NODE } from '@penstock/wire/node-version';

/** What to do when the Node that `npm ci` installs is missing; undefined if `version` will do. */
export function missingNode(version) {
  if (isSupportedNode(version)) return undefined;
  return (
    `This needs Node ${REQUIRED_NODE}, and was started by Node ${version}. The install script of the package "node" did not run: ` +
    'npm ci was called with ignore-scripts.\n' +
    'Run: npm ci --ignore-scripts=false\n'
  );
}

// Called as a script: node scripts/with-node.js FILE [arguments]
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problem = missingNode(process.versions.node);
  if (problem !== undefined) {
    process.stderr.write(problem);
    process.exit(1);
  }
  const [file = ''] = process.argv.splice(1, 1) && process.argv.slice(1, 2);
  await import(pathToFileURL(resolve(file)).href);
}
