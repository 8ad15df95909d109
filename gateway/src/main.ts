import { keepTickShape, tuneGarbageCollection } from '@penstock/runtime';
import type { Io } from '@penstock/terminal';
import { runProgram } from '@penstock/terminal';
import { gatewayProgram } from './cli/program.ts';

tuneGarbageCollection();
keepTickShape();

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  // A getter: opening standard input costs what most commands do not need.
  get stdin() {
    return process.stdin;
  },
  environment: process.env,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

// The reader of standard output may exit first, as `head` does. That is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const argv = process.argv.slice(2);
await runProgram(await gatewayProgram(io, process, argv), argv, io);
