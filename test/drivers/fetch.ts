import { mkdirSync } from 'node:fs';
import { copyJars, jarDirectory, jarsWithFaults, pinnedJars } from './driver-jars.ts';
import { fetchLanguageDrivers } from './language-drivers.ts';

mkdirSync(jarDirectory, { recursive: true });
if (jarsWithFaults(jarDirectory).length > 0) copyJars(jarDirectory);
const faults = jarsWithFaults(jarDirectory);
if (faults.length > 0) {
  process.stderr.write(`The drivers in ${jarDirectory} are not the pinned ones:\n  ${faults.join('\n  ')}\n`);
  process.exit(1);
}
process.stdout.write(`${pinnedJars.length} jars of JDBC drivers in ${jarDirectory}\n`);
for (const line of fetchLanguageDrivers()) process.stdout.write(`${line}\n`);
