import type { Check } from './check.ts';
import { runTool } from './tool.ts';

export const typesCheck: Check = {
  name: 'types',
  promise: 'the compiler accepts every file',
  run: (root) => runTool(root, 'tsc', ['--project', '.', '--pretty', 'false']),
};
