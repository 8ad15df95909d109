import { openLog } from '../src/index.ts';

// Ends in one of the ways in which nobody flushes the log.
const { log } = openLog({ level: 'info', program: 'penstock-test', descriptor: 1, readable: false });
log.info('first');
await new Promise((resolve) => setImmediate(resolve));
log.info('last');
if (process.argv[2] === 'exit') process.exit(3);
throw new Error('A fault.');
